"""Measures: what is compared with Neo's totals: tasks and their credits, or those on own keys and their costs."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from operator import attrgetter

from bot.domain.tasks import Task
from bot.domain.usage_total import NO_USAGE, UsageTotal
from bot.ledger.neo_agreement import Counted, CreditReading
from bot.ledger.neo_totals import LedgerTask, LedgerTotal
from bot.neo.summary import Summary


@dataclass(frozen=True, slots=True)
class Measure:
    """What is compared: of a total of the ledger's, of one task, and of Neo's own total."""

    of_total: Callable[[LedgerTotal], UsageTotal]
    of_task: Callable[[Task | LedgerTask], UsageTotal]
    of_summary: Callable[[Summary], UsageTotal]


def credit_measure(reading: CreditReading) -> Measure:
    """Return the measure of all tasks by the credits that Neo counts."""
    return Measure(partial(usage_of, reading=reading), partial(usage_of_task, reading=reading), lambda each: each.total)


def usage_of(total: LedgerTotal, reading: CreditReading) -> UsageTotal:
    """Return a total of the ledger with the credits that Neo counts."""
    return UsageTotal(
        _credits(total.credits, total.byok_credits, total.llm_cost + total.neo_cost, reading), total.tasks
    )


def usage_of_task(task: Task | LedgerTask, reading: CreditReading) -> UsageTotal:
    """Return what Neo counts of one task."""
    given = task.neo_credits or Decimal(0)
    byok, costs = (given, _costs(task)) if task.is_byok else (Decimal(0), Decimal(0))
    return UsageTotal(_credits(given, byok, costs, reading), 1)


def _credits(given: Decimal, byok: Decimal, costs: Decimal, reading: CreditReading) -> Decimal:
    match reading:
        case CreditReading.ALL:
            return given
        case CreditReading.WITHOUT_BYOK:
            return given - byok
        case CreditReading.WITH_COSTS:
            return given + costs


def _costs(task: Task | LedgerTask) -> Decimal:
    return (task.llm_cost or Decimal(0)) + (task.neo_cost or Decimal(0))


def _own_keys(cost: str) -> Measure:
    """Return the measure of the tasks on keys of the team's own by one of their costs, which all call alike."""
    cost_of = attrgetter(cost)

    def of_task(task: Task | LedgerTask) -> UsageTotal:
        return UsageTotal(cost_of(task) or Decimal(0), 1) if task.is_byok else NO_USAGE

    def of_summary(summary: Summary) -> UsageTotal:
        return NO_USAGE if summary.byok is None else UsageTotal(cost_of(summary.byok), summary.byok.tasks)

    return Measure(lambda total: UsageTotal(cost_of(total), total.byok_tasks), of_task, of_summary)


OWN_KEYS: Mapping[Counted, Measure] = {
    Counted.OWN_KEYS: _own_keys("llm_cost"),
    Counted.OWN_KEYS_NEO: _own_keys("neo_cost"),
}
"""The measures of the tasks on keys of the team's own: by the model's cost, and by Neo's."""
