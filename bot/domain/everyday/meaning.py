"""What everyday words are understood by, and what has been understood of them so far."""

from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import product
from math import prod
from typing import Protocol

from bot.domain.everyday.averages import UNSAID
from bot.domain.periods import Unit
from bot.domain.query.errors import AmbiguousError, QueryError
from bot.domain.query.question import AVERAGES, MAX_GROUPINGS, TIME_GROUPINGS
from bot.domain.query.when import THIS_MONTH, Calendar, Dated, Days, Range, When

_MOST_LINES = 6  # that are asked back
_MOST_CHOICES = 64  # looked at for those, of which several may be one line
_SIDES = 2  # at least, of a comparison
_GROUP_OF = {"model:": "model", "email:": "member", "@": "member", "<@": "member", "status:": "status"}
_TWO_SIDES = (
    "A comparison takes two times, models or people, such as `today vs yesterday` or `compare opus and sonnet`."
)
_NO_GROUP_AVERAGES = (
    "I average the total of an answer, not each of its groups, and don't compare or rank averages."
    " Ask for one at a time, such as `average per task on opus`."
)
_NO_NUMBER_AVERAGES = "I average spend, not the number of tasks. `by:day` counts the tasks of each day."
_TWO_AVERAGES = "I average for each of one thing at a time. Try `average per day` or `average per task`."
_NO_LEAST = "I list what cost most first. The cheapest stand last, in `by:model` for example."
_MIXED_NAMES = "Name everybody with `@`, or everybody by name: `@ana @marcus` or `ana and marcus`."
_NOTHING_NAMED = "I don't know what you mean by `it`. Name it, as in `how much of the team's spend is opus`."

Part = tuple[str, ...]
"""What a part of a line may be in the query language."""

_ME: Part = ("me",)
_TEAM: Part = ("team",)


class Names(Protocol):
    """The names that whoever asks may use."""

    def meanings(self, name: str) -> Sequence[str]:
        """Return the words of the query language that a lower-cased name may mean: members and models."""

    def exact_meanings(self, name: str) -> Sequence[str]:
        """Return the same without models of which the name is only a part."""


@dataclass(frozen=True, slots=True)
class TypingContext:
    """What a line is understood by: the local day, the statuses there are, and names.

    `is_compared` says whether an answer about the first time compares it with the second. `own` are the words of the
    query language for whoever asks, by which they are compared with others; empty if that is not known.
    `takes_groups` says whether what is asked for may be grouped, as several people are that are named.
    """

    today: date
    statuses: Collection[str]
    names: Names
    is_compared: Callable[[When, When], bool]
    own: str = ""
    takes_groups: bool = True


@dataclass(frozen=True, slots=True)
class Comparison:
    """A comparison: `place` is the number of times that stand before it.

    With what stands after it, or (`is_with_before`) with the time just before: of the length of `before`, if given.
    `is_of_times` says that a time stands right after it.
    """

    place: int
    before: When | None = None
    is_with_before: bool = False
    is_of_times: bool = False


class IncomparableError(Exception):
    """Two times cannot be compared in one answer."""

    why = "I can't compare these two in one answer: I compare a time with the one just before it."

    def __init__(self, *times: When) -> None:
        super().__init__()
        self.times = times


class TwoTimesError(IncomparableError):
    """A line names two times without comparing them."""

    why = "You gave two times. One is enough, or a range such as `nov 1 to nov 15`."


