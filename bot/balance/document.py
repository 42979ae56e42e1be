"""The balance as data, and in words for the terminal."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from bot.balance.facts import BalanceFacts, short_text
from bot.domain.formatting import local_time, utc
from bot.domain.money import credits_text
from bot.domain.periods import local_day


def to_document(facts: BalanceFacts) -> dict[str, Any]:
    """Return the balance as data; amounts are exact decimals of Neo credits, days whole numbers."""
    balance, lasts = facts.balance, facts.runway
    return {
        "available_credits": None if balance.said_at is None else credits_text(balance.available_nanos),
        "issued_credits": None if balance.issued_nanos is None else credits_text(balance.issued_nanos),
        "expires_at": None if balance.expires_at is None else utc(balance.expires_at),
        "is_expired": balance.is_expired,
        "runway_days": None if lasts is None else lasts.days,
        "runway_days_shortest": None if lasts is None else lasts.shortest,
        "runway_days_longest": None if lasts is None else lasts.longest,
        "said_at": None if balance.said_at is None else utc(balance.said_at),
        "unavailable": balance.unavailable or None,
    }


def sentences(facts: BalanceFacts, zone: ZoneInfo, now: datetime) -> Iterator[str]:
    """Yield the balance, a line each."""
    balance = facts.balance
    if balance.said_at is not None:
        yield short_text(facts, zone, local_day(now, zone))
        yield f"Asked {local_time(balance.said_at, zone, now)} ({zone.key})."
    if balance.unavailable:
        yield f"Neo's balance isn't available: {balance.unavailable}."
