"""The periods that have begun: which ones the ledger was last evaluated in, kept in its metadata."""

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from bot.budgets.periods import UNITS, PeriodName, budget_period
from bot.database import metadata

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from bot.database.reader import Reads

_KEY = "budget_periods"
_ZONE = "zone="


@dataclass(frozen=True, slots=True)
class BegunPeriods:
    """The names of the periods in progress, and the time zone of their calendar ("" if it is unknown)."""

    names: tuple[PeriodName, ...] = ()
    zone: str = ""

    def encode(self) -> str:
        """Return the names and `zone=<zone>`, separated by spaces."""
        zone = [f"{_ZONE}{self.zone}"] if self.zone else []
        return " ".join([*(name.encode() for name in self.names), *zone])

    @classmethod
    def decode(cls, text: str) -> Self:
        """Return the periods that a string stands for. Raises MalformedKeyError if it names none."""
        parts = text.split()
        zones = [part.removeprefix(_ZONE) for part in parts if part.startswith(_ZONE)]
        names = tuple(PeriodName.decode(part) for part in parts if not part.startswith(_ZONE))
        return cls(names, zones[0] if zones else "")

    def former_zone(self, present: ZoneInfo) -> ZoneInfo | None:
        """Return the time zone if it is known and not the present one."""
        if self.zone in {"", present.key}:
            return None
        try:
            return ZoneInfo(self.zone)
        except (ZoneInfoNotFoundError, ValueError):  # this machine does not know it any more
            return None


def present_periods(now: datetime, zone: ZoneInfo) -> BegunPeriods:
    """Return the periods in progress."""
    return BegunPeriods(tuple(budget_period(unit, now, zone).name for unit in UNITS), zone.key)


def begun_periods(reads: "Reads") -> BegunPeriods:
    """Return the periods that the ledger was last evaluated in; none if it never was."""
    return BegunPeriods.decode(metadata.read(reads, _KEY) or "")


def put_begun_periods(connection: "Connection", periods: BegunPeriods) -> None:
    """Record the periods that the ledger is evaluated in."""
    metadata.write(connection, _KEY, periods.encode())
