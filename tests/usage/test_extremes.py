"""Extremes: every payload is one that Slack takes, at any size, and what is cut is said to the cent."""

import re
from datetime import date, timedelta

import pytest

from bot.sandbox.world import START, World
from tests.support.harness import ServiceHarness
from tests.support.messages import table, visible_text
from tests.support.worlds import add

pytestmark = pytest.mark.slow

LONG = "n" * 490
PEOPLE, MODELS = 2_000, 100


@pytest.fixture
def world() -> World:
    world = World.empty()
    for number in range(PEOPLE):
        begun = START - timedelta(hours=4, minutes=number % 4_000 * 6)
        email = f"{LONG}{number}@acme.example" if number % 7 == 0 else f"p{number}@acme.example"
        tools = {f"tool-{i}-{LONG}": (i + 1, 1_000) for i in range(300)} if number == 0 else {"bash": (1, 10)}
        ended = (
            {"status": "failed", "error_message": f"{number} {LONG * 10}"}
            if number % 40 == 1
            else {"status": "completed"}
        )
        add(
            world, f"{number:08x}", f"0.{number % 900 + 1:04}", email=email, model=f"{number % MODELS}-{LONG}",
            title=LONG, tools=tools, begun=begun, **ended,
        )  # fmt: skip
    return world


def dollars(text: str) -> int:
    """The cents of an amount as shown."""
    return round(float(text.replace("$", "").replace(",", "")) * 100)


LINES = (
    "team", "team 14d by:member", "team 14d by:model", "team 14d by:member,model", "team 14d by:day,member",
    "team 14d by:day", "team 14d by:week,model", "team 14d rows", "team rows top:1000", "team 14d by:tool",
    "task:00000000", "team today", "team search:nothing", "status", "help", "team by:member top:5",
    "team by:member sort:name", "link", "team model:" + "x" * 2_500, "", "budgets", "errors team", "overview team",
    "subscriptions", "explain team", f"team search:{'y' * 400} 3/6 10/11", "balance", "reconcile", "snooze until 3/6",
)  # fmt: skip


async def test_every_answer_is_taken_as_it_is(harness: ServiceHarness) -> None:
    await harness.ask("hannah", "budget default 1/day")  # which everybody has passed
    for line in LINES:
        await harness.ask("hannah", line)
    refused = [call.answer for call in harness.slack.log if call.answer and call.answer.get("ok") is False]
    assert refused == []


async def test_what_is_cut_is_said_to_the_cent(harness: ServiceHarness) -> None:
    for grouping, word in (("by:member", "others"), ("by:model", "others"), ("rows", "other tasks")):
        answer = await harness.ask("hannah", f"team 14d {grouping}")
        rows = table(answer)
        place = rows[0].index("Spend in period" if grouping == "rows" else "Spend")
        kept = sum(dollars(row[place]) for row in rows[1:])
        cut = re.search(rf"and ([\d,]+) {word}, (\$[\d,.]+\d)", visible_text(answer))
        total = re.search(r"spent (\$[\d,.]+)\*", visible_text(answer))
        assert cut is not None
        assert total is not None
        of = {"others": PEOPLE if grouping == "by:member" else MODELS, "other tasks": PEOPLE}[word]
        assert len(rows) - 1 + int(cut[1].replace(",", "")) == of
        # amounts are shown to the cent, each rounded by itself
        assert abs(kept + dollars(cut[2]) - dollars(total[1])) <= len(rows) / 2


async def test_of_many_days_the_latest_are_shown(harness: ServiceHarness) -> None:
    answer = await harness.ask("hannah", "team 14d by:day,model")
    days = [date.fromisoformat(row[0]) for row in table(answer)[1:]]
    assert days == sorted(days)
    assert days[-1] == (START - timedelta(hours=4)).date()
    assert "earlier" in visible_text(answer)


async def test_a_filter_longer_than_a_button_holds_is_answered_without_buttons_for_it(harness: ServiceHarness) -> None:
    answer = await harness.ask("hannah", "team model:" + "x" * 2_500)
    assert "No tasks match" in visible_text(answer)


async def test_nothing_at_all_says_why(harness: ServiceHarness) -> None:
    answer = await harness.ask("hannah", "team search:nothing-at-all")
    assert "No tasks match. Try without `search:nothing-at-all`: `team`" in visible_text(answer)
    said = visible_text(await harness.ask("priya", "7d"))
    assert "I can't find you in Neo: it has no tasks of priya.raman@acme.example." in said
    assert "ask <@U0HANNAH> to `link` you" in said
