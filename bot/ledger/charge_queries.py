"""Queries of charges: of all, of those in a window, and of those of a range of ids."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from bot.database.sql import compose
from bot.domain.periods import Window
from bot.domain.pricing import SpendBasis
from bot.domain.timestamps import from_us, optional_from_us, to_us
from bot.ledger.quarter_hour_totals import QUARTER_US
from bot.ledger.rules import EntryKind
from bot.ledger.scope import TRANSFERRED


def newest_charge(reads: Connection) -> int:
    """Return the id of the newest charge; 0 if there is none."""
    return int(reads.exec_driver_sql("SELECT coalesce(max(id), 0) FROM charge").all()[0][0])


def members_charged_after(reads: Connection, charge: int) -> set[int]:
    """Return the ids of the members with charges whose ids follow `charge`."""
    # duplicates go in Python: with DISTINCT, SQLite reads the whole index by member
    return {member for (member,) in reads.exec_driver_sql("SELECT member FROM charge WHERE id > ?", (charge,)).all()}


def members_charged_within(reads: Connection, window: Window) -> list[int]:
    """Return the ids of the members with charges in a window."""
    sql = "SELECT DISTINCT member FROM charge WHERE booked_at >= ? AND booked_at < ?"
    return [member for (member,) in reads.exec_driver_sql(sql, (to_us(window.start), to_us(window.end))).all()]


# as a scalar subquery each is one short range of an index; a join was 35 times slower
_BY_MEMBER = """
SELECT j.value, coalesce((SELECT sum(c.platform_nanos + c.provider_nanos) FROM charge c
  WHERE c.member = j.value AND c.booked_at >= ? AND c.booked_at < ?), 0) FROM json_each(?) j
"""
_PLATFORM_BY_MEMBER = """
SELECT j.value, coalesce((SELECT sum(c.platform_nanos) FROM charge c
  WHERE c.member = j.value AND c.booked_at >= ? AND c.booked_at < ?), 0) FROM json_each(?) j
"""


def spend_by_member(reads: Connection, members: Iterable[int], window: Window, basis: SpendBasis) -> dict[int, int]:
    """Return what each of the members spent in a window, in nanos."""
    sql = _BY_MEMBER if basis is SpendBasis.TOTAL else _PLATFORM_BY_MEMBER
    return dict(reads.exec_driver_sql(sql, (to_us(window.start), to_us(window.end), json.dumps(list(members)))).all())


def spend_of_all_members(reads: Connection, window: Window, basis: SpendBasis) -> dict[int, int]:
    """Return what each member with charges in a window spent in it, in nanos."""
    sql = """
SELECT member, sum(platform_nanos), sum(provider_nanos) FROM charge WHERE booked_at >= ? AND booked_at < ?
GROUP BY member"""
    rows = reads.exec_driver_sql(sql, (to_us(window.start), to_us(window.end))).all()
    return {member: basis.spend(platform, provider) for member, platform, provider in rows}


@dataclass(frozen=True, slots=True)
class ChargeRange:
    """The charges of a member (None: of everybody) booked in a window, with ids above `after` up to `upto`."""

    window: Window
    member: int | None = None
    after: int = 0
    upto: int = 2**62  # above the id of any charge

    def statement(self, template: str) -> str:
        """Return a statement on `charge c` with the range's conditions in place of `{range}`."""
        return compose(template, range=_IN_RANGE if self.member is None else f"c.member = :member AND {_IN_RANGE}")

    @property
    def values(self) -> dict[str, int | None]:
        """The range as the named values of a statement."""
        return {
            "low": to_us(self.window.start),
            "high": to_us(self.window.end),
            "member": self.member,
            "after": self.after,
            "upto": self.upto,
        }


@dataclass(frozen=True, slots=True)
class ChargeCount:
    """How many charges there are, and when the first and the last of them were booked."""

    charges: int
    first: datetime | None
    last: datetime | None


_IN_RANGE = "c.booked_at >= :low AND c.booked_at < :high AND c.id > :after AND c.id <= :upto"
_COUNT = "SELECT count(*), min(c.booked_at), max(c.booked_at) FROM charge c WHERE {range}"


def charge_count(reads: Connection, charges: ChargeRange) -> ChargeCount:
    """Return how many charges a range holds, and when the first and the last were booked."""
    count, *moments = reads.exec_driver_sql(charges.statement(_COUNT), charges.values).all()[0]
    return ChargeCount(count, *(optional_from_us(at) for at in moments))


