"""Lines that are nothing without the question before them, through the front door."""

from datetime import UTC, datetime

import pytest

from bot.domain.periods import Unit
from bot.domain.query.errors import QueryError
from bot.domain.query.parser import parse
from bot.domain.query.question import Question, describe
from bot.sandbox.world import World
from bot.usage.continuation import Compared, Continuation, Earlier, Same, Usual, continuation_of
from bot.usage.earlier_question import earlier_question, side_by_side
from tests.support.harness import ServiceHarness
from tests.support.messages import actions, visible_text
from tests.support.worlds import generated_world

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)  # a Sunday
WEEK, MONTH, DAY = Earlier(Unit.WEEK), Earlier(Unit.MONTH), Earlier(Unit.DAY)


@pytest.fixture
def world() -> World:
    return generated_world()


@pytest.mark.parametrize(
    ("line", "continuation"),
    [
        ("and the week before", WEEK),
        ("the week before?", WEEK),
        ("what about the week before that", WEEK),
        ("and how was the week before", WEEK),
        ("the month before that", MONTH),
        ("and in the month before", MONTH),
        ("and the day before", DAY),
        ("the previous day", DAY),
        ("and before that", Earlier(None)),
        ("before that?", Earlier(None)),
        ("and the one before", Earlier(None)),
        ("the previous one", Earlier(None)),
        ("what about the previous period", Earlier(None)),
        ("same for last month", Same("last month")),
        ("the same for october please", Same("october please")),
        ("and the same thing for Marcus", Same("Marcus")),
        ("same but by day", Same("by day")),
        ("same again", Same("")),
        ("again", Same("")),
        ("compare with the week before", Compared("the week before")),
        ("compare it to October", Compared("October")),
        ("compared with last month", Compared("last month")),
        ("vs last week", Compared("last week")),
        ("and how does that compare to october", Compared("october")),
        ("is that more than last week", Compared("last week")),
        ("the week before last", None),
        ("the day before yesterday", None),
        ("how much did we spend the week before", None),
        ("compare opus with sonnet", None),
        ("this week vs last week", None),
        ("last week", None),
        ("and last week", None),
        ("same", Same("")),
        ("is that a lot", Usual()),
        ("so is it a lot for us?", Usual()),
        ("is that normal", Usual()),
        ("was that unusually high", Usual()),
        ("how does that compare", Usual()),
        ("is it working", None),
        ("is that it", None),
        ("the sameness of it", None),
    ],
)
def test_it_is_read_as_what_it_says_of_the_question_before(line: str, continuation: Continuation | None) -> None:
    assert continuation_of(line) == continuation


@pytest.mark.parametrize(
    ("before", "unit", "meant"),
    [
        ("team this week by:model", "week", "team last week by:model"),
        ("team last week by:model csv", "week", "team 2026-W46 by:model"),
        ("this month", None, "last month"),
        ("", "month", "last month"),
        ("last month", "month", "2026-09"),
        ("2026-W46", "week", "2026-W45"),
        ("today", "day", "yesterday"),
        ("yesterday", None, "2026-11-27"),
        ("this quarter", "quarter", "last quarter"),
        ("last quarter", None, "2026-04..2026-06"),
        ("last year", "year", "2024-01..2024-12"),
        ("7d", "week", "2026-11-16..2026-11-22"),
        ("1w", "week", "2026-11-16..2026-11-22"),
        ("1d", "day", "2026-11-28"),
        ("30d", "month", "2026-10-01..2026-10-30"),
        ("2026-11-01..2026-11-10", None, "2026-10-22..2026-10-31"),
        ("24h", "day", "from:2026-11-27T12:00 to:2026-11-28T12:00"),
        ("2026-11-23..2026-11-29", "week", "2026-11-16..2026-11-22"),
    ],
)
def test_the_time_before_is_as_long_as_the_one_asked_about(before: str, unit: str | None, meant: str) -> None:
    question = parse(before, now=NOW, zone=UTC)
    earlier = earlier_question(question, None if unit is None else Unit(unit), NOW, UTC)
    assert describe(earlier) == meant
    assert parse(meant, now=NOW, zone=UTC) == earlier


@pytest.mark.parametrize(
    ("before", "unit", "why"),
    [
        ("team last month by:model", "week", "I don't know which week you mean: the last answer is about last month."),
        ("team today", "month", "I don't know which month you mean: the last answer is about today."),
        ("3h", "day", "I don't know which day you mean: the last answer is about 3h."),
        ("to:2026-11-20", None, "Nothing lies before that"),
        ("2000-01", "month", "Nothing lies before that"),
        ("from:2000-01", None, "Nothing lies before that"),
        ("task:0b6c2f1e", "week", "I don't know which week you mean: the last answer is about all time."),
        ("from:2000-01", "week", "I don't know which week you mean: the last answer is about all time."),
        (
            "from:2026-11-20T22:00 to:2026-11-21T02:00",
            "day",
            "I don't know which day you mean: the last answer is about from:2026-11-20T22:00 to:2026-11-21T02:00.",
        ),
    ],
)
def test_another_kind_of_time_is_not_guessed(before: str, unit: str | None, why: str) -> None:
    with pytest.raises(QueryError) as raised:
        earlier_question(parse(before, now=NOW, zone=UTC), None if unit is None else Unit(unit), NOW, UTC)
    assert raised.value.reason.startswith(why)


