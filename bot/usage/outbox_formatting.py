"""The state of the outbox in words."""

from zoneinfo import ZoneInfo

from bot.domain.timestamps import from_us
from bot.outbox.queries import OutboxSummary
from bot.outbox.rules import OPEN, NotificationState


def message_counts(outbox: OutboxSummary, zone: ZoneInfo) -> str:
    """Return how many messages are still to be sent, were sent, or could not be."""
    counts, since = outbox.counts, outbox.oldest
    oldest = "" if since is None else f" (since {from_us(since).astimezone(zone):%Y-%m-%d %H:%M})"
    parts = [
        f"{sum(counts.get(state, 0) for state in OPEN):,} owed{oldest}",
        f"{counts.get(NotificationState.SENT, 0):,} told",
    ]
    lost = [state for state in (NotificationState.DEAD, NotificationState.MISSED) if counts.get(state)]
    return ", ".join([*parts, *(f"{counts[state]:,} {state}" for state in lost)])
