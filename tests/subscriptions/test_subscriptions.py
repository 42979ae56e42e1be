"""Subscriptions through the front door: made, posted once a date, listed and ended."""

import asyncio
import re
from datetime import timedelta

import pytest

from bot.sandbox.faults import Status
from bot.sandbox.slack.models import Message
from bot.sandbox.world import World
from tests.support.harness import ServiceHarness
from tests.support.messages import actions, notification_keys, notifications, table, visible_text
from tests.support.worlds import MARCUS, PRIYA, add, spent

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
BY_MEMBER = "subscribe team yesterday by:member every day 09:00"


@pytest.fixture
def world() -> World:
    """Priya and Marcus spent something this morning; it is Monday, 2 March, 21:00."""
    world = World.empty()
    add(world, "hers", "3", email=PRIYA, model="opus", title="secret plan")
    add(world, "his", "1", email=MARCUS, model="haiku")
    return world


def posted(harness: ServiceHarness, channel: str = "neo-spend", user: str = "marcus") -> list[Message]:
    """The answers that somebody sees in a channel."""
    there = notifications(harness.visible(user, channel))
    return [each for each in there if notification_keys([each])[0].startswith("subscription:")]


def dm_answers(harness: ServiceHarness, user: str) -> list[Message]:
    """The answers that somebody got in their direct messages."""
    return posted(harness, harness.workspace.im_of(harness.workspace.user(user).id).id, user)


def endings(harness: ServiceHarness, user: str) -> list[str]:
    """What somebody was told of subscriptions of theirs that ended."""
    there = notifications(harness.dm(user))
    return [visible_text(each) for each in there if notification_keys([each])[0].startswith("subscription_ended:")]


async def goes_on(harness: ServiceHarness, by: timedelta, step: timedelta = 4 * HOUR) -> None:
    until = harness.clock() + by
    while harness.clock() < until:
        harness.clock.advance(min(step, until - harness.clock()))
        await harness.sync()


async def said(harness: ServiceHarness, user: str, line: str, channel: str = "neo-spend") -> str:
    return visible_text(await harness.ask(user, line, channel))


async def said_in_dm(harness: ServiceHarness, user: str, line: str) -> str:
    return await said(harness, user, line, harness.workspace.im_of(harness.workspace.user(user).id).id)


# --- posted ----------------------------------------------------------------------------------------


@pytest.mark.slow
async def test_an_answer_is_posted_in_the_channel_once_a_date(harness: ServiceHarness) -> None:
    confirmation = await said(harness, "hannah", BY_MEMBER)
    assert (
        "I'll post `team yesterday by:member` here every day at 09:00. The first is due Mar 3, 09:00 (UTC)."
        in confirmation
    )
    assert "`unsubscribe 1`" in confirmation
    await goes_on(harness, 11 * HOUR)
    assert posted(harness) == []
    await goes_on(harness, 2 * HOUR)
    (answer,) = posted(harness)
    text = visible_text(answer)
    assert text.startswith("Posted every day at 09:00 for Hannah Weiss. To stop it, press Stop or type")
    assert "`/neo-usage unsubscribe 1`" in text
    assert "The whole team" in text
    assert "$40.00" in text
    assert "The whole team: $40.00" in answer.text
    assert [line[1] for line in table(answer)[1:]] == ["$30.00", "$10.00"]
    assert [each.partition(":")[0] for each in actions(answer)] == ["csv", "subscription_stop"]
    assert "secret" not in text
    await harness.restart()
    await goes_on(harness, 10 * HOUR)
    assert len(posted(harness)) == 1
    await goes_on(harness, DAY)
    assert notification_keys(posted(harness))[1].startswith("subscription:1:2026-03-04:channel:")


@pytest.mark.parametrize(
    ("line", "promise"),
    [
        ("send me a report every Monday at 9", "`last week` in your DM with me every Monday at 09:00"),
        ("schedule a weekly report on Mondays", "`last week` in your DM with me every Monday at 09:00"),
        (
            "send the team's spend of yesterday by member here every weekday at 9am",
            "`team yesterday by:member` here every weekday at 09:00",
        ),
        ("subscribe team by:model every weekday", "`team this month by:model` here every weekday at 09:00"),
        ("send me priya's spend every month", "`last month email:priya.raman@acme.example` in your DM with me on the"),
        ("subscribe to a weekly report on Monday at 9:00", "`last week` here every Monday at 09:00"),
        ("daily report at 8", "`yesterday` in your DM with me every day at 08:00"),
        ("send us a monthly summary by model every month", "`team last month by:model` here on the 1st of every month"),
        ("every friday at 17:00 send me opus last week", "in your DM with me every Friday at 17:00"),
        ("subscribe dm 7d every day", "`7d` in your DM with me every day at 09:00"),
        ("subscribe every day 09:00", "`this month` here every day at 09:00"),
    ],
)
async def test_it_is_made_in_everyday_words(harness: ServiceHarness, line: str, promise: str) -> None:
    assert promise in await said(harness, "hannah", line)


