"""The sandbox's clock: goes with the real one, and jumps ahead when told."""

from collections.abc import Callable
from datetime import datetime, timedelta


class SimClock:
    """A callable that gives simulated time (aware UTC): `real()` plus all advances so far."""

    def __init__(self, real: Callable[[], datetime]) -> None:
        self._real = real
        self._ahead = timedelta(0)

    def __call__(self) -> datetime:
        """The simulated moment."""
        return self._real() + self._ahead

    @property
    def ahead(self) -> timedelta:
        """All advances so far."""
        return self._ahead

    def advance(self, by: timedelta) -> datetime:
        """Jump forward, and say where to. Raises ValueError on a jump back: tasks only grow with time."""
        if by < timedelta(0):
            raise ValueError(f"simulated time goes forward only, not by {by}")
        self._ahead += by
        return self()
