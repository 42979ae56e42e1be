"""Pricing: the truth table of DESIGN.md "Money", row by row, then against a second reckoning in fractions."""

from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.money import NANOS_PER_CREDIT, NANOS_PER_USD, AmountError
from bot.domain.pricing import UNKNOWN, ByokUnit, Price, price
from bot.domain.tasks import Task
from tests.support.effort import examples

CREATED = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
CREDITS, USD = ByokUnit.CREDITS, ByokUnit.USD
ANY = [None, "0", "2"]  # a free column: null, zero and present


def task(*, byok: bool | None, neo_credits: str | None, llm: str | None, neo: str | None) -> Task:
    def amount(text: str | None) -> Decimal | None:
        return None if text is None else Decimal(text)

    return Task(
        task_id="t1",
        model="opus",
        status="completed",
        created_at=CREATED,
        is_byok=byok,
        neo_credits=amount(neo_credits),
        llm_cost=amount(llm),
        neo_cost=amount(neo),
    )


def in_credits(text: str | None) -> int | None:
    return None if text is None else int(Decimal(text) * NANOS_PER_CREDIT)


# --- false, and absent with neither cost present -------------------------------------------------


@pytest.mark.parametrize("unit", ByokUnit)
@pytest.mark.parametrize("neo", ANY)
@pytest.mark.parametrize("llm", ANY)
@pytest.mark.parametrize("neo_credits", ["0", "2", "0.5"])
def test_without_an_own_key_the_credits_are_owed_to_neo_and_nothing_else_counts(
    neo_credits: str, llm: str | None, neo: str | None, unit: ByokUnit
) -> None:
    cost = price(task(byok=False, neo_credits=neo_credits, llm=llm, neo=neo), unit)
    assert cost == Price(in_credits(neo_credits), 0)
    assert cost.is_known


@pytest.mark.parametrize("neo", ANY)
@pytest.mark.parametrize("llm", ANY)
def test_without_an_own_key_and_credits_the_cost_is_unknown(llm: str | None, neo: str | None) -> None:
    cost = price(task(byok=False, neo_credits=None, llm=llm, neo=neo), CREDITS)
    assert cost == UNKNOWN
    assert not cost.is_known


@pytest.mark.parametrize("unit", ByokUnit)
@pytest.mark.parametrize("neo", [None, "0"])
@pytest.mark.parametrize("llm", [None, "0"])
@pytest.mark.parametrize("neo_credits", ANY)
def test_a_task_silent_on_its_key_without_costs_is_priced_as_one_without(
    neo_credits: str | None, llm: str | None, neo: str | None, unit: ByokUnit
) -> None:
    silent = task(byok=None, neo_credits=neo_credits, llm=llm, neo=neo)
    assert price(silent, unit) == price(task(byok=False, neo_credits=neo_credits, llm=llm, neo=neo), unit)


@pytest.mark.parametrize("unit", ByokUnit)
@pytest.mark.parametrize(("llm", "neo"), [("2", None), ("2", "0"), (None, "2"), ("0", "2"), ("2", "2")])
@pytest.mark.parametrize("neo_credits", ANY)
def test_a_task_silent_on_its_key_with_a_cost_is_priced_as_one_on_an_own_key(
    neo_credits: str | None, llm: str | None, neo: str | None, unit: ByokUnit
) -> None:
    silent = task(byok=None, neo_credits=neo_credits, llm=llm, neo=neo)
    assert price(silent, unit) == price(task(byok=True, neo_credits=neo_credits, llm=llm, neo=neo), unit)
    assert price(silent, unit).own_key


def amounts(cost: Price) -> Price:
    """A price without how much of it rests on the unit, of which there is a table below."""
    return msgspec.structs.replace(cost, platform_by_unit=0, provider_by_unit=0)


# --- true ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("neo", ANY)
@pytest.mark.parametrize("llm", ["0", "3"])
@pytest.mark.parametrize("neo_credits", [None, "0"])
def test_on_an_own_key_the_fee_is_owed_to_neo_and_the_llm_cost_to_the_provider(
    neo_credits: str | None, llm: str, neo: str | None
) -> None:
    cost = price(task(byok=True, neo_credits=neo_credits, llm=llm, neo=neo), CREDITS)
    counted = llm == "3" or neo == "2"
    assert amounts(cost) == Price(in_credits(neo), in_credits(llm), by_unit=counted, own_key=True)


@pytest.mark.parametrize("neo", ANY)
@pytest.mark.parametrize("llm", [None, "0"])
@pytest.mark.parametrize("unit", ByokUnit)
def test_in_a_legacy_row_the_credits_hold_the_providers_cost_in_credits_whatever_the_unit(
    llm: str | None, neo: str | None, unit: ByokUnit
) -> None:
    cost = price(task(byok=True, neo_credits="3", llm=llm, neo=neo), unit)
    fee = None if neo is None else int(neo) * unit.nanos_per_unit
    assert amounts(cost) == Price(fee, 30_000_000_000, by_unit=neo == "2", own_key=True)