async def test_whom_a_question_mentions_is_said_by_name(harness: ServiceHarness) -> None:
    said_so = await said(harness, "hannah", "subscribe @priya yesterday every day 09:00")
    assert "I'll post `@Priya Raman yesterday` here every day" in said_so
    for line in ("subscriptions", "unsubscribe 1"):
        assert "`@Priya Raman yesterday`" in await said(harness, "hannah", line)


async def test_whose_spend_it_is_about_is_said_and_what_to_type_for_the_teams(harness: ServiceHarness) -> None:
    own = "\nIt's about your own spend."
    instead = " For the team's, type `subscribe dm team last week every monday 09:00`."
    line = "send me a report every monday"
    assert f"{own}{instead}\n" in await said(harness, "hannah", line)
    assert f"{own}\n" in await said(harness, "priya", line)
    promise = await said(harness, "hannah", instead.split("`")[1])
    assert "`team last week` in your DM with me every Monday" in promise
    assert own not in promise


@pytest.mark.parametrize(
    ("line", "why", "choices"),
    [
        ("send me every monday", "What should I send every Monday at 09:00?", ["team last week", "last week"]),
        ("send me something daily", "What should I send every day at 09:00?", ["team yesterday", "yesterday"]),
        (
            "mail me monthly please",
            "What should I send on the 1st of every month at 09:00?",
            ["team last month", "last month"],
        ),
        (
            "send me priya's spend daily at 9",
            "Which time should it be about?",
            ["yesterday email:priya.raman@acme.example", "this month email:priya.raman@acme.example"],
        ),
        (
            "every friday send me our spend",
            "Which time should it be about?",
            ["team last week", "team this week", "team this month"],
        ),
        (
            "every monday send me the team's week",
            "At that time, this week has only begun. Which one do you mean?",
            ["team last week", "team this week"],
        ),
        (
            "send me what we spent today, every day",
            "At that time, the day has only begun. Which one do you mean?",
            ["team yesterday", "team today"],
        ),
        ("send me our 3/2 every day", "That could mean several things.", ["team 2026-03-02", "team 2026-02-03"]),
    ],
)
async def test_what_is_left_open_is_asked_back_before_anything_is_subscribed_to(
    harness: ServiceHarness, line: str, why: str, choices: list[str]
) -> None:
    asked = await harness.ask("hannah", line)
    first, *rest = visible_text(asked).splitlines()
    assert first == f"{why} Press a button, or type the line:"
    typed = [each.strip("• `") for each in rest[: len(choices)]]
    assert [re.sub(" every .*", "", each.removeprefix("subscribe dm ")) for each in typed] == choices
    assert actions(asked) == [f"command:choice{number}" for number in range(1, len(choices) + 1)]
    assert "You have no subscriptions" in await said(harness, "hannah", "subscriptions")
    done = visible_text(await harness.press("hannah", asked, f"command:choice{len(choices)}"))
    assert f"I'll post `{choices[-1]}` in your DM with me" in done
    assert f"I'll post `{choices[0]}` in your DM with me" in await said(harness, "hannah", typed[0])


async def test_the_last_question_is_the_first_of_what_could_be_sent(harness: ServiceHarness) -> None:
    await said_in_dm(harness, "priya", "last month by model")
    asked = await said_in_dm(harness, "priya", "send me every friday at 10")
    assert asked.startswith(
        "What should I send every Friday at 10:00? Press a button, or type the line:\n"
        "• `subscribe dm last month by:model every friday 10:00`\n• `subscribe dm last week every friday 10:00`\n"
    )
    assert "Only operators" in await said_in_dm(harness, "priya", "send us every friday")
    assert "Only operators" in await said(harness, "priya", "post here every friday")


