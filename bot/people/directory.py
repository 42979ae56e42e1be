"""The directory: Slack's users, read in bulk at the start, then asked one by one and trusted for five minutes."""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import structlog

from bot.people.roles import SlackUser, read_user
from bot.slack.errors import RateLimitedError, SlackError
from bot.slack.workspace import Workspace

log = structlog.get_logger(__name__)

FRESH = timedelta(minutes=5)  # rights that were lost are lost after this


@dataclass(slots=True)
class Directory:
    """The users of the bot's workspace; `clock` gives aware times."""

    workspace: Workspace
    clock: Callable[[], datetime]
    _known: dict[str, tuple[SlackUser, datetime]] = field(default_factory=dict)
    _filling: "asyncio.Task[None] | None" = None

    async def begin(self, seconds: float) -> None:
        """Begin to read everybody, and wait for it so long: if it takes longer, it goes on by itself."""
        self._filling = asyncio.create_task(self.fill())
        done, _ = await asyncio.wait({self._filling}, timeout=seconds)
        for each in done:
            each.result()

    async def end(self) -> None:
        """Break off what is still being read."""
        if self._filling is not None:
            self._filling.cancel()
            await asyncio.gather(self._filling, return_exceptions=True)

    async def fill(self) -> None:
        """Read everybody, so that nobody's first question waits for Slack; what fails is asked later, one by one."""
        cursor: str | None = ""
        read: set[str] = set()
        while cursor is not None and cursor not in read:  # a list that goes round in a circle ends, too
            seen = self.clock()
            try:
                records, following = await self.workspace.users.page(cursor)
            except RateLimitedError as limit:
                await asyncio.sleep(max(limit.seconds, 1))  # nobody waits for this
                continue
            except SlackError as error:
                log.warning("cannot read the list of people; asking one by one", why=str(error))
                return
            for record in records:
                self._keep(self._read(record), seen)
            read.add(cursor)
            cursor = following
        log.info("read the list of people", people=len(self._known))

    async def user(self, user: str) -> SlackUser | None:
        """A user as they were within the last five minutes; None if there is no such user.

        Raises:
            SlackError: Slack does not say.
        """
        known = self._known.get(user)
        if known and timedelta(0) <= self.clock() - known[1] < FRESH:
            return known[0]
        seen = self.clock()
        record = await self.workspace.users.by_id(user)
        if record is None:
            self._known.pop(user, None)
            return None
        found = self._read(record)
        self._keep(found, seen)
        return found

    async def by_email(self, email: str) -> str | None:
        """The id of the user with that address, asked of Slack; None if there is none, or it is not confirmed.

        Raises:
            SlackError: Slack does not say.
        """
        record = await self.workspace.users.by_email(email)
        if record is None:
            return None
        found = self._read(record)
        self._keep(found, self.clock())
        return found.id if found.email == email else None

    async def holder(self, email: str) -> SlackUser | None:
        """Who has that address now and belongs here; whoever had it before is asked about anew.

        Raises:
            SlackError: Slack does not say.
        """
        known = self.named([email]).get(email)
        found = await self.user(known.id) if known else None
        if found is None or found.email != email:
            other = await self.by_email(email)
            found = await self.user(other) if other else None
        return None if found is None or found.denied or found.email != email else found

    def denied(self, email: str) -> SlackUser | None:
        """Who has that address and may not be told of anything, as far as is known."""
        return next((user for user, _ in self._known.values() if user.email == email and user.denied), None)

    def is_denied(self, user: str) -> bool:
        """Whether it is known of a user that they may not ask, as `named` knows it."""
        return user in self._known and self._known[user][0].denied is not None

    def named(self, emails: Iterable[str]) -> dict[str, SlackUser]:
        """Whom e-mails belong to, as far as is known; for addressing people, not for their rights."""
        wanted = set(emails)
        return {user.email: user for user, _ in self._known.values() if user.email in wanted and not user.denied}

    def _read(self, record: dict[str, Any]) -> SlackUser:
        own = self.workspace.identity
        return read_user(record, own.team, own.enterprise)

    def _keep(self, user: SlackUser, seen: datetime) -> None:
        self._known[user.id] = user, seen
