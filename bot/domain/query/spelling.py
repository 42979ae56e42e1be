"""Spelling: which known word a misspelt one was meant to be, and how some words are listed in a sentence."""

from collections.abc import Iterable
from difflib import get_close_matches

_NEAR = 0.7  # of all letters of both words are in common and in the same order
_LONG = 8  # letters of a word in which two slips are likely


def nearest(word: str, choices: Iterable[str]) -> str | None:
    """Return the choice that a misspelt word was most likely meant to be, in any case of letters; None if it is none.

    `choices` are in lower case.
    """
    lowered = word.lower()
    return _nearest_of(lowered, [choice for choice in choices if _may_be_near(lowered, choice)])


def nearest_slip(word: str, choices: Iterable[str]) -> str | None:
    """Return the nearest choice of which a lower-cased word is a slip of the hand; None if it is of none.

    A slip is a letter too many, too few, another one or two swapped, mostly behind the first letter. A choice of eight
    letters or more may have two.
    """
    begun_so = [choice for choice in choices if choice[:1] in word[:2] and _may_be_near(word, choice)]
    return _nearest_of(word, [choice for choice in begun_so if _is_slip(word, choice)])


def _nearest_of(word: str, choices: list[str]) -> str | None:
    return next(iter(get_close_matches(word, choices, n=1, cutoff=_NEAR)), None) if choices else None


def _is_slip(word: str, choice: str) -> bool:
    most = 1 if len(choice) < _LONG else 2
    is_begun_so = word[:1] == choice[:1] or word[:2] == choice[1::-1]
    return is_begun_so and abs(len(word) - len(choice)) <= most and _slips(word, choice) <= most


def _slips(word: str, choice: str) -> int:
    """Return how many slips lie between two words: the distance of Damerau and Levenshtein, of adjacent letters."""
    before: list[int] = []
    row = list(range(len(choice) + 1))
    for at, letter in enumerate(word, 1):
        earlier, before, row = before, row, [at]
        for to, other in enumerate(choice, 1):
            row.append(min(before[to] + 1, row[to - 1] + 1, before[to - 1] + (letter != other)))
            if earlier and to > 1 and letter == choice[to - 2] and word[at - 2] == other:
                row[to] = min(row[to], earlier[to - 2] + 1)
    return row[-1]


def _may_be_near(word: str, choice: str) -> bool:
    """Return whether two words have letters enough in common, wherever they stand: a cheap look before the dear one."""
    least = _NEAR * (len(word) + len(choice)) / 2
    return len(word) >= least <= len(choice) and sum(map(choice.__contains__, word)) >= least


def enumeration(names: Iterable[str]) -> str:
    """Return some names, at least one, as `a, b and c`."""
    *most, last = names
    return f"{', '.join(most)} and {last}" if most else str(last)
