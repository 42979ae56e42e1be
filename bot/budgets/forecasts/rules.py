"""The rules of forecast alerts: how long a budget is expected to last, and when that is worth an alert."""

from enum import StrEnum


class Outlook(StrEnum):
    """What is to be expected of a budget's limit; the value is what is stored."""

    RUNS_OUT = "runs_out"  # even the low end of the forecast passes it
    MAY_LAST = "may_last"  # the low end does not
    USED_UP = "used_up"
    NO_LIMIT = "no_limit"  # it was removed
    UNKNOWN = "unknown"  # there are too few days for a forecast
    ENDED = "ended"  # the month


def outlook(limit_nanos: int, spend_nanos: int, low_nanos: int | None) -> Outlook:
    """Return the outlook of a limit in a month that goes on; `low_nanos` is the low end of its forecast."""
    if spend_nanos >= limit_nanos:
        return Outlook.USED_UP
    if low_nanos is None:
        return Outlook.UNKNOWN
    return Outlook.RUNS_OUT if low_nanos >= limit_nanos else Outlook.MAY_LAST


def is_news(shown: Outlook | None, found: Outlook) -> bool:
    """Return whether an outlook is worth an alert (`shown` is None), or a change of the one that `shown` says."""
    if shown is None:
        return found is Outlook.RUNS_OUT
    return found not in {shown, Outlook.UNKNOWN}
