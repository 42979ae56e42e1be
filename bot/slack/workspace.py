"""The workspace: the bot's account in it, and the calls that rooms make."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, TypeVar

import aiohttp
from slack_sdk.http_retry.builtin_async_handlers import (
    AsyncConnectionErrorRetryHandler,
    AsyncRateLimitErrorRetryHandler,
    AsyncServerErrorRetryHandler,
)
from slack_sdk.web.async_client import AsyncWebClient

from bot.slack.api_responses import ApiResponse, conversation, part, parts, person, required, text
from bot.slack.blocks import Message
from bot.slack.errors import (
    FormNotOpenedError,
    GarbledBySlackError,
    RefusedBySlackError,
    SlackError,
    SlackUnavailableError,
    translated,
)
from bot.slack.transport import session, web_client

R = TypeVar("R")

SECONDS = 10.0  # for one answer of Slack
# `parse: none` keeps Slack from making links of domains and e-mails in the text that stands for blocks
_NO_LINKS: dict[str, Any] = {"link_names": False, "parse": "none"}
_NO_UNFURL: dict[str, Any] = {"unfurl_links": False, "unfurl_media": False, **_NO_LINKS}
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

    `reading` repeats what a dropped connection may have swallowed, and never waits where Slack has enough: whoever
    reads has others to see to meanwhile. `posting` never repeats, or people would see a message twice, but waits; it
    is for answers to somebody. `once` does neither. `patient` does both, for what somebody waits for.
    `address` is the API's.
    """

    reading: AsyncWebClient
    posting: AsyncWebClient
    once: AsyncWebClient
    patient: AsyncWebClient
    session: aiohttp.ClientSession | None
    address: str
    _who: "list[Account]" = field(default_factory=list)

    async def account(self) -> Account:
        """Who the token belongs to."""
        with translated():
            answer = await self.reading.auth_test()
            scopes = {name.lower(): value for name, value in answer.headers.items()}.get("x-oauth-scopes", "")
            held = frozenset(each.strip() for each in scopes.split(",") if each.strip())
            enterprise = text(answer, "enterprise_id") or None
            found = Account(
                required(answer, "team_id"), enterprise, required(answer, "user_id"), required(answer, "bot_id"), held
            )
        self._who[:] = [found]
        return found

    @property
    def identity(self) -> Account:
        """Who the bot is. Raises SlackUnavailableError while Slack has not said it, which `account` asks for."""
        if not self._who:
            raise SlackUnavailableError("Slack has not answered yet")
        return self._who[0]

    async def users(self) -> AsyncIterator[dict[str, Any]]:
        """Everybody in the workspace, as Slack's user objects."""
        async for member in _pages(lambda cursor: self.patient.users_list(limit=200, cursor=cursor), "members"):
            with suppress(GarbledBySlackError):  # one odd record hides nobody else
                yield person(member)

    async def some_users(self, cursor: str = "") -> tuple[list[dict[str, Any]], str | None]:
        """A page of the workspace's user objects, and the cursor of the next one, if there is one."""
        found = []
        with translated():
            answer = await self.reading.users_list(limit=200, cursor=cursor)
            for member in parts(answer, "members"):
                with suppress(GarbledBySlackError):
                    found.append(person(member))
            return found, _following(answer) or None

    async def user(self, user: str) -> dict[str, Any] | None:
        """One user object; None if there is no such user."""
        try:
            with translated():
                return person(part(await self.reading.users_info(user=user), "user"))
        except RefusedBySlackError as error:
            if error.code in {"user_not_found", "user_not_visible", "users_not_found"}:
                return None
            raise

    async def user_by_email(self, email: str) -> dict[str, Any] | None:
        """The user object of an address; None if there is no such user."""
        try:
            with translated():
                return person(part(await self.reading.users_lookupByEmail(email=email), "user"))
        except RefusedBySlackError as error:
            if error.code in {"users_not_found", "user_not_found", "invalid_email"}:
                return None
            raise

    async def channel(self, channel: str) -> dict[str, Any]:
        """A channel object by id."""
        with translated():
            return conversation(part(await self.reading.conversations_info(channel=channel), "channel"))

    def channels(self) -> AsyncIterator[dict[str, Any]]:
        """Every channel that the bot can see, as Slack gives them."""
        kinds = "public_channel,private_channel"

        def page(cursor: str) -> Awaitable[Any]:
            return self.patient.conversations_list(types=kinds, exclude_archived=True, limit=200, cursor=cursor)

        return _pages(page, "channels")

    async def _channel_called(self, name: str) -> dict[str, Any] | None:
        """A channel object by name; an odd record hides no other, but may be the one that is not found."""
        odd: GarbledBySlackError | None = None
        async for each in self.channels():
            try:
                channel = conversation(each)
            except GarbledBySlackError as error:
                odd = error
                continue
            if channel["name"] == name:
                return channel
        if odd is not None:
            raise odd
        return None

    async def find(self, named: str) -> dict[str, Any] | None:
        """A channel object by id or `#name`; None if the bot can see no such channel."""
        if named.startswith("#"):
            return await self._channel_called(named.removeprefix("#"))
        try:
            return await self.channel(named)
        except RefusedBySlackError as refusal:
            if refusal.code == "channel_not_found":
                return None
            raise

    async def dm(self, user: str) -> str:
        """The channel of the bot's DM with a user."""
        with translated():
            return required(part(await self.reading.conversations_open(users=user), "channel"), "id")

    async def post(self, channel: str, message: Message, thread: str | None = None) -> str:
        """Post a message, simpler where Slack refuses its blocks; returns its `ts`."""
        thread_ts = {"thread_ts": thread} if thread else {}
        answer = await self._said(self.posting.chat_postMessage, message, channel=channel, **thread_ts, **_NO_UNFURL)
        with translated():
            return required(answer, "ts")

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

        await send_simplified(message, draw)

    async def whisper(self, channel: str, user: str, message: Message, thread: str | None = None) -> None:
        """Post a message that one person in a channel sees."""
        thread_ts = {"thread_ts": thread} if thread else {}
        await self._said(self.posting.chat_postEphemeral, message, channel=channel, user=user, **thread_ts, **_NO_LINKS)

    async def _said(self, method: Any, message: Message, **arguments: Any) -> Any:  # noqa: ANN401 - the SDK's own
        async def say(message: Message) -> Any:  # noqa: ANN401 - the SDK's own
            with translated():
                return await method(text=message.text, blocks=blocks(message), **arguments)

        return await send_simplified(message, say)

    async def deliver(self, channel: str, message: Message, key: str, thread: str | None = None) -> tuple[str, bool]:
        """Post a message that carries its key, in one request; returns its `ts`, and whether it is in the thread."""
        with translated():
            answer = await self.once.chat_postMessage(
                channel=channel,
                text=message.text,
                blocks=blocks(message),
                metadata=_metadata(key),
                thread_ts=thread,
                **_NO_UNFURL,
            )
            return required(answer, "ts"), bool(part(answer, "message").get("thread_ts"))

    async def edit(self, channel: str, ts: str, message: Message, key: str) -> None:
        """Say a message of the bot's differently."""
        with translated():
            await self.once.chat_update(
                channel=channel,
                ts=ts,
                text=message.text,
                blocks=blocks(message) or [],
                metadata=_metadata(key),
                **_NO_LINKS,
            )

    async def delete(self, channel: str, ts: str) -> None:
        """Take a message of the bot's back."""
        with translated():
            await self.once.chat_delete(channel=channel, ts=ts)

    async def copies(self, channel: str, key: str, oldest: float, thread: str | None = None) -> list[str]:
        """The `ts` of the bot's own messages that carry a key, oldest first: of a channel since `oldest`, or a thread.

        Any app can write such metadata: what another one wrote is no message of ours, whatever it says.

        Args:
            channel: where to look.
            key: what their metadata carries.
            oldest: seconds since 1970.
            thread: the parent's `ts`, to look among its replies.
        """
        (who,) = self._who or [await self.account()]
        found = [each async for each in self._messages(channel, oldest, thread)]
        return sorted({text(each, "ts") for each in found if _is_of(each, who) and _key(each) == key} - {""})

    async def threads(self, channel: str, oldest: float) -> list[str]:
        """The `ts` of what has replies in a channel since `oldest`, and is a message of the bot's or was deleted."""
        (who,) = self._who or [await self.account()]
        found = [each async for each in self._messages(channel, oldest) if each.get("reply_count")]
        own = [each for each in found if _is_of(each, who) or each.get("subtype") == "tombstone"]
        return [ts for each in own if (ts := text(each, "ts"))]

    def _messages(self, channel: str, oldest: float, thread: str | None = None) -> AsyncIterator[dict[str, Any]]:
        place: dict[str, Any] = {"channel": channel, "oldest": f"{max(oldest, 0):.6f}", "limit": 200}
        place["include_all_metadata"] = True

        def page(cursor: str) -> Awaitable[Any]:
            if thread:
                return self.reading.conversations_replies(ts=thread, cursor=cursor, **place)
            return self.reading.conversations_history(cursor=cursor, **place)

        return _pages(page, "messages")

    async def upload(self, channel: str, name: str, content: str, comment: str) -> None:
        """Put a text file into a channel, with a line of plain text."""
        with translated():
            await self.patient.files_upload_v2(
                channel=channel, filename=name, title=name, content=content.encode(), initial_comment=comment
            )


