"""What is exported of the ledger, read in one snapshot, so that it agrees with itself and with every answer."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from bot.balance.facts import BalanceFacts, balance_facts
from bot.budgets.crossings.store import highest_step_counts
from bot.budgets.limits.store import limit_counts
from bot.budgets.periods import UNITS, budget_period
from bot.database import lease
from bot.database.backup_record import backup_record
from bot.database.facts import database_bytes
from bot.database.place import free_bytes
from bot.database.schema import present_revision
from bot.domain.periods import Unit, local_day, period
from bot.domain.pricing import SpendBasis
from bot.ledger.freshness import freshness
from bot.ledger.neo_agreement import NeoAgreement, neo_agreement
from bot.ledger.quarantine import quarantined_count
from bot.ledger.scope import EVERYTHING
from bot.ledger.selection import Conditions, Selection, conditions_of
from bot.ledger.spend import amounts
from bot.ledger.spend_groups import groups
from bot.outbox.queries import longest_wait, unsent_counts
from bot.outbox.rules import NotificationState, QuietHours

if TYPE_CHECKING:
    from bot.settings.database_place import DatabasePlace

SPANS = {"today": Unit.DAY, "month": Unit.MONTH}
RECENTLY = timedelta(days=1)  # in which messages that were refused for good are counted
LEASES = (lease.JOBS, lease.SYNC)


@dataclass(frozen=True, slots=True)
class FactsPolicy:
    """The settings that the facts depend on; each member's spend is read only if `names_members`.

    `backs_up` says whether backups are to be made.
    """

    zone: ZoneInfo
    basis: SpendBasis
    place: "DatabasePlace"
    quiet_hours: QuietHours | None
    lease_lifetime: timedelta
    names_members: bool
    backs_up: bool = False


@dataclass(frozen=True, slots=True)
class LedgerFacts:
    """What the ledger says at a moment. Spend is in nanos, by span; `age` is None before the first complete pass.

    `unsent` messages are those not delivered yet, and those refused for good within the last day.
    `limits` are by unit and by whose they are, `passed` by unit and highest step. `free_bytes` is None on a server.
    `backup_age` is that of the last scheduled backup: None before one was due, endless until the first is made.
    `agreement` is how spend compares with Neo's own total, `balance` what Neo says is left; `at` is the moment.
    """

    spend: Mapping[str, int]
    member_spend: Mapping[tuple[str, str], int]
    age: timedelta | None
    rejected_rows: int
    unsent: Mapping[tuple[NotificationState, str], int]
    longest_wait: timedelta
    limits: Mapping[tuple[Unit, str], int]
    passed: Mapping[tuple[Unit, int], int]
    held_leases: Mapping[str, bool]
    bytes: int
    free_bytes: int | None
    schema: int
    backup_age: float | None
    agreement: NeoAgreement
    balance: BalanceFacts
    at: datetime


def ledger_facts(connection: Connection, policy: FactsPolicy, now: datetime) -> LedgerFacts:
    """Return the facts of an open ledger, in the caller's snapshot."""
    spans = {name: _conditions(connection, policy, unit, now) for name, unit in SPANS.items()}
    as_of = freshness(connection, now).as_of
    is_quiet = policy.quiet_hours is not None and policy.quiet_hours.until(now) is not None
    return LedgerFacts(
        spend={name: policy.basis.spend(*amounts(connection, where)) for name, where in spans.items()},
        member_spend=_member_spend(connection, policy, spans) if policy.names_members else {},
        age=None if as_of is None else now - as_of,
        rejected_rows=quarantined_count(connection),
        unsent=unsent_counts(connection, now - RECENTLY),
        longest_wait=longest_wait(connection, now, is_quiet=is_quiet),
        limits=limit_counts(connection),
        passed=_passed(connection, policy, now),
        held_leases={name: lease.is_held(connection, name, now, policy.lease_lifetime) for name in LEASES},
        bytes=database_bytes(connection),
        free_bytes=free_bytes(policy.place),
        schema=int(present_revision(connection)),
        backup_age=_backup_age(connection, now) if policy.backs_up else None,
        agreement=neo_agreement(connection),
        balance=balance_facts(connection, now),
        at=now,
    )


def _backup_age(connection: Connection, now: datetime) -> float | None:
    record = backup_record(connection)
    if record.made_at is None:
        return None if record.tried_at is None else float("inf")
    return max(0.0, (now - record.made_at).total_seconds())


def _conditions(connection: Connection, policy: FactsPolicy, unit: Unit, now: datetime) -> Conditions:
    window = period(unit, local_day(now, policy.zone), policy.zone)
    return conditions_of(connection, Selection(EVERYTHING, window))


def _member_spend(
    connection: Connection, policy: FactsPolicy, spans: Mapping[str, Conditions]
) -> dict[tuple[str, str], int]:
    return {
        (name, group.key[0]): group.spend(policy.basis)
        for name, where in spans.items()
        for group in groups(connection, where, ("member",), policy.zone)
    }


def _passed(connection: Connection, policy: FactsPolicy, now: datetime) -> dict[tuple[Unit, int], int]:
    return {
        (unit, step): number
        for unit in UNITS
        for step, number in highest_step_counts(connection, budget_period(unit, now, policy.zone)).items()
    }
