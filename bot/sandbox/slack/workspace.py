"""The state of a Slack workspace: users, channels, messages, files and open views. It does no I/O."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from threading import Lock
from typing import Self

from bot.sandbox.slack import acme
from bot.sandbox.slack.models import SLACKBOT, TEAM_ID, Channel, File, Json, Message, User, View

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
EVENTS = frozenset({"app_home_opened", "app_mention", "message.im"})  # the app's subscriptions


@dataclass(slots=True)
class Workspace:
    """One workspace with one app. Everything may be changed at any time; `touch()` then wakes those who wait.

    Without a scope its methods answer `missing_scope`. `version` rises with every change.
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
    modals: dict[str, list[str]] = field(
        default_factory=dict
    )  # by user id: the ids of their open modals, the top one last
    homes: dict[str, str] = field(default_factory=dict)  # by user id: the id of their home tab
    version: int = 0
    _last_ts: int = 0  # microseconds
    _numbers: "count[int]" = field(default_factory=lambda: count(1))
    _waiters: "list[tuple[asyncio.AbstractEventLoop, asyncio.Event]]" = field(default_factory=list)
    _lock: Lock = field(default_factory=Lock)

    @classmethod
    def default(cls) -> Self:
        """Return Acme Security, with the members of the simulated Neo team."""
        users = acme.users()
        return cls(
            users={user.id: user for user in users},
            channels={channel.id: channel for channel in acme.channels(users)},
        )

    def user(self, who: str) -> User:
        """Return the user with this id or handle. Raises KeyError if there is none."""
        if found := self.users.get(who):
            return found
        handle = who.removeprefix("@")
        for user in self.users.values():
            if user.handle == handle:
                return user
        raise KeyError(who)

    def channel(self, where: str) -> Channel:
        """Return the channel with this id or name, with or without `#`. Raises KeyError if there is none."""
        if found := self.channels.get(where):
            return found
        name = where.removeprefix("#")
        for channel in self.channels.values():
            if channel.name == name and channel.kind != "im":
                return channel
        raise KeyError(where)

    def im_of(self, user_id: str) -> Channel:
        """Return the user's direct messages with the bot, opened if necessary. Raises KeyError if there is no user."""
        user = self.user(user_id)
        for channel in self.channels.values():
            if channel.kind == "im" and user.id in channel.members:
                return channel
        opened = self.channels[f"D{user.id[1:]}"] = acme.direct_channel(user)
        self.touch()
        return opened

    def add_user(self, user: User) -> User:
        """Add a user, or replace the one with the same id."""
        self.users[user.id] = user
        self.touch()
        return user

    def add_channel(self, channel: Channel) -> Channel:
        """Add a channel, or replace the one with the same id."""
        self.channels[channel.id] = channel
        self.touch()
        return channel

    def visible_messages(self, channel_id: str, as_user: str) -> list[Message]:
        """Return the messages that the user sees in the channel, oldest first, thread replies included."""
        messages = self.channel(channel_id).messages
        return [each for each in messages if not each.deleted and each.ephemeral_to in {None, as_user}]

    def message(self, channel_id: str, ts: str) -> Message | None:
        """Return the message with this `ts`; None if there is none or it was deleted."""
        messages = self.channels[channel_id].messages
        return next((each for each in messages if each.ts == ts and not each.deleted), None)

    def replies(self, channel_id: str, ts: str) -> list[Message]:
        """Return the replies to a message that everybody sees, oldest first."""
        messages = self.channels[channel_id].messages
        replies = [each for each in messages if each.thread_ts == ts != each.ts]
        return [reply for reply in replies if not reply.deleted and not reply.ephemeral_to]

    def post(self, channel_id: str, message: Message) -> Message:
        """Append a message, whose `ts` comes from `stamp`, to a channel."""
        self.channels[channel_id].messages.append(message)
        self.touch()
        return message

    def view_on_top(self, user_id: str) -> View | None:
        """Return the user's topmost open modal."""
        opened = self.modals.get(user_id)
        return self.views[opened[-1]] if opened else None

    def home_of(self, user_id: str) -> View | None:
        """Return the home tab published for the user."""
        return self.views.get(self.homes.get(user_id, ""))

    def stamp(self, now: datetime) -> str:
        """Return a new `ts`: the time `now`, and later than any before."""
        micros = round(now.timestamp() * 1_000_000)
        with self._lock:
            self._last_ts = micros = max(micros, self._last_ts + 1)
        return f"{micros // 1_000_000}.{micros % 1_000_000:06d}"

    def new_id(self, prefix: str) -> str:
        """Return an unused id, the same in every run."""
        return f"{prefix}0{next(self._numbers):08d}"

    def touch(self) -> None:
        """Record a change: raise the version and wake all who wait, in their own loops."""
        with self._lock:
            self.version += 1
            waiting, self._waiters = self._waiters, []
        for loop, event in waiting:
            if not loop.is_closed():
                loop.call_soon_threadsafe(event.set)

    async def wait_change(self, version: int, seconds: float | None = None) -> int:
        """Wait until the version differs from `version`, at most so many seconds, and return the current one."""
        event = asyncio.Event()
        with self._lock:
            if self.version != version:
                return self.version
            self._waiters.append((asyncio.get_running_loop(), event))
        try:
            async with asyncio.timeout(seconds):
                await event.wait()
        except TimeoutError:
            with self._lock:
                self._waiters = [waiter for waiter in self._waiters if waiter[1] is not event]
        return self.version

    async def until(self, reached: Callable[[], bool], seconds: float = 15) -> None:
        """Wait until `reached` is true, checked after each change. Raises TimeoutError after so many seconds."""
        async with asyncio.timeout(seconds):
            version = self.version
            while not reached():
                version = await self.wait_change(version)
