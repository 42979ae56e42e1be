"""The job: at every tick it looks whether a digest is due in one of the channels, each known by its id."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import structlog

from bot.digest.switching import CHANNEL, switch, switches
from bot.digest.watch import Decisions, Watch
from bot.ledger import notes
from bot.ledger.database import Database
from bot.ledger.readers import Readers
from bot.outbox.voices import Addresses, Found
from bot.slack.errors import SlackError

if TYPE_CHECKING:
    from sqlalchemy import Connection

_ASLEEP = timedelta(minutes=5)  # between two ticks that are seconds apart otherwise

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Digests:
    """The digests of the channels of the settings (by id or `#name`); `clock` gives aware times."""

    channels: tuple[str, ...]
    watch: Watch
    addresses: Addresses
    readers: Readers
    database: Database
    clock: Callable[[], datetime]
    _ids: dict[str, str] = field(default_factory=dict)
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
        found = await self._look(now)
        if found.new:
            try:
                self._ids = {named: await self._id(named) for named in self.channels}
                await self.database.write(self._remember)
            except SlackError as error:
                log.info("a digest waits until Slack says which channel is meant", why=str(error))
                return
            found = await self._look(now)
        if found:
            await self.database.write(lambda connection: self.watch.settle(connection, found, now))

    async def _switch(self, now: datetime) -> None:
        """Note, once in a run, which channels have a digest now and had none before, and the other way round."""
        found = await self.readers.ask(lambda reader: switches(reader, self.channels, now))
        if found:
            await self.database.write(lambda connection: switch(connection, found))
        self._switched = True

    async def _look(self, now: datetime) -> Decisions:
        # two names of one channel are one channel
        ids = list(dict.fromkeys(self._ids.get(named, named) for named in self.channels))
        awake = self._awake or now
        return await self.readers.ask(lambda reader: self.watch.decisions(reader, ids, now, awake))

    async def _id(self, named: str) -> str:
        """A channel's id, also of one that was renamed since; one that was never found keeps its name."""
        place = await self.addresses.find(f"channel:{named}")
        if isinstance(place, Found):
            return place.channel
        return await self.readers.ask(lambda reader: notes.read(reader, f"{CHANNEL}{named}")) or named

    def _remember(self, connection: "Connection") -> None:
        for named, key in self._ids.items():
            notes.write(connection, f"{CHANNEL}{named}", key)
