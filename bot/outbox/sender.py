"""The sender: one claimed notification to Slack, in a request whose outcome decides what becomes of it."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import structlog

from bot.database.engine import DATABASE_ERRORS
from bot.domain.keys import kind_of
from bot.measurements import UNMEASURED, Measurements
from bot.outbox import live_store, outcomes, store
from bot.outbox.destinations import fallback
from bot.outbox.keys import MissedKey, is_of
from bot.outbox.outcomes import NOTHING_SHOWN, Arrival, Ending, Posted
from bot.outbox.pacing import Pacing
from bot.outbox.queries import NOT_RENDERED
from bot.outbox.reconciler import delete_copy
from bot.outbox.renderers import CatchingUpError, Renderers, RenderRequest
from bot.outbox.rules import CATCHING_UP_WAIT, NOTHING_TO_SAY, DeliveryTiming, NotificationState
from bot.outbox.store import ClaimedNotification
from bot.outbox.summary import SummaryRenderer
from bot.outbox.timeouts import request_timeout, wait_after
from bot.slack.blocks import Message
from bot.slack.errors import RateLimitedError, RefusedBySlackError, SlackError, SlackUnavailableError
from bot.slack.messages import send_simplified
from bot.slack.workspace import Workspace

if TYPE_CHECKING:
    from bot.database.engine import Database

log = structlog.get_logger(__name__)


class _ClaimLostError(Exception):
    """Another process has claimed the notification."""


@dataclass(frozen=True, slots=True)
class _Rendering:
    """A message, None if there is nothing to say any more, and the version of its live message that it shows."""

    message: Message | None
    version: int


@dataclass(frozen=True, slots=True)
class Sender:
    """Sends claimed notifications; `clock` gives aware times, `measurements` counts what was sent."""

    database: "Database"
    workspace: Workspace
    renderers: Renderers
    summaries: SummaryRenderer
    pacing: Pacing
    clock: Callable[[], datetime]
    timing: DeliveryTiming
    measurements: Measurements = UNMEASURED

    async def send(self, claimed: ClaimedNotification) -> float:
        """Send a notification, and record what came of it.

        Returns:
            For how many seconds to leave the channel alone.

        Raises:
            RateLimitedError: Slack takes nothing more in that channel, and says for how long.
        """
        rendering = await self._render(claimed)
        if rendering is None:
            return 0
        if rendering.message is None:
            await self._end(claimed, Ending(NotificationState.DISCARDED, NOTHING_TO_SAY))
            return 0
        return await self._deliver(claimed, rendering.message, rendering.version)

    async def _deliver(self, claimed: ClaimedNotification, message: Message, version: int) -> float:
        try:
            ts, threaded = await self._post(claimed, message)
        except _ClaimLostError:
            return 0
        except RateLimitedError:
            # the channel waits, not the message
            await self._release(claimed, timedelta(0), "Slack takes nothing more just now")
            raise
        except RefusedBySlackError as refusal:
            await self.mark_refused(claimed, refusal)
            return 0
        except SlackUnavailableError as error:
            return await self._mark_failed(claimed, error)
        # a reply that has become the parent does not show what the parent is to show
        shown = version if claimed.thread is None else NOTHING_SHOWN
        await self._mark_sent(claimed, Posted(ts, claimed.thread if threaded else None), shown)
        return 0

    # --- rendering -----------------------------------------------------------------------------------

    async def _render(self, claimed: ClaimedNotification) -> _Rendering | None:
        """Return the message; None if it cannot be rendered now, and the notification was postponed."""
        try:
            return await self._rendering(claimed)
        except SlackError as error:  # such as who is meant, which Slack does not say just now
            wait, why = wait_after(error, self.timing), str(error)
        except CatchingUpError:
            wait, why = CATCHING_UP_WAIT, "Neo has not been read since the restore"
        except DATABASE_ERRORS:
            raise  # nothing is wrong with the message
        except Exception:
            log.exception("a message could not be rendered", key=claimed.dedup_key)
            wait, why = timedelta(seconds=self.timing.longest_wait), f"{NOT_RENDERED}: the log says why"
        await self._release(claimed, wait, why)
        return None

    async def _rendering(self, claimed: ClaimedNotification) -> _Rendering:
        request = RenderRequest(
            claimed.dedup_key,
            claimed.destination,
            claimed.channel,
            claimed.topic,
            reply=claimed.thread is not None,
        )
        version = await self.database.read(lambda c: live_store.wanted_version(c, claimed.live))
        if is_of(MissedKey, claimed.dedup_key):
            return _Rendering(await self.summaries.render(MissedKey.decode(claimed.dedup_key), request), version)
        return _Rendering(await self.renderers.render_event(request), version)

    # --- the request ---------------------------------------------------------------------------------

    async def _post(self, claimed: ClaimedNotification, message: Message) -> tuple[str, bool]:
        """Post a message, if the claim still holds just before; returns its `ts`, and whether it went to the thread."""

        async def post(message: Message) -> tuple[str, bool]:
            if not await self.database.read(lambda c: store.is_claim_valid(c, claimed, self.clock())):
                raise _ClaimLostError
            self.pacing.note_request(claimed.channel)
            async with request_timeout(self.timing):
                return await self.workspace.messages.post_notification(
                    claimed.channel, message, claimed.message_key, claimed.thread
                )

        return await send_simplified(message, post)

    # --- outcomes ------------------------------------------------------------------------------------

    async def mark_refused(self, claimed: ClaimedNotification, refusal: RefusedBySlackError) -> None:
        """Record that Slack refused a message: it goes elsewhere, or waits if the bot itself is not let in."""
        why = f"Slack refused: {refusal.code}"
        if refusal.refuses_the_bot:
            await self._release(claimed, timedelta(seconds=self.timing.longest_wait), why)
            log.warning("Slack does not accept the bot", code=refusal.code)
            return
        instead = fallback(claimed.destination)
        names = ", ".join(each.encode() for each in instead) or "nothing"
        log.warning("a message cannot be delivered", key=claimed.dedup_key, code=refusal.code, instead=names)
        await self._end(claimed, Ending(NotificationState.DEAD, why, instead))

    async def _mark_failed(self, claimed: ClaimedNotification, error: SlackUnavailableError) -> float:
        """Record that Slack did not answer; returns for how many seconds to leave the channel alone."""
        if error.not_carried_out:
            wait = self.timing.wait_after(claimed.attempts - 1)
            await self._release(claimed, wait, str(error))
            return wait.total_seconds()
        await self.database.write(lambda c: outcomes.mark_unconfirmed(c, claimed, self.clock(), str(error)))
        return self.timing.first_wait

    async def _mark_sent(self, claimed: ClaimedNotification, posted: Posted, version: int) -> None:
        arrival = Arrival(posted, version, self.timing.first_check, self.clock())
        counts = await self.database.write(lambda c: outcomes.mark_sent(c, claimed, arrival))
        if counts == posted.ts:
            self.measurements.record_delivery(
                kind_of(claimed.dedup_key), "slack", arrival.seconds_after(claimed.created_at)
            )
        log.info(
            "sent",
            key=claimed.dedup_key,
            to=claimed.destination.kind,
            attempts=claimed.attempts,
            unconfirmed_before=claimed.unconfirmed_at is not None,
        )
        if counts not in {posted.ts, ""}:
            # in case it is not deleted now
            await self.database.write(lambda c: outcomes.mark_second_copy(c, claimed, self.clock()))
            with suppress(SlackError):
                await delete_copy(self.workspace, claimed.channel, posted.ts)

    async def _release(self, claimed: ClaimedNotification, wait: timedelta, why: str) -> None:
        await self.database.write(lambda c: store.release_for_retry(c, claimed, self.clock() + wait, why))

    async def _end(self, claimed: ClaimedNotification, ending: Ending) -> None:
        await self.database.write(lambda c: outcomes.end(c, claimed, ending, self.clock()))
