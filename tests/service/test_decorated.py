"""Commands as people type them, through the front door: decorated, asked for politely, with names and filler."""

import pytest

from bot.sandbox.world import World
from tests.support.harness import ServiceHarness
from tests.support.messages import visible_text
from tests.support.worlds import add

PRIYA, MARCUS = "priya.raman@acme.example", "marcus.delgado@acme.example"


@pytest.fixture
def world() -> World:
    world = World.empty()
    add(world, "first", "4", email=PRIYA)
    add(world, "other", "1", email=MARCUS, status="error", error_message="it broke")
    return world


async def said(harness: ServiceHarness, user: str, line: str) -> str:
    return visible_text(await harness.ask(user, line))


@pytest.mark.slow
async def test_a_decorated_command_answers_as_the_command(harness: ServiceHarness) -> None:
    lines = {
        "overview last week": "last week", "budgets?": "budgets", "*budgets*": "budgets", "`budgets`": "budgets",
        "budgets, please": "budgets", "help!": "help", "help me": "help", "please status": "status",
        "show me the status": "status", "status?": "status", "subscriptions?": "subscriptions", "errors?": "errors",
        "errors, last week": "errors last week", "explain please": "explain", "explain me": "explain",
        "explain my alerts": "explain", "overview please": "overview", "overview now": "overview",
        "overview this month": "overview",
    }  # fmt: skip
    for line, exact in lines.items():
        answer, expected = await said(harness, "priya", line), await said(harness, "priya", exact)
        assert set(expected.splitlines()) <= set(answer.splitlines()), line  # and how it was understood


async def test_a_question_about_a_limit_sets_none(harness: ServiceHarness) -> None:
    before = await said(harness, "hannah", "budgets")
    await said(harness, "hannah", "budget @priya 500?")
    await said(harness, "hannah", "budget @priya ~500")
    assert await said(harness, "hannah", "budgets") == before
    assert "$500 a month" in await said(harness, "hannah", "budget @priya 500!")


async def test_a_word_that_a_command_does_not_know_is_named(harness: ServiceHarness) -> None:
    assert await said(harness, "priya", "status foo") == 'I don\'t know "foo". Type `status` alone.'
    assert await said(harness, "hannah", "balance of opus") == 'I don\'t know "opus". Type `balance` alone.'
    assert await said(harness, "priya", "subscriptions of marcus") == (
        'I don\'t know "marcus". Type `subscriptions` alone.'
    )
    assert 'I don\'t know the schedule "every blurgsday".' in await said(
        harness, "hannah", "subscribe 7d every blurgsday"
    )


async def test_a_full_name_is_taken_by_every_command_about_alerts(harness: ServiceHarness) -> None:
    for line in ("snooze marcus delgado today", "snooze marcus' alerts today", "snooze today for marcus delgado"):
        assert "about Marcus Delgado in the channel are snoozed until" in await said(harness, "hannah", line), line
    assert "about Marcus Delgado in the channel" in await said(harness, "hannah", "unsnooze marcus delgado")
    assert (await said(harness, "hannah", "explain marcus delgado")).startswith("*Marcus Delgado: alerts sent")
    assert (await said(harness, "hannah", "explain marcus' alerts")).startswith("*Marcus Delgado: alerts sent")


@pytest.mark.slow
async def test_an_owner_is_whose_budget_it_is_and_on_whom_a_limit_is_tried(harness: ServiceHarness) -> None:
    for name in ("marcus's", "Marcus'", "marcus delgado's", "marcus", "@marcus", MARCUS):
        assert "Marcus Delgado's budget is" in await said(harness, "hannah", f"budget {name} 500/month"), name
        tried = await said(harness, "hannah", f"backtest 500/month {name}")
        assert "would not have notified Marcus Delgado" in tried, name
    assert "Removed Marcus Delgado's" in await said(harness, "hannah", "budget marcus's remove month")


@pytest.mark.slow
async def test_a_limit_is_tried_on_everyone_the_team_or_oneself_in_ones_own_words(harness: ServiceHarness) -> None:
    for name in ("", "anyone", "us", "for everyone", "everybody", "all", "each", "anybody"):
        tried = await said(harness, "hannah", f"backtest 500/month {name}")
        assert "for everyone would have notified nobody" in tried, name
    for name in ("the team", "the whole team", "our team"):
        assert "operators of the team's spend" in await said(harness, "hannah", f"backtest 500/month {name}"), name
    assert "I can't find you in Neo" in await said(harness, "hannah", "backtest 500/month me")
    assert "I can try a limit on one person" in await said(harness, "hannah", "backtest 500/month marcus and priya")


async def test_how_budgets_stand_is_their_list(harness: ServiceHarness) -> None:
    for line in ("budget status", "budget left", "budget list", "budget vs actual"):
        assert (await said(harness, "hannah", line)).startswith("*No budget is set.*"), line


async def test_all_failures_of_a_day_are_asked_for_as_errors(harness: ServiceHarness) -> None:
    assert "No tasks ran" in await said(harness, "hannah", "all errors today")
    assert "1 of 2 tasks failed" in await said(harness, "hannah", "errors anyone")


async def test_a_day_that_may_be_two_is_asked_back_about_the_same_persons_alerts(harness: ServiceHarness) -> None:
    asked = await harness.ask("hannah", "snooze marcus until 3/6")
    assert "• `snooze marcus until Mar 6`\n• `snooze marcus until Jun 3`" in visible_text(asked)
    done = visible_text(await harness.press("hannah", asked, "command:choice1"))
    assert "about Marcus Delgado in the channel are snoozed until" in done


async def test_ones_own_name_is_oneself_and_others_stay_unknown(harness: ServiceHarness) -> None:
    for line in ("explain priya raman", "explain me", "explain my budgets"):
        assert (await said(harness, "priya", line)).startswith("*Priya Raman: alerts sent"), line
    refused = await said(harness, "priya", "explain nobody at all")
    for line in ("explain marcus delgado", "explain everyone", "explain marcus and priya", "explain team"):
        assert await said(harness, "priya", line) == refused, line
    for line in ("snooze me today", "snooze my alerts today", "snooze for today", "snooze today!"):
        assert (await said(harness, "priya", line)).startswith("Budget alerts in your DMs are snoozed until"), line


async def test_several_people_are_asked_back(harness: ServiceHarness) -> None:
    assert "I can explain one at a time." in await said(harness, "hannah", "explain everyone")
    assert "I can explain one at a time." in await said(harness, "hannah", "explain @marcus and @priya")
    assert "I can snooze one person's alerts" in await said(harness, "hannah", "snooze everyone today")


async def test_a_number_is_found_among_words(harness: ServiceHarness) -> None:
    await said(harness, "priya", "subscribe dm last week every monday")
    assert "You have no subscription `2`" in await said(harness, "priya", "unsubscribe 2 please")
    assert "You have no subscription `2 3`" in await said(harness, "priya", "unsubscribe 2 3")
    assert "last week" in await said(harness, "priya", "unsubscribe from number 1, please")
