"""The dispatcher: finds at every tick what is due, and starts a task for each channel and each destination."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from functools import partial
from typing import TYPE_CHECKING

from bot.outbox import webhook_queue
from bot.outbox.channel_queue import ChannelQueue
from bot.outbox.conditions import Moment
from bot.outbox.destinations import WEBHOOK_CHANNEL
from bot.outbox.due_work import DueWork, due_work, mark_abandoned_unconfirmed, summarize_overdue
from bot.outbox.named_tasks import NamedTasks
from bot.outbox.placement_store import unplaced_destinations
from bot.outbox.placer import Placer
from bot.outbox.reconciler import Reconciler
from bot.outbox.rules import DeliveryTiming, QuietHours, StandBack

if TYPE_CHECKING:
    from bot.database.engine import Database

_PLACING_SECONDS = 0.2  # that a tick waits for destinations to be found


class _Work(StrEnum):
    """What a task does, for a channel or a destination."""

    PLACE = "place"
    SEND = "send"
    RECONCILE = "reconcile"


@dataclass(frozen=True, slots=True)
class Dispatcher:
    """Starts one process's tasks; any number of processes may work on one outbox. `clock` gives aware times.

    Whatever asks Slack does so in a task: one for each channel that is posted to, for each whose history is looked
    through, for each destination to be found. None waits for another, and a tick waits for none. What has been due for
    less than `stand_back` is left to another process. `serves` says whether a channel, or a destination by its string
    form, can be served now: the others wait.
    """

    database: "Database"
    queue: ChannelQueue
    placer: Placer
    reconciler: Reconciler
    tasks: NamedTasks
    clock: Callable[[], datetime]
    timing: DeliveryTiming
    quiet_hours: QuietHours | None
    stand_back: StandBack
    serves: Callable[[str], bool]
    _one_tick: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def tick(self) -> None:
        """Find what is due, and start tasks for it.

        Raises:
            LedgerError, SQLAlchemyError, sqlite3.Error: the database cannot be used.
        """
        async with self._one_tick:
            moment = self._moment()
            work = await self.database.read(lambda connection: due_work(connection, moment))
            await self._apply_due(work)
            await self._start_tasks(work, moment.now)

    def _moment(self) -> Moment:
        now = self.clock() - self.stand_back()
        quiet_until = self.quiet_hours.until(now) if self.quiet_hours is not None else None
        return Moment(now, timedelta(seconds=self.timing.unconfirmed), quiet_until)

    async def _apply_due(self, work: DueWork) -> None:
        if work.abandoned:
            await self.database.write(lambda c: mark_abandoned_unconfirmed(c, self.clock()))
        if work.overdue:
            # what is being looked for there may be overdue too, and one summary stands for all
            busy = self.tasks.names(_Work.RECONCILE)
            await self.database.write(lambda c: summarize_overdue(c, self.clock(), busy))

    async def _start_tasks(self, work: DueWork, now: datetime) -> None:
        for channel in work.lookups:
            reconcile = self._resend_events if channel == WEBHOOK_CHANNEL else self._reconcile
            self._start(_Work.RECONCILE, channel, reconcile)
        if work.without_channel:
            for destination in await self.database.read(lambda connection: unplaced_destinations(connection, now)):
                self._start(_Work.PLACE, destination, self._place)
        for channel in work.channels:
            self._start(_Work.SEND, channel, self._send)
        if work.without_channel:  # most destinations are known, and found at once
            await self.tasks.wait_for(_Work.PLACE, _PLACING_SECONDS)

    def _start(self, work: _Work, name: str, run: Callable[[str], Awaitable[None]]) -> None:
        if self.serves(name):
            self.tasks.start(work, name, partial(run, name))

    async def _send(self, channel: str) -> None:
        await self.queue.process(channel, lambda: self.tasks.stopping)

    async def _reconcile(self, channel: str) -> None:
        """Look through a channel's history, then send what has not arrived."""
        while not self.tasks.stopping and await self.reconciler.reconcile_next(channel):
            pass
        self._start(_Work.SEND, channel, self._send)

    async def _resend_events(self, channel: str) -> None:
        """Send what may have arrived at the webhook's receiver once more."""
        moment = self._moment()
        await self.database.write(lambda c: webhook_queue.resend_unconfirmed(c, moment))
        self._start(_Work.SEND, channel, self._send)

    async def _place(self, destination: str) -> None:
        """Find a destination's channel and send there, or go on with the destinations that it turned out to be."""
        placement = await self.placer.place(destination)
        if placement.channel is not None:
            self._start(_Work.SEND, placement.channel, self._send)
        for other in placement.destinations:
            self._start(_Work.PLACE, other.encode(), self._place)
