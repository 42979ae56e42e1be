"""Budgets through the front door: set in Slack, told to the right person once, with the cause."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from bot.budgets.limits.revision_store import LimitSetting
from bot.budgets.scopes import scope_of
from bot.domain.periods import Unit
from bot.sandbox.slack.models import Message
from bot.sandbox.world import START, World
from tests.support.acts import decline, spend, submit_form
from tests.support.app import budget_evaluator
from tests.support.harness import CHANNEL, GUEST_CHANNEL, ServiceHarness
from tests.support.messages import actions, notifications, table, visible_text
from tests.support.worlds import MARCUS, PRIYA, add, two_spenders

HOUR = timedelta(hours=1)


@pytest.fixture
def world() -> World:
    return two_spenders()


@pytest.fixture
async def harness(closed: ServiceHarness) -> ServiceHarness:
    closed.settings["ALERT_CHANNEL"] = "#neo-spend"
    await closed.open()
    return closed


@pytest.mark.slow
async def test_80_then_100_in_one_month_notifies_the_member_twice_and_the_channel_once(harness: ServiceHarness) -> None:
    answer = await harness.ask("hannah", "budget @priya 100/month")
    assert visible_text(answer) == "*Priya Raman's budget is now $100 a month*. $40.00 is already spent (40%)."
    await spend(harness, PRIYA, 42, title="deep crawl", model="opus")
    dm = notifications(harness.dm("priya"))
    assert len(dm) == 1
    assert "You have used 82% of your monthly budget" in visible_text(dm[0])
    assert "“deep crawl” $42.00 (51%)" in visible_text(dm[0])
    assert notifications(harness.visible("marcus")) == []

    await spend(harness, PRIYA, 20, title="exploit check", model="opus")
    parent, step = notifications(harness.dm("priya"))
    assert "You are over your monthly budget" in visible_text(parent)
    assert "102% used" in visible_text(parent)
    assert step.thread_ts == parent.ts
    assert "100% passed" in visible_text(step)
    assert "Since 80% was reached: +$20.00 from 1 task. Models: opus $20.00 (100%)" in visible_text(step)
    (channel,) = notifications(harness.visible("marcus"))
    assert "is over their monthly budget" in visible_text(channel)
    assert "*Since 80% was reached:* +$20.00 from 1 task\n*Models:* opus $20.00 (100%)" in visible_text(channel)
    assert "exploit check" not in visible_text(channel)

    await harness.service.end()
    await harness.start()
    await harness.sync()
    assert len(notifications(harness.dm("priya"))) == 2
    assert len(notifications(harness.visible("marcus"))) == 1


@pytest.mark.slow
async def test_what_a_message_says_was_added_adds_up_to_what_it_says_was_spent(harness: ServiceHarness) -> None:
    await harness.ask("hannah", "budget @priya 100/month")
    await spend(harness, PRIYA, 42)  # to 82
    await spend(harness, PRIYA, 3)
    (parent,) = notifications(harness.dm("priya"))
    assert "$85.00 of $100" in visible_text(parent)
    assert "Since the month began:* +$85.00 from 3 tasks" in visible_text(parent)
    await spend(harness, PRIYA, 20)
    await spend(harness, PRIYA, 3)
    parent, step = notifications(harness.dm("priya"))
    assert "$108.00 of $100" in visible_text(parent)
    assert "Since 80% was reached:* +$26.00" in visible_text(parent)  # which was passed at $82
    assert "Since 80% was reached: +$23.00" in visible_text(step)


async def test_tasks_of_unknown_cost_are_named_in_alerts_and_never_as_zero(harness: ServiceHarness) -> None:
    await harness.ask("hannah", "budget @priya 100/month")
    add(harness.neo.world, "unknown", None, email=PRIYA, model="sonnet")
    add(harness.neo.world, "another's", None, email=MARCUS)
    await spend(harness, PRIYA, 62)
    for message in (notifications(harness.dm("priya"))[0], notifications(harness.visible("marcus"))[0]):
        assert "*Unknown cost:* 1 task, not counted" in visible_text(message)
        assert "$0.00" not in visible_text(message)


async def test_a_default_budget_is_everybodys_own(harness: ServiceHarness) -> None:
    await harness.ask("hannah", "budget default 50/month")
    await harness.deliver()
    assert "80% of your monthly budget" in visible_text(notifications(harness.dm("priya"))[0])
    assert notifications(harness.dm("marcus")) == []
    await spend(harness, MARCUS, 45)
    assert "You are over your monthly budget" in visible_text(notifications(harness.dm("marcus"))[0])
    assert "team default" in visible_text(notifications(harness.dm("marcus"))[0])


async def test_a_raise_is_silent_and_a_lowering_is_notified_once(harness: ServiceHarness) -> None:
    await harness.ask("hannah", "budget @priya 50/month")
    await harness.deliver()
    assert len(notifications(harness.dm("priya"))) == 1
    await harness.ask("hannah", "budget @priya 60/month")
    await harness.deliver()
    (parent, raised) = notifications(harness.dm("priya"))
    assert "Limit raised to $60 a month" in visible_text(raised)
    assert raised.thread_ts == parent.ts
    await harness.ask("hannah", "budget @priya 40/month")
    await harness.deliver()
    messages = notifications(harness.dm("priya"))
    assert sum("100% passed" in visible_text(each) for each in messages) == 1
    again = await harness.ask("hannah", "budget @priya 40/month")
    assert "*Priya Raman's budget is already $40 a month.* Nothing changed." in visible_text(again)


async def test_the_listing_shows_use_pace_and_where_limits_come_from(harness: ServiceHarness) -> None:
    await harness.ask("hannah", "budget default 50/month")
    await harness.ask("hannah", 'budget @priya 80/month until:2999-01-01 reason:"pentest"')
    rows = table(await harness.ask("hannah", "budgets"))
    assert [row[0] for row in rows] == ["Whose", "default", "Priya Raman", "Marcus Delgado"]
    assert rows[2][1:4] == ["50%", "$40.00", "$80 a month"]
    assert "pentest" in rows[2][5]
    assert rows[3][5] == "team default"
    own = table(await harness.ask("marcus", "budgets"))
    assert [row[0] for row in own] == ["Whose", "Marcus Delgado"]


@pytest.mark.parametrize("line", ["budgets @priya", f"budgets {PRIYA}", "budgets priya", "budgets for @priya"])
async def test_an_operator_lists_the_budgets_of_one_person(harness: ServiceHarness, line: str) -> None:
    await harness.ask("hannah", "budget default 50/month")
    await harness.ask("hannah", "budget team 500/month")
    answer = await harness.ask("hannah", line)
    assert "*Priya Raman's budgets* (alerts at 50%, 80%, 100%, 150%, 200%)" in visible_text(answer)
    assert [row[:3] for row in table(answer)] == [["Whose", "Used", "Spent"], ["Priya Raman", "80%", "$40.00"]]


async def test_budgets_of_the_team_and_of_somebody_without_one(harness: ServiceHarness) -> None:
    await harness.ask("hannah", "budget team 500/month")
    assert [row[0] for row in table(await harness.ask("hannah", "budgets team"))] == ["Whose", "team"]
    assert "No budget is set for Priya Raman." in visible_text(await harness.ask("hannah", "budgets @priya"))
    assert "I can't find `nobody`" in visible_text(await harness.ask("hannah", "budgets nobody"))
    for line in ("budgets @liam", "explain @liam", "snooze @liam 1h"):
        assert "has no tasks in Neo yet. If they use another" in visible_text(await harness.ask("hannah", line)), line
    assert "Type `budgets`." in visible_text(await harness.ask("hannah", "budgets default"))
    assert "one person's budgets" in visible_text(await harness.ask("hannah", "budgets @priya @marcus"))


async def test_a_member_lists_only_their_own_budgets_and_learns_of_nobody_else(harness: ServiceHarness) -> None:
    await harness.ask("hannah", "budget default 50/month")
    for line in ("budgets", "budgets @marcus", f"budgets {MARCUS}", "budgets my"):
        assert [row[0] for row in table(await harness.ask("marcus", line))] == ["Whose", "Marcus Delgado"]
    names = ("@priya", PRIYA, "priya", "team", "default", "nobody@acme.example")
    refused = {visible_text(await harness.ask("marcus", f"budgets {name}")) for name in names}
    assert len(refused) == 1
    assert "Only operators" in refused.pop()


async def test_a_budget_that_cannot_be_gets_a_clear_answer_and_changes_nothing(harness: ServiceHarness) -> None:
    refused = {  # what the line alone shows is tested in test_grammar
        "budget @priya 0/month": "A budget must be more than $0",
        "budget @priya 500/month until:2020-01-01": "Jan 1, 2020 is in the past. Pick a later day.",
        "budget nobody@acme.example 500/month": "I can't find `nobody@acme.example` in Neo",
        f"budget {PRIYA[:-1]} 500/month": f"Did you mean `{PRIYA}`?",
        "budget @priya remove month": "There is no monthly budget to remove",
    }
    for line, said in refused.items():
        assert said in visible_text(await harness.ask("hannah", line)), line
        assert "No budget is set" in visible_text(await harness.ask("hannah", "budgets")), line


async def test_only_operators_set_budgets(harness: ServiceHarness) -> None:
    assert "Only operators set budgets" in visible_text(await harness.ask("priya", "budget @priya 500/month"))
    assert "No budget is set" in visible_text(await harness.ask("hannah", "budgets"))


async def test_a_raise_is_requested_approved_once_and_seen_in_the_thread(harness: ServiceHarness) -> None:
    await harness.ask("hannah", "budget @priya 50/month")
    await harness.deliver()
    assert "I asked" in visible_text(await harness.ask("priya", 'budget request 90/month reason:"new client"'))
    await harness.deliver()
    (request,) = [each for each in notifications(harness.dm("hannah")) if "asks for" in visible_text(each)]
    assert "$90 a month" in visible_text(request)
    assert "new client" in visible_text(request)
    assert actions(request) == ["budget_approve", "budget_decline"]
    im = harness.workspace.im_of(harness.workspace.user("hannah").id).id
    await harness.press("hannah", request, "budget_approve", im)
    twice = await harness.press("hannah", request, "budget_approve", im)
    assert "was already approved" in visible_text(twice)
    await harness.deliver()
    texts = [visible_text(each) for each in notifications(harness.dm("priya"))]
    assert any("Limit raised to $90 a month" in text for text in texts)
    assert any("Your budget is now $90 a month" in text for text in texts)
    assert "Approved by" in visible_text(
        next(each for each in notifications(harness.dm("hannah")) if "asks for" in visible_text(each))
    )


async def test_a_request_keeps_its_last_day_and_whoever_asked_is_told_why_it_was_declined(
    harness: ServiceHarness,
) -> None:
    asked = await harness.ask("priya", "budget request 90/month until friday")
    assert visible_text(asked) == (
        "I asked <@U0HANNAH> to set your limit to $90 a month through Mar 6. I'll send you their decision."
    )
    await harness.deliver()
    (request,) = [each for each in notifications(harness.dm("hannah")) if "asks for" in visible_text(each)]
    assert visible_text(request).startswith("*<@U0PRIYA> asks for a budget of $90 a month* through Mar 6")
    answer = await decline(harness, "hannah", request, "not <this> month")
    assert visible_text(answer) == "Declined. Priya Raman has been notified."
    await harness.deliver()
    assert visible_text(notifications(harness.dm("priya"))[-1]) == (
        "*<@U0HANNAH> declined your request* for $90 a month: not &lt;this&gt; month\nYou've spent $40.00 this month."
    )
    (request,) = [each for each in notifications(harness.dm("hannah")) if "asks for" in visible_text(each)]
    assert visible_text(request).endswith("Declined by <@U0HANNAH>: not &lt;this&gt; month")


async def test_a_request_that_changes_while_it_is_declined_is_shown_anew_with_the_reason(
    harness: ServiceHarness,
) -> None:
    await harness.ask("priya", "budget request 90/month")
    await harness.deliver()
    (request,) = [each for each in notifications(harness.dm("hannah")) if "asks for" in visible_text(each)]
    im = harness.workspace.im_of("U0HANNAH").id
    await harness.slack.click("hannah", im, request.ts, "budget_decline")
    await harness.workspace.until(lambda: harness.workspace.view_on_top("U0HANNAH") is not None)
    harness.clock.advance(timedelta(seconds=5))
    await harness.ask("priya", "budget request 70/month")
    await submit_form(harness, "hannah", reason="too much")
    await harness.workspace.until(lambda: harness.workspace.view_on_top("U0HANNAH") is not None)
    view = harness.workspace.view_on_top("U0HANNAH")
    assert view is not None
    problem, shown, reason = view.body["blocks"]
    assert problem["text"]["text"].startswith("This request was changed to $70 a month")
    assert shown["text"]["text"].startswith("*Priya Raman asks for a budget of $70 a month*")
    assert reason["element"]["initial_value"] == "too much"
    before = len(harness.dm("hannah"))
    await submit_form(harness, "hannah")
    assert visible_text(await harness.answer("hannah", im, before)) == "Declined. Priya Raman has been notified."


async def test_what_else_applies_is_said_when_a_budget_is_set_or_removed(harness: ServiceHarness) -> None:
    said = {
        "budget default 300/month": (
            "*The default budget is now $300 a month*. It applies to everyone without a personal monthly budget"
            " (2 members now)."
        ),
        "budget @priya 50/day": (
            "*Priya Raman's budget is now $50 a day*. $40.00 is already spent (80%).\n"
            "The team default of $300 a month also applies."
        ),
        "budget @priya 400/month": (
            "*Priya Raman's budget is now $400 a month*. $40.00 is already spent (10%).\n"
            "Priya Raman's budget of $50 a day also applies."
        ),
        "budget default 20/week": (
            "*The default budget is now $20 a week*. It applies to everyone without a personal weekly budget"
            " (2 members now).\nThe team default of $300 a month also applies."
        ),
        "budget default 310/month": (
            "*The default budget is now $310 a month*, up from $300. It applies to everyone without a personal monthly"
            " budget (1 member now).\nThe team default of $20 a week also applies."
        ),
        "budget @priya remove month": (
            "*Removed Priya Raman's $400 monthly budget.* The default of $310 a month applies now.\n"
            "Priya Raman's budget of $50 a day also applies. The team default of $20 a week also applies."
        ),
        "budget default remove all": (
            "*Removed the default $20 weekly budget.* Personal budgets stay.\n"
            "*Removed the default $310 monthly budget.* Personal budgets stay."
        ),
    }
    for line, answer in said.items():
        assert visible_text(await harness.ask("hannah", line)) == answer, line


async def test_a_member_acts_on_their_own_budget_alone(harness: ServiceHarness) -> None:
    await harness.ask("hannah", "budget @priya 40/month")
    await harness.deliver()
    (public,) = notifications(harness.visible("marcus"))
    refused = await harness.press("marcus", public, "budget_ack")
    assert "someone else's budget" in visible_text(refused)
    await harness.press("hannah", public, "budget_ack")
    again = await harness.press("priya", public, "budget_ack")  # who saw the button, too
    assert "already acknowledged this" in visible_text(again)
    await harness.deliver()
    (public,) = notifications(harness.visible("marcus"))
    assert "Acknowledged by" in visible_text(public)


def buttons(message: Message) -> list[str]:
    return [
        each["text"]["text"] for block in message.blocks for each in block.get("elements", []) if "action_id" in each
    ]


@pytest.mark.slow
async def test_what_was_done_about_a_budget_is_not_offered_again(harness: ServiceHarness) -> None:
    await harness.ask("hannah", "budget @priya 40/month")
    await harness.deliver()
    (public,) = notifications(harness.visible("marcus"))
    assert buttons(public) == ["Acknowledge", "Snooze today", "Raise limit"]
    await harness.press("hannah", public, "budget_ack")
    await harness.press("hannah", public, "budget_snooze:today")
    await harness.deliver()
    (public,) = notifications(harness.visible("marcus"))
    assert buttons(public) == ["Raise limit"]
    own = notifications(harness.dm("priya"))[0]
    assert buttons(own) == ["Snooze today", "Ask for a higher limit"]  # the channel alone is snoozed
    await harness.press("priya", own, "budget_snooze:today", harness.workspace.im_of("U0PRIYA").id)
    await harness.deliver()
    assert buttons(notifications(harness.dm("priya"))[0]) == ["Ask for a higher limit"]


async def test_a_snooze_defers_to_its_end_and_then_the_highest_step_is_notified_once(harness: ServiceHarness) -> None:
    await harness.ask("hannah", "budget @priya 100/month")
    assert "Budget alerts in your DMs are snoozed until Mar 2, 23:00 (UTC)." in visible_text(
        await harness.ask("priya", "snooze 2h")
    )
    await spend(harness, PRIYA, 15)
    await spend(harness, PRIYA, 30)
    assert notifications(harness.dm("priya")) == []
    harness.clock.advance(timedelta(hours=2, minutes=1))
    await harness.deliver()
    assert len(notifications(harness.dm("priya"))) == 1
    assert "85%" in visible_text(notifications(harness.dm("priya"))[0])
    await harness.sync()
    assert len(notifications(harness.dm("priya"))) == 1


async def test_a_snooze_that_is_ended_early_sends_what_it_held_back_once(harness: ServiceHarness) -> None:
    await harness.ask("hannah", "budget @priya 100/month")
    assert visible_text(await harness.ask("priya", "snooze off")) == "Nothing is snoozed in your DMs."
    await harness.ask("priya", "snooze for 2 hours")
    await spend(harness, PRIYA, 30)
    assert notifications(harness.dm("priya")) == []
    assert "are back on" in visible_text(await harness.ask("priya", "snooze off"))
    await harness.deliver()
    assert len(notifications(harness.dm("priya"))) == 1
    assert visible_text(await harness.ask("priya", "snooze off")) == "Nothing is snoozed in your DMs."
    await harness.sync()
    assert len(notifications(harness.dm("priya"))) == 1


async def test_a_snooze_of_the_channel_is_ended_by_operators_alone(harness: ServiceHarness) -> None:
    await harness.ask("hannah", "snooze team today")
    assert "Only operators can snooze the channel" in visible_text(await harness.ask("priya", "snooze team off"))
    ended = visible_text(await harness.ask("hannah", "snooze team off"))
    assert ended.startswith("Budget alerts about the team in the channel are back on.")


async def test_an_operator_ends_snoozes_of_their_own_dms_by_name_or_all_at_once(harness: ServiceHarness) -> None:
    im = harness.workspace.im_of("U0HANNAH").id
    await harness.ask("hannah", "budget team 100/month")
    await spend(harness, PRIYA, 60)
    (alert,) = notifications(harness.dm("hannah"))[-1:]
    for ending, ended in (
        ("snooze team off", "Budget alerts about the team in your DMs are back on."),
        ("snooze off", "Budget alerts in your DMs are back on."),
    ):
        await harness.press("hannah", alert, "budget_snooze:today", im)
        assert visible_text(await harness.ask("hannah", ending)).startswith(ended)
    await harness.ask("hannah", "snooze team today")
    assert visible_text(await harness.ask("hannah", "snooze off")) == (
        "Nothing is snoozed in your DMs. For the channel, type `snooze @ana off` or `snooze team off`."
    )


async def test_the_channel_is_notified_of_a_member_unknown_in_slack_by_plain_e_mail(harness: ServiceHarness) -> None:
    await spend(harness, "stranger@acme.example", 10)
    await harness.ask("hannah", "budget stranger@acme.example 10/month")
    await harness.deliver()
    (message,) = notifications(harness.visible("marcus"))
    assert "*stranger@acme.example has used up their monthly budget:* $10.00 of $10" in visible_text(message)
    assert "<@>" not in visible_text(message)


async def test_charges_that_come_late_are_notified_as_late(harness: ServiceHarness) -> None:
    await harness.ask("hannah", "budget @marcus 30/day")
    harness.clock.advance(timedelta(hours=13))
    yesterday = START + 10 * HOUR
    add(harness.neo.world, "late", "3", email=MARCUS, begun=yesterday)
    await harness.sync()
    messages = notifications(harness.dm("marcus"))
    assert len(messages) == 1
    assert "Part of it came in after the day had ended" in visible_text(messages[0])


@pytest.mark.slow
async def test_the_end_of_a_limit_for_a_while_restores_the_one_before(harness: ServiceHarness) -> None:
    await harness.ask("hannah", "budget @priya 50/month")
    await harness.ask("hannah", "budget @priya 400/month until:today")
    await spend(harness, PRIYA, 20)
    before = len(notifications(harness.dm("priya")))
    harness.clock.advance(timedelta(days=1))
    await harness.deliver()
    texts = [visible_text(each) for each in notifications(harness.dm("priya"))][before:]
    assert sum("100% passed" in text for text in texts) == 1
    await harness.sync()
    assert len(notifications(harness.dm("priya"))) == before + 1


async def test_explain_gives_the_reasons(harness: ServiceHarness) -> None:
    await harness.ask("hannah", "budget @priya 50/month")
    await harness.deliver()
    await harness.ask("hannah", "budget @priya 60/month")
    text = visible_text(await harness.ask("priya", "explain"))
    assert "$40.00 of $60, 66% used" in text
    assert "the limit was raised" in text
    assert "80% passed" in text
    assert "to the member: sent at" in text
    assert "Day" in text
    assert "No daily budget is set" in text
    assert "Only operators" in visible_text(await harness.ask("marcus", "explain @priya"))


async def test_a_reason_is_no_link_and_no_mention_wherever_it_is_shown(harness: ServiceHarness) -> None:
    await harness.ask("priya", 'budget request 50/month reason:"see https://evil.example <!channel> *now*"')
    await harness.deliver()
    (request,) = [each for each in notifications(harness.dm("hannah")) if "asks for" in visible_text(each)]
    await harness.press("hannah", request, "budget_approve", harness.workspace.im_of("U0HANNAH").id)
    await harness.deliver()
    with harness.service.database.transaction() as connection:  # as at the terminal, where Slack marks no address
        plain = LimitSetting(scope_of(connection, PRIYA), Unit.WEEK, 10**12, "terminal", "see https://evil.example now")
        budget_evaluator(harness.service.app).set_limit(connection, plain, harness.clock())
    messages = [
        *notifications(harness.dm("hannah")),
        *notifications(harness.dm("priya")),
        await harness.ask("priya", "explain"),
    ]
    texts = [text for message in messages for text in mrkdwn(message.blocks)]
    assert sum("evil.example" in text for text in texts) > 2
    for text in texts:
        assert "https://evil.example" not in text
        assert "<!channel>" not in text
        assert "*now*" not in text


def mrkdwn(part: Any) -> Iterator[str]:
    """The texts of blocks in which marks mean something."""
    if isinstance(part, list):
        for each in part:
            yield from mrkdwn(each)
    elif isinstance(part, dict):
        if part.get("type") == "mrkdwn":
            yield part["text"]
        for each in part.values():
            yield from mrkdwn(each)


@pytest.mark.parametrize(
    ("user", "channel", "why"),
    [
        ("marcus", CHANNEL, "Only operators can approve or decline requests."),
        ("gil", GUEST_CHANNEL, "Sorry, I only answer full members of this workspace"),
    ],
)
async def test_nobody_but_an_operator_decides_on_a_request(
    harness: ServiceHarness, user: str, channel: str, why: str
) -> None:
    await harness.ask("priya", "budget request 90/month")
    await harness.deliver()
    (request,) = [each for each in notifications(harness.dm("hannah")) if "asks for" in visible_text(each)]
    button = {
        "type": "actions",
        "block_id": "b",
        "elements": [{"type": "button", "action_id": "budget_approve", "value": "1"}],
    }
    (await copied(harness, request, channel)).blocks.append(button)
    before = len(harness.visible(user, channel))
    copy = harness.visible(user, channel)[-1]
    await harness.slack.click(user, channel, copy.ts, "budget_approve")
    assert visible_text(await harness.answer(user, channel, before)).startswith(why)
    assert "No budget is set" in visible_text(await harness.ask("hannah", "budgets"))


async def copied(harness: ServiceHarness, message: Message, channel: str = CHANNEL) -> Message:
    """The same message in a channel that everybody there reads."""
    copy = Message(harness.workspace.stamp(harness.clock()), message.user, text=message.text, bot_id=message.bot_id)
    harness.workspace.post(harness.workspace.channel(channel).id, copy)
    return copy


async def test_where_operators_alone_are_notified_of_members_no_channel_names_a_stranger(
    closed: ServiceHarness,
) -> None:
    closed.settings |= {"ALERT_CHANNEL": "#neo-spend", "ALERT_PRIVACY": "operators"}
    await closed.open()
    await spend(closed, "stranger@acme.example", 10)
    await closed.ask("hannah", "budget stranger@acme.example 10/month")
    await closed.deliver()
    assert notifications(closed.visible("marcus")) == []
    assert any("stranger@acme.example" in visible_text(each) for each in notifications(closed.dm("hannah")))


async def test_a_quote_that_is_not_closed_is_named(harness: ServiceHarness) -> None:
    answers = {
        "explain": "The quote at character 9 isn't closed.",
        "budget": "The quote at character 1 isn't closed. Type `budget @ana 500/month`",
        "link": "Slack didn't recognize that name.",
    }
    for command, said in answers.items():
        assert visible_text(await harness.ask("hannah", f'{command} "priya')).startswith(said), command
