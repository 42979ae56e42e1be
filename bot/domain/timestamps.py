"""Timestamps: moments as the database has them, whole microseconds since 1970 UTC, exact and quick to compare."""

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def to_us(moment: datetime) -> int:
    """Return the microseconds since 1970 UTC of an aware moment."""
    return (moment - _EPOCH) // _MICROSECOND


def from_us(microseconds: int) -> datetime:
    """Return the moment (UTC) of microseconds since 1970."""
    return _EPOCH + timedelta(microseconds=microseconds)


def optional_to_us(moment: datetime | None) -> int | None:
    """Return the microseconds since 1970 UTC of an aware moment; None for none."""
    return None if moment is None else to_us(moment)


def optional_from_us(microseconds: int | None) -> datetime | None:
    """Return the moment (UTC) of microseconds since 1970; None for none."""
    return None if microseconds is None else from_us(microseconds)
