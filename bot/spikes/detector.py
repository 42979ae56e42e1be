"""The spike detector: after each booking, notifies of members whose day has become a spike by it."""

from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import Connection

from bot.domain.periods import Unit, day_start, local_day, period
from bot.domain.timestamps import from_us
from bot.ledger.members import merged_ids
from bot.outbox import amendments, queries
from bot.outbox.destinations import AlertDestination
from bot.outbox.queries import EnqueuedNotification
from bot.outbox.store import NewNotification, enqueue
from bot.outbox.webhook_queue import NewEvent, enqueue_events
from bot.spikes.facts import spikes_of
from bot.spikes.keys import SpikeEventKey, SpikeKey
from bot.spikes.rules import SpikePolicy

if TYPE_CHECKING:
    from bot.ledger.booking_result import BookingResult

_SEND_WITHIN = timedelta(hours=72)  # after the day's end
_YESTERDAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class SpikeDetector:
    """Looks at the days that a booking fell into, inside its transaction."""

    policy: SpikePolicy

    def observe(self, connection: Connection, result: "BookingResult") -> None:
        """Notify of the days that have become spikes by a booking. Called inside its transaction."""
        for day, members in self._touched_days(result).items():
            for each in spikes_of(connection, day, self.policy, members):
                if not self._was_reported(connection, each.member, day):
                    key = self._key(connection, each.member, day)
                    enqueue(connection, [self._notification(key)], result.at)
                    enqueue_events(connection, [NewEvent(SpikeEventKey(key.member, day, key.zone))], result.at)

    def record_repricing(self, connection: Connection, now: datetime) -> None:
        """Mark days as reported that became spikes by new prices, without notifying anybody."""
        today = local_day(now, self.policy.zone)
        for day in (today, today - _YESTERDAY):
            for each in spikes_of(connection, day, self.policy):
                key = SpikeKey(each.member, day)
                if enqueue(connection, [self._notification(key)], now):
                    amendments.withdraw(connection, [key], "amounts were priced again", now)

    def _touched_days(self, result: "BookingResult") -> dict[date, set[int]]:
        """Return today and yesterday with the members whose spend then has grown, other than by backfill."""
        today = local_day(result.at, self.policy.zone)
        touched: dict[date, set[int]] = defaultdict(set)
        for change in (each for each in result.changes if not each.backfill):
            for entry in change.entries:
                day = local_day(from_us(entry.booked_at), self.policy.zone)
                if today - _YESTERDAY <= day <= today:
                    touched[day].add(change.member)
        return touched

    def _was_reported(self, connection: Connection, member: int, day: date) -> bool:
        """Return whether the day was reported, also of a member merged into this one, or in another time zone."""
        # keys in Slack stay as they were when members are merged
        merged = (SpikeKey(each, day) for each in merged_ids(connection, member))
        if any(queries.is_reported(connection, key) for key in merged):
            return True
        window = period(Unit.DAY, day, self.policy.zone)
        # another zone's day of the same moments is called one day off at most, and a spike reported a day late at most
        enqueued = queries.enqueued_notifications(connection, SpikeKey.near(member, day))
        return any(_reported_at(each) in window for each in enqueued)

    def _key(self, connection: Connection, member: int, day: date) -> SpikeKey:
        """Return the key of a day, with the zone in it if the key without one was taken in another zone."""
        key = SpikeKey(member, day)
        return replace(key, zone=self.policy.zone.key) if queries.is_enqueued(connection, key) else key

    def _notification(self, key: SpikeKey) -> NewNotification:
        until = day_start(key.day + timedelta(days=1), self.policy.zone) + _SEND_WITHIN
        return NewNotification(key, AlertDestination(), until=until)


def _reported_at(each: EnqueuedNotification) -> datetime:
    """Return when a spike was put into the outbox, or the last moment of its own day if that was earlier."""
    if each.until is None:
        return each.created_at
    return min(each.created_at, each.until - _SEND_WITHIN - timedelta.resolution)
