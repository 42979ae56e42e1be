"""The balance: shown on request, in App Home and the digest, and warned of once at each level until it is filled up."""

from dataclasses import replace
from decimal import Decimal

import pytest

from bot.sandbox.faults import Reshape, Status
from bot.sandbox.neo import SUMMARY_PATH
from bot.sandbox.summary import Balance, SummaryOptions
from bot.sandbox.world import START, World
from tests.support.app_home import open_home
from tests.support.harness import NOON, ServiceHarness
from tests.support.messages import visible_text
from tests.support.neo_totals import DAY, PACE, issue, night, steady_world, warnings


@pytest.fixture
def world() -> World:
    return steady_world()


@pytest.fixture
async def harness(closed: ServiceHarness) -> ServiceHarness:
    closed.settings |= {"OPS_CHANNEL": "#neo-spend", "HISTORY_DAYS": "30"}
    issue(closed, 300)
    await closed.open()
    return closed


async def asked(harness: ServiceHarness, user: str = "hannah") -> str:
    return visible_text(await harness.ask(user, "balance"))


async def test_the_command_says_what_neo_says_and_how_long_it_lasts(harness: ServiceHarness) -> None:
    assert await asked(harness) == (
        "*Neo says 300.00 credits ($3,000.00) are left of 300.00 credits issued.*\n"
        "At the pace of the last 28 days, they last 100 days, until Jun 10.\n"
        "Asked 21:00 (UTC)."
    )


async def test_only_operators_see_it(harness: ServiceHarness) -> None:
    assert "Only operators can see the team's credits." in await asked(harness, "priya")


@pytest.mark.slow
async def test_it_is_warned_of_at_each_level_once_until_it_is_filled_up(harness: ServiceHarness) -> None:
    issue(harness, 31 * PACE)
    await night(harness, 40)
    heads = [visible_text(each).partition(".*")[0].replace(":warning: *", "") for each in warnings(harness)]
    assert heads == [
        "Neo credits are used up in about 30 days",
        "Neo credits are used up in about 14 days",
        "Neo credits are used up in about 7 days",
        "Neo credits are used up in about 2 days",
        "No Neo credits are left",
    ]
    issue(harness, 5 * PACE)
    await night(harness, 3)
    assert len(warnings(harness)) == 7
    assert "used up in about 4 days" in visible_text(warnings(harness)[5])


@pytest.mark.slow
async def test_expiry_is_warned_of_too(harness: ServiceHarness) -> None:
    issue(harness, 3_000, expires_in=9 * DAY)
    await night(harness, 10)
    heads = [visible_text(each).partition(".*")[0].replace(":warning: *", "") for each in warnings(harness)]
    assert heads == [
        "Neo credits expire in 8 days",
        "Neo credits expire in 7 days",
        "Neo credits expire in 2 days",
        "Neo credits have expired",
    ]
    assert "They expire on Mar 11." in visible_text(warnings(harness)[0])


@pytest.mark.slow
async def test_a_warning_survives_a_restart(harness: ServiceHarness) -> None:
    issue(harness, 20 * PACE)
    await night(harness)
    await harness.restart()
    await night(harness)
    assert len(warnings(harness)) == 1


def without(harness: ServiceHarness, *names: str) -> None:
    """Let Neo's summary lack these fields, and no others."""
    lacking = Reshape(lambda summary: {name: value for name, value in summary.items() if name not in names})
    harness.neo.faults.clear()
    harness.neo.faults.when(lambda request: lacking if request.path == SUMMARY_PATH else None)


@pytest.mark.slow
async def test_an_answer_that_lacks_something_does_not_repeat_a_warning(harness: ServiceHarness) -> None:
    issue(harness, 20 * PACE, expires_in=13 * DAY)
    await night(harness)
    assert len(warnings(harness)) == 2
    for names in (["neo_credits_expires_at"], [], ["total_issued_neo_credits", "last_credit_reset"], []):
        without(harness, *names)
        await night(harness)
    assert len(warnings(harness)) == 2


@pytest.mark.slow
async def test_an_expiry_that_rolls_on_is_warned_of_once(harness: ServiceHarness) -> None:
    issued_at = harness.clock()
    for _ in range(5):
        balance = Balance(Decimal(3_000), issued_at, harness.clock() + 10 * DAY)
        harness.neo.summary = replace(harness.neo.summary or SummaryOptions(), balance=balance)
        await night(harness)
    assert len(warnings(harness)) == 1
    issue(harness, 3_000, expires_in=40 * DAY)
    await night(harness, 10)
    assert [visible_text(each).partition(".")[0] for each in warnings(harness)][1:] == [
        ":warning: *Neo credits expire in 30 days"
    ]


@pytest.mark.slow
async def test_home_says_it_to_operators_and_the_digest_when_it_is_soon(harness: ServiceHarness) -> None:
    await night(harness)
    assert "Neo says 297.00 credits ($2,970.00) are left." in await open_home(harness, "hannah")
    assert "credits (" not in await open_home(harness, "priya")
    assert "Neo says" not in visible_text(await harness.ask("hannah", "digest"))
    issue(harness, 10 * PACE)
    await night(harness)
    digest = visible_text(await harness.ask("hannah", "digest"))
    assert (
        ":warning: Neo says 27.00 credits ($270.00) are left. At the pace of the last 28 days, they last 9 days"
        in digest
    )


@pytest.mark.slow
async def test_without_an_answer_nobody_is_warned(harness: ServiceHarness) -> None:
    harness.neo.faults.when(lambda request: Status(403) if request.path == SUMMARY_PATH else None)
    await night(harness, 3)
    assert await asked(harness) == "Neo's balance isn't available: the key's owner isn't an admin of the team (403)."
    assert warnings(harness) == []


async def test_a_team_whose_balance_neo_does_not_say_is_told_so(harness: ServiceHarness) -> None:
    harness.neo.summary = SummaryOptions()
    assert await asked(harness) == "Neo's balance isn't available: Neo doesn't say how many credits are left."


async def test_a_later_failure_keeps_what_was_said(harness: ServiceHarness) -> None:
    await asked(harness)
    harness.neo.summary = None
    assert (await asked(harness)).endswith(
        "That was 21:00 (UTC). It isn't available now: this Neo doesn't offer it (404)."
    )
    assert harness.clock() - START >= NOON
