"""The rules of the balance: how long credits last, what is to be warned of, and when Neo is asked."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Self

ONE_DAY = timedelta(days=1)
WEEKS = 4  # whose pace counts
WEEK_DAYS = 7
LEVELS = (30, 14, 7, 2, 0)  # days that are left; a warning at each
SOON = LEVELS[0]  # days, from which on the digest says so
_LOW = 7  # days, from which on Neo is asked more often
_EVERY, _EVERY_WHEN_LOW, _RETRY = timedelta(hours=24), timedelta(hours=1), timedelta(hours=6)
_MOST_DAYS = 3650  # what lasts longer lasts
_CERTAIN_SHARE, _LIKELY_SHARE = 2, 4  # of what was left that has come, where Neo says what it issued, and where not


class Cause(StrEnum):
    """Why credits will be gone. The names stand in the keys of posted notifications."""

    SPEND = "spend"  # they are used up
    EXPIRY = "expiry"  # they expire


@dataclass(frozen=True, slots=True)
class Runway:
    """How many whole days credits last: at the pace of all weeks, of the fastest and of the slowest one.

    None is longer than anybody plans for. `pace_days` is how many days the weeks have.
    """

    days: int | None
    shortest: int | None
    longest: int | None
    pace_days: int


@dataclass(frozen=True, slots=True)
class Balance:
    """The balance as Neo last said, in nanos, and what of it operators were warned of since it was filled up.

    `attempted_at`: when Neo was last asked, `said_at`: when it last answered; `unavailable`: why it did not.
    `runway`: how long it lasted at the pace of that time, None before a whole week was known.
    `warned`: the lowest level by cause. Warnings begin anew once credits are added, or their expiry is put off:
    `fillings` and `extensions` count how often each was so since the ledger began.
    """

    attempted_at: datetime | None = None
    said_at: datetime | None = None
    available_nanos: int = 0
    issued_nanos: int | None = None
    last_reset: datetime | None = None
    expires_at: datetime | None = None
    is_expired: bool = False
    unavailable: str = ""
    runway: Runway | None = None
    fillings: int = 0
    extensions: int = 0
    warned: tuple[tuple[Cause, int], ...] = ()

    def beginnings(self, cause: Cause) -> int:
        """Return how often warnings of a cause have begun anew."""
        return self.fillings if cause is Cause.SPEND else self.extensions

    def begun_anew(self, cause: Cause) -> Self:
        """Return the balance as one that nobody was warned of for that cause."""
        warned = tuple(each for each in self.warned if each[0] is not cause)
        if cause is Cause.SPEND:
            return replace(self, fillings=self.fillings + 1, warned=warned)
        return replace(self, extensions=self.extensions + 1, warned=warned)


def runway(available_nanos: int, weeks: Sequence[int]) -> Runway | None:
    """Return how long an amount lasts at the pace of these weeks; None before a whole week is known."""
    if not weeks:
        return None
    pace_days = WEEK_DAYS * len(weeks)
    return Runway(
        _days(available_nanos, sum(weeks), pace_days),
        _days(available_nanos, max(weeks), WEEK_DAYS),
        _days(available_nanos, min(weeks), WEEK_DAYS),
        pace_days,
    )


def _days(available_nanos: int, spent_nanos: int, days: int) -> int | None:
    if available_nanos <= 0:
        return 0
    lasts = available_nanos * days // spent_nanos if spent_nanos > 0 else _MOST_DAYS
    return lasts if lasts < _MOST_DAYS else None


def days_until_expiry(balance: Balance, now: datetime) -> int | None:
    """Return in how many days credits expire, begun ones counted, 0 once they have; None if they do not."""
    if balance.is_expired:
        return 0
    if balance.expires_at is None:
        return None
    return max(-((now - balance.expires_at) // ONE_DAY), 0)


def days_until_used_up(balance: Balance) -> int | None:
    """Return in how many days credits are used up, 0 only once they are; None if nobody can say."""
    if balance.said_at is None:
        return None
    if balance.available_nanos <= 0:
        return 0
    lasts = balance.runway
    return None if lasts is None or lasts.days is None else max(lasts.days, 1)


def is_filled_up(before: Balance, after: Balance) -> bool:
    """Return whether credits were added between two answers. What either of them does not say tells nothing."""
    if before.said_at is None:
        return False
    issued = before.issued_nanos is not None and after.issued_nanos is not None
    if issued and (after.issued_nanos or 0) > (before.issued_nanos or 0):
        return True
    if before.last_reset is not None and after.last_reset is not None and after.last_reset > before.last_reset:
        return True
    # restated tasks give back little, and less than a quarter even where nothing else would tell
    share = _CERTAIN_SHARE if issued else _LIKELY_SHARE
    return after.available_nanos > before.available_nanos + abs(before.available_nanos) // share


def is_put_off(before: Balance, after: Balance, now: datetime) -> bool:
    """Return whether the expiry that was warned of was put off: by far, since one that rolls on always is by a little.

    An expiry that is not said is not put off.
    """
    warned, days = dict(before.warned).get(Cause.EXPIRY), days_until_expiry(after, now)
    if warned is None:
        return False
    if days is None:
        return before.is_expired and not after.is_expired and is_filled_up(before, after)
    return days * 4 > warned * 5


def level_of(days: int | None) -> int | None:
    """Return the lowest level that so many days have reached; None if they have reached none."""
    return None if days is None else min((level for level in LEVELS if days <= level), default=None)


def new_warning(warned: int | None, days: int | None) -> int | None:
    """Return the level to warn of now; None if there is none, or a warning of it or a lower one was given."""
    level = level_of(days)
    return None if level is None or (warned is not None and warned <= level) else level


def days_left(balance: Balance, now: datetime) -> int | None:
    """Return in how many days credits are used up or expired, whichever comes first; None if neither is near."""
    known = [days_until_used_up(balance), days_until_expiry(balance, now)]
    return min((each for each in known if each is not None), default=None)


def next_wait(balance: Balance, now: datetime) -> timedelta:
    """Return how long after an answer Neo is asked again: for less once little is left."""
    if balance.unavailable:
        return _RETRY
    left = days_left(balance, now)
    return _EVERY_WHEN_LOW if left is not None and left <= _LOW else _EVERY
