"""What a budget means: the steps that spend has passed, and what is made of each, with a named reason."""

from bisect import bisect_right
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from enum import StrEnum
from typing import NamedTuple
from zoneinfo import ZoneInfo

from bot.domain.periods import Unit, Window, local_day, period

TEAM, DEFAULT = 0, -1  # scopes that are no member's key; the team is a subject too
UNITS = (Unit.DAY, Unit.WEEK, Unit.MONTH)
NEAR = 80  # percent, from which a listing says that a limit is near
FULL = 100  # percent, from which a channel hears of it
LATE = timedelta(hours=72)  # after a period's end, in which it is still told that a step was passed
MANY = 5  # subjects above a limit that was just set, beyond which one summary tells of all
STEPS = (50, 80, 100, 150, 200)


class CrossingDecision(StrEnum):
    """What was made of a step that was passed; `explain` shows it."""

    TOLD = "told"
    LOWER = "a higher step was passed at the same time or before"
    RAISED = "the limit was raised or replaced by one no lower, and the step was passed before that"
    HISTORY = "it was found while reading history, of which nobody is told"
    REPRICED = "amounts were priced again, of which nobody is told"
    SUMMARY = "it was told in the alert channel when the limit was set"
    REPLACED = "the limit was replaced while quiet was asked for"
    DROPPED = "its period had ended when the quiet that was asked for was over"


class Audience(StrEnum):
    """Where a budget is told: the person (or the operators, for the team), or everybody."""

    DM = "dm"
    CHANNEL = "channel"


_OPERATOR = "operator="  # what the audience that is one operator alone begins with


def operator_audience(user: str) -> str:
    """One operator's own direct messages, as the audience of a snooze."""
    return f"{_OPERATOR}{user}"


def operator_of(audience: str) -> str | None:
    """The Slack id of the operator that an audience is; None for the others."""
    return audience.removeprefix(_OPERATOR) if audience.startswith(_OPERATOR) else None


def audiences(subject: int, step: int) -> tuple[Audience, ...]:
    """Who is told that a subject has passed a step: of the team everybody from 100 on, and until then its operators."""
    if subject == TEAM:
        return (Audience.DM,) if step < FULL else (Audience.CHANNEL,)
    return (Audience.DM,) if step < FULL else (Audience.DM, Audience.CHANNEL)


class BudgetLimit(NamedTuple):
    """A limit in force: its revision, and the scope it comes from."""

    revision: int
    nanos: int
    scope: int = TEAM
    ends_at: datetime | None = None


@dataclass(frozen=True, slots=True, eq=False)
class BudgetPeriod:
    """A budget's period: its unit, its label, which does not change with the time zone, and its window.

    It is one with itself alone: whoever compares periods made apart compares their names.
    """

    unit: Unit
    label: str
    window: Window

    @property
    def name(self) -> str:
        """As a living message names it."""
        return f"{self.unit}:{self.label}"


def budget_period(unit: Unit, moment: datetime, zone: tzinfo) -> BudgetPeriod:
    """The period of a unit that holds a moment."""
    return _span(unit, local_day(moment, zone), zone)


def named_period(unit: Unit, label: str, zone: tzinfo) -> BudgetPeriod:
    """The period of that label (`2026-11-20`, `2026-W47`, `2026-11`); behind an `@` stands the zone of another one."""
    label, _, elsewhere = label.partition("@")
    if elsewhere:
        there = named_period(unit, label, ZoneInfo(elsewhere))
        return BudgetPeriod(unit, f"{label}@{elsewhere}", there.window)
    if unit is Unit.WEEK:
        year, week = label.split("-W")
        return _span(unit, date.fromisocalendar(int(year), int(week), 1), zone)
    return _span(unit, date.fromisoformat(label if unit is Unit.DAY else f"{label}-01"), zone)


def _span(unit: Unit, day: date, zone: tzinfo) -> BudgetPeriod:
    return BudgetPeriod(unit, unit.label(unit.first_day(day)), period(unit, day, zone))


def passed(limit_nanos: int, spend_nanos: int, steps: Sequence[int]) -> Sequence[int]:
    """The steps, which ascend, that spend has reached; at equality it has."""
    # whole percent of integers: with floats, 877 of 2,000 members were wrong at equality
    return steps[: bisect_right(steps, percent(spend_nanos, limit_nanos))]


def verdicts(
    reached: Collection[int], known: Collection[int], silent: CrossingDecision | None
) -> dict[int, CrossingDecision]:
    """What to make of the steps reached that are not known yet.

    Args:
        reached: the steps that spend has passed.
        known: those recorded already, for this revision and period: a restatement never re-arms.
        silent: why nothing is to be told now, if so.
    """
    new = [step for step in reached if step not in known]
    if silent is not None:
        return dict.fromkeys(new, silent)
    verdict = dict.fromkeys(new, CrossingDecision.LOWER)
    if new and new[-1] > max(known, default=0):
        verdict[new[-1]] = CrossingDecision.TOLD
    return verdict


def percent(spend_nanos: int, limit_nanos: int) -> int:
    """How much of a limit is used, in whole percent, rounded down so that 100 means all of it."""
    return spend_nanos * 100 // limit_nanos if limit_nanos > 0 else 0
