"""Failed tasks, from Neo to Slack: a group is reported once and kept up to date, to those who may see it."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from bot.sandbox.slack.faults import Refuse
from bot.sandbox.slack.models import Message
from bot.sandbox.tasks import SimTask, Stream
from bot.sandbox.world import World
from tests.support.acts import fail_task
from tests.support.engines import many_cases
from tests.support.harness import GUEST_CHANNEL, ServiceHarness
from tests.support.messages import actions, notification_keys, notifications, table, visible_text
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
async def harness(closed: ServiceHarness) -> ServiceHarness:
    closed.settings |= {"ALERT_CHANNEL": "#neo-spend", "NEO_TASK_URL_TEMPLATE": "https://neo.example/t/{task_id}"}
    await closed.open()
    return closed


@pytest.mark.slow
async def test_history_is_silent_and_the_first_of_a_group_is_reported_once(harness: ServiceHarness) -> None:
    assert notifications(harness.visible("marcus")) == []
    fail_task(harness, PRIYA, "sandbox sbx-8f3a91c2 did not answer within 30s", 3)
    await harness.sync()
    (message,) = notifications(harness.visible("marcus"))
    assert "*1 task failed: timed out.* opus, Priya Raman, $3.00 so far" in visible_text(message)
    assert "sandbox" not in visible_text(message)  # error texts are for operators, unless SHOW_TITLES says otherwise
    assert "https://neo.example/t/failed-" in visible_text(message)
    assert actions(message) == ["failure_tasks", "failure_silence", "failure_ack"]

    harness.clock.advance(timedelta(minutes=20))
    for number, email in enumerate((PRIYA, MARCUS, MARCUS)):
        fail_task(harness, email, f"sandbox sbx-{number:08x} did not answer within 45s", 2)
    await harness.sync()
    await harness.service.end()
    await harness.start()
    await harness.sync()
    (message,) = notifications(harness.visible("marcus"))
    assert "*4 tasks failed: timed out.* opus, 2 members, in 20 min, $9.00 so far" in visible_text(message)
    assert "Marcus Delgado, Priya Raman" in visible_text(message)
    assert "@acme" not in visible_text(message)


@pytest.mark.slow
async def test_after_a_day_without_a_failure_the_next_failure_opens_a_new_message(harness: ServiceHarness) -> None:
    fail_task(harness, PRIYA, "planner gave up")
    await harness.sync()
    harness.clock.advance(timedelta(hours=23))
    fail_task(harness, PRIYA, "planner gave up")
    await harness.sync()
    (first,) = notifications(harness.visible("marcus"))
    assert "*2 tasks failed the same way.* opus, Priya Raman, in 23 h, $2.00 so far" in visible_text(first)
    harness.clock.advance(timedelta(hours=24, seconds=1))
    await harness.deliver()
    (first,) = notifications(harness.visible("marcus"))
    assert "Resolved: none for 24 hours." in visible_text(first)
    assert actions(first) == ["failure_tasks"]
    fail_task(harness, PRIYA, "planner gave up")
    await harness.sync()
    first, second = notifications(harness.visible("marcus"))
    assert "2 tasks" in visible_text(first)
    assert "*1 task failed" in visible_text(second)


async def test_more_than_three_new_groups_in_a_tick_are_one_summary_with_a_thread(harness: ServiceHarness) -> None:
    for word in ("alpha", "beta", "gamma", "delta", "epsilon"):
        fail_task(harness, PRIYA, f"{word} broke", 2)
    fail_task(harness, MARCUS, "beta broke", 2)
    await harness.sync()
    parent, *replies = notifications(harness.visible("marcus"))
    assert "*6 tasks failed in 5 different ways.* 2 members, $12.00 so far" in visible_text(parent)
    assert len(replies) == 5
    assert {each.thread_ts for each in replies} == {parent.ts}
    assert actions(parent) == ["failure_tasks", "failure_silence", "failure_ack"]
    assert [actions(each) for each in replies] == [["failure_tasks"]] * 5
    assert sum("2 tasks failed the same way" in visible_text(each) for each in replies) == 1
    fail_task(harness, MARCUS, "gamma broke", 4)
    await harness.sync()
    again, *others = notifications(harness.visible("marcus"))
    assert "*7 tasks failed in 5 different ways.* 2 members, $16.00 so far" in visible_text(again)
    assert len(others) == 5


async def test_three_new_groups_are_a_message_each(harness: ServiceHarness) -> None:
    for word in ("alpha", "beta", "gamma"):
        fail_task(harness, PRIYA, f"{word} broke")
    await harness.sync()
    assert len(notifications(harness.visible("marcus"))) == 3
    assert all(each.thread_ts is None for each in notifications(harness.visible("marcus")))


@pytest.mark.parametrize(
    ("error", "said"),
    [
        ("user_spending_cap_reached: cap reached for ana@acme.dev", "spending cap in Neo is reached"),
        ("project_spending_cap_reached", "the project's spending cap in Neo is reached"),
        ("insufficient_neo_credits: balance 0.01", "the team's Neo credits are used up"),
    ],
)
async def test_neos_own_limits_are_explained(harness: ServiceHarness, error: str, said: str) -> None:
    fail_task(harness, PRIYA, error)
    await harness.sync()
    (message,) = notifications(harness.visible("marcus"))
    assert "Neo stopped it:" in visible_text(message)
    assert said in visible_text(message)
    assert "budgets set here only notify" in visible_text(message)


@pytest.mark.slow
async def test_a_failed_task_that_completes_later_updates_its_group(harness: ServiceHarness) -> None:
    name = fail_task(harness, PRIYA, "planner gave up")
    fail_task(harness, MARCUS, "planner gave up")
    await harness.sync()
    begun = harness.clock() - timedelta(hours=1) - SECOND
    add(harness.neo.world, name, "0.3", email=PRIYA, begun=begun, model="opus", status="completed")
    await harness.sync()
    (message,) = notifications(harness.visible("marcus"))
    assert "1 has completed since." in visible_text(message)
    assert "$4.00 so far" in visible_text(message)


@pytest.mark.slow
async def test_a_report_says_how_many_failures_no_longer_count_as_their_tasks_have_completed_since(
    harness: ServiceHarness,
) -> None:
    name, begun = fail_task(harness, PRIYA, "planner gave up"), harness.clock() - timedelta(hours=1) - SECOND
    fail_task(harness, MARCUS, "planner gave up")
    await harness.sync()
    assert "completed since" not in visible_text(await harness.ask("hannah", "errors team today"))
    add(harness.neo.world, name, "1.3", email=PRIYA, begun=begun, model="opus", status="completed")
    harness.clock.advance(timedelta(days=2))
    await harness.sync()
    answer = visible_text(await harness.ask("hannah", "errors team 2026-03-02"))
    assert "*2 of 3 tasks failed (67%).*" in answer
    note = "Data as of 21:00 (UTC). 1 task that failed in this period has completed since, so it no longer counts."
    assert answer.splitlines()[-1] == note
    assert "completed since" in visible_text(await harness.ask("priya", "errors 2026-03-02"))
    for line in ("errors team today", "errors @marcus 2026-03-02", "errors team 2026-03-02 model:haiku"):
        assert "completed since" not in visible_text(await harness.ask("hannah", line))


async def test_errors_are_shown_where_the_setting_says_so(closed: ServiceHarness) -> None:
    closed.settings |= {"ALERT_CHANNEL": "#neo-spend", "SHOW_TITLES": "channel"}
    await closed.open()
    fail_task(closed, PRIYA, SECRET)
    await closed.sync()
    assert SECRET in visible_text(notifications(closed.visible("marcus"))[0])


async def test_no_member_is_named_where_privacy_says_so(closed: ServiceHarness) -> None:
    closed.settings |= {"ALERT_CHANNEL": "#neo-spend", "ALERT_PRIVACY": "anonymous"}
    await closed.open()
    for email in (PRIYA, MARCUS):
        fail_task(closed, email, "x broke")
    await closed.sync()
    text = visible_text(notifications(closed.visible("marcus"))[0])
    assert "2 members" in text
    assert "@acme" not in text


async def test_a_member_hears_of_their_own_failures_if_they_asked(harness: ServiceHarness) -> None:
    assert "Failure notifications are now on: I'll send you a DM" in visible_text(
        await harness.ask("priya", "notify errors on")
    )
    fail_task(harness, PRIYA, SECRET)
    fail_task(harness, MARCUS, SECRET)
    await harness.sync()
    (mine,) = notifications(harness.dm("priya"))
    assert "*Your task failed: sign-in refused.* opus, $1.00 so far" in visible_text(mine)
    assert SECRET in visible_text(mine)
    assert "marcus" not in visible_text(mine).lower()
    assert notifications(harness.dm("marcus")) == []
    assert "Failure notifications are now off." in visible_text(await harness.ask("priya", "notify errors off"))
    harness.clock.advance(timedelta(days=2))
    fail_task(harness, PRIYA, SECRET)
    await harness.sync()
    assert len(notifications(harness.dm("priya"))) == 1


async def test_tasks_are_shown_to_operators_all_and_to_members_their_own(harness: ServiceHarness) -> None:
    fail_task(harness, PRIYA, SECRET, title="crown jewels")
    fail_task(harness, MARCUS, SECRET, title="other work")
    await harness.sync()
    (message,) = notifications(harness.visible("marcus"))
    everything = table(await harness.press("hannah", message, "failure_tasks"))
    assert sorted(row[3] for row in everything[1:]) == ["Marcus Delgado", "Priya Raman"]
    assert everything[0] == ["Title", "Cause", "Cost so far", "Member", "Failed", "Error", "Task"]
    assert ["crown jewels", SECRET] in [[row[0], row[5]] for row in everything]
    own = await harness.press("marcus", message, "failure_tasks")
    assert [row[3] for row in table(own)[1:]] == ["Marcus Delgado"]
    assert "crown jewels" not in visible_text(own)


async def test_only_operators_silence_and_acknowledge(harness: ServiceHarness) -> None:
    fail_task(harness, PRIYA, "x broke")
    await harness.sync()
    (message,) = notifications(harness.visible("marcus"))
    for action in ("failure_silence", "failure_ack"):
        assert "Only operators can silence or acknowledge" in visible_text(
            await harness.press("marcus", message, action)
        )
    await harness.press("hannah", message, "failure_ack")
    again = await harness.press("hannah", message, "failure_ack")  # before the message has changed
    assert "already acknowledged this" in visible_text(again)
    await harness.deliver()
    (message,) = notifications(harness.visible("marcus"))
    assert "Acknowledged by" in visible_text(message)
    assert actions(message) == ["failure_tasks", "failure_silence"]


async def test_what_is_silenced_is_not_offered_to_be_silenced_again(harness: ServiceHarness) -> None:
    fail_task(harness, PRIYA, "x broke")
    await harness.sync()
    (message,) = notifications(harness.visible("marcus"))
    await silence(harness, message, "kind:")
    await harness.deliver()
    (message,) = notifications(harness.visible("marcus"))
    assert actions(message) == ["failure_tasks", "failure_ack"]


async def test_a_member_turns_notifications_off_once(harness: ServiceHarness) -> None:
    await harness.ask("priya", "notify errors on")
    fail_task(harness, PRIYA, "x broke")
    await harness.sync()
    (message,) = notifications(harness.dm("priya"))
    assert actions(message) == ["failure_tasks", "failure_off"]
    answer = await harness.press("priya", message, "failure_off", harness.workspace.im_of("U0PRIYA").id)
    assert "Failure notifications are now off" in visible_text(answer)
    await harness.deliver()
    assert actions(notifications(harness.dm("priya"))[0]) == ["failure_tasks"]


async def silence(harness: ServiceHarness, message: Message, what: str, **fields: str) -> Message:
    """Fill in the form that silences; `what` is the beginning of a choice's value."""
    await harness.slack.click("hannah", "neo-spend", message.ts, "failure_silence")
    await harness.workspace.until(lambda: harness.workspace.view_on_top("U0HANNAH") is not None)
    view = harness.workspace.view_on_top("U0HANNAH")
    assert view is not None
    options = view.body["blocks"][0]["element"]["options"]
    value = next(each["value"] for each in options if each["value"].startswith(what))
    before = len(harness.visible("hannah"))
    values = {"what": value, **fields}
    ack = await harness.slack.submit("hannah", view.id, {name: {name: text} for name, text in values.items()})
    assert ack.ok, ack
    return await harness.answer("hannah", "neo-spend", before)


