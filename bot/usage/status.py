"""The status of the ledger: how fresh and complete it is, and which messages were sent."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from bot.database.backup_record import BackupRecord, backup_record
from bot.domain import formatting
from bot.domain.timestamps import from_us
from bot.ledger.api_key_warning import api_key_warning
from bot.ledger.freshness import Freshness, freshness
from bot.ledger.members import member_count
from bot.ledger.neo_agreement import NeoAgreement, agreement_text, neo_agreement
from bot.ledger.passes.history import PassRecord, last_passes
from bot.ledger.quarantine import QuarantinedRow, quarantined_rows
from bot.ledger.retention import details_deleted_before
from bot.ledger.scope import EVERYTHING, Scope
from bot.ledger.task_queries import task_counts
from bot.outbox.queries import OutboxSummary, outbox_summary
from bot.outbox.rules import OPEN, NotificationState
from bot.sync.rules import PassKind
from bot.usage.durations import ago
from bot.usage.report_document import utc_text

_PASSES = 5


@dataclass(frozen=True, slots=True)
class LedgerStatus:
    """The state of the ledger; details of tasks created before `details_deleted_before` may be deleted."""

    fresh: Freshness
    passes: tuple[PassRecord, ...]
    tasks: int
    without_cost: int
    missing: int
    members: int
    quarantine: tuple[QuarantinedRow, ...]
    warning: str | None
    bytes: int
    outbox: OutboxSummary
    backup: BackupRecord
    details_deleted_before: datetime | None
    agreement: NeoAgreement


def ledger_status(connection: Connection, scope: Scope, size: int, now: datetime) -> LedgerStatus:
    """Return the status of the ledger, which has `size` bytes; in a member's scope nothing is counted."""
    return _of_everything(connection, size, now) if scope.member is None else _of_member(connection, scope, now)


def _of_everything(connection: Connection, size: int, now: datetime) -> LedgerStatus:
    counts = task_counts(connection)
    return LedgerStatus(
        fresh=freshness(connection, now),
        passes=tuple(last_passes(connection, _PASSES)),
        tasks=counts.tasks,
        without_cost=counts.without_cost,
        missing=counts.missing,
        members=member_count(connection),
        quarantine=tuple(quarantined_rows(connection)),
        warning=api_key_warning(connection, EVERYTHING),
        bytes=size,
        outbox=outbox_summary(connection),
        backup=backup_record(connection),
        details_deleted_before=details_deleted_before(connection),
        agreement=neo_agreement(connection),
    )


def _of_member(connection: Connection, scope: Scope, now: datetime) -> LedgerStatus:
    """Return how fresh the data is, and nothing of how much there is."""
    return LedgerStatus(
        fresh=freshness(connection, now),
        passes=(),
        tasks=0,
        without_cost=0,
        missing=0,
        members=0,
        quarantine=(),
        warning=api_key_warning(connection, scope),
        bytes=0,
        outbox=OutboxSummary({}, None, []),
        backup=BackupRecord(),
        details_deleted_before=None,
        agreement=NeoAgreement(),
    )


# --- in words, the same in Slack and in the terminal ----------------------------------------------------


def task_counts_text(status: LedgerStatus) -> str:
    """Return how many tasks of how many members there are: `41 tasks of 6 members, 1 with unknown cost`."""
    parts = [f"{formatting.count(status.tasks, 'task')} of {formatting.count(status.members, 'member')}"]
    if status.without_cost:
        parts.append(f"{status.without_cost:,} with unknown cost")
    if status.missing:
        parts.append(f"{status.missing:,} no longer listed by Neo")
    return ", ".join(parts)


def message_counts_text(outbox: OutboxSummary, zone: ZoneInfo, now: datetime) -> str:
    """Return how many messages are to be sent, were sent, or could not be: `0 messages pending, 22 sent`."""
    counts, since = outbox.counts, outbox.oldest
    oldest = "" if since is None else f" (since {formatting.local_time(from_us(since), zone, now)})"
    parts = [
        f"{formatting.count(sum(counts.get(state, 0) for state in OPEN), 'message')} pending{oldest}",
        f"{counts.get(NotificationState.SENT, 0):,} sent",
    ]
    return ", ".join([*parts, *(f"{counts[state]:,} {words}" for state, words in _UNSENT.items() if counts.get(state))])


_UNSENT = {NotificationState.DEAD: "couldn't be sent", NotificationState.MISSED: "expired before they could be sent"}


def rejected_rows_text(status: LedgerStatus) -> str:
    """Return how many rows of Neo are not counted: `No rejected rows`, `1 rejected row`."""
    return formatting.count(len(status.quarantine), "rejected row") if status.quarantine else "No rejected rows"


