"""What a misspelt word was meant to be."""

from difflib import get_close_matches

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.query.spelling import enumeration, nearest, nearest_slip
from tests.support.effort import examples

CHOICES = ("budget", "budgets", "status")


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("stauts", "status"),
        ("STAUTS", "status"),
        ("bugdet", "budget"),
        ("budgets", "budgets"),
        ("xyzzy", None),
        ("", None),
        ("status" * 3, None),
    ],
)
def test_the_nearest_choice_is_meant_if_one_is_near(word: str, meant: str | None) -> None:
    assert nearest(word, CHOICES) == meant


def test_nothing_is_meant_where_there_is_no_choice() -> None:
    assert nearest("status", ()) is None


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("modle", "model"),  # two swapped
        ("mdel", "model"),  # one too few
        ("modell", "model"),  # one too many
        ("modal", "model"),  # another one
        ("omdel", "model"),
        ("model", "model"),
        ("yodel", None),  # begins with another letter
        ("mdell", None),  # two slips in a short word
        ("wensday", "wednesday"),
        ("wensdy", None),
        ("", None),
    ],
)
def test_a_slip_is_of_one_letter_or_of_two_in_a_long_word(word: str, meant: str | None) -> None:
    assert nearest_slip(word, ("model", "wednesday")) == meant


LETTERS = st.text("abst ", max_size=10)


@examples(300)
@given(LETTERS, st.lists(LETTERS, max_size=6))
def test_the_cheap_look_at_a_choice_rules_out_none_that_is_near(word: str, choices: list[str]) -> None:
    near = get_close_matches(word, choices, n=1, cutoff=0.7)
    assert nearest(word, choices) == (near[0] if near else None)


@pytest.mark.parametrize(("names", "text"), [(("a",), "a"), (("a", "b"), "a and b"), (("a", "b", "c"), "a, b and c")])
def test_names_are_listed_as_in_a_sentence(names: tuple[str, ...], text: str) -> None:
    assert enumeration(names) == text
