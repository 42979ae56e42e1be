"""What digests say of days, weeks and amounts, at their extremes."""

from datetime import date, timedelta

import pytest

from bot.digest.rules import DigestDays
from bot.digest.spend_render import span_text
from bot.sandbox.world import START, World
from tests.support.harness import ServiceHarness
from tests.support.messages import digest_messages, visible_text
from tests.support.worlds import MARCUS, PRIYA, add

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.mark.parametrize(
    ("first", "day", "text"),
    [
        (date(2026, 11, 27), date(2026, 11, 28), "Fri, Nov 27"),
        (date(2026, 11, 24), date(2026, 11, 28), "Nov 24–27"),
        (date(2026, 11, 30), date(2026, 12, 2), "Nov 30 – Dec 1"),
        (date(2025, 12, 31), date(2026, 1, 2), "Dec 31, 2025 – Jan 1, 2026"),
        (date(2025, 11, 27), date(2025, 11, 28), "Thu, Nov 27, 2025"),
        (date(2025, 11, 24), date(2025, 11, 28), "Nov 24–27, 2025"),
    ],
)
def test_the_days_of_a_digest(first: date, day: date, text: str) -> None:
    assert span_text(DigestDays(first, day), date(2026, 12, 20)) == text


@pytest.fixture
def world() -> World:
    return World.empty()


async def digest_text(harness: ServiceHarness, days: int = 1) -> str:
    """The digest of the morning after so many days."""
    for _ in range(days * 6):
        harness.clock.advance(4 * HOUR)
        await harness.sync()
    return visible_text(digest_messages(harness.visible("marcus"))[-1])


@pytest.fixture
async def harness(closed: ServiceHarness) -> ServiceHarness:
    """Slack and Neo, and a service with a digest that has not started yet."""
    closed.settings |= {"DIGEST_CHANNEL": "#neo-spend"}
    add(closed.neo.world, "first", "1", email=MARCUS, begun=START - 15 * DAY)
    return closed


@pytest.mark.slow
async def test_a_day_whose_costs_are_all_unknown_is_no_day_for_nothing(harness: ServiceHarness) -> None:
    broken = {"model": "opus", "status": "error", "error_message": "HTTP 429: too many requests for acme-7"}
    add(harness.neo.world, "unknown", None, email=PRIYA, **broken)
    await harness.open()
    text = await digest_text(harness)
    assert "*Mon, Mar 2: cost unknown* · 1 task by 1 member\n" in text
    assert "unknown  Priya Raman" in text
    assert "*1 task failed.* Its cost is unknown.\n• opus: 1 task, rate limited, unknown cost" in text
    assert "$0.00" not in text
    assert "acme-7" not in text


@pytest.mark.slow
async def test_failures_of_one_cause_are_one_line(harness: ServiceHarness) -> None:
    errors = ("alpha broke", "beta broke", "request timed out after 30 s", "gamma broke")
    for number, error in enumerate(errors):
        failed = {"model": "opus", "status": "error", "error_message": error}
        add(harness.neo.world, f"failed-{number}", "1" if number else None, email=PRIYA, **failed)
    await harness.open()
    assert (
        "*4 tasks failed.* They cost $30.00 in this period, 1 with unknown cost.\n"
        "• opus: 3 tasks, other error, $20.00 + 1 unknown\n"
        "• opus: 1 task, timed out, $10.00"
    ) in await digest_text(harness)


@pytest.mark.slow
async def test_others_of_which_no_cost_is_known_cost_no_nothing(harness: ServiceHarness) -> None:
    for model in ("a", "b", "c", "d", "e", "f", "g"):
        add(harness.neo.world, model, None if model > "e" else "1", email=PRIYA, model=model)
    await harness.open()
    assert "unknown  2 more models" in await digest_text(harness)


@pytest.mark.slow
async def test_some_unknown_costs_are_counted(harness: ServiceHarness) -> None:
    add(harness.neo.world, "unknown", None, email=PRIYA)
    add(harness.neo.world, "known", "1", email=PRIYA)
    await harness.open()
    text = await digest_text(harness)
    assert "*Mon, Mar 2: $10.00* (1.00 credits) · 2 tasks by 1 member, 1 with unknown cost" in text


@pytest.mark.slow
async def test_a_quiet_day_may_have_late_amounts(harness: ServiceHarness) -> None:
    add(harness.neo.world, "known", "2", email=PRIYA)
    await harness.open()
    await digest_text(harness)
    add(harness.neo.world, "late", "0.25", email=PRIYA, begun=START - HOUR)
    text = await digest_text(harness)
    assert text.startswith("*Tue, Mar 3: no spend.*\n")
    assert "*Late:* $2.50 added to Mon, Mar 2. Neo reported this after the last digest." in text
