"""The workspace: the bot's account in it, and the calls that rooms make."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

import aiohttp
from slack_sdk.http_retry.builtin_async_handlers import (
    AsyncConnectionErrorRetryHandler,
    AsyncRateLimitErrorRetryHandler,
    AsyncServerErrorRetryHandler,
)
from slack_sdk.web.async_client import AsyncWebClient

from bot.slack.errors import FormNotOpenedError, RefusedBySlackError, SlackError, translated
from bot.slack.message import Message

R = TypeVar("R")

SECONDS = 10.0  # for one answer of Slack
_NO_UNFURL = {"unfurl_links": False, "unfurl_media": False, "link_names": False}
_UNUSABLE = {"invalid_arguments", "invalid_blocks", "invalid_blocks_format", "block_mismatch", "msg_blocks_too_long"}


@dataclass(frozen=True, slots=True)
class Account:
    """Who the bot is: its workspace, its user, and what its token may do."""

    team: str
    enterprise: str | None
    user: str
    bot: str
    scopes: frozenset[str]


@dataclass(frozen=True, slots=True)
class Workspace:
    """Slack's Web API as the bot uses it; every method raises SlackError.

    `reading` repeats what a dropped connection may have swallowed; `posting` never does, or people would see
    a message twice; `once` does not even wait where Slack has enough, which is for its caller to do.
    """

    reading: AsyncWebClient
    posting: AsyncWebClient
    once: AsyncWebClient
    session: aiohttp.ClientSession

    async def account(self) -> Account:
        """Who the token belongs to."""
        with translated():
            answer = await self.reading.auth_test()
        scopes = {name.lower(): value for name, value in answer.headers.items()}.get("x-oauth-scopes", "")
        held = frozenset(each.strip() for each in scopes.split(",") if each.strip())
        return Account(answer["team_id"], answer.get("enterprise_id"), answer["user_id"], answer["bot_id"], held)

    async def users(self) -> AsyncIterator[dict[str, Any]]:
        """Everybody in the workspace, as Slack's user objects."""
        cursor = ""
        while True:
            with translated():
                answer = await self.reading.users_list(limit=200, cursor=cursor)
            for member in answer["members"]:
                yield member
            cursor = (answer.get("response_metadata") or {}).get("next_cursor") or ""
            if not cursor:
                return

    async def user(self, user: str) -> dict[str, Any] | None:
        """One user object; None if there is no such user."""
        try:
            with translated():
                answer = await self.reading.users_info(user=user)
        except RefusedBySlackError as error:
            if error.code in {"user_not_found", "user_not_visible", "users_not_found"}:
                return None
            raise
        found: dict[str, Any] = answer["user"]
        return found

    async def user_by_email(self, email: str) -> dict[str, Any] | None:
        """The user object of an address; None if there is no such user."""
        try:
            with translated():
                answer = await self.reading.users_lookupByEmail(email=email)
        except RefusedBySlackError as error:
            if error.code in {"users_not_found", "user_not_found", "invalid_email", "missing_scope"}:
                return None
            raise
        found: dict[str, Any] = answer["user"]
        return found

    async def channel(self, channel: str) -> dict[str, Any]:
        """A channel object by id."""
        with translated():
            answer = await self.reading.conversations_info(channel=channel)
        found: dict[str, Any] = answer["channel"]
        return found

    async def channels(self) -> AsyncIterator[dict[str, Any]]:
        """Every channel that the bot can see, as Slack's channel objects."""
        cursor = ""
        while True:
            with translated():
                answer = await self.reading.conversations_list(
                    types="public_channel,private_channel", exclude_archived=True, limit=200, cursor=cursor
                )
            for channel in answer["channels"]:
                yield channel
            cursor = (answer.get("response_metadata") or {}).get("next_cursor") or ""
            if not cursor:
                return

    async def find(self, named: str) -> dict[str, Any] | None:
        """A channel object by id or `#name`; None if the bot can see no such channel."""
        if named.startswith("#"):
            found = [each async for each in self.channels() if each["name"] == named.removeprefix("#")]
            return found[0] if found else None
        try:
            return await self.channel(named)
        except RefusedBySlackError as refusal:
            if refusal.code == "channel_not_found":
                return None
            raise

    async def dm(self, user: str) -> str:
        """The channel of the bot's DM with a user."""
        with translated():
            answer = await self.reading.conversations_open(users=user)
        return str(answer["channel"]["id"])

    async def post(self, channel: str, message: Message, thread: str | None = None) -> str:
        """Post a message, simpler where Slack refuses its blocks; returns its `ts`."""
        thread_ts = {"thread_ts": thread} if thread else {}
        answer = await self._said(self.posting.chat_postMessage, message, channel=channel, **thread_ts, **_NO_UNFURL)
        return str(answer["ts"])

    async def open_form(self, trigger: str, view: dict[str, Any]) -> None:
        """Put a form in front of whoever acted just now.

        Raises:
            FormNotOpenedError: it did not come up; a trigger lasts three seconds, so nothing is waited for.
        """
        try:
            with translated():
                await self.once.views_open(trigger_id=trigger, view=view)
        except SlackError as error:
            raise FormNotOpenedError(f"the form was not opened: {error}") from error

    async def publish(self, user: str, message: Message) -> None:
        """Draw somebody's App Home, simpler where Slack refuses its blocks."""

        async def draw(message: Message) -> None:
            with translated():
                await self.once.views_publish(user_id=user, view={"type": "home", "blocks": list(message.blocks)})

        await simplified(message, draw)

    async def whisper(self, channel: str, user: str, message: Message, thread: str | None = None) -> None:
        """Post a message that one person in a channel sees."""
        thread_ts = {"thread_ts": thread} if thread else {}
        await self._said(self.posting.chat_postEphemeral, message, channel=channel, user=user, **thread_ts)

    async def _said(self, method: Any, message: Message, **arguments: Any) -> Any:  # noqa: ANN401 - the SDK's own
        async def say(message: Message) -> Any:  # noqa: ANN401 - the SDK's own
            with translated():
                return await method(text=message.text, blocks=blocks(message), **arguments)

        return await simplified(message, say)

    async def deliver(self, channel: str, message: Message, key: str, thread: str | None = None) -> tuple[str, bool]:
        """Post a message that carries its key, in one request; returns its `ts`, and whether it is in the thread."""
        with translated():
            answer = await self.once.chat_postMessage(
                channel=channel,
                text=message.text,
                blocks=blocks(message),
                metadata=_metadata(key),
                thread_ts=thread,
                unfurl_links=False,
                unfurl_media=False,
                link_names=False,
            )
        return str(answer["ts"]), bool((answer.get("message") or {}).get("thread_ts"))

    async def edit(self, channel: str, ts: str, message: Message, key: str) -> None:
        """Say a message of the bot's differently."""
        with translated():
            await self.once.chat_update(
                channel=channel,
                ts=ts,
                text=message.text,
                blocks=blocks(message) or [],
                metadata=_metadata(key),
            )

    async def delete(self, channel: str, ts: str) -> None:
        """Take a message of the bot's back."""
        with translated():
            await self.once.chat_delete(channel=channel, ts=ts)

    async def copies(self, channel: str, key: str, oldest: float, thread: str | None = None) -> list[str]:
        """The `ts` of the messages that carry a key, oldest first: of a channel since `oldest`, or of a thread.

        Args:
            channel: where to look.
            key: what their metadata carries.
            oldest: seconds since 1970.
            thread: the parent's `ts`, to look among its replies.
        """
        found, cursor = [], ""
        place: dict[str, Any] = {"channel": channel, "oldest": f"{max(oldest, 0):.6f}", "limit": 200}
        place["include_all_metadata"] = True
        while True:
            with translated():
                if thread:
                    answer = await self.reading.conversations_replies(ts=thread, cursor=cursor, **place)
                else:
                    answer = await self.reading.conversations_history(cursor=cursor, **place)
            found += [each["ts"] for each in answer["messages"] if _key(each) == key]
            cursor = (answer.get("response_metadata") or {}).get("next_cursor") or ""
            if not cursor:
                return sorted(set(found))

    async def upload(self, channel: str, name: str, content: str, comment: str) -> None:
        """Put a text file into a channel, with a line of plain text."""
        with translated():
            await self.reading.files_upload_v2(
                channel=channel, filename=name, title=name, content=content.encode(), initial_comment=comment
            )


