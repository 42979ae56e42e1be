"""The store of digests: what was decided for each channel and date."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from bot.digest.keys import DigestKey
from bot.digest.rules import CATCH_UP, DigestDays, DigestOutcome, DigestSchedule
from bot.domain.timestamps import from_us, optional_from_us, optional_to_us, to_us
from bot.outbox.amendments import forget
from bot.outbox.queries import is_sent_or_waiting, last_claimed_at

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from bot.database.reader import Reads


@dataclass(frozen=True, slots=True)
class Decided:
    """A digest that was decided upon; `last_charge` and `begins` as in the table."""

    channel: str
    span: DigestDays
    fate: DigestOutcome
    last_charge: int
    begins: int
    complete: bool
    at: datetime

    def until(self, plan: DigestSchedule) -> datetime:
        """Until when it may be told for the first time: half a day from when it was due, or (later) was asked for."""
        due = plan.moment(self.span.day)
        return (due if self.at - due < CATCH_UP else self.at) + CATCH_UP


_ROW = "SELECT channel, since, day, fate, last_charge, begins, complete, decided_at, begins_at, ends_at FROM digest"


def of_day(reads: "Reads", channel: str, day: date) -> Decided | None:
    """What was decided for a channel and date."""
    rows = reads.exec_driver_sql(f"{_ROW} WHERE channel = ? AND day = ?", (channel, day.isoformat()))
    row = rows.first()
    return None if row is None else _decided(*row)


def last_day(reads: "Reads", channel: str, today: date, now: datetime) -> date | None:
    """The date of a channel's last decision; what a clock that ran ahead has skipped, or will tell, is none."""
    sql = "SELECT max(day) FROM digest WHERE channel = ? AND day <= ? AND (fate = 'owed' OR decided_at <= ?)"
    row = reads.exec_driver_sql(sql, (channel, today.isoformat(), to_us(now))).first()
    return None if row is None or row[0] is None else date.fromisoformat(row[0])


_BEFORE = f"{_ROW} WHERE channel = ? AND day < ? AND fate = 'owed' ORDER BY day DESC LIMIT 1"


def told_before(reads: "Reads", channel: str, day: date) -> Decided | None:
    """A channel's last digest before a date that was told, or still is to be."""
    while (row := reads.exec_driver_sql(_BEFORE, (channel, day.isoformat())).first()) is not None:
        decided = _decided(*row)
        day = decided.span.day
        # wherever that was: what was for a channel that is gone is sent to another place
        if is_sent_or_waiting(reads, DigestKey(channel, day)):
            return decided
    return None


def skipped(reads: "Reads", channel: str, after: date, before: date) -> list[date]:
    """The dates between two of a channel whose digest was not told."""
    rows = reads.exec_driver_sql(
        "SELECT day FROM digest WHERE channel = ? AND day > ? AND day < ? ORDER BY day",
        (channel, after.isoformat(), before.isoformat()),
    )
    return [date.fromisoformat(row[0]) for row in rows.all()]


def incomplete(reads: "Reads", since: datetime) -> list[Decided]:
    """The digests owed since then of data that was not complete."""
    rows = reads.exec_driver_sql(f"{_ROW} WHERE fate = 'owed' AND NOT complete AND decided_at >= ?", (to_us(since),))
    return [_decided(*row) for row in rows.all()]


def _decided(  # noqa: PLR0913, PLR0917 - a row
    channel: str, since: str, day: str, fate: str, last_charge: int, begins: int, complete: int, at: int,
    begins_at: int | None, ends_at: int | None,
) -> Decided:  # fmt: skip
    moments = (optional_from_us(each) for each in (begins_at, ends_at))
    days = DigestDays(date.fromisoformat(since), date.fromisoformat(day), *moments)
    return Decided(channel, days, DigestOutcome(fate), last_charge, begins, bool(complete), from_us(at))


def unskip(connection: "Connection", channel: str, day: date) -> None:
    """Forget a digest that was skipped, or never came to be told: somebody asks for it."""
    key = DigestKey(channel, day)
    if not is_sent_or_waiting(connection, key):
        connection.exec_driver_sql("DELETE FROM digest WHERE channel = ? AND day = ?", (channel, day.isoformat()))
        forget(connection, key)


def shown_at(reads: "Reads", decided: Decided) -> int:
    """When a digest was worded, in microseconds: what was booked by then stands in it."""
    claimed_at = last_claimed_at(reads, DigestKey(decided.channel, decided.span.day))
    return 0 if claimed_at is None else to_us(claimed_at)


def write(connection: "Connection", decided: Decided) -> bool:
    """Keep a decision, unless there is one; whether it is new."""
    span = decided.span
    connection.exec_driver_sql(  # a clock that ran ahead has skipped it
        "DELETE FROM digest WHERE channel = ? AND day = ? AND fate = 'skipped' AND decided_at > ?",
        (decided.channel, span.day.isoformat(), to_us(decided.at)),
    )
    return bool(
        connection.exec_driver_sql(
            "INSERT OR IGNORE INTO digest (channel, day, fate, since, decided_at, last_charge, begins, complete,"
            " begins_at, ends_at) VALUES (?,?,?,?,?,?,?,?,?,?)",
            (
                decided.channel, span.day.isoformat(), decided.fate, span.first.isoformat(), to_us(decided.at),
                decided.last_charge, decided.begins, decided.complete, *(
                    optional_to_us(each) for each in (span.begins, span.ends)
                ),
            ),
        ).rowcount
    )  # fmt: skip


def channels(reads: "Reads") -> list[str]:
    """The channels with a digest that was decided upon."""
    return [row[0] for row in reads.exec_driver_sql("SELECT DISTINCT channel FROM digest").all()]


def retire(connection: "Connection", channel: str) -> None:
    """A channel's digests begin anew: those there are say nothing of the next one."""
    connection.exec_driver_sql("UPDATE digest SET fate = ? WHERE channel = ?", (DigestOutcome.PAST, channel))


def completed(connection: "Connection", decided: Decided) -> None:
    """The data of a digest is complete now, and what it shows is all of this moment."""
    connection.exec_driver_sql(
        "UPDATE digest SET complete = 1, last_charge = ? WHERE channel = ? AND day = ?",
        (newest_charge(connection), decided.channel, decided.span.day.isoformat()),
    )


def newest_charge(reads: "Reads") -> int:
    """The newest charge's key."""
    row = reads.exec_driver_sql("SELECT coalesce(max(id), 0) FROM charge").first()
    return int(row[0]) if row else 0


# --- pruned --------------------------------------------------------------------------------------

RETAIN = timedelta(days=400)  # of decisions; only who asks for a date that old by hand gets its digest anew

_LATER = "(SELECT coalesce(max(d.day), '') FROM digest d WHERE d.channel = digest.channel{which})"
_OLD = f"""
DELETE FROM digest WHERE decided_at < ? AND day < {_LATER.format(which="")}
AND day < {_LATER.format(which=" AND d.fate = 'owed'")}
"""  # noqa: S608 - our own


def prune(connection: "Connection", now: datetime) -> int:
    """Forget decisions of long ago, but for each channel's last one and last that was told; returns how many."""
    return connection.exec_driver_sql(_OLD, (to_us(now - RETAIN),)).rowcount


def last_owed(reads: "Reads") -> list[tuple[str, date]]:
    """The channel and date of each channel's last digest that was to be told, which the next one goes on from."""
    rows = reads.exec_driver_sql("SELECT channel, max(day) FROM digest WHERE fate = 'owed' GROUP BY channel").all()
    return [(channel, date.fromisoformat(day)) for channel, day in rows]
