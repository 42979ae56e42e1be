"""Failed tasks, from Neo to Slack: a group is reported once and kept up to date, to those who may see it."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from bot.sandbox.slack.faults import Refuse
from bot.sandbox.slack.models import Message
from bot.sandbox.tasks import SimTask, Stream
from bot.sandbox.world import World
from tests.support.acts import fail
from tests.support.harness import Office
from tests.support.messages import actions, keys, shown, table, told
from tests.support.worlds import add

PRIYA, MARCUS = "priya.raman@acme.example", "marcus.delgado@acme.example"
SECOND = timedelta(seconds=1)
SECRET = "token of vault.acme.example expired"


@pytest.fixture
def world() -> World:
    """A failure of long ago, of which nobody is notified."""
    world = World.empty()
    add(world, "old", "1", email=PRIYA, model="opus", status="error", error_message="disk 7 is full")
    return world


@pytest.fixture
async def office(closed: Office) -> Office:
    closed.settings |= {"ALERT_CHANNEL": "#neo-spend", "NEO_TASK_URL_TEMPLATE": "https://neo.example/t/{task_id}"}
    await closed.open()
    return closed


async def test_history_is_silent_and_the_first_of_a_group_is_reported_once(office: Office) -> None:
    assert told(office.seen("marcus")) == []
    fail(office, PRIYA, "sandbox sbx-8f3a91c2 did not answer within 30s", 3)
    await office.sync()
    (message,) = told(office.seen("marcus"))
    assert f"A task ended as error*, opus, {PRIYA}, $3.00 spent" in shown(message)
    assert "sandbox" not in shown(message)  # error texts are for operators, unless SHOW_TITLES says otherwise
    assert "https://neo.example/t/failed-" in shown(message)
    assert actions(message) == ["failure_tasks", "failure_silence", "failure_ack"]

    office.clock.advance(timedelta(minutes=20))
    for number, email in enumerate((PRIYA, MARCUS, MARCUS)):
        fail(office, email, f"sandbox sbx-{number:08x} did not answer within 45s", 2)
    await office.sync()
    await office.service.end()
    await office.start()
    await office.sync()
    (message,) = told(office.seen("marcus"))
    assert "4 tasks failed the same way in 20 min*, opus, 2 members, $9.00 spent" in shown(message)
    assert f"{MARCUS}, {PRIYA}" in shown(message)


async def test_after_a_day_without_a_failure_the_next_failure_opens_a_new_message(office: Office) -> None:
    fail(office, PRIYA, "planner gave up")
    await office.sync()
    office.clock.advance(timedelta(hours=23))
    fail(office, PRIYA, "planner gave up")
    await office.sync()
    (first,) = told(office.seen("marcus"))
    assert "2 tasks failed the same way in 23 h" in shown(first)
    office.clock.advance(timedelta(hours=24, seconds=1))
    await office.delivered()
    (first,) = told(office.seen("marcus"))
    assert "Closed: nothing of the kind for 24 h" in shown(first)
    assert actions(first) == ["failure_tasks"]
    fail(office, PRIYA, "planner gave up")
    await office.sync()
    first, second = told(office.seen("marcus"))
    assert "2 tasks" in shown(first)
    assert "A task ended as error" in shown(second)


async def test_more_than_three_new_groups_in_a_tick_are_one_summary_with_a_thread(office: Office) -> None:
    for word in ("alpha", "beta", "gamma", "delta", "epsilon"):
        fail(office, PRIYA, f"{word} broke", 2)
    fail(office, MARCUS, "beta broke", 2)
    await office.sync()
    parent, *replies = told(office.seen("marcus"))
    assert "5 new kinds of failure at once*: 6 tasks, 2 members, $12.00 spent" in shown(parent)
    assert len(replies) == 5
    assert {each.thread_ts for each in replies} == {parent.ts}
    assert sum("2 tasks failed the same way" in shown(each) for each in replies) == 1
    fail(office, MARCUS, "gamma broke", 4)
    await office.sync()
    again, *others = told(office.seen("marcus"))
    assert "7 tasks, 2 members, $16.00 spent" in shown(again)
    assert len(others) == 5


async def test_three_new_groups_are_a_message_each(office: Office) -> None:
    for word in ("alpha", "beta", "gamma"):
        fail(office, PRIYA, f"{word} broke")
    await office.sync()
    assert len(told(office.seen("marcus"))) == 3
    assert all(each.thread_ts is None for each in told(office.seen("marcus")))


@pytest.mark.parametrize(
    ("error", "said"),
    [
        ("user_spending_cap_reached: cap reached for ana@acme.dev", "spending cap in Neo is reached"),
        ("project_spending_cap_reached", "the project's spending cap in Neo is reached"),
        ("insufficient_neo_credits: balance 0.01", "the team's Neo credits are used up"),
    ],
)
async def test_neos_own_limits_are_explained(office: Office, error: str, said: str) -> None:
    fail(office, PRIYA, error)
    await office.sync()
    (message,) = told(office.seen("marcus"))
    assert "Neo blocked it" in shown(message)
    assert said in shown(message)
    assert "Our budgets only tell" in shown(message)


async def test_a_failed_task_that_completes_later_updates_its_group(office: Office) -> None:
    name = fail(office, PRIYA, "planner gave up")
    fail(office, MARCUS, "planner gave up")
    await office.sync()
    begun = office.clock() - timedelta(hours=1) - SECOND
    add(office.neo.world, name, "0.3", email=PRIYA, begun=begun, model="opus", status="completed")
    await office.sync()
    (message,) = told(office.seen("marcus"))
    assert "One of them has completed since" in shown(message)
    assert "$4.00 spent" in shown(message)


async def test_errors_are_shown_where_the_setting_says_so(closed: Office) -> None:
    closed.settings |= {"ALERT_CHANNEL": "#neo-spend", "SHOW_TITLES": "channel"}
    await closed.open()
    fail(closed, PRIYA, SECRET)
    await closed.sync()
    assert SECRET in shown(told(closed.seen("marcus"))[0])


async def test_no_member_is_named_where_privacy_says_so(closed: Office) -> None:
    closed.settings |= {"ALERT_CHANNEL": "#neo-spend", "ALERT_PRIVACY": "anonymous"}
    await closed.open()
    for email in (PRIYA, MARCUS):
        fail(closed, email, "x broke")
    await closed.sync()
    text = shown(told(closed.seen("marcus"))[0])
    assert "2 members" in text
    assert "@acme" not in text


async def test_a_member_hears_of_their_own_failures_if_they_asked(office: Office) -> None:
    assert "From now on I tell you" in shown(await office.ask("priya", "notify errors on"))
    fail(office, PRIYA, SECRET)
    fail(office, MARCUS, SECRET)
    await office.sync()
    (mine,) = told(office.dm("priya"))
    assert "Your task ended as error" in shown(mine)
    assert SECRET in shown(mine)
    assert "marcus" not in shown(mine).lower()
    assert told(office.dm("marcus")) == []
    assert "From now on I do not" in shown(await office.ask("priya", "notify errors off"))
    office.clock.advance(timedelta(days=2))
    fail(office, PRIYA, SECRET)
    await office.sync()
    assert len(told(office.dm("priya"))) == 1


async def test_tasks_are_shown_to_operators_all_and_to_members_their_own(office: Office) -> None:
    fail(office, PRIYA, SECRET, title="crown jewels")
    fail(office, MARCUS, SECRET, title="other work")
    await office.sync()
    (message,) = told(office.seen("marcus"))
    everything = table(await office.press("hannah", message, "failure_tasks"))
    assert sorted(row[2] for row in everything[1:]) == [MARCUS, PRIYA]
    assert any("crown jewels" in row for row in everything)
    own = await office.press("marcus", message, "failure_tasks")
    assert [row[2] for row in table(own)[1:]] == [MARCUS]
    assert "crown jewels" not in shown(own)


async def test_only_operators_silence_and_acknowledge(office: Office) -> None:
    fail(office, PRIYA, "x broke")
    await office.sync()
    (message,) = told(office.seen("marcus"))
    for action in ("failure_silence", "failure_ack"):
        assert "Operators silence" in shown(await office.press("marcus", message, action))
    await office.press("hannah", message, "failure_ack")
    await office.delivered()
    (message,) = told(office.seen("marcus"))
    assert "Acknowledged by" in shown(message)
    assert "acknowledged it already" in shown(await office.press("hannah", message, "failure_ack"))


async def silence(office: Office, message: Message, what: str, **fields: str) -> Message:
    """Fill in the form that silences; `what` is the beginning of a choice's value."""
    await office.slack.click("hannah", "neo-spend", message.ts, "failure_silence")
    await office.workspace.until(lambda: office.workspace.view_on_top("U0HANNAH") is not None)
    view = office.workspace.view_on_top("U0HANNAH")
    assert view is not None
    options = view.body["blocks"][0]["element"]["options"]
    value = next(each["value"] for each in options if each["value"].startswith(what))
    before = len(office.seen("hannah"))
    values = {"what": value, **fields}
    ack = await office.slack.submit("hannah", view.id, {name: {name: text} for name, text in values.items()})
    assert ack.ok, ack
    return await office.answer("hannah", "neo-spend", before)


