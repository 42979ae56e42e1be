"""The record of how the ledger compares with Neo's own totals: through which day they agree, and where they differ."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

import msgspec
from sqlalchemy import Connection

from bot.database import metadata
from bot.domain import formatting
from bot.domain.usage_total import UsageTotal

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
    """A UTC day on which the ledger's total differs from Neo's, the tasks found, and when it was found first."""

    day: date
    ours: UsageTotal
    neos: UsageTotal
    since: datetime
    tasks: tuple[TaskDifference, ...] = ()


@dataclass(frozen=True, slots=True)
class NeoAgreement:
    """What the last comparison found.

    `through`: the last day up to which all compared days agree, or None; `unavailable`: why there was nothing to
    compare with, empty if there was; `compared_at`: when; `attempted_at`: when it was last tried.
    `settled`: both totals of days that agree though they are not equal, so that they need not be looked into again.
    """

    attempted_at: datetime | None = None
    compared_at: datetime | None = None
    through: date | None = None
    days: DayReading = DayReading.CREATED
    credits: CreditReading = CreditReading.ALL
    unavailable: str = ""
    differences: tuple[DayDifference, ...] = ()
    settled: dict[date, tuple[UsageTotal, UsageTotal]] = field(default_factory=dict)


def neo_agreement(connection: Connection) -> NeoAgreement:
    """Return what the last comparison found; nothing of all that before the first."""
    stored = metadata.read(connection, _KEY)
    return NeoAgreement() if stored is None else msgspec.json.decode(stored, type=NeoAgreement)


def write_neo_agreement(connection: Connection, agreement: NeoAgreement) -> None:
    """Keep what a comparison found in the place of the former one."""
    metadata.write(connection, _KEY, msgspec.json.encode(agreement).decode())


# --- in words ------------------------------------------------------------------------------------


def agreement_text(agreement: NeoAgreement, today: date) -> str:
    """Return how the data compares with Neo's own total, without a full stop; empty before the first comparison."""
    if agreement.differences:
        return f"Differs from Neo's total on {days_text(agreement, today)}"
    if agreement.unavailable:
        return f"Neo's total isn't available: {agreement.unavailable}"
    if agreement.through is None:
        return ""
    verb = "Fits Neo's total" if agreement.days is DayReading.SPREAD else "Agrees with Neo"
    return f"{verb} through {formatting.short_date(agreement.through, today)}"


def days_text(agreement: NeoAgreement, today: date) -> str:
    """Return the days that differ: `Nov 26`, `Nov 24, Nov 26 and 3 more`."""
    days = [formatting.short_date(each.day, today) for each in agreement.differences]
    shown, more = days[:_NAMED_DAYS], len(days) - _NAMED_DAYS
    if more > 0:
        return f"{', '.join(shown)} and {more:,} more"
    return ", ".join([*shown[:-2], " and ".join(shown[-2:])])


def difference_text(difference: DayDifference, today: date) -> str:
    """Return what differs on a day: both totals, and the tasks that were found, without a full stop."""
    ours, neos = total_text(difference.ours), total_text(difference.neos)
    both = f"{formatting.short_date(difference.day, today)}: Neo counts {neos}, I count {ours}"
    named = [_task_text(each) for each in difference.tasks[:_NAMED_TASKS]]
    more = len(difference.tasks) - len(named)
    return "; ".join([both, *named, *([f"and {formatting.count(more, 'more task')}"] if more > 0 else [])])


def total_text(total: UsageTotal) -> str:
    """Return a total for people: `41.23 credits in 12 tasks`."""
    return f"{total.credits:,.2f} credits in {formatting.count(total.tasks, 'task')}"


def _task_text(difference: TaskDifference) -> str:
    return f"{f'task {difference.task_id}' if difference.task_id else 'a task'} {_PROBLEMS[difference.problem]}"
