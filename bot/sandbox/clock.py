"""The sandbox's clock, which follows the real one from any time on and can be advanced."""

from collections.abc import Callable
from datetime import datetime, timedelta


class SimClock:
    """A callable that returns simulated time (aware UTC): `real()` plus `ahead`, which may begin in the past."""

    def __init__(self, real: Callable[[], datetime], ahead: timedelta = timedelta(0)) -> None:
        self._real = real
        self._ahead = ahead

    def __call__(self) -> datetime:
        """Return the simulated time."""
        return self._real() + self._ahead

    @property
    def ahead(self) -> timedelta:
        """How far it is ahead of the real time; negative if it is behind."""
        return self._ahead

    def advance(self, by: timedelta) -> datetime:
        """Move forward and return the new time. Raises ValueError if `by` is negative: tasks only grow with time."""
        if by < timedelta(0):
            raise ValueError(f"simulated time goes forward only, not by {by}")
        self._ahead += by
        return self()
