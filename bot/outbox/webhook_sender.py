"""The webhook's sender: one claimed event to the receiver, whose answer decides what becomes of it.

Nobody can look up whether an event arrived. One that may have is sent again, under the same id.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import structlog
from sqlalchemy import Connection

from bot.database.engine import DATABASE_ERRORS
from bot.domain.keys import kind_of
from bot.domain.timestamps import from_us
from bot.measurements import UNMEASURED, Measurements
from bot.outbox import outcomes, store, webhook_queue
from bot.outbox.events import EventPlace, EventRequest, event_body
from bot.outbox.outcomes import Ending
from bot.outbox.receiver import Answer, Reply, Webhook
from bot.outbox.rules import (
    FEWEST_ATTEMPTS,
    LONGEST_WAIT,
    NOTHING_TO_SAY,
    REFUSED_FOR,
    UNAVAILABLE_FOR,
    DeliveryTiming,
    NotificationState,
)
from bot.outbox.store import ClaimedNotification

if TYPE_CHECKING:
    from bot.database.engine import Database

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class WebhookSender:
    """Sends claimed events; `clock` gives aware times, `measurements` counts what was sent."""

    database: "Database"
    webhook: Webhook
    clock: Callable[[], datetime]
    timing: DeliveryTiming
    measurements: Measurements = UNMEASURED
    _closed_until: datetime | None = None  # the receiver takes nothing before

    async def send(self, claimed: ClaimedNotification) -> float:
        """Send an event, and record what came of it; returns for how many seconds to leave the receiver alone."""
        if (until := self._waits_until()) is not None:
            await self.database.write(
                lambda c: store.release_for_retry(c, claimed, until, "the receiver takes nothing")
            )
            return 0
        try:
            made = await self.database.read(lambda connection: self._made(connection, claimed))
        except DATABASE_ERRORS:
            raise  # nothing is wrong with the event
        except Exception:
            log.exception("an event could not be made", key=claimed.dedup_key)
            answer = Answer(Reply.REFUSED, "it couldn't be made: the log says why", self.timing.longest_wait)
            return await self._record(claimed, answer)
        if made is None:
            await self._end(claimed, Ending(NotificationState.DISCARDED, NOTHING_TO_SAY))
            return 0
        if not await self.database.read(lambda c: store.is_claim_valid(c, claimed, self.clock())):
            return 0
        place, body = made
        answer = await self.webhook.receiver.post(place.id, body, self.clock(), self.timing.request)
        self.measurements.record_webhook_request(answer.error)
        return await self._record(claimed, answer)

    def _waits_until(self) -> datetime | None:
        """Return until when nothing is sent; None if something may be."""
        now, until = self.clock(), self._closed_until
        return until if until is not None and now < until <= now + LONGEST_WAIT else None

    def _made(self, connection: Connection, claimed: ClaimedNotification) -> tuple[EventPlace, bytes] | None:
        """Return an event as it is to be sent; None if there is nothing to say any more."""
        at = from_us(claimed.created_at)
        build = self.webhook.builders[kind_of(claimed.dedup_key)]
        event = build(connection, EventRequest(claimed.dedup_key, at, self.clock()))
        if event is None:
            return None
        place = webhook_queue.event_place(connection, claimed.id, claimed.live, claimed.message_key)
        return place, event_body(event, place, at)

    # --- outcomes ------------------------------------------------------------------------------------

    async def _record(self, claimed: ClaimedNotification, answer: Answer) -> float:
        """Record what a receiver answered; returns for how many seconds to leave it alone."""
        match answer.reply:
            case Reply.TAKEN:
                await self.database.write(lambda c: outcomes.mark_delivered(c, claimed, self.clock()))
                wait = self.clock() - from_us(claimed.created_at)
                self.measurements.record_delivery(kind_of(claimed.dedup_key), "webhook", wait.total_seconds())
                log.info("sent", key=claimed.dedup_key, to=claimed.destination.kind, attempts=claimed.attempts)
                return 0
            case Reply.GONE:
                await self._stop(claimed, answer)
                return 0
            case Reply.REFUSED:
                await self._retry(claimed, answer, REFUSED_FOR)
                return 0
            case Reply.UNAVAILABLE:
                return await self._retry_all(claimed, answer)

    async def _stop(self, claimed: ClaimedNotification, answer: Answer) -> None:
        """Take no more events: the receiver wants none."""
        now, address = self.clock(), self.webhook.receiver.address

        def stop(connection: Connection) -> int:
            outcomes.end(connection, claimed, Ending(NotificationState.DISCARDED, answer.why), now)
            return webhook_queue.mark_gone(connection, address, now)

        dropped = await self.database.write(stop)
        log.warning("the webhook's receiver wants no more events", why=answer.why, dropped=dropped + 1)

    async def _retry(self, claimed: ClaimedNotification, answer: Answer, limit: timedelta) -> timedelta:
        """Have an event sent again after a wait, which is returned, or give it up if that was tried for long enough."""
        now = self.clock()
        if now - from_us(claimed.created_at) >= limit and claimed.attempts >= FEWEST_ATTEMPTS:
            log.warning("an event is given up", key=claimed.dedup_key, why=answer.why)
            await self._end(claimed, Ending(NotificationState.DEAD, answer.why))
            return timedelta(0)
        asked = timedelta(seconds=min(answer.retry_after or 0, LONGEST_WAIT.total_seconds()))
        wait = max(self.timing.wait_after(claimed.attempts - 1), asked)
        await self.database.write(lambda c: store.release_for_retry(c, claimed, now + wait, answer.why))
        return wait

    async def _retry_all(self, claimed: ClaimedNotification, answer: Answer) -> float:
        """Have all events wait."""
        until = self._closed_until = self.clock() + await self._retry(claimed, answer, UNAVAILABLE_FOR)
        await self.database.write(lambda c: webhook_queue.postpone_events(c, until))
        return self.timing.first_wait

    async def _end(self, claimed: ClaimedNotification, ending: Ending) -> None:
        await self.database.write(lambda c: outcomes.end(c, claimed, ending, self.clock()))
