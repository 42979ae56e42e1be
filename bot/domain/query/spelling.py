"""Spelling: which known word a misspelt one was meant to be, and how some words are listed in a sentence."""

from collections.abc import Iterable
from difflib import get_close_matches


def nearest(word: str, choices: Iterable[str]) -> str | None:
    """Return the choice that a misspelt word was most likely meant to be, in any case of letters; None if it is none.

    `choices` are in lower case.
    """
    words = tuple(choices)
    if not words or len(word) > 2 * max(map(len, words)):
        return None
    return next(iter(get_close_matches(word.lower(), words, n=1, cutoff=0.7)), None)


def enumeration(names: Iterable[str]) -> str:
    """Return some names, at least one, as `a, b and c`."""
    *most, last = names
    return f"{', '.join(most)} and {last}" if most else str(last)
