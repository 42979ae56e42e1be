"""The watch: after each booking, of the members it touched, whose day has become a spike; switched on by a setting."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from bot.domain.periods import Unit, day_start, local_day, period
from bot.domain.timestamps import from_us, to_us
from bot.outbox.store import NewNotification, enqueue
from bot.spikes.rules import SpikePolicy
from bot.spikes.store import spikes

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from bot.ledger.booking import BookingResult

_LATE = timedelta(hours=72)  # after the day, in which it is still told


@dataclass(frozen=True, slots=True)
class SpikeDetector:
    """Looks at the days that a booking fell into, inside its transaction."""

    policy: SpikePolicy

    def observe(self, connection: "Connection", result: "BookingResult") -> None:
        """Owe what there is to tell; to be called by `book`."""
        for day, members in self._touched(result).items():
            for each in spikes(connection, day, self.policy, members):
                if _is_told_already(connection, each.member, day) or self._is_told(connection, each.member, day):
                    continue
                enqueue(connection, [self._alert(self._stem(connection, each.member, day), day)], result.at)

    def _alert(self, stem: str, day: date) -> NewNotification:
        return NewNotification(stem, "alert", until=day_start(day + timedelta(days=1), self.policy.zone) + _LATE)

    def _is_told(self, connection: "Connection", member: int, day: date) -> bool:
        """Whether a day that another zone called otherwise, and that holds the same, was told of."""
        window = period(Unit.DAY, day, self.policy.zone)
        # what was told belongs to when it was told, or else to the end of its own day
        row = connection.exec_driver_sql(
            "SELECT 1 FROM notification WHERE stem >= ? AND stem < ?"
            " AND min(created_at, coalesce(owed_until - ? - 1, created_at)) BETWEEN ? AND ? - 1 LIMIT 1",
            (
                f"spike:{member}-", f"spike:{member}.", _LATE // timedelta(microseconds=1), to_us(window.start),
                to_us(window.end),
            ),
        ).first()  # fmt: skip
        return row is not None

    def _stem(self, connection: "Connection", member: int, day: date) -> str:
        """The key of a day; where it is that of another zone's day of the same name, it is called otherwise."""
        stem = f"spike:{member}-{day}"
        taken = connection.exec_driver_sql("SELECT 1 FROM notification WHERE stem = ?", (stem,)).first()
        return stem if taken is None else f"{stem}@{self.policy.zone.key}"

    def forget(self, connection: "Connection", now: datetime) -> None:
        """Amounts were priced again: a day that has become a spike by that is told to nobody."""
        today = local_day(now, self.policy.zone)
        for day in (today, today - timedelta(days=1)):
            for each in spikes(connection, day, self.policy):
                stem = f"spike:{each.member}-{day}"
                if enqueue(connection, [self._alert(stem, day)], now):
                    connection.exec_driver_sql(
                        "UPDATE notification SET state = 'moved', settled_at = ?, error = 'amounts were priced again'"
                        " WHERE stem = ? AND state = 'pending'",
                        (to_us(now), stem),
                    )

    def _touched(self, result: "BookingResult") -> dict[date, set[int]]:
        """The members whose today or yesterday has grown, but by history alone."""
        today = local_day(result.at, self.policy.zone)
        found: dict[date, set[int]] = defaultdict(set)
        for change in (each for each in result.changes if not each.quiet):
            for entry in change.entries:
                day = local_day(from_us(entry.booked_at), self.policy.zone)
                if today - timedelta(days=1) <= day <= today:
                    found[day].add(change.member)
        return found


def _is_told_already(connection: "Connection", member: int, day: date) -> bool:
    """Whether the day was told of somebody who is that member since; keys in Slack stay as they were."""
    sql = """
SELECT 1 FROM member m JOIN notification n ON n.stem = 'spike:' || m.id || '-' || ? AND n.state <> 'moved'
WHERE m.merged_into = ? LIMIT 1"""
    return connection.exec_driver_sql(sql, (day.isoformat(), member)).first() is not None
