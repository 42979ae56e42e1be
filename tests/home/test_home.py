"""App Home through the front door: each sees their own, published when it is opened and when its content changes."""

from datetime import timedelta
from typing import Any

import pytest

from bot.database.reader import Reader
from bot.domain.access import Caller
from bot.domain.money import show_usd
from bot.home import store
from bot.home.facts import HomeFacts, home_facts
from bot.home.viewers import CHECKS_AT_ONCE
from bot.sandbox.faults import Status
from bot.sandbox.slack.models import User
from bot.sandbox.world import START, World
from tests.support.acts import fail
from tests.support.app import merge, report_of
from tests.support.app_home import home, opened, press, seen
from tests.support.harness import Office
from tests.support.messages import shown
from tests.support.worlds import add, spent

DAY, HOUR, MINUTE, SECOND = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1), timedelta(seconds=1)
PRIYA, MARCUS = "priya.raman@acme.example", "marcus.delgado@acme.example"


@pytest.fixture
def world() -> World:
    """It is Monday, 2 March, 21:00; Priya and Marcus have spent something today and in February."""
    world = World.empty()
    for back in range(8):
        begun = START - back * DAY
        add(world, f"hers-{back}", "1", email=PRIYA, begun=begun, title="crown jewels", model="opus")
        add(world, f"his-{back}", "2", email=MARCUS, begun=begun, title="other work", model="haiku")
    return world


@pytest.fixture
async def office(closed: Office) -> Office:
    closed.settings["ALERT_CHANNEL"] = "#neo-spend"
    await closed.open()
    return closed


def spend(office: Office, email: str, usd: int, **others: Any) -> None:
    spent(office.neo.world, office.clock(), email, usd, **others)


async def test_a_member_sees_what_is_theirs_and_nothing_else(office: Office) -> None:
    await office.ask("hannah", "budget @priya 40/month")
    spend(office, PRIYA, 5, status="error", error_message="vault is sealed")
    await office.sync()
    text = await opened(office, "priya")
    assert "Your month" in text
    assert "$25.00* (2.50 credits) so far, 3 tasks, 1 failed ($5.00)" in text
    assert "No forecast before 5 whole days" in text
    assert "██████░░░░ *62 %* $25.00 of $40.00 a month, an own budget" in text
    assert "crown jewels" in text
    assert "1 \u00d7 " in text
    assert "vault is sealed" in text
    for of_others in ("marcus", "other work", "The team"):
        assert of_others not in text


async def test_an_operator_sees_the_team_too(office: Office) -> None:
    await office.ask("hannah", "budget team 20/month")
    spend(office, PRIYA, 5, status="error", error_message="vault is sealed")
    await office.sync()
    text = await opened(office, "hannah")
    assert "The team" in text
    assert "$65.00* (6.50 credits) so far" in text
    assert "*325 %* the team, $65.00 of $20.00 a month" in text
    assert "Failures going on*\n• 1 \u00d7 " in text
    assert "I find no task of yours in Neo" in text


async def test_a_guest_is_refused_there(office: Office) -> None:
    assert "here as a guest" in await opened(office, "gil")


async def test_it_is_republished_when_its_content_changes_once_a_minute_at_most(office: Office) -> None:
    await opened(office, "priya")
    publications = len(office.slack.calls("views.publish"))
    for _ in range(3):
        spend(office, PRIYA, 5)
        await office.sync()
    assert len(office.slack.calls("views.publish")) == publications
    office.clock.advance(61 * SECOND)
    await office.service.jobs.run_every(5)
    assert len(office.slack.calls("views.publish")) == publications + 1
    assert "$35.00* (3.50 credits)" in seen(office, "priya")
    office.clock.advance(61 * SECOND)
    spend(office, MARCUS, 5)
    await office.sync()
    assert len(office.slack.calls("views.publish")) == publications + 1  # it is not hers that has changed


async def test_it_shows_what_its_viewer_did_there_at_once(office: Office) -> None:
    await opened(office, "priya")
    await press(office, "priya", "Tell me when a task fails")
    assert "I tell you in a direct message when a task of yours fails" in seen(office, "priya")
    await press(office, "priya", "Tell me no more")
    assert "I do not tell you of failed tasks" in seen(office, "priya")


