"""RFC 3339: a moment as others write it, read to the microsecond and never into another day."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

_WRITTEN = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{0,99}))?)?"
    r"(?: ?(Z|UTC|[+-](\d\d)(?::?(\d\d)(?::?(\d\d))?)?))?",
    re.ASCII | re.IGNORECASE,
)
_LEAP_SECOND = 60
_DAY = timedelta(days=1)
_LAST_MINUTE = timedelta(hours=23, minutes=59)
_HOURS = 24  # of a day
_PARTS = 60  # of an hour, and of a minute


class TimestampError(ValueError):
    """A text does not name exactly one moment; the message says why."""


@dataclass(frozen=True, slots=True)
class Timestamp:
    """A date and time as written (naive), and its offset from UTC where one was given."""

    local: datetime
    offset: timedelta | None = None

    @property
    def utc(self) -> datetime:
        """The moment in UTC. Raises TimestampError if no offset was given, or no calendar reaches so far."""
        if self.offset is None:
            raise TimestampError("without an offset from UTC")
        try:
            return (self.local - self.offset).replace(tzinfo=UTC)
        except OverflowError:
            raise TimestampError("beyond the years there are") from None


def read_timestamp(text: str) -> Timestamp | None:
    """Return what a text such as `2026-11-20T09:00:00.5Z` names; None if it is not written as date and time.

    Besides RFC 3339: a space for the T, small letters, a comma before the fraction, no seconds, and offsets as
    `+0530`, `+05` or with seconds. What is finer than a microsecond is cut off, and a leap second (23:59:60 UTC)
    ends with the second before it, so that neither falls into the next day.

    Raises TimestampError if it is written so, but there is no such time.
    """
    match = _WRITTEN.fullmatch(text)
    if not match:
        return None
    year, month, day, hour, minute, second = (int(part or 0) for part in match.groups()[:6])
    offset = _offset(*match.groups()[7:])
    microsecond = int((match[7] or "")[:6].ljust(6, "0"))
    leap = second == _LEAP_SECOND
    try:
        local = datetime.combine(date(year, month, day), time(hour, minute, second - leap, microsecond))
    except ValueError as error:
        raise TimestampError(f"no such time ({error})") from error
    return Timestamp(_before_leap_second(local, offset) if leap else local, offset)


def _before_leap_second(local: datetime, offset: timedelta | None) -> datetime:
    """Return the last microsecond before a leap second: all of them are inserted at the end of a day in UTC.

    Raises TimestampError if none can be there.
    """
    if (timedelta(hours=local.hour, minutes=local.minute) - (offset or timedelta())) % _DAY != _LAST_MINUTE:
        raise TimestampError("no such time (second must be in 0..59)")
    return local.replace(microsecond=999_999)


def _offset(text: str | None, *parts: str | None) -> timedelta | None:
    if text is None:
        return None
    hours, minutes, seconds = (int(part or 0) for part in parts)
    if hours >= _HOURS or minutes >= _PARTS or seconds >= _PARTS:
        raise TimestampError("no such offset")
    offset = timedelta(hours=hours, minutes=minutes, seconds=seconds)
    return -offset if text[0] == "-" else offset


def offset_text(offset: timedelta) -> str:
    """Return an offset as it can be read back: `Z`, `+05:30`, `-00:00:30`."""
    if not offset:
        return "Z"
    minutes, seconds = divmod(abs(offset) // timedelta(seconds=1), _PARTS)
    text = f"{'-' if offset < timedelta() else '+'}{minutes // _PARTS:02d}:{minutes % _PARTS:02d}"
    return f"{text}:{seconds:02d}" if seconds else text