async def simplified(message: Message, send: Callable[[Message], Awaitable[R]]) -> R:
    """Send a message, each time a simpler one as long as Slack refuses its blocks; raises what `send` does."""
    while True:
        try:
            return await send(message)
        except RefusedBySlackError as refusal:
            simpler = message.simpler
            if refusal.code not in _UNUSABLE or simpler is None:
                raise
            message = simpler


EVENT_TYPE = "neo_usage_notification"


def _metadata(key: str) -> dict[str, Any]:
    return {"event_type": EVENT_TYPE, "event_payload": {"key": key}}


def _key(message: dict[str, Any]) -> str | None:
    metadata = message.get("metadata") or {}
    if metadata.get("event_type") != EVENT_TYPE:
        return None
    return (metadata.get("event_payload") or {}).get("key")


def is_shared_outside(channel: Mapping[str, Any]) -> bool:
    """Whether people of another company read a channel, or are invited to."""
    return bool(channel.get("is_ext_shared") or channel.get("is_pending_ext_shared"))


def blocks(message: Message) -> Sequence[dict[str, Any]] | None:
    """The blocks as slack-sdk takes them."""
    return list(message.blocks) or None


@asynccontextmanager
async def connected(token: str, address: str) -> AsyncIterator[Workspace]:
    """The workspace that a bot token opens, over one session."""
    # slack-sdk does not apply its own timeout to a session that it is given
    limits = aiohttp.ClientTimeout(total=6 * SECONDS, sock_connect=SECONDS, sock_read=SECONDS)
    async with aiohttp.ClientSession(timeout=limits) as session:
        limited = AsyncRateLimitErrorRetryHandler(max_retry_count=3)
        twice = [limited, AsyncConnectionErrorRetryHandler(max_retry_count=2), AsyncServerErrorRetryHandler()]
        yield Workspace(
            AsyncWebClient(token, address, session=session, retry_handlers=twice),
            AsyncWebClient(token, address, session=session, retry_handlers=[limited]),
            AsyncWebClient(token, address, session=session, retry_handlers=[]),
            session,
        )
