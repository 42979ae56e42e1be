"""Forms that Slack does not open: whoever wanted one is told, whatever they pressed and whatever went wrong."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from bot.sandbox.slack.faults import RateLimited, Refuse, Reset, Status
from bot.sandbox.world import World
from tests.support.harness import CHANNEL, ServiceHarness
from tests.support.messages import visible_text
from tests.support.worlds import add, spent

PRIYA = "priya.raman@acme.example"
UNOPENED = "Slack didn't open the form"


@pytest.fixture
def world() -> World:
    """Priya spent 40 dollars this month."""
    world = World.empty()
    add(world, "first", "4", email=PRIYA)
    return world


@pytest.fixture
async def harness(closed: ServiceHarness) -> ServiceHarness:
    """Priya is over her budget and a task of hers has failed, so that there is a message about each."""
    closed.settings["ALERT_CHANNEL"] = "#neo-spend"
    await closed.open()
    await closed.ask("hannah", "budget @priya 20/month")
    spent(closed.neo.world, closed.clock(), PRIYA, 10, status="error", error_message="boom")
    await closed.sync()
    await closed.slack.open_home("hannah")
    await closed.slack.open_home("priya")
    await closed.idle()
    return closed


def _acts(harness: ServiceHarness) -> dict[str, Callable[[], Awaitable[Any]]]:
    """Everything that opens a form, by who does what."""
    slack, workspace = harness.slack, harness.workspace
    alert = next(each for each in harness.visible("hannah") if "over their monthly budget" in each.text)
    failure = next(each for each in harness.visible("hannah") if "1 task failed" in each.text)
    own = next(each for each in harness.dm("priya") if "over your monthly budget" in visible_text(each))
    im = workspace.im_of(workspace.user("priya").id).id
    homes = {user: _home(harness, user) for user in ("hannah", "priya")}
    return {
        "hannah: budget": lambda: slack.command("hannah", CHANNEL, "budget"),
        "priya: budget": lambda: slack.command("priya", CHANNEL, "threshold"),
        "hannah: Raise": lambda: slack.click("hannah", CHANNEL, alert.ts, "budget_raise"),
        "priya: Raise": lambda: slack.click("priya", im, own.ts, "budget_raise"),
        "hannah: Set in App Home": lambda: slack.click_in_view("hannah", homes["hannah"], "home:set"),
        "priya: Ask in App Home": lambda: slack.click_in_view("priya", homes["priya"], "home:ask"),
        "hannah: Silence": lambda: slack.click("hannah", CHANNEL, failure.ts, "failure_silence"),
    }


def _home(harness: ServiceHarness, user: str) -> str:
    home = harness.workspace.home_of(harness.workspace.user(user).id)
    assert home is not None
    return home.id


def _everything_seen(harness: ServiceHarness, user: str) -> list[str]:
    workspace = harness.workspace
    who = workspace.user(user).id
    return [
        visible_text(each)
        for place in workspace.channels.values()
        for each in workspace.visible_messages(place.id, who)
    ]


@pytest.mark.slow
async def test_whoever_opens_a_form_hears_that_slack_did_not_whatever_went_wrong(harness: ServiceHarness) -> None:
    faults = (Refuse("expired_trigger_id"), Refuse("invalid_arguments"), Status(503), Reset(), RateLimited(30))
    for fault in faults:
        for what, act in _acts(harness).items():
            harness.slack.faults.clear()
            harness.slack.faults.on("views.open", fault)
            user = what.partition(":")[0]
            before = sum(UNOPENED in text for text in _everything_seen(harness, user))
            await act()
            await harness.idle()
            after = sum(UNOPENED in text for text in _everything_seen(harness, user))
            assert after == before + 1, (what, fault)
            assert harness.workspace.view_on_top(harness.workspace.user(user).id) is None, (what, fault)


@pytest.mark.slow
async def test_a_form_that_did_not_open_changes_nothing_and_opens_at_the_next_try(harness: ServiceHarness) -> None:
    harness.slack.faults.on("views.open", Refuse("expired_trigger_id"))
    listed = visible_text(await harness.ask("hannah", "budgets"))
    assert UNOPENED in visible_text(await harness.ask("hannah", "budget"))
    assert visible_text(await harness.ask("hannah", "budgets")) == listed
    await harness.slack.command("hannah", CHANNEL, "budget")
    await harness.workspace.until(
        lambda: harness.workspace.view_on_top(harness.workspace.user("hannah").id) is not None
    )
