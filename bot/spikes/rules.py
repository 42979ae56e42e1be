"""What a spike is: a day at least three times the median of a member's own active days, and above a floor.

Without enough active days to compare with, it is a day above a floor of its own, and at least three times as expensive
as any before: whoever spends much from the first day on is reported on that one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from bot.domain.money import median_nanos
from bot.domain.pricing import SpendBasis

if TYPE_CHECKING:
    from bot.settings.model import Settings

TIMES = 3
DAYS = 28  # before the day in question; those with spend count
LEAST_ACTIVE = 5
FIRST_DAYS_FLOOR = 10  # times the floor: what a day has to cost before there are so many active ones


@dataclass(frozen=True, slots=True)
class SpikePolicy:
    """The settings that spikes depend on: the zone of days, what spend adds up, and the floor in nanos."""

    zone: ZoneInfo
    basis: SpendBasis
    floor_nanos: int

    @classmethod
    def from_settings(cls, settings: "Settings") -> "SpikePolicy":
        """Return the policy that the settings ask for."""
        return cls(settings.timezone, settings.spend_basis, settings.spike_floor)


@dataclass(frozen=True, slots=True)
class Spike:
    """A member's day, the median of their active days before it (nanos both), and how many those were.

    With fewer than LEAST_ACTIVE there is nothing to compare it with, and the median is 0.
    """

    member: int
    nanos: int
    usual_nanos: int
    active: int

    @property
    def has_baseline(self) -> bool:
        """Whether there are enough active days to compare it with."""
        return self.active >= LEAST_ACTIVE

    @property
    def times(self) -> int:
        """How many usual days it cost, rounded down; 0 without a baseline."""
        return self.nanos // self.usual_nanos if self.has_baseline else 0


def spike(member: int, nanos: int, before: Sequence[int], floor_nanos: int) -> Spike | None:
    """Return a member's day as a spike; None if it is none.

    Args:
        member: the member's id.
        nanos: what the day cost.
        before: what each of the DAYS days before it cost; those that cost something are active.
        floor_nanos: below which no day is one; without a baseline FIRST_DAYS_FLOOR times that, and TIMES the most
            expensive day before.
    """
    active = [each for each in before if each > 0]
    if nanos < floor_nanos:
        return None
    if len(active) < LEAST_ACTIVE:
        least = max(FIRST_DAYS_FLOOR * floor_nanos, TIMES * max(active, default=0))
        return Spike(member, nanos, 0, len(active)) if nanos >= least else None
    usual = median_nanos(active)
    return Spike(member, nanos, usual, len(active)) if nanos >= TIMES * usual else None