@pytest.mark.slow
async def test_it_is_posted_at_other_times_instead(harness: ServiceHarness) -> None:
    assert "You have no subscriptions." in await said_in_dm(harness, "priya", "send it on fridays instead")
    await said_in_dm(harness, "priya", "subscribe yesterday every monday 10:30")
    for line, schedule, before in (
        ("send it on fridays instead", "every Friday at 10:30", "every Monday at 10:30"),
        ("make it daily at 8", "every day at 08:00", "every Friday at 10:30"),
        ("move it to 17:15", "every day at 17:15", "every day at 08:00"),
        ("reschedule 4 weekdays", "every weekday at 17:15", "every day at 17:15"),
    ):
        done = await said_in_dm(harness, "priya", line)
        assert f"Done: I'll post `yesterday` in your DM with me {schedule}, no longer {before}." in done
    again = await said_in_dm(harness, "priya", "reschedule 5 every weekday")
    assert again == "It's posted every weekday at 17:15 already."
    assert "You have no subscription `1`" in await said_in_dm(harness, "priya", "reschedule 1 every friday")
    assert 'I don\'t know the schedule "frobnicate".' in await said_in_dm(harness, "priya", "reschedule 5 frobnicate")
    assert "You have 1 subscription." in await said_in_dm(harness, "priya", "subscriptions")
    await goes_on(harness, 13 * HOUR)
    assert dm_answers(harness, "priya") == []
    await goes_on(harness, 8 * HOUR)
    assert len(dm_answers(harness, "priya")) == 1


async def test_of_several_it_is_asked_back_which_is_to_be_posted_at_other_times(harness: ServiceHarness) -> None:
    await said(harness, "hannah", BY_MEMBER)
    await said(harness, "hannah", "subscribe dm last week every monday 08:00")
    asked = await harness.ask("hannah", "on fridays instead")
    assert visible_text(asked).startswith(
        "Which of your subscriptions? Press a button, or type the line:\n"
        "• `reschedule 1 every friday 09:00`  `team yesterday by:member`\n"
        "• `reschedule 2 every friday 08:00`  `last week`\n"
    )
    done = visible_text(await harness.press("hannah", asked, "command:choice1"))
    assert "I'll post `team yesterday by:member` in <#C0NEOSPEND> every Friday at 09:00, no longer every day" in done


@pytest.mark.parametrize("line", ["stop sending me that", "stop it", "cancel that", "no more reports please", "stop"])
async def test_stop_lists_them_and_without_any_says_what_else_can_be_stopped(
    harness: ServiceHarness, line: str
) -> None:
    none = await said(harness, "priya", line)
    assert none.startswith("Understood as `unsubscribe`\n*You have no subscriptions,* so there is none to stop.\n")
    assert "`snooze today`" in none
    await said_in_dm(harness, "priya", "subscribe yesterday daily")
    assert "You have 1 subscription." in await said(harness, "priya", line)


async def test_everyday_words_list_and_end_them(harness: ServiceHarness) -> None:
    assert "`last week` in your DM with me" in await said(harness, "priya", "send me a report every Monday at 9")
    for line in (
        "my subscriptions", "what am I subscribed to", "stop the weekly report", "unsubscribe", "stop the report at 1",
        "stop the top 1 models report",
    ):  # fmt: skip
        answer = await harness.ask("priya", line)
        assert "You have 1 subscription." in visible_text(answer), line
        assert [each.partition(":")[0] for each in actions(answer)] == ["subscription_remove"]
    assert "Stopped" in await said(harness, "priya", "cancel subscription 1")


@pytest.mark.parametrize(
    ("user", "line", "suggested"),
    [
        ("hannah", "schedule a report", "subscribe dm last week every monday 09:00"),
        ("hannah", "subscribe to team spend", "subscribe team every monday 09:00"),
        ("hannah", "subscribe team last week on friday at 8", "subscribe team last week every friday 08:00"),
        ("hannah", "subscribe team every monday and thursday", "subscribe team every monday 09:00"),
        ("hannah", "subscribe frobnicate every fortnight", "subscribe last week every monday 09:00"),
        ("hannah", "daily report at 25", "subscribe dm last week every monday 09:00"),
        ("hannah", "send the team's spend to #security every monday", "subscribe team every monday 09:00"),
        ("hannah", "subscribe team last week <#C0SECURITY|security> daily", "subscribe team last week every day 09:00"),
        ("priya", "send my spend to #security every monday", "subscribe dm last week every monday 09:00"),
        ("hannah", "post this here every monday", "subscribe last week every monday 09:00"),
        ("priya", "subscribe 7d daily", "subscribe dm last week every monday 09:00"),
        ("priya", "subscribe dm team last week", "subscribe dm last week every monday 09:00"),
    ],
)
async def test_the_line_that_a_refusal_suggests_works_as_it_stands(
    harness: ServiceHarness, user: str, line: str, suggested: str
) -> None:
    refusal = await said(harness, user, line)
    lines = re.findall("`(subscribe .*?)`", refusal)
    assert "I'll post" not in refusal
    for each in lines:
        assert "I'll post" in await said(harness, user, each), each
    assert suggested in lines


