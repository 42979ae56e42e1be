"""After a restore each kind of message goes on: none is posted twice, and what changes edits the one there is."""

from collections import Counter
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from bot.app import App
from bot.digest import store
from bot.digest.keys import DigestKey, DigestTopic
from bot.incidents.keys import IncidentKey
from bot.ledger.former_ledger import open_former
from bot.maintenance.restore import adopt
from bot.outbox.destinations import AlertDestination, ChannelDestination, OpsDestination
from bot.outbox.store import NewNotification, enqueue
from bot.people.rate_limit import MOST
from bot.sandbox.clock import SimClock
from bot.sandbox.faults import Status
from bot.sandbox.slack.faults import Hang, Refuse
from bot.sandbox.slack.models import Message
from bot.sandbox.world import World
from bot.settings.database_place import DatabasePlace
from bot.spikes.keys import SpikeKey
from tests.support.acts import decline, spend
from tests.support.engines import execute, rows_of
from tests.support.harness import ServiceHarness
from tests.support.messages import actions, notification_keys, notifications, visible_text
from tests.support.restoring import copy_into, copy_ledger, lose, posted_keys, restore_copy, run_for
from tests.support.slack_requests import as_form, command, posted, signed, state
from tests.support.worlds import PRIYA

DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)


@pytest.fixture
def world() -> World:
    return World.empty()


@pytest.fixture
async def harness(closed: ServiceHarness) -> ServiceHarness:
    closed.settings |= {"ALERT_CHANNEL": "#neo-spend", "SPIKE_ALERTS": "on"}
    await closed.open()
    await spend(closed, PRIYA, 10)
    await closed.deliver()
    return closed


async def fails(harness: ServiceHarness, times: int = 3) -> None:
    harness.neo.faults.always = Status(503)
    await polls(harness, times)


async def works(harness: ServiceHarness, times: int = 1) -> None:
    harness.neo.faults.clear()
    await polls(harness, times)


async def polls(harness: ServiceHarness, times: int) -> None:
    for _ in range(times):
        harness.clock.advance(5 * MINUTE)
        await harness.sync()


def of(harness: ServiceHarness, kind: str, user: str = "hannah") -> list[Message]:
    there = harness.visible("jonas") if kind == "ops" else harness.dm(user)
    return [each for each in notifications(there) if notification_keys([each])[0].startswith(f"{kind}:")]


@pytest.mark.slow
async def test_an_incident_that_began_and_ended_since_goes_on_in_its_messages(harness: ServiceHarness) -> None:
    copy = copy_ledger(harness)
    await fails(harness)
    await works(harness)
    _, over = of(harness, "ops")
    assert "Resolved:" in visible_text(over)
    await restore_copy(harness, copy)
    await fails(harness)
    _, back = of(harness, "ops")
    assert "(again)" in visible_text(back)
    await works(harness)
    _, over = of(harness, "ops")
    assert "Resolved:" in visible_text(over)


@pytest.mark.slow
async def test_an_incident_of_the_copy_that_ended_since_is_said_once_to_be_over(harness: ServiceHarness) -> None:
    await fails(harness)
    copy = copy_ledger(harness)
    await works(harness)
    before = Counter(posted_keys(harness))
    await restore_copy(harness, copy)
    await run_for(harness)
    assert Counter(posted_keys(harness)) == before
    await fails(harness)
    assert "(again)" in visible_text(of(harness, "ops")[-1])
    assert Counter(posted_keys(harness)) == before


@pytest.mark.slow
async def test_an_incident_that_was_told_on_another_day_since_is_said_once_to_be_over(harness: ServiceHarness) -> None:
    await fails(harness)
    copy = copy_ledger(harness)
    harness.clock.advance(DAY)
    await polls(harness, 1)
    await works(harness)
    before = Counter(posted_keys(harness))
    assert sum(each.startswith("ops:") for each in before) == 3
    await restore_copy(harness, copy)
    await run_for(harness)
    assert Counter(posted_keys(harness)) == before


@pytest.mark.slow
async def test_an_incident_that_goes_on_in_both_is_told_once_a_day_and_once_to_be_over(harness: ServiceHarness) -> None:
    await fails(harness)
    copy = copy_ledger(harness)
    harness.clock.advance(DAY)
    await polls(harness, 1)
    before = Counter(posted_keys(harness))
    await restore_copy(harness, copy)
    await run_for(harness)
    assert Counter(posted_keys(harness)) == before
    await works(harness)
    assert "Resolved:" in visible_text(of(harness, "ops")[-1])
    assert len(of(harness, "ops")) == 3


def operators(harness: ServiceHarness) -> str:
    """Where an operator reads what is for operators."""
    return harness.workspace.im_of("U0HANNAH").id


async def approve(harness: ServiceHarness) -> None:
    (message,) = of(harness, "request")
    await harness.press("hannah", message, "budget_approve", operators(harness))
    await harness.deliver()