@dataclass(slots=True)
class Meaning:
    """What has been understood so far: for each part of the line what it may be in the query language, and the times.

    `comparison` says how two times, or the people, models or statuses of the line are compared; None if they are not.
    `is_own_named` says that whoever asks is one of the people of the line, and `is_joined` that a word such as `and`
    stands between the first time and the second.
    """

    parts: list[Part] = field(default_factory=list)
    times: list[tuple[When, ...]] = field(default_factory=list)
    comparison: Comparison | None = None
    is_of_things: bool = False
    is_of_tasks: bool = False
    is_of_most_tasks: bool = False
    is_number: bool = False
    is_of_each_task: bool = False
    is_by_tasks: bool = False
    is_count: bool = False
    is_average: bool = False
    units: list[str] = field(default_factory=list)
    each: list[tuple[str, ...]] = field(default_factory=list)
    times_or_names: set[str] = field(default_factory=set)
    is_own_named: bool = False
    is_which_is_more: bool = False
    is_which_is_least: bool = False
    is_share: bool = False
    is_share_of_it: bool = False
    is_of_least: bool = False
    is_why: bool = False
    is_team_named: bool = False
    is_joined: bool = False
    is_trend: bool = False

    def compare(self, *, is_of_times: bool, is_of_things: bool) -> None:
        """Compare what is asked for with what stands after the present place: a time, or other things."""
        self.comparison = Comparison(len(self.times), is_of_times=is_of_times)
        self.is_of_things = self.is_of_things or is_of_things

    def compare_time(self, times: tuple[When, ...]) -> None:
        """Compare a time with the one that stands after it."""
        self.times.append(times)
        self.compare(is_of_times=True, is_of_things=False)

    def compare_things(self) -> None:
        """Lay the people, models or statuses of the line side by side, if it names some."""
        self.is_of_things = True

    def ask_which_is_more(self) -> None:
        """Ask which of the things or times of the line is more, or less."""
        self.is_of_things = self.is_which_is_more = True

    def ask_which_is_least(self) -> None:
        """Ask which of the things or times of the line is least."""
        self.is_which_is_least = True
        self.ask_which_is_more()

    def ask_for_share(self) -> None:
        """Ask which part of the whole it is that is named last."""
        self.is_share = True

    def ask_for_share_of_it(self) -> None:
        """Ask for a part of something that the line does not name."""
        self.is_share = self.is_share_of_it = True

    def ask_for_trend(self) -> None:
        """Ask how it goes on from day to day."""
        self.is_trend = True

    def ask_for_few_of_the_least(self) -> None:
        """Ask for so many of the cheapest, or for the cheapest tasks."""
        self.is_of_least = True

    def ask_why(self) -> None:
        """Ask what a total is made up of."""
        self.is_why = True

    def name_team(self) -> None:
        """Name the team beside somebody, or something, of it."""
        self.parts.append(_TEAM)
        self.is_team_named = True

    def join(self) -> None:
        """Join what stands before with what follows, such as two times."""
        self.is_joined = self.is_joined or len(self.times) == 1

    def name_oneself(self) -> None:
        """Name whoever asks as one of the people of the line, if it names others."""
        self.parts.append(_ME)
        self.is_own_named = True

    def compare_with_before(self, before: When | None = None) -> None:
        """Compare what is asked for with the time before it, of the length of another one if that is given."""
        self.comparison = Comparison(len(self.times), before, is_with_before=True)

    def ask_for_tasks(self) -> None:
        """Ask for a list of tasks."""
        self.is_of_tasks = True

    def ask_for_each_task(self) -> None:
        """Ask for a list of tasks, also by `how much per task`."""
        self.is_of_tasks = self.is_of_each_task = True

    def order_by_tasks(self) -> None:
        """Put what has the most tasks first; without a group, ask for a list of tasks."""
        self.is_of_tasks = self.is_by_tasks = True

    def ask_for_most_tasks(self) -> None:
        """Ask for the most tasks: the costliest ones, or who or which has the most."""
        self.is_of_tasks = self.is_of_most_tasks = True

    def split_by_each(self, names: tuple[str, ...]) -> None:
        """Show the total for each of something; where an average is asked for, average it for each."""
        self.parts.append((_by(names),))
        self.each.append(names)

    def ask_for_average(self, unit: str = "") -> None:
        """Ask for an average, for each of a unit if that is said here."""
        self.is_average = True
        self.units += [unit] if unit else []

    def ask_for_average_number(self) -> None:
        """Ask how many tasks there are on average."""
        self.is_average = self.is_of_tasks = self.is_count = True

    def name_time_or(self, times: tuple[When, ...], names: Sequence[str]) -> None:
        """Name a time, or somebody who is called so."""
        said = tuple(map(str, times))
        self.times_or_names.update(said)
        self.parts.append((*said, *names))

    def ask_for_count(self) -> None:
        """Ask how many of something there are."""
        self.is_number = self.is_count = True

    def ask_for_number(self) -> None:
        """Ask for a number, of tasks if the line is about them."""
        self.is_number = True

    def lines(self, context: TypingContext) -> tuple[str, ...]:
        """Return the lines of the query language that all of it may mean. Raises QueryError if it does not go together.

        What stands several times in a line is one thing, said twice.
        """
        parts = self._all_parts(context)
        try:
            times = self._time(context)
        except IncomparableError as error:
            named = [*parts, tuple(map(str, error.times))]
            raise AmbiguousError(tuple(_lines(named, self.times_or_names)), error.why) from None
        return tuple(_lines([*parts, tuple(map(str, times))] if times else parts, self.times_or_names))

    # --- lists, groups and sides -------------------------------------------------------------------

    def _all_parts(self, context: TypingContext) -> list[Part]:
        """Return the parts with those that follow from the whole line: whose, an average, what is laid side by side."""
        own = context.own
        self._settle_order()
        self._check_answerable()
        if self.is_of_least:
            raise QueryError(_NO_LEAST)
        if self.is_own_named and self._counts()["member"] and not own:
            raise QueryError("I don't know which member you are. Type your e-mail in place of `me`.")
        self.parts = self._possible_parts()
        parts = list(dict.fromkeys(self.parts))
        if self._is_own_side(own):
            parts = list(dict.fromkeys((own,) if part == _ME else part for part in parts))
        if _has("-email:", parts) and not (self.is_own_named or self._counts()["member"]):
            parts = list(dict.fromkeys([_TEAM, *parts]))  # `all but ana`
        if _has("email:", parts) and (_has("@", parts) or _has("<@", parts)):
            raise QueryError(_MIXED_NAMES)  # together they would mean tasks of both at once
        return self._averaged(parts) if self.is_average else self._laid_out(parts, context)

    def _laid_out(self, parts: list[Part], context: TypingContext) -> list[Part]:
        """Return the parts with how the answer is laid out: as a list of tasks, or by what it is split."""
        own, is_share = context.own, self._is_share()
        if is_share:
            parts = _shared(parts, is_of_team=_TEAM in parts or self.is_share_of_it)
        is_grouped = _has("by:", parts) or _has("rows", parts) or _has("task:", parts)
        sides = [] if is_share else self._sides(own)
        is_list = (self.is_of_each_task or (self.is_of_tasks and not self.is_number)) and not self.is_trend
        if is_list and not is_grouped and not (sides and self.is_of_things):
            return [*parts, ("rows",)]
        if self.is_why and not sides and not is_grouped:
            sides = self._drivers()
        if sides and (self.is_of_things or (context.takes_groups and not is_grouped)):
            parts.append((f"by:{','.join(sides)}",))
        if self.is_trend and not any(_is_over_time(part) for part in parts):
            parts.append(("by:day",))
        return [*parts, ("sort:tasks",)] if self.is_of_most_tasks and _has("by:", parts) else parts

    def _possible_parts(self) -> list[Part]:
        """Return the parts without what they can't mean in this line: a name beside a mention, a time beside another.

        So `bill` is no person in `the bill for @ana`, and `april` is one in `april's spend last week`.
        """
        possible = self.parts
        if _has("@", possible) or _has("<@", possible):
            possible = [tuple(each for each in part if not each.startswith("email:")) or part for part in possible]
        if self.times and self.times_or_names:
            possible = [tuple(each for each in part if each not in self.times_or_names) or part for part in possible]
        return possible

    def _settle_order(self) -> None:
        """Let `by tasks` order the groups of the line; where it has none, or averages, it asks for each task."""
        is_order = self.is_by_tasks and _has("by:", self.parts) and not self.is_average
        self.is_of_most_tasks = self.is_of_most_tasks or is_order
        self.is_of_each_task = self.is_of_each_task or (self.is_by_tasks and not is_order)

    def _check_answerable(self) -> None:
        """Raise QueryError for a part of nothing that is named, and for the averages of groups."""
        if self.is_share_of_it and not self._counts() and _ME not in self.parts:
            raise QueryError(_NOTHING_NAMED)
        if self.is_of_each_task and _has("by:", self.parts) and not self.is_average:
            raise QueryError(_NO_GROUP_AVERAGES)

    def _averaged(self, parts: Sequence[Part]) -> list[Part]:
        """Return the parts with the average that is asked for, in place of the groups that say for each of what.

        Raises QueryError for averages of groups, of numbers of tasks, and for each of two things.
        """
        if self.is_count and self.is_of_tasks:
            raise QueryError(_NO_NUMBER_AVERAGES)
        each = [names for names in self.each if set(names) <= set(AVERAGES)]
        kept = [part for part in parts if part not in {(_by(names),) for names in each}]
        if any(map(_is_split, kept)) or self.is_of_things or self._is_share():
            raise QueryError(_NO_GROUP_AVERAGES)
        units = [*self.units, *(name for names in each for name in names)]
        if self.is_of_each_task or (self.is_of_tasks and not units):
            units.append("task")
        if len(set(units)) > 1:
            raise QueryError(_TWO_AVERAGES)
        is_of_all = "member" in units and not self._counts()["member"] and _ME not in kept
        return [*([_TEAM] if is_of_all else []), *kept, (f"average:{','.join(dict.fromkeys(units or UNSAID))}",)]

    def _is_share(self) -> bool:
        """Return whether it is asked what part of the whole something is, as it is by `ana vs the team`."""
        is_beside_team = self.is_team_named or self.is_own_named or self.is_of_things
        is_of_one = not self.times[1:] and max(self._counts().values(), default=1) < _SIDES
        return self.is_share or (_TEAM in self.parts and is_beside_team and is_of_one and not _has("by:", self.parts))

    def _is_own_side(self, own: str) -> bool:
        """Return whether whoever asks is one of the people whose spend is asked for."""
        others = self._counts()["member"]
        is_compared = self.is_of_things and others == 1
        return bool(own and _ME in self.parts and others and (self.is_own_named or is_compared))

    def _sides(self, own: str) -> list[str]:
        """Return by what those things are grouped of which several are named, of two kinds at most."""
        counts = self._counts()
        counts["member"] += self._is_own_side(own)
        return [kind for kind in ("member", "model", "status") if counts[kind] >= _SIDES][:MAX_GROUPINGS]

    def _drivers(self) -> list[str]:
        """Return by what a total is grouped to see what it is made up of: people and models, as far as not named."""
        counts = self._counts()
        people = ["member"] if _TEAM in self.parts and not counts["member"] else []
        return people or ["day"] if counts["model"] else [*people, "model"]

    def _counts(self) -> Counter[str]:
        """Return how many people, models and statuses are named, by what they are grouped by."""
        counts: Counter[str] = Counter()
        for part in dict.fromkeys(self.parts):
            for name in _kinds(part):
                counts[name] += 1 if name == "status" else max(option.count(",") + 1 for option in part)
        return counts

    # --- the time ----------------------------------------------------------------------------------
    def _time(self, context: TypingContext) -> tuple[When, ...]:
        """Return the one time that is asked for, in each of its meanings; none if no time is named."""
        comparison = self.comparison or self._comparison_of_more(context.own)
        if comparison is not None and not self._is_side_by_side(comparison, context.own):
            return self._compared(comparison, context)
        if not self.times:
            return ()
        first, *others = self.times
        different = [each for each in others if each != first]
        if different:
            return self._of_two_times(first, different[0], context)
        return first

    def _of_two_times(
        self, first: tuple[When, ...], other: tuple[When, ...], context: TypingContext
    ) -> tuple[When, ...]:
        """Return two days in a row as one time, or the one of two joined times whose answer compares it with the other.

        Raises QueryError if there is neither.
        """
        if len(self.times) == _SIDES == len(first) + len(other) and (days := _days_in_a_row(first[0], other[0])):
            return (days,)
        for when, before in ((first[0], other[0]), (other[0], first[0])):
            is_of_two = len(self.times) == _SIDES == len(first) + len(other)
            if self.is_joined and is_of_two and context.is_compared(when, before):
                return (when,)
        raise TwoTimesError(*first, *other)

    def _comparison_of_more(self, own: str) -> Comparison | None:
        """Return the comparison of two times that `more in october or november` asks for; None for one of things."""
        if not self.is_which_is_more or self._sides(own) or _has("by:", self.parts):
            return None  # of things
        if not self.times:
            raise QueryError(_NO_LEAST if self.is_which_is_least else _TWO_SIDES)
        return Comparison(0) if len(self.times) > 1 else Comparison(0, is_with_before=True)

    def _is_side_by_side(self, comparison: Comparison, own: str) -> bool:
        """Return whether things are compared within one time, or within none that is named."""
        if comparison.is_with_before or len(self.times) > 1:
            return False
        is_of_times = comparison.is_of_times and bool(self.times)
        return not is_of_times and (bool(self._sides(own)) or self._is_share() or _has("by:", self.parts))

    def _compared(self, comparison: Comparison, context: TypingContext) -> tuple[When, ...]:
        """Return the time that an answer compares with the other one by itself. Raises IncomparableError if none is."""
        asked, others = self.times[: comparison.place], self.times[comparison.place :]
        if comparison.is_with_before:
            return self._compared_with_before(comparison.before)
        if len(self.times) > 2 or not others:  # noqa: PLR2004 - a comparison is of two
            raise QueryError(_TWO_SIDES)
        if len(self.times) == 1:
            asked = [(_current_of(others[0]),)]
        one, other = (*asked, *others)
        if len(one) > 1 or len(other) > 1:
            raise QueryError(f"{IncomparableError.why} One of them could be two days.")
        for first, second in ((one[0], other[0]), (other[0], one[0])):
            if context.is_compared(first, second):
                return (first,)
        raise IncomparableError(one[0], other[0])

    def _compared_with_before(self, before: When | None) -> tuple[When, ...]:
        """Return the time that is compared with the one just before it, as every answer does."""
        if len(self.times) > 1:
            raise QueryError(_TWO_SIDES)
        options = self.times[0] if self.times else (_current(before),)
        if before is None or len(options) > 1 or _is_as_long(options[0], before):
            return options
        raise IncomparableError(options[0], before)