@pytest.mark.parametrize("what", ["kind", "model", "member"])
async def test_what_is_silenced_is_recorded_and_not_reported_until_it_is_lifted(office: Office, what: str) -> None:
    fail(office, PRIYA, "x broke")
    await office.sync()
    (message,) = told(office.seen("marcus"))
    until = f"{office.clock() + timedelta(days=5):%Y-%m-%d}"
    answer = await silence(office, message, what, until=until, reason="known")
    assert f"Silenced through {until}" in shown(answer)
    office.clock.advance(timedelta(days=2))
    fail(office, PRIYA, "x broke", 5)
    await office.sync()
    assert len(told(office.seen("marcus"))) == 1
    report = await office.ask("hannah", "errors team 7d")
    assert "Silenced through" in shown(report)
    lifted = await office.press("hannah", report, "failure_lift:1")
    assert "Lifted" in shown(lifted)
    fail(office, PRIYA, "x broke", 1)
    await office.sync()
    _, second = told(office.seen("marcus"))
    assert "2 tasks failed the same way" in shown(second)


async def test_a_silence_about_somebody_else_holds_nothing_back(office: Office) -> None:
    fail(office, PRIYA, "x broke")
    await office.sync()
    await silence(office, told(office.seen("marcus"))[0], "member", until=f"{office.clock():%Y-%m-%d}")
    office.clock.advance(timedelta(hours=1))
    fail(office, MARCUS, "y broke")
    await office.sync()
    assert len(told(office.seen("marcus"))) == 2