@pytest.mark.slow
async def test_a_request_made_since_is_there_to_be_decided(harness: ServiceHarness) -> None:
    copy = copy_ledger(harness)
    await harness.ask("priya", "budget request 300/month")
    await harness.deliver()
    await restore_copy(harness, copy)
    await run_for(harness, 2)
    await approve(harness)
    (message,) = of(harness, "request")
    assert actions(message) == []
    assert len(of(harness, "decided", "priya")) == 1


@pytest.mark.slow
async def test_who_asks_again_changes_the_request_that_was_made_since(harness: ServiceHarness) -> None:
    copy = copy_ledger(harness)
    await harness.ask("priya", "budget request 300/month")
    await harness.deliver()
    await restore_copy(harness, copy)
    await harness.ask("priya", "budget request 400/month")
    await harness.deliver()
    (message,) = of(harness, "request")
    assert "asks for a budget of $400 a month" in visible_text(message)


@pytest.mark.slow
async def test_a_request_that_was_changed_since_stays_what_it_became(harness: ServiceHarness) -> None:
    await harness.ask("priya", "budget request 300/month")
    await harness.deliver()
    copy = copy_ledger(harness)
    await harness.ask("priya", "budget request 400/month")
    await harness.deliver()
    await restore_copy(harness, copy)
    await run_for(harness, 2)
    await approve(harness)
    (message,) = of(harness, "request")
    assert "$400 a month" in visible_text(message)
    assert actions(message) == []


@pytest.mark.slow
async def test_a_request_that_was_on_its_way_and_sent_since_is_edited(harness: ServiceHarness) -> None:
    harness.slack.faults.when(lambda call: Hang() if call.method == "chat.postMessage" else None)
    await harness.ask("priya", "budget request 300/month")
    copy = copy_ledger(harness)
    harness.slack.faults.clear()
    await harness.deliver()
    assert len(of(harness, "request")) == 1
    await restore_copy(harness, copy)
    await run_for(harness, 2)
    await approve(harness)
    (message,) = of(harness, "request")
    assert actions(message) == []


@pytest.mark.slow
async def test_a_request_that_was_approved_since_is_open_again_as_its_limit_is_gone(harness: ServiceHarness) -> None:
    copy = copy_ledger(harness)
    await harness.ask("priya", "budget request 300/month")
    await harness.deliver()
    await approve(harness)
    before = Counter(posted_keys(harness))
    await restore_copy(harness, copy)
    await run_for(harness, 2)
    assert Counter(posted_keys(harness)) == before
    (message,) = of(harness, "request")
    assert "budget_approve" in actions(message)
    await approve(harness)
    assert len(of(harness, "decided", "priya")) == 2
    assert "$300 a month" in visible_text(await harness.ask("priya", "budgets"))


@pytest.mark.slow
async def test_a_request_that_was_declined_since_stays_declined(harness: ServiceHarness) -> None:
    await harness.ask("priya", "budget request 300/month")
    await harness.deliver()
    copy = copy_ledger(harness)
    (message,) = of(harness, "request")
    await decline(harness, "hannah", message)
    await harness.deliver()
    before = Counter(posted_keys(harness))
    await restore_copy(harness, copy)
    await run_for(harness, 2)
    assert Counter(posted_keys(harness)) == before
    (message,) = of(harness, "request")
    assert actions(message) == []


@pytest.mark.slow
async def test_a_step_that_waits_for_the_end_of_a_snooze_since_is_told_then(harness: ServiceHarness) -> None:
    await harness.ask("hannah", "budget @priya 20/month")
    await harness.deliver()
    copy = copy_ledger(harness)
    await harness.ask("priya", "snooze 2h")
    await spend(harness, PRIYA, 7)
    await harness.deliver()
    assert "not sent in DMs yet" in visible_text(await harness.ask("priya", "explain"))
    await restore_copy(harness, copy)
    await run_for(harness)
    assert "not sent in DMs yet" in visible_text(await harness.ask("priya", "explain"))
    steps = [visible_text(each) for each in notifications(harness.dm("priya")) if "80% passed" in visible_text(each)]
    assert steps == []
    harness.clock.advance(2 * HOUR)
    await harness.deliver()
    await run_for(harness)
    steps = [visible_text(each) for each in notifications(harness.dm("priya")) if "80% passed" in visible_text(each)]
    assert len(steps) == 1


@pytest.mark.slow
async def test_a_message_that_cannot_be_edited_is_replied_to_once_a_step(harness: ServiceHarness) -> None:
    await harness.ask("hannah", "budget @priya 100/month")
    copy = copy_ledger(harness)
    await spend(harness, PRIYA, 75)
    harness.slack.faults.when(lambda call: Refuse("edit_window_closed") if call.method == "chat.update" else None)
    await spend(harness, PRIYA, 3)
    before = Counter(posted_keys(harness))
    assert sum(each.startswith("news:") for each in before) == 1
    await restore_copy(harness, copy)
    await spend(harness, PRIYA, 1)
    assert Counter(posted_keys(harness)) == before


