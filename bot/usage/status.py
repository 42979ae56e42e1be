"""Status: how fresh and whole the ledger is, told before anybody doubts a number."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.database.reader import Reader
from bot.domain.timestamps import from_us
from bot.ledger.key_warning import key_warning
from bot.ledger.passes import Freshness, PassRecord, freshness, last_passes
from bot.ledger.scope import Scope
from bot.outbox.queries import OutboxSummary, outbox_summary
from bot.usage.export import utc_text


@dataclass(frozen=True, slots=True)
class Quarantined:
    """A row that could not be booked: its task's id or digest, why, and since when."""

    key: str
    reason: str
    since: datetime


@dataclass(frozen=True, slots=True)
class Status:
    """The state of the ledger."""

    fresh: Freshness
    passes: tuple[PassRecord, ...]
    tasks: int
    without_cost: int
    missing: int
    members: int
    quarantine: tuple[Quarantined, ...]
    warning: str | None
    bytes: int
    outbox: OutboxSummary


def status(reader: Reader, scope: Scope, size: int, now: datetime) -> Status:
    """Look at the ledger; `size` is its file's, in bytes. Outside the whole ledger's scope nothing is counted."""
    if scope.member is not None:
        return _of_a_member(reader, scope, now)
    with reader:

        def count(sql: str) -> int:
            return int(reader.rows(sql)[0][0])

        return Status(
            fresh=freshness(reader, now),
            passes=tuple(last_passes(reader, 5)),
            tasks=count("SELECT count(*) FROM task"),
            without_cost=count("SELECT count(*) FROM task WHERE platform_nanos IS NULL AND provider_nanos IS NULL"),
            missing=count("SELECT count(*) FROM task WHERE missed_at IS NOT NULL AND missing_since IS NOT NULL"),
            members=count("SELECT count(*) FROM member WHERE merged_into IS NULL AND email <> ''"),
            quarantine=tuple(
                Quarantined(key, reason, from_us(at))
                for key, reason, at in reader.rows("SELECT key, reason, first_seen_at FROM quarantine ORDER BY 3, 1")
            ),
            warning=key_warning(reader, scope),
            bytes=size,
            outbox=outbox_summary(reader),
        )


def _of_a_member(reader: Reader, scope: Scope, now: datetime) -> Status:
    """How fresh everybody's data is, and nothing of how much there is."""
    with reader:
        return Status(
            fresh=freshness(reader, now),
            passes=(),
            tasks=0,
            without_cost=0,
            missing=0,
            members=0,
            quarantine=(),
            warning=key_warning(reader, scope),
            bytes=0,
            outbox=OutboxSummary({}, None, []),
        )


def to_document(found: Status, now: datetime, stale_after: float) -> dict[str, Any]:
    """The status as data; moments are UTC with `Z`, `age_seconds` and sizes whole numbers."""
    as_of = found.fresh.as_of
    age = None if as_of is None else int((now - as_of).total_seconds())
    return {
        "data_as_of": None if as_of is None else utc_text(as_of),
        "age_seconds": age,
        "stale": age is None or age > stale_after,
        "tasks": found.tasks,
        "tasks_without_cost": found.without_cost,
        "tasks_missing": found.missing,
        "members": found.members,
        "covered": [
            {"from": None if each.start == 0 else utc_text(from_us(each.start)), "to": utc_text(from_us(each.end))}
            for each in found.fresh.stretches
        ],
        "quarantine": [
            {"key": each.key, "reason": each.reason, "since": utc_text(each.since)} for each in found.quarantine
        ],
        "passes": [_pass(each) for each in found.passes],
        "warning": found.warning,
        "notifications": {
            "by_state": found.outbox.counts,
            "oldest_owed_since": None if found.outbox.oldest is None else utc_text(from_us(found.outbox.oldest)),
            "dead": [{"key": key, "why": why, "at": utc_text(from_us(at))} for key, why, at in found.outbox.dead],
        },
        "database_bytes": found.bytes,
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
