"""Amount stability: amounts that stay as booked although the upstream reports them differently now."""

from decimal import Decimal

import msgspec

from bot.domain.money import NANOS_PER_CREDIT
from bot.domain.pricing import ByokUnit, Price
from bot.domain.tasks import Task
from bot.ledger.rules import NOTHING_KNOWN
from bot.ledger.tasks_before_booking import BookedTask, with_amounts

_NOISE = Decimal("1e-12")  # of an amount: by how much the last digits of a float vary
_NOISE_NANOS = Decimal(2)


def without_noise(task: Task, before: BookedTask, unit: ByokUnit) -> Task:
    """Return the task with those amounts as booked that differ from them by float noise alone; itself if none do.

    They are compared with what is stored, never with what was seen last: a slow drift adds up and is booked.
    """
    reported = (task.neo_credits, task.llm_cost, task.neo_cost)
    units = (NANOS_PER_CREDIT, unit.nanos_per_unit, unit.nanos_per_unit)
    amounts = tuple(map(_without_noise, reported, before.amounts(), units))
    same = all(one is other for one, other in zip(amounts, reported, strict=True))
    return task if same else with_amounts(task, *amounts)


def _without_noise(now: Decimal | None, stored: Decimal | None, nanos_per_unit: int) -> Decimal | None:
    if now is None or stored is None or not now.is_finite() or (now > 0) is not (stored > 0):
        return now  # whether there is an amount at all shows which key a task ran on
    return stored if abs(now - stored) <= max(stored * _NOISE, _NOISE_NANOS / nanos_per_unit) else now


def with_withdrawn_amounts(task: Task, cost: Price, before: BookedTask) -> tuple[Task, Price]:
    """Return the task and its price with the amounts as booked of a cost that is no longer known."""
    totals = before.known.totals
    if totals == NOTHING_KNOWN:
        return task, cost
    neo_credits, llm_cost, neo_cost = before.amounts()
    if not cost.is_known:
        unpriced = with_amounts(task, neo_credits, llm_cost, neo_cost)
        flags = {"mixed": bool(before.mixed), "by_unit": bool(before.by_unit), "own_key": bool(before.is_byok)}
        return unpriced, Price(None, None, **flags)
    if not before.is_byok:
        return task, cost  # its API key changed: no earlier amount is kept
    if cost.provider_nanos is None and totals.provider_nanos is not None:
        # of a task that was mixed, credits were owed to Neo, and are so no more
        task = with_amounts(task, None if before.mixed else neo_credits, llm_cost, task.neo_cost)
    elif cost.platform_nanos is None and totals.platform_nanos is not None:
        task = with_amounts(task, neo_credits if before.mixed else task.neo_credits, task.llm_cost, neo_cost)
    else:
        return task, cost
    return task, msgspec.structs.replace(cost, by_unit=cost.by_unit or bool(before.by_unit))
