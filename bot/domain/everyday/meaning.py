"""What everyday words are understood by, and what has been understood of them so far."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import product
from math import prod
from typing import Protocol

from bot.domain.periods import Unit
from bot.domain.query.errors import AmbiguousError, QueryError
from bot.domain.query.when import THIS_MONTH, Calendar, Dated, Days, When

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


@dataclass(frozen=True, slots=True)
class Comparison:
    """A comparison: `place` is the number of times that stand before it.

    With what stands after it, or (`is_with_before`) with the time just before: of the length of `before`, if given.
    """

    place: int
    before: When | None = None
    is_with_before: bool = False


class IncomparableError(Exception):
    """Two times cannot be compared in one answer."""

    def __init__(self, *times: When) -> None:
        super().__init__()
        self.times = times


@dataclass(slots=True)
class Meaning:
    """What has been understood so far: for each part of the line what it may be in the query language, and the times.

    `comparison` says how two times are compared; None if they are not.
    """

    parts: list[tuple[str, ...]] = field(default_factory=list)
    times: list[tuple[When, ...]] = field(default_factory=list)
    comparison: Comparison | None = None

    def compare(self, with_before: When | None = None, *, is_with_before: bool = False) -> None:
        """Compare what is asked for with the time after the present place, or with that before it."""
        self.comparison = Comparison(len(self.times), with_before, is_with_before=is_with_before)

    def lines(self, context: TypingContext) -> tuple[str, ...]:
        """Return the lines of the query language that all of it may mean. Raises QueryError if it does not go together.

        What stands several times in a line is one thing, said twice.
        """
        try:
            times = [tuple(map(str, self._time(context)))] if self.times or self.comparison else []
        except IncomparableError as error:
            raise AmbiguousError(tuple(self._lines([tuple(map(str, error.times))])), _INCOMPARABLE) from None
        return tuple(self._lines(times))

    def _lines(self, times: Sequence[tuple[str, ...]]) -> Collection[str]:
        parts = [*dict.fromkeys(self.parts), *times]
        count = prod(map(len, parts))
        if count <= _MOST_CHOICES:
            lines = dict.fromkeys(" ".join(filter(None, dict.fromkeys(choice))) for choice in product(*parts))
            if (count := len(lines)) <= _MOST_LINES:
                return lines
        raise QueryError(f"That could mean {count:,} things. Use fewer names in one question.")

    def _time(self, context: TypingContext) -> tuple[When, ...]:
        """Return the one time that is asked for, in each of its meanings."""
        if self.comparison is not None:
            return self._compared(self.comparison, context)
        first, *others = self.times
        if any(each != first for each in others):
            raise QueryError("You gave two times. One is enough, or a range such as `nov 1 to nov 15`.")
        return first

    def _compared(self, comparison: Comparison, context: TypingContext) -> tuple[When, ...]:
        """Return the time that an answer compares with the other one by itself. Raises IncomparableError if none is."""
        asked, others = self.times[: comparison.place], self.times[comparison.place :]
        if comparison.is_with_before:
            return self._compared_with_before(comparison.before)
        if len(self.times) > 2 or not others:  # noqa: PLR2004 - a comparison is of two
            raise QueryError("A comparison takes two times, such as `today vs yesterday`.")
        if len(self.times) == 1:
            asked = [(THIS_MONTH,)]
        one, other = (*asked, *others)
        if len(one) > 1 or len(other) > 1:
            raise QueryError(f"{_INCOMPARABLE} One of them could be two days.")
        for first, second in ((one[0], other[0]), (other[0], one[0])):
            if context.is_compared(first, second):
                return (first,)
        raise IncomparableError(one[0], other[0])

    def _compared_with_before(self, before: When | None) -> tuple[When, ...]:
        """Return the time that is compared with the one just before it, as every answer does."""
        if len(self.times) > 1:
            raise QueryError("A comparison takes two times, such as `today vs yesterday`.")
        options = self.times[0] if self.times else (_current(before),)
        if before is None or len(options) > 1 or _is_as_long(options[0], before):
            return options
        raise IncomparableError(options[0], before)


_INCOMPARABLE = "I can't compare these two in one answer: I compare a time with the one just before it."


def _current(before: When | None) -> When:
    """Return the present period of the kind of the one before it: this week for last week."""
    return Calendar(before.unit, 0) if isinstance(before, Calendar) else before or THIS_MONTH


def _is_as_long(when: When, before: When) -> bool:
    """Return whether the time before another one is what `the week before` and the like say of it."""
    if isinstance(before, Calendar):
        is_week = before.unit is Unit.WEEK and when == Days(7, weeks=True)
        return is_week or (isinstance(when, Calendar | Dated) and when.unit is before.unit)
    return when == before or (isinstance(when, Days) and isinstance(before, Days) and when.count == before.count)
