"""The directory: Slack's users, read in bulk at the start, then looked up one by one and cached for five minutes."""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import structlog

from bot.cancellation import cancel_and_wait
from bot.people.roles import SlackUser, read_user
from bot.slack.errors import RateLimitedError, SlackError
from bot.slack.workspace import Workspace

log = structlog.get_logger(__name__)

FRESH = timedelta(minutes=5)  # how long a user is cached: a lost role takes effect after this


@dataclass(slots=True)
class Directory:
    """The users of the bot's workspace; `clock` gives aware times."""

    workspace: Workspace
    clock: Callable[[], datetime]
    _cache: dict[str, tuple[SlackUser, datetime]] = field(default_factory=dict)
    _filling: "asyncio.Task[None] | None" = None

    async def start_filling(self, seconds: float) -> None:
        """Start to read all users, and wait at most so long for it: if it takes longer, it goes on by itself."""
        self._filling = asyncio.create_task(self.fill())
        finished, _ = await asyncio.wait({self._filling}, timeout=seconds)
        for each in finished:
            each.result()

    async def stop_filling(self) -> None:
        """Cancel the reading of all users if it is still running."""
        if self._filling is not None:
            await cancel_and_wait([self._filling])

    async def fill(self) -> None:
        """Read all users, so that nobody's first question waits for Slack; on failure they are looked up one by one."""
        cursor: str | None = ""
        read_cursors: set[str] = set()
        while cursor is not None and cursor not in read_cursors:  # a repeated cursor ends the list too
            asked_at = self.clock()
            try:
                records, following = await self.workspace.users.page(cursor)
            except RateLimitedError as limit:
                await asyncio.sleep(max(limit.seconds, 1))  # no request waits for this
                continue
            except SlackError as error:
                log.warning("cannot read the list of people; asking one by one", why=str(error))
                return
            for record in records:
                self._cache_user(self._read(record), asked_at)
            read_cursors.add(cursor)
            cursor = following
        log.info("read the list of people", people=len(self._cache))

    async def user(self, user: str) -> SlackUser | None:
        """Return a user as they were within the last five minutes; None if there is no such user.

        Raises:
            SlackError: Slack does not answer.
        """
        cached = self._cache.get(user)
        if cached and timedelta(0) <= self.clock() - cached[1] < FRESH:
            return cached[0]
        asked_at = self.clock()
        record = await self.workspace.users.by_id(user)
        if record is None:
            self._cache.pop(user, None)
            return None
        slack_user = self._read(record)
        self._cache_user(slack_user, asked_at)
        return slack_user

    async def _look_up_id(self, email: str) -> str | None:
        """Return the id of the user with an e-mail, from Slack; None if there is none, or it is not confirmed.

        Raises:
            SlackError: Slack does not answer.
        """
        record = await self.workspace.users.by_email(email)
        if record is None:
            return None
        slack_user = self._read(record)
        self._cache_user(slack_user, self.clock())
        return slack_user.id if slack_user.email == email else None

    async def holder(self, email: str) -> SlackUser | None:
        """Return the user who has an e-mail now and may use the bot; None if there is none.

        Raises:
            SlackError: Slack does not answer.
        """
        cached = self.users_by_email([email]).get(email)
        slack_user = await self.user(cached.id) if cached else None
        if slack_user is None or slack_user.email != email:
            user_id = await self._look_up_id(email)
            slack_user = await self.user(user_id) if user_id else None
        return None if slack_user is None or slack_user.denial or slack_user.email != email else slack_user

    def denied_user(self, email: str) -> SlackUser | None:
        """Return the cached user with an e-mail who may not use the bot; None if there is none."""
        return next((user for user, _ in self._cache.values() if user.email == email and user.denial), None)

    def is_denied(self, user: str) -> bool:
        """Return whether a cached user may not use the bot."""
        return user in self._cache and self._cache[user][0].denial is not None

    def users_by_email(self, emails: Iterable[str]) -> dict[str, SlackUser]:
        """Return the cached users with these e-mails; to address them, not for their roles, which may be outdated."""
        addresses = set(emails)
        return {user.email: user for user, _ in self._cache.values() if user.email in addresses and not user.denial}

    def users(self) -> list[SlackUser]:
        """Return the cached users who may use the bot; for their names, not for their roles, which may be outdated."""
        return [user for user, _ in self._cache.values() if not user.denial]

    def cached_users(self) -> list[SlackUser]:
        """Return all cached users, also those who may not use the bot; for their names."""
        return [user for user, _ in self._cache.values()]

    def name_of(self, user: str) -> str | None:
        """Return the name of a cached user by their id; None if they are not cached."""
        cached = self._cache.get(user)
        return None if cached is None else cached[0].name

    def _read(self, record: dict[str, Any]) -> SlackUser:
        own = self.workspace.identity
        return read_user(record, own.team, own.enterprise)

    def _cache_user(self, user: SlackUser, asked_at: datetime) -> None:
        self._cache[user.id] = user, asked_at
