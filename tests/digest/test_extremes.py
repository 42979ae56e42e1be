"""Extremes of digests and alerts: Slack takes each message as it is, and what is cut is counted."""

import re
from datetime import timedelta

import pytest

from bot.sandbox.world import START, World
from tests.support.app_home import opened, seen
from tests.support.harness import Office
from tests.support.messages import digests, shown
from tests.support.worlds import add

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


def refused(office: Office) -> list[object]:
    return [call.answer for call in office.slack.log if call.answer and call.answer.get("ok") is False]


@pytest.fixture
def world() -> World:
    return World.empty()


async def test_a_large_team_with_everything_going_wrong(closed: Office) -> None:
    closed.settings |= {"ALERT_CHANNEL": "#neo-spend", "DIGEST_CHANNEL": "#neo-spend", "SHOW_TITLES": "channel"}
    add(closed.neo.world, "first", "1", email="p1@acme.example", begun=START - 200 * HOUR)
    await closed.open()
    for task in filled(300).tasks(START + 400 * HOUR):
        closed.neo.world.add(task)
    await closed.sync()
    await closed.ask("hannah", "budget default 0.01/month")
    await closed.delivered()
    assert any("members are above a step of the new default budget" in shown(each) for each in closed.seen("marcus"))
    for _ in range(4):
        closed.clock.advance(3.25 * HOUR)
        await closed.sync()
    (digest,) = digests(closed.seen("marcus"))
    text = shown(digest)
    assert "2,000 tasks of 2,000 members" in text
    assert "1,995 members more" in text
    assert "95 models more" in text
    assert "295 other kinds" in text
    assert re.findall(r"and ([\d,]+) more: `budgets`", text) == ["1,968", "1"]  # over, and near
    summary = next(shown(each) for each in closed.seen("marcus") if "300 new kinds of failure" in shown(each))
    assert "and 290 more" in summary
    assert "The thread holds the 20 largest" in summary
    await opened(closed, "hannah")
    assert "and 1,96" in seen(closed, "hannah")
    for line in ("errors team this month", "digest", "budgets", "explain team"):
        await closed.ask("hannah", line)
    assert refused(closed) == []


async def test_an_empty_team(closed: Office) -> None:
    closed.settings |= {"ALERT_CHANNEL": "#neo-spend", "DIGEST_CHANNEL": "#neo-spend"}
    await closed.open()
    for _ in range(4):
        closed.clock.advance(3.25 * HOUR)
        await closed.sync()
    (digest,) = digests(closed.seen("marcus"))
    assert "Nothing was spent on Mon 2 Mar" in shown(digest)
    assert "I find no task of yours in Neo" in await opened(closed, "hannah")
    assert "No task ran there" in shown(await closed.ask("hannah", "errors team"))
    assert refused(closed) == []
