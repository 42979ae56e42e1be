"""The sandbox's clock, which follows the real one and can be advanced."""

from collections.abc import Callable
from datetime import datetime, timedelta


class SimClock:
    """A callable that returns simulated time (aware UTC): `real()` plus all advances so far."""

    def __init__(self, real: Callable[[], datetime]) -> None:
        self._real = real
        self._ahead = timedelta(0)

    def __call__(self) -> datetime:
        """Return the simulated time."""
        return self._real() + self._ahead

    @property
    def ahead(self) -> timedelta:
        """The sum of all advances so far."""
        return self._ahead

    def advance(self, by: timedelta) -> datetime:
        """Move forward and return the new time. Raises ValueError if `by` is negative: tasks only grow with time."""
        if by < timedelta(0):
            raise ValueError(f"simulated time goes forward only, not by {by}")
        self._ahead += by
        return self()
