"""The record of how the ledger compares with Neo's own totals: through which day they agree, and where they differ."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

import msgspec
from sqlalchemy import Connection

from bot.database import metadata
from bot.domain import formatting
from bot.domain.usage_total import UsageTotal, sum_of_totals
from bot.ledger.members import current_email

_KEY = "neo_agreement"  # in the metadata
_NAMED_TASKS = 3  # so many tasks of a day are named
_NAMED_DAYS = 3
MOST_UNNAMED = 3  # if no task can be told on more days, their difference is one: Neo counts otherwise


class DayReading(StrEnum):
    """How Neo assigns a task to a day in its total; the weakest reading is last.

    The ledger holds when a task was created, not when it was executed, so the last two are known by their sums alone.
    """

    CREATED = "created"  # by its creation, as the ledger does
    LISTED = "listed"  # as it lists the tasks of a day: by any execution
    EXECUTION = "execution"  # once, by its first execution or the end of its last one
    SPREAD = "spread"  # on each day on which it was executed


DAY_BY_DAY = frozenset({DayReading.CREATED, DayReading.LISTED})
"""The readings under which a single day can be compared."""


class CreditReading(StrEnum):
    """Which credits Neo counts of tasks on keys of the team's own."""

    ALL = "all"  # their `neo_credits`, as of any task
    WITHOUT_BYOK = "without_byok"
    WITH_COSTS = "with_costs"  # their `neo_credits` and both costs


class Counted(StrEnum):
    """Which of Neo's totals is meant."""

    CREDITS = "credits"  # of all tasks
    OWN_KEYS = "own_keys"  # the model's cost of tasks on model keys of the team's own
    OWN_KEYS_NEO = "own_keys_neo"  # Neo's own cost of these


class TaskProblem(StrEnum):
    """What is wrong with a task in one of the two totals."""

    NOT_COUNTED = "not_counted"
    COUNTED_TWICE = "counted_twice"
    OTHER_AMOUNT = "other_amount"
    NOT_LISTED = "not_listed"
    NOT_RECORDED = "not_recorded"


_PROBLEMS: Mapping[TaskProblem, str] = {
    TaskProblem.NOT_COUNTED: "isn't in Neo's total",
    TaskProblem.COUNTED_TWICE: "is in Neo's total twice",
    TaskProblem.OTHER_AMOUNT: "has another amount in Neo's total",
    TaskProblem.NOT_LISTED: "is in Neo's total, but Neo doesn't list it",
    TaskProblem.NOT_RECORDED: "is listed by Neo, but I couldn't record it",
}


@dataclass(frozen=True, slots=True)
class TaskDifference:
    """A task in which the two totals differ; `task_id` is empty where Neo does not list it."""

    task_id: str
    problem: TaskProblem


@dataclass(frozen=True, slots=True)
class DayDifference:
    """A UTC day on which the ledger's total differs from Neo's, the tasks found, and when the last one was found."""

    day: date
    ours: UsageTotal
    neos: UsageTotal
    since: datetime
    tasks: tuple[TaskDifference, ...] = ()
    counted: Counted = Counted.CREDITS


@dataclass(frozen=True, slots=True)
class MemberDifference:
    """A UTC day on which what the ledger counts of a member, by its id, differs from what Neo does, and since when.

    The totals of all members are the same on that day.
    """

    day: date
    member: int
    ours: UsageTotal
    neos: UsageTotal
    since: datetime


@dataclass(frozen=True, slots=True)
class PartDifference:
    """A part of the totals of some UTC days that Neo sums otherwise, on more of them than are told apart, since when.

    `first` and `last` are the days that have to be compared until it is over.
    """

    first: date
    last: date
    since: datetime