async def send_simplified(message: Message, send: Callable[[Message], Awaitable[R]]) -> R:
    """Send a message, each time a simpler one as long as Slack refuses its blocks; raises what `send` does."""
    while True:
        try:
            return await send(message)
        except RefusedBySlackError as refusal:
            simpler = message.simpler
            if refusal.code not in _UNUSABLE or simpler is None:
                raise
            message = simpler


async def _pages(page: Callable[[str], Awaitable[Any]], name: str) -> AsyncIterator[dict[str, Any]]:
    """The objects of a list that Slack gives in pages; what is no object among them is left out."""
    cursor, seen = "", {""}
    while True:
        with translated():
            answer = await page(cursor)
            found = parts(answer, name)
            cursor = _following(answer)
        for each in found:
            yield each
        if cursor in seen:  # none, or one that would lead round in a circle
            return
        seen.add(cursor)


EVENT_TYPE = "neo_usage_notification"


def _metadata(key: str) -> dict[str, Any]:
    return {"event_type": EVENT_TYPE, "event_payload": {"key": key}}


def _following(answer: ApiResponse) -> str:
    """The cursor of what follows a page; "" after the last."""
    return text(part(answer, "response_metadata"), "next_cursor")


def _is_of(message: ApiResponse, who: Account) -> bool:
    """Whether somebody wrote a message."""
    return bool(message.get("bot_id") == who.bot or message.get("user") == who.user)


