"""After a restore each kind of message goes on: none is posted twice, and what changes edits the one there is."""

import sqlite3
from collections import Counter
from contextlib import closing
from datetime import date, timedelta

import pytest

from bot.app import App
from bot.database.backup import backup
from bot.digest import store
from bot.digest.keys import DigestKey, DigestTopic
from bot.incidents.keys import IncidentKey
from bot.ledger.former import open_former
from bot.maintenance.restore import adopt
from bot.outbox.destinations import AlertDestination, ChannelDestination, OpsDestination
from bot.outbox.store import NewNotification, enqueue
from bot.people.rate_limit import MOST
from bot.sandbox.clock import SimClock
from bot.sandbox.faults import Status
from bot.sandbox.slack.faults import Hang, Refuse
from bot.sandbox.slack.models import Message
from bot.sandbox.world import World
from bot.spikes.keys import SpikeKey
from tests.support.acts import spend
from tests.support.harness import Office
from tests.support.messages import actions, keys, shown, told
from tests.support.restoring import copied, goes_on, put_back, stems
from tests.support.slack_requests import as_form, command, posted, signed, state
from tests.support.worlds import PRIYA

DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)


@pytest.fixture
def world() -> World:
    return World.empty()


@pytest.fixture
async def office(closed: Office) -> Office:
    closed.settings |= {"ALERT_CHANNEL": "#neo-spend", "SPIKE_ALERTS": "on"}
    await closed.open()
    await spend(closed, PRIYA, 10)
    await closed.delivered()
    return closed


async def fails(office: Office, times: int = 3) -> None:
    office.neo.faults.always = Status(503)
    await polls(office, times)


async def works(office: Office, times: int = 1) -> None:
    office.neo.faults.clear()
    await polls(office, times)


async def polls(office: Office, times: int) -> None:
    for _ in range(times):
        office.clock.advance(5 * MINUTE)
        await office.sync()


def of(office: Office, kind: str, user: str = "hannah") -> list[Message]:
    there = office.seen("jonas") if kind == "ops" else office.dm(user)
    return [each for each in told(there) if keys([each])[0].startswith(f"{kind}:")]


async def test_an_incident_that_began_and_ended_since_goes_on_in_its_messages(office: Office) -> None:
    copy = copied(office)
    await fails(office)
    await works(office)
    _, over = of(office, "ops")
    assert "It is over" in shown(over)
    await put_back(office, copy)
    await fails(office)
    _, back = of(office, "ops")
    assert "It is back" in shown(back)
    await works(office)
    _, over = of(office, "ops")
    assert "It is over" in shown(over)


async def test_an_incident_of_the_copy_that_ended_since_is_said_once_to_be_over(office: Office) -> None:
    await fails(office)
    copy = copied(office)
    await works(office)
    before = Counter(stems(office))
    await put_back(office, copy)
    await goes_on(office)
    assert Counter(stems(office)) == before
    await fails(office)
    assert "It is back" in shown(of(office, "ops")[-1])
    assert Counter(stems(office)) == before


async def test_an_incident_that_was_told_on_another_day_since_is_said_once_to_be_over(office: Office) -> None:
    await fails(office)
    copy = copied(office)
    office.clock.advance(DAY)
    await polls(office, 1)
    await works(office)
    before = Counter(stems(office))
    assert sum(each.startswith("ops:") for each in before) == 3
    await put_back(office, copy)
    await goes_on(office)
    assert Counter(stems(office)) == before


async def test_an_incident_that_goes_on_in_both_is_told_once_a_day_and_once_to_be_over(office: Office) -> None:
    await fails(office)
    copy = copied(office)
    office.clock.advance(DAY)
    await polls(office, 1)
    before = Counter(stems(office))
    await put_back(office, copy)
    await goes_on(office)
    assert Counter(stems(office)) == before
    await works(office)
    assert "It is over" in shown(of(office, "ops")[-1])
    assert len(of(office, "ops")) == 3


def operators(office: Office) -> str:
    """Where an operator reads what is for operators."""
    return office.workspace.im_of("U0HANNAH").id


async def approve(office: Office) -> None:
    (message,) = of(office, "request")
    await office.press("hannah", message, "budget_approve", operators(office))
    await office.delivered()


async def test_a_request_made_since_is_there_to_be_decided(office: Office) -> None:
    copy = copied(office)
    await office.ask("priya", "budget request 300/month")
    await office.delivered()
    await put_back(office, copy)
    await goes_on(office, 2)
    await approve(office)
    (message,) = of(office, "request")
    assert actions(message) == []
    assert len(of(office, "decided", "priya")) == 1


