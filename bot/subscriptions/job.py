"""The job of subscriptions: enqueues, at every tick, the answers that are due, once the data is fresh.

The last date that nothing was enqueued for in time is enqueued too: its reader gets a word that it was missed.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, tzinfo

import structlog
from sqlalchemy import Connection

from bot.database.engine import Database
from bot.domain.post_times import TickRecord, data_deadline
from bot.outbox.destinations import ChannelDestination
from bot.outbox.store import NewNotification, enqueue
from bot.slack.errors import SlackError
from bot.slack.workspace import Workspace
from bot.subscriptions import store
from bot.subscriptions.answering import LostRightError, SubscriptionAnswers
from bot.subscriptions.channels import obstacle
from bot.subscriptions.keys import SubscriptionKey
from bot.subscriptions.requests import SubscriptionRequests
from bot.subscriptions.store import EndReason, StoredSubscription

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class DueAnswer:
    """An answer that is due: of which subscription and local date, and since when."""

    subscription: StoredSubscription
    day: date
    since: datetime


@dataclass(slots=True)
class SubscriptionJob:
    """Enqueues the answers of subscriptions; `clock` gives aware times."""

    database: Database
    answering: SubscriptionAnswers
    requests: SubscriptionRequests
    workspace: Workspace
    zone: tzinfo
    clock: Callable[[], datetime]
    _ticks: TickRecord = field(default_factory=TickRecord)

    def begin(self) -> None:
        """Begin as after a start: another process has run the job since."""
        self._ticks.clear()

    async def tick(self) -> None:
        """Enqueue what is due, and end what cannot be posted any more."""
        now = self.clock()
        awake = self._ticks.add(now)
        due = await self.database.read(lambda connection: list(_due_answers(connection, self.zone, now)))
        if not due:
            return
        is_fresh = await self._has_fresh_data(now)
        for each in due:
            if is_fresh or now >= data_deadline(each.since, awake):
                await self._post(each, now)

    async def _has_fresh_data(self, now: datetime) -> bool:
        as_of = (await self.answering.answers.freshness()).as_of
        return as_of is not None and now - as_of <= self.answering.answers.stale_after

    async def _post(self, due: DueAnswer, now: datetime) -> None:
        reason = await self._loss(due.subscription)
        if reason is not None:
            await self.requests.end(due.subscription, reason)
            log.info("a subscription has ended", id=due.subscription.id, reason=reason.value)
            return
        await self.database.write(lambda connection: _enqueue(connection, due, now))

    async def _loss(self, subscription: StoredSubscription) -> EndReason | None:
        """Return why a subscription has to end; None if it need not, or Slack does not say: that is asked again."""
        try:
            await self.answering.reader(subscription)
            if isinstance(subscription.place, ChannelDestination):
                return EndReason.CHANNEL if await obstacle(self.workspace, subscription.place.name) else None
        except LostRightError as error:
            return error.reason
        except SlackError as error:
            log.info("the rights of a subscription are looked up when it is sent", why=str(error))
        return None


def _due_answers(connection: Connection, zone: tzinfo, now: datetime) -> Iterator[DueAnswer]:
    """Yield what was missed, and what is due, and was not enqueued yet."""
    for each in store.active_subscriptions(connection):
        missed = each.schedule.missed_day(each.created_at, now, zone)
        if missed is not None and (each.last_day is None or missed.isoformat() > each.last_day):
            yield DueAnswer(each, missed, each.schedule.due_at(missed, zone))
        day = each.schedule.due_day(each.created_at, now, zone)
        if day is not None and day.isoformat() != each.last_day:
            yield DueAnswer(each, day, each.schedule.due_at(day, zone))


def _enqueue(connection: Connection, due: DueAnswer, now: datetime) -> None:
    """Enqueue an answer, unless its date has one already or the subscription was ended meanwhile."""
    subscription = due.subscription
    if store.set_last_day(connection, subscription.id, due.day):
        key = SubscriptionKey(subscription.id, due.day)
        enqueue(connection, [NewNotification(key, subscription.place, urgent=False)], now)
