"""Budgets that count only some tasks, through the front door: set, notified, listed, explained, raised, removed."""

import pytest

from bot.sandbox.world import World
from tests.support.acts import spend
from tests.support.harness import ServiceHarness
from tests.support.messages import actions, notifications, table, visible_text
from tests.support.worlds import MARCUS, PRIYA, two_spenders


@pytest.fixture
def world() -> World:
    return two_spenders()


@pytest.fixture
async def harness(closed: ServiceHarness) -> ServiceHarness:
    closed.settings["ALERT_CHANNEL"] = "#neo-spend"
    await closed.open()
    return closed


async def said(harness: ServiceHarness, line: str, user: str = "hannah") -> str:
    return visible_text(await harness.ask(user, line))


@pytest.mark.slow
async def test_only_such_tasks_count(harness: ServiceHarness) -> None:
    answer = await said(harness, "budget @priya 100/month model:opus")
    assert answer == "*Priya Raman's model:opus budget is now $100 a month*. $40.00 is already spent (40%)."
    await spend(harness, PRIYA, 70, model="haiku")
    assert notifications(harness.dm("priya")) == []
    await spend(harness, PRIYA, 45, model="opus")
    (alert,) = notifications(harness.dm("priya"))
    text = visible_text(alert)
    assert "You have used 85% of your monthly model:opus budget:* $85.00 of $100." in text
    assert "+$85.00 from 2 tasks" in text
    assert "haiku" not in text
    assert "*Limit:* $100 a month for model:opus (personal budget" in text


@pytest.mark.slow
async def test_it_stands_beside_the_budget_of_all_tasks_with_a_message_of_its_own(harness: ServiceHarness) -> None:
    await said(harness, "budget @priya 90/month")
    await said(harness, "budget @priya 50/month model:opus")
    await harness.deliver()
    await spend(harness, PRIYA, 40, model="haiku")  # $80 in all, and as much of opus as before
    narrowed, plain = (visible_text(each) for each in notifications(harness.dm("priya")))
    assert "80% of your monthly model:opus budget" in narrowed
    assert "88% of your monthly budget" in plain


async def test_a_default_counts_for_each_member_and_the_teams_for_all(harness: ServiceHarness) -> None:
    answer = await said(harness, "budget default 12/month model:haiku")
    assert "It applies to everyone without a personal monthly model:haiku budget (2 members now)." in answer
    await harness.deliver()
    assert "83% of your monthly model:haiku budget" in visible_text(notifications(harness.dm("marcus"))[0])
    assert notifications(harness.dm("priya")) == []
    await said(harness, "budget team 60/month model:opus,haiku")
    await harness.deliver()
    assert "The team has used 83% of its monthly model:haiku,opus budget" in visible_text(
        notifications(harness.dm("hannah"))[-1]
    )


async def test_a_status_counts_in_any_case(harness: ServiceHarness) -> None:
    await said(harness, "budget @priya 100/month status:failed")
    await spend(harness, PRIYA, 85, status="Failed")
    (alert,) = notifications(harness.dm("priya"))
    assert "You have used 85% of your monthly status:failed budget:* $85.00 of $100." in visible_text(alert)
    assert "$85.00 is already spent (42%)" in await said(harness, "budget team 200/month status:failed")


async def test_lists_and_explanations_say_what_counts(harness: ServiceHarness) -> None:
    await said(harness, "budget @priya 100/month model:opus")
    await said(harness, "budget team 1000/month status:failed byok:no")
    listed = table(await harness.ask("hannah", "budgets"))
    limits = {(row[0], row[3]) for row in listed[1:]}
    assert limits == {
        ("Priya Raman", "$100 a month for model:opus"),
        ("team", "$1,000 a month for status:failed byok:no"),
    }
    explained = await said(harness, "explain", "priya")
    assert "Month, model:opus (Mar 1–31): $40.00 of $100, 40% used." in explained
    assert "status:failed" not in explained


async def test_it_is_removed_by_the_same_words(harness: ServiceHarness) -> None:
    await said(harness, "budget @priya 90/month")
    await said(harness, "budget @priya 50/month model:opus")
    removed = await said(harness, "budget @priya remove month model:opus")
    assert removed.splitlines() == [
        "*Removed Priya Raman's $50 monthly model:opus budget.* No monthly model:opus limit applies now.",
        "Priya Raman's budget of $90 a month also applies.",
    ]
    assert "There is no monthly model:opus budget to remove." in await said(
        harness, "budget @priya remove month model:opus"
    )
    assert "$90" in await said(harness, "budgets @priya")


@pytest.mark.parametrize(
    ("line", "refusal"),
    [
        ("budget team 5/month model:opsu", "No task has the model opsu. There is opus."),
        ("budget team 5/month status:faild", "No task has the status faild. There is failed."),
        ("budget team 5/month byok:perhaps", "byok: is byok:yes or byok:no."),
        ("budget team 5/month model:", "model: needs a value, such as model:opus."),
        ("budget team 5/month tool:nmap", "A budget takes only until:, reason:, model:, status: and byok:."),
    ],
)
async def test_what_no_task_has_is_refused(harness: ServiceHarness, line: str, refusal: str) -> None:
    assert refusal in (await said(harness, line)).replace("`", "").replace("\ua789", ":")


async def test_members_ask_for_budgets_of_all_their_tasks(harness: ServiceHarness) -> None:
    assert "only ask for a budget for all of your tasks" in await said(
        harness, "budget request 800/month model:opus", "priya"
    )
    await said(harness, "budget @marcus 12/month model:haiku")
    await harness.deliver()
    (alert,) = notifications(harness.dm("marcus"))
    assert actions(alert) == ["budget_ack", "budget_snooze:today"]
    await spend(harness, MARCUS, 5, model="haiku")
    (channel,) = notifications(harness.visible("hannah"))
    assert "budget_raise" in actions(channel)
