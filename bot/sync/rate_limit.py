"""Rate limits of Neo: the wait it asked for is stored, and no request is sent before it ends, even after a restart."""

from datetime import datetime, timedelta

from sqlalchemy import Connection

from bot.database import metadata
from bot.domain.timestamps import from_us, to_us
from bot.neo.errors import RateLimitedError

LONGEST = timedelta(days=1)  # of a wait, whatever Neo asks for
_KEY = "neo_wait"


def record_wait(connection: Connection, seconds: float, now: datetime) -> None:
    """Record that Neo asked for no requests for so many seconds from now."""
    wait = timedelta(seconds=min(seconds, LONGEST.total_seconds()))
    metadata.write(connection, _KEY, f"{to_us(now)} {to_us(now + wait)}")


def end_of_wait(connection: Connection, now: datetime) -> datetime | None:
    """Return when the wait that Neo asked for ends; None if Neo may be asked.

    A wait that begins in the future was recorded by a clock that ran ahead, and is ignored.
    """
    recorded = metadata.read(connection, _KEY)
    if recorded is None:
        return None
    began, ends = (from_us(int(part)) for part in recorded.split())
    return ends if began <= now < ends else None


def require_wait_over(connection: Connection, now: datetime) -> None:
    """Check that no wait is left.

    Raises:
        RateLimitedError: the wait that Neo asked for is not over yet.
    """
    ends = end_of_wait(connection, now)
    if ends is not None:
        raise RateLimitedError(f"Neo is limiting requests and asked to wait until {ends:%Y-%m-%d %H:%M} UTC.", None)
