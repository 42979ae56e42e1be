"""What is owed reaches those it is for, and nobody else, whatever happens to Slack, links and operators meanwhile."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from bot.budgets.keys import BudgetTopic
from bot.budgets.limits.revision_store import LimitSetting
from bot.budgets.scopes import scope_of
from bot.domain.periods import Unit
from bot.outbox import live_store, store
from bot.outbox.destinations import AlertDestination
from bot.outbox.keys import StoredKey
from bot.outbox.placement_store import set_channel
from bot.outbox.store import NewNotification, enqueue
from bot.sandbox.faults import Status
from bot.sandbox.slack.faults import Refuse, Reset, Slow
from bot.sandbox.slack.models import Message
from bot.sandbox.world import START, World
from bot.slack.errors import RefusedBySlackError
from tests.support.acts import spend
from tests.support.app import budget_evaluator
from tests.support.harness import ServiceHarness
from tests.support.messages import notifications, text_of, visible_text
from tests.support.worlds import MARCUS, PRIYA, add

DAY = timedelta(days=1)
STRANGER = "stranger@acme.example"


@pytest.fixture
def world() -> World:
    return World.empty()


async def opened(closed: ServiceHarness, **settings: str) -> ServiceHarness:
    """A harness in which Priya has spent 10 dollars."""
    closed.settings |= {"ALERT_CHANNEL": "#neo-spend", **settings}
    await closed.open()
    await spend(closed, PRIYA, 10)
    return closed


def limit(harness: ServiceHarness, whose: str, usd: int, unit: Unit = Unit.MONTH) -> None:
    """Set a limit as at the terminal, whatever Slack does."""
    with harness.service.database.transaction() as connection:
        setting = LimitSetting(scope_of(connection, whose), unit, usd * 10**9, "terminal")
        budget_evaluator(harness.service.app).set_limit(connection, setting, harness.clock())


async def later(harness: ServiceHarness, times: int = 10, step: timedelta = timedelta(seconds=30)) -> None:
    for _ in range(times):
        harness.clock.advance(step)
        await harness.deliver()


async def missed(harness: ServiceHarness, before_slack_is_back: Callable[[], None] = lambda: None) -> None:
    """Slack is away for five days."""
    harness.clock.advance(5 * DAY)
    await harness.deliver()
    before_slack_is_back()
    harness.slack.faults.clear()
    await later(harness)


def summaries(messages: list[Message]) -> list[str]:
    return [visible_text(each) for each in notifications(messages) if "Missed while" in visible_text(each)]


def rows(harness: ServiceHarness, sql: str) -> list[tuple[Any, ...]]:
    with harness.service.database.transaction() as connection:
        return [tuple(row) for row in connection.exec_driver_sql(sql).all()]


# --- what was missed -----------------------------------------------------------------------------


async def test_a_summary_of_what_was_missed_goes_where_its_destination_goes(closed: ServiceHarness) -> None:
    harness = await opened(closed)
    await spend(harness, STRANGER, 1)
    limit(harness, STRANGER, 20, Unit.DAY)
    harness.slack.faults.always = Status(503)
    await spend(harness, STRANGER, 17)
    await missed(harness)
    (text,) = summaries(harness.visible("marcus"))
    assert f"{STRANGER}'s daily budget (Mar 2)" in text
    assert "80% passed" in text


@pytest.mark.slow
async def test_a_summary_for_a_channel_that_is_gone_reaches_the_operators(closed: ServiceHarness) -> None:
    harness = await opened(closed)
    limit(harness, PRIYA, 20, Unit.DAY)
    harness.slack.faults.always = Status(503)
    await spend(harness, PRIYA, 30)

    def archive() -> None:
        harness.workspace.channel("neo-spend").is_archived = True

    await missed(harness, archive)
    assert len(summaries(harness.dm("hannah"))) == 1


@pytest.mark.slow
async def test_a_new_limit_that_was_missed_is_a_line_too(closed: ServiceHarness) -> None:
    harness = await opened(closed)
    limit(harness, PRIYA, 15, Unit.DAY)
    await harness.deliver()
    harness.slack.faults.always = Status(503)
    limit(harness, PRIYA, 30, Unit.DAY)
    await spend(harness, PRIYA, 30)
    await missed(harness)
    (text,) = summaries(harness.dm("priya"))
    assert "Limit raised to $30 a day" in text
    assert "100% passed" in text


@pytest.mark.slow
async def test_what_is_looked_for_one_after_the_other_is_in_one_summary(closed: ServiceHarness) -> None:
    harness = await opened(closed)
    limit(harness, PRIYA, 15, Unit.DAY)
    await harness.deliver()
    harness.slack.faults.always = Status(503)
    limit(harness, PRIYA, 30, Unit.DAY)
    await spend(harness, PRIYA, 30)
    harness.clock.advance(5 * DAY)
    harness.slack.faults.clear()
    harness.slack.faults.when(lambda call: Slow(0.1) if call.method.startswith("conversations.") else None)
    delivered = asyncio.create_task(later(harness, 3))
    while not delivered.done():  # as the scheduler does, while messages are looked for
        await harness.service.jobs.run_every(1)
        await asyncio.sleep(0.03)
    await later(harness)
    (text,) = summaries(harness.dm("priya"))
    assert "Limit raised to $30 a day" in text
    assert "100% passed" in text


@pytest.mark.slow
async def test_a_line_that_cannot_be_worded_does_not_lose_the_others(closed: ServiceHarness) -> None:
    harness = await opened(closed)
    limit(harness, PRIYA, 20, Unit.DAY)
    harness.slack.faults.always = Status(503)
    with harness.service.database.transaction() as connection:
        enqueue(
            connection,
            [NewNotification(StoredKey("limit:x"), AlertDestination(), None, harness.clock() + DAY)],
            harness.clock(),
        )
    await spend(harness, PRIYA, 30)
    await missed(harness)
    (text,) = summaries(harness.visible("marcus"))
    assert "A message that couldn't be rendered." in text
    assert "200% passed" in text


@pytest.mark.slow
async def test_what_was_missed_says_whose_it_was_and_of_which_period(closed: ServiceHarness) -> None:
    harness = await opened(closed)
    limit(harness, PRIYA, 20, Unit.DAY)
    limit(harness, "team", 30, Unit.DAY)
    harness.slack.faults.always = Status(503)
    await spend(harness, PRIYA, 30)
    await missed(harness)
    (text,) = summaries(harness.visible("marcus"))
    assert "<@U0PRIYA>'s daily budget (Mar 2)" in text
    assert "The team's daily budget (Mar 2)" in text
    (own,) = summaries(harness.dm("priya"))
    assert "Your daily budget (Mar 2)" in own


@pytest.mark.slow
async def test_what_was_missed_keeps_anonymity(closed: ServiceHarness) -> None:
    harness = await opened(closed, ALERT_PRIVACY="anonymous")
    limit(harness, PRIYA, 20, Unit.DAY)
    harness.slack.faults.always = Status(503)
    await spend(harness, PRIYA, 30)
    await missed(harness)
    (text,) = summaries(harness.visible("marcus"))
    assert "A member's daily budget (Mar 2)" in text
    assert "PRIYA" not in text


async def test_what_arrived_while_that_was_in_doubt_is_not_missed(closed: ServiceHarness) -> None:
    harness = await opened(closed)
    harness.slack.faults.on("chat.postMessage", Reset(done=True))
    limit(harness, PRIYA, 15, Unit.DAY)
    await harness.service.jobs.run_every(1)
    await harness.service.wiring.outbox.wait_idle()
    harness.clock.advance(5 * DAY)
    await later(harness)
    assert len(notifications(harness.dm("priya"))) == 1
    assert summaries(harness.dm("priya")) == []


@pytest.mark.slow
async def test_what_quiet_hours_put_off_is_told_by_itself_at_their_end(closed: ServiceHarness) -> None:
    harness = await opened(closed, QUIET_HOURS="21:00-07:00")
    limit(harness, PRIYA, 30, Unit.DAY)
    harness.clock.advance(timedelta(days=3, minutes=30))  # 69.5 hours after that day, and quiet
    add(harness.neo.world, "late", "3", email=PRIYA, begun=START + timedelta(hours=10))
    await harness.sync()
    assert notifications(harness.dm("priya")) == []
    await later(harness, 3, timedelta(hours=3, minutes=15))
    (message,) = notifications(harness.dm("priya"))
    assert "Part of it came in after the day had ended" in visible_text(message)


# --- whom Slack does not name, or not now ----------------------------------------------------------


@pytest.mark.parametrize("code", ["invalid_auth", "missing_scope", "account_inactive"])
async def test_a_bot_that_is_not_let_in_for_a_while_loses_nothing(closed: ServiceHarness, code: str) -> None:
    harness = await opened(closed)
    harness.slack.faults.when(lambda _: Refuse(code))
    limit(harness, PRIYA, 10)
    await harness.deliver()
    harness.slack.faults.clear()
    await later(harness, 5, timedelta(minutes=10))
    assert len(notifications(harness.dm("priya"))) == 1
    assert len(notifications(harness.visible("marcus"))) == 1
    assert rows(harness, "SELECT * FROM notification WHERE state = 'dead'") == []


async def test_operators_are_found_by_e_mail_although_the_list_of_people_failed(closed: ServiceHarness) -> None:
    closed.slack.faults.when(lambda call: Status(503) if call.method == "users.list" else None)
    harness = await opened(closed, ADMINS="hannah.weiss@acme.example")
    limit(harness, "team", 15)
    await harness.deliver()
    assert any("team" in visible_text(each) for each in notifications(harness.dm("hannah")))


async def test_operators_whom_slack_does_not_name_now_are_told_later(closed: ServiceHarness) -> None:
    unknown = {"users.list", "users.lookupByEmail"}
    closed.slack.faults.when(lambda call: Status(503) if call.method in unknown else None)
    harness = await opened(closed, ADMINS="hannah.weiss@acme.example")
    limit(harness, "team", 15)
    await harness.deliver()
    assert rows(harness, "SELECT state FROM notification WHERE destination = 'operators'") == [("pending",)]
    harness.slack.faults.clear()
    await later(harness)
    assert any("team" in visible_text(each) for each in notifications(harness.dm("hannah")))


async def test_a_member_who_takes_no_direct_messages_is_not_told_of_in_the_channel(closed: ServiceHarness) -> None:
    harness = await opened(closed)
    harness.slack.faults.when(
        lambda call: (
            Refuse("cannot_dm_bot") if call.method == "conversations.open" and "U0PRIYA" in str(call.args) else None
        )
    )
    limit(harness, PRIYA, 18)
    await later(harness, 2)
    assert notifications(harness.visible("marcus")) == []
    assert any("<@U0PRIYA> has used 55%" in visible_text(each) for each in notifications(harness.dm("hannah")))


async def test_an_address_that_is_somebody_elses_now_reaches_them(closed: ServiceHarness) -> None:
    harness = await opened(closed)
    harness.workspace.user("priya").email = "priya.left@acme.example"
    harness.workspace.user("marcus").email = PRIYA
    harness.clock.advance(timedelta(minutes=10))
    limit(harness, PRIYA, 15)
    await harness.deliver()
    assert notifications(harness.dm("priya")) == []
    assert len(notifications(harness.dm("marcus"))) == 1


# --- who is no longer whom it was for --------------------------------------------------------------


@pytest.mark.slow
async def test_a_link_that_was_removed_ends_the_edits(closed: ServiceHarness) -> None:
    harness = await opened(closed)
    await harness.ask("hannah", f"link @marcus {PRIYA}")
    limit(harness, PRIYA, 15)
    await harness.deliver()
    assert len(notifications(harness.dm("marcus"))) == 1
    await harness.ask("hannah", "link @marcus remove")
    await spend(harness, PRIYA, 1)
    assert "$11.00" not in text_of(notifications(harness.dm("marcus"))[0])
    await spend(harness, PRIYA, 2)
    (message,) = notifications(harness.dm("priya"))
    assert message.thread_ts is None
    assert "86%" in visible_text(message)
    await spend(harness, PRIYA, 1)
    assert "93%" in visible_text(notifications(harness.dm("priya"))[0])


async def test_a_message_that_quiet_hours_held_goes_to_whom_it_is_for_then(closed: ServiceHarness) -> None:
    harness = await opened(closed, QUIET_HOURS="10:00-23:30")
    await harness.ask("hannah", f"link @marcus {PRIYA}")
    limit(harness, PRIYA, 15)
    await harness.deliver()
    await harness.ask("hannah", "link @marcus remove")
    harness.clock.advance(timedelta(hours=12))
    await harness.deliver()
    assert notifications(harness.dm("marcus")) == []
    assert len(notifications(harness.dm("priya"))) == 1


async def test_a_channel_that_became_shared_with_outsiders_is_told_nothing_more(closed: ServiceHarness) -> None:
    harness = await opened(closed)
    limit(harness, PRIYA, 10)
    await harness.deliver()
    harness.workspace.channel("neo-spend").is_ext_shared = True
    harness.clock.advance(timedelta(minutes=10))
    await spend(harness, PRIYA, 1)
    assert "$11.00" not in text_of(notifications(harness.visible("marcus"))[0])


async def test_a_channel_once_found_by_name_is_looked_at_in_one_request(closed: ServiceHarness) -> None:
    harness = await opened(closed)
    limit(harness, PRIYA, 10)
    await harness.deliver()
    harness.clock.advance(timedelta(minutes=10))
    methods: list[str] = []
    harness.slack.faults.when(lambda call: methods.append(call.method))
    await spend(harness, PRIYA, 1)
    assert "$11.00" in text_of(notifications(harness.visible("marcus"))[0])
    assert "conversations.list" not in methods
    assert methods.count("conversations.info") == 1


@pytest.mark.slow
async def test_a_former_operator_hears_nothing_more(closed: ServiceHarness) -> None:
    harness = await opened(closed, ADMINS="U0HANNAH,U0MARCUS")
    limit(harness, "team", 15)
    await harness.deliver()
    assert any("The team" in visible_text(each) for each in notifications(harness.dm("marcus")))
    await harness.service.end()
    harness.settings["ADMINS"] = "U0HANNAH"
    await harness.start()
    await spend(harness, PRIYA, 1)
    assert not any("$11.00" in text_of(each) for each in notifications(harness.dm("marcus")))
    assert any("$11.00" in text_of(each) for each in notifications(harness.dm("hannah")))


async def test_what_waited_for_a_former_operator_is_owed_to_those_there_are(closed: ServiceHarness) -> None:
    harness = await opened(closed, QUIET_HOURS="10:00-23:30")
    limit(harness, "team", 15)
    await harness.deliver()
    await harness.service.end()
    harness.settings["ADMINS"] = "U0MARCUS"
    await harness.start()
    harness.clock.advance(timedelta(hours=12))
    await harness.deliver()
    assert not any("The team" in visible_text(each) for each in notifications(harness.dm("hannah")))
    assert sum("The team" in visible_text(each) for each in notifications(harness.dm("marcus"))) == 1


async def test_an_operator_who_became_a_guest_is_told_nothing(closed: ServiceHarness) -> None:
    harness = await opened(closed, ADMINS="U0HANNAH,U0MARCUS")
    harness.workspace.user("hannah").is_restricted = True
    harness.clock.advance(timedelta(minutes=10))
    limit(harness, "team", 15)
    await harness.deliver()
    assert not any("The team" in visible_text(each) for each in notifications(harness.dm("hannah")))
    assert any("The team" in visible_text(each) for each in notifications(harness.dm("marcus")))


@pytest.mark.slow
async def test_where_slack_does_not_say_where_to_nothing_is_sent(closed: ServiceHarness) -> None:
    harness = await opened(closed)
    harness.clock.advance(timedelta(minutes=10))
    limit(harness, PRIYA, 15)
    with harness.service.database.transaction() as connection:
        for destination in ("member:1", "alert"):
            set_channel(connection, destination, harness.workspace.im_of("U0PRIYA").id)
    harness.slack.faults.when(lambda call: Status(503) if call.method == "users.info" else None)
    await harness.deliver()
    assert notifications(harness.dm("priya")) == []
    harness.slack.faults.clear()
    await later(harness)
    assert len(notifications(harness.dm("priya"))) == 1


# --- two at once -----------------------------------------------------------------------------------


async def test_a_refusal_to_whoever_lost_a_message_undoes_nothing(closed: ServiceHarness) -> None:
    harness = await opened(closed, OPS_CHANNEL="#neo-spend")
    limit(harness, PRIYA, 15)
    outbox, im = harness.service.wiring.outbox, harness.workspace.im_of("U0PRIYA").id
    with harness.service.database.transaction() as connection:
        set_channel(connection, "member:1", im)
        lost = store.claim(connection, im, "frozen", harness.clock(), timedelta(seconds=5))
        connection.exec_driver_sql("UPDATE notification SET state = 'pending', token = NULL WHERE state = 'sending'")
    assert lost is not None
    await harness.deliver()
    assert len(notifications(harness.dm("priya"))) == 1
    await outbox.sender.mark_refused(lost, RefusedBySlackError("is_archived"))
    await harness.deliver()
    assert notifications(harness.visible("marcus")) == []
    assert rows(harness, "SELECT state FROM notification WHERE destination = 'member:1'") == [("sent",)]


async def test_whoever_lost_an_edit_owes_no_news(closed: ServiceHarness) -> None:
    harness = await opened(closed)
    limit(harness, PRIYA, 15)
    await harness.deliver()
    im, lease = harness.workspace.im_of("U0PRIYA").id, timedelta(seconds=5)
    with harness.service.database.transaction() as connection:
        live_store.request_edits(connection, live_store.topics_of(connection, BudgetTopic))
        lost = live_store.claim_edit(connection, im, "frozen", harness.clock(), lease)
        won = live_store.claim_edit(connection, im, "other", harness.clock() + DAY, lease)
        assert lost is not None
        assert won is not None
        live_store.mark_not_editable(connection, lost, harness.clock())
        assert connection.execute(text("SELECT id FROM notification WHERE substr(stem, 1, 5) = 'news:'")).all() == []
        live_store.mark_not_editable(connection, won, harness.clock())
    assert len(rows(harness, "SELECT id FROM notification WHERE substr(stem, 1, 5) = 'news:'")) == 1


# --- what is said ----------------------------------------------------------------------------------


async def test_a_step_that_waited_is_told_although_the_limit_was_raised_since(closed: ServiceHarness) -> None:
    harness = await opened(closed)
    harness.slack.faults.when(lambda call: Status(503) if call.method == "chat.postMessage" else None)
    limit(harness, PRIYA, 10)
    await harness.service.jobs.run_every(1)
    limit(harness, PRIYA, 1000)
    harness.slack.faults.clear()
    await later(harness)
    (message,) = notifications(harness.visible("marcus"))
    assert "has used 1%" in visible_text(message)
    assert "100% passed:* $10.00 of $10" in visible_text(message)


@pytest.mark.parametrize("action", ["budget_snooze:today", "budget_ack"])
async def test_anonymous_stays_who_acts_on_their_own_budget(closed: ServiceHarness, action: str) -> None:
    harness = await opened(closed, ALERT_PRIVACY="anonymous")
    limit(harness, PRIYA, 10)
    await harness.deliver()
    await harness.press("priya", notifications(harness.dm("priya"))[0], action, harness.workspace.im_of("U0PRIYA").id)
    await harness.deliver()
    (message,) = notifications(harness.visible("marcus"))
    assert "U0PRIYA" not in text_of(message)
    assert ("Acknowledged by the member" in visible_text(message)) == (action == "budget_ack")
    assert "in direct messages" not in visible_text(message)


@pytest.mark.slow
async def test_anonymous_stays_whose_request_was_approved(closed: ServiceHarness) -> None:
    harness = await opened(closed, ALERT_PRIVACY="anonymous")
    limit(harness, PRIYA, 10)
    await harness.deliver()
    await harness.ask("priya", "budget request 11/month")
    await harness.deliver()
    (request,) = [each for each in notifications(harness.dm("hannah")) if "asks for" in visible_text(each)]
    await harness.press("hannah", request, "budget_approve", harness.workspace.im_of("U0HANNAH").id)
    await harness.deliver()
    assert any("Limit raised to" in visible_text(each) for each in notifications(harness.visible("marcus")))
    assert not any("U0PRIYA" in text_of(each) for each in notifications(harness.visible("marcus")))


@pytest.mark.slow
async def test_anonymous_stays_an_operator_whose_own_budget_it_is(closed: ServiceHarness) -> None:
    harness = await opened(closed, ALERT_PRIVACY="anonymous", ADMINS="U0HANNAH,U0MARCUS")
    await spend(harness, MARCUS, 10)
    await harness.ask("marcus", f"budget {MARCUS} 10/month")
    await harness.deliver()
    await harness.press("marcus", notifications(harness.visible("marcus"))[0], "budget_ack")
    await harness.deliver()
    (message,) = notifications(harness.visible("priya"))
    assert "U0MARCUS" not in text_of(message)
    assert "set by an operator" in visible_text(message)