async def test_who_asks_again_changes_the_request_that_was_made_since(office: Office) -> None:
    copy = copied(office)
    await office.ask("priya", "budget request 300/month")
    await office.delivered()
    await put_back(office, copy)
    await office.ask("priya", "budget request 400/month")
    await office.delivered()
    (message,) = of(office, "request")
    assert "asks for $400.00 a month" in shown(message)


async def test_a_request_that_was_changed_since_stays_what_it_became(office: Office) -> None:
    await office.ask("priya", "budget request 300/month")
    await office.delivered()
    copy = copied(office)
    await office.ask("priya", "budget request 400/month")
    await office.delivered()
    await put_back(office, copy)
    await goes_on(office, 2)
    await approve(office)
    (message,) = of(office, "request")
    assert "$400.00 a month" in shown(message)
    assert actions(message) == []


async def test_a_request_that_was_on_its_way_and_sent_since_is_edited(office: Office) -> None:
    office.slack.faults.when(lambda call: Hang() if call.method == "chat.postMessage" else None)
    await office.ask("priya", "budget request 300/month")
    copy = copied(office)
    office.slack.faults.clear()
    await office.delivered()
    assert len(of(office, "request")) == 1
    await put_back(office, copy)
    await goes_on(office, 2)
    await approve(office)
    (message,) = of(office, "request")
    assert actions(message) == []


async def test_a_request_that_was_approved_since_is_open_again_as_its_limit_is_gone(office: Office) -> None:
    copy = copied(office)
    await office.ask("priya", "budget request 300/month")
    await office.delivered()
    await approve(office)
    before = Counter(stems(office))
    await put_back(office, copy)
    await goes_on(office, 2)
    assert Counter(stems(office)) == before
    (message,) = of(office, "request")
    assert "budget_approve" in actions(message)
    await approve(office)
    assert len(of(office, "decided", "priya")) == 2
    assert "$300.00" in shown(await office.ask("priya", "budgets"))


async def test_a_request_that_was_declined_since_stays_declined(office: Office) -> None:
    await office.ask("priya", "budget request 300/month")
    await office.delivered()
    copy = copied(office)
    (message,) = of(office, "request")
    await office.press("hannah", message, "budget_decline", operators(office))
    await office.delivered()
    before = Counter(stems(office))
    await put_back(office, copy)
    await goes_on(office, 2)
    assert Counter(stems(office)) == before
    (message,) = of(office, "request")
    assert actions(message) == []


async def test_a_step_that_waits_for_the_end_of_a_snooze_since_is_told_then(office: Office) -> None:
    await office.ask("hannah", "budget @priya 20/month")
    await office.delivered()
    copy = copied(office)
    await office.ask("priya", "snooze 2h")
    await spend(office, PRIYA, 7)
    await office.delivered()
    assert "not told in direct messages yet" in shown(await office.ask("priya", "explain"))
    await put_back(office, copy)
    await goes_on(office)
    assert "not told in direct messages yet" in shown(await office.ask("priya", "explain"))
    steps = [shown(each) for each in told(office.dm("priya")) if "80 % passed" in shown(each)]
    assert steps == []
    office.clock.advance(2 * HOUR)
    await office.delivered()
    await goes_on(office)
    steps = [shown(each) for each in told(office.dm("priya")) if "80 % passed" in shown(each)]
    assert len(steps) == 1


async def test_a_message_that_cannot_be_edited_is_replied_to_once_a_step(office: Office) -> None:
    await office.ask("hannah", "budget @priya 100/month")
    copy = copied(office)
    await spend(office, PRIYA, 75)
    office.slack.faults.when(lambda call: Refuse("edit_window_closed") if call.method == "chat.update" else None)
    await spend(office, PRIYA, 3)
    before = Counter(stems(office))
    assert sum(each.startswith("news:") for each in before) == 1
    await put_back(office, copy)
    await spend(office, PRIYA, 1)
    assert Counter(stems(office)) == before


