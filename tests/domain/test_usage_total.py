"""Totals: when two of them are the same, beyond how they were rounded or added."""

from decimal import Decimal

import pytest

from bot.domain.usage_total import NO_USAGE, UsageTotal, agrees, same_amount, sum_of_totals


def total(amount: str, tasks: int = 1) -> UsageTotal:
    return UsageTotal(Decimal(amount), tasks)


SAME = [
    # floats, and a millionth
    ("0.3", "0.30000000000000004"),
    ("1000000", "1000001.000000"),
    ("1000001", "1000000.000000"),
    ("1.000001", "1.00000000000"),
    ("1000000000000", "1000000999999.0"),
    ("0.000000000001000001", "0.000000000001000000000"),
    # half a unit of the last digit given
    ("41.234", "41.23"),
    ("41.235", "41.23"),
    ("41.225", "41.23"),
    ("41.5", "41"),
    ("1200.4", "1.2E+3"),
    ("0.49", "0"),
    ("0.00000000005", "0.0000000000"),
    # nothing, and less than that
    ("0", "0"),
    ("0", "0.00"),
    ("0", "-0.0"),
    ("0", "0E+12"),
    ("-2.5", "-2.50"),
    ("-1000000", "-1000001.0"),
    # many decimal places
    (f"0.{39 * '3'}", f"0.{39 * '3'}"),
    ("0.333333333333", f"0.{39 * '3'}"),
    (f"1.{39 * '0'}1", f"1.{40 * '0'}"),
]
DIFFERENT = [
    ("0.1", "0.2"),
    ("1000000", "1000001.1"),
    ("1.0000011", "1.00000000000"),
    ("1000000000000", "1000001000002.0"),
    ("41.2351", "41.23"),
    ("41.2249", "41.23"),
    ("41.6", "41"),
    ("1240", "1.2E+3"),
    ("0.51", "0"),
    ("0.01", "0.00"),
    ("0.000001", "0.00000000"),
    ("2.5", "-2.5"),
    ("0.000000000001", "0.000000000000000"),
    (f"0.{39 * '0'}1", f"0.{38 * '0'}1{40 * '0'}"),
]


@pytest.mark.parametrize(("ours", "given"), SAME)
def test_totals_that_were_rounded_or_added_otherwise_are_the_same(ours: str, given: str) -> None:
    assert agrees(total(ours), total(given))


@pytest.mark.parametrize(("ours", "given"), DIFFERENT)
def test_totals_that_differ_by_more_are_not(ours: str, given: str) -> None:
    assert not agrees(total(ours), total(given))


@pytest.mark.parametrize(("ours", "given"), SAME)
@pytest.mark.parametrize("whole", ["0", "1000000000000"])
def test_another_number_of_tasks_is_never_the_same(ours: str, given: str, whole: str) -> None:
    assert not agrees(total(ours, 1), total(given, 2), Decimal(whole))


@pytest.mark.parametrize(
    ("ours", "given", "whole", "is_same"),
    [
        # a part may differ as much as the whole may
        ("0.5000", "0.5009", "1000", True),
        ("0.5000", "0.5011", "1000", False),
        ("0.0010", "0.0000", "1000", True),
        ("0.0011", "0.0000", "1000", False),
        ("0.0010", "0.0000", "-1000", True),
        # and as much as it might alone
        ("0.5000", "0.5001", "0", False),
        ("41.234", "41.23", "0", True),
        ("41.234", "41.23", "0.000001", True),
        ("2000", "2000.0015", "1", True),
        # the digits of the whole are not those of its part
        ("0.5", "0.9", "1E+3", False),
        ("5", "6", "1000000", True),
        ("5", "6.0", "999998", False),
        ("1", "2", "1000000000000", True),
        ("1", "1000002", "1000000000000", False),
        ("-1", "1.0", "2000000", True),
        ("-1", "1.1", "2000000", False),
    ],
)
def test_a_part_may_differ_as_much_as_its_whole(ours: str, given: str, whole: str, *, is_same: bool) -> None:
    assert agrees(total(ours), total(given), Decimal(whole)) is is_same


@pytest.mark.parametrize("exponent", [-99_999_999_999, -1_000_020, -9_999_999, 9_999_999])
def test_no_exponent_is_beyond_what_can_be_compared(exponent: int) -> None:
    nothing = Decimal((0, (0,), exponent))
    assert same_amount(Decimal(0), nothing)
    assert not same_amount(Decimal(1), nothing)


def test_totals_are_added_exactly() -> None:
    assert sum_of_totals([]) == NO_USAGE
    assert sum_of_totals([total("0.1"), total("0.2", 2), total("-0.3", 0)]) == total("0.0", 3)
    assert total("0.3", 3) - total("0.1") == total("0.2", 2)
