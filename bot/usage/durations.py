"""Durations as people read them."""

from datetime import timedelta

_MINUTE = 60  # seconds
_TWO_HOURS, _TWO_DAYS = 2 * 60, 48 * 60  # minutes


def every(interval: timedelta) -> str:
    """Return how often something happens, such as `every 5 minutes`."""
    minutes = round(interval.total_seconds() / 60)
    return "every minute" if minutes <= 1 else f"every {minutes:,} minutes"


def ago(age: timedelta) -> str:
    """Return how long ago something was, such as `5 min ago`."""
    minutes = int(age.total_seconds() // 60)
    if minutes < 1:
        return "just now"
    if minutes < _TWO_HOURS:
        return f"{minutes} min ago"
    return f"{minutes // 60} h ago" if minutes < _TWO_DAYS else f"{minutes // 1440} days ago"


def duration(milliseconds: int) -> str:
    """Return a duration in the unit that suits it, such as `9.0 s` or `90 min`."""
    seconds = milliseconds / 1000
    if seconds < _MINUTE:
        return f"{seconds:.1f} s"
    minutes = seconds / 60
    return f"{minutes:.0f} min" if minutes < _TWO_HOURS else f"{minutes / 60:,.0f} h"