async def test_the_report_has_counts_cost_and_shares(office: Office) -> None:
    fail(office, PRIYA, "sandbox sbx-11 is gone", 3)
    fail(office, MARCUS, "sandbox sbx-22 is gone", 4)
    fail(office, MARCUS, "credits", 1, model="haiku", status="failed")
    fail(office, MARCUS, None, 9, status="completed")
    await office.sync()
    answer = await office.ask("hannah", "errors team today")
    assert "4 of 5 tasks failed* (80 %), in 3 ways; $18.00 spent on them" in shown(answer)
    rows = table(answer)
    assert rows[1][:5] == ["2", "$7.00", "2", "opus", "error"]
    assert "opus  3 of 4 (75 %)" in shown(answer)
    assert f"{MARCUS}  2 of 3 (67 %)" in shown(answer)
    own = shown(await office.ask("priya", "errors today"))
    assert "2 of 2 tasks failed* (100 %), in 2 ways; $13.00 spent on them" in own
    assert "marcus" not in own
    assert "Only operators" in shown(await office.ask("priya", "errors team"))
    assert "groups by itself" in shown(await office.ask("hannah", "errors team by:model"))


async def test_hundreds_of_failures_are_one_new_message_a_tick_and_the_counts_are_right(office: Office) -> None:
    for number in range(300):
        fail(office, (PRIYA, MARCUS)[number % 2], f"step {chr(97 + number % 7) * 3} broke at 10.0.0.{number}:44", 1)
    await office.sync()
    parents = [each for each in told(office.seen("marcus")) if each.thread_ts is None]
    assert len(parents) == 1
    assert "7 new kinds of failure at once*: 300 tasks, 2 members, $300.00 spent" in shown(parents[0])
    assert len(keys(office.seen("marcus"))) == len(set(keys(office.seen("marcus"))))


async def test_a_guest_is_refused(office: Office) -> None:
    assert "guest" in shown(await office.ask("gil", "errors"))


async def test_without_an_alert_channel_operators_hear_of_it_with_the_error(closed: Office) -> None:
    await closed.open()
    fail(closed, PRIYA, SECRET)
    await closed.sync()
    (message,) = [each for each in told(closed.dm("hannah")) if "ended as error" in shown(each)]
    assert SECRET in shown(message)


# --- failures that change, silences that end, clocks that ran ahead -------------------------------


