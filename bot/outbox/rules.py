"""The rules of delivery: states, waiting times, destinations that stand in for others, quiet hours."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, time, timedelta, tzinfo
from enum import StrEnum
from typing import TYPE_CHECKING

from bot.domain.periods import instant

if TYPE_CHECKING:
    from bot.settings.model import Settings


class NotificationState(StrEnum):
    """What has become of a notification."""

    PENDING = "pending"  # waits to be sent
    SENDING = "sending"  # claimed by a process, which sends it
    UNCONFIRMED = "unsure"  # it may or may not have arrived: it is looked for before it is sent again
    SENT = "sent"
    DEAD = "dead"  # refused for good; another one goes to the fallback destination, if there is one
    DISCARDED = "moved"  # ended unsent on purpose: replaced at other destinations, withdrawn, or nothing to say
    MISSED = "missed"  # it waited too long; a summary lists it


NOTHING_TO_SAY = "nothing to say any more"  # the error of a discarded notification that was rendered to nothing

OPEN = (NotificationState.PENDING, NotificationState.SENDING, NotificationState.UNCONFIRMED)

StandBack = Callable[[], timedelta]
"""Returns for how long what is due is left to another process at present."""

STANDBY_WAIT = timedelta(seconds=15)  # of a process that stands by: otherwise two would not keep one pace and order

CATCHING_UP_WAIT = timedelta(seconds=15)  # until it is looked again whether a restored ledger has caught up

REFUSED_FOR = timedelta(hours=24)  # an event that the receiver refuses is sent again, from when it was made
UNAVAILABLE_FOR = timedelta(hours=72)  # and one that it does not take because it is down
FEWEST_ATTEMPTS = 20  # before an event is given up: a clock that is wrong for a moment ends none

LONGEST_WAIT = timedelta(hours=1)  # for which anything is postponed, whatever Slack says
AFTER_QUIET = timedelta(hours=1)  # in which what waited for the end of quiet hours is sent by itself, however old


@dataclass(frozen=True, slots=True)
class DeliveryTiming:
    """How long things take, in seconds.

    `request` is less than half of `lease`, so that a claim outlives its request; a message that may have arrived
    is looked for after `unconfirmed`; its second copies are looked for so long plus each of `checks` after it was sent
    or found.
    """

    request: float = 10.0
    lease: float = 30.0
    unconfirmed: float = 60.0
    checks: tuple[float, ...] = (90.0, 240.0, 450.0)
    pace: float = 1.0  # between two posts in a channel
    first_wait: float = 5.0  # after a failure that left nothing behind; doubled each time
    longest_wait: float = 300.0
    margin: float = 300.0  # our clock against Slack's, when a message is looked for

    @property
    def first_check(self) -> timedelta:
        """How long after a message was sent or found its second copies are looked for."""
        return timedelta(seconds=self.unconfirmed + self.checks[0])

    def next_check(self, number: int) -> timedelta | None:
        """Return how long after the check before it the check of that number follows; None if it was the last."""
        if number >= len(self.checks):
            return None
        return timedelta(seconds=self.checks[number] - self.checks[number - 1])

    def wait_after(self, attempts: int) -> timedelta:
        """Return how long to wait after so many attempts that left nothing behind."""
        return timedelta(seconds=min(self.first_wait * 2 ** min(attempts, 20), self.longest_wait))


@dataclass(frozen=True, slots=True)
class QuietHours:
    """Local times between which nobody gets a direct message; they may span midnight."""

    start: time
    end: time
    zone: tzinfo

    @classmethod
    def from_settings(cls, settings: "Settings") -> "QuietHours | None":
        """Return the quiet hours that the settings ask for; None if they ask for none."""
        hours = settings.quiet_hours
        return None if hours is None else cls(*hours, settings.timezone)

    def extended(self, deadline: datetime) -> datetime:
        """Return a deadline, or if quiet hours hold a message back until then, a while after their end."""
        end = self.until(deadline - AFTER_QUIET)
        return deadline if end is None else max(deadline, end + AFTER_QUIET)

    def until(self, now: datetime) -> datetime | None:
        """Return the end (UTC) of the quiet hours that `now` lies in; None outside of them."""
        local = now.astimezone(self.zone)
        if not self._hold(local.time()):
            return None
        day = local.date() if local.time() < self.end else local.date() + timedelta(days=1)
        end = instant(datetime.combine(day, self.end), self.zone)
        return end if end > now else None

    def _hold(self, at: time) -> bool:
        if self.start <= self.end:
            return self.start <= at < self.end
        return at >= self.start or at < self.end
