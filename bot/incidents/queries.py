"""Queries about incidents: what is wrong now."""

from typing import TYPE_CHECKING

from bot.database.reader import plain_rows

if TYPE_CHECKING:
    from bot.database.reader import Reads


def open_incidents(reads: "Reads") -> list[str]:
    """Return what is wrong now, an incident a text."""
    return [said for (said,) in plain_rows(reads, "SELECT said FROM incident WHERE ended_at IS NULL")]


def open_incident_count(reads: "Reads") -> int:
    """Return how many incidents are open."""
    return int(plain_rows(reads, "SELECT count(*) FROM incident WHERE ended_at IS NULL")[0][0])
