"""Replies: answers on their way back, through `response_url` or as messages to one person."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import structlog
from slack_sdk.http_retry.builtin_async_handlers import AsyncRateLimitErrorRetryHandler
from slack_sdk.webhook.async_client import AsyncWebhookClient

from bot.settings import proxy_for
from bot.slack.blocks import Message
from bot.slack.errors import TOO_MANY_REQUESTS, RefusedBySlackError, SlackUnavailableError, translated
from bot.slack.workspace import Workspace, blocks

log = structlog.get_logger(__name__)

_OK, _SERVER_ERRORS = 200, 500
WAITS = (0.3, 1.0, 3.0)  # seconds, between tries at an answer
# whoever can no longer be answered where they asked is answered in their DM
_ELSEWHERE = {"user_not_in_channel", "channel_not_found", "not_in_channel", "is_archived", "restricted_action"}


@dataclass(frozen=True, slots=True)
class ResponseUrlResponder:
    """Through the `response_url` that came with a command or button: five uses in thirty minutes."""

    workspace: Workspace
    url: str
    user: str

    async def say(self, message: Message, *, replace: bool = False) -> None:
        """Answer where it was asked; in their DM when the address is used up."""
        try:
            await _patiently(lambda: self._send(message, "ephemeral", replace=replace))
        except RefusedBySlackError as refusal:
            log.info("answered in a DM", because=refusal.code)
            await self.workspace.post(await self.workspace.dm(self.user), message)

    async def share(self, message: Message) -> None:
        """Post for everybody; what may have been posted is not posted again."""
        await self._send(message, "in_channel", replace=False)

    async def _send(self, message: Message, to: str, *, replace: bool) -> None:
        limited = AsyncRateLimitErrorRetryHandler(max_retry_count=3)
        session = self.workspace.session
        assert session is not None  # noqa: S101 - a request came over it
        client = AsyncWebhookClient(self.url, session=session, retry_handlers=[limited])
        client.proxy = proxy_for(self.url)
        with translated():
            answer = await client.send(
                text=message.text,
                blocks=blocks(message),
                response_type=to,
                replace_original=replace,
                unfurl_links=False,
                unfurl_media=False,
            )
        if answer.status_code == TOO_MANY_REQUESTS or answer.status_code >= _SERVER_ERRORS:
            raise SlackUnavailableError(f"Slack cannot take the answer now ({answer.status_code})")
        if answer.status_code == _OK and '"ok":false' not in answer.body.replace(" ", ""):
            return
        if "block" not in answer.body or message.simpler is None:
            raise RefusedBySlackError(_code(answer.body))
        await self._send(message.simpler, to, replace=replace)


async def _patiently(send: Callable[[], Awaitable[object]]) -> None:
    """Send an answer to somebody's act; where it is unsure whether it arrived, twice is better than never."""
    for wait in WAITS:
        try:
            await send()
        except SlackUnavailableError:
            await asyncio.sleep(wait)
        else:
            return
    await send()


def _code(body: str) -> str:
    known = ("expired_url", "used_url", "no_service", "channel_not_found", "invalid_blocks", "no_text")
    return next((code for code in known if code in body), "refused")


@dataclass(frozen=True, slots=True)
class MessageResponder:
    """To somebody who wrote to the bot in a DM, or mentioned it in a channel (where only they see the answer)."""

    workspace: Workspace
    user: str
    channel: str
    thread: str | None

    async def say(self, message: Message, *, replace: bool = False) -> None:  # noqa: ARG002 - there is nothing to replace
        """Answer where it was said; in their DM where the bot may not speak."""
        if self.channel.startswith("D"):
            await _patiently(lambda: self.workspace.post(self.channel, message, self.thread))
            return
        try:
            await _patiently(lambda: self.workspace.whisper(self.channel, self.user, message, self.thread))
        except RefusedBySlackError as refusal:
            if refusal.code not in _ELSEWHERE:
                raise
            await self.workspace.post(await self.workspace.dm(self.user), message)

    async def share(self, message: Message) -> None:
        """Post for everybody in the channel."""
        await self.workspace.post(self.channel, message, self.thread)


@dataclass(frozen=True, slots=True)
class DirectResponder:
    """To somebody who acts in App Home, where nothing can be answered: in their DM."""

    workspace: Workspace
    user: str

    async def say(self, message: Message, *, replace: bool = False) -> None:  # noqa: ARG002 - there is nothing to replace
        """Answer in their DM."""
        channel = await self.workspace.dm(self.user)
        await _patiently(lambda: self.workspace.post(channel, message))

    async def share(self, message: Message) -> None:
        """There is no channel to share with: they are answered alone."""
        await self.say(message)


@dataclass(frozen=True, slots=True)
class HomeResponder:
    """To somebody who opens App Home: what is said is drawn there."""

    workspace: Workspace
    user: str

    async def say(self, message: Message, *, replace: bool = False) -> None:  # noqa: ARG002 - it always replaces
        """Draw it."""
        await self.workspace.publish(self.user, message)

    async def share(self, message: Message) -> None:
        """Nobody else sees it."""
        await self.say(message)