@pytest.mark.slow
@pytest.mark.parametrize("what", ["kind", "model", "member"])
async def test_what_is_silenced_is_recorded_and_not_reported_until_it_is_lifted(
    harness: ServiceHarness, what: str
) -> None:
    fail_task(harness, PRIYA, "x broke")
    await harness.sync()
    (message,) = notifications(harness.visible("marcus"))
    until = f"{harness.clock() + timedelta(days=5):%Y-%m-%d}"
    answer = await silence(harness, message, what, until=until, reason="known")
    assert "Silenced until Mar 8, 00:00 (UTC): " in visible_text(answer)
    harness.clock.advance(timedelta(days=2))
    fail_task(harness, PRIYA, "x broke", 5)
    await harness.sync()
    assert len(notifications(harness.visible("marcus"))) == 1
    report = await harness.ask("hannah", "errors team 7d")
    assert "Silenced until Mar 8, 00:00, by <@U0HANNAH>: " in visible_text(report)
    assert "@acme" not in visible_text(report)
    lifted = await harness.press("hannah", report, "failure_lift:1")
    name = {"kind": "opus: x broke", "model": "all failures of opus", "member": "all failures of Priya Raman"}[what]
    assert f"Silence ended: {name}\nI'll post the next failure." in visible_text(lifted)
    assert (lifted.ts, actions(lifted)) == (report.ts, [])  # the same answer, without the button
    assert f"{visible_text(report).splitlines()[0]}\n" in visible_text(lifted)
    fail_task(harness, PRIYA, "x broke", 1)
    await harness.sync()
    _, second = notifications(harness.visible("marcus"))
    assert "2 tasks failed the same way" in visible_text(second)


