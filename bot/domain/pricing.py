"""Pricing: the one function that says what a task costs."""

from decimal import Decimal
from enum import StrEnum

import msgspec

from bot.domain.money import NANOS_PER_CREDIT, NANOS_PER_USD, AmountError, nanos
from bot.domain.tasks import Task

_SAME_MONEY = Decimal("1e-6")  # relative difference below which two fields report one amount


class ByokUnit(StrEnum):
    """The unit of `llm_cost` and `neo_cost`, which the upstream does not document."""

    CREDITS = "credits"
    USD = "usd"

    @property
    def nanos_per_unit(self) -> int:
        """USD nanos in one unit."""
        return NANOS_PER_CREDIT if self is ByokUnit.CREDITS else NANOS_PER_USD


class SpendBasis(StrEnum):
    """What "spend" is the sum of: both amounts, or what is owed to Neo alone."""

    TOTAL = "total"
    PLATFORM = "platform"

    def spend(self, platform_nanos: int, provider_nanos: int) -> int:
        """Return which part of the two amounts is spend, in nanos."""
        return platform_nanos + (provider_nanos if self is SpendBasis.TOTAL else 0)


class Price(msgspec.Struct, frozen=True, gc=False):
    """What a task costs so far, in USD nanos: to Neo and to the model provider; None is unknown.

    `mixed`: the task changed between Neo's and an own key, and both parts are counted.
    `by_unit`: an amount of `llm_cost` or `neo_cost` was counted, so the price rests on the BYOK unit.
    `own_key`: the task ran on the team's own provider key.
    `platform_by_unit`, `provider_by_unit`: the parts of the two amounts that rest on the BYOK unit.
    """

    platform_nanos: int | None
    provider_nanos: int | None
    mixed: bool = False
    by_unit: bool = False
    own_key: bool = False
    platform_by_unit: int = 0
    provider_by_unit: int = 0

    @property
    def is_known(self) -> bool:
        """Whether any part of the cost is known."""
        return self.platform_nanos is not None or self.provider_nanos is not None


def has_known_cost(tasks: int, without_cost: int) -> bool:
    """Return whether an amount can be said of so many tasks, of which some are without a known cost; also of none."""
    return tasks == 0 or tasks > without_cost


UNKNOWN = Price(None, None)
_UNKNOWN_ON_OWN_KEY = Price(None, None, own_key=True)


def price(task: Task, unit: ByokUnit) -> Price:
    """Return what a task costs.

    Raises:
        AmountError: an amount that counts is not finite, negative or absurd.
    """
    if runs_on_own_key(task):
        return _own_key_price(task, unit)
    if task.neo_credits is None:
        return UNKNOWN
    return Price(_in_credits(task.neo_credits), 0)


def runs_on_own_key(task: Task) -> bool:
    """Return whether a task ran on the team's own provider key. Raises AmountError if that takes what is no number."""
    if task.is_byok is not False and not all(map(_is_number, (task.neo_credits, task.llm_cost, task.neo_cost))):
        raise AmountError("an amount that is not a number")
    if task.is_byok is None:
        return _is_positive(task.llm_cost) or _is_positive(task.neo_cost)
    return task.is_byok


def _own_key_price(task: Task, unit: ByokUnit) -> Price:
    credit, llm = task.neo_credits, task.llm_cost
    if credit is None and llm is None and task.neo_cost is None:
        return _UNKNOWN_ON_OWN_KEY
    fee = _in_unit(task.neo_cost, unit)
    if credit is not None and not _is_positive(llm):
        # a legacy row: credits hold the provider's cost, and credits are credits whatever the unit
        return Price(
            fee, _in_credits(credit), by_unit=_is_positive(task.neo_cost), own_key=True, platform_by_unit=fee or 0
        )
    by_unit = _is_positive(llm) or _is_positive(task.neo_cost)
    provider, credit_nanos = _in_unit(llm, unit), _in_credits(credit)  # also to refuse absurd amounts
    mixed = _is_positive(credit) and not _same_money(credit, llm)
    return Price(
        (fee or 0) + (credit_nanos or 0) if mixed else fee,
        provider,
        mixed=mixed,
        by_unit=by_unit,
        own_key=True,
        platform_by_unit=fee or 0,
        provider_by_unit=provider or 0,
    )


def _in_unit(amount: Decimal | None, unit: ByokUnit) -> int | None:
    return None if amount is None else nanos(amount, unit.nanos_per_unit)


def _is_number(amount: Decimal | None) -> bool:
    return amount is None or amount.is_finite()


def _in_credits(amount: Decimal | None) -> int | None:
    return None if amount is None else nanos(amount, NANOS_PER_CREDIT)


def _is_positive(amount: Decimal | None) -> bool:
    return amount is not None and amount > 0


def _same_money(one: Decimal | None, other: Decimal | None) -> bool:
    return one is not None and other is not None and abs(one - other) <= _SAME_MONEY * max(one, other)
