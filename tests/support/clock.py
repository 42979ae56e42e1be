"""The clock of a test: it goes on with the real one, and is moved forward and back."""

from datetime import timedelta

from bot.sandbox.clock import SimClock


class AdjustableClock(SimClock):
    """A simulated clock that can also be set back, as an administrator does."""

    def set_back(self, by: timedelta) -> None:
        """Move the clock back by a span."""
        self._ahead -= by
