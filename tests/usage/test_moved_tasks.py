"""Tasks that change hands: each owner sees what was charged to them, and of the task only what is theirs now."""

import json
import re
from datetime import timedelta

import pytest

from bot.sandbox.world import START, World
from tests.support.app import merge
from tests.support.app_home import open_home
from tests.support.harness import ServiceHarness
from tests.support.messages import actions, notifications, table, text_of, visible_text
from tests.support.worlds import HOUR, add

PRIYA, MARCUS = "priya.raman@acme.example", "marcus.delgado@acme.example"
THEIRS = ("secret-title", "secret-error", "secret-model", "secret-tool", "blocked-by-secret", MARCUS)
BEFORE = ("first-title", "first-error", "first-model", "first-tool", PRIYA)
LATE = timedelta(minutes=20)


@pytest.fixture
def world() -> World:
    world = World.empty()
    hers = {"title": "first-title", "model": "first-model", "status": "failed", "error_message": "first-error"}
    add(world, "moved-1", "1", email=PRIYA, begun=START - 5 * HOUR, tools={"first-tool": (2, 10)}, **hers)
    add(world, "kept-1", "2", email=PRIYA, begun=START - 4 * HOUR, title="kept", model="opus")
    return world


@pytest.fixture
async def harness(closed: ServiceHarness) -> ServiceHarness:
    """The task is hers, then it costs ten times as much, fails in another way, and is his."""
    closed.settings["ALERT_CHANNEL"] = "#neo-spend"
    await closed.open()
    await closed.ask("hannah", "budget @priya 80/month")
    await closed.ask("hannah", "budget @marcus 60/month")
    await move(closed)
    return closed


async def move(harness: ServiceHarness) -> None:
    his = {"title": "secret-title", "model": "secret-model", "status": "failed", "error_message": "secret-error"}
    tools = {"secret-tool": (3, 900)}
    add(harness.neo.world, "moved-1", "10", email=MARCUS, begun=START - 5 * HOUR, tools=tools, **his)
    harness.clock.advance(LATE)
    await harness.sync()


def hides(said: str, secrets: tuple[str, ...]) -> None:
    assert not [each for each in secrets if each in said], said


LINES = (
    "", "rows", "rows sort:name", "task:moved-1", "task:mov", "by:model", "by:status", "by:tool", "by:agent", "by:day",
    "by:model,status", "7d status:failed", "7d -status:failed", "7d model:secret", "7d model:first-model", "errors",
    "errors 7d", "search:moved", "budgets", "explain",
)  # fmt: skip


@pytest.mark.slow
async def test_a_former_owner_sees_amounts_and_days_alone(harness: ServiceHarness) -> None:
    for line in LINES:
        hides(text_of(await harness.ask("priya", line)), (*THEIRS[:4], MARCUS) if "secret" not in line else (MARCUS,))
    hides(await open_home(harness, "priya"), THEIRS)
    assert "*$30.00* (3.00 credits) in March so far · 2 tasks" in visible_text(await harness.ask("priya"))
    assert table(await harness.ask("priya", "by:model"))[1:] == [
        ["opus", "$20.00", "67%", "1"],
        ["moved", "$10.00", "33%", "1"],
    ]
    assert table(await harness.ask("priya", "rows"))[2] == [
        "–", "$10.00", "moved", "moved", "2026-03-02 04:00", "moved-1",
    ]  # fmt: skip


async def test_a_former_owner_may_ask_for_the_task_by_its_id(harness: ServiceHarness) -> None:
    said = visible_text(await harness.ask("priya", "task:moved-1"))
    assert "This task belongs to somebody else now" in said
    assert re.search(r"Mar 2, 04:00: \$10\.00\n", said)
    assert "$90.00" not in said


@pytest.mark.slow
async def test_no_filter_reveals_what_it_is_now(harness: ServiceHarness) -> None:
    for line in ("7d model:secret-model", "7d status:failed", "7d byok:yes", "7d byok:no model:first-model"):
        assert "*You spent $0.00* (0.00 credits) · 0 tasks" in visible_text(await harness.ask("priya", line)), line


@pytest.mark.slow
async def test_a_csv_file_reveals_no_more_than_the_answer(harness: ServiceHarness) -> None:
    await harness.ask("priya", "rows csv")
    (message,) = [each for each in harness.dm("priya") if each.files]
    content = harness.workspace.files[message.files[0]].content.decode()
    hides(content, THEIRS)
    assert f"moved-1,2026-03-02T04:00:00Z,{PRIYA},moved,moved,,10.000000000" in content


