"""The placer: finds the channel of each destination, and ends notifications whose destination has none."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from bot.domain.keys import MalformedKeyError
from bot.outbox import placement_store
from bot.outbox.destinations import (
    Destination,
    Destinations,
    Redirect,
    Resolution,
    ResolvedChannel,
    Undeliverable,
    decode_destination,
    fallback,
)
from bot.outbox.outcomes import Ending
from bot.outbox.rules import DeliveryTiming, NotificationState
from bot.outbox.timeouts import request_timeout, wait_after
from bot.slack.errors import SlackError

if TYPE_CHECKING:
    from bot.database.engine import Database

_AT_ONCE = 50  # destinations that are looked up side by side, fewer than there are connections


@dataclass(frozen=True, slots=True)
class Placement:
    """Where the notifications of a destination went: to a channel, to other destinations, or neither for now."""

    channel: str | None = None
    destinations: tuple[Destination, ...] = ()


@dataclass(frozen=True, slots=True)
class Placer:
    """Places notifications; `clock` gives aware times."""

    database: "Database"
    destinations: Destinations
    clock: Callable[[], datetime]
    timing: DeliveryTiming
    _lookups: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(_AT_ONCE))

    async def place(self, text: str) -> Placement:
        """Find the channel of what waits for a destination, given by its string form, and record what came of it."""
        try:
            destination = decode_destination(text)
        except MalformedKeyError as error:
            return await self._end(text, Ending(NotificationState.DEAD, str(error)))
        try:
            async with self._lookups:
                found = await self._find(destination)
        except SlackError as error:
            why, until = str(error), self.clock() + wait_after(error, self.timing)
            await self.database.write(lambda c: placement_store.postpone_unplaced(c, text, until, why))
            return Placement()
        if not isinstance(found, ResolvedChannel):
            return await self._end(text, _ending(destination, found))
        channel = found.channel
        await self.database.write(lambda c: placement_store.set_channel(c, text, channel))
        return Placement(channel)

    async def _end(self, text: str, ending: Ending) -> Placement:
        await self.database.write(lambda c: placement_store.end_unplaced(c, text, ending, self.clock()))
        return Placement(destinations=tuple(ending.instead))

    async def is_in(self, destination: Destination, channel: str) -> bool:
        """Return whether a destination is in a channel now. Raises SlackError if Slack does not say in time."""
        return await self._find(destination) == ResolvedChannel(channel)

    async def _find(self, destination: Destination) -> Resolution:
        async with request_timeout(self.timing):
            return await self.destinations.find(destination)


def _ending(destination: Destination, found: Redirect | Undeliverable) -> Ending:
    if isinstance(found, Redirect):
        return Ending(NotificationState.DISCARDED, found.why, found.destinations)
    return Ending(NotificationState.DEAD, found.why, fallback(destination))