def _kinds(part: Part) -> set[str]:
    """Return by what the people, models or statuses are grouped that a part names."""
    return {name for option in part for key, name in _GROUP_OF.items() if option.startswith(key)}


def _shared(parts: Sequence[Part], *, is_of_team: bool) -> list[Part]:
    """Return the parts that show which part of the whole the last person, model or status of them is."""
    kinds = [(part, {"member"} if part == _ME and is_of_team else _kinds(part)) for part in parts]
    last = next((kind for _, found in reversed(kinds) for kind in found), "")
    kept = [part for part, found in kinds if last not in found]
    return kept if not last or _has("by:", kept) else [*kept, (f"by:{last}",)]


def _has(beginning: str, parts: Sequence[Part]) -> bool:
    return any(option.startswith(beginning) for part in parts for option in part)


def _is_split(part: Part) -> bool:
    """Return whether a part groups by something else than time."""
    by = next((word for word in part[0].split() if word.startswith("by:")), "by:")
    return bool({*by.removeprefix("by:").split(",")} - {"", *TIME_GROUPINGS})


def _is_over_time(part: Part) -> bool:
    """Return whether a part groups by time."""
    return any(word.startswith("by:") and {*word[3:].split(",")} & {*TIME_GROUPINGS} for word in part[0].split())


