"""Lines that ask for nothing but an average, and so are about the answer before them: `how much is that a day`."""

import re
from dataclasses import dataclass

from bot.domain.everyday.typography import plain
from bot.domain.everyday.vocabulary import AVERAGED, FILLER, ONESELF, TASKS

UNSAID = ("day", "task")
"""What a total is averaged for each of where that is not said."""

_LONGEST = 100  # characters
_NAMES = "|".join(sorted(AVERAGED, key=len, reverse=True))
_PHRASE = re.compile(
    rf"(?<!\S)(?:(?P<mark>(?:on )?(?:the |an? )?(?:average|averages|averaged|averaging|avg)|(?:on |the )mean)"
    rf"(?: (?P<of>{_NAMES}))?|(?:for )?(?:per|an?|each|every)(?: single)? (?P<each>{_NAMES})"
    r"|(?P<adverb>daily|weekly|monthly))(?!\S)"
)
_ASKED = re.compile(r"(?:(?:and|so|ok|okay|now|then|but|well) )*(?:how much|what(?:'?s)?)(?!\S)")
_POINTING = frozenset({"it", "that", "this", "these", "those", "they", "them"})
_ASKING = (FILLER | _POINTING | {"makes", "come", "comes", "work", "works", "out", "be", "does", "then"}) - ONESELF


@dataclass(frozen=True, slots=True)
class AverageAlone:
    """For each of what an average is asked for; `points` says that it is of the answer before, by `that` or `it`."""

    units: tuple[str, ...]
    points: bool


def average_alone(line: str) -> AverageAlone | None:
    """Return the average that is all a typed line asks for; None if it asks for none, or for that of something.

    `a day` and the like without `average` asks for each of the days, unless it is asked what an answer is: `how much
    is that a day`.
    """
    said = plain(line).lower()
    found = list(_PHRASE.finditer(said)) if len(said) <= _LONGEST else []
    if not found:
        return None
    rest = set(_PHRASE.sub(" ", said).split())
    units = {AVERAGED[unit] for each in found if (unit := each["of"] or each["each"] or each["adverb"])}
    is_marked = any(each["mark"] for each in found)
    if is_marked and not units and rest & TASKS:
        units, rest = {"task"}, rest - TASKS
    points = bool(rest & _POINTING)
    is_asked = is_marked or (bool(units) and points and _ASKED.match(said) is not None)
    if not is_asked or len(units) > 1 or not rest <= _ASKING:
        return None
    return AverageAlone(tuple(units) or UNSAID, points)
