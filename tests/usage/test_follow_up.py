"""Questions that go on from the one before, through the front door."""

from datetime import UTC

import pytest

from bot.domain.query.parser import parse
from bot.domain.query.question import describe
from bot.sandbox.world import START, World
from bot.usage.follow_up import followed_up
from tests.support.harness import ServiceHarness
from tests.support.messages import actions, visible_text
from tests.support.worlds import generated_world

MARCUS = "email:marcus.delgado@acme.example"


@pytest.fixture
def world() -> World:
    return generated_world()


@pytest.mark.parametrize(
    ("before", "line", "meant"),
    [
        ("team last week by:member", "last month", "team last month by:member"),
        ("team last week by:member", MARCUS, f"last week {MARCUS}"),
        ("team last week by:member", "by:model", "team last week by:model"),
        ("team last week by:member top:3", "by:model", "team last week by:model"),
        ("team last week by:member top:3", "yesterday", "team yesterday by:member top:3"),
        ("team last week by:member,model", "@marcus", "@marcus last week by:model"),
        (f"7d {MARCUS} model:opus", "team", "team 7d model:opus"),
        (f"7d {MARCUS} model:opus", "model:haiku", f"7d {MARCUS} model:haiku"),
        ("7d model:opus byok:yes", "status:failed", "7d model:opus status:failed byok:yes"),
        ("7d rows", "yesterday", "yesterday rows"),
        ("7d rows", "by:model", "7d by:model"),
        ("7d by:model", "rows", "7d rows"),
        ("7d by:model", "byok:no", "7d byok:no by:model"),
        ("task:0b6c", "yesterday", "yesterday"),
    ],
)
def test_it_keeps_of_the_question_before_what_it_does_not_say_itself(before: str, line: str, meant: str) -> None:
    first, second = (parse(each, now=START, zone=UTC) for each in (before, line))
    assert describe(followed_up(first, second)) == meant


@pytest.mark.parametrize(
    ("line", "continued", "alone"),
    [
        ("and yesterday?", "team yesterday by:model", "yesterday"),
        ("what about marcus", f"last week {MARCUS} by:model", MARCUS),
        ("ok, and by day", "team last week by:day", "by:day"),
        ("only failed", "team last week status:error,failed by:model", "status:error,failed"),
        ("by status", "team last week by:status", "by:status"),
        ("top 3", "team last week by:model top:3", "top:3"),
        ("which people", "team last week by:member", "by:member"),
        ("without marcus", f"team last week -{MARCUS} by:model", f"team -{MARCUS}"),
        ("show me the tasks", "team last week rows", "rows"),
    ],
)
async def test_it_is_asked_back_whether_it_goes_on_from_the_last_question(
    harness: ServiceHarness, line: str, continued: str, alone: str
) -> None:
    unasked = visible_text(await harness.ask("hannah", line))
    assert unasked.startswith(f"Understood as `{alone}`\n")
    await harness.ask("hannah", "our spend last week by model")
    asked = await harness.ask("hannah", line)
    assert visible_text(asked).startswith(
        f"Do you mean it of your last question, or by itself?\n• `{continued}`\n• `{alone}`\n"
    )
    assert actions(asked) == ["ask:choice1", "ask:choice2"]
    pressed = visible_text(await harness.press("hannah", asked, "ask:choice1"))
    assert pressed == visible_text(await harness.ask("hannah", continued))


async def test_what_says_all_of_it_or_begins_otherwise_is_answered(harness: ServiceHarness) -> None:
    await harness.ask("priya", "yesterday")
    assert visible_text(await harness.ask("priya", "what about today")).startswith("Understood as `today`\n")
    assert visible_text(await harness.ask("priya", "last week by model please")).startswith("Understood as `last week")
    assert "Only operators" in visible_text(await harness.ask("priya", "what about marcus?"))


@pytest.mark.parametrize("line", ["as csv", "can i get that as excel", "I'd like to have this in a spreadsheet please"])
async def test_a_file_is_of_the_last_question_if_that_is_meant(harness: ServiceHarness, line: str) -> None:
    await harness.ask("hannah", "our spend last week by model")
    asked = await harness.ask("hannah", line)
    assert visible_text(asked).startswith(
        "Do you mean it of your last question, or by itself?\n\u2022 `team last week by:model csv`\n\u2022 `csv`\n"
    )
    sent = await harness.press("hannah", asked, "ask:choice1")
    assert visible_text(sent).startswith("I sent you `neo-usage team last week by model ")


@pytest.mark.parametrize(
    ("before", "line", "meant"),
    [
        ("team yesterday", "how much of it was opus", "team yesterday by:model"),
        ("team yesterday", "how much of it is mine", "team yesterday by:member"),
        ("errors team yesterday", "how much did that cost", "team yesterday status:error,failed"),
        ("errors team yesterday", "how much did they cost", "team yesterday status:error,failed"),
        ("errors @priya status:error", "how much did they cost", "@priya status:error"),
    ],
)
async def test_what_points_to_the_last_question_is_asked_of_it(
    harness: ServiceHarness, before: str, line: str, meant: str
) -> None:
    await harness.ask("hannah", before)
    asked = await harness.ask("hannah", line)
    assert visible_text(asked).startswith("Is this the question you mean?\n")
    assert actions(asked) == ["ask:choice1"]
    pressed = visible_text(await harness.press("hannah", asked, "ask:choice1"))
    assert pressed == visible_text(await harness.ask("hannah", meant))


async def test_what_points_to_nothing_is_not_understood(harness: ServiceHarness) -> None:
    assert "I don't know what you mean by `it`." in visible_text(await harness.ask("priya", "how much of it is used"))
    assert 'I don\'t know "they".' in visible_text(await harness.ask("hannah", "how much did they cost"))


async def test_after_the_digest_a_line_may_be_about_its_day(harness: ServiceHarness) -> None:
    await harness.ask("hannah", "digest")
    asked = visible_text(await harness.ask("hannah", "by model"))
    assert "\u2022 `team 2026-03-01 by:model`\n\u2022 `by:model`\n" in asked
