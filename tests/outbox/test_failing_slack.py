"""The outbox against a Slack that fails in every way: each message is visible once, and none is lost."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from bot.outbox.destinations import UserDestination
from bot.outbox.store import NewNotification, enqueue
from bot.sandbox.faults import Html, Status
from bot.sandbox.slack.faults import Fault, Hang, Late, Mangle, RateLimited, Refuse, Reset
from bot.sandbox.slack.models import Json
from bot.sandbox.world import World
from bot.usage.keys import WelcomeKey
from tests.support.acts import spend
from tests.support.harness import Office
from tests.support.messages import keys, shown, told
from tests.support.worlds import PRIYA

TICK = timedelta(seconds=1)


@pytest.fixture
def world() -> World:
    return World.empty()


@pytest.fixture
async def office(closed: Office) -> Office:
    """An office whose first messages are out, with a budget of 100 dollars for Priya."""
    closed.settings["ALERT_CHANNEL"] = "#neo-spend"
    await closed.open()
    await spend(closed, PRIYA, 10)
    await closed.ask("hannah", "budget @priya 100/month")
    await closed.delivered()
    return closed


async def until_told(office: Office, done: Callable[[], bool]) -> None:
    """Let time go on, second by second, until something is told; and on, until copies would have been found."""
    for _ in range(200):
        office.clock.advance(TICK)
        await office.delivered()
        if done() and not await office.service.database.read(lambda r: r.rows(_OPEN)):
            return
    pytest.fail("it was never told")


_OPEN = "SELECT id FROM notification WHERE state IN ('pending', 'sending', 'unsure') OR check_at IS NOT NULL"

AMBIGUOUS: list[Fault] = [
    RateLimited(1),
    Status(500),
    Status(503),
    Html(),
    Refuse("internal_error"),
    Refuse("fatal_error"),
    Hang(done=True),
    Hang(done=False),
    Reset(done=True),
    Reset(done=False),
    Late(0.3),
]


@pytest.mark.parametrize("fault", AMBIGUOUS, ids=lambda fault: str(fault)[:40])
async def test_whatever_slack_does_a_message_is_visible_once(office: Office, fault: Fault) -> None:
    office.slack.faults.on("chat.postMessage", fault)
    await spend(office, PRIYA, 75)
    await until_told(office, lambda: len(told(office.dm("priya"))) == 1)
    assert len(told(office.dm("priya"))) == 1
    assert "85 %" in shown(told(office.dm("priya"))[0])


@pytest.mark.parametrize("fault", [Reset(done=True), Reset(done=False), Late(0.3)], ids=str)
async def test_a_reply_in_a_thread_is_looked_for_there(office: Office, fault: Fault) -> None:
    await spend(office, PRIYA, 75)
    assert len(told(office.dm("priya"))) == 1
    office.slack.faults.on("chat.postMessage", fault, fault)
    await spend(office, PRIYA, 20)
    await until_told(office, lambda: len(told(office.dm("priya"))) == 2)
    assert sorted(keys(office.dm("priya"))) == sorted(set(keys(office.dm("priya"))))
    assert len(told(office.seen("marcus"))) == 1


async def test_where_history_cannot_be_read_nothing_is_lost(office: Office) -> None:
    office.slack.faults.when(
        lambda call: Refuse("missing_scope") if call.method.startswith("conversations.history") else None
    )
    office.slack.faults.on("chat.postMessage", Reset(done=False))
    await spend(office, PRIYA, 75)
    await until_told(office, lambda: len(told(office.dm("priya"))) == 1)
    assert "85 %" in shown(told(office.dm("priya"))[0])


async def test_a_deleted_message_gets_one_successor(office: Office) -> None:
    await spend(office, PRIYA, 75)
    (first,) = told(office.dm("priya"))
    first.deleted = True
    await spend(office, PRIYA, 2)
    await until_told(office, lambda: len(told(office.dm("priya"))) == 1)
    (second,) = told(office.dm("priya"))
    assert "87 %" in shown(second)
    second.deleted = True
    await spend(office, PRIYA, 1)
    await office.delivered()
    assert told(office.dm("priya")) == []
    await spend(office, PRIYA, 20)
    await until_told(office, lambda: len(told(office.dm("priya"))) == 1)
    assert "108 %" in shown(told(office.dm("priya"))[0])


async def test_a_reply_that_slack_posted_at_the_top_is_the_new_parent(office: Office) -> None:
    def forget_thread(answer: Json) -> None:
        answer["message"].pop("thread_ts", None)

    await spend(office, PRIYA, 75)
    office.slack.faults.on("chat.postMessage", Mangle(forget_thread))
    await spend(office, PRIYA, 20)
    await office.delivered()
    assert any("105 % used" in shown(each) for each in told(office.dm("priya")))


async def test_blocks_that_slack_refuses_become_text(office: Office) -> None:
    office.slack.faults.on("chat.postMessage", Refuse("invalid_blocks"))
    await spend(office, PRIYA, 75)
    (message,) = told(office.dm("priya"))
    assert message.blocks == []
    assert "85 %" in message.text


async def test_a_channel_that_is_gone_is_told_of_in_the_next_best_place(office: Office) -> None:
    office.workspace.channel("neo-spend").is_archived = True
    await spend(office, PRIYA, 95)
    await office.delivered()
    mine = [each for each in told(office.dm("hannah")) if "monthly budget" in shown(each)]
    assert len(mine) == 1
    status = shown(await office.ask("hannah", "status", office.workspace.im_of("U0HANNAH").id))
    assert "2 dead" in status  # the alert channel, and the ops channel, which is the same
    assert "there is no channel #neo-spend that the bot can see" in status


async def test_what_is_owed_too_long_becomes_one_summary(office: Office) -> None:
    await office.ask("hannah", "budget @priya 20/day")
    office.slack.faults.always = Status(503)
    await spend(office, PRIYA, 15)
    office.clock.advance(timedelta(days=5))
    await office.delivered()
    await spend(office, PRIYA, 1)
    office.slack.faults.clear()
    await until_told(office, lambda: any("Missed while Slack" in shown(each) for each in told(office.dm("priya"))))
    summaries = [each for each in told(office.dm("priya")) if "Missed while Slack" in shown(each)]
    assert len(summaries) == 1
    assert "*100 % passed:* $25.00 of $20.00." in shown(summaries[0])


async def test_quiet_hours_put_direct_messages_off_but_no_channel(closed: Office) -> None:
    closed.settings |= {"ALERT_CHANNEL": "#neo-spend", "QUIET_HOURS": "10:00-23:30"}
    await closed.open()
    await spend(closed, PRIYA, 10)
    await closed.ask("hannah", "budget @priya 10/month")
    await closed.delivered()
    assert told(closed.dm("priya")) == []
    assert len(told(closed.seen("marcus"))) == 1
    closed.clock.advance(timedelta(hours=4))
    await closed.delivered()
    assert len(told(closed.dm("priya"))) == 1


async def test_many_channels_do_not_wait_for_each_other(office: Office) -> None:
    im = office.workspace.im_of("U0PRIYA").id
    office.slack.faults.when(
        lambda call: RateLimited(30) if call.method == "chat.postMessage" and call.args.get("channel") == im else None
    )
    with office.service.database.transaction() as connection:
        enqueue(
            connection,
            [
                NewNotification(WelcomeKey(), UserDestination("U0PRIYA")),
                NewNotification(WelcomeKey(), UserDestination("U0MARCUS")),
            ],
            office.clock(),
        )
    await office.service.jobs.run_every(1)
    await office.workspace.until(lambda: bool(told(office.dm("marcus"))))
    assert told(office.dm("priya")) == []
    await office.service.wiring.outbox.stop(0)


async def test_a_message_that_cannot_be_edited_gets_one_reply_a_step_and_not_one_a_reading(office: Office) -> None:
    await spend(office, PRIYA, 75)  # 85 %
    (parent,) = told(office.dm("priya"))
    office.slack.faults.when(lambda call: Refuse("cant_update_message") if call.method == "chat.update" else None)
    for _ in range(6):
        await spend(office, PRIYA, 1)
        await office.delivered()
    (_, news) = told(office.dm("priya"))
    assert news.thread_ts == parent.ts
    assert "86 %" in shown(news)
    for _ in range(6):
        await spend(office, PRIYA, 2)  # over 100 %
        await office.delivered()
    replies = told(office.dm("priya"))[2:]
    assert sum("100 % passed" in shown(each) for each in replies) == 1
    assert len(replies) == 2
