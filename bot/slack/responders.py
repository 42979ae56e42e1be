"""Responders: how answers reach the person who made a request, by where the request was made."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import structlog
from slack_sdk.http_retry.builtin_async_handlers import AsyncRateLimitErrorRetryHandler
from slack_sdk.webhook.async_client import AsyncWebhookClient
from slack_sdk.webhook.webhook_response import WebhookResponse

from bot.settings.proxy import proxy_for
from bot.slack.blocks import Message, with_line_above
from bot.slack.errors import (
    TOO_MANY_REQUESTS,
    RefusedBySlackError,
    SlackUnavailableError,
    measured_request,
    translated_errors,
)
from bot.slack.messages import sdk_blocks
from bot.slack.requests import Responder
from bot.slack.workspace import Workspace

log = structlog.get_logger(__name__)

_OK, _SERVER_ERRORS = 200, 500
WAITS = (0.3, 1.0, 3.0)  # seconds between attempts to send an answer
# in these cases a person cannot be answered where they asked, and is answered in their direct messages
_CHANNEL_CODES = {"user_not_in_channel", "channel_not_found", "not_in_channel", "is_archived", "restricted_action"}
_RESPONSE_URL_CODES = ("expired_url", "used_url", "no_service", "channel_not_found", "invalid_blocks", "no_text")


@dataclass(frozen=True, slots=True)
class ResponseUrlResponder:
    """Answers a command or button through its `response_url`, which can be used five times in thirty minutes."""

    workspace: Workspace
    url: str
    user: str

    async def respond(self, message: Message, *, replace: bool = False) -> None:
        """Answer where the request was made; in a direct message when the address has expired."""
        try:
            await _send_repeatedly(lambda: self._send(message, "ephemeral", replace=replace))
        except RefusedBySlackError as refusal:
            log.info("answered in a DM", because=refusal.code)
            await _post_in_dm(self.workspace, self.user, message)

    async def share(self, message: Message) -> None:
        """Post for everybody; sent once, as a message that may have been posted must not be posted again."""
        await self._send(message, "in_channel", replace=False)

    async def _send(self, message: Message, response_type: str, *, replace: bool) -> None:
        with measured_request(self.workspace.clients.measurements):
            answer = await self._post(message, response_type, replace=replace)
            if answer.status_code == TOO_MANY_REQUESTS or answer.status_code >= _SERVER_ERRORS:
                raise SlackUnavailableError(f"Slack cannot take the answer now ({answer.status_code})")
            if answer.status_code == _OK and '"ok":false' not in answer.body.replace(" ", ""):
                return
            if "block" not in answer.body or message.simpler is None:
                raise RefusedBySlackError(_refusal_code(answer.body))
        await self._send(message.simpler, response_type, replace=replace)

    async def _post(self, message: Message, response_type: str, *, replace: bool) -> WebhookResponse:
        rate_limit = AsyncRateLimitErrorRetryHandler(max_retry_count=3)
        client = AsyncWebhookClient(self.url, session=self.workspace.clients.session, retry_handlers=[rate_limit])
        client.proxy = proxy_for(self.url)
        with translated_errors():
            return await client.send(
                text=message.text,
                blocks=sdk_blocks(message),
                response_type=response_type,
                replace_original=replace,
                unfurl_links=False,
                unfurl_media=False,
            )


def _refusal_code(body: str) -> str:
    return next((code for code in _RESPONSE_URL_CODES if code in body), "refused")


@dataclass(frozen=True, slots=True)
class MessageResponder:
    """Answers a direct message, or a mention in a channel, where only the person who wrote it sees the answer."""

    workspace: Workspace
    user: str
    channel: str
    thread: str | None

    async def respond(self, message: Message, *, replace: bool = False) -> None:
        """Answer where the message was written; in a direct message where the bot may not post."""
        del replace  # there is no message of the bot's to replace
        messages = self.workspace.messages
        if self.channel.startswith("D"):
            await _send_repeatedly(lambda: messages.post(self.channel, message, self.thread))
            return
        try:
            await _send_repeatedly(lambda: messages.post_ephemeral(self.channel, self.user, message, self.thread))
        except RefusedBySlackError as refusal:
            if refusal.code not in _CHANNEL_CODES:
                raise
            await _post_in_dm(self.workspace, self.user, message)

    async def share(self, message: Message) -> None:
        """Post for everybody in the channel."""
        await self.workspace.messages.post(self.channel, message, self.thread)


@dataclass(frozen=True, slots=True)
class DirectResponder:
    """Answers somebody who acts in App Home, where no message can be shown: in a direct message."""

    workspace: Workspace
    user: str

    async def respond(self, message: Message, *, replace: bool = False) -> None:
        """Answer in a direct message."""
        del replace  # there is no message of the bot's to replace
        channel = await self.workspace.channels.open_dm(self.user)
        await _send_repeatedly(lambda: self.workspace.messages.post(channel, message))

    async def share(self, message: Message) -> None:
        """Answer in a direct message: there is no channel to share with."""
        await self.respond(message)


@dataclass(frozen=True, slots=True)
class HomeResponder:
    """Answers somebody who opens App Home, by publishing what it shows."""

    workspace: Workspace
    user: str

    async def respond(self, message: Message, *, replace: bool = False) -> None:
        """Publish the message as their App Home."""
        del replace  # what App Home showed is replaced in any case
        await self.workspace.views.publish_home(self.user, message)

    async def share(self, message: Message) -> None:
        """Publish it as their App Home, which nobody else sees."""
        await self.respond(message)


@dataclass(frozen=True, slots=True)
class UnderstoodResponder:
    """Answers with a line of rendered mrkdwn above that says how a line in everyday words was understood."""

    responder: Responder
    understood: str

    async def respond(self, message: Message, *, replace: bool = False) -> None:
        """Answer with the line above."""
        await self.responder.respond(with_line_above(message, self.understood), replace=replace)

    async def share(self, message: Message) -> None:
        """Post for everybody, without the line."""
        await self.responder.share(message)


@dataclass(frozen=True, slots=True)
class ReplacingResponder:
    """Answers in place of the message whose button was pressed, where that is possible."""

    responder: Responder

    async def respond(self, message: Message, *, replace: bool = True) -> None:
        """Answer in place of the message."""
        del replace  # it always is
        await self.responder.respond(message, replace=True)

    async def share(self, message: Message) -> None:
        """Post for everybody."""
        await self.responder.share(message)


async def _post_in_dm(workspace: Workspace, user: str, message: Message) -> None:
    await workspace.messages.post(await workspace.channels.open_dm(user), message)


async def _send_repeatedly(send: Callable[[], Awaitable[object]]) -> None:
    """Send an answer, up to four times while Slack is unavailable: an answer that arrives twice is better than none."""
    for wait in WAITS:
        try:
            await send()
        except SlackUnavailableError:
            await asyncio.sleep(wait)
        else:
            return
    await send()
