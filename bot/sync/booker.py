"""The booker: books the rows of one pass as they are read, and sets aside those that cannot be booked."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import structlog
from sqlalchemy import Connection

from bot.database import lease
from bot.database.engine import Database
from bot.database.lease import HeldLease
from bot.domain.tasks import Refused, Task
from bot.ledger.booking import book
from bot.ledger.booking_policy import BookingPolicy, PageSource
from bot.ledger.booking_result import BookingResult
from bot.ledger.passes.tally import PassTally
from bot.ledger.pricing_unit import require_unit
from bot.neo.client import CONCURRENCY, NeoClient
from bot.neo.paging import Batch
from bot.sync.row_count import ListedRows
from bot.sync.row_errors import FailedRows, error_text, is_row_error
from bot.sync.stall import StallTimeout

log = structlog.get_logger(__name__)

YieldToReaders = Callable[[], Awaitable[None]]


@dataclass(slots=True)
class PassBooker:
    """Books the rows of one pass under the sync lease; `clock` gives aware times.

    `yield_to_readers` is awaited before each transaction. What was booked stands in `tally`, which rows in `rows`;
    `saw_emails` says whether any row had one.
    """

    database: Database
    client: NeoClient
    clock: Callable[[], datetime]
    policy: BookingPolicy
    held: HeldLease
    yield_to_readers: YieldToReaders | None
    stall: StallTimeout
    tally: PassTally = field(default_factory=PassTally)
    rows: ListedRows = field(default_factory=ListedRows)
    saw_emails: bool = False

    async def book_batch(self, start: datetime | None, batch: Batch) -> None:
        """Book rows listed in a window that begins at `start`; rows that it may have clipped are read again alone."""
        self.saw_emails |= any(task.email for task in batch.fresh)
        # of a repeated row only the id matters: its task is read again alone
        fresh_ids = {task.task_id for task in batch.fresh}
        copies = {task.task_id: task for task in batch.repeated if task.task_id not in fresh_ids}
        listing = PageSource(start, frozenset(task.task_id for task in batch.repeated))
        results = await self._book([*batch.fresh, *copies.values()], listing, batch.refused)
        doubtful = {task_id for each in results for task_id in each.doubtful}
        if doubtful:
            listed = {task.task_id: task for task in (*batch.fresh, *batch.repeated)}
            await self._book_alone([listed[task_id] for task_id in sorted(doubtful)])
        self.tally.pages += batch.pages
        self.rows.add(batch.fresh)

    # --- tasks read again ----------------------------------------------------------------------------

    async def _book_alone(self, listed: Sequence[Task]) -> None:
        """Read tasks one by one, without a window, and book them."""
        gate = asyncio.Semaphore(CONCURRENCY)

        async def read_alone(task: Task) -> Task | Refused:
            async with gate:
                row = await self._task_alone(task)
            self.stall.note_progress()
            return row

        rows = await asyncio.gather(*map(read_alone, listed))
        tasks = [each for each in rows if isinstance(each, Task)]
        await self._book(tasks, None, [each for each in rows if isinstance(each, Refused)])

    async def _task_alone(self, listed: Task) -> Task | Refused:
        """Return a task as Neo lists it alone; Refused if the answer is not exactly this task."""
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

    # --- transactions --------------------------------------------------------------------------------

    async def _book(
        self, tasks: Sequence[Task], listing: PageSource | None, refused: Sequence[Refused]
    ) -> list[BookingResult]:
        """Book rows in one transaction; if a row makes it fail, book all the others."""
        try:
            return [await self._book_together(tasks, listing, refused)]
        except Exception as failure:
            if not tasks or not is_row_error(failure):
                raise
            log.warning("rows cannot be recorded together", why=error_text(failure))
        failed = FailedRows()
        results = await self._book_apart(tasks, listing, failed)
        failed.check(results)
        return [*results, await self._book_together((), listing, [*refused, *failed.refused])]

    async def _book_apart(
        self, tasks: Sequence[Task], listing: PageSource | None, failed: FailedRows
    ) -> list[BookingResult]:
        """Book rows in halves, a transaction each, halving again what fails down to single rows."""
        results: list[BookingResult] = []
        half = len(tasks) // 2
        for part in (tasks[:half], tasks[half:]) if half else (tasks,):
            try:
                results.append(await self._book_together(part, listing, ()))
            except Exception as failure:
                if not is_row_error(failure):
                    raise
                if len(part) == 1:
                    failed.add(part[0], failure)
                else:
                    results += await self._book_apart(part, listing, failed)
        return results

    async def _book_together(
        self, tasks: Sequence[Task], listing: PageSource | None, refused: Sequence[Refused]
    ) -> BookingResult:
        if self.yield_to_readers is not None:
            await self.yield_to_readers()
        now = self.clock()

        def write(connection: Connection) -> BookingResult:
            lease.renew(connection, self.held, now)
            require_unit(connection, self.policy.unit)  # a repricing may have come between two pages
            return book(connection, tasks, self.policy, now=now, listing=listing, refused=refused)

        result = await self.database.write(write)
        self.tally.add(result)
        self.rows.apply_result(tasks, result)
        self.stall.note_progress()
        return result
