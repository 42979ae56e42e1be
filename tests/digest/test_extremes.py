"""Extremes of digests and alerts: Slack takes each message as it is, and what is cut is counted."""

import re
from datetime import timedelta

import pytest

from bot.sandbox.world import START, World
from tests.support.app_home import home_text, open_home
from tests.support.harness import ServiceHarness
from tests.support.messages import digest_messages, visible_text
from tests.support.worlds import add

pytestmark = pytest.mark.slow

LONG = "n" * 490
PEOPLE, MODELS = 2_000, 100
HOUR = timedelta(hours=1)


def filled(errors: int) -> World:
    """Two thousand members and a hundred models with long names; some of their tasks failed, each in its own way."""
    world = World.empty()
    for number in range(PEOPLE):
        email = f"{LONG}{number}@acme.example" if number % 7 == 0 else f"p{number}@acme.example"
        failed = {"status": "error", "error_message": f"{_word(number)} {LONG}\n{LONG}"} if number < errors else {}
        add(
            world, f"{number:08x}", f"0.{number % 900 + 1:04}", email=email, model=f"{number % MODELS}-{LONG}",
            title=LONG, begun=START + 8 * HOUR, **failed,
        )  # fmt: skip
    return world


def _word(number: int) -> str:
    return "".join(chr(97 + number // 26**place % 26) for place in range(4))


def refused(harness: ServiceHarness) -> list[object]:
    return [call.answer for call in harness.slack.log if call.answer and call.answer.get("ok") is False]


@pytest.fixture
def world() -> World:
    return World.empty()


@pytest.mark.long
async def test_a_large_team_with_everything_going_wrong(closed: ServiceHarness) -> None:
    closed.settings |= {"ALERT_CHANNEL": "#neo-spend", "DIGEST_CHANNEL": "#neo-spend", "SHOW_TITLES": "channel"}
    add(closed.neo.world, "first", "1", email="p1@acme.example", begun=START - 200 * HOUR)
    await closed.open()
    for task in filled(300).tasks(START + 400 * HOUR):
        closed.neo.world.add(task)
    await closed.sync()
    await closed.ask("hannah", "budget default 0.01/month")
    await closed.deliver()
    assert any(
        "members are already past a step of the new default budget" in visible_text(each)
        for each in closed.visible("marcus")
    )
    for _ in range(4):
        closed.clock.advance(3.25 * HOUR)
        await closed.sync()
    (digest,) = digest_messages(closed.visible("marcus"))
    text = visible_text(digest)
    assert "2,000 tasks by 2,000 members" in text
    assert "1,995 more members" in text
    assert "95 more models" in text
    assert "more kinds. See them all with `errors team 2026-03-02`" in text
    assert re.findall(r"and ([\d,]+) more\. See them all with `budgets`", text) == ["1,968", "1"]  # over, and near
    summary = next(
        visible_text(each) for each in closed.visible("marcus") if "failed in 300 different ways" in visible_text(each)
    )
    assert "and 290 more" in summary
    assert "The thread shows the 20 largest" in summary
    await open_home(closed, "hannah")
    assert re.search(r"1,96\d more: `budgets` lists them all", home_text(closed, "hannah"))
    for line in ("errors team this month", "digest", "budgets", "explain team"):
        await closed.ask("hannah", line)
    assert refused(closed) == []


async def test_an_empty_team(closed: ServiceHarness) -> None:
    closed.settings |= {"ALERT_CHANNEL": "#neo-spend", "DIGEST_CHANNEL": "#neo-spend"}
    await closed.open()
    for _ in range(4):
        closed.clock.advance(3.25 * HOUR)
        await closed.sync()
    (digest,) = digest_messages(closed.visible("marcus"))
    assert "Mon, Mar 2: no spend." in visible_text(digest)
    assert "You have no tasks in Neo." in await open_home(closed, "hannah")
    assert "No tasks ran in this period" in visible_text(await closed.ask("hannah", "errors team"))
    assert refused(closed) == []