async def test_a_budget_is_asked_for_from_there(office: Office) -> None:
    await opened(office, "priya")
    await press(office, "priya", "Ask for a budget")
    view = office.workspace.view_on_top("U0PRIYA")
    assert view is not None
    before = len(office.dm("priya"))
    ack = await office.slack.submit("priya", view.id, {"amount": {"amount": "95"}})
    assert ack.ok, ack
    im = office.workspace.im_of("U0PRIYA").id
    assert "I have asked" in shown(await office.answer("priya", im, before))


async def test_a_silence_is_lifted_from_there(office: Office) -> None:
    with office.service.database.transaction() as connection:
        connection.exec_driver_sql(
            "INSERT INTO failure_silence (what, value, until, reason, set_by, set_at)"
            " VALUES ('model', 'opus', 9e15, 'known', 'U0HANNAH', 0)"
        )
    text = await opened(office, "hannah")
    assert "everything of opus" in text
    await press(office, "hannah", "Lift: everything of opus")
    assert "everything of opus" not in seen(office, "hannah")


async def test_whoever_loses_access_sees_nothing_more(office: Office) -> None:
    assert "The team" in await opened(office, "hannah")
    office.workspace.user("hannah").is_restricted = True
    office.clock.advance(timedelta(minutes=6))
    spend(office, PRIYA, 5)
    await office.sync()
    assert "The team" not in seen(office, "hannah")
    assert "only answer full members" in seen(office, "hannah")


# --- whose rights change ---------------------------------------------------------------------------


async def test_a_guest_is_refused_once_a_minute_however_often_it_is_opened(office: Office) -> None:
    before = publications(office)
    for _ in range(5):
        await opened(office, "gil")
        office.clock.advance(SECOND)
        await office.service.jobs.run_every(5)
    assert publications(office) == before + 1


async def test_whoever_becomes_a_guest_sees_nothing_more_though_nothing_has_changed(office: Office) -> None:
    assert "crown jewels" in await opened(office, "priya")
    office.workspace.user("priya").is_restricted = True
    office.clock.advance(6 * MINUTE)
    await office.service.jobs.run_every(5)
    assert "here as a guest" in seen(office, "priya")
    office.workspace.user("priya").is_restricted = False
    office.clock.advance(6 * MINUTE)
    assert "crown jewels" in await opened(office, "priya")


async def test_a_refusal_is_replaced_without_its_being_opened(office: Office) -> None:
    assert "here as a guest" in await opened(office, "gil")
    office.workspace.user("gil").is_ultra_restricted = office.workspace.user("gil").is_restricted = False
    office.clock.advance(6 * MINUTE)
    await office.service.jobs.run_every(5)
    assert "guest" not in seen(office, "gil")


async def test_an_operator_by_e_mail_whose_e_mail_changes_sees_the_team_no_more(closed: Office) -> None:
    closed.settings["ADMINS"] = MARCUS
    await closed.open()
    assert "The team" in await opened(closed, "marcus")
    closed.workspace.user("marcus").email = "marcus@elsewhere.example"
    await goes_on(closed, 6)
    assert "The team" not in seen(closed, "marcus")


async def test_the_access_of_a_few_viewers_is_checked_in_each_tick(office: Office) -> None:
    now = office.clock()
    users = [
        office.workspace.add_user(User(f"U0VIEWER{each}", f"viewer{each}", f"Viewer {each}")).id for each in range(30)
    ]
    with office.service.database.transaction() as connection:
        for user in users:
            store.record_opening(connection, user, now)
    await office.service.jobs.run_every(5)
    office.clock.advance(6 * MINUTE)
    before = len(office.slack.calls("users.info"))
    await office.service.jobs.run_every(5)
    assert 0 < len(office.slack.calls("users.info")) - before <= CHECKS_AT_ONCE


# --- what goes wrong -------------------------------------------------------------------------------


def publications(office: Office) -> int:
    return len(office.slack.calls("views.publish"))


