"""The queue of a channel, whose work is done one by one: notifications are sent, then live messages edited."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from secrets import token_hex
from typing import TYPE_CHECKING

import structlog

from bot.database.engine import DATABASE_ERRORS
from bot.outbox import due_work, live_store, store
from bot.outbox.destinations import WebhookDestination
from bot.outbox.editor import Editor
from bot.outbox.live_store import ClaimedEdit
from bot.outbox.pacing import Pacing
from bot.outbox.placer import Placer
from bot.outbox.rules import DeliveryTiming, QuietHours, StandBack
from bot.outbox.sender import Sender
from bot.outbox.store import ClaimedNotification
from bot.outbox.timeouts import limit_of, wait_after
from bot.outbox.webhook_sender import WebhookSender
from bot.slack.errors import RateLimitedError, SlackError

if TYPE_CHECKING:
    from bot.database.engine import Database

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class ChannelQueue:
    """Processes the queue of any channel; `clock` gives aware times."""

    database: "Database"
    placer: Placer
    sender: Sender
    webhook_sender: WebhookSender | None
    editor: Editor
    pacing: Pacing
    clock: Callable[[], datetime]
    timing: DeliveryTiming
    quiet_hours: QuietHours | None
    stand_back: StandBack

    async def process(self, channel: str, stopping: Callable[[], bool]) -> None:
        """Send and edit in a channel, at its pace, until nothing is left to do there or it is `stopping`.

        Raises:
            LedgerError, SQLAlchemyError, sqlite3.Error: the database cannot be used.
        """
        while not stopping():
            self.pacing.note_request(channel)  # if nothing is requested, the pause begins here
            try:
                hold = await self._do_next(channel)
            except DATABASE_ERRORS:
                raise
            except Exception:
                log.exception("a delivery failed")
                hold = self.timing.first_wait
            if hold is None:
                return
            await self.pacing.pause(channel, hold)

    async def _do_next(self, channel: str) -> float | None:
        """Do the next thing in a channel.

        Returns:
            For how many seconds to leave the channel alone; None if there is nothing to do.
        """
        now, lease, token = self.clock(), timedelta(seconds=self.timing.lease), token_hex(8)
        if (quiet_until := self._quiet_until(channel, now)) is not None:
            until = quiet_until
            await self.database.write(lambda c: due_work.postpone_to_end_of_quiet_hours(c, channel, until))
        else:
            due = now - self.stand_back()
            claimed = await self.database.write(lambda c: store.claim(c, channel, token, now, lease, due=due))
            if claimed is not None:
                return await self._send(claimed)
        # Slack notifies nobody of an edit, so quiet hours do not matter to it
        edit = await self.database.write(lambda c: live_store.claim_edit(c, channel, token, now, lease))
        return None if edit is None else await self._edit(edit)

    def _quiet_until(self, channel: str, now: datetime) -> datetime | None:
        """Return the end of the quiet hours that a channel is in: direct messages alone are."""
        direct = channel.startswith("D")
        return self.quiet_hours.until(now) if direct and self.quiet_hours is not None else None

    # --- notifications -------------------------------------------------------------------------------

    async def _send(self, claimed: ClaimedNotification) -> float:
        if isinstance(claimed.destination, WebhookDestination):
            return await self._send_event(claimed)
        await self.pacing.wait_for_turn()
        if not await self._confirm_or_release(claimed):
            return 0
        try:
            hold = await self.sender.send(claimed)
        except RateLimitedError as limit:
            self.pacing.slow_down(claimed.channel)
            return limit_of(limit).total_seconds()
        self.pacing.speed_up()
        return hold

    async def _send_event(self, claimed: ClaimedNotification) -> float:
        if self.webhook_sender is None or not await self._confirm_or_release(claimed):
            return 0
        return await self.webhook_sender.send(claimed)

    async def _confirm_or_release(self, claimed: ClaimedNotification) -> bool:
        """Return whether the destination is still in its channel; if it is not, or unknown, give the claim back."""
        try:
            if await self.placer.is_in(claimed.destination, claimed.channel):
                return True
        except SlackError as error:
            # it is postponed alone: the channel's others may be for other destinations
            why, until = str(error), self.clock() + wait_after(error, self.timing)
            await self.database.write(lambda c: store.release_for_retry(c, claimed, until, why))
            return False
        why = "its destination is somewhere else now"
        await self.database.write(lambda c: store.release_for_resolution(c, claimed, why))
        return False

    # --- edits ---------------------------------------------------------------------------------------

    async def _edit(self, edit: ClaimedEdit) -> float:
        """Edit a live message, but not if its destination has left the channel: its readers are others by now."""
        try:
            there = await self.placer.is_in(edit.destination, edit.channel)
        except SlackError as error:
            await self.editor.postpone(edit, wait_after(error, self.timing))
            return 0
        if there:
            return await self.editor.edit(edit)
        await self.database.write(lambda c: live_store.mark_edited(c, edit))
        return 0
