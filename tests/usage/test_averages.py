"""Averages: what an answer comes to for each day, task or person, with what it was divided by."""

from datetime import timedelta

import pytest

from bot.sandbox.world import START, World
from bot.usage.averages import Per, WantedAverage, wanted_average
from tests.support.harness import ServiceHarness
from tests.support.messages import visible_text
from tests.support.worlds import MARCUS, PRIYA, add

DAY, HOUR = timedelta(days=1), timedelta(hours=1)


@pytest.fixture
def world() -> World:
    """It is Monday, 2 March, 21:00. Priya spent $30 on Sunday, $20 today and an unknown amount, Marcus $10 today."""
    world = World.empty()
    add(world, "old", "1", email=PRIYA, begun=START - 18 * DAY)
    add(world, "hers", "3", email=PRIYA, begun=START - DAY)
    add(world, "hers-too", "2", email=PRIYA, begun=START - HOUR)
    add(world, "unknown", None, email=PRIYA, begun=START - HOUR)
    add(world, "his", "1", email=MARCUS, begun=START - HOUR, model="haiku")
    return world


@pytest.mark.parametrize(
    ("line", "per", "rest"),
    [
        ("how much is that a day", Per.DAY, ""),
        ("how much is it per person?", Per.PERSON, ""),
        ("what does that come to per week", Per.WEEK, ""),
        ("how much is that per task on average", Per.TASK, ""),
        ("what is that on average", None, ""),
        ("on average", None, ""),
        ("average", None, ""),
        ("what does a task cost on average", Per.TASK, ""),
        ("average cost per task last week", Per.TASK, "cost last week"),
        ("what's our average daily spend", Per.DAY, "what's our spend"),
        ("how much does marcus cost us on average per week", Per.WEEK, "how much does marcus cost us"),
        ("avg per day in november", Per.DAY, "in november"),
    ],
)
def test_an_average_is_asked_for_of_the_answer_before_or_of_what_the_line_says(
    line: str, per: Per | None, rest: str
) -> None:
    points = not rest and bool({"that", "it"} & set(line.split()))
    assert wanted_average(line) == WantedAverage(per, rest, points)


@pytest.mark.parametrize(
    "line",
    ["how much do we spend a day", "per day", "and by day", "that day", "how much did that cost", "team last week"],
)
def test_a_list_of_days_is_none(line: str) -> None:
    assert wanted_average(line) is None


async def said(harness: ServiceHarness, *lines: str, user: str = "hannah") -> str:
    return [visible_text(await harness.ask(user, line)) for line in lines][-1]


@pytest.mark.parametrize(
    ("line", "average"),
    [
        ("how much is that a day", "*$30.00 a day on average*: $60.00 divided by 2 days so far, today included"),
        ("what is that per task", "*$20.00 a task on average*: $60.00 divided by 3 tasks"),
        ("how much is it per person", "*$30.00 a person on average*: $60.00 divided by 2 people"),
    ],
)
async def test_it_says_what_the_last_answer_was_divided_by(harness: ServiceHarness, line: str, average: str) -> None:
    text = await said(harness, "team", line)
    unknown = "\n1 task with unknown cost isn't counted." if "task" in line else ""
    assert f"\n{average}" in text
    assert unknown in text
    assert "*The whole team spent $60.00* (6.00 credits) · 4 tasks, 1 with unknown cost" in text


async def test_without_a_unit_it_is_for_a_day_and_for_a_task(harness: ServiceHarness) -> None:
    text = await said(harness, "team", "what is that on average")
    assert "\n*$30.00 a day on average*: $60.00 divided by 2 days so far, today included\n*$20.00 a task on" in text


async def test_it_is_asked_for_with_a_question_of_its_own(harness: ServiceHarness) -> None:
    text = await said(harness, "average cost per task of the team today")
    assert "*$15.00 a task on average*: $30.00 divided by 2 tasks" in text
    assert "*$30.00 a day on average*: $30.00 divided by 1 day\n" in await said(harness, "our average a day yesterday")
    text = await said(harness, "average per day of priya this month")
    assert "*$25.00 a day on average*: $50.00 divided by 2 days so far, today included" in text


async def test_a_member_is_told_of_their_own(harness: ServiceHarness) -> None:
    text = await said(harness, "this month", "how much is that a day", user="priya")
    assert "*$25.00 a day on average*: $50.00 divided by 2 days so far, today included" in text
    assert "That is one person's spend: $50.00." in await said(harness, "how much is that per person", user="priya")
    assert "Only operators can see" in await said(harness, "our average a day", user="priya")


@pytest.mark.parametrize(
    ("before", "line", "why"),
    [
        ("team this month", "how much is that per week", "Mar 1–2 is less than a week so far"),
        ("team 24h", "how much is that a day", "I average whole days, and that is about hours."),
        ("team from:2020-01", "how much is that a day", "I don't have all of that time"),
        ("team 2026-02-20", "how much is that a day", "There is no spend to average: Feb 20 has no task."),
        ("rows team model:nothing", "how much is it per task", "There is no spend to average"),
    ],
)
async def test_what_has_no_average_is_said(harness: ServiceHarness, before: str, line: str, why: str) -> None:
    assert why in await said(harness, before, line)


async def test_it_points_to_nothing_without_an_answer(harness: ServiceHarness) -> None:
    assert "I don't know which answer you mean." in await said(harness, "how much is that a day")
