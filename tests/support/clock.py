"""The clocks of tests: one that is moved forward and back, and one that processes have which a test sets."""

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot.sandbox.clock import SimClock


class AdjustableClock(SimClock):
    """A simulated clock that can also be set back, as an administrator does."""

    def set_back(self, by: timedelta) -> None:
        """Move the clock back by a span."""
        self._ahead -= by


class ServicesClock(SimClock):
    """A simulated clock that services have too which have `clock_of` a file, but for what theirs is set off by."""

    def __init__(self, real: Callable[[], datetime], ahead: timedelta, beside: Path) -> None:
        super().__init__(real, ahead)
        self._beside, self._off = beside, timedelta(0)
        self.set_off(timedelta(0))

    def advance(self, by: timedelta) -> datetime:
        """Move all clocks forward and return the new time."""
        now = super().advance(by)
        self.set_off(self._off)
        return now

    def set_off(self, by: timedelta) -> None:
        """Set the services' clock off by a span; by nothing it is right."""
        self._off = by
        set_off(self._beside, (self.ahead + by).total_seconds())


def set_off(beside: Path, seconds: float) -> None:
    """Set the clock of all processes that have `clock_of` the same file: so many seconds off the machine's."""
    new = beside.with_name(f"{beside.name}.off.new")
    new.write_text(str(seconds), encoding="utf-8")
    new.replace(_off(beside))


def set_right(beside: Path) -> None:
    """Put the clock of those processes right."""
    _off(beside).unlink()


def clock_of(beside: Path) -> Callable[[], datetime]:
    """The machine's clock as it is set: so many seconds off as stands in a file."""
    off = _off(beside)

    def now() -> datetime:
        seconds = 0.0
        with suppress(FileNotFoundError):  # right
            seconds = float(off.read_text(encoding="utf-8"))
        return datetime.now(UTC) + timedelta(seconds=seconds)  # noqa: TID251 - a process has the machine's clock

    return now


def _off(beside: Path) -> Path:
    return beside.with_name(f"{beside.name}.off")