_LAST = "SELECT c.booked_at FROM charge c WHERE {range} ORDER BY c.id DESC LIMIT 1"


def last_booking(reads: Connection, charges: ChargeRange) -> datetime | None:
    """Return when the newest charge of a range was booked; None for an empty range."""
    return next((from_us(at) for (at,) in reads.exec_driver_sql(charges.statement(_LAST), charges.values).all()), None)


@dataclass(frozen=True, slots=True)
class LateCharges:
    """What was booked within a quarter of an hour, which begins at `start`, in nanos."""

    start: datetime
    platform_nanos: int
    provider_nanos: int


_LATE = """
SELECT booked_at / :quarter_us, sum(platform_nanos), sum(provider_nanos) FROM charge
WHERE id > :after AND observed_at > :observed_after AND +booked_at >= :low AND +booked_at < :high AND kind <> :repriced
GROUP BY 1
"""  # unary + makes SQLite go by id: few charges follow `after`, many precede it


def late_charges(reads: Connection, charges: ChargeRange, observed_after: int) -> list[LateCharges]:
    """Return what a range holds of charges that were observed after a moment (microseconds), by quarter of an hour.

    Corrections after a change of the BYOK unit are left out.
    """
    values = {**charges.values, "observed_after": observed_after, "repriced": EntryKind.REPRICED}
    values["quarter_us"] = QUARTER_US
    return [
        LateCharges(from_us(quarter * QUARTER_US), platform, provider)
        for quarter, platform, provider in reads.exec_driver_sql(_LATE, values).all()
    ]


def range_spend(reads: Connection, charges: ChargeRange, basis: SpendBasis) -> int:
    """Return what the charges of a range add up to, in nanos."""
    sql = "SELECT coalesce(sum(c.platform_nanos), 0), coalesce(sum(c.provider_nanos), 0) FROM charge c WHERE {range}"
    return basis.spend(*reads.exec_driver_sql(charges.statement(sql), charges.values).all()[0])


@dataclass(frozen=True, slots=True)
class TaskSpend:
    """What a range holds of one task, in nanos; a `transferred` one is another member's now, and has no title."""

    task_id: str
    title: str | None
    transferred: bool
    nanos: int


_TASKS = """
SELECT t.task_id, d.title, :member IS NOT NULL AND t.member <> :member, s.nanos
FROM (SELECT c.task, sum(c.platform_nanos + :with_provider * c.provider_nanos) AS nanos FROM charge c WHERE {range}
      GROUP BY c.task ORDER BY 2 DESC, c.task LIMIT :most) s
JOIN task t ON t.id = s.task JOIN task_detail d ON d.task = t.id WHERE s.nanos > 0 ORDER BY s.nanos DESC, t.id
"""
_MODELS = """
SELECT iif(:member IS NULL OR t.member = :member, t.model, :transferred), sum(s.nanos)
FROM (SELECT c.task, sum(c.platform_nanos + :with_provider * c.provider_nanos) AS nanos FROM charge c WHERE {range}
      GROUP BY c.task) s
JOIN task t ON t.id = s.task GROUP BY 1 HAVING sum(s.nanos) > 0 ORDER BY 2 DESC, 1 LIMIT :most
"""


def dearest_tasks(reads: Connection, charges: ChargeRange, basis: SpendBasis, most: int) -> list[TaskSpend]:
    """Return the tasks of a range on which most was spent, the dearest first; only those with any spend."""
    sql = charges.statement(_TASKS)
    return [
        TaskSpend(task_id, None if transferred else title, bool(transferred), nanos)
        for task_id, title, transferred, nanos in reads.exec_driver_sql(sql, _dearest(charges, basis, most)).all()
    ]


def dearest_models(reads: Connection, charges: ChargeRange, basis: SpendBasis, most: int) -> list[tuple[str, int]]:
    """Return the models of a range on which most was spent, with their nanos, the dearest first.

    Tasks that were transferred to another member count under the model "moved".
    """
    sql = charges.statement(_MODELS)
    return [(model, nanos) for model, nanos in reads.exec_driver_sql(sql, _dearest(charges, basis, most)).all()]


def _dearest(charges: ChargeRange, basis: SpendBasis, most: int) -> dict[str, int | str | None]:
    return {**charges.values, "with_provider": basis is SpendBasis.TOTAL, "transferred": TRANSFERRED, "most": most}
