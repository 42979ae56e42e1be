"""The reconciler: looks in Slack for messages that may have arrived, and deletes second copies."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import structlog

from bot.domain.keys import kind_of
from bot.domain.timestamps import from_us
from bot.measurements import UNMEASURED, Measurements
from bot.outbox import lookup_store, outcomes
from bot.outbox.conditions import Moment
from bot.outbox.lookup_store import LookupTarget
from bot.outbox.outcomes import NOTHING_SHOWN, Arrival, Posted
from bot.outbox.rules import DeliveryTiming
from bot.outbox.timeouts import wait_after
from bot.slack.errors import RefusedBySlackError, SlackError
from bot.slack.workspace import Workspace

if TYPE_CHECKING:
    from bot.database.engine import Database

log = structlog.get_logger(__name__)

UNREADABLE = {
    "not_in_channel",
    "missing_scope",
    "channel_not_found",
    "no_permission",
    "method_not_supported_for_channel_type",
}
GONE = {"message_not_found", "thread_not_found"}
_CLOCK_AHEAD = 7 * 86_400.0  # seconds that are searched if our clock was ahead, by how much is unknown


class _NoThreadError(Exception):
    """The thread is gone, with its parent."""


async def delete_copy(workspace: Workspace, channel: str, ts: str) -> None:
    """Delete a second copy; a refusal is logged. Raises SlackError if Slack does not answer."""
    try:
        await workspace.messages.delete(channel, ts)
    except RefusedBySlackError as refusal:
        log.info("a second copy could not be deleted", code=refusal.code)


@dataclass(frozen=True, slots=True)
class Reconciler:
    """Compares the outbox with what is in Slack; `clock` gives aware times, `measurements` counts what had arrived."""

    database: "Database"
    workspace: Workspace
    clock: Callable[[], datetime]
    timing: DeliveryTiming
    measurements: Measurements = UNMEASURED

    async def reconcile_next(self, channel: str) -> bool:
        """Look for one message in a channel; return False if nothing is to be looked for there.

        Where Slack does not show the channel's history just now, all of what is looked for in it is postponed.
        """
        moment = self._moment
        try:
            if found := await self.database.read(
                lambda connection: lookup_store.unconfirmed_targets(connection, moment, channel)
            ):
                await self.look_up(found[0])
                return True
            if found := await self.database.read(
                lambda connection: lookup_store.unchecked_targets(connection, moment.now, channel)
            ):
                await self.delete_second_copies(found[0])
                return True
        except SlackError as error:
            log.warning("cannot find out whether a message arrived; trying again later", why=str(error))
            until, moment = self.clock() + wait_after(error, self.timing), self._moment
            await self.database.write(lambda c: lookup_store.postpone_lookups(c, channel, until, moment))
            return True
        return False

    @property
    def _moment(self) -> Moment:
        return Moment(self.clock(), timedelta(seconds=self.timing.unconfirmed))

    # --- messages that may have arrived --------------------------------------------------------------

    async def look_up(self, target: LookupTarget) -> None:
        """Find out whether a message arrived: it is marked as sent, or waits to be sent again.

        Raises:
            SlackError: Slack does not say.
        """
        copies = await self._copies(target)
        if copies is None:
            await self._mark_not_arrived(target, "its channel's history cannot be read")
        elif not copies:
            await self._mark_not_arrived(target, "it had not arrived")
        else:
            arrival = Arrival(copies[0], NOTHING_SHOWN, self.timing.first_check, self.clock())
            counts = await self.database.write(lambda c: outcomes.mark_arrived(c, target.id, arrival))
            if counts == copies[0].ts:
                self.measurements.record_delivery(
                    kind_of(target.dedup_key), "slack", arrival.seconds_after(target.created_at)
                )
            if counts:  # else another process sends it: one of these may be its own, and copies are checked later
                await self._delete_others(target, copies, counts)

    async def _mark_not_arrived(self, target: LookupTarget, why: str) -> None:
        now = self.clock()
        await self.database.write(lambda c: lookup_store.mark_not_arrived(c, target, now, why))

    async def delete_second_copies(self, target: LookupTarget) -> None:
        """Delete second copies of a message that was sent after it may have arrived before.

        Raises:
            SlackError: Slack does not say.
        """
        copies = await self._copies(target)
        if copies is not None and target.ts:
            await self._delete_others(target, copies, target.ts)
        # counted from now: the clock may have been put right meanwhile
        wait = self.timing.next_check(target.checks + 1)
        next_at = None if wait is None else self.clock() + wait
        await self.database.write(lambda c: lookup_store.mark_checked(c, target, next_at))

    async def _delete_others(self, target: LookupTarget, copies: list[Posted], counts: str) -> None:
        for copy in copies:
            if copy.ts != counts:
                await delete_copy(self.workspace, target.channel, copy.ts)

    # --- copies in Slack -----------------------------------------------------------------------------

    async def _copies(self, target: LookupTarget) -> list[Posted] | None:
        """Return the copies of a message that are in Slack, oldest first; None where history cannot be read."""
        try:
            copies = await self._all_copies(target, self._oldest(target))
        except RefusedBySlackError as refusal:
            if refusal.refuses_the_bot and refusal.code not in UNREADABLE:
                raise
            return None
        return sorted({copy.ts: copy for copy in copies}.values(), key=lambda copy: float(copy.ts))

    async def _all_copies(self, target: LookupTarget, oldest: float) -> list[Posted]:
        parents = await self.workspace.history.messages_with_key(target.channel, target.message_key, oldest)
        copies = [Posted(ts, None) for ts in parents]
        for thread in await self._threads(target, oldest):
            with suppress(_NoThreadError):
                copies += [Posted(ts, thread) for ts in await self._replies(target, thread, oldest)]
        return copies

    async def _threads(self, target: LookupTarget, oldest: float) -> list[str]:
        """Return the threads that a copy may be in; if that is unknown, all that begin with a message of the bot's."""
        if target.live is None or target.claimed_at is not None:
            return target.threads
        return sorted({*target.threads, *await self.workspace.history.threads(target.channel, oldest)})

    async def _replies(self, target: LookupTarget, thread: str, oldest: float) -> list[str]:
        try:
            return await self.workspace.history.messages_with_key(target.channel, target.message_key, oldest, thread)
        except RefusedBySlackError as refusal:
            if refusal.code in GONE:
                raise _NoThreadError from refusal
            raise

    def _oldest(self, target: LookupTarget) -> float:
        """Return the time before which there is no copy, in seconds by Slack's clock: ours may have been ahead."""
        created, now = from_us(target.created_at).timestamp(), self.clock().timestamp()
        oldest = (created if created <= now else now - _CLOCK_AHEAD) - self.timing.margin
        return oldest if target.last_ts is None else min(oldest, float(target.last_ts))
