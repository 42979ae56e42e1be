"""The list that a simulated upstream shows: the sandbox's tasks repeated over and over, pages of it as JSON."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from uuid import UUID

import msgspec

from benchmarks.workplace import NOW
from bot.sandbox.responses import ENCODER
from bot.sandbox.tasks import Row, history, row, wire_time
from bot.sandbox.world import World

PAGE = 200
HEAVY = 26  # history entries a task that make 200 rows weigh half a megabyte
SEATS = 20  # members made of each of the sandbox's dozen
_SCATTER = 0x9E3779B97F4A7C15F39CC0605CEDC835  # odd: different numbers give different ids
_STRIDE = 7_919  # a prime: every place of a list comes once, neighbours far apart


@cache
def _repeated_tasks(histories: int) -> tuple[Row, ...]:
    """Some 1,600 rows, their histories encoded already."""
    tasks = World(history_days=45).tasks(NOW)
    return tuple(
        row(task)
        | {"tool_call_history": msgspec.Raw(ENCODER.encode(history(task, histories)) if histories else b"null")}
        for task in tasks
    )


@dataclass(frozen=True, slots=True)
class Listing:
    """So many tasks, spread over a span that ends a while before NOW; the newest first, or (`mixed`) in no order."""

    total: int
    histories: int = 0
    span: timedelta = timedelta(days=60)
    mixed: bool = False

    def row(self, number: int) -> Row:
        """The wire row of a task, counted from the newest."""
        tasks = _repeated_tasks(self.histories)
        kept = tasks[number % len(tasks)]
        name, _, domain = kept["email"].partition("@")
        return kept | {
            "task_id": str(UUID(int=(number + 1) * _SCATTER % 2**128, version=4)),
            "email": f"{name}.{number // len(tasks) % SEATS}@{domain}",
            "created_at": wire_time(self.created_at(number)),
        }

    def created_at(self, number: int) -> datetime:
        """When a task was created, counted from the newest."""
        return NOW - timedelta(hours=1) - self.span * number / self.total

    def page(self, offset: int, limit: int = PAGE) -> bytes:
        """A page as the upstream sends it."""
        places = range(offset, min(offset + limit, self.total))
        rows = [self.row(place * _STRIDE % self.total if self.mixed else place) for place in places]
        return ENCODER.encode({"data": rows, "total": self.total, "has_more": offset + limit < self.total})
