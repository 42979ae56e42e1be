"""Budgets through the front door: set in Slack, told to the right person once, with the cause."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from bot.budgets.revision_store import LimitSetting
from bot.budgets.scopes import scope_of
from bot.domain.periods import Unit
from bot.sandbox.slack.models import Message
from bot.sandbox.world import START, World
from tests.support.acts import spend, submit
from tests.support.app import budget_evaluator
from tests.support.harness import Office
from tests.support.messages import actions, shown, table, told
from tests.support.worlds import MARCUS, PRIYA, add

HOUR = timedelta(hours=1)


@pytest.fixture
def world() -> World:
    """Priya spent 40 dollars this month, Marcus 10."""
    world = World.empty()
    add(world, "first", "4", email=PRIYA, title="port scan", model="opus")
    add(world, "other", "1", email=MARCUS, title="quiet", model="haiku")
    return world


@pytest.fixture
async def office(closed: Office) -> Office:
    closed.settings["ALERT_CHANNEL"] = "#neo-spend"
    await closed.open()
    return closed


async def test_80_then_100_in_one_month_tells_the_member_twice_and_the_channel_once(office: Office) -> None:
    answer = await office.ask("hannah", "budget @priya 100/month")
    assert "$100.00 a month" in shown(answer)
    await spend(office, PRIYA, 42, title="deep crawl", model="opus")
    dm = told(office.dm("priya"))
    assert len(dm) == 1
    assert "You have used 82 % of your monthly budget" in shown(dm[0])
    assert "“deep crawl” $42.00 (51 %)" in shown(dm[0])
    assert told(office.seen("marcus")) == []

    await spend(office, PRIYA, 20, title="exploit check", model="opus")
    parent, step = told(office.dm("priya"))
    assert "You are over your monthly budget" in shown(parent)
    assert "102 % used" in shown(parent)
    assert step.thread_ts == parent.ts
    assert "100 % passed" in shown(step)
    assert "Since the 80 % step +$20.00" in shown(step)
    (channel,) = told(office.seen("marcus"))
    assert "is over their monthly budget" in shown(channel)
    assert "exploit check" not in shown(channel)

    await office.service.end()
    await office.start()
    await office.sync()
    assert len(told(office.dm("priya"))) == 2
    assert len(told(office.seen("marcus"))) == 1


async def test_what_a_message_says_was_added_adds_up_to_what_it_says_was_spent(office: Office) -> None:
    await office.ask("hannah", "budget @priya 100/month")
    await spend(office, PRIYA, 42)  # to 82
    await spend(office, PRIYA, 3)
    (parent,) = told(office.dm("priya"))
    assert "$85.00 of $100.00" in shown(parent)
    assert "Since the month began* +$85.00" in shown(parent)
    await spend(office, PRIYA, 20)
    await spend(office, PRIYA, 3)
    parent, step = told(office.dm("priya"))
    assert "$108.00 of $100.00" in shown(parent)
    assert "Since the 80 % step* +$26.00" in shown(parent)  # which was passed at $82
    assert "Since the 80 % step +$23.00" in shown(step)


async def test_a_default_budget_is_everybodys_own(office: Office) -> None:
    await office.ask("hannah", "budget default 50/month")
    await office.delivered()
    assert "80 % of your monthly budget" in shown(told(office.dm("priya"))[0])
    assert told(office.dm("marcus")) == []
    await spend(office, MARCUS, 45)
    assert "You are over your monthly budget" in shown(told(office.dm("marcus"))[0])
    assert "the default for everyone" in shown(told(office.dm("marcus"))[0])


async def test_a_raise_is_silent_and_a_lowering_tells_once(office: Office) -> None:
    await office.ask("hannah", "budget @priya 50/month")
    await office.delivered()
    assert len(told(office.dm("priya"))) == 1
    await office.ask("hannah", "budget @priya 60/month")
    await office.delivered()
    (parent, raised) = told(office.dm("priya"))
    assert "Raised to $60.00 a month" in shown(raised)
    assert raised.thread_ts == parent.ts
    await office.ask("hannah", "budget @priya 40/month")
    await office.delivered()
    messages = told(office.dm("priya"))
    assert sum("100 % passed" in shown(each) for each in messages) == 1
    again = await office.ask("hannah", "budget @priya 40/month")
    assert "already. Nothing was changed" in shown(again)


async def test_the_listing_shows_use_pace_and_where_limits_come_from(office: Office) -> None:
    await office.ask("hannah", "budget default 50/month")
    await office.ask("hannah", 'budget @priya 80/month until:2999-01-01 reason:"pentest"')
    rows = table(await office.ask("hannah", "budgets"))
    assert [row[0] for row in rows] == ["Whose", "default", PRIYA, MARCUS]
    assert rows[2][2:5] == ["$80.00", "$40.00", "50 %"]
    assert "pentest" in rows[2][6]
    assert rows[3][6] == "default"
    own = table(await office.ask("marcus", "budgets"))
    assert [row[0] for row in own] == ["Whose", MARCUS]


async def test_a_budget_that_cannot_be_gets_a_clear_answer_and_changes_nothing(office: Office) -> None:
    refused = {  # what the line alone shows is tested in test_grammar
        "budget @priya 0/month": "A budget of $0 would be passed by any spend",
        "budget @priya 500/month until:2020-01-01": "is over already",
        "budget nobody@acme.example 500/month": "there is no such member",
        f"budget {PRIYA[:-1]} 500/month": f"Did you mean `{PRIYA}`?",
        "budget @priya remove month": "There is no month budget",
    }
    for line, said in refused.items():
        assert said in shown(await office.ask("hannah", line)), line
        assert "There is no budget yet" in shown(await office.ask("hannah", "budgets")), line


async def test_only_operators_set_budgets(office: Office) -> None:
    assert "Only operators set budgets" in shown(await office.ask("priya", "budget @priya 500/month"))
    assert "There is no budget yet" in shown(await office.ask("hannah", "budgets"))


async def test_a_raise_is_requested_approved_once_and_seen_in_the_thread(office: Office) -> None:
    await office.ask("hannah", "budget @priya 50/month")
    await office.delivered()
    assert "I have asked" in shown(await office.ask("priya", 'budget request 90/month reason:"new client"'))
    await office.delivered()
    (request,) = [each for each in told(office.dm("hannah")) if "asks for" in shown(each)]
    assert "$90.00 a month" in shown(request)
    assert "new client" in shown(request)
    assert actions(request) == ["budget_approve", "budget_decline"]
    im = office.workspace.im_of(office.workspace.user("hannah").id).id
    await office.press("hannah", request, "budget_approve", im)
    twice = await office.press("hannah", request, "budget_approve", im)
    assert "decided already" in shown(twice)
    await office.delivered()
    texts = [shown(each) for each in told(office.dm("priya"))]
    assert any("Raised to $90.00 a month" in text for text in texts)
    assert any("Your budget is $90.00 a month now" in text for text in texts)
    assert "Approved by" in shown(next(each for each in told(office.dm("hannah")) if "asks for" in shown(each)))


async def test_a_member_acts_on_their_own_budget_alone(office: Office) -> None:
    await office.ask("hannah", "budget @priya 40/month")
    await office.delivered()
    (public,) = told(office.seen("marcus"))
    refused = await office.press("marcus", public, "budget_ack")
    assert "somebody else's budget" in shown(refused)
    await office.press("hannah", public, "budget_ack")
    await office.delivered()
    (public,) = told(office.seen("marcus"))
    assert "Acknowledged by" in shown(public)
    again = await office.press("priya", public, "budget_ack")
    assert "acknowledged already" in shown(again)


async def test_a_snooze_defers_to_its_end_and_then_tells_the_highest_once(office: Office) -> None:
    await office.ask("hannah", "budget @priya 100/month")
    assert "Quiet in your direct messages until" in shown(await office.ask("priya", "snooze 2h"))
    await spend(office, PRIYA, 15)
    await spend(office, PRIYA, 30)
    assert told(office.dm("priya")) == []
    office.clock.advance(timedelta(hours=2, minutes=1))
    await office.delivered()
    assert len(told(office.dm("priya"))) == 1
    assert "85 %" in shown(told(office.dm("priya"))[0])
    await office.sync()
    assert len(told(office.dm("priya"))) == 1


async def test_a_member_unknown_in_slack_is_told_of_in_the_channel_by_plain_e_mail(office: Office) -> None:
    await spend(office, "stranger@acme.example", 10)
    await office.ask("hannah", "budget stranger@acme.example 10/month")
    await office.delivered()
    (message,) = told(office.seen("marcus"))
    assert "*stranger@acme.example has used up their monthly budget:* $10.00 of $10.00" in shown(message)
    assert "<@>" not in shown(message)


async def test_charges_that_come_late_are_told_as_late(office: Office) -> None:
    await office.ask("hannah", "budget @marcus 30/day")
    office.clock.advance(timedelta(hours=13))
    yesterday = START + 10 * HOUR
    add(office.neo.world, "late", "3", email=MARCUS, begun=yesterday)
    await office.sync()
    messages = told(office.dm("marcus"))
    assert len(messages) == 1
    assert "Booked late: the day had ended" in shown(messages[0])


async def test_the_end_of_a_limit_for_a_while_restores_the_one_before(office: Office) -> None:
    await office.ask("hannah", "budget @priya 50/month")
    await office.ask("hannah", "budget @priya 400/month until:today")
    await spend(office, PRIYA, 20)
    before = len(told(office.dm("priya")))
    office.clock.advance(timedelta(days=1))
    await office.delivered()
    texts = [shown(each) for each in told(office.dm("priya"))][before:]
    assert sum("100 % passed" in text for text in texts) == 1
    await office.sync()
    assert len(told(office.dm("priya"))) == before + 1


async def test_an_operator_sets_a_budget_in_a_form_and_wrong_fields_are_named(office: Office) -> None:
    await office.slack.command("hannah", "neo-spend", "budget")
    await office.workspace.until(lambda: office.workspace.view_on_top("U0HANNAH") is not None)
    wrong = await submit(office, "hannah", whose=PRIYA, amount="-5")
    assert "no amount" in wrong["errors"]["amount"]
    before = len(office.seen("hannah"))
    await submit(office, "hannah", whose=PRIYA, amount="90", reason="pentest")
    answer = await office.answer("hannah", "neo-spend", before)
    assert f"{PRIYA}: $90.00 a month" in shown(answer)


async def test_raise_opens_the_form_and_a_change_meanwhile_is_not_overwritten(office: Office) -> None:
    await office.ask("hannah", "budget @priya 40/month")
    await office.delivered()
    (public,) = told(office.seen("hannah"))
    await office.slack.click("hannah", "neo-spend", public.ts, "budget_raise")
    await office.workspace.until(lambda: office.workspace.view_on_top("U0HANNAH") is not None)
    await office.ask("hannah", "budget @priya 70/month")
    await office.delivered()
    before = len(office.seen("hannah"))
    await submit(office, "hannah", amount="500")
    answer = await office.answer("hannah", "neo-spend", before)
    assert "Somebody has changed this budget meanwhile" in shown(answer)
    assert "$70.00" in shown(await office.ask("hannah", "budgets"))


async def test_a_member_asks_for_more_by_the_raise_button(office: Office) -> None:
    await office.ask("hannah", "budget @priya 40/month")
    await office.delivered()
    im = office.workspace.im_of("U0PRIYA").id
    (message,) = told(office.dm("priya"))
    await office.slack.click("priya", im, message.ts, "budget_raise")
    await office.workspace.until(lambda: office.workspace.view_on_top("U0PRIYA") is not None)
    before = len(office.dm("priya"))
    await submit(office, "priya", amount="95")
    assert "I have asked" in shown(await office.answer("priya", im, before))
    await office.delivered()
    assert any("$95.00 a month" in shown(each) for each in told(office.dm("hannah")))


async def test_explain_gives_the_reasons(office: Office) -> None:
    await office.ask("hannah", "budget @priya 50/month")
    await office.delivered()
    await office.ask("hannah", "budget @priya 60/month")
    text = shown(await office.ask("priya", "explain"))
    assert "$40.00 of $60.00, 66 % used" in text
    assert "the limit was raised" in text
    assert "80 % passed" in text
    assert "to the member: told" in text
    assert "Day" in text
    assert "there is no budget" in text
    assert "Only operators" in shown(await office.ask("marcus", "explain @priya"))


async def test_a_reason_is_no_link_and_no_mention_wherever_it_is_said(office: Office) -> None:
    await office.ask("priya", 'budget request 50/month reason:"see https://evil.example <!channel> *now*"')
    await office.delivered()
    (request,) = [each for each in told(office.dm("hannah")) if "asks for" in shown(each)]
    await office.press("hannah", request, "budget_approve", office.workspace.im_of("U0HANNAH").id)
    await office.delivered()
    with office.service.database.transaction() as connection:  # as at the terminal, where Slack marks no address
        plain = LimitSetting(scope_of(connection, PRIYA), Unit.WEEK, 10**12, "terminal", "see https://evil.example now")
        budget_evaluator(office.service.app).set_limit(connection, plain, office.clock())
    messages = [*told(office.dm("hannah")), *told(office.dm("priya")), await office.ask("priya", "explain")]
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
    ("user", "why"),
    [("marcus", "Only operators decide on requests."), ("gil", "Sorry, I only answer full members of this workspace")],
)
async def test_nobody_but_an_operator_decides_on_a_request(office: Office, user: str, why: str) -> None:
    await office.ask("priya", "budget request 90/month")
    await office.delivered()
    (request,) = [each for each in told(office.dm("hannah")) if "asks for" in shown(each)]
    button = {
        "type": "actions",
        "block_id": "b",
        "elements": [{"type": "button", "action_id": "budget_approve", "value": "1"}],
    }
    (await copied(office, request)).blocks.append(button)
    before = len(office.seen(user))
    copy = office.seen(user)[-1]
    await office.slack.click(user, "neo-spend", copy.ts, "budget_approve")
    assert shown(await office.answer(user, "neo-spend", before)).startswith(why)
    assert "There is no budget yet" in shown(await office.ask("hannah", "budgets"))


async def copied(office: Office, message: Message) -> Message:
    """The same message in a channel that everybody reads."""
    copy = Message(office.workspace.stamp(office.clock()), message.user, text=message.text, bot_id=message.bot_id)
    office.workspace.post(office.workspace.channel("neo-spend").id, copy)
    return copy


async def test_where_operators_alone_hear_of_members_no_channel_names_a_stranger(closed: Office) -> None:
    closed.settings |= {"ALERT_CHANNEL": "#neo-spend", "ALERT_PRIVACY": "operators"}
    await closed.open()
    await spend(closed, "stranger@acme.example", 10)
    await closed.ask("hannah", "budget stranger@acme.example 10/month")
    await closed.delivered()
    assert told(closed.seen("marcus")) == []
    assert any("stranger@acme.example" in shown(each) for each in told(closed.dm("hannah")))


async def test_a_quote_that_is_not_closed_is_named(office: Office) -> None:
    answers = {
        "explain": "a quote is not closed: the one at character 9.",
        "budget": "a quote is not closed: the one at column 1. Type `budget @ana 500/month`",
        "link": "Say whom, and their e-mail in Neo: `link @ana ana@acme.dev`.",
    }
    for command, said in answers.items():
        assert shown(await office.ask("hannah", f'{command} "priya')).startswith(said), command
