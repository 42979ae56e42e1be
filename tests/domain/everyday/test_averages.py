"""Lines that ask for an average alone are about the answer before; any other is a question or a list by itself."""

import pytest

from bot.domain.everyday.averages import AverageAlone, average_alone

BOTH = ("day", "task")


@pytest.mark.parametrize(
    ("line", "units"),
    [
        ("how much is that a day", ("day",)),
        ("How much is it per person?", ("member",)),
        ("what does that come to per week", ("week",)),
        ("how much is that per task on average", ("task",)),
        ("so what's that a day then", ("day",)),
        ("what is that on average", BOTH),
        ("on average", BOTH),
        ("average", BOTH),
        ("the mean", BOTH),
        ("average per day", ("day",)),
        ("the daily average", ("day",)),
        ("what does an average task cost", ("task",)),
        ("what does a task cost on average", ("task",)),
    ],
)
def test_it_is_of_the_answer_before(line: str, units: tuple[str, ...]) -> None:
    points = bool({"that", "it"} & set(line.lower().split()))
    assert average_alone(line) == AverageAlone(units, points)


@pytest.mark.parametrize(
    "line",
    [
        "how much do we spend a day", "per day", "and by day", "that day", "how much did that cost", "team last week",
        "show that per person", "show it for each day", "do that every week", "my average", "average of opus",
        "average cost per task today", "our average daily spend", "what does that mean", "what do you mean",
        "i mean last week", "what does it mean", "average per day per person", "what is my average per day",
        "how much does marcus cost us on average per week", "what does that cost on average with opus", "average " * 20,
    ],
)  # fmt: skip
def test_anything_else_is_a_question_or_none(line: str) -> None:
    assert average_alone(line) is None
