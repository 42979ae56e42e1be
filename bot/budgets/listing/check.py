"""The check of budgets: which ones are used up, and as of when that is known."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from bot.budgets.listing import formats
from bot.budgets.listing.lines import BudgetLine, budget_listing
from bot.budgets.policy import BudgetPolicy
from bot.budgets.rules import DEFAULT, FULL
from bot.budgets.scopes import scope_of
from bot.domain.formatting import utc
from bot.ledger.freshness import freshness


@dataclass(frozen=True, slots=True)
class BudgetCheck:
    """The budgets that somebody spends of; `as_of` is how far their spend is known, None before the first data.

    `is_any_set`: there is a budget, if only one that nobody has spent of.
    """

    lines: Sequence[BudgetLine]
    as_of: datetime | None
    is_any_set: bool

    @property
    def used_up(self) -> int:
        """How many of them are used up."""
        return sum(map(is_used_up, self.lines))

    @property
    def unknown(self) -> int:
        """Of how many of them no spend is known."""
        return sum(bool(line.unknown_costs) for line in self.lines)

    def age(self, now: datetime) -> timedelta | None:
        """Return how old the data is; None before the first data."""
        return None if self.as_of is None else now - self.as_of

    def is_unsure(self, now: datetime, most: timedelta) -> bool:
        """Return whether nobody can say that no budget is used up, as the data is missing or older than `most`."""
        age = self.age(now)
        return self.is_any_set and not self.used_up and (age is None or age > most)


def is_used_up(line: BudgetLine) -> bool:
    """Return whether all of a budget is used."""
    return line.percent >= FULL


def budget_check(connection: Connection, policy: BudgetPolicy, now: datetime, name: str = "") -> BudgetCheck:
    """Check all budgets, or those of a person, of the team, or of everyone whom a default applies to.

    Raises:
        RefusedError: nobody is called so.
    """
    scope = scope_of(connection, name) if name else None
    lines = budget_listing(connection, policy, now, None if scope == DEFAULT else scope)
    checked = [
        line for line in lines if line.spend_nanos is not None and (scope != DEFAULT or line.limit.scope == DEFAULT)
    ]
    return BudgetCheck(checked, freshness(connection, now).as_of, is_any_set=bool(lines))


def to_document(check: BudgetCheck) -> dict[str, Any]:
    """Return the check as data; amounts are exact decimal strings, moments UTC.

    Whether a budget is used up of whose spend nothing is known is null.
    """
    budgets = [
        {"used_up": None if line.unknown_costs else is_used_up(line), **formats.line_document(line)}
        for line in check.lines
    ]
    return {
        "used_up": check.used_up,
        "data_as_of": None if check.as_of is None else utc(check.as_of),
        "budgets": budgets,
    }
