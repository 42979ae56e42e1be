"""Finds channels in Slack by id or #name, and caches them for a few minutes."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import structlog

from bot.cancellation import cancel_and_wait
from bot.outbox.destinations import Resolution, ResolvedChannel, Undeliverable
from bot.slack.channels import is_shared_outside
from bot.slack.errors import RefusedBySlackError
from bot.slack.workspace import Workspace

log = structlog.get_logger(__name__)

FRESH = timedelta(minutes=5)  # how long a channel is cached: it may become shared with outsiders


@dataclass(slots=True)
class ChannelFinder:
    """Finds channels; `clock` gives aware times."""

    workspace: Workspace
    clock: Callable[[], datetime]
    _known: dict[str, tuple[Resolution, datetime]] = field(default_factory=dict)
    _lookups: "dict[str, asyncio.Task[None]]" = field(default_factory=dict)

    async def find(self, name: str) -> Resolution:
        """Return the channel of a name or id, or why nothing can be sent there.

        Raises:
            SlackError: Slack does not answer, or keeps the bot out.
        """
        now = self.clock()
        cached = self._known.get(name)
        if cached is None or not timedelta(0) <= now - cached[1] < FRESH:
            await asyncio.shield(self._lookup(name))
        return self._known[name][0]

    def _lookup(self, name: str) -> "asyncio.Task[None]":
        """Return the task that looks a channel up, one for each name; it outlives a caller who stops waiting.

        It may take minutes: a large workspace has many pages of channels, of which Slack gives a few a minute.
        """
        lookup = self._lookups.get(name)
        if lookup is None:
            lookup = self._lookups[name] = asyncio.create_task(self._remember(name))
            lookup.add_done_callback(lambda task: self._forget_lookup(name, task))
        return lookup

    async def _remember(self, name: str) -> None:
        now = self.clock()
        self._known[name] = await self._resolution(name), now

    def _forget_lookup(self, name: str, lookup: "asyncio.Task[None]") -> None:
        self._lookups.pop(name, None)
        if not lookup.cancelled() and (error := lookup.exception()) is not None:  # nobody may be waiting for it
            say = log.warning if isinstance(error, RefusedBySlackError) else log.info
            say("a channel could not be looked up", why=str(error))

    async def end(self) -> None:
        """Cancel the lookups that are still running."""
        await cancel_and_wait(self._lookups.values())

    async def _resolution(self, name: str) -> Resolution:
        try:
            channel = await self._channel_named(name)
        except RefusedBySlackError as refusal:
            if refusal.refuses_the_bot:
                raise
            return Undeliverable(f"Slack doesn't show the channel {name} ({refusal.code})")
        if channel is None:
            return Undeliverable(f"the bot can't see a channel {name}")
        if is_shared_outside(channel):
            return Undeliverable(f"{name} is shared with another organization")
        return ResolvedChannel(str(channel["id"]))

    async def _channel_named(self, name: str) -> dict[str, Any] | None:
        """Return a channel as Slack has it; one that was found by its name before costs one request, by its id."""
        cached, _ = self._known.get(name, (None, None))
        if isinstance(cached, ResolvedChannel):
            channel = await self.workspace.channels.find(cached.channel)
            if channel and not channel.get("is_archived") and name in {channel["id"], f"#{channel['name']}"}:
                return channel
        return await self.workspace.channels.find(name)
