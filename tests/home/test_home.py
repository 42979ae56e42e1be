"""App Home through the front door: each sees their own, published when it is opened and when its content changes."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection

from bot.domain.access import Caller
from bot.domain.money import show_usd
from bot.home import store
from bot.home.facts import HomeFacts, home_facts
from bot.home.viewers import CHECKS_AT_ONCE
from bot.sandbox.faults import Status
from bot.sandbox.slack.models import User
from bot.sandbox.world import START, World
from tests.support.acts import fail_task, submit_form
from tests.support.app import merge, report_of
from tests.support.app_home import home_text, home_view, open_home, press_home
from tests.support.harness import ServiceHarness
from tests.support.messages import visible_text
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
async def harness(closed: ServiceHarness) -> ServiceHarness:
    closed.settings["ALERT_CHANNEL"] = "#neo-spend"
    await closed.open()
    return closed


def spend(harness: ServiceHarness, email: str, usd: int, **others: Any) -> None:
    spent(harness.neo.world, harness.clock(), email, usd, **others)


async def test_a_member_sees_what_is_theirs_and_nothing_else(harness: ServiceHarness) -> None:
    await harness.ask("hannah", "budget @priya 40/month")
    spend(harness, PRIYA, 5, status="error", error_message="vault is sealed", model="opus")
    await harness.sync()
    text = await open_home(harness, "priya")
    assert "Your month" in text
    assert "*$25.00* (2.50 credits) in March so far · 3 tasks · 1 failed ($5.00 this month)" in text
    assert "First forecast on Mar 6, after 5 full days of data" in text
    assert "*62% of your budget* ██████░░░░ · $25.00 of $40 a month (personal budget)" in text
    assert "crown jewels" in text
    assert (
        "*Your failed tasks in the last 7 days*\n• 1 task on opus ($5.00 in the last 7 days): `vault is sealed`" in text
    )
    assert "Updates automatically." in text
    for of_others in ("marcus", "other work", "Team"):
        assert of_others not in text


async def test_an_operator_sees_the_team_too(harness: ServiceHarness) -> None:
    await harness.ask("hannah", "budget team 20/month")
    spend(harness, PRIYA, 5, status="error", error_message="vault is sealed", model="opus")
    await harness.sync()
    text = await open_home(harness, "hannah")
    assert "\nTeam\n*$65.00* (6.50 credits) in March so far" in text
    assert "*325%* ███▓▓▓▓▓▓▓ · Team: $65.00 of $20" in text
    assert "*Active failures*\n• 1 task on opus, 1 member ($5.00 so far): `vault is sealed`" in text
    assert "You have no tasks in Neo" in text


async def test_a_guest_is_refused_there(harness: ServiceHarness) -> None:
    assert "here as a guest" in await open_home(harness, "gil")


async def test_it_is_republished_when_its_content_changes_once_a_minute_at_most(harness: ServiceHarness) -> None:
    await open_home(harness, "priya")
    publications = len(harness.slack.calls("views.publish"))
    for _ in range(3):
        spend(harness, PRIYA, 5)
        await harness.sync()
    assert len(harness.slack.calls("views.publish")) == publications
    harness.clock.advance(61 * SECOND)
    await harness.service.jobs.run_every(5)
    assert len(harness.slack.calls("views.publish")) == publications + 1
    assert "$35.00* (3.50 credits)" in home_text(harness, "priya")
    harness.clock.advance(61 * SECOND)
    spend(harness, MARCUS, 5)
    await harness.sync()
    assert len(harness.slack.calls("views.publish")) == publications + 1  # it is not hers that has changed


async def test_it_shows_what_its_viewer_did_there_at_once(harness: ServiceHarness) -> None:
    await open_home(harness, "priya")
    await press_home(harness, "priya", "Turn on failure notifications")
    assert "I send you a DM when one of your tasks fails" in home_text(harness, "priya")
    await press_home(harness, "priya", "Turn off failure notifications")
    assert "Failure notifications are off" in home_text(harness, "priya")


async def test_a_budget_is_asked_for_from_there(harness: ServiceHarness) -> None:
    await open_home(harness, "priya")
    await press_home(harness, "priya", "Ask for a budget")
    view = harness.workspace.view_on_top("U0PRIYA")
    assert view is not None
    before = len(harness.dm("priya"))
    ack = await harness.slack.submit("priya", view.id, {"amount": {"amount": "95"}})
    assert ack.ok, ack
    im = harness.workspace.im_of("U0PRIYA").id
    assert "I asked" in visible_text(await harness.answer("priya", im, before))


async def test_a_budget_set_from_there_is_confirmed_and_shown_at_once(harness: ServiceHarness) -> None:
    assert "No budget is set." in await open_home(harness, "hannah")
    await press_home(harness, "hannah", "Set a budget")
    before = len(harness.dm("hannah"))
    await submit_form(harness, "hannah", whose="person", person="U0PRIYA", amount="95")
    await harness.idle()
    assert "Budgets set: 1 personal" in home_text(harness, "hannah")
    im = harness.workspace.im_of("U0HANNAH").id
    confirmed = visible_text(await harness.answer("hannah", im, before))
    assert confirmed == "*Priya Raman's budget is now $95 a month*. $20.00 is already spent (21%)."


@pytest.mark.slow
async def test_a_request_is_shown_to_operators_until_it_is_decided_there(harness: ServiceHarness) -> None:
    await harness.ask("hannah", "budget default 40/month")
    assert "request" not in await open_home(harness, "hannah")
    await harness.ask("priya", 'budget request 90/month reason:"new <client>"')
    harness.clock.advance(61 * SECOND)
    await harness.service.jobs.run_every(5)
    assert (
        "*1 request waits for your decision*\n"
        "*Priya Raman asks for a budget of $90 a month instead of $40*: new &lt;client&gt;\n"
        "Spent this month: $20.00 of $40 (50%)."
    ) in home_text(harness, "hannah")
    assert "asks for" not in await open_home(harness, "priya")
    await press_home(harness, "hannah", "Approve")
    text = home_text(harness, "hannah")
    assert "asks for" not in text
    assert "Budgets set: $40 a month by default · 1 personal" in text
    await harness.deliver()
    texts = [visible_text(each) for each in harness.dm("hannah")]
    assert "Approved. Priya Raman has been notified." in texts
    assert any("Approved by <@U0HANNAH>" in text for text in texts)


async def test_a_request_is_declined_there_with_a_reason(harness: ServiceHarness) -> None:
    await harness.ask("priya", "budget request 90/month")
    await open_home(harness, "hannah")
    await press_home(harness, "hannah", "Decline")
    await submit_form(harness, "hannah", reason="not this month")
    await harness.idle()
    assert "asks for" not in home_text(harness, "hannah")
    await harness.deliver()
    (decision,) = [text for each in harness.dm("priya") if "declined" in (text := visible_text(each))]
    assert "declined your request* for $90 a month: not this month" in decision


async def test_a_silence_is_lifted_from_there(harness: ServiceHarness) -> None:
    with harness.service.database.transaction() as connection:
        connection.exec_driver_sql(
            "INSERT INTO failure_silence (what, value, until, reason, set_by, set_at)"
            " VALUES ('model', 'opus', 9e15, 'known', 'U0HANNAH', 0)"
        )
    text = await open_home(harness, "hannah")
    assert "all failures of opus" in text
    await press_home(harness, "hannah", "End silence: all failures of opus")
    assert "all failures of opus" not in home_text(harness, "hannah")


async def test_whoever_loses_access_sees_nothing_more(harness: ServiceHarness) -> None:
    assert "\nTeam\n" in await open_home(harness, "hannah")
    harness.workspace.user("hannah").is_restricted = True
    harness.clock.advance(timedelta(minutes=6))
    spend(harness, PRIYA, 5)
    await harness.sync()
    assert "\nTeam\n" not in home_text(harness, "hannah")
    assert "only answer full members" in home_text(harness, "hannah")


# --- whose rights change ---------------------------------------------------------------------------


async def test_a_guest_is_refused_once_a_minute_however_often_it_is_opened(harness: ServiceHarness) -> None:
    before = publications(harness)
    for _ in range(5):
        await open_home(harness, "gil")
        harness.clock.advance(SECOND)
        await harness.service.jobs.run_every(5)
    assert publications(harness) == before + 1


async def test_whoever_becomes_a_guest_sees_nothing_more_though_nothing_has_changed(harness: ServiceHarness) -> None:
    assert "crown jewels" in await open_home(harness, "priya")
    harness.workspace.user("priya").is_restricted = True
    harness.clock.advance(6 * MINUTE)
    await harness.service.jobs.run_every(5)
    assert "here as a guest" in home_text(harness, "priya")
    harness.workspace.user("priya").is_restricted = False
    harness.clock.advance(6 * MINUTE)
    assert "crown jewels" in await open_home(harness, "priya")


async def test_a_refusal_is_replaced_without_its_being_opened(harness: ServiceHarness) -> None:
    assert "here as a guest" in await open_home(harness, "gil")
    harness.workspace.user("gil").is_ultra_restricted = harness.workspace.user("gil").is_restricted = False
    harness.clock.advance(6 * MINUTE)
    await harness.service.jobs.run_every(5)
    assert "guest" not in home_text(harness, "gil")


async def test_an_operator_by_e_mail_whose_e_mail_changes_sees_the_team_no_more(closed: ServiceHarness) -> None:
    closed.settings["ADMINS"] = MARCUS
    await closed.open()
    assert "\nTeam\n" in await open_home(closed, "marcus")
    closed.workspace.user("marcus").email = "marcus@elsewhere.example"
    await goes_on(closed, 6)
    assert "\nTeam\n" not in home_text(closed, "marcus")


async def test_the_access_of_a_few_viewers_is_checked_in_each_tick(harness: ServiceHarness) -> None:
    now = harness.clock()
    users = [
        harness.workspace.add_user(User(f"U0VIEWER{each}", f"viewer{each}", f"Viewer {each}")).id for each in range(30)
    ]
    with harness.service.database.transaction() as connection:
        for user in users:
            store.record_opening(connection, user, now)
    await harness.service.jobs.run_every(5)
    harness.clock.advance(6 * MINUTE)
    before = len(harness.slack.calls("users.info"))
    await harness.service.jobs.run_every(5)
    assert 0 < len(harness.slack.calls("users.info")) - before <= CHECKS_AT_ONCE


# --- what goes wrong -------------------------------------------------------------------------------


def publications(harness: ServiceHarness) -> int:
    return len(harness.slack.calls("views.publish"))


async def goes_on(harness: ServiceHarness, minutes: int) -> None:
    for _ in range(minutes // 2):
        harness.clock.advance(2 * MINUTE)
        await harness.sync()
        await harness.service.jobs.run_every(5)


def fails(harness: ServiceHarness, method: str) -> None:
    harness.slack.faults.when(lambda call: Status(503) if call.method == method else None)


async def test_while_slack_does_not_answer_who_a_viewer_is_the_old_page_stays(harness: ServiceHarness) -> None:
    await open_home(harness, "priya")
    harness.clock.advance(6 * MINUTE)
    fails(harness, "users.info")
    spend(harness, PRIYA, 5)
    await harness.sync()
    assert "$20.00* (2.00 credits)" in home_text(harness, "priya")
    harness.slack.faults.clear()
    await goes_on(harness, 2)
    assert "$25.00* (2.50 credits)" in home_text(harness, "priya")


async def test_if_slack_does_not_answer_who_opens_it_they_are_told_and_see_it_later(harness: ServiceHarness) -> None:
    await open_home(harness, "priya")
    harness.clock.advance(6 * MINUTE)
    fails(harness, "users.info")
    assert "can't check with Slack who you are" in await open_home(harness, "priya")
    harness.slack.faults.clear()
    await goes_on(harness, 2)
    assert "Your month" in home_text(harness, "priya")


async def test_a_publication_that_fails_is_tried_again(harness: ServiceHarness) -> None:
    await open_home(harness, "priya")
    harness.clock.advance(2 * MINUTE)
    fails(harness, "views.publish")
    spend(harness, PRIYA, 5)
    await harness.sync()
    harness.slack.faults.clear()
    await goes_on(harness, 2)
    assert "$25.00* (2.50 credits)" in home_text(harness, "priya")


async def test_a_first_publication_that_fails_is_tried_again(harness: ServiceHarness) -> None:
    fails(harness, "views.publish")
    await harness.slack.open_home("priya")
    await harness.idle()
    assert home_view(harness, "priya") is None
    harness.slack.faults.clear()
    await goes_on(harness, 2)
    assert "Your month" in home_text(harness, "priya")


@pytest.mark.slow
async def test_what_cannot_be_rendered_for_one_viewer_is_published_for_the_others(
    harness: ServiceHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(reader: Connection, caller: Caller, *others: Any) -> HomeFacts:
        if caller.member == MARCUS:
            raise ZeroDivisionError
        return home_facts(reader, caller, *others)

    await open_home(harness, "marcus")
    await open_home(harness, "priya")
    harness.clock.advance(2 * MINUTE)
    spend(harness, MARCUS, 5)
    spend(harness, PRIYA, 5)
    with monkeypatch.context() as patch:
        patch.setattr("bot.home.pages.home_facts", broken)
        await harness.sync()
    assert "$25.00* (2.50 credits)" in home_text(harness, "priya")
    assert "$25.00* (2.50 credits)" not in home_text(harness, "marcus")
    await goes_on(harness, 2)
    assert "(5.00 credits)" not in home_text(harness, "marcus")
    assert "$45.00* (4.50 credits)" in home_text(harness, "marcus")


# --- what changes ----------------------------------------------------------------------------------


async def test_last_tasks_show_what_spend_adds_up(closed: ServiceHarness) -> None:
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
    await open_home(closed, "priya")
    view = home_view(closed, "priya")
    assert view is not None
    rows = next(block["rows"] for block in view.body["blocks"] if block["type"] == "table")
    report = report_of(closed.service.app, f"email:{PRIYA} task:own")
    assert rows[1][1]["text"] == show_usd(report.spend_nanos)


async def test_a_task_that_recovers_at_no_cost_is_shown_so(harness: ServiceHarness) -> None:
    begun = harness.clock() - HOUR - SECOND
    failed = fail_task(harness, PRIYA, "vault is sealed", 3)
    await harness.sync()
    assert "vault is sealed" in await open_home(harness, "priya")
    add(harness.neo.world, failed, "0.3", email=PRIYA, begun=begun, model="opus", title="port scan")
    await goes_on(harness, 4)
    assert "vault is sealed" not in home_text(harness, "priya")


async def test_new_spend_of_a_renamed_member_is_shown_to_them(harness: ServiceHarness) -> None:
    new = "priya@new.example"
    spend(harness, new, 5)
    await harness.sync()
    await open_home(harness, "priya")
    with harness.service.database.transaction() as connection:
        merge(harness.service.app, harness.service.database, connection, PRIYA, new)
    await goes_on(harness, 2)
    assert "$25.00* (2.50 credits)" in home_text(harness, "priya")
    spend(harness, new, 30)
    await goes_on(harness, 2)
    assert "$55.00* (5.50 credits)" in home_text(harness, "priya")


async def test_a_new_month_is_shown_without_any_other_change(harness: ServiceHarness) -> None:
    assert "$20.00* (2.00 credits)" in await open_home(harness, "priya")
    with harness.service.database.transaction() as connection:
        store.record_opening(connection, "U0PRIYA", harness.clock() + 28 * DAY)
    harness.clock.advance(30 * DAY)
    await harness.service.jobs.run_every(5)
    assert "$20.00* (2.00 credits)" not in home_text(harness, "priya")