@dataclass(frozen=True, slots=True)
class NeoAgreement:
    """What the last comparison found.

    `through`: the last day up to which all compared days agree, or None; `unavailable`: why there was nothing to
    compare with, empty if there was; `compared_at`: when; `attempted_at`: when it was last tried.
    `settled`: both totals of days that agree though they are not equal, so that they need not be looked into again
    unless one of them changes. `own_keys_apart`: where Neo counts the costs of tasks on keys of the team's own in a way
    of its own, so that single days cannot be told; `members_apart`: where it sums by person in such a way;
    `has_whole_days_only`: whether neither could be compared, because no day agrees by itself. `unlisted`: how many
    tasks of these days the ledger still counts, and Neo lists no more. `over`: the days on which a difference was found
    to be over lately while others stay, and when.
    """

    attempted_at: datetime | None = None
    compared_at: datetime | None = None
    through: date | None = None
    days: DayReading = DayReading.CREATED
    credits: CreditReading = CreditReading.ALL
    unavailable: str = ""
    differences: tuple[DayDifference, ...] = ()
    settled: dict[date, tuple[UsageTotal, UsageTotal]] = field(default_factory=dict)
    own_keys_apart: PartDifference | None = None
    members: tuple[MemberDifference, ...] = ()
    members_apart: PartDifference | None = None
    has_whole_days_only: bool = False
    unlisted: int = 0
    over: dict[date, datetime] = field(default_factory=dict)

    @property
    def unnamed(self) -> tuple[DayDifference, ...]:
        """The differences in total in which no task can be told."""
        return tuple(each for each in self.differences if each.counted is Counted.CREDITS and not each.tasks)

    @property
    def parts_apart(self) -> list[PartDifference]:
        """The parts of the total that Neo sums otherwise."""
        return [each for each in (self.members_apart, self.own_keys_apart) if each is not None]

    @property
    def is_systematic(self) -> bool:
        """Whether Neo's total differs on so many days, without a task that can be told, that it is one difference."""
        return len(self.unnamed) > MOST_UNNAMED

    @property
    def differing_days(self) -> list[date]:
        """The days that differ, in total or by person, in order."""
        return sorted({*(each.day for each in self.differences), *(each.day for each in self.members)})


_decode = msgspec.json.Decoder(NeoAgreement).decode  # made here: two threads that meet a type first crash the process


def neo_agreement(connection: Connection) -> NeoAgreement:
    """Return what the last comparison found; nothing of all that before the first."""
    stored = metadata.read(connection, _KEY)
    return NeoAgreement() if stored is None else _decode(stored)


def newest_difference(connection: Connection) -> datetime | None:
    """Return when the newest of the differences was found, in total or in a part, or to be over; None if there is none.

    That is what operators are to learn: one that is over while others stay, too.
    """
    agreement = neo_agreement(connection)
    days = (each.since for each in agreement.differences)
    members, parts = (each.since for each in agreement.members), (each.since for each in agreement.parts_apart)
    return max([*days, *members, *parts, *agreement.over.values()], default=None)


def members_by_id(connection: Connection, differences: Iterable[MemberDifference]) -> dict[int, str]:
    """Return the displayed e-mails of the members that differ by id, after merges; unknown ones are left out."""
    found = {each.member: current_email(connection, each.member) for each in differences}
    return {member: email for member, row in found.items() if row is not None for _, email in [row]}


def write_neo_agreement(connection: Connection, agreement: NeoAgreement) -> None:
    """Keep what a comparison found in the place of the former one."""
    metadata.write(connection, _KEY, msgspec.json.encode(agreement).decode())


# --- in words ------------------------------------------------------------------------------------


def agreement_text(agreement: NeoAgreement, today: date) -> str:
    """Return how the data compares with Neo's own total, without a full stop; empty before the first comparison."""
    if agreement.unavailable:
        return ". ".join([f"Neo's total is not available: {agreement.unavailable}", *_before(agreement, today)])
    if agreement.differences:
        days = sorted({each.day for each in agreement.differences})
        return f"Differs from Neo's total on {days_text(days, today)}"
    if agreement.through is None:
        return "No day could be compared with Neo's total yet" if agreement.compared_at else ""
    verb = "Agrees with Neo" if agreement.days in DAY_BY_DAY else "Fits Neo's total"
    return ", ".join([f"{verb} through {formatting.short_date(agreement.through, today)}", *_limits(agreement, today)])


def _before(agreement: NeoAgreement, today: date) -> Iterator[str]:
    """Yield on which days a difference was known before Neo's total could not be read any more."""
    if agreement.differing_days:
        yield f"When I last compared, it differed on {days_text(agreement.differing_days, today)}"


_READINGS: Mapping[DayReading, str] = {
    DayReading.CREATED: "on the day it was created",
    DayReading.LISTED: "on the days for which it lists it",
    DayReading.EXECUTION: "on the day of its first or last run",
    DayReading.SPREAD: "on each day it ran",
}


def reading_text(reading: DayReading) -> str:
    """Return on which day Neo counts a task, without a full stop."""
    text = f"Neo counts a task {_READINGS[reading]}"
    return text if reading in DAY_BY_DAY else f"{text}, so single days can't be compared"