@pytest.mark.slow
async def test_the_new_owner_sees_the_task_and_what_was_charged_to_them(harness: ServiceHarness) -> None:
    detail = visible_text(await harness.ask("marcus", "task:moved-1"))
    assert "secret-title" in detail
    assert "$90.00" in detail
    hides(detail, ("$100.00", "$10.00", *BEFORE))
    for line in LINES:
        hides(text_of(await harness.ask("marcus", line)), (*BEFORE[:2], BEFORE[3], PRIYA, "$100.00"))
    said = visible_text(await harness.ask("marcus", "errors"))
    assert "*1 of 1 task failed (100%).*" in said
    assert "$90.00" in said
    hides(await open_home(harness, "marcus"), (*BEFORE, "$100.00"))


async def test_causes_name_nothing_that_is_somebody_elses_now(harness: ServiceHarness) -> None:
    add(harness.neo.world, "more-1", "2", email=PRIYA, begun=START + 10 * HOUR, title="more", model="opus")
    harness.clock.advance(HOUR)
    await harness.sync()
    said = json.dumps([text_of(each) for each in notifications(harness.dm("priya"))])
    hides(said, THEIRS)
    assert "a task that now belongs to someone else" in said
    assert any("secret-title" in text_of(each) for each in notifications(harness.dm("marcus")))


async def test_the_present_owner_is_notified_of_failures(closed: ServiceHarness) -> None:
    add(closed.neo.world, "his-1", "1", email=MARCUS)
    await closed.open()
    for user in ("priya", "marcus"):
        await closed.ask(user, "notify errors on")
    error = {"model": "first-model", "status": "failed", "error_message": "first-error", "title": "first-title"}
    add(closed.neo.world, "moved-2", "1", email=PRIYA, begun=START + 9 * HOUR, **error)
    closed.clock.advance(LATE)
    await closed.sync()
    assert "first-error" in failures(closed, "priya")
    again = {**error, "error_message": "secret-error", "title": "secret-title"}
    add(closed.neo.world, "moved-2", "5", email=MARCUS, begun=START + 9 * HOUR, **again)
    closed.clock.advance(LATE)
    await closed.sync()
    hides(failures(closed, "priya"), (*THEIRS, "$50.00", "$40.00"))
    assert "secret-error" in failures(closed, "marcus")
    assert "$40.00 so far" in failures(closed, "marcus")
    (message,) = [each for each in notifications(closed.dm("marcus")) if "failure_tasks" in actions(each)]
    listed = visible_text(await closed.press("marcus", message, "failure_tasks", closed.workspace.im_of("U0MARCUS").id))
    assert "$40.00" in listed
    hides(listed, ("$50.00", PRIYA))


def failures(harness: ServiceHarness, user: str) -> str:
    """What somebody's direct messages say of failures."""
    return "\n".join(visible_text(each) for each in notifications(harness.dm(user)) if "failure_tasks" in actions(each))


@pytest.mark.slow
async def test_a_merged_member_is_the_same_owner(harness: ServiceHarness) -> None:
    with harness.service.database.transaction() as connection:
        merge(harness.service.app, harness.service.database, connection, MARCUS, PRIYA)
    await harness.deliver()  # what the merge notifies of comes before the answers
    said = visible_text(await harness.ask("priya", "task:moved-1"))
    assert "secret-title" in said
    assert "$100.00" in said
    assert "moved" not in [row[0] for row in table(await harness.ask("priya", "by:model"))]
    for user in ("priya", "marcus"):
        assert "*$120.00* (12.00 credits) in March so far · 2 tasks" in visible_text(await harness.ask(user))
        for line in ("this month", f"email:{MARCUS}", f"email:{PRIYA}"):
            assert "spent $120.00* (12.00 credits) · 2 tasks" in visible_text(await harness.ask(user, line))


async def test_operators_see_the_task_as_it_is(harness: ServiceHarness) -> None:
    said = visible_text(await harness.ask("hannah", "task:moved-1"))
    assert "secret-title" in said
    assert "$100.00" in said
    assert "secret-model" in visible_text(await harness.ask("hannah", f"email:{PRIYA} by:model"))
