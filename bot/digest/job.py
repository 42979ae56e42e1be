"""The job of digests: enqueues, at every tick, what is due in the channels of DIGEST_CHANNEL."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

import structlog

from bot.database.engine import Database
from bot.digest.channels import apply_setting_changes, known_id, remember_ids, setting_changes
from bot.digest.planner import DigestPlanner, DueDigests
from bot.domain.post_times import TickRecord
from bot.outbox.destinations import (
    WEBHOOK_CHANNEL,
    ChannelDestination,
    Destination,
    Destinations,
    ResolvedChannel,
    WebhookDestination,
)
from bot.slack.errors import RateLimitedError, SlackError, SlackUnavailableError

_LOOKUP_WAIT = 5.0  # seconds to wait for a lookup of a channel, which goes on in the background
_RETRY_AFTER, _LONGEST = timedelta(seconds=5), timedelta(hours=1)  # least and most between failed lookups

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class DigestJob:
    """The digests of the channels of the settings (by id or `#name`); `clock` gives aware times."""

    channels: tuple[str, ...]
    planner: DigestPlanner
    destinations: Destinations
    database: Database
    clock: Callable[[], datetime]
    _ids: dict[str, str] = field(default_factory=dict)
    _retry_at: dict[str, datetime] = field(default_factory=dict)
    _settings_applied: bool = False
    _ticks: TickRecord = field(default_factory=TickRecord)

    def begin(self) -> None:
        """Begin as after a start: another process, of other settings maybe, has planned digests since."""
        self._settings_applied = False
        self._ticks.clear()

    async def tick(self) -> None:
        """Decide what is due, and enqueue it."""
        now = self.clock()
        if not self._settings_applied:
            await self._apply_settings(now)
        if not self.channels:
            return
        awake = self._ticks.add(now)
        due = await self._due(self.channels, now, awake)
        if due.new:
            names = await self._find_channels(now)
            if not names and not due.completed:
                return
            await self.database.write(partial(remember_ids, ids=self._ids))
            due = await self._due(names, now, awake)
        if due:
            await self.database.write(lambda connection: self.planner.apply_due(connection, due, now))

    async def _apply_settings(self, now: datetime) -> None:
        """Record, once in a run, which channels of the settings came or went since the last run."""
        changes = await self.database.read(lambda connection: setting_changes(connection, self.channels, now))
        if changes:
            await self.database.write(lambda connection: apply_setting_changes(connection, changes))
        self._settings_applied = True

    async def _due(self, names: Sequence[str], now: datetime, awake: datetime) -> DueDigests:
        # two names may mean one channel
        ids = list(dict.fromkeys(self._ids.get(name, name) for name in names))
        return await self.database.read(lambda connection: self.planner.due(connection, ids, now, awake))

    # --- channels ------------------------------------------------------------------------------------

    async def _find_channels(self, now: datetime) -> list[str]:
        """Look up the ids of the channels; return the names of those found, which wait for no others."""
        names = [name for name in self.channels if not self._is_put_off(name, now)]
        lookups = await asyncio.gather(*map(self._find_channel, names), return_exceptions=True)
        found_names = []
        for name, lookup in zip(names, lookups, strict=True):
            if isinstance(lookup, str):
                self._ids[name] = lookup
                found_names.append(name)
            elif isinstance(lookup, SlackError):
                log.info("a digest waits until Slack says which channel is meant", why=str(lookup))
                self._retry_at[name] = now + _retry_after(lookup)
            else:
                raise lookup
        return found_names

    def _is_put_off(self, name: str, now: datetime) -> bool:
        retry_at = self._retry_at.get(name)
        return retry_at is not None and now < retry_at <= now + _LONGEST

    async def _find_channel(self, name: str) -> str:
        """Return a channel's id, also if it was renamed since; its name if it was never found."""
        try:
            async with asyncio.timeout(_LOOKUP_WAIT):
                resolution = await self.destinations.find(_destination(name))
        except TimeoutError:
            raise SlackUnavailableError(f"no answer within {_LOOKUP_WAIT:g} s") from None
        if isinstance(resolution, ResolvedChannel):
            return resolution.channel
        return await self.database.read(lambda connection: known_id(connection, name)) or name


def _destination(name: str) -> Destination:
    return WebhookDestination() if name == WEBHOOK_CHANNEL else ChannelDestination(name)


def _retry_after(error: SlackError) -> timedelta:
    seconds = error.seconds if isinstance(error, RateLimitedError) else 0
    return min(max(timedelta(seconds=seconds), _RETRY_AFTER), _LONGEST)
