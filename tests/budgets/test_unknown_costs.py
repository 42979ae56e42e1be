"""A spend of which only tasks of unknown cost are there is unknown, not nothing, wherever budgets say it."""

import pytest

from bot.budgets.explain.document import to_document as explanation_document
from bot.budgets.explain.facts import explain
from bot.budgets.listing.check import budget_check, to_document
from bot.budgets.policy import BudgetPolicy
from bot.budgets.rules import TEAM
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


async def test_data_has_null_for_a_spend_that_is_unknown(harness: ServiceHarness) -> None:
    await harness.ask("hannah", "budget team 9/month")
    policy, now = BudgetPolicy.from_settings(harness.app().settings), harness.clock()
    checked = await harness.service.database.read(lambda connection: budget_check(connection, policy, now))
    (budget,) = to_document(checked)["budgets"]
    assert {name: budget[name] for name in ("spend_usd", "percent", "used_up", "tasks_without_cost")} == {
        "spend_usd": None, "percent": None, "used_up": None, "tasks_without_cost": 1
    }  # fmt: skip
    assert checked.unknown == 1
    explained = await harness.service.database.read(lambda c: explain(c, TEAM, "the team", policy, now))
    of_month = explanation_document(explained[-1])
    assert (of_month["spend_usd"], of_month["tasks_without_cost"]) == (None, 1)
    said = visible_text(await harness.ask("hannah", "explain team"))
    assert "spend unknown (1 task), of $9. Limit" in said
    assert "No alert was sent: no cost is known yet." in said
    assert "$0.00" not in said


async def test_the_form_says_that_the_spend_is_unknown(harness: ServiceHarness) -> None:
    await harness.slack.command("priya", "neo-spend", "budget")
    priya = harness.workspace.user("priya").id
    await harness.workspace.until(lambda: harness.workspace.view_on_top(priya) is not None)
    view = harness.workspace.view_on_top(priya)
    assert view is not None
    texts = [block["text"]["text"] for block in view.body["blocks"] if block["type"] == "section"]
    assert texts == ["*No monthly budget is set.* Your spend this month: unknown (1 task)."]
