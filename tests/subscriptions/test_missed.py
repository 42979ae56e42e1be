"""Answers that could not be posted in time: late ones arrive, and of those that are too late one message tells."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

from bot.sandbox.faults import Status
from bot.sandbox.slack.faults import Hang
from bot.sandbox.world import World
from tests.support.harness import ServiceHarness
from tests.support.messages import notification_keys, notifications, visible_text
from tests.support.restoring import run_for
from tests.support.worlds import MARCUS, PRIYA, add

Outage = Callable[[ServiceHarness, timedelta], Awaitable[None]]
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
TEAM = "subscribe team yesterday by:member every day 09:00"
ON_TUESDAY = (
    "I couldn't post `team yesterday by:member` on Tue, Mar 3: I was down, or couldn't reach Slack.\n"
    "To get it now, type `/neo-usage team yesterday by:member`."
)


@pytest.fixture
def world() -> World:
    """Priya and Marcus spent something before; it is Monday, 2 March, 21:00."""
    world = World.empty()
    add(world, "hers", "3", email=PRIYA)
    add(world, "his", "1", email=MARCUS)
    return world


def posted(harness: ServiceHarness, user: str = "marcus", channel: str = "neo-spend") -> list[str]:
    """What subscriptions posted in a channel, as somebody reads it there."""
    there = notifications(harness.visible(user, channel))
    return [visible_text(each) for each in there if notification_keys([each])[0].startswith("subscription:")]


def dm(harness: ServiceHarness, user: str) -> str:
    return harness.workspace.im_of(harness.workspace.user(user).id).id


async def goes_on(harness: ServiceHarness, by: timedelta, step: timedelta = 2 * HOUR) -> None:
    until = harness.clock() + by
    while harness.clock() < until:
        harness.clock.advance(min(step, until - harness.clock()))
        await harness.sync()


async def slack_is_down(harness: ServiceHarness, by: timedelta) -> None:
    harness.slack.faults.always = Status(503)
    await goes_on(harness, by)
    harness.slack.faults.clear()
    await goes_on(harness, HOUR, 10 * MINUTE)


async def bot_is_down(harness: ServiceHarness, by: timedelta) -> None:
    await harness.service.end()
    harness.clock.advance(by)
    await harness.start()
    await run_for(harness, 3)


# --- Slack is down ---------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("hours", [3, 9])
async def test_an_answer_that_was_due_while_slack_was_down_arrives_late_and_once(
    harness: ServiceHarness, hours: int
) -> None:
    await harness.ask("hannah", TEAM)
    await goes_on(harness, 11 * HOUR)
    await slack_is_down(harness, hours * HOUR)
    (answer,) = posted(harness)
    assert "$40.00" in answer
    await goes_on(harness, 10 * HOUR)
    assert posted(harness) == [answer]


@pytest.mark.slow
async def test_after_a_day_the_one_that_is_due_follows_the_word_on_the_one_that_was_missed(
    harness: ServiceHarness,
) -> None:
    await harness.ask("hannah", TEAM)
    await goes_on(harness, 10 * HOUR)
    await slack_is_down(harness, 28 * HOUR)  # until Wednesday, noon
    missed, answer = posted(harness)
    assert missed == ON_TUESDAY
    assert answer.startswith("Posted every day at 09:00")


@pytest.mark.slow
@pytest.mark.parametrize(("days", "named"), [(2, "Tue, Mar 3 and Wed, Mar 4"), (4, "Mar 3–6")])
async def test_one_message_names_all_the_dates_that_were_missed(harness: ServiceHarness, days: int, named: str) -> None:
    await harness.ask("hannah", TEAM)
    await goes_on(harness, 2 * HOUR)
    await slack_is_down(harness, days * DAY + 3 * HOUR)
    (missed,) = posted(harness)
    assert f"`team yesterday by:member` on {named}: I was down" in missed


# --- the bot is down -------------------------------------------------------------------------------


@pytest.mark.slow
async def test_an_answer_that_was_due_while_the_bot_was_down_arrives_late(harness: ServiceHarness) -> None:
    await harness.ask("hannah", TEAM)
    await bot_is_down(harness, 21 * HOUR)  # until Tuesday, 18:00
    (answer,) = posted(harness)
    assert answer.startswith("Posted every day at 09:00")


# until Wednesday, 04:00, and until Tuesday, 22:00; until the next answer is due
@pytest.mark.slow
@pytest.mark.parametrize(
    ("before", "down", "after"), [(10 * HOUR, slack_is_down, 4 * HOUR), (5 * HOUR, bot_is_down, 8 * HOUR)]
)
async def test_of_one_that_nobody_could_post_in_time_its_reader_is_told_once(
    harness: ServiceHarness, before: timedelta, down: Outage, after: timedelta
) -> None:
    await harness.ask("hannah", TEAM)
    await goes_on(harness, before)
    await down(harness, 20 * HOUR)
    assert posted(harness) == [ON_TUESDAY]
    await harness.restart()
    await goes_on(harness, after)
    assert posted(harness) == [ON_TUESDAY]


@pytest.mark.slow
async def test_days_that_the_bot_slept_through_are_told_once(harness: ServiceHarness) -> None:
    await harness.ask("hannah", TEAM)
    await goes_on(harness, 14 * HOUR)
    await bot_is_down(harness, 4 * DAY)  # until Saturday, 11:00
    _, missed, answer = posted(harness)
    assert "`team yesterday by:member` on Mar 4–6: I was down" in missed
    assert answer.startswith("Posted every day at 09:00")


@pytest.mark.slow
async def test_what_was_due_before_it_was_made_or_after_it_was_ended_is_not_missed(harness: ServiceHarness) -> None:
    await harness.ask("hannah", TEAM)
    await harness.ask("hannah", "subscribe team 7d every monday 09:00")
    await harness.ask("hannah", "unsubscribe 1")
    await bot_is_down(harness, 2 * DAY)
    assert posted(harness) == []


@pytest.mark.slow
async def test_a_kill_between_making_and_sending_the_word_keeps_it_once(harness: ServiceHarness) -> None:
    await harness.ask("hannah", TEAM)
    await harness.service.end()
    harness.slack.faults.when(lambda call: Hang() if call.method == "chat.postMessage" else None)
    harness.clock.advance(DAY + HOUR)
    await harness.start()
    await harness.service.jobs.run_every(1)
    await harness.service.end()
    harness.slack.faults.clear()
    assert posted(harness) == []
    await harness.start()
    await run_for(harness)
    assert posted(harness) == [ON_TUESDAY]


# --- to whom, and what -----------------------------------------------------------------------------


@pytest.mark.slow
async def test_in_direct_messages_the_line_to_type_is_the_question_alone(harness: ServiceHarness) -> None:
    await harness.ask("priya", "subscribe every tuesday", dm(harness, "priya"))
    await bot_is_down(harness, DAY + HOUR)
    (missed,) = posted(harness, "priya", dm(harness, "priya"))
    assert missed.startswith("I couldn't post `this month` on Tue, Mar 3: ")
    assert missed.endswith("\nTo get it now, type `this month`.")
    answer = await harness.ask("priya", "this month", dm(harness, "priya"))
    assert "$30.00" in visible_text(answer)


@pytest.mark.slow
async def test_whoever_may_not_have_the_answer_any_more_is_not_told_that_it_was_missed(
    harness: ServiceHarness,
) -> None:
    await harness.ask("hannah", f"subscribe email:{PRIYA} yesterday every day 09:00")
    harness.settings["ALERT_PRIVACY"] = "anonymous"
    await bot_is_down(harness, DAY + HOUR)
    assert posted(harness) == []
    assert "You have no subscriptions." in visible_text(await harness.ask("hannah", "subscriptions"))


@pytest.mark.slow
async def test_while_nothing_was_ever_read_from_neo_the_message_says_so(closed: ServiceHarness) -> None:
    closed.neo.faults.always = Status(503)
    await closed.open()
    await closed.ask("hannah", TEAM)
    await goes_on(closed, 12 * HOUR)
    await goes_on(closed, 70 * MINUTE, 4 * MINUTE)  # an answer waits for fresh data, for an hour
    (missed,) = posted(closed)
    assert "on Tue, Mar 3: I haven't read anything from Neo yet.\nTo get it now, type" in missed


# --- quiet hours -----------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("quiet", ["19:00-10:00", "21:00-09:30"])
async def test_an_answer_that_long_quiet_hours_hold_comes_at_their_end_and_once(
    closed: ServiceHarness, quiet: str
) -> None:
    closed.settings["QUIET_HOURS"] = quiet
    await closed.open()
    await closed.ask("priya", "subscribe 7d every day 21:15", dm(closed, "priya"))
    channel = dm(closed, "priya")
    await goes_on(closed, 12 * HOUR)
    assert posted(closed, "priya", channel) == []
    await goes_on(closed, 2 * HOUR, 10 * MINUTE)
    (answer,) = posted(closed, "priya", channel)
    assert "$30.00" in answer
    assert "Posted every day at 21:15" in answer


@pytest.mark.slow
async def test_an_answer_missed_by_the_bot_comes_at_the_end_of_quiet_hours_that_would_have_held_it(
    closed: ServiceHarness,
) -> None:
    closed.settings["QUIET_HOURS"] = "19:00-10:00"
    await closed.open()
    await closed.ask("priya", "subscribe 7d every day 21:15", dm(closed, "priya"))
    await bot_is_down(closed, 12 * HOUR + 30 * MINUTE)
    await goes_on(closed, 2 * HOUR, 10 * MINUTE)
    (answer,) = posted(closed, "priya", dm(closed, "priya"))
    assert "$30.00" in answer
