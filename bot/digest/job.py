"""The job: at every tick it looks whether a digest is due in one of the channels, each known by its id."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import structlog

from bot.database import metadata
from bot.database.engine import Database
from bot.digest.channels import CHANNEL, switch, switches
from bot.digest.planner import Decisions, DigestPlanner
from bot.outbox.destinations import ChannelDestination
from bot.outbox.resolution import Destinations, ResolvedChannel
from bot.slack.errors import RateLimitedError, SlackError, SlackUnavailableError

if TYPE_CHECKING:
    from sqlalchemy import Connection

_PATIENCE = 5.0  # seconds that a look for one channel takes at the most: it goes on by itself
_AGAIN, _LONGEST = timedelta(seconds=5), timedelta(hours=1)  # between two looks for a channel that failed
_ASLEEP = timedelta(minutes=5)  # between two ticks that are seconds apart otherwise

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class DigestJob:
    """The digests of the channels of the settings (by id or `#name`); `clock` gives aware times."""

    channels: tuple[str, ...]
    planner: DigestPlanner
    addresses: Destinations
    database: Database
    clock: Callable[[], datetime]
    _ids: dict[str, str] = field(default_factory=dict)
    _put_off: dict[str, datetime] = field(default_factory=dict)
    _switched: bool = False
    _ticked: datetime | None = None
    _awake: datetime | None = None  # since when ticks have followed each other: not while the machine slept

    async def tick(self) -> None:
        """Decide what is due, and owe it."""
        now = self.clock()
        if not self._switched:
            await self._switch(now)
        if not self.channels:
            return
        if self._ticked is None or not timedelta(0) <= now - self._ticked < _ASLEEP:
            self._awake = now
        self._ticked = now
        found = await self._look(self.channels, now)
        if found.new:
            named = await self._find(now)
            if not named and not found.whole:
                return
            await self.database.write(self._remember)
            found = await self._look(named, now)
        if found:
            await self.database.write(lambda connection: self.planner.apply_due(connection, found, now))

    async def _switch(self, now: datetime) -> None:
        """Note, once in a run, which channels have a digest now and had none before, and the other way round."""
        found = await self.database.read(lambda reader: switches(reader, self.channels, now))
        if found:
            await self.database.write(lambda connection: switch(connection, found))
        self._switched = True

    async def _look(self, named: Sequence[str], now: datetime) -> Decisions:
        # two names of one channel are one channel
        ids = list(dict.fromkeys(self._ids.get(each, each) for each in named))
        awake = self._awake or now
        return await self.database.read(lambda reader: self.planner.decisions(reader, ids, now, awake))

    async def _find(self, now: datetime) -> list[str]:
        """Look up the channels by id; returns those that Slack has named, whose digests wait for no other's."""
        asked = [each for each in self.channels if not self._is_put_off(each, now)]
        found = await asyncio.gather(*(self._id(each) for each in asked), return_exceptions=True)
        named = []
        for each, place in zip(asked, found, strict=True):
            if isinstance(place, str):
                self._ids[each] = place
                named.append(each)
            elif isinstance(place, SlackError):
                log.info("a digest waits until Slack says which channel is meant", why=str(place))
                seconds = place.seconds if isinstance(place, RateLimitedError) else 0
                self._put_off[each] = now + min(max(timedelta(seconds=seconds), _AGAIN), _LONGEST)
            else:
                raise place
        return named

    def _is_put_off(self, named: str, now: datetime) -> bool:
        until = self._put_off.get(named)
        return until is not None and now < until <= now + _LONGEST

    async def _id(self, named: str) -> str:
        """A channel's id, also of one that was renamed since; one that was never found keeps its name."""
        try:
            async with asyncio.timeout(_PATIENCE):
                place = await self.addresses.find(ChannelDestination(named))
        except TimeoutError:
            raise SlackUnavailableError(f"no answer within {_PATIENCE:g} s") from None
        if isinstance(place, ResolvedChannel):
            return place.channel
        return await self.database.read(lambda reader: metadata.read(reader, f"{CHANNEL}{named}")) or named

    def _remember(self, connection: "Connection") -> None:
        for named, key in self._ids.items():
            metadata.write(connection, f"{CHANNEL}{named}", key)
