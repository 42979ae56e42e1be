"""Paging: all pages of a window, a few at a time, and whether together they hold all of it."""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Iterator
from dataclasses import dataclass, field

from bot.domain.tasks import Refused, Task
from bot.neo.client import CONCURRENCY, NeoClient, QueryWindow
from bot.neo.page import Page
from bot.neo.refused_rows import NAMELESS

_TOGETHER = 4  # the most pages of a batch: several in one transaction are cheaper, and no more are lost by a break
_AHEAD = 2 * CONCURRENCY  # pages that may wait to be used; it bounds the memory
_BEYOND = 10_000  # the most rows read beyond the announced total; a longer list is read in shorter windows instead


@dataclass(frozen=True, slots=True)
class Batch:
    """The rows of a page, or of a few: tasks new to this sweep, tasks it saw before, and refused rows."""

    fresh: tuple[Task, ...]
    repeated: tuple[Task, ...]
    refused: tuple[Refused, ...]
    pages: int = 1

    def with_page(self, other: "Batch") -> "Batch":
        """Return this batch with the page that follows it."""
        return Batch(
            self.fresh + other.fresh, self.repeated + other.repeated, self.refused + other.refused, self.pages + 1
        )


@dataclass(slots=True)
class Sweep:
    """One read of a window, page by page, which knows in the end whether it saw every row.

    Offset paging over a list that changes misses and repeats rows, so a sweep is whole only if `total` stayed
    the same and there were as many rows, and as many different ones, as it says, and none follow. It ends where
    Neo says that no more follow, or with an empty page, not where `total` says: that may be capped, or old.
    """

    client: NeoClient
    window: QueryWindow
    limit: int
    total: int = 0
    rows: int = 0
    pages: int = 0
    broken: str | None = None
    _reached: int = 0  # the offset after the page that is farthest from the beginning
    _more: bool = False  # whether others follow it
    seen: set[int] = field(default_factory=set)  # hashes of ids: a tenth of the memory of the ids
    _nameless: Counter[str] = field(default_factory=Counter)  # rows without an id, by digest

    @property
    def is_whole(self) -> bool:
        """Whether the sweep saw every row of one state of the list."""
        return self.broken is None and not self._more and len(self.seen) == self.rows == self.total

    @property
    def why_not_whole(self) -> str:
        """What does not add up; empty if the sweep is whole."""
        if self.is_whole:
            return ""
        return self.broken or f"Neo announces {self.total:,} rows and lists {len(self.seen):,} different ones"

    async def first(self) -> Page:
        """Return the first page, which says how many rows there are."""
        page = await self._page(0)
        self.total = page.total
        return page

    async def _page(self, offset: int) -> Page:
        page = await self.client.page(self.window, limit=self.limit, offset=offset)
        if offset >= self._reached:
            self._reached, self._more = offset + page.rows, bool(page.has_more and page.rows)
        return page

    async def pages_after(self, first: Page) -> AsyncGenerator[Batch, None]:
        """Yield all pages as they come, the first included; pages that are waiting come as one batch."""
        yield self._batch(first)
        queue: asyncio.Queue[Page | None] = asyncio.Queue(_AHEAD)
        # a server may give fewer rows than asked for: go on from where its page ended
        offsets = iter(range(first.rows, self.total, max(1, min(self.limit, first.rows)))) if first.rows else iter(())
        fetching = asyncio.create_task(self._fetch(offsets, queue))
        try:
            ended = False
            while not ended and (page := await queue.get()) is not None:
                batch = self._batch(page)
                while batch.pages < _TOGETHER and not queue.empty() and not ended:
                    following = queue.get_nowait()
                    ended = following is None
                    batch = batch if following is None else batch.with_page(self._batch(following))
                yield batch
            await fetching
        finally:
            fetching.cancel()
            await asyncio.gather(fetching, return_exceptions=True)

    async def _fetch(self, offsets: Iterator[int], queue: asyncio.Queue[Page | None]) -> None:
        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(CONCURRENCY):
                    group.create_task(self._worker(offsets, queue))
            async with asyncio.TaskGroup() as group:
                group.create_task(self._read_beyond(queue))
        except ExceptionGroup as group_of_one:
            await queue.put(None)
            raise group_of_one.exceptions[0] from None
        await queue.put(None)

    async def _read_beyond(self, queue: asyncio.Queue[Page | None]) -> None:
        """Read on past the rows announced, as long as Neo says that others follow."""
        while self._more and not self.broken:
            if self._reached >= self.total + _BEYOND:
                self.broken = f"{self.total} rows were announced, and many more follow"
            else:
                await queue.put(await self._checked(self._reached))

    async def _worker(self, offsets: Iterator[int], queue: asyncio.Queue[Page | None]) -> None:
        for offset in offsets:
            if self.broken:
                return
            await queue.put(await self._checked(offset))

    async def _checked(self, offset: int) -> Page:
        page = await self._page(offset)
        if page.total != self.total:
            self.broken = "the list changed while it was read"
        elif not page.rows and offset < self.total:
            self.broken = f"{self.total} rows were announced, and a page before the end is empty"
        return page

    def _batch(self, page: Page) -> Batch:
        self.pages += 1
        self.rows += page.rows
        before = len(self.seen)
        fresh: list[Task] = []
        repeated: list[Task] = []
        for task in page.tasks:
            (repeated if hash(task.task_id) in self.seen else fresh).append(task)
            self.seen.add(hash(task.task_id))
        self.seen.update(hash(self._unique_key(refused)) for refused in page.refused)
        if page.rows and len(self.seen) == before:
            self.broken = self.broken or "a page repeats rows of others"
        return Batch(tuple(fresh), tuple(repeated), page.refused)

    def _unique_key(self, refused: Refused) -> str:
        """Return a refused row's key; of rows without an id, which may well be equal, each gets its own."""
        if not refused.key.startswith(NAMELESS):
            return refused.key
        self._nameless[refused.key] += 1
        return f"{refused.key} {self._nameless[refused.key]}"