@pytest.mark.slow
async def test_what_is_relative_is_as_of_the_post(harness: ServiceHarness) -> None:
    await said(harness, "hannah", BY_MEMBER)
    await goes_on(harness, 13 * HOUR)
    spent(harness.neo.world, harness.clock(), PRIYA, 7)
    await goes_on(harness, DAY)
    first, second = posted(harness)
    assert "$40.00" in first.text
    assert "$7.00" in second.text


@pytest.mark.slow
async def test_anybody_has_their_own_spend_in_direct_messages(harness: ServiceHarness) -> None:
    confirmation = await said_in_dm(harness, "priya", "subscribe yesterday by:model daily")
    assert "I'll post `yesterday by:model` in your DM with me every day at 09:00" in confirmation
    await goes_on(harness, 13 * HOUR)
    (answer,) = dm_answers(harness, "priya")
    assert answer.text.startswith("You: $30.00")
    assert visible_text(answer).startswith("Posted every day at 09:00. To stop it, press Stop or type `unsubscribe 1`.")
    assert "Marcus" not in visible_text(answer)
    assert posted(harness) == []


@pytest.mark.slow
async def test_a_day_without_spend_is_posted_too(harness: ServiceHarness) -> None:
    await said(harness, "hannah", BY_MEMBER)
    await goes_on(harness, 2 * DAY)
    _, answer = posted(harness)
    assert [each.partition(":")[0] for each in actions(answer)] == ["subscription_stop"]


@pytest.mark.slow
async def test_a_clock_that_ran_ahead_leaves_no_gap_and_repeats_nothing(harness: ServiceHarness) -> None:
    await said(harness, "hannah", BY_MEMBER)
    harness.clock.advance(10 * DAY)
    await goes_on(harness, DAY)
    before = len(posted(harness))
    assert before == 2  # a word on the days that it seems to have slept through, and an answer
    harness.clock.set_back(10 * DAY)
    await goes_on(harness, 2 * DAY)
    assert len(posted(harness)) == before + 2
    await goes_on(harness, 10 * DAY, 12 * HOUR)
    assert len(set(notification_keys(posted(harness)))) == len(posted(harness))


@pytest.mark.slow
async def test_in_another_zone_the_same_date_is_posted_once(harness: ServiceHarness) -> None:
    await said(harness, "hannah", BY_MEMBER)
    await goes_on(harness, 13 * HOUR)
    await harness.service.end()
    harness.settings["TIMEZONE"] = "America/Los_Angeles"
    await harness.start()
    await goes_on(harness, 12 * HOUR)  # over nine o'clock there
    assert len(posted(harness)) == 1
    await goes_on(harness, DAY)
    assert len(posted(harness)) == 2


# --- made ------------------------------------------------------------------------------------------


async def test_a_question_is_understood_and_kept_in_the_query_language(harness: ServiceHarness) -> None:
    text = await said(harness, "hannah", "subscribe how much did everyone spend in the last 7 days per model weekly")
    assert "I'll post `team 7d by:model` here every Monday at 09:00. The first is due Mar 9, 09:00 (UTC)." in text


async def test_what_cannot_be_is_explained_and_changes_nothing(harness: ServiceHarness) -> None:
    for line, expected in (
        ("subscribe team last week", "Try `subscribe team last week every monday 09:00`."),
        ("subscribe budgets every monday", "I can post answers about spend on a schedule, but not `budgets`."),
        ("subscribe team yesterday csv every day", "I can't post files on a schedule."),
        ("subscribe team modle:opus every day", "`subscribe team model:opus every day 09:00`"),
        ("subscribe team 11/5 every day", "That could mean several things."),
        ("subscribe @nobody every day", "@nobody"),
        ("unsubscribe 7", "You have no subscription `7`."),
        ("unsubscribe everything", "You have no subscriptions,"),
    ):
        assert expected in await said(harness, "hannah", line), line
        assert "You have no subscriptions." in await said(harness, "hannah", "subscriptions"), line


