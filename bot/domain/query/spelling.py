"""Spelling: which known word a misspelt one was meant to be, and how some words are listed in a sentence."""

from collections.abc import Iterable
from difflib import get_close_matches

_NEAR = 0.7  # of all letters of both words are in common and in the same order


def nearest(word: str, choices: Iterable[str]) -> str | None:
    """Return the choice that a misspelt word was most likely meant to be, in any case of letters; None if it is none.

    `choices` are in lower case.
    """
    lowered = word.lower()
    words = [choice for choice in choices if _may_be_near(lowered, choice)]
    return next(iter(get_close_matches(lowered, words, n=1, cutoff=_NEAR)), None) if words else None


def _may_be_near(word: str, choice: str) -> bool:
    """Return whether two words have letters enough in common, wherever they stand: a cheap look before the dear one."""
    least = _NEAR * (len(word) + len(choice)) / 2
    return len(word) >= least <= len(choice) and sum(map(choice.__contains__, word)) >= least


def enumeration(names: Iterable[str]) -> str:
    """Return some names, at least one, as `a, b and c`."""
    *most, last = names
    return f"{', '.join(most)} and {last}" if most else str(last)
