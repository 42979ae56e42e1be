"""The spike detector: after each booking, looks whether the day of a member it touched has become a spike."""

from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from bot.domain.periods import Unit, day_start, local_day, period
from bot.domain.timestamps import from_us
from bot.outbox import amendments, queries
from bot.outbox.destinations import AlertDestination
from bot.outbox.queries import EnqueuedNotification
from bot.outbox.store import NewNotification, enqueue
from bot.spikes.keys import SpikeKey
from bot.spikes.rules import SpikePolicy
from bot.spikes.store import spikes

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from bot.ledger.booking_result import BookingResult

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
                enqueue(connection, [self._alert(self._key(connection, each.member, day))], result.at)

    def _alert(self, key: SpikeKey) -> NewNotification:
        until = day_start(key.day + timedelta(days=1), self.policy.zone) + _LATE
        return NewNotification(key, AlertDestination(), until=until)

    def _is_told(self, connection: "Connection", member: int, day: date) -> bool:
        """Whether a day that another zone called otherwise, and that holds the same, was told of."""
        window = period(Unit.DAY, day, self.policy.zone)
        return any(
            _reported_at(each) in window for each in queries.enqueued_within(connection, SpikeKey.of_member(member))
        )

    def _key(self, connection: "Connection", member: int, day: date) -> SpikeKey:
        """The key of a day; where it is that of another zone's day of the same name, it is called otherwise."""
        key = SpikeKey(member, day)
        return replace(key, zone=self.policy.zone.key) if queries.is_enqueued(connection, key) else key

    def forget(self, connection: "Connection", now: datetime) -> None:
        """Amounts were priced again: a day that has become a spike by that is told to nobody."""
        today = local_day(now, self.policy.zone)
        for day in (today, today - timedelta(days=1)):
            for each in spikes(connection, day, self.policy):
                key = SpikeKey(each.member, day)
                if enqueue(connection, [self._alert(key)], now):
                    amendments.withdraw(connection, [key], "amounts were priced again", now)

    def _touched(self, result: "BookingResult") -> dict[date, set[int]]:
        """The members whose today or yesterday has grown, but by history alone."""
        today = local_day(result.at, self.policy.zone)
        found: dict[date, set[int]] = defaultdict(set)
        for change in (each for each in result.changes if not each.backfill):
            for entry in change.entries:
                day = local_day(from_us(entry.booked_at), self.policy.zone)
                if today - timedelta(days=1) <= day <= today:
                    found[day].add(change.member)
        return found


def _is_told_already(connection: "Connection", member: int, day: date) -> bool:
    """Whether the day was told of somebody who is that member since; keys in Slack stay as they were."""
    merged = connection.exec_driver_sql("SELECT id FROM member WHERE merged_into = ?", (member,)).all()
    return any(queries.is_reported(connection, SpikeKey(each, day)) for (each,) in merged)


def _reported_at(each: EnqueuedNotification) -> datetime:
    """When a spike was put into the outbox, or else the last moment of its own day."""
    if each.until is None:
        return each.created_at
    return min(each.created_at, each.until - _LATE - timedelta.resolution)
