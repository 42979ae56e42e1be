"""The creation time of a row, read exactly."""

from datetime import datetime

from bot.domain.rfc3339 import TimestampError, read_timestamp

_YEARS = range(2000, 2100)
_Z_OR_POINT = frozenset("Z.")
_from_iso = datetime.fromisoformat


def creation_time(text: str) -> datetime:
    """Return the moment that a row's `created_at` names.

    Raises:
        ValueError: with the reason it cannot be read.
    """
    try:
        moment = _parse_fast(text) or _parse_slow(text)
    except TimestampError as error:
        raise ValueError(f"`created_at` names {error} - at `$.created_at`") from None
    if moment.year not in _YEARS:
        raise ValueError("`created_at` is outside the years 2000 to 2099")
    return moment


def readable_creation_time(created_at: object) -> datetime | None:
    """Return a creation time that is text, or read already; None if it cannot be read."""
    if isinstance(created_at, datetime):
        return created_at
    try:
        return creation_time(created_at) if isinstance(created_at, str) else None
    except ValueError:
        return None


def _parse_fast(text: str) -> datetime | None:
    """Return the moment of the usual spelling, `2026-11-20T09:00:00.123456789Z`, ten times as fast as `_parse_slow`.

    Returns None for any other spelling.
    """
    if text[4:5] == text[7:8] == "-" and text[10:11] == "T" and text[19:20] in _Z_OR_POINT and text[-1:] == "Z":
        try:
            return _from_iso(text) if text[11:13] != "24" else None  # not every Python reads the hour 24
        except ValueError:
            return None
    return None


def _parse_slow(text: str) -> datetime:
    """Return the moment of any other spelling. Raises ValueError or TimestampError if there is none."""
    timestamp = read_timestamp(text.strip())
    if timestamp is None:
        raise ValueError("Invalid RFC3339 encoded datetime - at `$.created_at`")
    if timestamp.offset is None:
        raise ValueError("Expected `datetime` with a timezone component - at `$.created_at`")
    return timestamp.utc
