"""What the bot has booked of the rows that Neo's API sent it, by its own rules, so that page and answers agree.

First sight of a task counts when the task was created, as does a cost that becomes known; every later change of its
cost counts when the bot reads it.
"""

from collections.abc import Iterable
from datetime import datetime
from decimal import ROUND_HALF_EVEN, Decimal
from typing import NamedTuple

from bot.sandbox.streams import CREDIT_USD
from bot.sandbox.tasks import Row

FAILED_STATUSES = {"error", "failed"}
_CENT = Decimal("0.01")
_NANO = Decimal("1e-9")
SAME = Decimal("0.000001")  # relative: amounts closer to each other are the same money, reported twice


class Booking(NamedTuple):
    """A change of a task's cost in dollars, and when it counts."""

    at: datetime
    task_id: str
    usd: Decimal


class Totals(NamedTuple):
    """Dollars, and numbers of tasks."""

    usd: Decimal
    tasks: int
    failed: int


class Bookings:
    """The rows that were sent, as they were last, and the bookings that came of them."""

    def __init__(self) -> None:
        self.read_at: datetime | None = None
        self._bookings: list[Booking] = []
        self._rows: dict[str, Row] = {}
        self._costs: dict[str, Decimal | None] = {}

    def read(self, rows: Iterable[Row], now: datetime) -> None:
        """Book rows that were sent at `now`."""
        self.read_at = now
        for row in rows:
            task_id, known = row["task_id"], self._costs.get(row["task_id"])
            cost = cost_usd(row)
            if cost is not None and cost != known:
                at = _created_at(row) if known is None else now
                self._bookings.append(Booking(at, task_id, cost - (known or 0)))
            self._rows[task_id] = row
            self._costs[task_id] = known if cost is None else cost

    def keep_stored(self, stored: Iterable[Booking]) -> None:
        """Keep of each task only what the bot has stored, where it was killed before it had stored all it was sent."""
        by_task: dict[str, list[Booking]] = {}
        for booking in stored:
            by_task.setdefault(booking.task_id, []).append(booking)
        for task_id, cost in list(self._costs.items()):
            kept = by_task.get(task_id, [])
            if cost and abs(sum_usd(kept) - cost) > SAME * abs(cost):
                self._replace(task_id, kept)

    def _replace(self, task_id: str, kept: list[Booking]) -> None:
        self._bookings = [*(each for each in self._bookings if each.task_id != task_id), *kept]
        if kept:
            self._costs[task_id] = sum_usd(kept)
        else:
            del self._costs[task_id], self._rows[task_id]

    def between(self, since: datetime, until: datetime) -> list[Booking]:
        """Return the bookings from `since` on until just before `until`."""
        return [booking for booking in self._bookings if since <= booking.at < until]

    def totals(self, since: datetime, until: datetime) -> Totals:
        """Return what counts from `since` on until just before `until`, tasks without a cost included."""
        bookings = self.between(since, until)
        unknown = (task_id for task_id, cost in self._costs.items() if cost is None)
        without_cost = {task_id for task_id in unknown if since <= _created_at(self._rows[task_id]) < until}
        tasks = {booking.task_id for booking in bookings} | without_cost
        failed = sum(self._rows[task_id]["status"] in FAILED_STATUSES for task_id in tasks)
        return Totals(sum_usd(bookings), len(tasks), failed)

    def unread_usd(self, rows: Iterable[Row]) -> Decimal:
        """Return by how many dollars the cost of these rows differs from what was booked."""
        costs = ((row["task_id"], cost_usd(row)) for row in rows)
        changes = (cost - (self._costs.get(task_id) or 0) for task_id, cost in costs if cost is not None)
        return sum(changes, Decimal(0))


def sum_usd(bookings: Iterable[Booking]) -> Decimal:
    """Return the sum of bookings."""
    return sum((booking.usd for booking in bookings), Decimal(0))


def rounded_usd(usd: Decimal) -> float:
    """Return an amount in dollars, rounded once, half-even to the cent as the bot does; less than a cent as it is."""
    return float(usd if abs(usd) < _CENT else usd.quantize(_CENT, ROUND_HALF_EVEN))


def shown_usd(usd: Decimal) -> str:
    """Return an amount as the bot shows it: `$1,234.56`, `<$0.01` for what is less than a cent."""
    return "<$0.01" if 0 < usd < _CENT else f"${rounded_usd(usd):,.2f}"


def cost_usd(row: Row) -> Decimal | None:
    """Return what a row's task has cost in dollars, with what is owed to the model's provider; None if unknown.

    Each amount is rounded once, half-even to the nano as the bot does, as otherwise sums may fall to either side of
    half a cent.
    """
    credit, llm, neo = (row.get(name) for name in ("neo_credits", "llm_cost", "neo_cost"))
    is_byok = row.get("is_byok")
    if not (bool(llm or neo) if is_byok is None else is_byok):
        amounts = [credit]
    elif credit is not None and llm and abs(credit - llm) <= SAME * llm:
        amounts = [llm, neo]
    else:
        amounts = [credit, llm, neo]
    known = [(amount * CREDIT_USD).quantize(_NANO, ROUND_HALF_EVEN) for amount in amounts if amount is not None]
    return sum(known, Decimal(0)) if known else None


def _created_at(row: Row) -> datetime:
    return datetime.fromisoformat(row["created_at"])
