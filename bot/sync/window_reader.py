"""The window reader: reads a window of the upstream until it has seen the whole of it, or knows that it cannot."""

from collections.abc import Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from bot.neo.client import LARGEST_PAGE, SMALLEST_PAGE, NeoClient, QueryWindow
from bot.neo.errors import TooLargeError, TooLongError
from bot.neo.paging import Batch, Sweep

PAGE_SIZES = (LARGEST_PAGE, 50, SMALLEST_PAGE)
SWEEPS = 3  # tries at a window before it is cut
LARGEST_WINDOW = 100_000  # rows read in one sweep: bounds the memory of the ids seen
SMALLEST_SLICE = timedelta(seconds=2)
HOPELESS_SLICES = 3  # so many that cannot be completed, and the pass is given up as incomplete
OVERLAP = timedelta(seconds=1)  # whether the upstream's ends are inclusive is undocumented
BEGINNING = datetime(2000, 1, 1, tzinfo=UTC)  # where cutting an unbounded window starts; nothing is older

BookBatch = Callable[[datetime | None, Sweep, Batch], Awaitable[None]]
"""Books rows as they come, of a slice that begins at a moment (None: at the beginning)."""
NoteWhole = Callable[[datetime | None, datetime, Sweep], Awaitable[None]]
"""Called with start and end of each slice that a sweep has seen the whole of."""


@dataclass(slots=True)
class UpstreamLimits:
    """What a sync has learnt of the upstream: the page size that it can give, and how many slices stayed incomplete."""

    page_size: int = LARGEST_PAGE
    hopeless_slices: int = 0


@dataclass(slots=True)
class WindowReader:
    """Reads one window. `why_incomplete` says what did not add up in the last sweep that did not see everything."""

    client: NeoClient
    limits: UpstreamLimits
    book_batch: BookBatch
    note_whole: NoteWhole
    why_incomplete: str | None = None

    async def read(self, start: datetime | None, end: datetime) -> bool:
        """Read a window, several times or cut into slices if need be; return whether every row of it was seen."""
        for _ in range(SWEEPS):
            sweep = await self._sweep(start, end)
            if sweep is None:
                break
            if await self._is_whole(start, end, sweep):
                return True
        if self.limits.hopeless_slices >= HOPELESS_SLICES:
            return False  # a list that could not be pinned down a moment ago is not cut to pieces again
        self.limits.hopeless_slices = 0
        return await self._read_halves(start or BEGINNING, end)

    async def _read_halves(self, start: datetime, end: datetime) -> bool:
        """Read a window in two parts, each cut again until one sweep sees it whole.

        The newer half first: if the upstream cuts rows to the window, an older half would show a part of a task
        that the newer one has already made whole.
        """
        if end - start < SMALLEST_SLICE:
            self.limits.hopeless_slices += 1
            return False
        middle = start + (end - start) / 2
        newer = await self._read_slice(middle, end)
        return await self._read_slice(start, middle) and newer

    async def _read_slice(self, start: datetime, end: datetime) -> bool:
        if self.limits.hopeless_slices >= HOPELESS_SLICES:
            return False
        sweep = await self._sweep(start, end)
        if sweep is not None and await self._is_whole(start, end, sweep):
            return True
        return await self._read_halves(start, end)

    async def _is_whole(self, start: datetime | None, end: datetime, sweep: Sweep) -> bool:
        """Return whether a sweep saw everything; note that it did, or why it did not."""
        if sweep.is_whole:
            await self.note_whole(start, end, sweep)
            return True
        self.why_incomplete = sweep.why_not_whole
        return False

    async def _sweep(self, start: datetime | None, end: datetime) -> Sweep | None:
        """Read a window once, with smaller pages if the upstream cannot give large ones; None if it is too long."""
        while True:
            sweep = Sweep(self.client, QueryWindow(start, end + OVERLAP), self.limits.page_size)
            try:
                return sweep if await self._read_pages(start, end, sweep) else None
            except TooLongError:
                return None
            except TooLargeError:
                smaller = [size for size in PAGE_SIZES if size < self.limits.page_size]
                if not smaller:
                    raise
                self.limits.page_size = smaller[0]

    async def _read_pages(self, start: datetime | None, end: datetime, sweep: Sweep) -> bool:
        """Read and book all pages of a sweep; return False, after the first, if there are too many."""
        first = await sweep.first()
        if first.total > LARGEST_WINDOW and end - (start or BEGINNING) > SMALLEST_SLICE:
            return False
        async with aclosing(sweep.pages_after(first)) as pages:
            async for batch in pages:
                await self.book_batch(start, sweep, batch)
        return True
