"""The form for limits: people are picked, the present budget is shown, and what is wrong is said at its field."""

from typing import Any

import pytest

from bot.sandbox.world import World
from tests.support.acts import spend, submit_form
from tests.support.harness import ServiceHarness
from tests.support.messages import notifications, visible_text
from tests.support.worlds import PRIYA, two_spenders


@pytest.fixture
def world() -> World:
    return two_spenders()


@pytest.fixture
async def harness(closed: ServiceHarness) -> ServiceHarness:
    closed.settings["ALERT_CHANNEL"] = "#neo-spend"
    await closed.open()
    return closed


async def opened(harness: ServiceHarness, user: str) -> dict[str, Any]:
    """Return the form that somebody sees, by its blocks; the summary of the budget is `text`."""
    id_ = harness.workspace.user(user).id
    await harness.workspace.until(lambda: harness.workspace.view_on_top(id_) is not None)
    view = harness.workspace.view_on_top(id_)
    assert view is not None
    summaries = [block["text"]["text"] for block in view.body["blocks"] if block["type"] == "section"]
    inputs = {block["block_id"]: block["element"] for block in view.body["blocks"] if block["type"] == "input"}
    return {"text": "\n".join(summaries), **inputs}


async def test_an_operator_picks_a_person_and_wrong_fields_are_named_while_the_form_stays(
    harness: ServiceHarness,
) -> None:
    await harness.slack.command("hannah", "neo-spend", "budget")
    form = await opened(harness, "hannah")
    assert (form["person"]["type"], form["text"]) == ("users_select", "")
    wrong = await submit_form(harness, "hannah", amount="-5")
    assert "isn't an amount" in wrong["errors"]["amount"]
    assert wrong["errors"]["person"] == "Choose a person."
    wrong = await submit_form(harness, "hannah", amount="90", whose="team", person="U0PRIYA")
    assert list(wrong["errors"]) == ["person"]
    before = len(harness.visible("hannah"))
    await submit_form(harness, "hannah", whose="person", reason="pentest")  # the amount and the person are kept
    answer = visible_text(await harness.answer("hannah", "neo-spend", before))
    assert answer == "*Priya Raman's budget is now $90 a month*. $40.00 is already spent (44%)."


@pytest.mark.parametrize(
    ("whose", "said"),
    [
        ("team", "*The team's budget is now $90 a month*. $50.00 is already spent (55%)."),
        ("default", "*The default budget is now $90 a month*. It applies to everyone without a personal budget."),
    ],
)
async def test_an_operator_sets_the_budget_of_the_team_or_of_everyone(
    harness: ServiceHarness, whose: str, said: str
) -> None:
    await harness.slack.command("hannah", "neo-spend", "budget")
    await opened(harness, "hannah")
    before = len(harness.visible("hannah"))
    await submit_form(harness, "hannah", whose=whose, amount="90")
    assert visible_text(await harness.answer("hannah", "neo-spend", before)) == said


async def test_the_button_of_the_listing_opens_the_form_that_suits_whoever_presses_it(harness: ServiceHarness) -> None:
    for user, field in (("hannah", "person"), ("priya", "amount")):
        listing = await harness.ask(user, "budgets")
        assert (await harness.slack.click(user, "neo-spend", listing.ts, "budget_open")).ok
        assert field in await opened(harness, user)


async def test_raise_shows_the_budget_and_suggests_more_and_a_change_meanwhile_is_not_overwritten(
    harness: ServiceHarness,
) -> None:
    await harness.ask("hannah", "budget @priya 40/month")
    await harness.deliver()
    (public,) = notifications(harness.visible("hannah"))
    await harness.slack.click("hannah", "neo-spend", public.ts, "budget_raise")
    form = await opened(harness, "hannah")
    assert form["text"].splitlines() == [
        "*Priya Raman's monthly budget:* $40.00 of $40 used (100%).",
        "The suggested limit covers what is spent so far. You can change it.",
    ]
    assert form["amount"]["initial_value"] == "45"
    await harness.ask("hannah", "budget @priya 70/month")
    await harness.deliver()
    before = len(harness.visible("hannah"))
    await submit_form(harness, "hannah", amount="500")
    answer = await harness.answer("hannah", "neo-spend", before)
    assert "Someone else just changed this budget" in visible_text(answer)
    assert "$70 a month" in visible_text(await harness.ask("hannah", "budgets"))


async def test_a_member_asks_for_what_the_raise_button_suggests(harness: ServiceHarness) -> None:
    await harness.ask("hannah", "budget @priya 40/month")
    await spend(harness, PRIYA, 33)
    im = harness.workspace.im_of("U0PRIYA").id
    message = notifications(harness.dm("priya"))[0]
    await harness.slack.click("priya", im, message.ts, "budget_raise")
    form = await opened(harness, "priya")
    assert "*Your monthly budget:* $73.00 of $40 used (182%)." in form["text"]
    before = len(harness.dm("priya"))
    await submit_form(harness, "priya", reason="client")
    asked = visible_text(await harness.answer("priya", im, before))
    assert asked == "I asked <@U0HANNAH> for a budget of $75 a month. I'll send you their decision."


async def test_who_has_no_budget_sees_what_they_spend(harness: ServiceHarness) -> None:
    await harness.slack.command("priya", "neo-spend", "budget")
    form = await opened(harness, "priya")
    assert form["text"].startswith("*No monthly budget is set.* Your spend this month: $40.00.")
    assert form["amount"]["initial_value"] == "40"
