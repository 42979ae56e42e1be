"""Posts at fixed times: until when one waits for fresh data, and when it is too late for it."""

from dataclasses import dataclass
from datetime import datetime, timedelta

CATCH_UP = timedelta(hours=12)  # later than this, a post is skipped
DATA_WAIT = timedelta(hours=1)  # how long one waits for fresh data
LAST_CALL = timedelta(minutes=10)  # before CATCH_UP ends, it is posted even if data is missing
_ASLEEP = timedelta(minutes=5)  # a longer time between two ticks means that the machine slept


def data_deadline(due: datetime, awake: datetime) -> datetime:
    """Return until when a post waits for fresh data.

    The wait is counted from when it was `due`, or from when the process was `awake` to read any.
    """
    return min(max(due, awake) + DATA_WAIT, due + CATCH_UP - LAST_CALL)


@dataclass(slots=True)
class TickRecord:
    """The ticks of a job, which follow each other closely unless the machine slept or its clock was set."""

    _ticked_at: datetime | None = None
    _awake_since: datetime | None = None

    def add(self, now: datetime) -> datetime:
        """Record a tick, and return since when ticks have followed each other closely."""
        if self._ticked_at is None or not timedelta(0) <= now - self._ticked_at < _ASLEEP:
            self._awake_since = now
        self._ticked_at = now
        return self._awake_since or now

    def clear(self) -> None:
        """Forget the ticks: another process has run the job since."""
        self._ticked_at = None
