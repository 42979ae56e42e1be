"""A sync run: reads planned windows completely, books what it finds page by page, and keeps the lease."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import aclosing, asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import structlog
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from bot.database import lease
from bot.database.engine import Database
from bot.database.errors import LedgerError
from bot.domain.tasks import Refused, Task
from bot.ledger import passes
from bot.ledger.booking import BookingPolicy, BookingResult, PageSource, book
from bot.ledger.key_warning import set_key_warning
from bot.ledger.passes import PassOutcome, PassTally
from bot.ledger.pricing_unit import require_unit
from bot.neo.client import CONCURRENCY, LARGEST_PAGE, SMALLEST_PAGE, NeoClient, QueryWindow
from bot.neo.errors import NeoError, TooLargeError, TooLongError
from bot.neo.paging import Batch, Sweep
from bot.sync.row_count import ListedRows
from bot.sync.row_errors import FailedRows, is_of_the_rows, said
from bot.sync.rules import PassKind, PlannedPass

log = structlog.get_logger(__name__)

PAGE_SIZES = (LARGEST_PAGE, 50, SMALLEST_PAGE)
SWEEPS = 3  # tries at a window before it is cut
LARGEST_WINDOW = 100_000  # rows read in one sweep: bounds the memory of the ids seen
SMALLEST_SLICE = timedelta(seconds=2)
HOPELESS_SLICES = 3  # so many that cannot be completed, and the pass is given up as incomplete
OVERLAP = timedelta(seconds=1)  # whether the upstream's ends are inclusive is undocumented
STALL_SECONDS = 300  # without a page booked, a sync gives up
BEGINNING = datetime(2000, 1, 1, tzinfo=UTC)  # where cutting an unbounded window starts; nothing is older

Clock = Callable[[], datetime]
YieldToReaders = Callable[[], Awaitable[None]]


class StalledError(NeoError):
    """No page came for too long."""


@dataclass(slots=True)
class SyncOutcome:
    """What a sync did: its tally, whether every pass was complete, and what an operator must hear at once."""

    tally: PassTally = field(default_factory=PassTally)
    complete: bool = True
    warnings: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class SyncProgress:
    """Where a sync stands: the window, its number of how many, and rows read of how many announced."""

    window: PlannedPass
    number: int
    windows: int
    rows: int
    total: int


@dataclass(slots=True)
class SyncRun:
    """One sync: a client, a ledger, and how to book.

    `clock` gives aware times; `progress` is called after every page, `yield_to_readers` awaited before one is booked.
    Between windows the tail is read again once the last one is `tail_every` old.
    """

    database: Database
    client: NeoClient
    clock: Clock
    policy: BookingPolicy
    holder: str
    progress: Callable[[SyncProgress], None] = lambda _: None
    yield_to_readers: YieldToReaders | None = None
    tail_every: timedelta | None = None
    _outcome: SyncOutcome = field(default_factory=SyncOutcome)
    _tally: PassTally = field(default_factory=PassTally)
    _rows: ListedRows = field(default_factory=ListedRows)
    _all_rows: ListedRows = field(default_factory=ListedRows)
    _incomplete: str | None = None
    _stall: asyncio.Timeout | None = None
    _limit: int = LARGEST_PAGE
    _saw_emails: bool = False
    _hopeless_slices: int = 0

    async def run(self, planned: Sequence[PlannedPass], *, is_backfill: bool = False) -> SyncOutcome:
        """Read the windows in turn; the lease must be held.

        Args:
            planned: what to read.
            is_backfill: whether whatever is seen for the first time is history, of which nobody is told, in any window.

        Raises:
            NeoError: the upstream failed; what was booked stays.
            LeaseLostError: another process took over.
        """
        tail: PlannedPass | None = None
        async with self._heartbeat():
            for number, window in enumerate(planned, 1):
                tail = await self._tail_again(tail, _Place(window, number, len(planned)), is_backfill=is_backfill)
                await self._pass(_Place(window, number, len(planned)), is_backfill=is_backfill)
        if len(planned) > 1:  # a row that several passes have read counts once
            self._outcome.tally = self._all_rows.counted(self._outcome.tally)
        return self._outcome

    async def _tail_again(self, last: PlannedPass | None, before: "_Place", *, is_backfill: bool) -> PlannedPass | None:
        """Before a long window read what is new since the last tail, if that is old; returns the last tail."""
        window, now = before.window, self.clock()
        if window.kind is PassKind.TAIL:
            return window
        if last is None or self.tail_every is None or now - last.end < self.tail_every:
            return last
        tail = replace(last, end=now)
        await self._pass(replace(before, window=tail), is_backfill=is_backfill)
        return tail

    @asynccontextmanager
    async def _without_stall(self) -> AsyncIterator[None]:
        """Break off what does not get on; `_gets_on` is called whenever it does."""
        try:
            async with asyncio.timeout(STALL_SECONDS) as self._stall:
                yield
        except TimeoutError:
            raise StalledError(f"no page came from Neo for {STALL_SECONDS // 60} minutes. Try again later.") from None
        finally:
            self._stall = None

    def _gets_on(self) -> None:
        if self._stall is not None:
            self._stall.reschedule(asyncio.get_running_loop().time() + STALL_SECONDS)

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
            with suppress(SQLAlchemyError, sqlite3.Error):  # whoever holds the file up may let go before the next beat
                await self.database.write(lambda c: lease.renew(c, lease.SYNC, self.holder, self.clock()))

    # --- one pass --------------------------------------------------------------------------------

    async def _pass(self, place: "_Place", *, is_backfill: bool) -> None:
        self._tally, self._rows, self._incomplete = PassTally(), ListedRows(), None
        key = await self._begin(place.window, is_backfill=is_backfill)
        try:
            async with self._without_stall():
                complete = await self._read(place, place.window.start, place.window.end)
            await self._finish(
                key, *((PassOutcome.COMPLETE, None) if complete else (PassOutcome.INCOMPLETE, self._incomplete))
            )
        except Exception as failure:
            with suppress(SQLAlchemyError, sqlite3.Error):  # the disk may be full: then that is what is to be said
                await self._finish(key, _ending(failure), said(failure))
            raise
        except BaseException:  # it was told to stop: that is recorded, too
            await self._finish(key, PassOutcome.INTERRUPTED, None)
            raise
        self._outcome.complete &= complete

    async def _begin(self, window: PlannedPass, *, is_backfill: bool) -> int:
        began = self.clock()

        def begin(connection: Connection) -> int:
            known = () if is_backfill else passes.intervals_read(connection, began, tail=window.kind is PassKind.TAIL)
            self.policy = replace(self.policy, read_before=known)
            return passes.begin(connection, window.kind, window.start, window.end, began)

        return await self.database.write(begin)

    async def _finish(self, key: int, ending: PassOutcome, error: str | None) -> None:
        tally = self._rows.counted(self._tally)
        self._outcome.tally.include(tally)
        self._all_rows.include(self._rows)

        def finish(connection: Connection) -> None:
            complete = ending is PassOutcome.COMPLETE
            passes.finish(connection, key, tally, complete=complete, now=self.clock(), error=error, ending=ending)
            if tally.email_lost:
                self._warn(connection, f"{tally.email_lost} tasks came without the e-mail they had")
            elif complete and (self._saw_emails or self.policy.solo_member):
                self._clear_warning(connection)

        await asyncio.shield(self.database.write(finish))

    def _warn(self, connection: Connection, what: str) -> None:
        warning = f"{what}: the key's owner seems to have lost admin rights in Neo. Spend by member is not kept up."
        self._outcome.warnings.append(warning)
        set_key_warning(connection, warning)

    def _clear_warning(self, connection: Connection) -> None:
        if not self._outcome.warnings:
            set_key_warning(connection, None)

    async def _read(self, place: "_Place", start: datetime | None, end: datetime) -> bool:
        """Read a window until it is seen whole; False if it cannot be."""
        for _ in range(SWEEPS):
            sweep = await self._sweep(place, start, end)
            if sweep is None:
                break
            if sweep.whole:
                await self._note_missing(place, start, end, sweep)
                return True
            self._incomplete = sweep.why_not_whole
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
        if sweep is not None:
            self._incomplete = sweep.why_not_whole
        return await self._halves(place, start, end)

    async def _note_missing(self, place: "_Place", start: datetime | None, end: datetime, sweep: Sweep) -> None:
        # a window that ends in the past may rightly leave out a task that was continued after it
        if place.window.kind is PassKind.HISTORY or end != place.window.end:
            return
        begin = None if start is None else start + OVERLAP
        seen = passes.tasks_known_at(sweep.seen)

        def note(connection: Connection) -> None:
            verdict = passes.mark_missing(connection, begin, end - OVERLAP, seen, self.clock())
            if passes.has_plunged(verdict):
                self._warn(connection, f"{verdict.missed} of {verdict.expected} tasks are no longer listed")

        await self.database.write(note)

    # --- one sweep -------------------------------------------------------------------------------

    async def _sweep(self, place: "_Place", start: datetime | None, end: datetime) -> Sweep | None:
        """Read a window once, with smaller pages if the upstream cannot give large ones; None if it is too long."""
        while True:
            sweep = Sweep(self.client, QueryWindow(start, end + OVERLAP), self._limit)
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
        listing = PageSource(start, frozenset(task.task_id for task in batch.repeated))
        booked = await self._book([*batch.fresh, *copies.values()], listing, batch.refused)
        doubtful = {task_id for each in booked for task_id in each.doubtful}
        if doubtful:
            listed = {task.task_id: task for task in (*batch.fresh, *batch.repeated)}
            await self._book_alone([listed[task_id] for task_id in sorted(doubtful)])
        self._tally.pages += batch.pages
        self._rows.see(batch.fresh)
        self.progress(SyncProgress(place.window, place.number, place.windows, sweep.rows, sweep.total))

    async def _book_alone(self, listed: Sequence[Task]) -> None:
        """Read tasks one by one, free of any window, and book what they are."""
        gate = asyncio.Semaphore(CONCURRENCY)

        async def alone(task: Task) -> Task | Refused:
            async with gate:
                found = await self._alone(task)
            self._gets_on()
            return found

        found = await asyncio.gather(*map(alone, listed))
        tasks = [each for each in found if isinstance(each, Task)]
        await self._book(tasks, None, [each for each in found if isinstance(each, Refused)])

    async def _alone(self, listed: Task) -> Task | Refused:
        page = await self.client.task(listed.task_id)
        if len(page.tasks) == 1 and not page.refused and page.tasks[0].task_id == listed.task_id:
            return page.tasks[0]
        if page.refused:
            why = page.refused[0].reason
        elif len(page.tasks) > 1:
            why = "asked for alone, it came as several rows"
        elif page.tasks:
            why = "asked for alone, another task came"
        else:
            why = "listed, but not found when asked for alone"
        return Refused(listed.task_id, why, listed.created_at)

    # --- booking ---------------------------------------------------------------------------------

    async def _book(
        self, tasks: Sequence[Task], listing: PageSource | None, refused: Sequence[Refused]
    ) -> list[BookingResult]:
        """Book rows in one transaction; where that fails by a row, all but the rows that it fails by."""
        try:
            return [await self._book_together(tasks, listing, refused)]
        except Exception as failure:
            if not tasks or not is_of_the_rows(failure):
                raise
            log.warning("rows cannot be booked together", why=said(failure))
        culprits = FailedRows()
        done = await self._book_apart(tasks, listing, culprits)
        culprits.check(done)
        return [*done, await self._book_together((), listing, [*refused, *culprits.refused])]

    async def _book_apart(
        self, tasks: Sequence[Task], listing: PageSource | None, culprits: FailedRows
    ) -> list[BookingResult]:
        """Book rows in ever smaller parts, a transaction each, until what fails is one row."""
        done: list[BookingResult] = []
        half = len(tasks) // 2
        for part in (tasks[:half], tasks[half:]) if half else (tasks,):
            try:
                done.append(await self._book_together(part, listing, ()))
            except Exception as failure:
                if not is_of_the_rows(failure):
                    raise
                if len(part) == 1:
                    culprits.add(part[0], failure)
                else:
                    done += await self._book_apart(part, listing, culprits)
        return done

    async def _book_together(
        self, tasks: Sequence[Task], listing: PageSource | None, refused: Sequence[Refused]
    ) -> BookingResult:
        if self.yield_to_readers is not None:
            await self.yield_to_readers()
        now = self.clock()

        def write(connection: Connection) -> BookingResult:
            lease.renew(connection, lease.SYNC, self.holder, now)
            require_unit(connection, self.policy.unit)  # a repricing may have come between two pages
            return book(connection, tasks, self.policy, now=now, listing=listing, refused=refused)

        booked = await self.database.write(write)
        self._tally.add(booked)
        self._rows.settle(tasks, booked)
        self._gets_on()
        return booked


def _ending(failure: Exception) -> PassOutcome:
    if isinstance(failure, NeoError):
        return PassOutcome.FAILED
    return (
        PassOutcome.INTERRUPTED if isinstance(failure, LedgerError) else PassOutcome.BROKEN
    )  # another took over, for one


@dataclass(frozen=True, slots=True)
class _Place:
    """Which window of how many is being read."""

    window: PlannedPass
    number: int
    windows: int
