"""The rules of delivery: states, waits, where a message goes that cannot be told where it should, quiet hours."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta, tzinfo
from enum import StrEnum

from bot.domain.periods import instant


class NotificationState(StrEnum):
    """What has become of a notification."""

    PENDING = "pending"  # owed
    SENDING = "sending"  # claimed by a process, which is at it
    UNSURE = "unsure"  # it may or may not have arrived: it is looked for before it is sent again
    SENT = "sent"
    DEAD = "dead"  # refused for good; where there is another way, another notification goes it
    MOVED = "moved"  # handed on to other destinations, such as each operator
    MISSED = "missed"  # owed too long; a summary tells of it


OPEN = (NotificationState.PENDING, NotificationState.SENDING, NotificationState.UNSURE)


# what nobody waits for lets alerts go first, by what a stem begins with
CHATTER = ("request", "decided", "welcome")
URGENCY = "substr(stem, 1, instr(stem || ':', ':') - 1) IN ({})".format(",".join(f"'{each}'" for each in CHATTER))


@dataclass(frozen=True, slots=True)
class DeliveryTiming:
    """How long things take, in seconds.

    `request` is less than half of `lease`, so that a claim outlives its request; `unsure` is waited before a message
    that may have arrived is looked for; `checks` are when copies are looked for once more, counted from so long after
    it was sent or found.
    """

    request: float = 10.0
    lease: float = 30.0
    unsure: float = 60.0
    checks: tuple[float, ...] = (90.0, 240.0, 450.0)
    pace: float = 1.0  # between two posts in a channel
    first_wait: float = 5.0  # after a failure that left nothing behind; doubled each time
    longest_wait: float = 300.0
    margin: float = 300.0  # our clock against Slack's, when a message is looked for


# whom a message goes to that its destination cannot take, by the destination's kind
FALLBACK = {"member": "ops:operators", "alert": "ops", "channel": "ops", "ops": "operators"}


def fallback(destination: str) -> tuple[str, ...]:
    """Where a message goes instead, if anywhere."""
    kind = destination.partition(":")[0]
    return (FALLBACK[kind],) if kind in FALLBACK else ()


def waiting(timing: DeliveryTiming, attempts: int) -> timedelta:
    """How long to wait after so many attempts that left nothing behind."""
    return timedelta(seconds=min(timing.first_wait * 2 ** min(attempts, 20), timing.longest_wait))


@dataclass(frozen=True, slots=True)
class QuietHours:
    """Local times between which nobody is written to directly; they may span midnight."""

    start: time
    end: time

    def until(self, now: datetime, zone: tzinfo) -> datetime | None:
        """The end (UTC) of the quiet hours that `now` lies in; None outside of them."""
        local = now.astimezone(zone)
        if not self._hold(local.time()):
            return None
        day = local.date() if local.time() < self.end else local.date() + timedelta(days=1)
        end = instant(datetime.combine(day, self.end), zone)
        return end if end > now else None

    def _hold(self, at: time) -> bool:
        if self.start <= self.end:
            return self.start <= at < self.end
        return at >= self.start or at < self.end
