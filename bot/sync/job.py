"""The sync job: reads planned windows completely, books what it finds page by page, and keeps the lease."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection

from bot.domain.tasks import Refused, Task
from bot.ledger import lease, notes, passes
from bot.ledger.booking import Booked, Listing, Terms, book
from bot.ledger.database import Database
from bot.ledger.passes import Tally
from bot.neo.client import CONCURRENCY, LARGEST_PAGE, SMALLEST_PAGE, NeoClient, Span
from bot.neo.errors import NeoError, TooLargeError, TooLongError
from bot.neo.paging import Batch, Sweep
from bot.sync.rules import Kind, Planned

PAGE_SIZES = (LARGEST_PAGE, 50, SMALLEST_PAGE)
SWEEPS = 3  # tries at a window before it is cut
LARGEST_WINDOW = 100_000  # rows read in one sweep: bounds the memory of the ids seen
SMALLEST_SLICE = timedelta(seconds=2)
HOPELESS_SLICES = 3  # so many that cannot be completed, and the pass is given up as incomplete
OVERLAP = timedelta(seconds=1)  # whether the upstream's ends are inclusive is undocumented
WAIT_SECONDS = 0.5  # between looks at another's lease
STALL_SECONDS = 300  # without a page booked, a sync gives up
BEGINNING = datetime(2000, 1, 1, tzinfo=UTC)  # where cutting an unbounded window starts; nothing is older

Clock = Callable[[], datetime]
Courtesy = Callable[[], Awaitable[None]]


class StalledError(NeoError):
    """No page came for too long."""


@dataclass(slots=True)
class Outcome:
    """What a sync did: its tally, whether every pass was complete, and what an operator must hear at once."""

    tally: Tally = field(default_factory=Tally)
    complete: bool = True
    warnings: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a sync stands: the window, its number of how many, and rows read of how many announced."""

    window: Planned
    number: int
    windows: int
    rows: int
    total: int