async def test_an_answer_offers_the_silences_that_are_in_force(harness: ServiceHarness) -> None:
    fail_task(harness, PRIYA, "x broke")
    await harness.sync()
    (message,) = notifications(harness.visible("marcus"))
    for what in ("kind", "model", "member"):
        await silence(harness, message, what)
    report = await harness.ask("hannah", "errors everyone in the last 7 days")
    assert actions(report) == ["failure_lift:1", "failure_lift:2", "failure_lift:3"]
    presses = (harness.slack.click("hannah", "neo-spend", report.ts, "failure_lift:1") for _ in range(2))
    await asyncio.gather(*presses)  # the second one before the answer has changed
    await harness.idle()
    (report,) = [each for each in harness.visible("hannah") if each.ts == report.ts]
    assert actions(report) == ["failure_lift:2", "failure_lift:3"]
    assert "*2 of 2 tasks failed (100%).*" in visible_text(report)
    assert "opus: x broke" not in visible_text(report).partition("Silenced")[2]
    ended = visible_text(await harness.press("hannah", report, "failure_lift:2"))
    assert "all failures of opus\nFailures that another silence is about are still not posted." in ended
    ended = visible_text(await harness.press("hannah", report, "failure_lift:3"))
    assert "Silence ended: all failures of Priya Raman\nI'll post the next failure." in ended


