"""The upstream's totals beside its list, each of the window that is asked for; `/asked` says what was asked for."""

import asyncio
import json
import sys
from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta
from itertools import accumulate
from urllib.parse import parse_qsl

from benchmarks.listing import Listing
from benchmarks.plain_http import PlainRequest, json_answer
from benchmarks.upstream import PagesApi, listing_of, serve
from bot.sandbox.neo import PATH, SUMMARY_PATH
from bot.sandbox.responses import ENCODER
from bot.sandbox.tasks import Row

_DAY = timedelta(days=1)


class TotalsApi(PagesApi):
    """Lists tasks and sums them by creation; the one of a number is listed and not summed."""

    def __init__(self, listing: Listing, latency: float, left_out: int | None) -> None:
        super().__init__(listing, latency)
        self._rows = [listing.row(number) for number in reversed(range(listing.total))]  # the oldest first
        self._created = [listing.created_at(number) for number in reversed(range(listing.total))]
        self._by_id = {row["task_id"]: row for row in self._rows}
        lacking = None if left_out is None else listing.total - 1 - left_out
        summed = [0.0 if place == lacking else float(row["neo_credits"] or 0) for place, row in enumerate(self._rows)]
        self._credits = [0.0, *accumulate(summed)]
        self._tasks = [0, *accumulate(int(place != lacking) for place in range(listing.total))]
        self._asked: Counter[str] = Counter()

    def answer(self, request: PlainRequest) -> bytes:
        """Return the whole answer to a request."""
        path, query = request.target.path, dict(parse_qsl(request.target.query))
        if path == "/asked":
            return json_answer(ENCODER.encode(self._asked))
        self._asked["task" if "task_id" in query else path] += 1
        body = {PATH: self._page, SUMMARY_PATH: self._summary}[path](query)
        return json_answer(ENCODER.encode(body))

    def _window(self, query: Mapping[str, str]) -> tuple[int, int]:
        """Return the places of the tasks of a window."""
        low = bisect_left(self._created, _moment(query["from"])) if "from" in query else 0
        return low, bisect_right(self._created, _moment(query["to"])) if "to" in query else len(self._created)

    def _page(self, query: Mapping[str, str]) -> Row:
        if "task_id" in query:
            rows = [self._by_id[query["task_id"]]]
            return {"data": rows, "total": 1, "has_more": False}
        low, high = self._window(query)
        end = max(high - int(query["offset"]), low)
        start = max(end - int(query["limit"]), low)
        return {"data": self._rows[start:end][::-1], "total": high - low, "has_more": start > low}

    def _summary(self, query: Mapping[str, str]) -> Row:
        low, high = self._window(query)
        body: Row = {"total_neo_credits": self._sum(low, high), "total_tasks": self._count(low, high)}
        body |= {"by_model": {}, "by_status": {}, "by_email": self._members(low, high)}
        return body | {"by_period": self._days(low, high)} if "group_by" in query else body

    def _days(self, low: int, high: int) -> list[Row]:
        found = []
        while low < high:
            day = self._created[low].date()
            end = min(bisect_left(self._created, datetime.combine(day, time(), UTC) + _DAY), high)
            found.append({"date": day.isoformat(), "neo_credits": self._sum(low, end), "tasks": self._count(low, end)})
            low = end
        return found

    def _members(self, low: int, high: int) -> list[Row]:
        totals: dict[str, list[float]] = defaultdict(lambda: [0.0, 0])
        for place in range(low, high):
            total = totals[self._rows[place]["email"]]
            total[0] += self._sum(place, place + 1)
            total[1] += self._count(place, place + 1)
        return [{"email": email, "neo_credits": each, "tasks": tasks} for email, (each, tasks) in totals.items()]

    def _sum(self, low: int, high: int) -> float:
        return self._credits[high] - self._credits[low]

    def _count(self, low: int, high: int) -> int:
        return self._tasks[high] - self._tasks[low]


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


if __name__ == "__main__":
    *given, seconds, left_out = json.loads(sys.argv[1])
    asyncio.run(serve(TotalsApi(listing_of(*given), seconds, left_out)))
