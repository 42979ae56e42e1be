"""Headers of HTTP answers: a date, and for how long the other side asks to be left alone."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

_SECONDS = re.compile(r"(\d+)(\.\d*)?", re.ASCII)  # whole numbers by the standard, but some send fractions


def retry_after(headers: Mapping[str, str], now: datetime | None) -> float | None:
    """Return the seconds to wait by the Retry-After header; a date in it counts from `Date`, else from now."""
    text = headers.get("retry-after", "").strip()
    if seconds := _SECONDS.fullmatch(text):
        return float(f"{seconds[1][:9]}{seconds[2] or ''}")
    retry_at, sent_at = http_date(text), http_date(headers.get("date")) or now
    return max(0.0, (retry_at - sent_at).total_seconds()) if retry_at and sent_at else None


def http_date(text: str | None) -> datetime | None:
    """Return the moment (UTC) of a header such as `Date`; None if it is none."""
    try:
        moment = parsedate_to_datetime(text or "")
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, TypeError, OverflowError):
        return None
