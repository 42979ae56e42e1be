"""What failed means: the statuses of the setting, in every text and every number alike."""

import json
import re

import pytest

from bot.failures.report import error_document
from bot.sandbox.world import START, World
from bot.usage.report_document import to_json
from tests.support.app import errors_of, report_of, show_digest
from tests.support.harness import ServiceHarness
from tests.support.messages import visible_text
from tests.support.worlds import HOUR, add

PRIYA, MARCUS = "priya.raman@acme.example", "marcus.delgado@acme.example"
YESTERDAY = START - 12 * HOUR


@pytest.fixture
def world() -> World:
    """Of a day before: one completed, one failed, two blocked, and one blocked whose cost nobody knows."""
    world = World.empty()
    add(world, "fine", "1", email=PRIYA, begun=YESTERDAY)
    add(world, "bad", "2", email=PRIYA, status="FAILED", error_message="boom", begun=YESTERDAY)
    add(world, "stuck-1", "3", email=PRIYA, status="blocked", begun=YESTERDAY)
    add(world, "stuck-2", "4", email=MARCUS, status="Blocked", begun=YESTERDAY)
    add(world, "stuck-3", None, email=MARCUS, status="blocked", begun=YESTERDAY)
    return world


@pytest.fixture(params=["error,failed", "error,failed,blocked", "blocked"])
async def counted(request: pytest.FixtureRequest, closed: ServiceHarness) -> tuple[ServiceHarness, int, str]:
    """The harness under a setting, with how many tasks failed by it and what they cost."""
    closed.settings |= {"FAILURE_STATUSES": request.param, "DIGEST_CHANNEL": "#neo-spend"}
    await closed.open()
    expected = {"error,failed": (1, "20.00"), "error,failed,blocked": (4, "90.00"), "blocked": (3, "70.00")}
    return closed, *expected[request.param]


async def test_every_answer_the_digest_and_app_home_count_the_same_failures(
    counted: tuple[ServiceHarness, int, str],
) -> None:
    harness, failed, spent = counted
    answer = visible_text(await harness.ask("hannah", "team 2026-03-01"))
    assert f"{failed} failed" in answer, answer
    assert f"${spent}" in answer
    errors = visible_text(await harness.ask("hannah", "errors team 2026-03-01"))
    assert f"{failed} of 5 tasks failed" in errors, errors
    assert f"cost ${spent} in this period" in errors
    digest = await harness.ask("hannah", "digest 2026-03-02")
    headline, part = (
        re.search(r"(\d+) failed", digest.text),
        re.search(r"\*(\d+) tasks? failed\.\*", visible_text(digest)),
    )
    assert headline is not None
    assert part is not None
    assert (int(headline[1]), int(part[1])) == (failed, failed)
    await harness.slack.open_home("hannah")
    await harness.idle()
    home = harness.workspace.home_of(harness.workspace.user("hannah").id)
    assert home is not None
    assert f"{failed} failed (${spent} this month)" in json.dumps(home.body)


async def test_files_and_the_terminal_count_them_so_too(counted: tuple[ServiceHarness, int, str]) -> None:
    harness, failed, spent = counted
    app = harness.app()
    total = json.loads(to_json(report_of(app, "team 2026-03-01")))["total"]
    assert (total["failed_tasks"], total["failed_usd"]) == (failed, f"{spent}0000000")
    errors = error_document(errors_of(app, "team 2026-03-01"))
    assert (errors["failed_tasks"], errors["failed_usd"]) == (failed, f"{spent}0000000")
    assert sum(each["tasks"] for each in errors["groups"]) == failed
    for parts in (errors["by_model"], errors["by_member"]):
        assert sum(each["failed_tasks"] for each in parts) == failed
    assert f"{failed} failed" in show_digest(app, "2026-03-02")


async def test_the_lines_that_help_offers_list_what_failed(counted: tuple[ServiceHarness, int, str]) -> None:
    harness, failed, _ = counted
    told = visible_text(await harness.ask("hannah", "help"))
    line = re.search(r"`/neo-usage (team yesterday status:\S+ rows)`", told)
    assert line is not None, told
    rows = report_of(harness.app(), line[1])
    assert len(rows.rows) == failed


@pytest.mark.slow
async def test_another_setting_counts_the_past_anew_and_tells_nobody(closed: ServiceHarness) -> None:
    closed.settings["ALERT_CHANNEL"] = "#neo-spend"
    await closed.open()
    before = len(closed.visible("hannah"))
    assert "1 of 5 tasks failed" in visible_text(await closed.ask("hannah", "errors team 2026-03-01"))
    await closed.service.end()
    closed.settings["FAILURE_STATUSES"] = "blocked"
    app = closed.app()
    assert report_of(app, "team 2026-03-01").total.failed_tasks == errors_of(app, "team 2026-03-01").failed == 3
    await closed.start()
    await closed.sync()
    assert "3 of 5 tasks failed" in visible_text(await closed.ask("hannah", "errors team 2026-03-01"))
    assert not [each for each in closed.visible("hannah")[before:] if each.metadata]
