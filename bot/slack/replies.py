"""Replies: answers on their way back, through `response_url` or as messages to one person."""

from dataclasses import dataclass

import structlog
from slack_sdk.http_retry.builtin_async_handlers import (
    AsyncConnectionErrorRetryHandler,
    AsyncRateLimitErrorRetryHandler,
    AsyncServerErrorRetryHandler,
)
from slack_sdk.webhook.async_client import AsyncWebhookClient

from bot.slack.errors import TOO_MANY_REQUESTS, RefusedBySlackError, SlackUnavailableError, translated
from bot.slack.message import Message
from bot.slack.workspace import SECONDS, Workspace, blocks

log = structlog.get_logger(__name__)

_OK, _SERVER_ERRORS = 200, 500
# whoever can no longer be answered where they asked is answered in their DM
_ELSEWHERE = {"user_not_in_channel", "channel_not_found", "not_in_channel", "is_archived", "restricted_action"}


@dataclass(frozen=True, slots=True)
class Hook:
    """Through the `response_url` that came with a command or button: five uses in thirty minutes."""

    workspace: Workspace
    url: str
    user: str

    async def say(self, message: Message, *, replace: bool = False) -> None:
        """Answer where it was asked; in their DM when the address is used up."""
        limited = AsyncRateLimitErrorRetryHandler(max_retry_count=3)
        retries = [limited, AsyncConnectionErrorRetryHandler(max_retry_count=2), AsyncServerErrorRetryHandler()]
        client = AsyncWebhookClient(self.url, SECONDS, session=self.workspace.session, retry_handlers=retries)
        try:
            await _send(client, message, "ephemeral", replace=replace)
        except RefusedBySlackError as refusal:
            log.info("answered in a DM", because=refusal.code)
            await self.workspace.post(await self.workspace.dm(self.user), message)

    async def share(self, message: Message) -> None:
        """Post for everybody; a dropped connection is not repeated, lest all see it twice."""
        once = [AsyncRateLimitErrorRetryHandler(max_retry_count=3)]
        client = AsyncWebhookClient(self.url, SECONDS, session=self.workspace.session, retry_handlers=list(once))
        await _send(client, message, "in_channel", replace=False)


async def _send(client: AsyncWebhookClient, message: Message, to: str, *, replace: bool) -> None:
    with translated():
        answer = await client.send(
            text=message.text,
            blocks=blocks(message),
            response_type=to,
            replace_original=replace,
            unfurl_links=False,
            unfurl_media=False,
        )
    if answer.status_code == _OK and '"ok":false' not in answer.body.replace(" ", ""):
        return
    if answer.status_code == TOO_MANY_REQUESTS or answer.status_code >= _SERVER_ERRORS:
        raise SlackUnavailableError(f"Slack cannot take the answer now ({answer.status_code})")
    if "block" in answer.body and message.simpler is not None:
        await _send(client, message.simpler, to, replace=replace)
        return
    raise RefusedBySlackError(_code(answer.body))


def _code(body: str) -> str:
    known = ("expired_url", "used_url", "no_service", "channel_not_found", "invalid_blocks", "no_text")
    return next((code for code in known if code in body), "refused")


@dataclass(frozen=True, slots=True)
class Note:
    """To somebody who wrote to the bot in a DM, or mentioned it in a channel (where only they see the answer)."""

    workspace: Workspace
    user: str
    channel: str
    thread: str | None

    async def say(self, message: Message, *, replace: bool = False) -> None:  # noqa: ARG002 - there is nothing to replace
        """Answer where it was said; in their DM where the bot may not speak."""
        if self.channel.startswith("D"):
            await self.workspace.post(self.channel, message, self.thread)
            return
        try:
            await self.workspace.whisper(self.channel, self.user, message, self.thread)
        except RefusedBySlackError as refusal:
            if refusal.code not in _ELSEWHERE:
                raise
            await self.workspace.post(await self.workspace.dm(self.user), message)

    async def share(self, message: Message) -> None:
        """Post for everybody in the channel."""
        await self.workspace.post(self.channel, message, self.thread)
