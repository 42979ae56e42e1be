"""Instants: moments are stored as whole microseconds since 1970 UTC, exact and quick to compare."""

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def to_us(moment: datetime) -> int:
    """Microseconds since 1970 UTC of an aware moment."""
    return (moment - _EPOCH) // _MICROSECOND


def from_us(microseconds: int) -> datetime:
    """The moment (UTC) of microseconds since 1970."""
    return _EPOCH + timedelta(microseconds=microseconds)