async def test_a_button_of_an_earlier_version_ends_a_silence(harness: ServiceHarness) -> None:
    fail_task(harness, PRIYA, "x broke")
    await harness.sync()
    await silence(harness, notifications(harness.visible("marcus"))[0], "model")
    label, workspace = {"type": "plain_text", "text": "End silence"}, harness.workspace
    button = {"type": "button", "action_id": "failure_lift:1", "text": label, "value": "1"}
    posted = Message(
        "1.000001", workspace.bot_user, blocks=[{"type": "actions", "block_id": "b", "elements": [button]}]
    )
    old = workspace.post(workspace.channel("neo-spend").id, posted)
    assert "Silence ended: all failures of opus" in visible_text(await harness.press("hannah", old, "failure_lift:1"))
    assert "That silence had already ended." in visible_text(await harness.press("hannah", old, "failure_lift:1"))


async def test_a_silence_about_somebody_else_holds_nothing_back(harness: ServiceHarness) -> None:
    fail_task(harness, PRIYA, "x broke")
    await harness.sync()
    await silence(harness, notifications(harness.visible("marcus"))[0], "member", until=f"{harness.clock():%Y-%m-%d}")
    harness.clock.advance(timedelta(hours=1))
    fail_task(harness, MARCUS, "y broke")
    await harness.sync()
    assert len(notifications(harness.visible("marcus"))) == 2