async def test_an_unusual_day_that_another_zone_called_so_is_told_once(office: Office) -> None:
    """As its key says where a zone was left: the zone stands behind the date."""
    copy = copied(office)
    with office.service.database.transaction() as connection:
        member = connection.exec_driver_sql("SELECT id FROM member WHERE email = ?", (PRIYA,)).scalar_one()
        stem = f"spike:{member}-2026-03-02@America/Port-au-Prince"
        enqueue(connection, [NewNotification(SpikeKey.decode(stem), AlertDestination())], office.clock())
    await office.service.end()
    office.app().restore(copy)
    with closing(sqlite3.connect(office.directory / "ledger.db")) as connection:
        assert connection.execute("SELECT count(*) FROM notification WHERE stem = ?", (stem,)).fetchone() == (1,)
    await office.start()


async def test_a_digest_is_edited_when_its_data_is_complete_after_a_restore(office: Office) -> None:
    office.settings["DIGEST_CHANNEL"] = "#neo-spend"
    await office.restart()
    copy = copied(office)
    office.neo.faults.always = Status(503)
    office.clock.advance(21 * HOUR)
    for _ in range(20):  # an hour in which the data might be complete
        office.clock.advance(4 * MINUTE)
        await office.delivered()
    (digest,) = [each for each in told(office.seen("jonas")) if keys([each])[0].startswith("digest:")]
    first = shown(digest)
    office.neo.faults.clear()
    await put_back(office, copy)
    await polls(office, 2)
    (digest,) = [each for each in told(office.seen("jonas")) if keys([each])[0].startswith("digest:")]
    assert digest.edited
    assert shown(digest) != first


async def test_who_has_sent_enough_within_the_hour_has_so_after_a_restore(office: Office) -> None:
    copy = copied(office)
    for amount in range(MOST):
        await office.ask("priya", f"budget request {100 + amount}/month")
    await put_back(office, copy)
    assert "Nothing was sent" in shown(await office.ask("priya", "budget request 90/month"))


async def test_a_request_of_slack_that_was_taken_since_is_not_taken_again(closed: Office) -> None:
    await closed.open(over_http=True)
    copy = copied(closed)
    recorded = as_form(command(closed, "hannah", "budget team 5/month"))
    headers = signed(closed, recorded)
    assert (await posted(closed, recorded, headers)).status_code == 200
    await closed.idle()
    await closed.service.end()
    closed.app().restore(copy)
    await closed.start(over_http=True)
    assert (await posted(closed, recorded, headers)).status_code == 401
    await closed.idle()
    assert state(closed)["budget_revision"] == []


def test_a_digest_that_was_asked_for_since_is_what_the_next_one_goes_on_from(app: App, clock: SimClock) -> None:
    sql = (
        "INSERT INTO digest (channel, day, fate, since, decided_at, last_charge, begins, complete)"
        " VALUES ('C1', '2026-03-01', 'skipped', '2026-02-28', 0, 0, 0, 1)"
    )
    path = app.settings.database_path
    with app.database() as database, database.transaction() as connection:
        connection.exec_driver_sql(sql)
    backup(path, copy := path.with_name("copy.db"))
    with app.database() as database, database.transaction() as connection:
        connection.exec_driver_sql("UPDATE digest SET fate = 'owed'")
        enqueue(
            connection, [NewNotification(DigestKey.decode("digest:C1:2026-03-01"), ChannelDestination("C1"))], clock()
        )
    app.restore(copy)
    with app.database() as database, database.transaction() as connection:
        posted = store.last_posted_before(connection, DigestTopic("C1", date(2026, 3, 2)))
    assert posted is not None


@pytest.mark.parametrize("stem", ["ops:disk-2026-03-02", "ops:disk-2026-03-02-America/Port-au-Prince"])
def test_an_alarm_of_a_lost_ledger_is_looked_for_by_its_date(app: App, clock: SimClock, stem: str) -> None:
    path = app.settings.database_path
    with app.database():
        backup(path, copy := path.with_name("copy.db"))
    path.unlink()
    app.restore(copy)
    with app.database() as database, database.transaction() as connection:
        enqueue(connection, [NewNotification(IncidentKey.decode(stem), OpsDestination())], clock())
        assert connection.exec_driver_sql("SELECT state FROM notification").scalar_one() == "unsure"


async def test_a_restore_knows_the_keys_of_every_kind_of_message(office: Office) -> None:
    service, registry = office.service, office.service.wiring.registry
    copy = copied(office)
    with service.database.transaction() as connection, open_former(copy, connection) as found:
        assert found is not None
        names = adopt(connection, registry.capabilities, found, office.clock())
    # budgets are notified of as crossings, incidents as ops
    assert set(names.events) >= {*registry.events, *registry.topics} - {"budget", "incident"}
    assert set(names.topics) == set(registry.topics)
