"""A question about usage in normal form, and the line that asks it."""

import re
from dataclasses import dataclass, field
from enum import StrEnum

from bot.domain.query.when import EVER, THIS_MONTH, When

MAX_GROUPINGS = 2
TIME_GROUPINGS = ("day", "week", "month")
COUNTED_GROUPINGS = ("tool", "agent")  # counts and times only: the upstream splits no cost by them
GROUPINGS = ("member", "model", "status", *TIME_GROUPINGS, *COUNTED_GROUPINGS)
SORTS = ("cost", "tasks", "name")
AVERAGES = ("day", "week", "month", "task", "member")
"""What a total is averaged for each of."""
_PLAIN = re.compile(r"[^\s\",:<>']+")


class Field(StrEnum):
    """What a filter looks at: the same fields as the filters of the upstream."""

    STATUS = "status"
    MODEL = "model"
    TASK = "task"
    SEARCH = "search"
    EMAIL = "email"


@dataclass(frozen=True, slots=True, order=True)
class Filter:
    """A condition on tasks: any of the values, or (`exclude`) none of them. Case is ignored."""

    field: Field
    values: tuple[str, ...]
    exclude: bool = False

    def __str__(self) -> str:
        return f"{'-' if self.exclude else ''}{self.field}:{','.join(map(quote, self.values))}"


@dataclass(frozen=True, slots=True)
class Question:
    """One question. `team` and `people` name whose spend; with neither it is the caller's own scope.

    `people` are Slack ids (`<@U1>`) and names (`@ana`), still to be resolved. `when` is None where no time
    was named. Filters are in normal form: one of a field and direction, sorted. `average` is for each of what the total
    is averaged. `in_words` says that it was asked in everyday words, so that an answer says how they were understood.
    """

    team: bool = False
    people: tuple[str, ...] = ()
    when: When | None = None
    filters: tuple[Filter, ...] = ()
    byok: bool | None = None
    by: tuple[str, ...] = ()
    average: tuple[str, ...] = ()
    sort: str | None = None
    top: int | None = None
    rows: bool = False
    csv: bool = False
    in_words: bool = field(default=False, compare=False)

    @property
    def effective_when(self) -> When:
        """The time asked for: this month unless named, and all time for a task asked by its id."""
        if self.when is not None:
            return self.when
        return EVER if self.included_values(Field.TASK) else THIS_MONTH

    @property
    def counts_only(self) -> bool:
        """Whether the groups are tools or agents, which have counts and no amounts."""
        return any(name in COUNTED_GROUPINGS for name in self.by)

    @property
    def asks_for_others(self) -> bool:
        """Whether it names a scope beyond the caller's own."""
        return self.team or bool(self.people) or "member" in self.by or bool(self.included_values(Field.EMAIL))

    def values_of(self, field: Field) -> tuple[str, ...]:
        """Return the values that filters on the field name, to let through or to leave out."""
        return tuple(value for each in self.filters if each.field is field for value in each.values)

    def included_values(self, field: Field) -> tuple[str, ...]:
        """Return the values that a filter on the field lets through; empty if there is no such filter."""
        return next((f.values for f in self.filters if f.field is field and not f.exclude), ())

    def excluded_values(self, field: Field) -> tuple[str, ...]:
        """Return the values that filters on the field leave out."""
        return tuple(value for each in self.filters if each.field is field and each.exclude for value in each.values)

    @property
    def conditions(self) -> tuple[str, ...]:
        """The conditions on tasks as they can be typed, without those on whose they are."""
        filters = (str(each) for each in self.filters if each.field is not Field.EMAIL)
        return (*filters, *{None: (), True: ("byok:yes",), False: ("byok:no",)}[self.byok])


def quote(value: str) -> str:
    """Return a value as it can be typed: in double quotes if it is not one plain word."""
    return value if _PLAIN.fullmatch(value) else f'"{value}"'


def describe(question: Question) -> str:
    """Return the line that asks the question; parsing it gives the same question."""
    tokens = [
        "team" if question.team else "",
        *question.people,
        str(question.when or ""),
        *map(str, question.filters),
        "" if question.byok is None else f"byok:{'yes' if question.byok else 'no'}",
        f"by:{','.join(question.by)}" if question.by else "",
        f"average:{','.join(question.average)}" if question.average else "",
        f"sort:{question.sort}" if question.sort else "",
        f"top:{question.top}" if question.top else "",
        "rows" if question.rows else "",
        "csv" if question.csv else "",
    ]
    return " ".join(filter(None, tokens))