async def test_the_report_has_counts_cost_and_shares(harness: ServiceHarness) -> None:
    fail_task(harness, PRIYA, "sandbox sbx-11 is gone", 3)
    fail_task(harness, MARCUS, "sandbox sbx-22 is gone", 4)
    fail_task(harness, MARCUS, "credits", 1, model="haiku", status="failed")
    fail_task(harness, MARCUS, None, 9, status="completed")
    await harness.sync()
    answer = await harness.ask("hannah", "errors team today")
    assert "*4 of 5 tasks failed (80%).* They cost $18.00 in this period." in visible_text(answer)
    assert "Everyone, Mar 2" in visible_text(answer)
    rows = table(answer)
    assert rows[0] == ["Cause", "Tasks", "Cost in period", "Error", "Members", "Model", "Last", "Status"]
    assert rows[1][:3] == ["other error", "2", "$7.00"]
    assert rows[1][3].startswith("sandbox sbx-")
    assert rows[1][4:] == ["2", "opus", "2026-03-02 19:59", "error"]
    assert "opus: 3 of 4 (75%)" in visible_text(answer)
    assert "Marcus Delgado: 2 of 3 (67%)" in visible_text(answer)
    for line, whose in (
        ("errors @priya today", "Priya Raman, Mar 2"),
        (f"errors email:{PRIYA} today", "Priya Raman, Mar 2"),
        (f"errors team today -email:{PRIYA}", "Everyone, without Priya Raman, Mar 2"),
        ("errors team today model:haiku byok:no", "Everyone, model:haiku, byok:no, Mar 2"),
        ("errors team", "Everyone, Mar 1–2"),
        ("errors team ..2026-03-02", "Everyone, until Mar 2"),
    ):
        assert whose in visible_text(await harness.ask("hannah", line))
    own = visible_text(await harness.ask("priya", "errors today"))
    assert "*2 of 2 tasks failed (100%).* They cost $13.00 in this period." in own
    assert "marcus" not in own
    assert "Only operators" in visible_text(await harness.ask("priya", "errors team"))
    assert "groups by itself" in visible_text(await harness.ask("hannah", "errors team by:model"))


async def test_what_an_error_costs_is_unknown_rather_than_nothing(harness: ServiceHarness) -> None:
    harness.clock.advance(timedelta(days=2))
    begun = harness.clock() - timedelta(hours=1) - SECOND
    values = {"email": PRIYA, "model": "opus", "status": "error", "begun": begun}
    add(harness.neo.world, "dark", None, error_message="Rate limit reached", **values)
    await harness.sync()
    (message,) = notifications(harness.visible("marcus"))
    assert "*1 task failed: rate limited.* opus, Priya Raman, unknown cost" in visible_text(message)
    answer = await harness.ask("hannah", "errors team today")
    assert "*1 of 1 task failed (100%).* Its cost is unknown." in visible_text(answer)
    assert table(answer)[1][2] == "unknown"
    assert "unknown" in table(await harness.press("hannah", message, "failure_tasks"))[1]
    fail_task(harness, PRIYA, "Rate limit reached", 3)
    await harness.sync()
    (message,) = notifications(harness.visible("marcus"))
    assert "$3.00 so far, 1 with unknown cost" in visible_text(message)
    answer = await harness.ask("hannah", "errors team today")
    assert "They cost $3.00 in this period, 1 with unknown cost." in visible_text(answer)
    assert table(answer)[1][2] == "$3.00 + 1 unknown"