def _key(message: ApiResponse) -> str | None:
    metadata = message.get("metadata")
    if not isinstance(metadata, dict) or metadata.get("event_type") != EVENT_TYPE:
        return None
    payload = metadata.get("event_payload")
    return payload.get("key") if isinstance(payload, dict) else None


def is_shared_outside(channel: Mapping[str, Any]) -> bool:
    """Whether people of another company read a channel, or are invited to."""
    return bool(channel.get("is_ext_shared") or channel.get("is_pending_ext_shared"))


def blocks(message: Message) -> Sequence[dict[str, Any]] | None:
    """The blocks as slack-sdk takes them."""
    return list(message.blocks) or None


def offline_workspace(address: str) -> Workspace:
    """Return a workspace without a token, for capabilities whose work does not reach Slack."""
    client = web_client(None, address)
    return Workspace(client, client, client, client, None, address)


@asynccontextmanager
async def connect_workspace(token: str, address: str) -> AsyncIterator[Workspace]:
    """The workspace that a bot token opens; what is read has connections of its own, so that no post waits for them."""
    # slack-sdk does not apply its own timeout to a session that it is given
    limits = aiohttp.ClientTimeout(total=6 * SECONDS, sock_connect=SECONDS, sock_read=SECONDS)
    async with session(address, limits) as over, session(address, limits) as asking:
        limited = AsyncRateLimitErrorRetryHandler(max_retry_count=3)
        twice = [AsyncConnectionErrorRetryHandler(max_retry_count=2), AsyncServerErrorRetryHandler()]
        yield Workspace(
            web_client(token, address, asking, [*twice]),
            web_client(token, address, over, [limited]),
            web_client(token, address, over, []),
            web_client(token, address, asking, [limited, *twice]),
            over,
            address,
        )