@dataclass(slots=True)
class Sync:
    """One sync: a client, a ledger, and how to book.

    `clock` gives aware times; `progress` is called after every page, `courtesy` awaited before one is booked.
    """

    database: Database
    client: NeoClient
    clock: Clock
    terms: Terms
    holder: str
    progress: Callable[[Progress], None] = lambda _: None
    courtesy: Courtesy | None = None
    _outcome: Outcome = field(default_factory=Outcome)
    _tally: Tally = field(default_factory=Tally)
    _stall: asyncio.Timeout | None = None
    _limit: int = LARGEST_PAGE
    _saw_emails: bool = False
    _hopeless_slices: int = 0

    async def run(self, planned: Sequence[Planned], *, quiet: bool) -> Outcome:
        """Read the windows in turn; the lease must be held.

        Args:
            planned: what to read.
            quiet: whether even the tail is history, as in a first run.

        Raises:
            NeoError: the upstream failed; what was booked stays.
            LeaseLostError: another process took over.
        """
        try:
            async with asyncio.timeout(STALL_SECONDS) as self._stall, self._heartbeat():
                for number, window in enumerate(planned, 1):
                    self.terms = replace(self.terms, quiet=quiet or window.kind.quiet)
                    await self._pass(_Place(window, number, len(planned)))
        except TimeoutError:
            raise StalledError(f"no page came from Neo for {STALL_SECONDS // 60} minutes. Try again later.") from None
        return self._outcome

    @asynccontextmanager
    async def _heartbeat(self) -> AsyncIterator[None]:
        """Renew the lease while a page is long in coming."""
        beating = asyncio.create_task(self._beat())
        try:
            yield
        finally:
            beating.cancel()
            await asyncio.gather(beating, return_exceptions=True)

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(lease.LIFETIME.total_seconds() / 3)
            await self.database.write(lambda connection: lease.renew(connection, lease.SYNC, self.holder, self.clock()))

    # --- one pass --------------------------------------------------------------------------------

    async def _pass(self, place: "_Place") -> None:
        window, began = place.window, self.clock()
        self._tally = Tally()
        key = await self.database.write(lambda c: passes.begin(c, window.kind, window.start, window.end, began))
        complete, error = False, None
        try:
            complete = await self._read(place, window.start, window.end)
        except NeoError as failure:
            error = str(failure)
            raise
        finally:
            # shielded: an interrupted pass is still recorded as such
            await asyncio.shield(self.database.write(lambda c: self._finish(c, key, complete=complete, error=error)))
        self._outcome.tally.include(self._tally)
        self._outcome.complete &= complete

    def _finish(self, connection: Connection, key: int, *, complete: bool, error: str | None) -> None:
        passes.finish(connection, key, self._tally, complete=complete, now=self.clock(), error=error)
        if self._tally.email_lost:
            self._warn(connection, f"{self._tally.email_lost} tasks came without the e-mail they had")
        elif complete and (self._saw_emails or self.terms.solo_member):
            self._clear_warning(connection)

    def _warn(self, connection: Connection, what: str) -> None:
        warning = f"{what}: the key's owner seems to have lost admin rights in Neo. Spend by member is not kept up."
        self._outcome.warnings.append(warning)
        notes.write(connection, notes.SCOPE_WARNING, warning)

    def _clear_warning(self, connection: Connection) -> None:
        if not self._outcome.warnings:
            notes.write(connection, notes.SCOPE_WARNING, None)

    async def _read(self, place: "_Place", start: datetime | None, end: datetime) -> bool:
        """Read a window until it is seen whole; False if it cannot be."""
        for _ in range(SWEEPS):
            sweep = await self._sweep(place, start, end)
            if sweep is None:
                break
            if sweep.whole:
                await self._note_missing(place, start, end, sweep)
                return True
        if self._hopeless_slices >= HOPELESS_SLICES:
            return False  # a list that could not be pinned down a moment ago is not cut to pieces again
        self._hopeless_slices = 0
        return await self._halves(place, start or BEGINNING, end)

    async def _halves(self, place: "_Place", start: datetime, end: datetime) -> bool:
        """Read a window in two parts, each cut again until one sweep sees it whole.

        The newer half first: if the upstream cuts rows to the window, an older half would show a part of a task
        that the newer one has already made whole.
        """
        if end - start < SMALLEST_SLICE:
            self._hopeless_slices += 1
            return False
        middle = start + (end - start) / 2
        newer = await self._slice(place, middle, end)
        return await self._slice(place, start, middle) and newer

    async def _slice(self, place: "_Place", start: datetime, end: datetime) -> bool:
        if self._hopeless_slices >= HOPELESS_SLICES:
            return False
        sweep = await self._sweep(place, start, end)
        if sweep is not None and sweep.whole:
            await self._note_missing(place, start, end, sweep)
            return True
        return await self._halves(place, start, end)

    async def _note_missing(self, place: "_Place", start: datetime | None, end: datetime, sweep: Sweep) -> None:
        # a window that ends in the past may rightly leave out a task that was continued after it
        if place.window.kind is Kind.HISTORY or end != place.window.end:
            return
        begin = None if start is None else start + OVERLAP
        seen = passes.seen_by(sweep.seen)

        def note(connection: Connection) -> None:
            verdict = passes.mark_missing(connection, begin, end - OVERLAP, seen, self.clock())
            if passes.plunged(verdict):
                self._warn(connection, f"{verdict.missed} of {verdict.expected} tasks are no longer listed")

        await self.database.write(note)

    # --- one sweep -------------------------------------------------------------------------------

    async def _sweep(self, place: "_Place", start: datetime | None, end: datetime) -> Sweep | None:
        """Read a window once, with smaller pages if the upstream cannot give large ones; None if it is too long."""
        while True:
            sweep = Sweep(self.client, Span(start, end + OVERLAP), self._limit)
            try:
                first = await sweep.first()
                if first.total > LARGEST_WINDOW and end - (start or BEGINNING) > SMALLEST_SLICE:
                    return None
                async with aclosing(sweep.pages_after(first)) as pages:
                    async for batch in pages:
                        await self._book_batch(place, sweep, start, batch)
            except TooLongError:
                return None
            except TooLargeError:
                smaller = [size for size in PAGE_SIZES if size < self._limit]
                if not smaller:
                    raise
                self._limit = smaller[0]
            else:
                return sweep

    async def _book_batch(self, place: "_Place", sweep: Sweep, start: datetime | None, batch: Batch) -> None:
        self._saw_emails |= any(task.email for task in batch.fresh)
        # of a row that came before only its id matters: it is read again alone
        here = {task.task_id for task in batch.fresh}
        copies = {task.task_id: task for task in batch.repeated if task.task_id not in here}
        listing = Listing(start, frozenset(task.task_id for task in batch.repeated))
        booked = await self._book([*batch.fresh, *copies.values()], listing, batch.refused)
        if booked.doubtful:
            await self._book_alone(booked.doubtful)
        self._tally.pages += batch.pages
        self._tally.tasks += len(batch.fresh)
        self.progress(Progress(place.window, place.number, place.windows, sweep.rows, sweep.total))

    async def _book_alone(self, task_ids: Sequence[str]) -> None:
        """Read tasks one by one, free of any window, and book what they are."""
        gate = asyncio.Semaphore(CONCURRENCY)

        async def alone(task_id: str) -> Task | Refused:
            async with gate:
                return await self._alone(task_id)

        found = await asyncio.gather(*map(alone, task_ids))
        tasks = [each for each in found if isinstance(each, Task)]
        await self._book(tasks, None, [each for each in found if isinstance(each, Refused)])

    async def _alone(self, task_id: str) -> Task | Refused:
        page = await self.client.task(task_id)
        if page.refused:
            return Refused(task_id, page.refused[0].reason)
        if len(page.tasks) > 1:
            return Refused(task_id, "asked for alone, it came as several rows")
        if page.tasks and page.tasks[0].task_id != task_id:
            return Refused(task_id, "asked for alone, another task came")
        return page.tasks[0] if page.tasks else Refused(task_id, "listed, but not found when asked for alone")

    async def _book(self, tasks: Sequence[Task], listing: Listing | None, refused: Sequence[Refused]) -> Booked:
        if self.courtesy is not None:
            await self.courtesy()
        now = self.clock()

        def write(connection: Connection) -> Booked:
            lease.renew(connection, lease.SYNC, self.holder, now)
            notes.settle_unit(connection, self.terms.unit)  # a repricing may have come between two pages
            return book(connection, tasks, self.terms, now=now, listing=listing, refused=refused)

        booked = await self.database.write(write)
        self._tally.add(booked)
        if self._stall is not None:
            self._stall.reschedule(asyncio.get_running_loop().time() + STALL_SECONDS)
        return booked


@dataclass(frozen=True, slots=True)
class _Place:
    """Which window of how many is being read."""

    window: Planned
    number: int
    windows: int


@asynccontextmanager
async def holding_lease(
    database: Database, holder: str, clock: Clock, waiting: Callable[[lease.Held], None]
) -> AsyncIterator[None]:
    """Hold the sync lease, after waiting while another process does; `waiting` is told once whom for."""
    told = False
    while held := await database.write(lambda connection: lease.take(connection, lease.SYNC, holder, clock())):
        if not told:
            waiting(held)
            told = True
        await asyncio.sleep(WAIT_SECONDS)
    try:
        yield
    finally:
        await asyncio.shield(database.write(lambda connection: lease.give_back(connection, lease.SYNC, holder)))
