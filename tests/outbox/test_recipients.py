"""What is owed reaches those it is for, and nobody else, whatever happens to Slack, links and operators meanwhile."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from bot.budgets.keys import BudgetTopic
from bot.budgets.revision_store import LimitSetting
from bot.budgets.scopes import scope_of
from bot.domain.periods import Unit
from bot.outbox import live_store, store
from bot.outbox.destinations import AlertDestination
from bot.outbox.keys import StoredKey
from bot.outbox.store import NewNotification, enqueue
from bot.outbox.unplaced import set_channel
from bot.sandbox.faults import Status
from bot.sandbox.slack.faults import Refuse, Reset
from bot.sandbox.slack.models import Message
from bot.sandbox.world import START, World
from bot.slack.errors import RefusedBySlackError
from tests.support.acts import spend
from tests.support.app import budget_evaluator
from tests.support.harness import Office
from tests.support.messages import shown, text_of, told
from tests.support.worlds import MARCUS, PRIYA, add

DAY = timedelta(days=1)
STRANGER = "stranger@acme.example"


@pytest.fixture
def world() -> World:
    return World.empty()


async def opened(closed: Office, **settings: str) -> Office:
    """An office in which Priya has spent 10 dollars."""
    closed.settings |= {"ALERT_CHANNEL": "#neo-spend", **settings}
    await closed.open()
    await spend(closed, PRIYA, 10)
    return closed


def limit(office: Office, whose: str, usd: int, unit: Unit = Unit.MONTH) -> None:
    """Set a limit as at the terminal, whatever Slack does."""
    with office.service.database.transaction() as connection:
        setting = LimitSetting(scope_of(connection, whose), unit, usd * 10**9, "terminal")
        budget_evaluator(office.service.app).set_limit(connection, setting, office.clock())


async def later(office: Office, times: int = 10, step: timedelta = timedelta(seconds=30)) -> None:
    for _ in range(times):
        office.clock.advance(step)
        await office.delivered()


async def missed(office: Office, before_slack_is_back: Callable[[], None] = lambda: None) -> None:
    """Slack is away for five days."""
    office.clock.advance(5 * DAY)
    await office.delivered()
    before_slack_is_back()
    office.slack.faults.clear()
    await later(office)


def summaries(messages: list[Message]) -> list[str]:
    return [shown(each) for each in told(messages) if "Missed while" in shown(each)]


def rows(office: Office, sql: str) -> list[tuple[Any, ...]]:
    with office.service.database.transaction() as connection:
        return [tuple(row) for row in connection.exec_driver_sql(sql).all()]


# --- what was missed -----------------------------------------------------------------------------


async def test_a_summary_of_what_was_missed_goes_where_its_destination_goes(closed: Office) -> None:
    office = await opened(closed)
    await spend(office, STRANGER, 1)
    limit(office, STRANGER, 20, Unit.DAY)
    office.slack.faults.always = Status(503)
    await spend(office, STRANGER, 17)
    await missed(office)
    (text,) = summaries(office.seen("marcus"))
    assert f"{STRANGER}'s daily budget of" in text
    assert "80 % passed" in text


async def test_a_summary_for_a_channel_that_is_gone_reaches_the_operators(closed: Office) -> None:
    office = await opened(closed)
    limit(office, PRIYA, 20, Unit.DAY)
    office.slack.faults.always = Status(503)
    await spend(office, PRIYA, 30)

    def archive() -> None:
        office.workspace.channel("neo-spend").is_archived = True

    await missed(office, archive)
    assert len(summaries(office.dm("hannah"))) == 1


async def test_a_new_limit_that_was_missed_is_a_line_too(closed: Office) -> None:
    office = await opened(closed)
    limit(office, PRIYA, 15, Unit.DAY)
    await office.delivered()
    office.slack.faults.always = Status(503)
    limit(office, PRIYA, 30, Unit.DAY)
    await spend(office, PRIYA, 30)
    await missed(office)
    (text,) = summaries(office.dm("priya"))
    assert "Raised to $30.00 a day" in text
    assert "100 % passed" in text


async def test_a_line_that_cannot_be_worded_does_not_lose_the_others(closed: Office) -> None:
    office = await opened(closed)
    limit(office, PRIYA, 20, Unit.DAY)
    office.slack.faults.always = Status(503)
    with office.service.database.transaction() as connection:
        enqueue(
            connection,
            [NewNotification(StoredKey("limit:x"), AlertDestination(), None, office.clock() + DAY)],
            office.clock(),
        )
    await spend(office, PRIYA, 30)
    await missed(office)
    (text,) = summaries(office.seen("marcus"))
    assert "cannot be worded" in text
    assert "200 % passed" in text


async def test_what_was_missed_says_whose_it_was_and_of_which_period(closed: Office) -> None:
    office = await opened(closed)
    limit(office, PRIYA, 20, Unit.DAY)
    limit(office, "team", 30, Unit.DAY)
    office.slack.faults.always = Status(503)
    await spend(office, PRIYA, 30)
    await missed(office)
    (text,) = summaries(office.seen("marcus"))
    assert "<@U0PRIYA>'s daily budget of 2026" in text
    assert "The team's daily budget of 2026" in text
    (own,) = summaries(office.dm("priya"))
    assert "Your daily budget of 2026" in own


async def test_what_was_missed_keeps_anonymity(closed: Office) -> None:
    office = await opened(closed, ALERT_PRIVACY="anonymous")
    limit(office, PRIYA, 20, Unit.DAY)
    office.slack.faults.always = Status(503)
    await spend(office, PRIYA, 30)
    await missed(office)
    (text,) = summaries(office.seen("marcus"))
    assert "A member's daily budget of" in text
    assert "PRIYA" not in text


async def test_what_arrived_while_that_was_in_doubt_is_not_missed(closed: Office) -> None:
    office = await opened(closed)
    office.slack.faults.on("chat.postMessage", Reset(done=True))
    limit(office, PRIYA, 15, Unit.DAY)
    await office.service.jobs.run_every(1)
    await office.service.wiring.outbox.wait_idle()
    office.clock.advance(5 * DAY)
    await later(office)
    assert len(told(office.dm("priya"))) == 1
    assert summaries(office.dm("priya")) == []


async def test_what_quiet_hours_put_off_is_told_by_itself_at_their_end(closed: Office) -> None:
    office = await opened(closed, QUIET_HOURS="21:00-07:00")
    limit(office, PRIYA, 30, Unit.DAY)
    office.clock.advance(timedelta(days=3, minutes=30))  # 69.5 hours after that day, and quiet
    add(office.neo.world, "late", "3", email=PRIYA, begun=START + timedelta(hours=10))
    await office.sync()
    assert told(office.dm("priya")) == []
    await later(office, 3, timedelta(hours=3, minutes=15))
    (message,) = told(office.dm("priya"))
    assert "Booked late: the day had ended" in shown(message)


# --- whom Slack does not name, or not now ----------------------------------------------------------


@pytest.mark.parametrize("code", ["invalid_auth", "missing_scope", "account_inactive"])
async def test_a_bot_that_is_not_let_in_for_a_while_loses_nothing(closed: Office, code: str) -> None:
    office = await opened(closed)
    office.slack.faults.when(lambda _: Refuse(code))
    limit(office, PRIYA, 10)
    await office.delivered()
    office.slack.faults.clear()
    await later(office, 5, timedelta(minutes=10))
    assert len(told(office.dm("priya"))) == 1
    assert len(told(office.seen("marcus"))) == 1
    assert rows(office, "SELECT * FROM notification WHERE state = 'dead'") == []


async def test_operators_are_found_by_e_mail_although_the_list_of_people_failed(closed: Office) -> None:
    closed.slack.faults.when(lambda call: Status(503) if call.method == "users.list" else None)
    office = await opened(closed, ADMINS="hannah.weiss@acme.example")
    limit(office, "team", 15)
    await office.delivered()
    assert any("team" in shown(each) for each in told(office.dm("hannah")))


async def test_operators_whom_slack_does_not_name_now_are_told_later(closed: Office) -> None:
    unknown = {"users.list", "users.lookupByEmail"}
    closed.slack.faults.when(lambda call: Status(503) if call.method in unknown else None)
    office = await opened(closed, ADMINS="hannah.weiss@acme.example")
    limit(office, "team", 15)
    await office.delivered()
    assert rows(office, "SELECT state FROM notification WHERE destination = 'operators'") == [("pending",)]
    office.slack.faults.clear()
    await later(office)
    assert any("team" in shown(each) for each in told(office.dm("hannah")))


async def test_a_member_who_takes_no_direct_messages_is_not_told_of_in_the_channel(closed: Office) -> None:
    office = await opened(closed)
    office.slack.faults.when(
        lambda call: (
            Refuse("cannot_dm_bot") if call.method == "conversations.open" and "U0PRIYA" in str(call.args) else None
        )
    )
    limit(office, PRIYA, 18)
    await later(office, 2)
    assert told(office.seen("marcus")) == []
    assert any("<@U0PRIYA> has used 55 %" in shown(each) for each in told(office.dm("hannah")))


async def test_an_address_that_is_somebody_elses_now_reaches_them(closed: Office) -> None:
    office = await opened(closed)
    office.workspace.user("priya").email = "priya.left@acme.example"
    office.workspace.user("marcus").email = PRIYA
    office.clock.advance(timedelta(minutes=10))
    limit(office, PRIYA, 15)
    await office.delivered()
    assert told(office.dm("priya")) == []
    assert len(told(office.dm("marcus"))) == 1


# --- who is no longer whom it was for --------------------------------------------------------------


async def test_a_link_that_was_removed_ends_the_edits(closed: Office) -> None:
    office = await opened(closed)
    await office.ask("hannah", f"link @marcus {PRIYA}")
    limit(office, PRIYA, 15)
    await office.delivered()
    assert len(told(office.dm("marcus"))) == 1
    await office.ask("hannah", "link @marcus remove")
    await spend(office, PRIYA, 1)
    assert "$11.00" not in text_of(told(office.dm("marcus"))[0])
    await spend(office, PRIYA, 2)
    (message,) = told(office.dm("priya"))
    assert message.thread_ts is None
    assert "86 %" in shown(message)
    await spend(office, PRIYA, 1)
    assert "93 %" in shown(told(office.dm("priya"))[0])


async def test_a_message_that_quiet_hours_held_goes_to_whom_it_is_for_then(closed: Office) -> None:
    office = await opened(closed, QUIET_HOURS="10:00-23:30")
    await office.ask("hannah", f"link @marcus {PRIYA}")
    limit(office, PRIYA, 15)
    await office.delivered()
    await office.ask("hannah", "link @marcus remove")
    office.clock.advance(timedelta(hours=12))
    await office.delivered()
    assert told(office.dm("marcus")) == []
    assert len(told(office.dm("priya"))) == 1


async def test_a_channel_that_became_shared_with_outsiders_is_told_nothing_more(closed: Office) -> None:
    office = await opened(closed)
    limit(office, PRIYA, 10)
    await office.delivered()
    office.workspace.channel("neo-spend").is_ext_shared = True
    office.clock.advance(timedelta(minutes=10))
    await spend(office, PRIYA, 1)
    assert "$11.00" not in text_of(told(office.seen("marcus"))[0])


async def test_a_channel_once_found_by_name_is_looked_at_in_one_request(closed: Office) -> None:
    office = await opened(closed)
    limit(office, PRIYA, 10)
    await office.delivered()
    office.clock.advance(timedelta(minutes=10))
    methods: list[str] = []
    office.slack.faults.when(lambda call: methods.append(call.method))
    await spend(office, PRIYA, 1)
    assert "$11.00" in text_of(told(office.seen("marcus"))[0])
    assert "conversations.list" not in methods
    assert methods.count("conversations.info") == 1


async def test_a_former_operator_hears_nothing_more(closed: Office) -> None:
    office = await opened(closed, ADMINS="U0HANNAH,U0MARCUS")
    limit(office, "team", 15)
    await office.delivered()
    assert any("The team" in shown(each) for each in told(office.dm("marcus")))
    await office.service.end()
    office.settings["ADMINS"] = "U0HANNAH"
    await office.start()
    await spend(office, PRIYA, 1)
    assert not any("$11.00" in text_of(each) for each in told(office.dm("marcus")))
    assert any("$11.00" in text_of(each) for each in told(office.dm("hannah")))


async def test_what_waited_for_a_former_operator_is_owed_to_those_there_are(closed: Office) -> None:
    office = await opened(closed, QUIET_HOURS="10:00-23:30")
    limit(office, "team", 15)
    await office.delivered()
    await office.service.end()
    office.settings["ADMINS"] = "U0MARCUS"
    await office.start()
    office.clock.advance(timedelta(hours=12))
    await office.delivered()
    assert not any("The team" in shown(each) for each in told(office.dm("hannah")))
    assert sum("The team" in shown(each) for each in told(office.dm("marcus"))) == 1


async def test_an_operator_who_became_a_guest_is_told_nothing(closed: Office) -> None:
    office = await opened(closed, ADMINS="U0HANNAH,U0MARCUS")
    office.workspace.user("hannah").is_restricted = True
    office.clock.advance(timedelta(minutes=10))
    limit(office, "team", 15)
    await office.delivered()
    assert not any("The team" in shown(each) for each in told(office.dm("hannah")))
    assert any("The team" in shown(each) for each in told(office.dm("marcus")))


async def test_where_slack_does_not_say_where_to_nothing_is_sent(closed: Office) -> None:
    office = await opened(closed)
    office.clock.advance(timedelta(minutes=10))
    limit(office, PRIYA, 15)
    with office.service.database.transaction() as connection:
        for destination in ("member:1", "alert"):
            set_channel(connection, destination, office.workspace.im_of("U0PRIYA").id)
    office.slack.faults.when(lambda call: Status(503) if call.method == "users.info" else None)
    await office.delivered()
    assert told(office.dm("priya")) == []
    office.slack.faults.clear()
    await later(office)
    assert len(told(office.dm("priya"))) == 1


# --- two at once -----------------------------------------------------------------------------------


async def test_a_refusal_to_whoever_lost_a_message_undoes_nothing(closed: Office) -> None:
    office = await opened(closed, OPS_CHANNEL="#neo-spend")
    limit(office, PRIYA, 15)
    outbox, im = office.service.wiring.outbox, office.workspace.im_of("U0PRIYA").id
    with office.service.database.transaction() as connection:
        set_channel(connection, "member:1", im)
        lost = store.claim(connection, im, "frozen", office.clock(), timedelta(seconds=5))
        connection.exec_driver_sql("UPDATE notification SET state = 'pending', token = NULL WHERE state = 'sending'")
    assert lost is not None
    await office.delivered()
    assert len(told(office.dm("priya"))) == 1
    await outbox.sender.mark_refused(lost, RefusedBySlackError("is_archived"))
    await office.delivered()
    assert told(office.seen("marcus")) == []
    assert rows(office, "SELECT state FROM notification WHERE destination = 'member:1'") == [("sent",)]


async def test_whoever_lost_an_edit_owes_no_news(closed: Office) -> None:
    office = await opened(closed)
    limit(office, PRIYA, 15)
    await office.delivered()
    im, lease = office.workspace.im_of("U0PRIYA").id, timedelta(seconds=5)
    with office.service.database.transaction() as connection:
        live_store.request_edits(connection, live_store.topics_of(connection, BudgetTopic))
        lost = live_store.claim_edit(connection, im, "frozen", office.clock(), lease)
        won = live_store.claim_edit(connection, im, "other", office.clock() + DAY, lease)
        assert lost is not None
        assert won is not None
        live_store.mark_not_editable(connection, lost, office.clock())
        assert connection.exec_driver_sql("SELECT id FROM notification WHERE stem LIKE 'news:%'").all() == []
        live_store.mark_not_editable(connection, won, office.clock())
    assert len(rows(office, "SELECT id FROM notification WHERE stem LIKE 'news:%'")) == 1


# --- what is said ----------------------------------------------------------------------------------


async def test_a_step_that_waited_is_told_although_the_limit_was_raised_since(closed: Office) -> None:
    office = await opened(closed)
    office.slack.faults.when(lambda call: Status(503) if call.method == "chat.postMessage" else None)
    limit(office, PRIYA, 10)
    await office.service.jobs.run_every(1)
    limit(office, PRIYA, 1000)
    office.slack.faults.clear()
    await later(office)
    (message,) = told(office.seen("marcus"))
    assert "has used 1 %" in shown(message)
    assert "100 % passed:* $10.00 of $10.00" in shown(message)


@pytest.mark.parametrize("action", ["budget_snooze:today", "budget_ack"])
async def test_anonymous_stays_who_acts_on_their_own_budget(closed: Office, action: str) -> None:
    office = await opened(closed, ALERT_PRIVACY="anonymous")
    limit(office, PRIYA, 10)
    await office.delivered()
    await office.press("priya", told(office.dm("priya"))[0], action, office.workspace.im_of("U0PRIYA").id)
    await office.delivered()
    (message,) = told(office.seen("marcus"))
    assert "U0PRIYA" not in text_of(message)
    assert ("Acknowledged by the member" in shown(message)) == (action == "budget_ack")
    assert "in direct messages" not in shown(message)


async def test_anonymous_stays_whose_request_was_approved(closed: Office) -> None:
    office = await opened(closed, ALERT_PRIVACY="anonymous")
    limit(office, PRIYA, 10)
    await office.delivered()
    await office.ask("priya", "budget request 11/month")
    await office.delivered()
    (request,) = [each for each in told(office.dm("hannah")) if "asks for" in shown(each)]
    await office.press("hannah", request, "budget_approve", office.workspace.im_of("U0HANNAH").id)
    await office.delivered()
    assert any("Raised to" in shown(each) for each in told(office.seen("marcus")))
    assert not any("U0PRIYA" in text_of(each) for each in told(office.seen("marcus")))


async def test_anonymous_stays_an_operator_whose_own_budget_it_is(closed: Office) -> None:
    office = await opened(closed, ALERT_PRIVACY="anonymous", ADMINS="U0HANNAH,U0MARCUS")
    await spend(office, MARCUS, 10)
    await office.ask("marcus", f"budget {MARCUS} 10/month")
    await office.delivered()
    await office.press("marcus", told(office.seen("marcus"))[0], "budget_ack")
    await office.delivered()
    (message,) = told(office.seen("priya"))
    assert "U0MARCUS" not in text_of(message)
    assert "set by an operator" in shown(message)