@pytest.mark.parametrize(
    ("before", "unit", "meant"),
    [
        ("from:2026-11-20T22:00 to:2026-11-21T22:00", "day", "from:2026-11-19T22:00 to:2026-11-20T22:00"),
        ("from:2026-11-20T22:00 to:2026-11-21T02:00", None, "from:2026-11-20T18:00 to:2026-11-20T22:00"),
        ("from:2026-11-16T00:00 to:2026-11-23T00:00", "week", "from:2026-11-09T00:00 to:2026-11-16T00:00"),
    ],
)
def test_hours_are_a_day_only_if_they_are_as_long(before: str, unit: str | None, meant: str) -> None:
    question = parse(before, now=NOW, zone=UTC)
    assert describe(earlier_question(question, None if unit is None else Unit(unit), NOW, UTC)) == meant


def earlier(question: Question) -> Question | None:
    try:
        return earlier_question(question, None, NOW, UTC)
    except QueryError as error:
        return None if error.reason.startswith("Nothing lies before that") else question


@pytest.mark.parametrize(
    "line", ["today", "last week", "this month", "last quarter", "last year", "7d", "24h", "2026-11-01..2026-11-10"]
)
def test_however_often_one_goes_back_each_line_can_be_typed(line: str) -> None:
    question: Question | None = parse(line, now=NOW, zone=UTC)
    for _ in range(40):
        if question is not None:
            assert parse(describe(question), now=NOW, zone=UTC) == question
            question = earlier(question)
    assert (question is None) == (line == "last year")


@pytest.mark.parametrize(
    ("before", "usual"),
    [
        ("team yesterday by:model", "team 2026-11-15..2026-11-28 by:day"),
        ("last week rows top:5", "2026-W40..2026-W47 by:week"),
        ("7d", "2026-W41..2026-W48 by:week"),
        ("this month average:day", "2026-06..2026-11 by:month"),
        ("last year", "2024-01..2025-12 by:month"),
        ("3h", "2026-11-16..2026-11-29 by:day"),
    ],
)
def test_what_is_usual_is_seen_side_by_side(before: str, usual: str) -> None:
    question = side_by_side(parse(before, now=NOW, zone=UTC), NOW, UTC)
    assert describe(question) == usual
    assert parse(usual, now=NOW, zone=UTC) == question


async def test_whether_it_is_a_lot_is_left_to_the_reader_with_a_line_that_shows_it(harness: ServiceHarness) -> None:
    assert "I don't know which answer you mean." in visible_text(await harness.ask("hannah", "is that a lot"))
    await harness.ask("hannah", "team yesterday")
    answer = await harness.ask("hannah", "is that a lot?")
    assert visible_text(answer).startswith(
        "I can't say what's a lot for you. To see what's usual, look at the days side by side."
        " Try `team 2026-02-16..2026-03-01 by:day`."
    )
    assert "The whole team spent" in visible_text(await harness.press("hannah", answer, "ask:instead"))


@pytest.mark.parametrize(
    ("before", "line", "meant"),
    [
        ("team last week by model", "and the week before", "team 2026-W08 by:model"),
        ("team yesterday", "and before that", "team 2026-02-28"),
        ("team last week by model", "same for yesterday", "team yesterday by:model"),
        ("team last week by model", "same for marcus", "last week email:marcus.delgado@acme.example by:model"),
        ("team last week by model", "again", "team last week by:model"),
        ("team last week by model", "compare with the week before", "team last week by:model"),
        ("team today by model", "vs yesterday", "team today by:model"),
    ],
)
async def test_it_is_answered_of_the_last_question(harness: ServiceHarness, before: str, line: str, meant: str) -> None:
    await harness.ask("hannah", before)
    answer = visible_text(await harness.ask("hannah", line))
    assert answer == visible_text(await harness.ask("hannah", meant)) or answer.startswith(f"Understood as `{meant}`\n")


async def test_what_cannot_be_compared_is_said_with_both_lines(harness: ServiceHarness) -> None:
    await harness.ask("hannah", "team last week by model")
    answer = await harness.ask("hannah", "compare it with last month")
    assert visible_text(answer).startswith("I can't compare these two in one answer")
    assert "\u2022 `team by:model last week`\n\u2022 `team by:model last month`" in visible_text(answer)
    assert actions(answer) == ["ask:choice1", "ask:choice2"]


async def test_another_kind_of_time_is_offered_as_a_line(harness: ServiceHarness) -> None:
    await harness.ask("hannah", "team last month by model")
    answer = await harness.ask("hannah", "and the week before")
    assert visible_text(answer).startswith("I don't know which week you mean: the last answer is about last month.")
    assert "Try `team last week by:model`" in visible_text(answer)


@pytest.mark.parametrize("line", ["and the week before", "same for last month", "again"])
async def test_without_a_question_before_it_is_not_guessed(harness: ServiceHarness, line: str) -> None:
    assert "I don't know which question you mean." in visible_text(await harness.ask("hannah", line))


async def test_others_than_operators_go_on_within_their_own(harness: ServiceHarness) -> None:
    await harness.ask("priya", "last week by model")
    assert "Understood as `2026-W08 by:model`\n" in visible_text(await harness.ask("priya", "and the week before"))
    assert "Only operators can see other people's spend." in visible_text(await harness.ask("priya", "same for marcus"))
