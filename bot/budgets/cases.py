"""Cases: a subject and a period. A case has one spend, and at most one limit."""

from collections import defaultdict
from collections.abc import Iterable

from bot.budgets.periods import BudgetPeriod

Case = tuple[int, BudgetPeriod]
"""A subject and a period of its budget."""


def subjects_by_period(cases: Iterable[Case]) -> dict[BudgetPeriod, list[int]]:
    """Return the subjects of each period."""
    subjects: dict[BudgetPeriod, list[int]] = defaultdict(list)
    for subject, period in cases:
        subjects[period].append(subject)
    return subjects
