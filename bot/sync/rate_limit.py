"""Waits that Neo asked for: kept in the ledger, so that no poll, question or restart asks before they are over."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from bot.database import metadata
from bot.database.reader import Reader
from bot.domain.timestamps import from_us, to_us
from bot.neo.errors import RateLimitedError

if TYPE_CHECKING:
    from sqlalchemy import Connection

LONGEST = timedelta(days=1)  # whatever Neo asks for; then it is asked again
_KEY = "neo_wait"


def keep(connection: "Connection", seconds: float, now: datetime) -> None:
    """Write down that Neo wants to be left alone for so many seconds from now."""
    wait = timedelta(seconds=min(seconds, LONGEST.total_seconds()))
    metadata.write(connection, _KEY, f"{to_us(now)} {to_us(now + wait)}")


def end_of_wait(reader: Reader, now: datetime) -> datetime | None:
    """Until when Neo wants to be left alone; None if it may be asked.

    A wait that begins in the future was written by a clock that ran ahead, and is not believed.
    """
    kept = metadata.read(reader, _KEY)
    if kept is None:
        return None
    began, ends = (from_us(int(part)) for part in kept.split())
    return ends if began <= now < ends else None


def check(reader: Reader, now: datetime) -> None:
    """Ask nothing of Neo before its wait is over.

    Raises:
        RateLimitedError: it is not over yet.
    """
    ends = end_of_wait(reader, now)
    if ends is not None:
        raise RateLimitedError(f"Neo is limiting requests and asked to wait until {ends:%Y-%m-%d %H:%M} UTC.", None)
