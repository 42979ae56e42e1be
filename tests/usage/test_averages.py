"""Averages: what an answer comes to for each day, task or person, with what it was divided by."""

import json
from dataclasses import replace
from datetime import timedelta
from io import StringIO

import pytest
from rich.console import Console

from bot.sandbox.world import START, World
from bot.usage.averages import average_lines
from bot.usage.report_document import to_json
from bot.usage.report_printer import print_report
from tests.support.app import report_of
from tests.support.harness import ServiceHarness
from tests.support.messages import actions, visible_text
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


NONE = [
    ("team this month", "how much is that per week", "Mar 1–2 is less than a week so far"),
    ("team 24h", "how much is that a day", "I average whole days, and that is about hours."),
    ("team 2026-02-20", "how much is that a day", "There is no spend to average: Feb 20 has no task."),
    ("rows team model:nothing", "how much is it per task", "There is no spend to average"),
]


async def test_what_has_no_average_is_said(harness: ServiceHarness) -> None:
    for before, line, why in NONE:
        assert why in await said(harness, before, line)


async def test_it_points_to_nothing_without_an_answer(harness: ServiceHarness) -> None:
    assert "I don't know which answer you mean." in await said(harness, "how much is that a day")
    assert "I don't know which answer you mean." in await said(harness, "what is it on average")


MEANT = [
    ("what does an average task on haiku cost", "model:haiku average:task"),
    ("how much is an average day for priya", f"email:{PRIYA} average:day"),
    ("what does an average user spend this month", "team this month average:member"),
    ("what's my average daily spend", "average:day"),
    ("average per day of the team except @marcus", f"team -email:{MARCUS} average:day"),
    ("average cost of haiku", "model:haiku average:day,task"),
    ("average spend of the team by day", "team by:day average:day,task"),
]


async def test_no_word_beside_it_is_dropped_whatever_was_asked_before(harness: ServiceHarness) -> None:
    for line, meant in MEANT:
        assert (await said(harness, "team yesterday", line)).startswith(f"Understood as `{meant}`\n")
        if "@" not in line:
            assert report_of(harness.service.app, line).query == meant


REFUSED = [
    ("which model has the highest average cost per task", "I average the total of an answer, not each of its groups"),
    ("average cost per task by model", "I average the total of an answer, not each of its groups"),
    ("who spent more than average", "I average the total of an answer, not each of its groups"),
    ("compare priya and marcus on average", "I average the total of an answer, not each of its groups"),
    ("cost per task by model", "I average the total of an answer, not each of its groups"),
    ("average spend per person per day", "I average for each of one thing at a time."),
    ("how many tasks a day on average", "I average spend, not the number of tasks."),
    ("average tasks per day", "I average spend, not the number of tasks."),
    ("average per day last week csv", "I can't put an average in a file."),
    ("what does the average monday cost", "I average all days of a time, not one kind of day."),
    ("median cost per task", "I know averages, but not medians."),
    ("team average:task by:model", "I average the total, not each model."),
    ("team average:task rows", "I average the total, and a list of tasks has each task's cost."),
    ("errors average per day", "`errors` has no averages."),
    ("average:model", 'I can\'t average for each "model".'),
    ("what does that mean?", "I can't explain single words."),
    ("what do you mean", "I can't explain single words."),
    ("what does credits mean", "I can't explain single words."),
]


async def test_what_it_cannot_average_is_said_and_nothing_else_is_answered(harness: ServiceHarness) -> None:
    await harness.ask("hannah", "team this month")
    for line, why in REFUSED:
        assert (await said(harness, line)).startswith(why), line


ASKED_BACK = [
    ("show that per person", "team this month by:member"),
    ("show it for each day", "team this month by:day"),
    ("what does that cost on average with haiku", "team this month model:haiku average:day,task"),
]


