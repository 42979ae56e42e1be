"""The card of `/neo-usage` alone, through the front door: one's own month at a glance, for operators the team's too."""

from datetime import timedelta
from typing import Any

import pytest

from bot.home.keys import FailuresAction
from bot.sandbox.slack.models import Message
from bot.sandbox.world import START, World
from tests.support.engines import costly
from tests.support.harness import ServiceHarness
from tests.support.messages import actions, table, visible_text
from tests.support.worlds import add, spent

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
PRIYA, MARCUS = "priya.raman@acme.example", "marcus.delgado@acme.example"


@pytest.fixture
def world() -> World:
    """It is Monday, 2 March, 21:00. Priya spent $10 on each day since the sixth of January, Marcus has spent $80."""
    world = World.empty()
    for back in range(56):
        add(world, f"hers-{back}", "1", email=PRIYA, begun=START - back * DAY, model=f"model-{back % 5}")
    add(world, "his", "8", email=MARCUS, begun=START - HOUR, model="haiku", title="other work")
    return world


@pytest.fixture
async def harness(closed: ServiceHarness) -> ServiceHarness:
    closed.settings |= {"HISTORY_DAYS": "90", "ALERT_CHANNEL": "#neo-spend"}
    await closed.open()
    return closed


async def card(harness: ServiceHarness, user: str) -> str:
    return visible_text(await harness.ask(user))


def spend(harness: ServiceHarness, usd: int, **others: Any) -> None:
    spent(harness.neo.world, harness.clock(), PRIYA, usd, **others)


def chart(message: Message) -> list[float]:
    block = next(block for block in message.blocks if block["type"] == "data_visualization")
    return [point["value"] for point in block["chart"]["series"][0]["data"]]


@pytest.mark.slow
async def test_a_member_sees_their_month_at_a_glance_and_nothing_of_others(harness: ServiceHarness) -> None:
    await harness.ask("hannah", "budget @priya 40/month")
    answer = await harness.ask("priya")
    text = visible_text(answer)
    assert text.startswith("*You:* *$20.00* (2.00 credits) in March so far · 2 tasks")
    assert "First forecast on Mar 6, after 5 full days of data" in text
    assert "*50% of your budget* █████░░░░░ · $20.00 of $40 a month (personal budget)" in text
    assert "*Top models*\n• model-0: $10.00 (50%)\n• model-1: $10.00 (50%)\n" in text
    assert "\nData as of 21:00 (UTC)\n" in text
    for of_others in ("marcus", "haiku", "Team", "$80", "$100"):
        assert of_others not in text
    assert answer.text.startswith("*You:* *$20.00* (2.00 credits) in March so far")


@pytest.mark.slow
@costly
async def test_later_in_a_month_it_compares_forecasts_and_draws_the_days(harness: ServiceHarness) -> None:
    for _ in range(9):
        harness.clock.advance(DAY)
        spend(harness, 10, model="opus")
    spend(harness, 5, model="opus")
    await harness.sync()
    answer = await harness.ask("priya")
    first, *_ = lines = visible_text(answer).splitlines()
    assert first.startswith("*You:* *$115.00* (11.50 credits) in March so far · 12 tasks · ")
    assert first.endswith("5% more than the same days of February ($110.00)")
    assert any(line.startswith("Forecast: $3") and line.endswith(" by Mar 31") for line in lines)
    assert sum(chart(answer)) == pytest.approx(115)
    assert "Today is the highest day so far: $15.00" in lines
    harness.clock.advance(DAY)
    await harness.sync()
    assert "Highest day: Wed, Mar 11 ($15.00) · Today so far: $0.00" in await card(harness, "priya")


@pytest.mark.slow
async def test_only_the_largest_models_are_listed(harness: ServiceHarness) -> None:
    for number in range(4):
        spend(harness, 20 + number, model=f"big-{number}")
    await harness.sync()
    text = await card(harness, "priya")
    assert "• big-3: $23.00 (22%)\n• big-2: $22.00 (21%)\n• big-1: $21.00 (20%)\n• 3 more: $40.00" in text


@pytest.mark.slow
async def test_the_three_latest_failures_are_shown(harness: ServiceHarness) -> None:
    assert "failures" not in await card(harness, "priya")
    for number, error in enumerate(("a secret text", "429 too many requests", "the task timed out", "a secret text")):
        spend(harness, 1, model=f"m{number}", status="error", error_message=error)
        harness.clock.advance(HOUR)
    await harness.sync()
    text = await card(harness, "priya")
    assert "*Latest failures*\n• Mar 2, 22:59: 1 task on m3 ($1.00 in the last 7 days), `a secret text`\n" in text
    assert "1 task on m2 ($1.00 in the last 7 days), timed out\n" in text
    assert "1 task on m1 ($1.00 in the last 7 days), rate limited\n" in text
    assert "m0 ($1.00)," not in text