def _limits(agreement: NeoAgreement, today: date) -> Iterator[str]:
    """Yield in what the data does not agree with Neo's total, though it agrees by day."""
    if agreement.days is not DayReading.CREATED:
        yield f"which counts a task {_READINGS[agreement.days]}"
    if agreement.unlisted:
        yield f"without {formatting.count(agreement.unlisted, 'task')} that Neo no longer lists"
    if agreement.members:
        yield f"but not by person on {days_text(agreement.differing_days, today)}"
    elif agreement.members_apart:
        yield "but not by person"
    if agreement.own_keys_apart:
        yield "but not in what your own model keys cost"
    if agreement.has_whole_days_only:
        yield "but people and your own model keys can't be compared"


def days_text(differing: Iterable[date], today: date) -> str:
    """Return days that differ: `Nov 26`, `Nov 24, Nov 26 and 3 more`."""
    days = [formatting.short_date(each, today) for each in differing]
    shown, more = days[:_NAMED_DAYS], len(days) - _NAMED_DAYS
    if more > 0:
        return f"{', '.join(shown)} and {more:,} more"
    return ", ".join([*shown[:-2], " and ".join(shown[-2:])])


def difference_texts(agreement: NeoAgreement, today: date) -> list[str]:
    """Return what differs, a text for each day; one for all days on which no task can be told, where they are many."""
    if not agreement.is_systematic:
        return [difference_text(each, today) for each in agreement.differences]
    others = [each for each in agreement.differences if each not in agreement.unnamed]
    return [_systematic_text(agreement.unnamed, today), *(difference_text(each, today) for each in others)]


def part_texts(agreement: NeoAgreement, today: date) -> list[str]:
    """Return which parts of the totals differ on many days, a text for each, without a full stop."""
    parts = {"by person": agreement.members_apart, "in what your own model keys cost": agreement.own_keys_apart}
    return [
        f"{formatting.date_span(part.first, part.last, today)}: Neo's sums differ from mine {what}"
        for what, part in parts.items()
        if part is not None
    ]


def over_text(agreement: NeoAgreement, today: date) -> str:
    """Return which days agree again while others differ, without a full stop; empty if there are none."""
    days = sorted(agreement.over)
    return f"{days_text(days, today)} {'agrees' if len(days) == 1 else 'agree'} again" if days else ""


def _systematic_text(unnamed: Sequence[DayDifference], today: date) -> str:
    first, last = (formatting.short_date(unnamed[place].day, today) for place in (0, -1))
    ours, neos = sum_of_totals(each.ours for each in unnamed), sum_of_totals(each.neos for each in unnamed)
    return f"{len(unnamed):,} days from {first} to {last}: {both_text(ours, neos)}; I can't tell which tasks differ"


def difference_text(difference: DayDifference, today: date) -> str:
    """Return what differs on a day: both totals, and the tasks that were found, without a full stop."""
    what = _COUNTED[difference.counted]
    both = both_text(difference.ours, difference.neos, difference.counted)
    head = f"{formatting.short_date(difference.day, today)}{what}: {both}"
    named = [_task_text(each) for each in difference.tasks[:_NAMED_TASKS]]
    more = len(difference.tasks) - len(named)
    return "; ".join([head, *named, *([f"and {formatting.count(more, 'more task')}"] if more > 0 else [])])


def member_difference_text(name: str, difference: MemberDifference, today: date) -> str:
    """Return what differs of a member, who is called so, on a day, without a full stop."""
    return f"{formatting.short_date(difference.day, today)}, {name}: {both_text(difference.ours, difference.neos)}"


def both_text(ours: UsageTotal, neos: UsageTotal, counted: Counted = Counted.CREDITS) -> str:
    """Return both totals for people: `Neo counts 41.23 credits in 12 tasks, I count 40.00 credits in 11 tasks`."""
    return f"Neo counts {_total_text(neos, counted)}, I count {_total_text(ours, counted)}"


def _total_text(total: UsageTotal, counted: Counted) -> str:
    tasks = formatting.count(total.tasks, "task")
    if counted is not Counted.CREDITS:  # credits or dollars, which Neo does not say
        return f"costs of {total.credits:,.2f} in {tasks}"
    return f"{total.credits:,.2f} credits in {tasks}"


_COUNTED: Mapping[Counted, str] = {
    Counted.CREDITS: "",
    Counted.OWN_KEYS: ", tasks on your own model keys",
    Counted.OWN_KEYS_NEO: ", Neo's cost of tasks on your own model keys",
}


def _task_text(difference: TaskDifference) -> str:
    return f"{f'task {difference.task_id}' if difference.task_id else 'a task'} {_PROBLEMS[difference.problem]}"