async def test_a_quiet_day_is_quiet_and_who_has_no_task_at_all_is_told_so(harness: ServiceHarness) -> None:
    harness.clock.advance(timedelta(days=2))
    assert "*No tasks ran in this period.*" in visible_text(await harness.ask("priya", "errors today"))
    fail_task(harness, PRIYA, None, 9, status="completed")
    await harness.sync()
    assert "*No failures.* 1 task ran." in visible_text(await harness.ask("priya", "errors today"))
    unknown = visible_text(await harness.ask("marcus", "errors today"))
    assert "I can't find you in Neo." in unknown
    assert "No tasks ran" not in unknown


async def test_an_unusual_status_says_itself_how_the_task_ended(closed: ServiceHarness) -> None:
    closed.settings |= {"ALERT_CHANNEL": "#neo-spend", "FAILURE_STATUSES": "error,aborted"}
    await closed.open()
    fail_task(closed, PRIYA, "x broke", status="aborted")
    await closed.sync()
    (message,) = notifications(closed.visible("marcus"))
    assert "*1 task failed: ended as aborted.* opus" in visible_text(message)


async def test_hundreds_of_failures_are_one_new_message_a_tick_and_the_counts_are_right(
    harness: ServiceHarness,
) -> None:
    for number in range(300):
        fail_task(
            harness, (PRIYA, MARCUS)[number % 2], f"step {chr(97 + number % 7) * 3} broke at 10.0.0.{number}:44", 1
        )
    await harness.sync()
    parents = [each for each in notifications(harness.visible("marcus")) if each.thread_ts is None]
    assert len(parents) == 1
    assert "*300 tasks failed in 7 different ways.* 2 members, $300.00 so far" in visible_text(parents[0])
    assert len(notification_keys(harness.visible("marcus"))) == len(set(notification_keys(harness.visible("marcus"))))


async def test_a_guest_is_refused(harness: ServiceHarness) -> None:
    assert "guest" in visible_text(await harness.ask("gil", "errors", GUEST_CHANNEL))


async def test_without_an_alert_channel_operators_hear_of_it_with_the_error(closed: ServiceHarness) -> None:
    await closed.open()
    fail_task(closed, PRIYA, SECRET)
    await closed.sync()
    (message,) = [
        each for each in notifications(closed.dm("hannah")) if "1 task failed: sign-in refused" in visible_text(each)
    ]
    assert SECRET in visible_text(message)


# --- failures that change, silences that end, clocks that ran ahead -------------------------------


def run(harness: ServiceHarness, took: int | None, error: str, **others: Any) -> Stream:
    """A run that has just failed, of a known or unknown length in milliseconds."""
    begun = harness.clock() - timedelta(hours=1) - SECOND
    values: dict[str, Any] = {"credits": Decimal("0.1"), "status": "error", **others}
    return Stream(begun, begun + timedelta(hours=1), total_ms=took, error_message=error, **values)


@pytest.mark.parametrize("took", [3_600_000, None])
async def test_a_task_that_fails_again_is_reported_again_and_what_is_closed_counts_on_as_it_was(
    harness: ServiceHarness, took: int | None
) -> None:
    task = SimTask.of("t-a", run(harness, took, "x broke"), email=PRIYA, model="opus")
    harness.neo.world.add(task)
    fail_task(harness, MARCUS, "x broke")
    await harness.sync()
    harness.clock.advance(timedelta(days=2))
    await harness.sync()
    harness.neo.world.add(task.with_stream(run(harness, took, "x broke")))
    await harness.sync()
    first, second = notifications(harness.visible("marcus"))
    assert "2 tasks failed" in visible_text(first)
    assert "*1 task failed" in visible_text(second)
    assert "3 of 3 tasks failed" in visible_text(await harness.ask("hannah", "errors team 7d"))


