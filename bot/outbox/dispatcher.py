"""The post office: at every tick it looks what is due, and gives each channel a lane of its own, so that none waits."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from secrets import token_hex
from zoneinfo import ZoneInfo

import structlog

from bot.database.engine import DATABASE_ERRORS
from bot.outbox import store
from bot.outbox.delivery import Delivery
from bot.outbox.renderers import Destinations, Redirect, Renderers, ResolvedChannel, Undeliverable
from bot.outbox.rules import NotificationState, QuietHours, fallback
from bot.outbox.store import ClaimedEdit, ClaimedNotification, Ending, Moment, Sought
from bot.slack.errors import RateLimitedError, SlackError

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


_AT_ONCE = 50  # destinations that are looked up side by side, fewer than there are connections
_GLANCE = 0.2  # seconds that a tick has for destinations


class Dispatcher:
    """One process's deliveries; any number of processes may work on one outbox.

    Whatever asks Slack does so in a lane: one for each channel that is posted to, for each whose history is looked
    through, for each destination to be found. None waits for another, and the tick waits for none.
    """

    def __init__(self, delivery: Delivery, addresses: Destinations, zone: ZoneInfo, quiet: QuietHours | None) -> None:
        self._delivery, self._addresses, self._zone, self._quiet = delivery, addresses, zone, quiet
        self._lanes: dict[tuple[str, str], asyncio.Task[None]] = {}
        self._pace = _Pace(delivery.times.pace)
        self._looking = asyncio.Lock()
        self._asking = asyncio.Semaphore(_AT_ONCE)
        self._trouble: Exception | None = None  # with the database, in a lane

    @property
    def voices(self) -> Renderers:
        """The words of everything that it tells."""
        return self._delivery.voices

    async def tick(self) -> None:
        """Look what is due, and see to it; lanes go on by themselves.

        Raises:
            LedgerError, SQLAlchemyError, sqlite3.Error: the database cannot be used, here or in a lane since.
        """
        async with self._looking:
            at = self._at
            due = await self._delivery.database.read(lambda reader: store.due(reader, at.now, at.unsure, at.quiet))
            if due.expired:
                await self._delivery.write(lambda c: store.expire(c, self._now))
            if due.overdue:
                await self._delivery.write(lambda c: store.summarize_overdue(c, self._now))
            for channel in due.looked_for:
                self._open("look", channel, self._look)
            if due.unplaced:
                for destination in await self._delivery.database.read(lambda reader: store.unplaced(reader, at.now)):
                    self._open("place", destination, self._place)
            for channel in due.channels:
                self._open("send", channel, self._send)
            if due.unplaced:
                await self._glance()
            if self._trouble is not None:
                trouble, self._trouble = self._trouble, None
                raise trouble

    async def _glance(self) -> None:
        """Wait for what is found at once: most destinations are known."""
        if placing := {lane for (kind, _), lane in self._lanes.items() if kind == "place"}:
            await asyncio.wait(placing, timeout=_GLANCE)

    async def wait_idle(self) -> None:
        """Wait until no lane has anything to do."""
        while self._lanes:
            await asyncio.wait(set(self._lanes.values()))

    async def stop(self, seconds: float) -> None:
        """End the lanes: what is being sent may arrive, what is not sent stays owed."""
        self._delivery.stopping = True
        lanes = set(self._lanes.values())
        if lanes:
            _, slow = await asyncio.wait(lanes, timeout=seconds)
            for lane in slow:
                lane.cancel()
            await asyncio.gather(*slow, return_exceptions=True)

    @property
    def _now(self) -> datetime:
        return self._delivery.clock()

    @property
    def _at(self) -> Moment:
        now = self._now
        quiet = self._quiet.until(now, self._zone) if self._quiet else None
        return Moment(now, timedelta(seconds=self._delivery.times.unsure), quiet)

    def _open(self, kind: str, name: str, work: Callable[[str], Awaitable[None]]) -> None:
        if (kind, name) not in self._lanes and not self._delivery.stopping:
            lane = self._lanes[kind, name] = asyncio.create_task(self._run(work(name)))
            lane.add_done_callback(lambda _: self._lanes.pop((kind, name), None))

    async def _run(self, work: Awaitable[None]) -> None:
        """Run a lane; the next tick opens it again, whatever it did not foresee."""
        try:
            await work
        except DATABASE_ERRORS as error:
            self._trouble = error
        except Exception:
            log.exception("a lane ended")

    # --- whether it arrived --------------------------------------------------------------------------

    async def _look(self, channel: str) -> None:
        """Look through a channel's history for what may have arrived, and for second copies."""
        while not self._delivery.stopping:
            found = await self._sought(channel)
            if found is None:
                break
            sought, look = found
            try:
                await look(sought)
            except SlackError as error:
                log.warning("cannot look whether a message arrived; later again", why=str(error))
                until, at = self._delivery.later(error), self._at
                await self._delivery.write(lambda c: store.look_later(c, channel, until, at))  # noqa: B023 - awaited
        self._open("send", channel, self._send)

    async def _sought(self, channel: str) -> tuple[Sought, Callable[[Sought], Awaitable[None]]] | None:
        now, wait = self._now, timedelta(seconds=self._delivery.times.unsure)
        if unsure := await self._delivery.database.read(lambda reader: store.unconfirmed(reader, now, wait, channel)):
            return unsure[0], self._delivery.settle_doubt
        if unchecked := await self._delivery.database.read(lambda reader: store.unchecked(reader, now, channel)):
            return unchecked[0], self._delivery.check
        return None

    # --- where to ------------------------------------------------------------------------------------

    async def _place(self, destination: str) -> None:
        """Find the channel of what is owed to a destination, and have it sent there."""
        try:
            async with self._asking:
                place = await self._found(destination)
        except SlackError as error:
            why, until = str(error), self._delivery.later(error)
            await self._delivery.write(lambda c: store.put_off(c, destination, until, why))
            return
        if isinstance(place, ResolvedChannel):
            await self._delivery.write(lambda c: store.place(c, destination, place.channel))
            self._open("send", place.channel, self._send)
            return
        ending = _ending(destination, place)
        await self._delivery.write(lambda c: store.move(c, destination, ending, self._now))
        for other in ending.to:
            self._open("place", other, self._place)

    async def _found(self, destination: str) -> ResolvedChannel | Redirect | Undeliverable:
        """Where a destination is; raises SlackError where Slack does not say in time."""
        async with self._delivery.in_time():
            return await self._addresses.find(destination)

    # --- lanes ---------------------------------------------------------------------------------------

    async def _send(self, channel: str) -> None:
        """Send what a channel is owed, one at a time, then edit what has changed there."""
        loop = asyncio.get_running_loop()
        while not self._delivery.stopping:
            self._delivery.posted[channel] = loop.time()  # if nothing is posted, the pause begins here
            try:
                hold = await self._next(channel)
            except DATABASE_ERRORS:
                raise
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
        token = token_hex(8)
        if channel.startswith("D") and self._quiet and (until := self._quiet.until(now, self._zone)):
            await self._delivery.write(lambda c: store.keep_quiet(c, channel, until))
        else:
            job = await self._delivery.write(lambda c: store.claim(c, channel, token, now, lease))
            if job is not None:
                return await self._sent(job)
        # an edit wakes nobody
        edit = await self._delivery.write(lambda c: store.claim_edit(c, channel, token, now, lease))
        return None if edit is None else await self._edited(edit)

    async def _sent(self, job: ClaimedNotification) -> float:
        await self._pace.turn()
        if (wait := await self._not_there(job)) is not None:
            return wait
        try:
            hold = await self._delivery.deliver(job)
        except RateLimitedError as limit:
            self._pace.limited(job.channel)
            return min(limit.seconds, store.LONGEST.total_seconds())
        self._pace.went_well()
        return hold

    # --- whether it is there still -------------------------------------------------------------------

    async def _not_there(self, job: ClaimedNotification) -> float | None:
        """Look once more whether a destination is in its channel: if not, the message goes where it is now.

        Returns:
            None if it is there; else for how many seconds to leave the channel alone.
        """
        try:
            if await self._found(job.destination) == ResolvedChannel(job.channel):
                return None
        except SlackError as error:
            why, until = str(error), self._delivery.later(error)
            await self._delivery.write(lambda c: store.release_for_retry(c, job, until, why))
            return 0  # the others are none of its business
        await self._delivery.write(lambda c: store.unplace(c, job, "its destination is somewhere else now"))
        return 0

    async def _edited(self, edit: ClaimedEdit) -> float:
        """Edit a message, if its destination is in its channel still: else what is new is not for its readers."""
        try:
            there = await self._found(edit.destination) == ResolvedChannel(edit.channel)
        except SlackError as error:
            until = self._delivery.later(error)
            await self._delivery.write(lambda c: store.edit_later(c, edit, until))
            return 0
        if there:
            return await self._delivery.edit(edit)
        await self._delivery.write(lambda c: store.mark_edit_done(c, edit))
        return 0


def _ending(destination: str, place: Redirect | Undeliverable) -> Ending:
    if isinstance(place, Redirect):
        return Ending(NotificationState.MOVED, place.why, place.destinations)
    return Ending(NotificationState.DEAD, place.why, fallback(destination))
