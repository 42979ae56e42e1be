"""Slack does not say something just now: that one message waits, and no other, no start and no tick."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from time import perf_counter

import pytest

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
from tests.support.harness import Office
from tests.support.messages import keys, shown, told
from tests.support.worlds import MARCUS, PRIYA, spent

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
HOUR_LONG = RateLimited(3600)
AT_ONCE = 3.0  # real seconds, on a loaded machine


@pytest.fixture
def world() -> World:
    return World.empty()


@pytest.fixture
async def office(closed: Office) -> Office:
    closed.settings["ALERT_CHANNEL"] = "#neo-spend"
    await closed.open()
    await spend(closed, PRIYA, 10)
    return closed


def put(office: Office, *owed: NewNotification) -> None:
    with office.service.database.transaction() as connection:
        enqueue(connection, owed, office.clock())


def rows(office: Office, sql: str) -> list[tuple[object, ...]]:
    with office.service.database.transaction() as connection:
        return [tuple(row) for row in connection.exec_driver_sql(sql)]


async def quick(office: Office, done: Callable[[], bool]) -> None:
    """It comes about within moments of the ticks of a running service."""
    began = perf_counter()
    while not done():
        assert perf_counter() - began < AT_ONCE, "it was held up"
        await office.service.jobs.run_every(1)
        await asyncio.sleep(0.02)


async def later(office: Office, span: timedelta, times: int = 1) -> None:
    for _ in range(times):
        office.clock.advance(span)
        await office.delivered()


FAILING: list[Fault] = [HOUR_LONG, Status(503), Hang(), Reset()]


@pytest.mark.parametrize("fault", FAILING, ids=lambda fault: type(fault).__name__)
@pytest.mark.parametrize("method", ["conversations.open", "users.info"])
async def test_who_cannot_be_looked_up_holds_up_nobody_else(office: Office, method: str, fault: Fault) -> None:
    office.clock.advance(6 * MINUTE)  # what is known of people is old
    office.slack.faults.when(lambda call: fault if call.method == method else None)
    put(
        office,
        NewNotification(WelcomeKey(), UserDestination("U0YUKI")),
        NewNotification(WelcomeKey(), ChannelDestination("#neo-spend")),
    )
    await quick(office, lambda: len(told(office.seen("marcus"))) == 1)
    office.slack.faults.clear()
    assert not told(office.dm("yuki"))
    await office.service.wiring.outbox.stop(0)


async def test_a_limit_of_an_hour_is_kept_to_and_then_the_message_comes(office: Office) -> None:
    office.slack.faults.on("conversations.open", HOUR_LONG)
    office.slack.log.clear()
    put(office, NewNotification(WelcomeKey(), UserDestination("U0YUKI")))
    await office.delivered()
    await later(office, 10 * MINUTE, 5)
    assert not told(office.dm("yuki"))
    assert sum(call.method == "conversations.open" for call in office.slack.log) == 1
    await later(office, 11 * MINUTE)
    assert len(told(office.dm("yuki"))) == 1


async def test_a_channel_that_cannot_be_looked_up_holds_up_no_direct_message(closed: Office) -> None:
    closed.settings["ALERT_CHANNEL"] = "#neo-spend"
    closed.slack.faults.when(lambda call: HOUR_LONG if call.method == "conversations.list" else None)
    await closed.open()
    assert len(told(closed.dm("hannah"))) == 1  # the welcome
    put(
        closed,
        NewNotification(WelcomeKey(), ChannelDestination("#neo-spend")),
        NewNotification(WelcomeKey(), UserDestination("U0YUKI")),
    )
    await quick(closed, lambda: len(told(closed.dm("yuki"))) == 1)
    assert not told(closed.seen("marcus"))


async def test_a_channel_in_a_list_of_odd_records_is_looked_up_later(closed: Office) -> None:
    closed.settings["ALERT_CHANNEL"] = "#neo-spend"
    await closed.open()
    odd = Mangle(lambda answer: answer | {"channels": [{"id": 3}, {"name": ["x"]}]})
    closed.slack.faults.when(lambda call: odd if call.method == "conversations.list" else None)
    put(
        closed,
        NewNotification(WelcomeKey(), AlertDestination()),
        NewNotification(WelcomeKey(), UserDestination("U0YUKI")),
    )
    await closed.delivered()
    assert len(told(closed.dm("yuki"))) == 1
    closed.slack.faults.clear()
    await later(closed, MINUTE, 3)
    assert len(told(closed.seen("marcus"))) == 1


async def test_a_history_that_is_not_shown_holds_up_nothing_else_even_there(office: Office) -> None:
    channel = office.workspace.channel("neo-spend").id
    office.slack.faults.on("chat.postMessage", Reset(done=True))
    put(office, NewNotification(WelcomeKey(), ChannelDestination(channel)))
    await office.delivered()
    office.slack.faults.when(lambda call: HOUR_LONG if call.method == "conversations.history" else None)
    await later(office, MINUTE)
    put(
        office,
        NewNotification(WelcomeKey(), AlertDestination()),
        NewNotification(WelcomeKey(), UserDestination("U0YUKI")),
    )
    await quick(office, lambda: len(told(office.dm("yuki"))) == 1 and len(told(office.seen("marcus"))) == 2)
    asked = sum(call.method == "conversations.history" for call in office.slack.log)
    await later(office, 5 * MINUTE, 3)
    assert sum(call.method == "conversations.history" for call in office.slack.log) == asked
    office.slack.faults.clear()
    await later(office, HOUR, 2)
    assert rows(office, "SELECT DISTINCT state FROM notification WHERE check_at IS NULL") == [("sent",)]
    assert len(told(office.seen("marcus"))) == 2


@pytest.mark.parametrize("fault", [Status(503), HOUR_LONG, Refuse("internal_error")], ids=lambda fault: str(fault)[:20])
async def test_who_is_meant_is_not_said_and_the_message_waits_without_an_alarm(office: Office, fault: Fault) -> None:
    await office.ask("hannah", "budget @priya 100/month")
    await office.delivered()
    spent(office.neo.world, office.clock(), PRIYA, 95)
    office.clock.advance(6 * MINUTE)
    asking = {"users.info", "users.lookupByEmail"}
    office.slack.faults.when(lambda call: fault if call.method in asking else None)
    await office.service.jobs.sync()
    await later(office, MINUTE, 3)
    await office.service.alarm.test()
    await office.service.jobs.run_after(After.CONNECTION_CHANGE)
    office.slack.faults.clear()
    await later(office, 31 * MINUTE, 3)
    assert not [each for each in told(office.dm("hannah")) if "worded" in shown(each)]
    assert rows(office, "SELECT error FROM notification WHERE error LIKE '%worded%'") == []
    (message,) = told(office.seen("marcus"))
    assert "U0PRIYA" in shown(message)
    assert len(told(office.dm("priya"))) == 1


async def test_an_edit_whose_words_wait_for_slack_is_made_later(office: Office) -> None:
    await office.ask("hannah", "budget @priya 20/month")
    await spend(office, PRIYA, 15)
    (message,) = told(office.seen("marcus"))
    office.clock.advance(6 * MINUTE)
    office.slack.faults.when(lambda call: Status(503) if call.method == "users.info" else None)
    spent(office.neo.world, office.clock(), PRIYA, 1)
    await office.service.jobs.sync()
    await later(office, MINUTE, 2)
    assert "125 % used" in shown(message)
    office.slack.faults.clear()
    await later(office, 6 * MINUTE, 2)
    (message,) = told(office.seen("marcus"))
    assert "130 % used" in shown(message)


async def test_edits_that_are_limited_hold_up_no_posts_of_their_channel(office: Office) -> None:
    await office.ask("hannah", "budget @priya 20/month")
    await spend(office, PRIYA, 15)
    office.slack.faults.when(lambda call: HOUR_LONG if call.method == "chat.update" else None)
    spent(office.neo.world, office.clock(), PRIYA, 1)
    await office.service.jobs.sync()
    put(office, NewNotification(WelcomeKey(), AlertDestination()))
    await quick(office, lambda: any("welcome" in key for key in keys(office.seen("marcus"))))
    asked = sum(call.method == "chat.update" for call in office.slack.log)
    await later(office, 10 * MINUTE, 5)
    assert sum(call.method == "chat.update" for call in office.slack.log) == asked
    office.slack.faults.clear()
    await later(office, 15 * MINUTE, 2)
    assert "130 % used" in shown(told(office.seen("marcus"))[0])


async def test_a_digest_whose_channel_is_not_named_holds_up_neither_the_other_nor_the_tick(closed: Office) -> None:
    security = closed.workspace.channel("security").id
    closed.workspace.channel("security").members.add(closed.workspace.bot_user)
    closed.settings["DIGEST_CHANNEL"] = f"#neo-spend,{security}"
    await closed.open()
    closed.slack.faults.when(lambda call: HOUR_LONG if call.method == "conversations.list" else None)
    closed.clock.advance(14 * HOUR)
    await closed.service.jobs.sync()
    put(closed, NewNotification(WelcomeKey(), UserDestination("U0YUKI")))
    await quick(closed, lambda: len(told(closed.dm("yuki"))) == 1)

    def digests(channel: str) -> list[Message]:
        return [each for each in told(closed.seen("hannah", channel)) if "digest" in keys([each])[0]]

    async with asyncio.timeout(12):
        while not digests("security"):
            await closed.service.jobs.run_every(1)
            await asyncio.sleep(0.05)
    assert not digests("neo-spend")


@pytest.mark.parametrize("fault", [HOUR_LONG, Hang()], ids=["limited", "hanging"])
async def test_what_is_owed_at_a_start_does_not_wait_for_the_list_of_people(office: Office, fault: Fault) -> None:
    await office.service.end()
    office.slack.faults.when(lambda call: fault if call.method == "users.list" else None)
    spent(office.neo.world, office.clock(), MARCUS, 5, status="error", error_message="boom")
    began = perf_counter()
    await office.start()
    await office.workspace.until(lambda: any("failures:" in key for key in keys(office.seen("jonas"))), 10)
    assert perf_counter() - began < 8


async def test_app_home_that_cannot_be_drawn_holds_up_no_message(office: Office) -> None:
    await office.slack.open_home("priya")
    await office.idle()
    office.slack.faults.when(lambda call: Hang() if call.method == "views.publish" else None)
    office.clock.advance(2 * MINUTE)
    spent(office.neo.world, office.clock(), PRIYA, 5)
    looking = asyncio.create_task(office.service.jobs.sync())
    put(office, NewNotification(WelcomeKey(), UserDestination("U0YUKI")))
    await quick(office, lambda: len(told(office.dm("yuki"))) == 1)
    assert not looking.done()
    office.slack.faults.clear()
    await looking


# --- whom a message is for -------------------------------------------------------------------------


@pytest.mark.parametrize("linked", ["new", "old", "neither"])
async def test_whoever_was_merged_is_told_under_whichever_address_slack_knows(office: Office, linked: str) -> None:
    old, new = ("priya.old@acme.example", "priya.new@acme.example") if linked != "neither" else (PRIYA, "p@new.example")
    await spend(office, old, 1)
    if linked != "neither":
        await office.ask("hannah", f"link @priya {new if linked == 'new' else old}")
    with office.service.database.transaction() as connection:
        merge(office.service.app, office.service.database, connection, old, new)
    await office.ask("hannah", f"budget {new} 100/month")
    await spend(office, new, 55)
    assert told(office.seen("marcus")) == []
    assert any("of your monthly budget" in shown(each) for each in told(office.dm("priya")))
    await spend(office, new, 60)
    (public,) = told(office.seen("marcus"))
    assert "<@U0PRIYA>" in shown(public)


async def test_without_the_right_to_look_up_addresses_a_message_for_one_waits(office: Office) -> None:
    office.workspace.scopes.remove("users:read.email")
    stranger = "sam.new@acme.example"
    await spend(office, stranger, 55)
    await office.ask("hannah", f"budget {stranger} 100/month")
    await office.delivered()
    assert told(office.seen("marcus")) == []
    assert rows(office, "SELECT state FROM notification WHERE destination LIKE 'member:%'") == [("pending",)]


async def test_whoever_is_a_guest_now_is_not_told_of_in_the_channel(office: Office) -> None:
    office.workspace.user("priya").is_restricted = True
    office.clock.advance(6 * MINUTE)
    await office.ask("hannah", f"budget {PRIYA} 15/month")
    await office.delivered()
    assert told(office.seen("marcus")) == []
    assert any("66 %" in shown(each) for each in told(office.dm("hannah")))


# --- whose a message is ----------------------------------------------------------------------------


async def test_what_another_app_wrote_is_no_message_of_ours(office: Office) -> None:
    channel = office.workspace.channel("neo-spend").id
    office.slack.faults.on("chat.postMessage", Reset(done=False))
    put(office, NewNotification(WelcomeKey(), ChannelDestination(channel)))
    await office.delivered()
    ((ledger,),) = rows(office, "SELECT value FROM note WHERE key = 'ledger_id'")
    metadata = {"event_type": "neo_usage_notification", "event_payload": {"key": f"welcome:channel:{channel}:{ledger}"}}
    stamp = office.workspace.stamp(office.clock())
    theirs = Message(stamp, "U0OTHERBOT", "lunch?", bot_id="B0OTHER", metadata=metadata)
    office.workspace.post(channel, theirs)
    await later(office, MINUTE, 12)
    assert not theirs.deleted
    mine = [each for each in told(office.seen("marcus")) if each.user == office.workspace.bot_user]
    assert len(mine) == 1