def _by(names: Sequence[str]) -> str:
    return f"by:{','.join(names)}"


def _lines(parts: Sequence[Part], times: set[str]) -> Collection[str]:
    """Return the lines that parts may be, with one of the `times` at most. Raises QueryError if they are too many."""
    count = prod(map(len, parts))
    if count <= _MOST_CHOICES:
        choices = [each for each in product(*parts) if len(times.intersection(each)) <= 1]
        if not choices:
            raise QueryError(TwoTimesError.why)
        lines = dict.fromkeys(" ".join(filter(None, dict.fromkeys(choice))) for choice in choices)
        if (count := len(lines)) <= _MOST_LINES:
            return lines
    raise QueryError(f"That could mean {count:,} things. Use fewer names in one question.")


def _current_of(other: Sequence[When]) -> When:
    """Return the time that is compared with another one if none is named: this week with last week."""
    is_last = len(other) == 1 and isinstance(other[0], Calendar)
    return _current(other[0]) if is_last else THIS_MONTH


def _current(before: When | None) -> When:
    """Return the present period of the kind of the one before it: this week for last week."""
    return Calendar(before.unit, 0) if isinstance(before, Calendar) else before or THIS_MONTH


def _days_in_a_row(first: When, other: When) -> When | None:
    """Return both days as one time if the second is the one after the first: `saturday and sunday`; else None."""
    if not isinstance(first, Dated) or not isinstance(other, Dated) or {first.unit, other.unit} != {Unit.DAY}:
        return None
    return Range(first, other) if other.first_day - first.first_day == timedelta(days=1) else None


def _is_as_long(when: When, before: When) -> bool:
    """Return whether the time before another one is what `the week before` and the like say of it."""
    if isinstance(before, Calendar):
        is_week = before.unit is Unit.WEEK and when == Days(7, weeks=True)
        return is_week or (isinstance(when, Calendar | Dated) and when.unit is before.unit)
    return when == before or (isinstance(when, Days) and isinstance(before, Days) and when.count == before.count)
