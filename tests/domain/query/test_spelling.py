"""What a misspelt word was meant to be."""

import pytest

from bot.domain.query.spelling import enumeration, nearest

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


@pytest.mark.parametrize(("names", "text"), [(("a",), "a"), (("a", "b"), "a and b"), (("a", "b", "c"), "a, b and c")])
def test_names_are_listed_as_in_a_sentence(names: tuple[str, ...], text: str) -> None:
    assert enumeration(names) == text
