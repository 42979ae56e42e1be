"""The post office: at every tick it looks what is due, and gives each channel a lane of its own, so that none waits."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from secrets import token_hex
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import structlog

from bot.outbox import store
from bot.outbox.delivery import Delivery
from bot.outbox.rules import QuietHours, State, fallback
from bot.outbox.store import Edit, Ending, Job, Sought
from bot.outbox.voices import Addresses, Found, Instead, Nowhere
from bot.slack.errors import LimitedBySlackError, RefusedBySlackError, SlackError

if TYPE_CHECKING:
    from sqlalchemy import Connection

log = structlog.get_logger(__name__)

_TOGETHER, _SEVERAL = 5.0, 3  # within so many seconds limits on so many channels mean that the workspace is limited
_SLOWEST = 1.0  # of the pace: the longest pause between posts anywhere, once it is


@dataclass(slots=True)
class _Pace:
    """How quickly posts may follow each other: in each channel, and (after limits on several) anywhere."""

    seconds: float
    everywhere: float = 0.0
    _next: float = 0.0
    _limited: dict[str, float] = field(default_factory=dict)

    async def turn(self) -> None:
        """Wait for a turn among all channels, if the whole workspace is limited."""
        if self.everywhere:
            at = asyncio.get_running_loop().time()
            start = max(at, self._next)
            self._next = start + self.everywhere
            await asyncio.sleep(start - at)

    def limited(self, channel: str) -> None:
        """A channel was limited; if others just were too, all go slower."""
        at = asyncio.get_running_loop().time()
        self._limited = {name: when for name, when in self._limited.items() if at - when < _TOGETHER}
        self._limited[channel] = at
        if len(self._limited) >= _SEVERAL:
            self.everywhere = min(max(2 * self.everywhere, self.seconds / 20), _SLOWEST * self.seconds)
            self._limited.clear()

    def went_well(self) -> None:
        """A post was taken: a little quicker again."""
        self.everywhere = self.everywhere * 0.9 if self.everywhere > self.seconds / 100 else 0.0


class PostOffice:
    """One process's deliveries; any number of processes may work on one outbox."""

    def __init__(self, delivery: Delivery, addresses: Addresses, zone: ZoneInfo, quiet: QuietHours | None) -> None:
        self._delivery, self._addresses, self._zone, self._quiet = delivery, addresses, zone, quiet
        self._lanes: dict[str, asyncio.Task[None]] = {}
        self._pace = _Pace(delivery.times.pace)
        self._looking = asyncio.Lock()

    async def tick(self) -> None:
        """Look what is due, and see to it; lanes go on by themselves."""
        async with self._looking:
            due = await self._due()
            if due.expired:
                await self._delivery.write(lambda c: store.expire(c, self._now))
            if due.unsure:
                await self._each(store.unsure, self._delivery.settle_doubt)
            if due.overdue or due.unsure:  # what had not arrived may be too old by now
                await self._delivery.write(lambda c: store.overdue(c, self._now))
            if due.unchecked:
                await self._each(store.unchecked, self._delivery.check)
            if due.unplaced:
                await self._place()
                due = await self._due()
            for channel in due.channels:
                self._open_lane(channel)

    async def settled(self) -> None:
        """Wait until no lane has anything to do."""
        while self._lanes:
            await asyncio.wait(set(self._lanes.values()))

    async def stop(self, seconds: float) -> None:
        """End the lanes: what is being sent may arrive, what is not sent stays owed."""
        lanes = set(self._lanes.values())
        if lanes:
            self._delivery.stopping = True
            _, slow = await asyncio.wait(lanes, timeout=seconds)
            for lane in slow:
                lane.cancel()
            await asyncio.gather(*slow, return_exceptions=True)

    @property
    def _now(self) -> datetime:
        return self._delivery.clock()

    async def _due(self) -> store.Due:
        unsure = timedelta(seconds=self._delivery.times.unsure)
        return await self._delivery.readers.ask(lambda reader: store.due(reader, self._now, unsure))

    async def _each(self, which: Callable[..., list[Sought]], do: Callable[[Sought], Awaitable[None]]) -> None:
        extra = (timedelta(seconds=self._delivery.times.unsure),) if which is store.unsure else ()
        for sought in await self._delivery.readers.ask(lambda reader: which(reader, self._now, *extra)):
            try:
                await do(sought)
            except SlackError as error:
                log.warning("cannot look whether a message arrived; later again", why=str(error))
                if not isinstance(error, RefusedBySlackError):
                    return

    # --- where to ------------------------------------------------------------------------------------

    async def _place(self) -> None:
        """Find the channels of what is owed."""
        for destination in await self._delivery.readers.ask(lambda reader: store.unplaced(reader, self._now)):
            await self._delivery.write(await self._placing(destination))

    async def _placing(self, destination: str) -> "Callable[[Connection], None]":
        """What to write of a destination, after looking where it is."""
        try:
            place = await self._addresses.find(destination)
        except SlackError as error:
            why, until = str(error), self._later(error)
            return lambda c: store.put_off(c, destination, until, why)
        if isinstance(place, Found):
            return lambda c: store.place(c, destination, place.channel)
        return lambda c: store.move(c, destination, _ending(destination, place), self._now)

    def _later(self, error: SlackError) -> datetime:
        """When Slack is asked again where a destination is."""
        times = self._delivery.times
        wait = times.longest_wait if isinstance(error, RefusedBySlackError) else times.first_wait
        return self._now + timedelta(seconds=wait)

    # --- lanes ---------------------------------------------------------------------------------------

    def _open_lane(self, channel: str) -> None:
        if channel not in self._lanes:
            lane = self._lanes[channel] = asyncio.create_task(self._lane(channel))
            lane.add_done_callback(lambda _: self._lanes.pop(channel, None))

    async def _lane(self, channel: str) -> None:
        """Send what a channel is owed, one at a time, then edit what has changed there."""
        loop = asyncio.get_running_loop()
        while not self._delivery.stopping:
            self._delivery.posted[channel] = loop.time()  # if nothing is posted, the pause begins here
            try:
                hold = await self._next(channel)
            except Exception:
                log.exception("a delivery failed")
                hold = self._delivery.times.first_wait
            if hold is None:
                return
            rest = max(hold, self._pace.seconds - (loop.time() - self._delivery.posted[channel]))
            await asyncio.sleep(rest)

    async def _next(self, channel: str) -> float | None:
        """Do the next thing in a channel; returns the seconds it then takes nothing, None if there is nothing to do."""
        now, lease = self._now, timedelta(seconds=self._delivery.times.lease)
        if channel.startswith("D") and self._quiet and (until := self._quiet.until(now, self._zone)):
            await self._delivery.write(lambda c: store.keep_quiet(c, channel, until))  # an edit wakes nobody
        token = token_hex(8)
        job = await self._delivery.write(lambda c: store.claim(c, channel, token, now, lease))
        if job is not None:
            return await self._sent(job)
        edit = await self._delivery.write(lambda c: store.claim_edit(c, channel, token, now, lease))
        return None if edit is None else await self._edited(edit)

    async def _sent(self, job: Job) -> float:
        await self._pace.turn()
        if (wait := await self._not_there(job)) is not None:
            return wait
        try:
            hold = await self._delivery.deliver(job)
        except LimitedBySlackError as limit:
            self._pace.limited(job.channel)
            return limit.seconds
        self._pace.went_well()
        return hold

    # --- whether it is there still -------------------------------------------------------------------

    async def _not_there(self, job: Job) -> float | None:
        """Look once more whether a destination is in its channel: if not, the message goes where it is now.

        Returns:
            None if it is there; else for how many seconds to leave the channel alone.
        """
        try:
            if await self._addresses.find(job.destination) == Found(job.channel):
                return None
        except SlackError as error:
            why, until = str(error), self._later(error)
            await self._delivery.write(lambda c: store.back(c, job, until, why))
            return self._delivery.times.first_wait
        await self._delivery.write(lambda c: store.unplace(c, job, "its destination is somewhere else now"))
        return 0

    async def _edited(self, edit: Edit) -> float:
        """Edit a message, if its destination is in its channel still: else what is new is not for its readers."""
        try:
            there = await self._addresses.find(edit.destination) == Found(edit.channel)
        except SlackError as error:
            until = self._later(error)
            await self._delivery.write(lambda c: store.edit_later(c, edit, until))
            return self._delivery.times.first_wait
        if there:
            return await self._delivery.edit(edit)
        await self._delivery.write(lambda c: store.shown(c, edit))
        return 0


def _ending(destination: str, place: Instead | Nowhere) -> Ending:
    if isinstance(place, Instead):
        return Ending(State.MOVED, place.why, place.destinations)
    return Ending(State.DEAD, place.why, fallback(destination))