@pytest.mark.slow
async def test_an_unusual_day_that_another_zone_called_so_is_told_once(harness: ServiceHarness) -> None:
    """As its key says where a zone was left: the zone stands behind the date."""
    copy = copy_ledger(harness)
    with harness.service.database.transaction() as connection:
        member = connection.execute(text("SELECT id FROM member WHERE email = :email"), {"email": PRIYA}).scalar_one()
        stem = f"spike:{member}-2026-03-02@America/Port-au-Prince"
        enqueue(connection, [NewNotification(SpikeKey.decode(stem), AlertDestination())], harness.clock())
    await harness.service.end()
    harness.app().ledger.restore(copy)
    assert rows_of(harness.place, "SELECT count(*) FROM notification WHERE stem = :stem", stem=stem) == [(1,)]
    await harness.start()


@pytest.mark.slow
async def test_a_digest_is_edited_when_its_data_is_complete_after_a_restore(harness: ServiceHarness) -> None:
    harness.settings["DIGEST_CHANNEL"] = "#neo-spend"
    await harness.restart()
    copy = copy_ledger(harness)
    harness.neo.faults.always = Status(503)
    harness.clock.advance(21 * HOUR)
    for _ in range(20):  # an hour in which the data might be complete
        harness.clock.advance(4 * MINUTE)
        await harness.deliver()
    (digest,) = [
        each for each in notifications(harness.visible("jonas")) if notification_keys([each])[0].startswith("digest:")
    ]
    first = visible_text(digest)
    harness.neo.faults.clear()
    await restore_copy(harness, copy)
    await polls(harness, 2)
    (digest,) = [
        each for each in notifications(harness.visible("jonas")) if notification_keys([each])[0].startswith("digest:")
    ]
    assert digest.edited
    assert visible_text(digest) != first


@pytest.mark.slow
async def test_who_has_sent_enough_within_the_hour_has_so_after_a_restore(harness: ServiceHarness) -> None:
    copy = copy_ledger(harness)
    for amount in range(MOST):
        await harness.ask("priya", f"budget request {100 + amount}/month")
    await restore_copy(harness, copy)
    assert "so I didn't send this one" in visible_text(await harness.ask("priya", "budget request 90/month"))


async def test_a_request_of_slack_that_was_taken_since_is_not_taken_again(closed: ServiceHarness) -> None:
    await closed.open(over_http=True)
    copy = copy_ledger(closed)
    recorded = as_form(command(closed, "hannah", "budget team 5/month"))
    headers = signed(closed, recorded)
    assert (await posted(closed, recorded, headers)).status_code == 200
    await closed.idle()
    await closed.service.end()
    closed.app().ledger.restore(copy)
    await closed.start(over_http=True)
    assert (await posted(closed, recorded, headers)).status_code == 401
    await closed.idle()
    assert state(closed)["budget_revision"] == []


def test_a_digest_that_was_asked_for_since_is_what_the_next_one_goes_on_from(
    app: App, place: DatabasePlace, clock: SimClock, tmp_path: Path
) -> None:
    sql = (
        "INSERT INTO digest (channel, day, fate, since, decided_at, last_charge, begins, complete)"
        " VALUES ('C1', '2026-03-01', 'skipped', '2026-02-28', 0, 0, 0, true)"
    )
    execute(place, sql)
    copy = copy_into(tmp_path, place)
    with app.ledger.database() as database, database.transaction() as connection:
        connection.exec_driver_sql("UPDATE digest SET fate = 'owed'")
        enqueue(
            connection, [NewNotification(DigestKey.decode("digest:C1:2026-03-01"), ChannelDestination("C1"))], clock()
        )
    app.ledger.restore(copy)
    with app.ledger.database() as database, database.transaction() as connection:
        posted = store.last_posted_before(connection, DigestTopic("C1", date(2026, 3, 2)))
    assert posted is not None


@pytest.mark.parametrize("stem", ["ops:disk-2026-03-02", "ops:disk-2026-03-02-America/Port-au-Prince"])
def test_an_alarm_of_a_lost_ledger_is_looked_for_by_its_date(
    app: App, place: DatabasePlace, clock: SimClock, tmp_path: Path, stem: str
) -> None:
    with app.ledger.database():
        copy = copy_into(tmp_path, place)
    lose(place)
    app.ledger.restore(copy)
    with app.ledger.database() as database, database.transaction() as connection:
        enqueue(connection, [NewNotification(IncidentKey.decode(stem), OpsDestination())], clock())
        assert connection.exec_driver_sql("SELECT state FROM notification").scalar_one() == "unsure"


async def test_a_restore_knows_the_keys_of_every_kind_of_message(harness: ServiceHarness) -> None:
    service, registry = harness.service, harness.service.wiring.registry
    copy = copy_ledger(harness)
    with service.database.transaction() as connection, open_former(copy, connection) as found:
        assert found is not None
        names = adopt(connection, registry.capabilities, found, harness.clock())
    # budgets are notified of as crossings, incidents as ops
    assert set(names.events) >= {*registry.event_renderers, *registry.topic_renderers} - {"budget", "incident"}
    assert set(names.topics) == set(registry.topic_renderers)