async def test_others_than_operators_have_none_in_a_channel_and_nobody_elses_spend(harness: ServiceHarness) -> None:
    assert "Only operators can have answers posted in a channel" in await said(harness, "priya", "subscribe 7d daily")
    assert "Only operators" in await said_in_dm(harness, "priya", "subscribe team 7d daily")
    assert "Only operators" in await said_in_dm(harness, "priya", "subscribe @marcus 7d daily")
    assert "You have no subscriptions." in await said(harness, "priya", "subscriptions")


@pytest.mark.parametrize(
    ("channel", "why"), [("acme-x-globex", "people from outside your company"), ("security", "Invite me")]
)
async def test_a_channel_with_outsiders_or_without_the_bot_is_refused(
    harness: ServiceHarness, channel: str, why: str
) -> None:
    assert why in await said(harness, "hannah", BY_MEMBER, channel)


async def test_while_slack_does_not_say_what_the_channel_is_nothing_is_made(harness: ServiceHarness) -> None:
    harness.slack.faults.when(lambda call: Status(503) if call.method == "conversations.info" else None)
    assert "Slack doesn't answer me right now." in await said(harness, "hannah", BY_MEMBER)
    harness.slack.faults.clear()
    assert "You have no subscriptions." in await said(harness, "hannah", "subscriptions")


@pytest.mark.slow
async def test_nobody_has_more_than_twenty(harness: ServiceHarness) -> None:
    for hour in range(20):
        assert "I'll post" in await said_in_dm(harness, "priya", f"subscribe 7d every day {hour:02}:00")
    assert "You have 20 subscriptions" in await said_in_dm(harness, "priya", "subscribe 7d every day 20:00")
    listing = await harness.ask("priya", "subscriptions")
    assert len(actions(listing)) == 20
    assert "it is your subscription 3" in await said_in_dm(harness, "priya", "subscribe 7d every day 02:00")


# --- listed and ended ------------------------------------------------------------------------------


@pytest.mark.slow
async def test_they_are_listed_and_removed_by_a_button(harness: ServiceHarness) -> None:
    await said(harness, "hannah", BY_MEMBER)
    await said_in_dm(harness, "hannah", "subscribe last month monthly at 8:30")
    listing = await harness.ask("hannah", "subscriptions")
    text = visible_text(listing)
    assert "*You have 2 subscriptions.* Times are in UTC." in text
    assert "*1* `team yesterday by:member`\nevery day at 09:00, in <#C0NEOSPEND>. Next: Mar 3, 09:00" in text
    assert "*2* `last month`\non the 1st of every month at 08:30, in your DM with me. Next: Apr 1, 08:30" in text
    rest = await harness.press("hannah", listing, "subscription_remove:1")
    assert "*You have 1 subscription.*" in visible_text(rest)
    assert actions(rest) == ["subscription_remove:2"]
    await goes_on(harness, DAY)
    assert posted(harness) == []
    assert "You have no subscriptions." in await said(harness, "priya", "subscriptions")


async def test_numbers_are_each_owners_and_not_given_again(harness: ServiceHarness) -> None:
    await said(harness, "hannah", BY_MEMBER)
    assert "`unsubscribe 1`" in await said_in_dm(harness, "priya", "subscribe 7d daily")
    assert "Stopped: I won't post `7d` every day at 09:00 anymore." in await said(harness, "priya", "unsubscribe 1")
    assert "`unsubscribe 2`" in await said_in_dm(harness, "priya", "subscribe 7d daily")
    assert "You have no subscription `1`" in await said(harness, "priya", "unsubscribe 1")
    assert "*1* `team" in await said(harness, "hannah", "subscriptions")
    assert endings(harness, "priya") == []  # it was herself