def run(office: Office, took: int | None, error: str, **others: Any) -> Stream:
    """A run that has just failed, of a known or unknown length in milliseconds."""
    begun = office.clock() - timedelta(hours=1) - SECOND
    values: dict[str, Any] = {"credits": Decimal("0.1"), "status": "error", **others}
    return Stream(begun, begun + timedelta(hours=1), total_ms=took, error_message=error, **values)


@pytest.mark.parametrize("took", [3_600_000, None])
async def test_a_task_that_fails_again_is_reported_again_and_what_is_closed_counts_on_as_it_was(
    office: Office, took: int | None
) -> None:
    task = SimTask.of("t-a", run(office, took, "x broke"), email=PRIYA, model="opus")
    office.neo.world.add(task)
    fail(office, MARCUS, "x broke")
    await office.sync()
    office.clock.advance(timedelta(days=2))
    await office.sync()
    office.neo.world.add(task.with_stream(run(office, took, "x broke")))
    await office.sync()
    first, second = told(office.seen("marcus"))
    assert "2 tasks failed" in shown(first)
    assert "A task ended as error" in shown(second)
    assert "3 of 3 tasks failed" in shown(await office.ask("hannah", "errors team 7d"))


@pytest.mark.parametrize("before", ["completed", "error"])
async def test_a_task_that_fails_when_it_is_continued_failed_when_that_was_seen(office: Office, before: str) -> None:
    task = SimTask.of("t-a", run(office, 3_600_000, "x broke", status=before), email=PRIYA, model="opus")
    office.neo.world.add(task)
    await office.sync()
    office.clock.advance(timedelta(days=2))
    office.neo.world.add(task.with_stream(run(office, 3_600_000, "y is gone")))
    await office.sync()
    assert f"At {office.clock():%Y-%m-%d %H:%M}." in shown(told(office.seen("marcus"))[-1])


async def test_a_lone_task_that_fails_otherwise_leaves_a_message_that_says_so(office: Office) -> None:
    task = SimTask.of("t-a", run(office, None, "x broke"), email=PRIYA, model="opus")
    office.neo.world.add(task)
    await office.sync()
    office.clock.advance(timedelta(hours=3))
    office.neo.world.add(task.with_stream(run(office, None, "y is gone")))
    await office.sync()
    first, second = told(office.seen("marcus"))
    assert "Nothing is left of this failure here" in shown(first)
    assert actions(first) == []
    assert "A task ended as error" in shown(second)


async def test_an_error_whose_text_comes_later_is_reported_once(office: Office) -> None:
    name, begun = fail(office, PRIYA, None), office.clock() - timedelta(hours=1) - SECOND
    await office.sync()
    values = {"email": PRIYA, "model": "opus", "status": "error", "begun": begun}
    add(office.neo.world, name, "0.1", error_message="user_spending_cap_reached", **values)
    await office.sync()
    (message,) = told(office.seen("marcus"))
    assert "spending cap in Neo is reached" in shown(message)
    office.clock.advance(timedelta(minutes=5))
    fail(office, MARCUS, "user_spending_cap_reached")
    await office.sync()
    (message,) = told(office.seen("marcus"))
    assert "2 tasks failed the same way" in shown(message)


@pytest.mark.parametrize("what", ["kind", "member"])
async def test_a_silenced_failure_is_reported_to_no_listener(office: Office, what: str) -> None:
    await office.ask("priya", "notify errors on")
    fail(office, MARCUS if what == "kind" else PRIYA, "x broke")
    await office.sync()
    before = len(told(office.dm("priya")))
    until = f"{office.clock() + timedelta(days=2):%Y-%m-%d}"
    await silence(office, told(office.seen("marcus"))[0], what, until=until)
    office.clock.advance(timedelta(hours=1))
    fail(office, PRIYA, "x broke")
    await office.sync()
    assert len(told(office.dm("priya"))) == before


async def test_after_a_silence_what_went_on_all_along_is_reported_again(office: Office) -> None:
    fail(office, PRIYA, "x broke")
    await office.sync()
    until = f"{office.clock() + timedelta(days=2):%Y-%m-%d}"
    await silence(office, told(office.seen("marcus"))[0], "kind", until=until)
    for _ in range(3):
        office.clock.advance(timedelta(hours=12))
        fail(office, PRIYA, "x broke")
        await office.sync()
    (first,) = told(office.seen("marcus"))
    assert "Closed: a failure of the kind was silenced" in shown(first)
    assert actions(first) == ["failure_tasks"]
    report = await office.ask("hannah", "errors team 7d")
    await office.press("hannah", report, "failure_lift:1")
    office.clock.advance(timedelta(hours=12))
    fail(office, PRIYA, "x broke")
    await office.sync()
    first, second = told(office.seen("marcus"))
    assert "A task ended as error" in shown(first)
    assert "4 tasks failed the same way" in shown(second)


