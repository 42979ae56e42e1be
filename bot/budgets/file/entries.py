"""The entries of a file: limits as they are written down, each for one budget, with a last day if it has one."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from bot.budgets.limits.store import BudgetIdentity
from bot.budgets.periods import UNITS

NOBODY = ("team", "default")  # what an entry may name besides e-mails, in the order of a file


@dataclass(frozen=True, slots=True)
class BudgetEntry:
    """A limit of a budget; `until` is its last day, None for one without an end."""

    budget: BudgetIdentity
    nanos: int
    until: date | None = None
    reason: str | None = None


Entries = tuple[BudgetEntry, ...]
"""The limits of one budget: the one without an end, then those over it, the one that ends last before the others."""


def by_budget(entries: Iterable[BudgetEntry]) -> dict[BudgetIdentity, Entries]:
    """Return the limits of each budget, in order."""
    limits: dict[BudgetIdentity, list[BudgetEntry]] = {}
    for each in entries:
        limits.setdefault(each.budget, []).append(each)
    return {budget: tuple(sorted(of_budget, key=_end, reverse=True)) for budget, of_budget in limits.items()}


def _end(entry: BudgetEntry) -> date:
    return entry.until or date.max


def in_order(budgets: Iterable[BudgetIdentity], names: dict[int, str]) -> Iterator[BudgetIdentity]:
    """Yield budgets in the order of a file: the team's, the default, members by their names."""

    def order(budget: BudgetIdentity) -> tuple[int, str, int, str]:
        name = names[budget.scope]
        place = NOBODY.index(name) if name in NOBODY else len(NOBODY)
        return place, name, UNITS.index(budget.unit), str(budget.narrowing)

    yield from sorted(budgets, key=order)