async def goes_on(office: Office, minutes: int) -> None:
    for _ in range(minutes // 2):
        office.clock.advance(2 * MINUTE)
        await office.sync()
        await office.service.jobs.run_every(5)


def fails(office: Office, method: str) -> None:
    office.slack.faults.when(lambda call: Status(503) if call.method == method else None)


async def test_while_slack_does_not_answer_who_a_viewer_is_the_old_page_stays(office: Office) -> None:
    await opened(office, "priya")
    office.clock.advance(6 * MINUTE)
    fails(office, "users.info")
    spend(office, PRIYA, 5)
    await office.sync()
    assert "$20.00* (2.00 credits)" in seen(office, "priya")
    office.slack.faults.clear()
    await goes_on(office, 2)
    assert "$25.00* (2.50 credits)" in seen(office, "priya")


async def test_if_slack_does_not_answer_who_opens_it_they_are_told_and_see_it_later(office: Office) -> None:
    await opened(office, "priya")
    office.clock.advance(6 * MINUTE)
    fails(office, "users.info")
    assert "cannot ask Slack who you are" in await opened(office, "priya")
    office.slack.faults.clear()
    await goes_on(office, 2)
    assert "Your month" in seen(office, "priya")


async def test_a_publication_that_fails_is_tried_again(office: Office) -> None:
    await opened(office, "priya")
    office.clock.advance(2 * MINUTE)
    fails(office, "views.publish")
    spend(office, PRIYA, 5)
    await office.sync()
    office.slack.faults.clear()
    await goes_on(office, 2)
    assert "$25.00* (2.50 credits)" in seen(office, "priya")


async def test_a_first_publication_that_fails_is_tried_again(office: Office) -> None:
    fails(office, "views.publish")
    await office.slack.open_home("priya")
    await office.idle()
    assert home(office, "priya") is None
    office.slack.faults.clear()
    await goes_on(office, 2)
    assert "Your month" in seen(office, "priya")


async def test_what_cannot_be_rendered_for_one_viewer_is_published_for_the_others(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(reader: Reader, caller: Caller, *others: Any) -> HomeFacts:
        if caller.member == MARCUS:
            raise ZeroDivisionError
        return home_facts(reader, caller, *others)

    await opened(office, "marcus")
    await opened(office, "priya")
    office.clock.advance(2 * MINUTE)
    spend(office, MARCUS, 5)
    spend(office, PRIYA, 5)
    with monkeypatch.context() as patch:
        patch.setattr("bot.home.pages.home_facts", broken)
        await office.sync()
    assert "$25.00* (2.50 credits)" in seen(office, "priya")
    assert "$25.00* (2.50 credits)" not in seen(office, "marcus")
    await goes_on(office, 2)
    assert "(5.00 credits)" not in seen(office, "marcus")
    assert "$45.00* (4.50 credits)" in seen(office, "marcus")


# --- what changes ----------------------------------------------------------------------------------


async def test_last_tasks_show_what_spend_adds_up(closed: Office) -> None:
    closed.settings["SPEND_BASIS"] = "platform"
    await closed.open()
    add(
        closed.neo.world,
        "own",
        "0",
        email=PRIYA,
        begun=closed.clock() - HOUR - SECOND,
        is_byok=True,
        llm_cost=3,
        neo_cost=1,
    )
    await closed.sync()
    await opened(closed, "priya")
    view = home(closed, "priya")
    assert view is not None
    rows = next(block["rows"] for block in view.body["blocks"] if block["type"] == "table")
    report = report_of(closed.service.app, f"email:{PRIYA} task:own")
    assert rows[1][1]["text"] == show_usd(report.spend_nanos)


async def test_a_task_that_recovers_at_no_cost_is_shown_so(office: Office) -> None:
    begun = office.clock() - HOUR - SECOND
    failed = fail(office, PRIYA, "vault is sealed", 3)
    await office.sync()
    assert "vault is sealed" in await opened(office, "priya")
    add(office.neo.world, failed, "0.3", email=PRIYA, begun=begun, model="opus", title="port scan")
    await goes_on(office, 4)
    assert "vault is sealed" not in seen(office, "priya")


async def test_new_spend_of_a_renamed_member_is_shown_to_them(office: Office) -> None:
    new = "priya@new.example"
    spend(office, new, 5)
    await office.sync()
    await opened(office, "priya")
    with office.service.database.transaction() as connection:
        merge(office.service.app, office.service.database, connection, PRIYA, new)
    await goes_on(office, 2)
    assert "$25.00* (2.50 credits)" in seen(office, "priya")
    spend(office, new, 30)
    await goes_on(office, 2)
    assert "$55.00* (5.50 credits)" in seen(office, "priya")


async def test_a_new_month_is_shown_without_any_other_change(office: Office) -> None:
    assert "$20.00* (2.00 credits)" in await opened(office, "priya")
    with office.service.database.transaction() as connection:
        store.record_opening(connection, "U0PRIYA", office.clock() + 28 * DAY)
    office.clock.advance(30 * DAY)
    await office.service.jobs.run_every(5)
    assert "$20.00* (2.00 credits)" not in seen(office, "priya")