@pytest.mark.parametrize("neo", ANY)
@pytest.mark.parametrize(
    ("neo_credits", "llm"),
    [
        ("3", "3"),
        ("3", "3.00"),
        ("1000000e-6", "1000001e-6"),  # just inside a millionth, from either side
        ("1000001e-6", "1000000e-6"),
        ("0.9999990", "1"),
        ("1", "0.9999990"),
        ("0.1", "0.10000000000000001"),
    ],
)
def test_credits_equal_to_the_llm_cost_are_the_same_money_and_count_once(
    neo_credits: str, llm: str, neo: str | None
) -> None:
    cost = price(task(byok=True, neo_credits=neo_credits, llm=llm, neo=neo), CREDITS)
    assert amounts(cost) == Price(in_credits(neo), in_credits(llm), by_unit=True, own_key=True)


@pytest.mark.parametrize(
    ("neo_credits", "llm", "neo", "platform", "provider"),
    [
        ("3", "2", "1", 40_000_000_000, 20_000_000_000),
        ("3", "2", "0", 30_000_000_000, 20_000_000_000),
        ("3", "2", None, 30_000_000_000, 20_000_000_000),
        ("1000002e-6", "1000000e-6", "1", 20_000_020_000, 10_000_000_000),  # just outside a millionth
        ("1000000e-6", "1000002e-6", "1", 20_000_000_000, 10_000_020_000),
        ("0.99999899", "1", None, 9_999_989_900, 10_000_000_000),
        ("1", "0.99999899", None, 10_000_000_000, 9_999_989_900),
        ("10", "1", None, 100_000_000_000, 10_000_000_000),
    ],
)
def test_credits_other_than_the_llm_cost_are_added_and_flagged_as_mixed(
    neo_credits: str, llm: str, neo: str | None, platform: int, provider: int
) -> None:
    cost = price(task(byok=True, neo_credits=neo_credits, llm=llm, neo=neo), CREDITS)
    assert amounts(cost) == Price(platform, provider, mixed=True, by_unit=True, own_key=True)


@pytest.mark.parametrize("neo", ["0", "2"])
def test_a_fee_alone_leaves_the_providers_part_unknown(neo: str) -> None:
    cost = price(task(byok=True, neo_credits=None, llm=None, neo=neo), CREDITS)
    assert amounts(cost) == Price(in_credits(neo), None, by_unit=neo == "2", own_key=True)
    assert cost.is_known


@pytest.mark.parametrize("byok", [None, False, True])
@pytest.mark.parametrize("unit", ByokUnit)
def test_a_task_without_any_amount_is_unknown_and_never_zero(byok: bool | None, unit: ByokUnit) -> None:  # noqa: FBT001
    cost = price(task(byok=byok, neo_credits=None, llm=None, neo=None), unit)
    assert (cost.platform_nanos, cost.provider_nanos, cost.is_known) == (None, None, False)
    assert not cost.by_unit
    assert cost.own_key == bool(byok)


def test_in_usd_the_costs_are_dollars_and_the_credits_stay_credits() -> None:
    cost = price(task(byok=True, neo_credits="3", llm="2", neo="1"), USD)
    assert amounts(cost) == Price(1_000_000_000 + 30_000_000_000, 2_000_000_000, mixed=True, by_unit=True, own_key=True)
    same = price(task(byok=True, neo_credits="2", llm="2", neo="1"), USD)
    assert amounts(same) == Price(1_000_000_000, 2_000_000_000, by_unit=True, own_key=True)


def test_the_units_say_their_worth() -> None:
    assert (CREDITS.nanos_per_unit, USD.nanos_per_unit) == (NANOS_PER_CREDIT, NANOS_PER_USD)


# --- amounts that are none -----------------------------------------------------------------------


@pytest.mark.parametrize("amount", ["NaN", "Infinity", "-1", "100000.1", "1e999999"])
def test_credits_that_count_and_are_no_money_are_refused(amount: str) -> None:
    with pytest.raises(AmountError):
        price(task(byok=False, neo_credits=amount, llm=None, neo=None), CREDITS)


@pytest.mark.parametrize("amount", ["Infinity", "100000.1", "1e999999"])
@pytest.mark.parametrize("byok", [None, True])
def test_costs_that_count_and_are_no_money_are_refused(byok: bool | None, amount: str) -> None:  # noqa: FBT001
    with pytest.raises(AmountError):
        price(task(byok=byok, neo_credits=None, llm=amount, neo=None), CREDITS)
    with pytest.raises(AmountError):
        price(task(byok=byok, neo_credits="1", llm="1", neo=amount), CREDITS)


@pytest.mark.parametrize("amount", ["NaN", "Infinity", "-1", "1e999999"])
def test_costs_that_do_not_count_cannot_refuse_a_task_without_an_own_key(amount: str) -> None:
    cost = price(task(byok=False, neo_credits="1", llm=amount, neo=amount), CREDITS)
    assert cost == Price(10_000_000_000, 0)


