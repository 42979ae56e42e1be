"""The record of how the ledger compares with Neo's own totals: through which day they agree, and where they differ."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

import msgspec
from sqlalchemy import Connection

from bot.database import metadata
from bot.domain import formatting
from bot.domain.usage_total import UsageTotal
from bot.ledger.members import current_email

_KEY = "neo_agreement"  # in the metadata
_NAMED_TASKS = 3  # so many tasks of a day are named
_NAMED_DAYS = 3


class DayReading(StrEnum):
    """How Neo assigns a task to a day in its total."""

    CREATED = "created"  # by its creation, as the ledger does
    LISTED = "listed"  # as it lists the tasks of a day
    SPREAD = "spread"  # by when it was executed, which its list does not say


class CreditReading(StrEnum):
    """Which credits Neo counts of tasks on keys of the team's own."""

    ALL = "all"  # their `neo_credits`, as of any task
    WITHOUT_BYOK = "without_byok"
    WITH_COSTS = "with_costs"  # their `neo_credits` and both costs


class Counted(StrEnum):
    """Which of Neo's totals is meant."""

    CREDITS = "credits"  # of all tasks
    OWN_KEYS = "own_keys"  # the costs of tasks on model keys of the team's own


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
class NeoAgreement:
    """What the last comparison found.

    `through`: the last day up to which all compared days agree, or None; `unavailable`: why there was nothing to
    compare with, empty if there was; `compared_at`: when; `attempted_at`: when it was last tried.
    `settled`: both totals of days that agree though they are not equal, so that they need not be looked into again
    unless one of them changes. `own_keys_otherwise`: whether Neo counts the costs of tasks on keys of the team's own in
    a way of its own, so that they cannot be compared; `members_otherwise`: whether it sums by person in such a way.
    """

    attempted_at: datetime | None = None
    compared_at: datetime | None = None
    through: date | None = None
    days: DayReading = DayReading.CREATED
    credits: CreditReading = CreditReading.ALL
    unavailable: str = ""
    differences: tuple[DayDifference, ...] = ()
    settled: dict[date, tuple[UsageTotal, UsageTotal]] = field(default_factory=dict)
    own_keys_otherwise: bool = False
    members: tuple[MemberDifference, ...] = ()
    members_otherwise: bool = False

    @property
    def differing_days(self) -> list[date]:
        """The days that differ, in total or by person, in order."""
        return sorted({*(each.day for each in self.differences), *(each.day for each in self.members)})


def neo_agreement(connection: Connection) -> NeoAgreement:
    """Return what the last comparison found; nothing of all that before the first."""
    stored = metadata.read(connection, _KEY)
    return NeoAgreement() if stored is None else msgspec.json.decode(stored, type=NeoAgreement)


def newest_difference(connection: Connection) -> datetime | None:
    """Return when the newest of the differences was found, in total or by person; None if there is none."""
    agreement = neo_agreement(connection)
    found = [*(each.since for each in agreement.differences), *(each.since for each in agreement.members)]
    return max(found, default=None)


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
    if agreement.differences:
        return f"Differs from Neo's total on {_days_text((each.day for each in agreement.differences), today)}"
    if agreement.unavailable:
        return f"Neo's total isn't available: {agreement.unavailable}"
    if agreement.through is None:
        return ""
    verb = "Fits Neo's total" if agreement.days is DayReading.SPREAD else "Agrees with Neo"
    text = f"{verb} through {formatting.short_date(agreement.through, today)}"
    return f"{text}, but not by person on {_days_text(agreement.differing_days, today)}" if agreement.members else text


def _days_text(differing: Iterable[date], today: date) -> str:
    """Return days that differ: `Nov 26`, `Nov 24, Nov 26 and 3 more`."""
    days = [formatting.short_date(each, today) for each in differing]
    shown, more = days[:_NAMED_DAYS], len(days) - _NAMED_DAYS
    if more > 0:
        return f"{', '.join(shown)} and {more:,} more"
    return ", ".join([*shown[:-2], " and ".join(shown[-2:])])


def difference_text(difference: DayDifference, today: date) -> str:
    """Return what differs on a day: both totals, and the tasks that were found, without a full stop."""
    what = ", tasks on your own model keys" if difference.counted is Counted.OWN_KEYS else ""
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
    if counted is Counted.OWN_KEYS:  # credits or dollars, which Neo does not say
        return f"costs of {total.credits:,.2f} in {tasks}"
    return f"{total.credits:,.2f} credits in {tasks}"


def _task_text(difference: TaskDifference) -> str:
    return f"{f'task {difference.task_id}' if difference.task_id else 'a task'} {_PROBLEMS[difference.problem]}"
