"""Whole numbers as people type them."""

import pytest

from bot.domain.numbers import whole_number


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("1", 1),
        ("100", 100),
        ("007", 7),
        ("0", None),
        ("101", None),
        ("0007", None),
        ("", None),
        ("-1", None),
        ("+1", None),
        ("1.0", None),
        (" 1", None),
        ("\u0661", None),
        ("\u00b2", None),
        ("9" * 5_000, None),
    ],
)
def test_a_whole_number_is_digits_within_its_bounds(text: str, number: int | None) -> None:
    assert whole_number(text, 1, 100) == number