async def test_what_points_to_the_answer_and_says_more_is_asked_back(harness: ServiceHarness) -> None:
    for line, meant in ASKED_BACK:
        await harness.ask("hannah", "team this month")
        answer = await harness.ask("hannah", line)
        assert f"• `{meant}`" in visible_text(answer)
        assert actions(answer)[0] == "ask:choice1"


async def test_exact_language_means_itself_after_an_answer_too(harness: ServiceHarness) -> None:
    for words in ("the average task list", "cost of it all", "how much is that a day", "the week before"):
        assert "No tasks match." in await said(harness, "team this month", f'team search:"{words}"')


async def test_the_answer_after_it_keeps_it_as_far_as_it_can(harness: ServiceHarness) -> None:
    await harness.ask("hannah", "team today average per task")
    assert "Understood as `team yesterday average:task`" in await said(harness, "and the day before")
    assert "• `team yesterday by:model`" in await said(harness, "and by model")


async def test_who_is_not_known_and_whose_cost_is_unknown_is_no_person(harness: ServiceHarness) -> None:
    then = START - 2 * DAY
    for name, credits_used, email in (
        ("nobody's", "2", None), ("hers", "3", PRIYA), ("his", "1", MARCUS), ("mei's", None, "mei@acme.example")
    ):  # fmt: skip
        add(harness.neo.world, f"then-{name}", credits_used, email=email, begun=then)
    await harness.sync()
    text = await said(harness, "average per person of the team on 2026-02-28")
    assert "*$20.00 a person on average*: $40.00 divided by 2 people\n" in text
    assert "$20.00 of removed or unknown members isn't counted." in text
    assert "1 person with unknown cost isn't counted." in text


async def test_whole_weeks_and_months_are_counted_and_of_others_the_days(harness: ServiceHarness) -> None:
    february = report_of(harness.service.app, "last month average:month,week,day")
    assert average_lines(replace(february, complete=True)) == [
        "$10.00 a month on average: $10.00 divided by 1 month",
        "$2.50 a week on average: $10.00 divided by 4 weeks",
        "$0.36 a day on average: $10.00 divided by 28 days",
    ]
    days = report_of(harness.service.app, "30d average:month,week")
    assert average_lines(replace(days, complete=True)) == [
        "$70.00 for 30 days on average: $70.00 divided by 30 days so far, today included, times 30",
        "$16.33 a week on average: $70.00 divided by 30 days so far, today included, times 7",
        "1 task with unknown cost isn't counted.",
    ]
    assert average_lines(report_of(harness.service.app, "from:2019-01 average:day"))[0].startswith(
        "I don't have all of that time"
    )
    assert average_lines(report_of(harness.service.app, "2019-01 average:day")) == [
        "I haven't read this period from Neo yet. So there is no average yet."
    ]


async def test_the_terminal_has_them_too(harness: ServiceHarness) -> None:
    report, printed = report_of(harness.service.app, "average per day this month"), StringIO()
    print_report(report, Console(file=printed, width=200), harness.clock(), DAY)
    assert "$30.00 a day on average: $60.00 divided by 2 days so far, today included\n" in printed.getvalue()
    data = json.loads(to_json(report_of(harness.service.app, "this month average:day,week")))["averages"]
    assert data == [
        {"per": "day", "spend_usd": "30.000000000", "total_usd": "60.000000000", "times": 1, "divided_by": 2},
        {"per": "week", "spend_usd": None, "reason": data[1]["reason"]},
    ]
    assert data[1]["reason"].startswith("Mar 1–2 is less than a week so far")


async def test_they_are_shared_and_posted_on_a_schedule(harness: ServiceHarness) -> None:
    answer = await harness.ask("hannah", "team this month average:day")
    await harness.press("hannah", answer, "share")
    assert "*$30.00 a day on average*" in visible_text(harness.visible("marcus")[-1])
    subscribed = await said(harness, "subscribe average per day of the team last week every monday 09:00")
    assert "I'll post `team last week average:day` here every Monday at 09:00" in subscribed
