"""The facts of the balance: what Neo says is left, and how long it lasts at the pace of the last weeks."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from bot.balance.rules import SOON, WEEK_DAYS, WEEKS, Balance, Runway, days_left, days_until_expiry, runway
from bot.balance.store import stored_balance
from bot.domain import formatting
from bot.domain.money import show_credits, show_usd
from bot.domain.periods import Window, day_start, local_day
from bot.domain.pricing import SpendBasis
from bot.ledger.daily_spend import team_daily_spend
from bot.ledger.freshness import freshness


@dataclass(frozen=True, slots=True)
class BalanceFacts:
    """The balance as Neo last said, and the moment at which it is looked at."""

    balance: Balance
    now: datetime

    @property
    def runway(self) -> Runway | None:
        """How long it lasted when Neo said it; None before a whole week was known."""
        return self.balance.runway

    @property
    def expires_in(self) -> int | None:
        """In how many days it expires, if ever."""
        return days_until_expiry(self.balance, self.now)

    @property
    def expires_in_seconds(self) -> float | None:
        """In how many seconds it expires, 0 once it has; None if it does not, or Neo does not say when."""
        if self.balance.is_expired:
            return 0.0
        expires_at = self.balance.expires_at
        return None if expires_at is None else max(0.0, (expires_at - self.now).total_seconds())

    @property
    def days_left(self) -> int | None:
        """In how many days credits are used up or expired, whichever comes first; None if neither is near."""
        return days_left(self.balance, self.now)

    @property
    def is_soon(self) -> bool:
        """Whether they are gone within a month."""
        return self.days_left is not None and self.days_left < SOON


def balance_facts(connection: Connection, now: datetime) -> BalanceFacts:
    """Return what is known of the balance."""
    return BalanceFacts(stored_balance(connection), now)


def runway_of(connection: Connection, available_nanos: int, zone: ZoneInfo, now: datetime) -> Runway | None:
    """Return how long an amount lasts at the pace of what Neo is owed for the tasks of the last four weeks."""
    fresh = freshness(connection, now)
    weeks = [each for each in _weeks(zone, now) if fresh.covers(each.start, each.end)]
    return runway(available_nanos, team_daily_spend(connection, weeks, SpendBasis.PLATFORM))


def _weeks(zone: ZoneInfo, now: datetime) -> list[Window]:
    """Return the last four times seven whole days, the latest first."""
    today = local_day(now, zone)
    ends = [today - timedelta(days=WEEK_DAYS * number) for number in range(WEEKS)]
    return [Window(day_start(end - timedelta(days=WEEK_DAYS), zone), day_start(end, zone)) for end in ends]


# --- in words ------------------------------------------------------------------------------------


def left_text(balance: Balance) -> str:
    """Return how much is left: `412.30 credits ($4,123.00)`."""
    return f"{show_credits(balance.available_nanos)} ({show_usd(balance.available_nanos)})"


def runway_text(balance: Balance, zone: ZoneInfo, today: date) -> str:
    """Return how long it lasts, as a sentence without a full stop; empty where nobody can say."""
    lasts = balance.runway
    if lasts is None or balance.said_at is None or balance.available_nanos <= 0:
        return ""
    pace = f"At the pace of the last {lasts.pace_days} days, they last"
    if lasts.days is None:
        return f"{pace} for years"
    until = formatting.short_date(local_day(balance.said_at, zone) + timedelta(days=lasts.days), today)
    days = formatting.count(lasts.days, "day") if lasts.days else "less than a day"
    return f"{pace} {days}{_range_text(lasts)}, until {until}"


def _range_text(lasts: Runway) -> str:
    if lasts.shortest == lasts.longest or lasts.shortest is None:
        return ""
    if lasts.longest is None:
        return f" ({lasts.shortest:,} or more)"
    return f" ({lasts.shortest:,} to {lasts.longest:,})"


def expiry_text(facts: BalanceFacts, zone: ZoneInfo, today: date) -> str:
    """Return when credits expire, as a sentence without a full stop; empty if they do not."""
    expires_at = facts.balance.expires_at
    if facts.expires_in is None or facts.balance.available_nanos <= 0:
        return ""
    day = "" if expires_at is None else formatting.short_date(local_day(expires_at, zone), today)
    if facts.expires_in == 0:
        return f"They expired on {day}" if day else "They have expired"
    return f"They expire on {day}"


def short_text(facts: BalanceFacts, zone: ZoneInfo, today: date) -> str:
    """Return the balance in one line for App Home and the digest; empty before Neo said anything."""
    if facts.balance.said_at is None:
        return ""
    sentences = [
        f"Neo says {left_text(facts.balance)} are left",
        runway_text(facts.balance, zone, today),
        expiry_text(facts, zone, today),
    ]
    return " ".join(f"{each}." for each in sentences if each)
