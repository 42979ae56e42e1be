"""A Slack workspace as it stands: who is there, what was said, what is open. State, without any input or output."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from threading import Lock
from typing import Self

from bot.sandbox.slack import acme
from bot.sandbox.slack.things import SLACKBOT, TEAM_ID, Channel, File, Json, Message, User, View

__all__ = ["SCOPES", "SLACKBOT", "Channel", "File", "Json", "Message", "User", "View", "Workspace"]

SCOPES = frozenset(
    {
        "app_mentions:read",
        "channels:history",
        "channels:join",
        "channels:read",
        "chat:write",
        "commands",
        "files:read",
        "files:write",
        "groups:history",
        "groups:read",
        "im:history",
        "im:read",
        "im:write",
        "mpim:history",
        "mpim:read",
        "users:read",
        "users:read.email",
    }
)
EVENTS = frozenset({"app_home_opened", "app_mention", "message.im"})  # what the app subscribed to


@dataclass(slots=True)
class Workspace:
    """One workspace with one app in it. Everything may be changed at any time; then `touch()` tells who waits.

    A removed scope makes its methods answer `missing_scope`. `version` rises with every change.
    """

    team_id: str = TEAM_ID
    domain: str = "acme-security"
    name: str = "Acme Security"
    app_id: str = "A0NEOUSAGE"
    bot_user: str = acme.BOT_USER
    bot_id: str = "B0NEOUSAGE"
    bot_name: str = acme.BOT_NAME
    bot_token: str = "xoxb-sandbox-0000000000-acme-security"
    app_token: str = "xapp-1-sandbox-A0NEOUSAGE-0000000000"
    signing_secret: str = "5a9db0c5a9db0c5a9db0c5a9db0c5a9d"
    commands: set[str] = field(default_factory=lambda: {"/neo-usage"})
    escapes_links: bool = True  # "Escape channels, users and links sent to your app"
    scopes: set[str] = field(default_factory=lambda: set(SCOPES))
    events: set[str] = field(default_factory=lambda: set(EVENTS))
    users: dict[str, User] = field(default_factory=dict)
    channels: dict[str, Channel] = field(default_factory=dict)
    files: dict[str, File] = field(default_factory=dict)
    views: dict[str, View] = field(default_factory=dict)
    modals: dict[str, list[str]] = field(default_factory=dict)  # a person's open views, the one on top last
    homes: dict[str, str] = field(default_factory=dict)  # a person's home view
    version: int = 0
    _last: int = 0
    _numbers: "count[int]" = field(default_factory=lambda: count(1))
    _waiters: "list[tuple[asyncio.AbstractEventLoop, asyncio.Event]]" = field(default_factory=list)
    _lock: Lock = field(default_factory=Lock)

    @classmethod
    def default(cls) -> Self:
        """Acme Security, with the people of the simulated Neo team."""
        people = acme.users()
        return cls(
            users={user.id: user for user in people},
            channels={channel.id: channel for channel in acme.channels(people)},
        )

    def user(self, who: str) -> User:
        """By id or handle. Raises KeyError when there is nobody."""
        if found := self.users.get(who):
            return found
        handle = who.removeprefix("@")
        for user in self.users.values():
            if user.handle == handle:
                return user
        raise KeyError(who)

    def channel(self, where: str) -> Channel:
        """By id or name, `#` or not. Raises KeyError when there is none."""
        if found := self.channels.get(where):
            return found
        name = where.removeprefix("#")
        for channel in self.channels.values():
            if channel.name == name and channel.kind != "im":
                return channel
        raise KeyError(where)

    def im_of(self, user_id: str) -> Channel:
        """The person's direct messages with the bot, opened if need be. Raises KeyError when there is nobody."""
        user = self.user(user_id)
        for channel in self.channels.values():
            if channel.kind == "im" and user.id in channel.members:
                return channel
        opened = self.channels[f"D{user.id[1:]}"] = acme.direct(user)
        self.touch()
        return opened

    def add_user(self, user: User) -> User:
        """Let somebody join, or take the place of their namesake."""
        self.users[user.id] = user
        self.touch()
        return user

    def add_channel(self, channel: Channel) -> Channel:
        """Let there be another channel."""
        self.channels[channel.id] = channel
        self.touch()
        return channel

    def visible_messages(self, channel_id: str, as_user: str) -> list[Message]:
        """What this person sees there, oldest first, thread replies among the rest."""
        found = self.channel(channel_id).messages
        return [seen for seen in found if not seen.deleted and seen.ephemeral_to in {None, as_user}]

    def message(self, channel_id: str, ts: str) -> Message | None:
        """The message with this `ts`, unless it was deleted."""
        found = (seen for seen in self.channels[channel_id].messages if seen.ts == ts and not seen.deleted)
        return next(found, None)

    def replies(self, channel_id: str, ts: str) -> list[Message]:
        """The replies to a message that everybody sees, oldest first."""
        found = self.channels[channel_id].messages
        return [
            seen
            for seen in found
            if seen.thread_ts == ts and seen.ts != ts and not seen.deleted and not seen.ephemeral_to
        ]

    def post(self, channel_id: str, message: Message) -> Message:
        """Put a message, whose `ts` comes from `stamp`, at the end of a channel."""
        self.channels[channel_id].messages.append(message)
        self.touch()
        return message

    def view_on_top(self, user_id: str) -> View | None:
        """The modal the person looks at."""
        opened = self.modals.get(user_id)
        return self.views[opened[-1]] if opened else None

    def home_of(self, user_id: str) -> View | None:
        """The home tab published for the person."""
        return self.views.get(self.homes.get(user_id, ""))

    def stamp(self, now: datetime) -> str:
        """A new `ts`: of this moment, and later than any before."""
        micros = round(now.timestamp() * 1_000_000)
        with self._lock:
            self._last = micros = max(micros, self._last + 1)
        return f"{micros // 1_000_000}.{micros % 1_000_000:06d}"

    def new_id(self, prefix: str) -> str:
        """An id that is not in use, the same in every run."""
        return f"{prefix}0{next(self._numbers):08d}"

    def touch(self) -> None:
        """Something changed: raise the version, wake who waits, in whatever loop."""
        with self._lock:
            self.version += 1
            waiting, self._waiters = self._waiters, []
        for loop, event in waiting:
            if not loop.is_closed():
                loop.call_soon_threadsafe(event.set)

    async def wait_change(self, version: int, timeout: float | None = None) -> int:  # noqa: ASYNC109 as event streams do
        """The version once it is not `version` any more, or as it is after so many seconds."""
        event = asyncio.Event()
        with self._lock:
            if self.version != version:
                return self.version
            self._waiters.append((asyncio.get_running_loop(), event))
        try:
            async with asyncio.timeout(timeout):
                await event.wait()
        except TimeoutError:
            with self._lock:
                self._waiters = [waiter for waiter in self._waiters if waiter[1] is not event]
        return self.version

    async def until(self, reached: Callable[[], bool], timeout: float = 5) -> None:  # noqa: ASYNC109 as wait_change
        """Wait for a change that lets `reached` be true. Raises TimeoutError after so many seconds."""
        async with asyncio.timeout(timeout):
            version = self.version
            while not reached():
                version = await self.wait_change(version)