async def test_an_operator_sees_their_own_month_and_the_teams_line(closed: ServiceHarness) -> None:
    closed.settings["ADMINS"] = PRIYA
    await closed.open()
    text = await card(closed, "priya")
    assert text.startswith("*You:* *$20.00* (2.00 credits) in March so far · 2 tasks")
    assert "*Team:* *$100.00* (10.00 credits) in March so far · 3 tasks" in text


@pytest.mark.slow
async def test_an_operator_without_tasks_sees_the_teams_line(harness: ServiceHarness) -> None:
    answer = await harness.ask("hannah")
    assert visible_text(answer).startswith("You have no tasks in Neo.")
    assert "*Team:* *$100.00* (10.00 credits) in March so far · 3 tasks" in visible_text(answer)
    assert answer.text.startswith("*Team:* *$100.00*")
    assert actions(answer) == ["ask:team", "ask:member", "home:set"]


@pytest.mark.slow
async def test_the_teams_card_is_what_an_operator_asks_for_by_we(harness: ServiceHarness) -> None:
    await harness.ask("hannah", "budget team 400/month")
    answer = await harness.ask("hannah", "are we on track?")
    text = visible_text(answer)
    assert text.startswith(
        "*Team:* *$100.00* (10.00 credits) in March so far · 3 tasks · 400% more than the same days of "
        "February ($20.00)\nFirst forecast on Mar 6, after 5 full days of data\n"
        "*25% of the team's budget* ██░░░░░░░░ · $100.00 of $400 a month (team budget)\n*Top models*\n• haiku: $80.00"
    )
    assert "Data as of 21:00 (UTC)" in text
    assert answer.text.startswith("*Team:* *$100.00*")
    assert actions(answer) == ["ask:member", "ask:model", "ask:day", "ask:last", "home:failures", "home:set"]
    assert table(await harness.press("hannah", answer, "ask:member"))[0][0] == "Member"
    for line in ("how much will we spend", "will we make it this month", "overview team"):
        assert visible_text(await harness.ask("hannah", line)) == text, line


@pytest.mark.slow
async def test_what_follows_a_card_is_about_whose_card_it_is(harness: ServiceHarness) -> None:
    await harness.ask("hannah", "overview team")
    assert "• `team last month`\n" in visible_text(await harness.ask("hannah", "and last month"))
    await harness.ask("hannah", "how are we doing")
    assert "No budget is set for the team." in visible_text(await harness.ask("hannah", "how much of it is left"))


@pytest.mark.slow
async def test_a_member_who_asks_for_the_teams_card_is_told_and_gets_their_own(harness: ServiceHarness) -> None:
    answer = visible_text(await harness.ask("priya", "how much will we spend"))
    assert answer == f"Only operators can see the team's spend. This is your own:\n{await card(harness, 'priya')}"


@pytest.mark.slow
async def test_there_are_no_other_cards(harness: ServiceHarness) -> None:
    assert await card(harness, "priya") == visible_text(await harness.ask("priya", "overview"))
    assert "Understood as `last month`" in visible_text(await harness.ask("priya", "overview last month"))
    assert 'I don\'t know "marcus".' in visible_text(await harness.ask("priya", "overview marcus"))


async def test_who_has_no_task_is_told_whom_to_ask(harness: ServiceHarness) -> None:
    answer = await harness.ask("jonas")
    assert "I can't find you in Neo" in visible_text(answer)
    assert "ask <@U0HANNAH> to `link` it" in visible_text(answer)
    assert actions(answer) == []


@pytest.mark.slow
async def test_a_mention_alone_shows_it_to_whoever_wrote_it(harness: ServiceHarness) -> None:
    await harness.slack.say("priya", "neo-spend", "@neo-usage")
    answer = await harness.answer("priya", "neo-spend", 1)
    assert visible_text(answer).startswith("*You:* *$20.00* (2.00 credits) in March so far")
    assert len(harness.visible("marcus")) == 1


@pytest.mark.slow
async def test_this_month_typed_stays_the_plain_answer(harness: ServiceHarness) -> None:
    assert "Top models" not in visible_text(await harness.ask("priya", "this month"))


# --- buttons ---------------------------------------------------------------------------------------


@pytest.mark.slow
async def test_its_buttons_answer_questions(harness: ServiceHarness) -> None:
    answer = await harness.ask("priya")
    assert actions(answer) == ["ask:model", "ask:day", "ask:last", "home:failures", "home:ask"]
    assert table(await harness.press("priya", answer, "ask:model"))[0][0] == "Model"


