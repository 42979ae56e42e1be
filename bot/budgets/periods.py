"""The periods of budgets: days, weeks and months on the calendar of a time zone; and cases: a subject in a period."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta, tzinfo
from typing import Self
from zoneinfo import ZoneInfo

from bot.database.chunks import chunks
from bot.domain.keys import MalformedKeyError
from bot.domain.narrowing import ALL_TASKS, TaskNarrowing, narrowing_of
from bot.domain.periods import Unit, Window, local_day, period

UNITS = (Unit.DAY, Unit.WEEK, Unit.MONTH)
LATE = timedelta(hours=72)  # after a period's end, in which a crossing of it is still notified
_ZONE = re.compile(r"([A-Za-z0-9_+-]+(/[A-Za-z0-9_+-]+)*)?", re.ASCII)


@dataclass(frozen=True, slots=True, eq=False)
class BudgetPeriod:
    """A budget's period: its unit, its label, its window, and which tasks the budget counts.

    It is compared by identity, which makes it a quick key of a dictionary. Compare periods that were made apart by
    their `name`.
    """

    unit: Unit
    label: str
    window: Window
    narrowing: TaskNarrowing = ALL_TASKS

    @property
    def days(self) -> str:
        """Its label without what its budget counts: `2026-11`."""
        return self.name.narrowed(ALL_TASKS).label

    @property
    def name(self) -> "PeriodName":
        """The unit and label, which identify it."""
        return PeriodName(self.unit, self.label)

    def calendar(self, zone: ZoneInfo) -> ZoneInfo:
        """Return the time zone of its calendar: that in its label, or else `zone`."""
        named = PeriodLabel.decode(self.label).zone
        return ZoneInfo(named) if named else zone

    def is_notified(self, now: datetime) -> bool:
        """Return whether crossings of it are still notified, which is so until a while after its end."""
        return now < self.window.end + LATE


@dataclass(frozen=True, slots=True)
class PeriodName:
    """A period's unit and label, which identify it."""

    unit: Unit
    label: str

    @property
    def narrowing(self) -> TaskNarrowing:
        """Which tasks its budgets count."""
        return PeriodLabel.decode(self.label).narrowing

    def narrowed(self, narrowing: TaskNarrowing) -> Self:
        """Return the name of the same period for budgets that count these tasks."""
        return replace(self, label=replace(PeriodLabel.decode(self.label), narrowing=narrowing).encode())

    def encode(self) -> str:
        """Return `<unit>:<label>`."""
        return f"{self.unit}:{self.label}"

    @classmethod
    def decode(cls, text: str) -> Self:
        """Return the name of `<unit>:<label>`. Raises MalformedKeyError if the text is anything else."""
        unit, _, label = text.partition(":")
        if unit not in set(UNITS):
            raise MalformedKeyError(f"{text!r} is of no unit that budgets have")
        try:
            PeriodLabel.decode(label).first_day(Unit(unit))
        except ValueError as error:
            raise MalformedKeyError(f"{text!r} names no period") from error
        return cls(Unit(unit), label)


@dataclass(frozen=True, slots=True)
class PeriodLabel:
    """A period's label: its day, week or month, and the time zone of its calendar if that is not the present one.

    That of a budget which counts only some tasks names these too.
    """

    day: str
    zone: str = ""
    narrowing: TaskNarrowing = ALL_TASKS

    def encode(self) -> str:
        """Return `<day>` or `<day>@<zone>`, with ` <narrowing>` behind it if there is one.

        The day is such as `2026-11-20`, `2026-W47` or `2026-11`.
        """
        days = f"{self.day}@{self.zone}" if self.zone else self.day
        return f"{days} {self.narrowing}" if self.narrowing else days

    @classmethod
    def decode(cls, text: str) -> Self:
        """Return the label of a string form. Raises MalformedKeyError if its time zone or its narrowing is none."""
        days, space, narrowing = text.partition(" ")
        day, _, zone = days.partition("@")
        if not _ZONE.fullmatch(zone):
            raise MalformedKeyError(f"{text!r} names no time zone")
        try:
            label = cls(day, zone, narrowing_of(narrowing))
        except ValueError as error:
            raise MalformedKeyError(f"{text!r} names no tasks") from error
        if space and not label.narrowing:
            raise MalformedKeyError(f"{text!r} ends with a space")
        return label

    def first_day(self, unit: Unit) -> date:
        """Return the first day of the period. Raises ValueError if `day` is not such as periods of the unit have."""
        if unit is Unit.WEEK:
            year, _, week = self.day.partition("-W")
            return date.fromisocalendar(int(year), int(week), 1)
        return date.fromisoformat(self.day if unit is Unit.DAY else f"{self.day}-01")


def budget_period(unit: Unit, moment: datetime, zone: tzinfo, narrowing: TaskNarrowing = ALL_TASKS) -> BudgetPeriod:
    """Return the period of a unit that holds a moment, for budgets that count these tasks."""
    return _period_of(unit, local_day(moment, zone), zone, narrowing)


def named_period(name: PeriodName, zone: tzinfo) -> BudgetPeriod:
    """Return the period of a name, on the calendar of the zone in its label, or else of `zone`."""
    label = PeriodLabel.decode(name.label)
    calendar = ZoneInfo(label.zone) if label.zone else zone
    of_date = _period_of(name.unit, label.first_day(name.unit), calendar, label.narrowing)
    return replace(of_date, label=name.label) if label.zone else of_date


def previous_period(following: BudgetPeriod, zone: tzinfo) -> BudgetPeriod:
    """Return the period before another one."""
    return budget_period(following.unit, following.window.start - timedelta.resolution, zone, following.narrowing)


def notified_periods(
    unit: Unit, now: datetime, zone: tzinfo, narrowing: TaskNarrowing = ALL_TASKS
) -> Iterator[BudgetPeriod]:
    """Yield the periods of a unit whose crossings are still notified: the present one, then those before it."""
    each = budget_period(unit, now, zone, narrowing)
    while each.is_notified(now):
        yield each
        each = previous_period(each, zone)


def _period_of(unit: Unit, day: date, zone: tzinfo, narrowing: TaskNarrowing) -> BudgetPeriod:
    label = PeriodLabel(unit.label(unit.first_day(day)), narrowing=narrowing)
    return BudgetPeriod(unit, label.encode(), period(unit, day, zone), narrowing)


Case = tuple[int, BudgetPeriod]
"""A subject and a period of its budget. It has one spend, and at most one limit."""


def subjects_by_period(cases: Iterable[Case]) -> Iterator[tuple[BudgetPeriod, list[int]]]:
    """Yield each period and its subjects, at most as many at a time as a statement takes."""
    subjects: dict[BudgetPeriod, list[int]] = defaultdict(list)
    for subject, its_period in cases:
        subjects[its_period].append(subject)
    for its_period, its_subjects in subjects.items():
        for part in chunks(its_subjects):
            yield its_period, part