@pytest.mark.slow
async def test_stop_is_for_the_owner_and_operators(harness: ServiceHarness) -> None:
    harness.settings["ADMINS"] = "U0HANNAH,U0JONAS"
    await harness.restart()
    await said(harness, "hannah", BY_MEMBER)
    await goes_on(harness, 13 * HOUR)
    (answer,) = posted(harness)
    refused = await harness.press("priya", answer, "subscription_stop:1")
    assert "Only its owner and operators can stop that subscription." in visible_text(refused)
    presses = (harness.slack.click("jonas", "neo-spend", answer.ts, "subscription_stop:1") for _ in range(2))
    await asyncio.gather(*presses)  # the second one before the message has changed
    await harness.idle()
    said_to_jonas = " ".join(visible_text(each) for each in harness.visible("jonas")[-2:])
    assert "Its owner has been notified." in said_to_jonas
    assert "had been stopped already" in said_to_jonas
    await harness.deliver()
    (answer,) = [each for each in notifications(harness.visible("marcus")) if each.ts == answer.ts]
    assert actions(answer) == ["csv"]
    assert "$40.00" in visible_text(answer)
    (told,) = endings(harness, "hannah")
    assert "<@U0JONAS> stopped your subscription 1: `team yesterday by:member` every day at 09:00, in <#C0NEO" in told
    await goes_on(harness, DAY)
    assert len(posted(harness)) == 1


@pytest.mark.slow
async def test_the_file_is_sent_to_whoever_may_have_it(harness: ServiceHarness) -> None:
    await said(harness, "hannah", BY_MEMBER)
    await goes_on(harness, 13 * HOUR)
    (answer,) = posted(harness)
    assert "Only operators" in visible_text(await harness.press("priya", answer, "csv"))
    assert ".csv" in visible_text(await harness.press("hannah", answer, "csv"))


# --- asked back --------------------------------------------------------------------------------------


async def test_this_is_the_question_before_and_is_shown_before_anything_is_subscribed_to(
    harness: ServiceHarness,
) -> None:
    dm = harness.workspace.im_of(harness.workspace.user("hannah").id).id
    await harness.ask("hannah", "who spent most last week", dm)
    await harness.ask("hannah", "team yesterday")  # elsewhere
    for line, schedule in (("send me this every Monday at 8", "08:00"), ("every monday please", "09:00")):
        asked = await harness.ask("hannah", line, dm)
        meant = f"subscribe dm last week by:member every monday {schedule}"
        assert visible_text(asked).startswith(
            f"Is this the question you mean? Press a button, or type the line:\n• `{meant}`"
        )
        assert actions(asked) == ["command:choice1"]
    assert "You have no subscriptions" in await said(harness, "hannah", "subscriptions", dm)
    done = visible_text(await harness.press("hannah", asked, "command:choice1", dm))
    assert done.startswith("Done: I'll post `last week by:member` in your DM with me every Monday at 09:00.")


@pytest.mark.parametrize("line", ["send me this every monday", "every monday please", "send it to me every monday"])
async def test_this_is_nothing_where_nothing_was_asked_lately(harness: ServiceHarness, line: str) -> None:
    unknown = "I don't know which question you mean. Try `subscribe dm last week every monday 09:00`."
    assert await said_in_dm(harness, "priya", line) == unknown
    await harness.ask("hannah", "team yesterday")
    assert "Only operators" in await said_in_dm(harness, "priya", "team yesterday")  # what was not answered is none
    assert await said_in_dm(harness, "priya", line) == unknown
    await said_in_dm(harness, "priya", "yesterday")
    harness.clock.advance(2 * HOUR)
    assert await said_in_dm(harness, "priya", line) == unknown


async def test_a_summary_is_asked_back_whether_it_is_wanted_once_or_regularly(harness: ServiceHarness) -> None:
    for user, line, choices in (
        ("priya", "weekly summary please", ["last week", "subscribe dm last week every monday 09:00"]),
        ("hannah", "our monthly report", ["team last month", "subscribe dm team last month every month 09:00"]),
        (
            "hannah",
            "daily report",
            [
                "team yesterday",
                "yesterday",
                "subscribe dm team yesterday every day 09:00",
                "subscribe dm yesterday every day 09:00",
            ],
        ),
    ):
        asked = await harness.ask(user, line)
        lines = "\n".join(f"• `{each}`" for each in choices)
        start = f"Do you want it once, or regularly? Press a button, or type the line:\n{lines}"
        assert visible_text(asked).startswith(start)
        assert len(actions(asked)) == len(choices)
    assert "Only operators" in await said(harness, "priya", "our weekly report")
    pressed = visible_text(await harness.press("priya", await harness.ask("priya", "weekly report"), "command:choice1"))
    assert "*You spent " in pressed
