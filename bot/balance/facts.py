"""The facts of the balance: what Neo says is left, and how long it lasts at the pace of the last weeks."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from bot.balance.rules import (
    SOON,
    WEEK_DAYS,
    WEEKS,
    Balance,
    Runway,
    days_until_expiry,
    days_until_used_up,
    runway,
)
from bot.balance.store import stored_balance
from bot.domain import formatting
from bot.domain.money import show_credits, show_usd
from bot.domain.periods import Window, day_start, local_day
from bot.domain.pricing import SpendBasis
from bot.ledger.daily_spend import team_daily_spend
from bot.ledger.freshness import freshness


@dataclass(frozen=True, slots=True)
class BalanceFacts:
    """The balance, how long it lasts (None before a whole week is known), and in how many days it expires, if ever."""

    balance: Balance
    runway: Runway | None
    expires_in: int | None

    @property
    def days_left(self) -> int | None:
        """In how many days credits are used up or expired, whichever comes first; None if neither is near."""
        known = [days_until_used_up(self.balance, self.runway), self.expires_in]
        return min((each for each in known if each is not None), default=None)

    @property
    def is_soon(self) -> bool:
        """Whether they are gone within a month."""
        return self.days_left is not None and self.days_left < SOON


def balance_facts(connection: Connection, zone: ZoneInfo, now: datetime) -> BalanceFacts:
    """Return what is known of the balance."""
    return facts_of(connection, stored_balance(connection), zone, now)


def facts_of(connection: Connection, balance: Balance, zone: ZoneInfo, now: datetime) -> BalanceFacts:
    """Return the facts of a balance; the pace is what Neo is owed for the tasks of the last four weeks."""
    lasts = None
    if balance.said_at is not None:
        fresh = freshness(connection, now)
        weeks = [each for each in _weeks(zone, now) if fresh.covers(each.start, each.end)]
        lasts = runway(balance.available_nanos, team_daily_spend(connection, weeks, SpendBasis.PLATFORM))
    return BalanceFacts(balance, lasts, days_until_expiry(balance, now))


def _weeks(zone: ZoneInfo, now: datetime) -> list[Window]:
    """Return the last four times seven whole days, the latest first."""
    today = local_day(now, zone)
    ends = [today - timedelta(days=WEEK_DAYS * number) for number in range(WEEKS)]
    return [Window(day_start(end - timedelta(days=WEEK_DAYS), zone), day_start(end, zone)) for end in ends]


# --- in words ------------------------------------------------------------------------------------


def left_text(balance: Balance) -> str:
    """Return how much is left: `412.30 credits ($4,123.00)`."""
    return f"{show_credits(balance.available_nanos)} ({show_usd(balance.available_nanos)})"


def runway_text(lasts: Runway | None, today: date) -> str:
    """Return how long it lasts, as a sentence without a full stop; empty where nobody can say."""
    if lasts is None:
        return ""
    pace = f"At the pace of the last {lasts.pace_days} days, they last"
    if lasts.days is None:
        return f"{pace} for years"
    until = formatting.short_date(today + timedelta(days=lasts.days), today)
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
    if facts.expires_in is None:
        return ""
    day = "" if expires_at is None else formatting.short_date(local_day(expires_at, zone), today)
    if facts.expires_in == 0:
        return f"They expired on {day}" if day else "They have expired"
    return f"They expire on {day}"


def short_text(facts: BalanceFacts, zone: ZoneInfo, today: date) -> str:
    """Return the balance in one line for App Home and the digest; empty before Neo said anything."""
    if facts.balance.said_at is None:
        return ""
    is_left = facts.balance.available_nanos > 0
    sentences = [
        f"Neo says {left_text(facts.balance)} are left",
        runway_text(facts.runway, today) if is_left else "",
        expiry_text(facts, zone, today) if is_left else "",
    ]
    return " ".join(f"{each}." for each in sentences if each)
