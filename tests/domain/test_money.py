"""Money: every amount is rounded once, half-even, to a nano; from there on nothing is lost or made up."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.money import (
    ABSURD_USD,
    NANOS_PER_CREDIT,
    NANOS_PER_USD,
    AmbiguousAmountError,
    AmountError,
    credits_text,
    exact_limit,
    nanos,
    show_credits,
    show_usd,
    typed_nanos,
    usd_of_chart,
    usd_text,
)
from bot.sandbox.page.bookings import rounded_usd, shown_usd
from tests.support.effort import examples

UNITS = st.sampled_from([NANOS_PER_USD, NANOS_PER_CREDIT])
NANOS = st.integers(min_value=-(2**63), max_value=2**63)


@pytest.mark.parametrize(
    ("amount", "expected"),
    [
        ("0", 0),
        ("-0", 0),
        ("-0.000", 0),
        ("1", 1_000_000_000),
        ("412.3", 412_300_000_000),
        ("0.000000001", 1),
        ("0.0000000004", 0),
        ("0.0000000005", 0),  # ties go to the even nano
        ("0.0000000015", 2),
        ("0.0000000025", 2),
        ("0.0000000035", 4),
        ("0.00000000051", 1),
        ("0.0000000005000000000000000000000000000000000000000000000000000000000000000000000001", 1),
        ("0.0000000015000000000000000000000000000000000000000000000000000000000000000000000001", 2),
        ("0.0000000014999999999999999999999999999999999999999999999999999999999999999999999999", 1),
        ("0.30000000000000004", 300_000_000),  # the tails that floats leave
        ("0.1000000000000000055511151231257827021181583404541015625", 100_000_000),
        ("1.1102230246251565e-16", 0),
        ("1E+6", 1_000_000_000_000_000),
        ("999999.9999999995", 1_000_000_000_000_000),
        ("0E-6176", 0),
        ("0E+999999", 0),
        ("1e-999999", 0),
        ("9.99e-41", 0),
    ],
)
def test_an_amount_in_usd_is_rounded_half_even_to_a_nano(amount: str, expected: int) -> None:
    assert nanos(Decimal(amount), NANOS_PER_USD) == expected


@pytest.mark.parametrize(
    ("amount", "expected"),
    [
        ("1", 10_000_000_000),
        ("41.23", 412_300_000_000),
        ("0.0000000001", 1),
        ("0.00000000005", 0),
        ("0.00000000015", 2),
        ("100000", 1_000_000_000_000_000),
    ],
)
def test_a_credit_is_ten_dollars(amount: str, expected: int) -> None:
    assert nanos(Decimal(amount), NANOS_PER_CREDIT) == expected


@pytest.mark.parametrize(
    ("digits", "expected"),
    [
        ("0." + "3" * 1000, 333_333_333),
        ("0." + "6" * 1000, 666_666_667),
        ("0.0000000005" + "0" * 1000, 0),
        ("0.0000000005" + "0" * 1000 + "1", 1),
        ("0.0000000015" + "0" * 1000, 2),
        ("123456." + "9" * 1000, 123_457_000_000_000),
        ("0" * 1000 + "7", 7_000_000_000),
    ],
)
def test_a_thousand_digits_are_all_looked_at_before_the_one_rounding(digits: str, expected: int) -> None:
    assert nanos(Decimal(digits), NANOS_PER_USD) == expected


@pytest.mark.parametrize(
    ("amount", "why"),
    [
        ("NaN", "not an amount"),
        ("-NaN", "not an amount"),
        ("sNaN", "not an amount"),
        ("Infinity", "not an amount"),
        ("-Infinity", "not an amount"),
        ("-1", "negative"),
        ("-0.000000000000001", "negative"),
        ("-1e-999999", "negative"),
        ("-1e999999", "negative"),
        ("1000000.000000001", r"above \$1,000,000"),
        ("1000001", r"above \$1,000,000"),
        ("9" * 1000, r"above \$1,000,000"),
        ("1e999999", r"above \$1,000,000"),
        ("1e999999999", r"above \$1,000,000"),
    ],
)
@pytest.mark.parametrize("unit", [NANOS_PER_USD, NANOS_PER_CREDIT])
def test_what_cannot_be_money_is_refused_with_its_reason(amount: str, why: str, unit: int) -> None:
    with pytest.raises(AmountError, match=why):
        nanos(Decimal(amount), unit)


@pytest.mark.parametrize(("amount", "unit"), [("1000000", NANOS_PER_USD), ("100000", NANOS_PER_CREDIT)])
def test_the_largest_amount_is_the_same_money_in_both_units(amount: str, unit: int) -> None:
    assert nanos(Decimal(amount), unit) == ABSURD_USD * NANOS_PER_USD
    with pytest.raises(AmountError):
        nanos(Decimal(amount) + Decimal("0.01"), unit)


@pytest.mark.parametrize(
    ("amount_nanos", "text"),
    [
        (0, "0.000000000"),
        (1, "0.000000001"),
        (-1, "-0.000000001"),
        (412_300_000_000, "412.300000000"),
        (-3_100_000_000, "-3.100000000"),
        (999_999_999, "0.999999999"),
        (1_234_567_890_123_456_789, "1234567890.123456789"),
        (-(2**63), "-9223372036.854775808"),
    ],
)
def test_usd_is_written_with_nine_places_and_no_grouping(amount_nanos: int, text: str) -> None:
    assert usd_text(amount_nanos) == text


@pytest.mark.parametrize(
    ("amount_nanos", "text"),
    [
        (0, "0.00"),
        (1, "0.0000000001"),
        (-1, "-0.0000000001"),
        (412_300_000_000, "41.23"),
        (10_000_000_000, "1.00"),
        (1_000_000_000, "0.10"),
        (-31_000_000_000, "-3.10"),
        (12_345_678_901, "1.2345678901"),
        (50_000_000_000_000, "5000.00"),
    ],
)
def test_credits_are_written_exactly_with_at_least_two_places(amount_nanos: int, text: str) -> None:
    assert credits_text(amount_nanos) == text


@pytest.mark.parametrize(
    ("amount_nanos", "shown"),
    [
        (0, "$0.00"),
        (1, "<$0.01"),
        (9_999_999, "<$0.01"),
        (10_000_000, "$0.01"),
        (14_999_999, "$0.01"),
        (15_000_000, "$0.02"),
        (25_000_000, "$0.02"),
        (25_000_001, "$0.03"),
        (-1, "-<$0.01"),
        (-9_999_999, "-<$0.01"),
        (-10_000_000, "-$0.01"),
        (-3_100_000_000, "-$3.10"),
        (999_994_999_999, "$999.99"),
        (999_995_000_000, "$1,000.00"),
        (1_234_560_000_000, "$1,234.56"),
        (-1_234_567_890_000_000, "-$1,234,567.89"),
        (2**63, "$9,223,372,036.85"),
    ],
)
def test_dollars_for_people_go_to_the_cent_and_never_below_it(amount_nanos: int, shown: str) -> None:
    assert show_usd(amount_nanos) == shown


@pytest.mark.parametrize(
    ("amount_nanos", "shown"),
    [
        (0, "0.00 credits"),
        (1, "<0.01 credits"),
        (99_999_999, "<0.01 credits"),
        (100_000_000, "0.01 credits"),
        (150_000_000, "0.02 credits"),
        (250_000_000, "0.02 credits"),
        (-1, "-<0.01 credits"),
        (-100_000_000, "-0.01 credits"),
        (412_300_000_000, "41.23 credits"),
        (12_345_600_000_000, "1,234.56 credits"),
    ],
)
def test_credits_for_people_go_to_the_hundredth(amount_nanos: int, shown: str) -> None:
    assert show_credits(amount_nanos) == shown


@examples(300)
@given(NANOS)
def test_usd_text_is_exactly_the_nanos_over_a_billion(amount_nanos: int) -> None:
    assert Fraction(usd_text(amount_nanos)) == Fraction(amount_nanos, NANOS_PER_USD)


@examples(300)
@given(NANOS)
def test_credits_text_is_exactly_the_nanos_over_ten_billion(amount_nanos: int) -> None:
    assert Fraction(credits_text(amount_nanos)) == Fraction(amount_nanos, NANOS_PER_CREDIT)


@examples(300)
@given(st.integers(min_value=0, max_value=ABSURD_USD * NANOS_PER_USD))
def test_what_usd_text_writes_is_read_back_as_the_same_nanos(amount_nanos: int) -> None:
    assert nanos(Decimal(usd_text(amount_nanos)), NANOS_PER_USD) == amount_nanos


@examples(300)
@given(st.integers(min_value=0, max_value=10**60), st.integers(min_value=0, max_value=80), UNITS)
def test_rounding_is_what_exact_fractions_round_to(digits: int, places: int, unit: int) -> None:
    amount = Decimal(f"{digits}E-{places}")
    exact = Fraction(digits, 10**places) * unit
    if exact > ABSURD_USD * NANOS_PER_USD:
        with pytest.raises(AmountError):
            nanos(amount, unit)
    else:
        assert nanos(amount, unit) == round(exact)  # Fraction rounds half to even too


@examples(200)
@given(st.lists(st.decimals(min_value=0, max_value=1000, places=9), max_size=50))
def test_the_sum_of_nanos_is_the_exact_sum_of_the_amounts(amounts: list[Decimal]) -> None:
    total = sum(nanos(amount, NANOS_PER_USD) for amount in amounts)
    assert Fraction(usd_text(total)) == sum(map(Fraction, amounts))


@examples(200)
@given(NANOS)
def test_what_is_shown_is_within_half_a_cent_and_zero_is_shown_for_nothing_else(amount_nanos: int) -> None:
    shown = show_usd(amount_nanos)
    assert (shown == "$0.00") == (amount_nanos == 0)
    if "<" not in shown:
        off = Fraction(shown.replace("$", "").replace(",", "")) - Fraction(amount_nanos, NANOS_PER_USD)
        assert abs(off) <= Fraction(1, 200)


@pytest.mark.parametrize(
    ("text", "usd"),
    [
        ("500", "500"),
        ("$500", "500"),
        ("$ 500", "500"),
        (" 500 ", "500"),
        ("500usd", "500"),
        ("0.5", "0.5"),
        (".5", "0.5"),
        ("1.5", "1.5"),
        ("10.00", "10"),
        ("10.50", "10.5"),
        ("1.3550", "1.355"),
        ("0.125", "0.125"),  # nobody groups behind a nought
        ("$.125", "0.125"),
        ("1500.125", "1500.125"),  # nor four digits at a time
        ("1,500", "1500"),
        ("1,500.50", "1500.5"),
        ("1,500.500", "1500.5"),
        ("1,234,567", "1234567"),
        ("10,000", "10000"),
        ("50cr", "500"),
        ("1 credit", "10"),
        ("1,000 credits", "10000"),
        ("0.000000001", "0.000000001"),
    ],
)
def test_an_amount_is_typed_with_commas_for_thousands_and_a_dot_for_the_fraction(text: str, usd: str) -> None:
    assert typed_nanos(text) == Decimal(usd) * NANOS_PER_USD


@pytest.mark.parametrize(
    ("text", "readings"),
    [
        ("10.000", ("10000", "10.00")),
        ("1.500", ("1500", "1.50")),
        ("$1.500", ("$1500", "$1.50")),
        ("$ 1.500", ("$ 1500", "$ 1.50")),
        ("1.500cr", ("1500cr", "1.50cr")),
        ("1.500 Credits", ("1500 Credits", "1.50 Credits")),
        ("999.999 usd", ("999999 usd", "999.9990 usd")),
        ("1.355", ("1355", "1.3550")),
        ("100.120", ("100120", "100.12")),
    ],
)
def test_three_digits_behind_a_lone_dot_are_asked_about_and_both_ways_to_type_it_are_sound(
    text: str, readings: tuple[str, str]
) -> None:
    with pytest.raises(AmbiguousAmountError) as asked:
        typed_nanos(f" {text} ")
    assert asked.value.readings == readings
    thousands, fraction = map(typed_nanos, readings)
    assert thousands == 1000 * fraction
    assert all(f"`{reading}`" in str(asked.value) for reading in readings)


@pytest.mark.parametrize(
    "text",
    [
        "1.234.567", "1.000,50", "1,50", "1,5", ",5", "1,50.00", "12,34", "1,5000", "0,500", "00,500", "1'500", "1 500",
        "1\u202f500", "\u0665\u0660\u0660", "\uff15\uff10\uff10", "1e3", "1E3", "\u00bd", "5\u00bd", "-5", "+5",
        "\u20ac500", "500$", "$500cr", "1.", "1..5", "1_000", "0x10", "NaN", "inf", "", "$", "cr", "1k", "1.5m",
        "9" * 400,
    ],
)  # fmt: skip
def test_what_is_no_amount_is_refused_and_never_guessed(text: str) -> None:
    with pytest.raises(AmountError):
        typed_nanos(text)


@given(st.integers(min_value=1, max_value=10**15))
def test_an_amount_that_is_shown_in_full_can_be_typed_back(amount: int) -> None:
    assert typed_nanos(usd_text(amount)) == amount
    assert typed_nanos(f"${amount // NANOS_PER_USD:,}.{amount % NANOS_PER_USD:09d}") == amount


@given(nanos_=st.one_of(st.integers(0, NANOS_PER_USD // 50), st.integers(NANOS_PER_USD // 100, 2**50)))
@examples(300)
def test_an_amount_is_shown_with_the_same_cents_in_texts_charts_and_the_panel(nanos_: int) -> None:
    in_mills = nanos_ // 1_000_000 * 1_000_000  # as Neo's amounts are: half cents are common
    for each in (nanos_, in_mills):
        usd = Decimal(each) / NANOS_PER_USD
        assert show_usd(each) == shown_usd(usd)
        if each >= NANOS_PER_USD // 100:  # a chart has no sign for less than a cent
            assert show_usd(each) == f"${usd_of_chart(each):,.2f}" == f"${rounded_usd(usd):,.2f}"


@pytest.mark.parametrize(("mills", "text"), [(1_015, "$1.02"), (1_025, "$1.02"), (12_345, "$12.34"), (2_675, "$2.68")])
def test_half_a_cent_is_rounded_to_the_even_one_everywhere(mills: int, text: str) -> None:
    amount = mills * NANOS_PER_USD // 1_000
    assert show_usd(amount) == f"${usd_of_chart(amount):,.2f}" == f"${rounded_usd(Decimal(mills) / 1_000):,.2f}" == text


@given(st.integers(min_value=1, max_value=10_000_000 * NANOS_PER_USD))
def test_a_limit_shown_exactly_is_typed_back_as_it_was(amount: int) -> None:
    assert typed_nanos(exact_limit(amount)) == amount


@pytest.mark.parametrize(
    ("amount", "expected"),
    [
        (10_000 * NANOS_PER_USD, "$10,000"),
        (87_500_000_000, "$87.50"),
        (1_125_000_000, "$1.1250"),
        (1, "$0.000000001"),
    ],
)
def test_a_limit_shown_exactly_reads_like_one_that_was_typed(amount: int, expected: str) -> None:
    assert exact_limit(amount) == expected