@pytest.mark.parametrize("before", ["completed", "error"])
async def test_a_task_that_fails_when_it_is_continued_failed_when_that_was_seen(
    harness: ServiceHarness, before: str
) -> None:
    task = SimTask.of("t-a", run(harness, 3_600_000, "x broke", status=before), email=PRIYA, model="opus")
    harness.neo.world.add(task)
    await harness.sync()
    harness.clock.advance(timedelta(days=2))
    harness.neo.world.add(task.with_stream(run(harness, 3_600_000, "y is gone")))
    await harness.sync()
    assert f"Failed at {harness.clock():%H:%M} (UTC)." in visible_text(notifications(harness.visible("marcus"))[-1])


async def test_a_lone_task_that_fails_otherwise_leaves_a_message_that_says_so(harness: ServiceHarness) -> None:
    task = SimTask.of("t-a", run(harness, None, "x broke"), email=PRIYA, model="opus")
    harness.neo.world.add(task)
    await harness.sync()
    harness.clock.advance(timedelta(hours=3))
    harness.neo.world.add(task.with_stream(run(harness, None, "y is gone")))
    await harness.sync()
    first, second = notifications(harness.visible("marcus"))
    assert "No task is left in this alert" in visible_text(first)
    assert actions(first) == []
    assert "*1 task failed" in visible_text(second)


async def test_an_error_whose_text_comes_later_is_reported_once(harness: ServiceHarness) -> None:
    name, begun = fail_task(harness, PRIYA, None), harness.clock() - timedelta(hours=1) - SECOND
    await harness.sync()
    values = {"email": PRIYA, "model": "opus", "status": "error", "begun": begun}
    add(harness.neo.world, name, "0.1", error_message="user_spending_cap_reached", **values)
    await harness.sync()
    (message,) = notifications(harness.visible("marcus"))
    assert "spending cap in Neo is reached" in visible_text(message)
    harness.clock.advance(timedelta(minutes=5))
    fail_task(harness, MARCUS, "user_spending_cap_reached")
    await harness.sync()
    (message,) = notifications(harness.visible("marcus"))
    assert "2 tasks failed: Neo's cap reached" in visible_text(message)


@pytest.mark.parametrize("what", ["kind", "member"])
async def test_a_silenced_failure_is_reported_to_no_listener(harness: ServiceHarness, what: str) -> None:
    await harness.ask("priya", "notify errors on")
    fail_task(harness, MARCUS if what == "kind" else PRIYA, "x broke")
    await harness.sync()
    before = len(notifications(harness.dm("priya")))
    until = f"{harness.clock() + timedelta(days=2):%Y-%m-%d}"
    await silence(harness, notifications(harness.visible("marcus"))[0], what, until=until)
    harness.clock.advance(timedelta(hours=1))
    fail_task(harness, PRIYA, "x broke")
    await harness.sync()
    assert len(notifications(harness.dm("priya"))) == before


@pytest.mark.slow
async def test_after_a_silence_what_went_on_all_along_is_reported_again(harness: ServiceHarness) -> None:
    fail_task(harness, PRIYA, "x broke")
    await harness.sync()
    until = f"{harness.clock() + timedelta(days=2):%Y-%m-%d}"
    await silence(harness, notifications(harness.visible("marcus"))[0], "kind", until=until)
    for _ in range(3):
        harness.clock.advance(timedelta(hours=12))
        fail_task(harness, PRIYA, "x broke")
        await harness.sync()
    (first,) = notifications(harness.visible("marcus"))
    assert "Closed: this failure is silenced." in visible_text(first)
    assert actions(first) == ["failure_tasks"]
    report = await harness.ask("hannah", "errors team 7d")
    await harness.press("hannah", report, "failure_lift:1")
    harness.clock.advance(timedelta(hours=12))
    fail_task(harness, PRIYA, "x broke")
    await harness.sync()
    first, second = notifications(harness.visible("marcus"))
    assert "*1 task failed" in visible_text(first)
    assert "4 tasks failed the same way" in visible_text(second)


