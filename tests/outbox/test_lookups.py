"""Slack does not say something just now: that one message waits, and no other, no start and no tick."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from time import perf_counter

import pytest
from sqlalchemy import text

from bot.capability import After
from bot.outbox.destinations import AlertDestination, ChannelDestination, UserDestination
from bot.outbox.store import NewNotification, enqueue
from bot.sandbox.faults import Status
from bot.sandbox.slack.faults import Fault, Hang, Mangle, RateLimited, Refuse, Reset
from bot.sandbox.slack.models import Message
from bot.sandbox.world import World
from bot.usage.keys import WelcomeKey
from tests.support.acts import spend
from tests.support.app import merge
from tests.support.engines import many_cases
from tests.support.harness import ServiceHarness
from tests.support.messages import notification_keys, notifications, visible_text
from tests.support.worlds import MARCUS, PRIYA, spent

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
HOUR_LONG = RateLimited(3600)
AT_ONCE = 3.0  # real seconds, on a loaded machine


@pytest.fixture
def world() -> World:
    return World.empty()


@pytest.fixture
async def harness(closed: ServiceHarness) -> ServiceHarness:
    closed.settings["ALERT_CHANNEL"] = "#neo-spend"
    await closed.open()
    await spend(closed, PRIYA, 10)
    return closed


def put(harness: ServiceHarness, *owed: NewNotification) -> None:
    with harness.service.database.transaction() as connection:
        enqueue(connection, owed, harness.clock())


def rows(harness: ServiceHarness, sql: str) -> list[tuple[object, ...]]:
    with harness.service.database.transaction() as connection:
        return [tuple(row) for row in connection.execute(text(sql))]


async def quick(harness: ServiceHarness, done: Callable[[], bool]) -> None:
    """It comes about within moments of the ticks of a running service."""
    began = perf_counter()
    while not done():
        assert perf_counter() - began < AT_ONCE, "it was held up"
        await harness.service.jobs.run_every(1)
        await asyncio.sleep(0.02)


async def later(harness: ServiceHarness, span: timedelta, times: int = 1) -> None:
    for _ in range(times):
        harness.clock.advance(span)
        await harness.deliver()


FAILING: list[Fault] = [HOUR_LONG, Status(503), Hang(), Reset()]


@pytest.mark.parametrize("fault", FAILING, ids=lambda fault: type(fault).__name__)
@pytest.mark.parametrize("method", ["conversations.open", "users.info"])
@many_cases
async def test_who_cannot_be_looked_up_holds_up_nobody_else(harness: ServiceHarness, method: str, fault: Fault) -> None:
    harness.clock.advance(6 * MINUTE)  # what is known of people is old
    harness.slack.faults.when(lambda call: fault if call.method == method else None)
    put(
        harness,
        NewNotification(WelcomeKey(), UserDestination("U0YUKI")),
        NewNotification(WelcomeKey(), ChannelDestination("#neo-spend")),
    )
    await quick(harness, lambda: len(notifications(harness.visible("marcus"))) == 1)
    harness.slack.faults.clear()
    assert not notifications(harness.dm("yuki"))
    await harness.service.wiring.outbox.stop(0)


async def test_a_limit_of_an_hour_is_kept_to_and_then_the_message_comes(harness: ServiceHarness) -> None:
    harness.slack.faults.on("conversations.open", HOUR_LONG)
    harness.slack.log.clear()
    put(harness, NewNotification(WelcomeKey(), UserDestination("U0YUKI")))
    await harness.deliver()
    await later(harness, 10 * MINUTE, 5)
    assert not notifications(harness.dm("yuki"))
    assert sum(call.method == "conversations.open" for call in harness.slack.log) == 1
    await later(harness, 11 * MINUTE)
    assert len(notifications(harness.dm("yuki"))) == 1


async def test_a_channel_that_cannot_be_looked_up_holds_up_no_direct_message(closed: ServiceHarness) -> None:
    closed.settings["ALERT_CHANNEL"] = "#neo-spend"
    closed.slack.faults.when(lambda call: HOUR_LONG if call.method == "conversations.list" else None)
    await closed.open()
    assert len(notifications(closed.dm("hannah"))) == 1  # the welcome
    put(
        closed,
        NewNotification(WelcomeKey(), ChannelDestination("#neo-spend")),
        NewNotification(WelcomeKey(), UserDestination("U0YUKI")),
    )
    await quick(closed, lambda: len(notifications(closed.dm("yuki"))) == 1)
    assert not notifications(closed.visible("marcus"))


async def test_a_channel_in_a_list_of_odd_records_is_looked_up_later(closed: ServiceHarness) -> None:
    closed.settings["ALERT_CHANNEL"] = "#neo-spend"
    await closed.open()
    odd = Mangle(lambda answer: answer | {"channels": [{"id": 3}, {"name": ["x"]}]})
    closed.slack.faults.when(lambda call: odd if call.method == "conversations.list" else None)
    put(
        closed,
        NewNotification(WelcomeKey(), AlertDestination()),
        NewNotification(WelcomeKey(), UserDestination("U0YUKI")),
    )
    await closed.deliver()
    assert len(notifications(closed.dm("yuki"))) == 1
    closed.slack.faults.clear()
    await later(closed, MINUTE, 3)
    assert len(notifications(closed.visible("marcus"))) == 1


@pytest.mark.slow
async def test_a_history_that_is_not_shown_holds_up_nothing_else_even_there(harness: ServiceHarness) -> None:
    channel = harness.workspace.channel("neo-spend").id
    harness.slack.faults.on("chat.postMessage", Reset(done=True))
    put(harness, NewNotification(WelcomeKey(), ChannelDestination(channel)))
    await harness.deliver()
    harness.slack.faults.when(lambda call: HOUR_LONG if call.method == "conversations.history" else None)
    await later(harness, MINUTE)
    put(
        harness,
        NewNotification(WelcomeKey(), AlertDestination()),
        NewNotification(WelcomeKey(), UserDestination("U0YUKI")),
    )
    await quick(
        harness,
        lambda: len(notifications(harness.dm("yuki"))) == 1 and len(notifications(harness.visible("marcus"))) == 2,
    )
    asked = sum(call.method == "conversations.history" for call in harness.slack.log)
    await later(harness, 5 * MINUTE, 3)
    assert sum(call.method == "conversations.history" for call in harness.slack.log) == asked
    harness.slack.faults.clear()
    await later(harness, HOUR, 2)
    assert rows(harness, "SELECT DISTINCT state FROM notification WHERE check_at IS NULL") == [("sent",)]
    assert len(notifications(harness.visible("marcus"))) == 2


@pytest.mark.slow
@pytest.mark.parametrize("fault", [Status(503), HOUR_LONG, Refuse("internal_error")], ids=lambda fault: str(fault)[:20])
async def test_who_is_meant_is_not_said_and_the_message_waits_without_an_alarm(
    harness: ServiceHarness, fault: Fault
) -> None:
    await harness.ask("hannah", "budget @priya 100/month")
    await harness.deliver()
    spent(harness.neo.world, harness.clock(), PRIYA, 95)
    harness.clock.advance(6 * MINUTE)
    asking = {"users.info", "users.lookupByEmail"}
    harness.slack.faults.when(lambda call: fault if call.method in asking else None)
    await harness.service.jobs.sync()
    await later(harness, MINUTE, 3)
    await harness.service.alarm.test()
    await harness.service.jobs.run_after(After.CONNECTION_CHANGE)
    harness.slack.faults.clear()
    await later(harness, 31 * MINUTE, 3)
    assert not [each for each in notifications(harness.dm("hannah")) if "worded" in visible_text(each)]
    assert rows(harness, "SELECT error FROM notification WHERE error LIKE '%worded%'") == []
    (message,) = notifications(harness.visible("marcus"))
    assert "U0PRIYA" in visible_text(message)
    assert len(notifications(harness.dm("priya"))) == 1


@pytest.mark.slow
async def test_an_edit_whose_words_wait_for_slack_is_made_later(harness: ServiceHarness) -> None:
    await harness.ask("hannah", "budget @priya 20/month")
    await spend(harness, PRIYA, 15)
    (message,) = notifications(harness.visible("marcus"))
    harness.clock.advance(6 * MINUTE)
    harness.slack.faults.when(lambda call: Status(503) if call.method == "users.info" else None)
    spent(harness.neo.world, harness.clock(), PRIYA, 1)
    await harness.service.jobs.sync()
    await later(harness, MINUTE, 2)
    assert "125% used" in visible_text(message)
    harness.slack.faults.clear()
    await later(harness, 6 * MINUTE, 2)
    (message,) = notifications(harness.visible("marcus"))
    assert "130% used" in visible_text(message)


@pytest.mark.slow
async def test_edits_that_are_limited_hold_up_no_posts_of_their_channel(harness: ServiceHarness) -> None:
    await harness.ask("hannah", "budget @priya 20/month")
    await spend(harness, PRIYA, 15)
    harness.slack.faults.when(lambda call: HOUR_LONG if call.method == "chat.update" else None)
    spent(harness.neo.world, harness.clock(), PRIYA, 1)
    await harness.service.jobs.sync()
    put(harness, NewNotification(WelcomeKey(), AlertDestination()))
    await quick(harness, lambda: any("welcome" in key for key in notification_keys(harness.visible("marcus"))))
    asked = sum(call.method == "chat.update" for call in harness.slack.log)
    await later(harness, 10 * MINUTE, 5)
    assert sum(call.method == "chat.update" for call in harness.slack.log) == asked
    harness.slack.faults.clear()
    await later(harness, 15 * MINUTE, 2)
    assert "130% used" in visible_text(notifications(harness.visible("marcus"))[0])


@pytest.mark.slow
async def test_a_digest_whose_channel_is_not_named_holds_up_neither_the_other_nor_the_tick(
    closed: ServiceHarness,
) -> None:
    security = closed.workspace.channel("security").id
    closed.workspace.channel("security").members.add(closed.workspace.bot_user)
    closed.settings["DIGEST_CHANNEL"] = f"#neo-spend,{security}"
    await closed.open()
    closed.slack.faults.when(lambda call: HOUR_LONG if call.method == "conversations.list" else None)
    closed.clock.advance(14 * HOUR)
    await closed.service.jobs.sync()
    put(closed, NewNotification(WelcomeKey(), UserDestination("U0YUKI")))
    await quick(closed, lambda: len(notifications(closed.dm("yuki"))) == 1)

    def digests(channel: str) -> list[Message]:
        return [
            each
            for each in notifications(closed.visible("hannah", channel))
            if "digest" in notification_keys([each])[0]
        ]

    async with asyncio.timeout(12):
        while not digests("security"):
            await closed.service.jobs.run_every(1)
            await asyncio.sleep(0.05)
    assert not digests("neo-spend")


@pytest.mark.slow
@pytest.mark.parametrize("fault", [HOUR_LONG, Hang()], ids=["limited", "hanging"])
async def test_what_is_owed_at_a_start_does_not_wait_for_the_list_of_people(
    harness: ServiceHarness, fault: Fault
) -> None:
    await harness.service.end()
    harness.slack.faults.when(lambda call: fault if call.method == "users.list" else None)
    spent(harness.neo.world, harness.clock(), MARCUS, 5, status="error", error_message="boom")
    began = perf_counter()
    await harness.start()
    await harness.workspace.until(
        lambda: any("failures:" in key for key in notification_keys(harness.visible("jonas"))), 10
    )
    assert perf_counter() - began < 8


async def test_app_home_that_cannot_be_drawn_holds_up_no_message(harness: ServiceHarness) -> None:
    await harness.slack.open_home("priya")
    await harness.idle()
    harness.slack.faults.when(lambda call: Hang() if call.method == "views.publish" else None)
    harness.clock.advance(2 * MINUTE)
    spent(harness.neo.world, harness.clock(), PRIYA, 5)
    looking = asyncio.create_task(harness.service.jobs.sync())
    put(harness, NewNotification(WelcomeKey(), UserDestination("U0YUKI")))
    await quick(harness, lambda: len(notifications(harness.dm("yuki"))) == 1)
    assert not looking.done()
    harness.slack.faults.clear()
    await looking


# --- whom a message is for -------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("linked", ["new", "old", "neither"])
async def test_whoever_was_merged_is_told_under_whichever_address_slack_knows(
    harness: ServiceHarness, linked: str
) -> None:
    old, new = ("priya.old@acme.example", "priya.new@acme.example") if linked != "neither" else (PRIYA, "p@new.example")
    await spend(harness, old, 1)
    if linked != "neither":
        await harness.ask("hannah", f"link @priya {new if linked == 'new' else old}")
    with harness.service.database.transaction() as connection:
        merge(harness.service.app, harness.service.database, connection, old, new)
    await harness.ask("hannah", f"budget {new} 100/month")
    await spend(harness, new, 55)
    assert notifications(harness.visible("marcus")) == []
    assert any("of your monthly budget" in visible_text(each) for each in notifications(harness.dm("priya")))
    await spend(harness, new, 60)
    (public,) = notifications(harness.visible("marcus"))
    assert "<@U0PRIYA>" in visible_text(public)


async def test_without_the_right_to_look_up_addresses_a_message_for_one_waits(harness: ServiceHarness) -> None:
    harness.workspace.scopes.remove("users:read.email")
    stranger = "sam.new@acme.example"
    await spend(harness, stranger, 55)
    await harness.ask("hannah", f"budget {stranger} 100/month")
    await harness.deliver()
    assert notifications(harness.visible("marcus")) == []
    assert rows(harness, "SELECT state FROM notification WHERE destination LIKE 'member:%'") == [("pending",)]


async def test_whoever_is_a_guest_now_is_not_told_of_in_the_channel(harness: ServiceHarness) -> None:
    harness.workspace.user("priya").is_restricted = True
    harness.clock.advance(6 * MINUTE)
    await harness.ask("hannah", f"budget {PRIYA} 15/month")
    await harness.deliver()
    assert notifications(harness.visible("marcus")) == []
    assert any("66%" in visible_text(each) for each in notifications(harness.dm("hannah")))


# --- whose a message is ----------------------------------------------------------------------------


async def test_what_another_app_wrote_is_no_message_of_ours(harness: ServiceHarness) -> None:
    channel = harness.workspace.channel("neo-spend").id
    harness.slack.faults.on("chat.postMessage", Reset(done=False))
    put(harness, NewNotification(WelcomeKey(), ChannelDestination(channel)))
    await harness.deliver()
    ((ledger,),) = rows(harness, "SELECT value FROM note WHERE key = 'ledger_id'")
    metadata = {"event_type": "neo_usage_notification", "event_payload": {"key": f"welcome:channel:{channel}:{ledger}"}}
    stamp = harness.workspace.stamp(harness.clock())
    theirs = Message(stamp, "U0OTHERBOT", "lunch?", bot_id="B0OTHER", metadata=metadata)
    harness.workspace.post(channel, theirs)
    await later(harness, MINUTE, 12)
    assert not theirs.deleted
    mine = [each for each in notifications(harness.visible("marcus")) if each.user == harness.workspace.bot_user]
    assert len(mine) == 1
