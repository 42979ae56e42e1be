"""The tally of a pass, and how a pass ends."""

from dataclasses import dataclass
from enum import StrEnum

from bot.ledger.booking_result import BookingResult


class PassOutcome(StrEnum):
    """How a pass ended."""

    COMPLETE = "complete"
    INCOMPLETE = "incomplete"  # all of it was read, and does not add up
    FAILED = "failed"  # the upstream did not give it
    BROKEN = "broken"  # something went wrong here
    INTERRUPTED = "interrupted"  # it was told to stop


@dataclass(slots=True)
class PassTally:
    """What a pass has read and booked so far. Counts are of tasks, but for `pages` and `quarantined` rows."""

    pages: int = 0
    tasks: int = 0
    new: int = 0
    grown: int = 0
    restated: int = 0
    quarantined: int = 0
    email_lost: int = 0

    def add(self, result: BookingResult) -> None:
        """Count one transaction."""
        self.new += result.new
        self.grown += result.grown
        self.restated += result.restated
        self.quarantined += len(result.quarantined)
        self.email_lost += result.email_lost

    @property
    def rows(self) -> dict[str, int]:
        """How many rows brought something new, by what it was."""
        return {
            "new": self.new,
            "grown": self.grown,
            "restated": self.restated,
            "quarantined": self.quarantined,
        }

    def include(self, other: "PassTally") -> None:
        """Count another pass's tally too."""
        for name in self.__slots__:
            setattr(self, name, getattr(self, name) + getattr(other, name))