@pytest.mark.slow
async def test_failures_are_a_press_away(harness: ServiceHarness) -> None:
    spend(harness, 1, model="opus", status="error", error_message="vault is sealed")
    await harness.sync()
    answer = await harness.press("priya", await harness.ask("priya"), "home:failures")
    assert "vault is sealed" in str(table(answer))


@pytest.mark.slow
async def test_a_budget_is_requested_in_the_channel_of_the_card(harness: ServiceHarness) -> None:
    answer = await harness.ask("priya")
    ack = await harness.slack.click("priya", "neo-spend", answer.ts, "home:ask")
    assert ack.ok, ack
    await harness.idle()
    view = harness.workspace.view_on_top("U0PRIYA")
    assert view is not None
    before = len(harness.visible("priya"))
    ack = await harness.slack.submit("priya", view.id, {"amount": {"amount": "95"}})
    assert ack.ok, ack
    await harness.answer("priya", "neo-spend", before)


def test_a_button_of_failures_keeps_its_line() -> None:
    action = FailuresAction("errors 7d")
    assert FailuresAction.decode(action.action_id, action.value) == action


# --- extremes --------------------------------------------------------------------------------------


@pytest.mark.slow
async def test_a_month_without_spend_is_one_factual_line(harness: ServiceHarness) -> None:
    harness.clock.advance(30 * DAY)
    await harness.sync()
    text = await card(harness, "priya")
    assert text.startswith("*You:* No Neo spend in April so far.\nNo budget is set.\nData as of")


@pytest.mark.slow
async def test_an_unknown_cost_is_never_nothing(harness: ServiceHarness) -> None:
    harness.clock.advance(30 * DAY)
    add(harness.neo.world, "free", None, email=PRIYA, begun=harness.clock() - HOUR, model="opus", status="error")
    await harness.sync()
    text = await card(harness, "priya")
    assert text.startswith("*You:* *Cost unknown* in April so far · 1 task · 1 failed (cost unknown)")
    assert "• opus: unknown" in text
    assert "$0.00" not in text


@pytest.mark.slow
async def test_days_of_unknown_cost_are_never_nothing(harness: ServiceHarness) -> None:
    harness.clock.advance(30 * DAY)
    add(harness.neo.world, "free", None, email=PRIYA, begun=harness.clock() - HOUR, model="opus")
    await harness.sync()
    harness.clock.advance(DAY)
    add(harness.neo.world, "free too", None, email=PRIYA, begun=harness.clock() - HOUR, model="opus")
    await harness.sync()
    text = await card(harness, "priya")
    assert text.startswith("*You:* *Cost unknown* in April so far · 2 tasks")
    assert "$0.00" not in text
    assert "day" not in text.partition("Top models")[2].partition("Data as of")[0]
    spend(harness, 10, model="opus", begun=harness.clock() - DAY)
    await harness.sync()
    assert "Highest day: Wed, Apr 1 ($10.00) · Today so far: unknown" in await card(harness, "priya")


@pytest.mark.slow
async def test_one_day_alone_is_named_and_has_no_chart(harness: ServiceHarness) -> None:
    harness.clock.advance(30 * DAY)
    spend(harness, 10, model="opus")
    await harness.sync()
    answer = await harness.ask("priya")
    only = "All of it was spent today. The chart of the days starts with the second day of spend."
    assert only in visible_text(answer)
    assert "data_visualization" not in {block["type"] for block in answer.blocks}
    harness.clock.advance(DAY)
    await harness.sync()
    assert "All of it was spent on Wed, Apr 1." in await card(harness, "priya")


@pytest.mark.slow
async def test_models_of_unknown_cost_are_never_nothing(harness: ServiceHarness) -> None:
    harness.clock.advance(30 * DAY)
    for number in range(5):
        add(harness.neo.world, f"free-{number}", None, email=PRIYA, begun=harness.clock() - HOUR, model=f"m{number}")
    spend(harness, 10, model="opus")
    await harness.sync()
    text = await card(harness, "priya")
    assert "• opus: $10.00 (100%)\n• m0: unknown\n• m1: unknown\n• 3 more: unknown" in text
    assert "$0.00" not in text


@pytest.mark.slow
async def test_untrusted_text_formats_and_mentions_nothing(harness: ServiceHarness) -> None:
    spend(harness, 40, model="*<!channel>*\n> " + "x" * 500, status="error", error_message="`<@U0MARCUS>` *boom*")
    await harness.sync()
    text = await card(harness, "priya")
    assert "<!channel>" not in text
    assert "<@U0MARCUS>" not in text