def backup_text(record: BackupRecord, zone: ZoneInfo, now: datetime) -> str:
    """Return when the last scheduled backup was made, and its size: `03:30, 5 h ago, 12.3 MB`; empty without any."""
    if record.made_at is None:
        return f"none; {record.failure}" if record.failure else ""
    made = formatting.local_time(record.made_at, zone, now)
    text = f"{made}, {ago(now - record.made_at)}, {record.bytes / 2**20:,.1f} MB"
    return f"{text}; a later one failed: {record.failure}" if record.failure else text


def details_text(status: LedgerStatus, zone: ZoneInfo, now: datetime) -> str:
    """Return which details of tasks are deleted, as a sentence; empty if none are."""
    before = status.details_deleted_before
    return "" if before is None else f"{formatting.deleted_details(before, zone, now)}."


def neo_total_text(status: LedgerStatus, now: datetime) -> str:
    """Return how spend compares with Neo's own total, as a sentence; empty before it was compared."""
    text = agreement_text(status.agreement, now.astimezone(UTC).date())
    return text and f"{text}."


_READ: Mapping[str, str] = {
    PassKind.TAIL: "recent tasks",
    PassKind.NIGHTLY: "since last month",
    PassKind.WEEKLY: "all tasks",
    PassKind.FULL: "all tasks",
    PassKind.HISTORY: "older tasks",
}


def read_kind_text(kind: str) -> str:
    """Return which of Neo's tasks were read."""
    return _READ.get(kind, kind)


# --- as data -------------------------------------------------------------------------------------------


def to_document(status: LedgerStatus, now: datetime, stale_after: float) -> dict[str, Any]:
    """Return the status as data; moments are UTC with `Z`, `age_seconds` and sizes whole numbers."""
    as_of = status.fresh.as_of
    age = None if as_of is None else int((now - as_of).total_seconds())
    return {
        "data_as_of": None if as_of is None else utc_text(as_of),
        "age_seconds": age,
        "stale": age is None or age > stale_after,
        "tasks": status.tasks,
        "tasks_without_cost": status.without_cost,
        "tasks_missing": status.missing,
        "members": status.members,
        "covered": [
            {"from": None if each.start == 0 else utc_text(from_us(each.start)), "to": utc_text(from_us(each.end))}
            for each in status.fresh.intervals
        ],
        "quarantine": [
            {"key": each.key, "reason": each.reason, "since": utc_text(each.first_seen_at)}
            for each in status.quarantine
        ],
        "passes": [_pass(each) for each in status.passes],
        "warning": status.warning,
        "notifications": {
            "by_state": status.outbox.counts,
            "oldest_owed_since": None if status.outbox.oldest is None else utc_text(from_us(status.outbox.oldest)),
            "dead": [{"key": key, "why": why, "at": utc_text(from_us(at))} for key, why, at in status.outbox.dead],
        },
        "database_bytes": status.bytes,
        "backup": _backup(status.backup, now),
        "neo_total": _neo_total(status.agreement),
        "details_deleted_before": (
            None if status.details_deleted_before is None else utc_text(status.details_deleted_before)
        ),
    }


def _neo_total(agreement: NeoAgreement) -> dict[str, Any]:
    return {
        "compared_at": None if agreement.compared_at is None else utc_text(agreement.compared_at),
        "through": None if agreement.through is None else agreement.through.isoformat(),
        "counted_by": agreement.days,
        "tasks_no_longer_listed": agreement.unlisted,
        "differing_days": [each.isoformat() for each in agreement.differing_days],
        "unavailable": agreement.unavailable or None,
    }


def _backup(record: BackupRecord, now: datetime) -> dict[str, Any]:
    return {
        "made_at": None if record.made_at is None else utc_text(record.made_at),
        "age_seconds": None if record.made_at is None else int((now - record.made_at).total_seconds()),
        "bytes": None if record.made_at is None else record.bytes,
        "error": record.failure or None,
    }


def _pass(record: PassRecord) -> dict[str, Any]:
    return {
        "kind": record.kind,
        "from": None if record.start is None else utc_text(record.start),
        "to": utc_text(record.end),
        "started_at": utc_text(record.started_at),
        "finished_at": None if record.finished_at is None else utc_text(record.finished_at),
        "complete": record.complete,
        "pages": record.tally.pages,
        "tasks": record.tally.tasks,
        "new": record.tally.new,
        "grown": record.tally.grown,
        "restated": record.tally.restated,
        "quarantined": record.tally.quarantined,
        "error": record.error,
    }