async def test_the_form_that_silences_opens_on_a_summary_of_many_models(office: Office) -> None:
    for number in range(130):
        fail(office, PRIYA, "x broke", model=f"model-{number}")
    await office.sync()
    parent = next(each for each in told(office.seen("marcus")) if each.thread_ts is None)
    await office.slack.click("hannah", "neo-spend", parent.ts, "failure_silence")
    await office.workspace.until(lambda: office.workspace.view_on_top("U0HANNAH") is not None)
    view = office.workspace.view_on_top("U0HANNAH")
    assert view is not None
    assert len(view.body["blocks"][0]["element"]["options"]) == 61


async def test_a_form_that_slack_refuses_is_answered(office: Office) -> None:
    fail(office, PRIYA, "x broke")
    await office.sync()
    office.slack.faults.when(lambda call: Refuse("expired_trigger_id") if call.method == "views.open" else None)
    answer = await office.press("hannah", told(office.seen("marcus"))[0], "failure_silence")
    assert "Press the button once more" in shown(answer)


async def test_a_group_of_a_clock_that_ran_ahead_closes_all_the_same(office: Office) -> None:
    office.clock.advance(timedelta(days=10))
    fail(office, PRIYA, "x broke")
    await office.sync()
    office.clock.set_back(timedelta(days=10))
    for _ in range(3):
        office.clock.advance(timedelta(hours=30))
        fail(office, PRIYA, "x broke")
        await office.sync()
    assert len(told(office.seen("marcus"))) > 1


async def test_a_silence_of_a_clock_that_ran_ahead_silences_nothing(office: Office) -> None:
    fail(office, PRIYA, "x broke")
    await office.sync()
    (message,) = told(office.seen("marcus"))
    office.clock.advance(timedelta(days=300))
    await silence(office, message, "kind", until=f"{office.clock() + timedelta(days=5):%Y-%m-%d}")
    office.clock.set_back(timedelta(days=300))
    office.clock.advance(timedelta(days=2))
    fail(office, PRIYA, "x broke")
    await office.sync()
    assert len(told(office.seen("marcus"))) == 2


async def test_a_failure_that_counts_as_none_any_more_closes_its_message(office: Office) -> None:
    fail(office, PRIYA, "x broke", status="failed")
    await office.sync()
    await office.service.end()
    office.settings["FAILURE_STATUSES"] = "error"
    await office.start()
    await office.sync()
    (message,) = told(office.seen("marcus"))
    assert "it no longer counts as failed" in shown(message)
    assert actions(message) == []


async def test_replies_of_a_summary_say_that_they_are_as_found(office: Office) -> None:
    for word in ("alpha", "beta", "gamma", "delta"):
        fail(office, PRIYA, f"{word} broke")
    await office.sync()
    parent, *replies = told(office.seen("marcus"))
    assert all("As found; the message above counts on." in shown(each) for each in replies)
    assert "As found" not in shown(parent)


@pytest.mark.parametrize("hours", [1, 49])
@pytest.mark.parametrize(
    "corrected",
    [
        {"total_ms": 3_601_000},
        {"total_ms": 9 * 3_600_000},
        {"total_ms": 1},
        {"total_ms": None},
        {"error_message": None},
        {"total_ms": 3_600_001, "steps": 7, "tool_calls": 3},
    ],
)
async def test_what_neo_corrects_of_a_failure_is_no_other_failure(
    office: Office, corrected: dict[str, Any], hours: int
) -> None:
    await office.ask("priya", "notify errors on")
    stream = run(office, 3_600_000, "x broke")
    office.neo.world.add(SimTask.of("t-a", stream, email=PRIYA, model="opus"))
    await office.sync()
    office.clock.advance(timedelta(hours=hours))
    await office.sync()  # after two days its group is closed
    office.neo.world.add(SimTask.of("t-a", replace(stream, **corrected), email=PRIYA, model="opus", title="renamed"))
    await office.sync()
    assert len(told(office.seen("marcus"))) == 1
    assert len([each for each in told(office.dm("priya")) if "ended as" in shown(each)]) == 1
    assert "2 of 2 tasks failed" in shown(await office.ask("hannah", "errors team 7d"))