@pytest.mark.parametrize(
    ("byok", "neo_credits", "llm", "neo"),
    [
        (True, "1e99999999", "5", None),  # what `decode_page` lets through: the amount is finite and not negative
        (True, "NaN", "5", None),
        (None, "1", "NaN", None),
        (None, None, None, "NaN"),
        (True, "Infinity", "5", None),
    ],
)
def test_every_amount_that_is_no_money_is_refused_as_an_amount_error(
    byok: bool | None,  # noqa: FBT001
    neo_credits: str | None,
    llm: str | None,
    neo: str | None,
) -> None:
    with pytest.raises(AmountError):
        price(task(byok=byok, neo_credits=neo_credits, llm=llm, neo=neo), CREDITS)


# --- a second reckoning --------------------------------------------------------------------------

Reckoned = tuple[int | None, int | None, bool]


def reckoned(row: Task, unit: ByokUnit) -> Reckoned:
    """Platform, provider and whether mixed, read straight off the table."""
    worth = 10 if unit is CREDITS else 1
    neo_credits, llm, neo = (
        None if each is None else Fraction(each) for each in (row.neo_credits, row.llm_cost, row.neo_cost)
    )

    def usd(amount: Fraction | None, each: int) -> int | None:
        return None if amount is None else round(amount * each * 10**9)

    byok = bool(llm or neo) if row.is_byok is None else row.is_byok
    if not byok:
        return (usd(neo_credits, 10), 0, False) if neo_credits is not None else (None, None, False)
    if neo_credits and not llm:
        return usd(neo, worth), usd(neo_credits, 10), False
    if neo_credits and llm and abs(neo_credits - llm) * 10**6 > max(neo_credits, llm):
        return round((neo or 0) * worth * 10**9) + round(neo_credits * 10 * 10**9), usd(llm, worth), True
    if llm is None and neo_credits is not None:
        return usd(neo, worth), 0, False  # credits of 0 and no cost: known to be nothing
    return usd(neo, worth), usd(llm, worth), False


AMOUNTS = (
    st.none()
    | st.sampled_from([Decimal(0), Decimal(1), Decimal("1.000001"), Decimal("0.999999")])
    | st.decimals(min_value=0, max_value=1000, places=12)
)


@examples(600)
@given(st.none() | st.booleans(), AMOUNTS, AMOUNTS, AMOUNTS, st.sampled_from(ByokUnit))
def test_a_second_reckoning_in_fractions_agrees(
    byok: bool | None,  # noqa: FBT001
    neo_credits: Decimal | None,
    llm: Decimal | None,
    neo: Decimal | None,
    unit: ByokUnit,
) -> None:
    row = Task(
        task_id="t1",
        model="opus",
        status="completed",
        created_at=CREATED,
        is_byok=byok,
        neo_credits=neo_credits,
        llm_cost=llm,
        neo_cost=neo,
    )
    cost = price(row, unit)
    assert (cost.platform_nanos, cost.provider_nanos, cost.mixed) == reckoned(row, unit)


@examples(300)
@given(st.none() | st.booleans(), AMOUNTS, AMOUNTS, AMOUNTS)
def test_a_price_rests_on_the_unit_exactly_when_another_unit_may_change_it(
    byok: bool | None,  # noqa: FBT001
    neo_credits: Decimal | None,
    llm: Decimal | None,
    neo: Decimal | None,
) -> None:
    row = Task(
        task_id="t1",
        model="opus",
        status="completed",
        created_at=CREATED,
        is_byok=byok,
        neo_credits=neo_credits,
        llm_cost=llm,
        neo_cost=neo,
    )
    one, other = price(row, CREDITS), price(row, USD)
    assert one.by_unit == other.by_unit
    if not one.by_unit:
        assert one == other
    elif max(llm or 0, neo or 0) > Decimal("1e-8"):
        assert one != other


@pytest.mark.parametrize(
    ("byok", "neo_credits", "llm", "neo", "platform", "provider"),
    [
        (False, "3", "2", "1", 0, 0),
        (True, None, "2", "1", 10_000_000_000, 20_000_000_000),
        (None, None, "2", None, 0, 20_000_000_000),
        (True, "3", None, "1", 10_000_000_000, 0),  # a legacy row: credits are credits
        (True, "3", "3", "1", 10_000_000_000, 30_000_000_000),
        (True, "3", "2", "1", 10_000_000_000, 20_000_000_000),  # mixed: what Neo was owed in credits does not
        (True, None, None, None, 0, 0),
    ],
)
def test_what_rests_on_the_unit_is_what_was_written_in_it(
    byok: bool | None,  # noqa: FBT001 - a column of the table
    neo_credits: str | None,
    llm: str | None,
    neo: str | None,
    platform: int,
    provider: int,
) -> None:
    cost = price(task(byok=byok, neo_credits=neo_credits, llm=llm, neo=neo), CREDITS)
    assert (cost.platform_by_unit, cost.provider_by_unit) == (platform, provider)
    other = price(task(byok=byok, neo_credits=neo_credits, llm=llm, neo=neo), ByokUnit.USD)
    assert (other.platform_by_unit, other.provider_by_unit) == (platform // 10, provider // 10)
