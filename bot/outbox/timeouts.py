"""Timeouts of requests to Slack: how long one may take, and how long to wait after one that failed."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

from bot.outbox.rules import LONGEST_WAIT, DeliveryTiming
from bot.slack.errors import RateLimitedError, RefusedBySlackError, SlackError, SlackUnavailableError


@asynccontextmanager
async def request_timeout(timing: DeliveryTiming) -> AsyncIterator[None]:
    """Break off a request well before the claim that it is made under ends.

    Raises:
        SlackUnavailableError: Slack did not answer in time.
    """
    try:
        async with asyncio.timeout(timing.request):
            yield
    except TimeoutError:
        raise SlackUnavailableError(f"no answer within {timing.request:g} s") from None


def wait_after(error: SlackError, timing: DeliveryTiming) -> timedelta:
    """Return how long to wait before Slack is asked again, which is never longer than `LONGEST_WAIT`."""
    if isinstance(error, RefusedBySlackError):
        return timedelta(seconds=timing.longest_wait)
    wait = timedelta(seconds=timing.first_wait)
    if isinstance(error, RateLimitedError):
        return max(wait, limit_of(error))
    return wait


def limit_of(error: RateLimitedError) -> timedelta:
    """Return for how long Slack says that it takes nothing more, at most `LONGEST_WAIT`."""
    return timedelta(seconds=min(error.seconds, LONGEST_WAIT.total_seconds()))
