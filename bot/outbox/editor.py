"""The editor: brings one claimed live message up to date."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import structlog

from bot.database.engine import DATABASE_ERRORS
from bot.outbox import live_store
from bot.outbox.live_store import ClaimedEdit
from bot.outbox.reconciler import GONE, UNREADABLE
from bot.outbox.renderers import CatchingUpError, Renderers, RenderRequest
from bot.outbox.rules import CATCHING_UP_WAIT, DeliveryTiming
from bot.outbox.timeouts import request_timeout, wait_after
from bot.slack.blocks import Message
from bot.slack.errors import RateLimitedError, RefusedBySlackError, SlackError
from bot.slack.messages import send_simplified
from bot.slack.workspace import Workspace

if TYPE_CHECKING:
    from bot.database.engine import Database

log = structlog.get_logger(__name__)

_CHANNEL_GONE = {*UNREADABLE, "is_archived"}


@dataclass(frozen=True, slots=True)
class Editor:
    """Edits live messages; `clock` gives aware times."""

    database: "Database"
    workspace: Workspace
    renderers: Renderers
    clock: Callable[[], datetime]
    timing: DeliveryTiming

    async def edit(self, edit: ClaimedEdit) -> float:
        """Edit a live message, and record what came of it; returns for how many seconds to leave the channel alone."""
        if not edit.editable:
            await self.database.write(lambda c: live_store.mark_not_editable(c, edit, self.clock()))
            return 0
        try:
            message = await self._render(edit)
        except _PostponedError as postponed:
            await self.postpone(edit, postponed.wait)
            return 0
        if message is None:
            await self.database.write(lambda c: live_store.mark_edited(c, edit))
            return 0
        return await self._update(edit, message)

    async def postpone(self, edit: ClaimedEdit, wait: timedelta) -> None:
        """Postpone an edit by so long."""
        await self.database.write(lambda c: live_store.postpone_edit(c, edit, self.clock() + wait))

    async def _render(self, edit: ClaimedEdit) -> Message | None:
        request = RenderRequest(edit.dedup_key, edit.destination, edit.channel, edit.topic)
        try:
            return await self.renderers.render_current(request)
        except SlackError as error:
            raise _PostponedError(wait_after(error, self.timing)) from error
        except CatchingUpError:
            raise _PostponedError(CATCHING_UP_WAIT) from None
        except DATABASE_ERRORS:
            raise  # nothing is wrong with the message
        except Exception as error:
            log.exception("a live message could not be rendered", topic=edit.topic)
            raise _PostponedError(timedelta(seconds=self.timing.longest_wait)) from error

    async def _update(self, edit: ClaimedEdit, message: Message) -> float:
        async def update(message: Message) -> None:
            async with request_timeout(self.timing):
                await self.workspace.messages.edit(edit.channel, edit.ts, message, edit.message_key)

        try:
            await send_simplified(message, update)
        except RefusedBySlackError as refusal:
            await self._mark_refused(edit, refusal)
            return 0
        except SlackError as error:
            return await self._mark_failed(edit, error)
        await self.database.write(lambda c: live_store.mark_edited(c, edit))
        return 0

    async def _mark_refused(self, edit: ClaimedEdit, refusal: RefusedBySlackError) -> None:
        if refusal.refuses_the_bot:
            await self.postpone(edit, timedelta(seconds=self.timing.longest_wait))
        elif refusal.code in GONE:
            await self.database.write(lambda c: live_store.mark_deleted(c, edit, self.clock()))
        elif refusal.code in _CHANNEL_GONE:
            await self.database.write(lambda c: live_store.mark_edited(c, edit))  # nobody reads it
        else:
            log.info("a message can no longer be edited", code=refusal.code)
            await self.database.write(lambda c: live_store.mark_not_editable(c, edit, self.clock()))

    async def _mark_failed(self, edit: ClaimedEdit, error: SlackError) -> float:
        """Postpone edits, but not the channel's posts: Slack limits each for itself."""
        until = self.clock() + wait_after(error, self.timing)
        await self.database.write(lambda c: live_store.postpone_edit(c, edit, until))
        if not isinstance(error, RateLimitedError):
            return self.timing.first_wait
        await self.database.write(lambda c: live_store.postpone_edits(c, edit.channel, until, self.clock()))
        return 0


class _PostponedError(Exception):
    """A live message cannot be rendered for so long."""

    def __init__(self, wait: timedelta) -> None:
        super().__init__(f"for {wait}")
        self.wait = wait
