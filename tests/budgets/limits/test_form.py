"""The form for limits: people are picked, the present budget is shown, and what is wrong is said at its field."""

from typing import Any

import pytest

from bot.people.rate_limit import MOST
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
    (hint,) = [block["hint"]["text"] for block in view.body["blocks"] if block["block_id"] == "amount"]
    title = view.body["title"]["text"]
    return {"id": view.id, "title": title, "text": "\n".join(summaries), "hint": hint, **inputs}


async def reopened(harness: ServiceHarness, user: str, former: dict[str, Any]) -> dict[str, Any]:
    """Return the form that is opened in place of a former one."""

    def is_there() -> bool:
        view = harness.workspace.view_on_top(harness.workspace.user(user).id)
        return view is not None and view.id != former["id"]

    await harness.workspace.until(is_there)
    return await opened(harness, user)


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
    assert answer == "*Priya Raman's budget is now $90 a month* (reason: pentest). $40.00 is already spent (44%)."


@pytest.mark.parametrize(
    ("whose", "said"),
    [
        ("team", "*The team's budget is now $90 a month*. $50.00 is already spent (55%)."),
        (
            "default",
            (
                "*The default budget is now $90 a month*. It applies to everyone without a personal monthly budget"
                " (2 members now)."
            ),
        ),
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
    assert form["title"] == "Raise limit"
    assert form["text"] == "*Priya Raman's monthly budget:* $40.00 of $40 used (100%)."
    assert form["amount"]["initial_value"] == "$45"
    assert form["hint"] == "$45 covers the $40.00 already spent. You can type Neo credits too, such as 50cr."
    await harness.ask("hannah", "budget @priya 70/month")
    await harness.deliver()
    await submit_form(harness, "hannah", amount="500", reason="pentest", until="2026-03-20")
    again = await reopened(harness, "hannah", form)
    assert again["text"].splitlines() == [
        "Someone else just changed this budget, so nothing was done. Check it and try again.",
        "*Priya Raman's monthly budget:* $40.00 of $70 used (57%).",
    ]
    assert (again["amount"]["initial_value"], again["reason"]["initial_value"]) == ("500", "pentest")
    assert again["until"]["initial_date"] == "2026-03-20"
    before = len(harness.visible("hannah"))
    await submit_form(harness, "hannah")
    answer = visible_text(await harness.answer("hannah", "neo-spend", before))
    assert answer.startswith(
        "*Priya Raman's budget is now $500 a month* through Mar 20, then $70 again (reason: pentest)."
    )


async def test_a_request_that_is_refused_opens_its_form_again_as_it_was(harness: ServiceHarness) -> None:
    for _ in range(MOST):
        await harness.ask("priya", "budget request 100/month")
    await harness.slack.command("priya", "neo-spend", "budget")
    form = await opened(harness, "priya")
    await submit_form(harness, "priya", amount="50cr", unit="week", reason="client")
    again = await reopened(harness, "priya", form)
    assert again["title"] == "Ask for a budget"
    assert again["text"].splitlines()[0].startswith("You've sent")
    assert (again["amount"]["initial_value"], again["unit"]["initial_option"]["value"]) == ("50cr", "week")
    assert again["reason"]["initial_value"] == "client"


async def test_an_operator_sets_any_budget_in_a_form_that_says_what_can_be_typed(harness: ServiceHarness) -> None:
    await harness.slack.command("hannah", "neo-spend", "budget")
    form = await opened(harness, "hannah")
    assert (form["title"], form["hint"]) == ("Set a budget", "You can type Neo credits too, such as 50cr.")
    assert form["amount"]["placeholder"]["text"] == "$500 or 50cr"


async def test_a_member_asks_for_what_the_raise_button_suggests(harness: ServiceHarness) -> None:
    await harness.ask("hannah", "budget @priya 40/month")
    await spend(harness, PRIYA, 33)
    im = harness.workspace.im_of("U0PRIYA").id
    message = notifications(harness.dm("priya"))[0]
    await harness.slack.click("priya", im, message.ts, "budget_raise")
    form = await opened(harness, "priya")
    assert form["title"] == "Ask for a higher limit"
    assert form["text"].startswith("*Your monthly budget:* $73.00 of $40 used (182%).")
    before = len(harness.dm("priya"))
    await submit_form(harness, "priya", reason="client")
    asked = visible_text(await harness.answer("priya", im, before))
    assert (
        asked == "I asked <@U0HANNAH> to set your limit to $75 a month (reason: client). I'll send you their decision."
    )


async def test_who_has_no_budget_sees_what_they_spend(harness: ServiceHarness) -> None:
    await harness.slack.command("priya", "neo-spend", "budget")
    form = await opened(harness, "priya")
    assert form["text"].startswith("*No monthly budget is set.* Your spend this month: $40.00.")
    assert (form["title"], form["amount"]["initial_value"]) == ("Ask for a budget", "$45")
