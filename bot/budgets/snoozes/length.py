"""The length of a snooze: some hours, until the day ends, or until the budget's period does."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Self
from zoneinfo import ZoneInfo

from bot.budgets.periods import budget_period
from bot.domain.keys import MalformedKeyError, number
from bot.domain.periods import Unit, day_start, local_day

MOST_HOURS = 24 * 31


class SnoozeEnd(StrEnum):
    """What a snooze lasts until."""

    HOURS = "h"
    DAY = "today"
    PERIOD = "period"


@dataclass(frozen=True, slots=True)
class SnoozeLength:
    """How long a snooze lasts; `hours` is used only for an end after some hours."""

    end: SnoozeEnd
    hours: int = 0

    def encode(self) -> str:
        """Return `today`, `period` or, for two hours, `2h`."""
        return f"{self.hours}{self.end}" if self.end is SnoozeEnd.HOURS else self.end.value

    @classmethod
    def decode(cls, text: str) -> Self:
        """Return the length that a string stands for. Raises MalformedKeyError if there is none."""
        if text in {SnoozeEnd.DAY, SnoozeEnd.PERIOD}:
            return cls(SnoozeEnd(text))
        if not text.endswith(SnoozeEnd.HOURS):
            raise MalformedKeyError(f"{text!r} is no length of a snooze")
        hours = number(text.removesuffix(SnoozeEnd.HOURS))
        if not 1 <= hours <= MOST_HOURS:
            raise MalformedKeyError(f"{text!r} is too short or too long for a snooze")
        return cls(SnoozeEnd.HOURS, hours)

    def until(self, unit: Unit, now: datetime, zone: ZoneInfo) -> datetime:
        """Return when a snooze that begins now ends, for a budget of that unit."""
        if self.end is SnoozeEnd.DAY:
            return day_start(local_day(now, zone) + timedelta(days=1), zone)
        if self.end is SnoozeEnd.PERIOD:
            return budget_period(unit, now, zone).window.end
        return now + timedelta(hours=self.hours)


@dataclass(frozen=True, slots=True)
class SnoozeUntil:
    """A length that ends at a moment, whatever the unit of the budget."""

    at: datetime

    def until(self, _unit: Unit, _now: datetime, _zone: ZoneInfo) -> datetime:
        """Return when a snooze that begins now ends."""
        return self.at
