"""A spend of which only tasks of unknown cost are there is unknown, not nothing, wherever budgets say it."""

import pytest

from bot.sandbox.world import World
from tests.support.harness import ServiceHarness
from tests.support.messages import actions, notifications, table, visible_text
from tests.support.worlds import PRIYA, add


@pytest.fixture
def world() -> World:
    """Priya has one task, whose cost is unknown."""
    world = World.empty()
    add(world, "unknown", None, email=PRIYA)
    return world


@pytest.mark.slow
async def test_a_limit_a_listing_and_a_request_say_that_the_spend_is_unknown(harness: ServiceHarness) -> None:
    confirmed = visible_text(await harness.ask("hannah", f"budget {PRIYA} 30/month"))
    assert "What is spent already is unknown (1 task)." in confirmed
    assert "What is spent already is unknown (1 task)." in visible_text(
        await harness.ask("hannah", "budget team 9/day")
    )
    listed = table(await harness.ask("hannah", "budgets"))
    assert [row[:3] for row in listed[1:]] == [
        ["team", "unknown", "unknown (1 task)"],
        ["Priya Raman", "unknown", "unknown (1 task)"],
    ]
    own = visible_text(await harness.ask("priya", "budgets"))
    assert "$0.00" not in own
    assert " left this month" not in own
    await harness.ask("priya", "budget request 50/month")
    await harness.deliver()
    (request,) = [each for each in notifications(harness.dm("hannah")) if "asks for a budget" in visible_text(each)]
    assert "Spent this month: unknown (1 task), of $30" in visible_text(request)
    channel = harness.workspace.im_of(harness.workspace.user("hannah").id).id
    await harness.press("hannah", request, actions(request)[0], channel)
    await harness.deliver()
    decided = [visible_text(each) for each in notifications(harness.dm("priya")) if "approved" in visible_text(each)]
    assert ["What is spent already is unknown (1 task)." in each for each in decided] == [True]


async def test_the_form_says_that_the_spend_is_unknown(harness: ServiceHarness) -> None:
    await harness.slack.command("priya", "neo-spend", "budget")
    priya = harness.workspace.user("priya").id
    await harness.workspace.until(lambda: harness.workspace.view_on_top(priya) is not None)
    view = harness.workspace.view_on_top(priya)
    assert view is not None
    texts = [block["text"]["text"] for block in view.body["blocks"] if block["type"] == "section"]
    assert texts == ["*No monthly budget is set.* Your spend this month: unknown (1 task)."]