@pytest.mark.slow
async def test_the_form_that_silences_opens_on_a_summary_of_many_models(harness: ServiceHarness) -> None:
    for number in range(130):
        fail_task(harness, PRIYA, "x broke", model=f"model-{number}")
    await harness.sync()
    parent = next(each for each in notifications(harness.visible("marcus")) if each.thread_ts is None)
    await harness.slack.click("hannah", "neo-spend", parent.ts, "failure_silence")
    await harness.workspace.until(lambda: harness.workspace.view_on_top("U0HANNAH") is not None)
    view = harness.workspace.view_on_top("U0HANNAH")
    assert view is not None
    assert len(view.body["blocks"][0]["element"]["options"]) == 61


async def test_a_form_that_slack_refuses_is_answered(harness: ServiceHarness) -> None:
    fail_task(harness, PRIYA, "x broke")
    await harness.sync()
    harness.slack.faults.when(lambda call: Refuse("expired_trigger_id") if call.method == "views.open" else None)
    answer = await harness.press("hannah", notifications(harness.visible("marcus"))[0], "failure_silence")
    assert "Press the button again" in visible_text(answer)


@pytest.mark.slow
async def test_a_group_of_a_clock_that_ran_ahead_closes_all_the_same(harness: ServiceHarness) -> None:
    harness.clock.advance(timedelta(days=10))
    fail_task(harness, PRIYA, "x broke")
    await harness.sync()
    harness.clock.set_back(timedelta(days=10))
    for _ in range(3):
        harness.clock.advance(timedelta(hours=30))
        fail_task(harness, PRIYA, "x broke")
        await harness.sync()
    assert len(notifications(harness.visible("marcus"))) > 1


async def test_a_silence_of_a_clock_that_ran_ahead_silences_nothing(harness: ServiceHarness) -> None:
    fail_task(harness, PRIYA, "x broke")
    await harness.sync()
    (message,) = notifications(harness.visible("marcus"))
    harness.clock.advance(timedelta(days=300))
    await silence(harness, message, "kind", until=f"{harness.clock() + timedelta(days=5):%Y-%m-%d}")
    harness.clock.set_back(timedelta(days=300))
    harness.clock.advance(timedelta(days=2))
    fail_task(harness, PRIYA, "x broke")
    await harness.sync()
    assert len(notifications(harness.visible("marcus"))) == 2


async def test_a_failure_that_counts_as_none_any_more_closes_its_message(harness: ServiceHarness) -> None:
    fail_task(harness, PRIYA, "x broke", status="failed")
    await harness.sync()
    await harness.service.end()
    harness.settings["FAILURE_STATUSES"] = "error"
    await harness.start()
    await harness.sync()
    (message,) = notifications(harness.visible("marcus"))
    assert "its status no longer counts as failed" in visible_text(message)
    assert actions(message) == []


async def test_replies_of_a_summary_say_that_they_are_as_found(harness: ServiceHarness) -> None:
    for word in ("alpha", "beta", "gamma", "delta"):
        fail_task(harness, PRIYA, f"{word} broke")
    await harness.sync()
    parent, *replies = notifications(harness.visible("marcus"))
    assert all("This reply shows the first report." in visible_text(each) for each in replies)
    assert "This reply" not in visible_text(parent)


@pytest.mark.slow
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
@many_cases
async def test_what_neo_corrects_of_a_failure_is_no_other_failure(
    harness: ServiceHarness, corrected: dict[str, Any], hours: int
) -> None:
    await harness.ask("priya", "notify errors on")
    stream = run(harness, 3_600_000, "x broke")
    harness.neo.world.add(SimTask.of("t-a", stream, email=PRIYA, model="opus"))
    await harness.sync()
    harness.clock.advance(timedelta(hours=hours))
    await harness.sync()  # after two days its group is closed
    harness.neo.world.add(SimTask.of("t-a", replace(stream, **corrected), email=PRIYA, model="opus", title="renamed"))
    await harness.sync()
    assert len(notifications(harness.visible("marcus"))) == 1
    assert len([each for each in notifications(harness.dm("priya")) if "Your task failed" in visible_text(each)]) == 1
    assert "2 of 2 tasks failed" in visible_text(await harness.ask("hannah", "errors team 7d"))
