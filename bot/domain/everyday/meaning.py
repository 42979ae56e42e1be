"""What everyday words are understood by, and what has been understood of them so far."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import product
from math import prod
from typing import Protocol

from bot.domain.query.errors import QueryError
from bot.domain.query.when import When

_MOST_LINES = 6  # that are asked back
_MOST_CHOICES = 64  # looked at for those, of which several may be one line


class Names(Protocol):
    """The names that whoever asks may use."""

    def meanings(self, name: str) -> Sequence[str]:
        """Return the words of the query language that a lower-cased name may mean: members and models."""

    def exact_meanings(self, name: str) -> Sequence[str]:
        """Return the same without models of which the name is only a part."""


@dataclass(frozen=True, slots=True)
class TypingContext:
    """What a line is understood by: the local day, the statuses there are, and names.

    `is_compared` says whether an answer about the first time compares it with the second.
    """

    today: date
    statuses: Collection[str]
    names: Names
    is_compared: Callable[[When, When], bool]


@dataclass(slots=True)
class Meaning:
    """What has been understood so far: for each part of the line what it may be in the query language, and the times.

    `is_comparison` says whether two times are compared.
    """

    parts: list[tuple[str, ...]] = field(default_factory=list)
    times: list[tuple[When, ...]] = field(default_factory=list)
    is_comparison: bool = False

    def lines(self, context: TypingContext) -> tuple[str, ...]:
        """Return the lines of the query language that all of it may mean. Raises QueryError if it does not go together.

        What stands several times in a line is one thing, said twice.
        """
        times = [tuple(map(str, self._time(context)))] if self.times else []
        parts = [*dict.fromkeys(self.parts), *times]
        count = prod(map(len, parts))
        if count <= _MOST_CHOICES:
            lines = dict.fromkeys(" ".join(filter(None, dict.fromkeys(choice))) for choice in product(*parts))
            if (count := len(lines)) <= _MOST_LINES:
                return tuple(lines)
        raise QueryError(f"That could mean {count:,} things. Use fewer names in one question.")

    def _time(self, context: TypingContext) -> tuple[When, ...]:
        """Return the one time that is asked for, in each of its meanings."""
        first, *others = self.times
        if self.is_comparison:
            return self._compared(context)
        if any(each != first for each in others):
            raise QueryError("You gave two times. One is enough, or a range such as `nov 1 to nov 15`.")
        return first

    def _compared(self, context: TypingContext) -> tuple[When, ...]:
        """Return the later of two times, which an answer compares with the one before by itself."""
        if len(self.times) != 2:  # noqa: PLR2004 - a comparison is of two
            raise QueryError("A comparison takes two times, such as `today vs yesterday`.")
        for one, other in (self.times, self.times[::-1]):
            if len(one) == len(other) == 1 and context.is_compared(one[0], other[0]):
                return one
        raise QueryError(
            "I compare a time with the one just before it, as in `this week vs last week`. Ask for these separately."
        )
