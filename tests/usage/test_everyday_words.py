"""Questions in everyday words, as people type them in Slack and in a terminal."""

import re
from datetime import timedelta
from io import StringIO

import pytest
from rich.console import Console

from bot.sandbox.world import World
from bot.usage.report_printer import print_report
from tests.support.app import errors_of, report_of
from tests.support.harness import ServiceHarness
from tests.support.messages import actions, visible_text
from tests.support.worlds import generated_world

DAY = timedelta(days=1)
MARCUS = "email:marcus.delgado@acme.example"


@pytest.fixture
def world() -> World:
    return generated_world()


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("how much did marcus spend last week?", f"last week {MARCUS}"),
        ("Marcus Delgado, last 7 days", f"7d {MARCUS}"),
        ("who spent the most in the last 7 days", "7d by:member"),
        ("show me our spend by model for yesterday please", "team yesterday by:model"),
        ("today vs yesterday", "today"),
        ("everyone but @marcus last week", f"team last week -{MARCUS}"),
        ("all but @marcus and @priya by day", f"team -{MARCUS},priya.raman@acme.example by:day"),
    ],
)
async def test_the_first_line_says_how_it_was_understood(harness: ServiceHarness, said: str, meant: str) -> None:
    answer = visible_text(await harness.ask("hannah", said))
    assert answer.startswith(f"Understood as `{meant}`\n")
    assert answer.partition("\n")[2] == visible_text(await harness.ask("hannah", meant))
    assert report_of(harness.service.app, said).question == report_of(harness.service.app, meant).question


@pytest.mark.parametrize(
    ("line", "headline"),
    [
        ("priya and marcus last 7 days", r"\*Priya Raman and Marcus Delgado spent \$[\d,.]+ together\*"),
        ("priya or marcus by day", r"\*Priya Raman and Marcus Delgado spent \$[\d,.]+ together\*"),
        ("team opus and sonnet", r"\*The whole team spent \$[\d,.]+ on claude-opus-4 and claude-sonnet-4 together\*"),
        (
            "priya and marcus on opus and sonnet",
            r"\*Priya .* Marcus Delgado spent \$[\d,.]+ on claude-opus-4 and claude-sonnet-4 together\*",
        ),
        ("team completed and failed", r"\*The .* spent \$[\d,.]+ on completed, error and failed tasks together\*"),
        ("priya, marcus, jonas and mei", r"\*4 people spent \$[\d,.]+ together\*"),
        ("everyone but priya and marcus", r"\*The whole team, without Priya Raman and Marcus Delgado: \$[\d,.]+\*"),
        ("priya last 7 days", r"\*Priya Raman spent \$[\d,.]+\*"),
        ("team failed", r"\*The whole team spent \$[\d,.]+ on failed tasks\*"),
    ],
)
async def test_a_total_of_several_says_that_it_is_their_sum(harness: ServiceHarness, line: str, headline: str) -> None:
    answer = await harness.ask("hannah", line)
    assert re.search(headline, visible_text(answer)), visible_text(answer)
    assert ("together" in answer.text) == ("together" in headline)
    printed = StringIO()
    print_report(report_of(harness.service.app, line), Console(file=printed, width=200), harness.clock(), DAY)
    assert (" together · " in printed.getvalue()) == ("together" in headline)


async def test_who_is_mentioned_is_shown_by_name_where_the_line_is_said_back(harness: ServiceHarness) -> None:
    them = f"<@{harness.workspace.user('marcus').id}>"
    answer = visible_text(await harness.ask("hannah", "how much did @marcus spend last week by model"))
    assert answer.startswith(f"Understood as {them} `last week by:model`\n")
    answer = visible_text(await harness.ask("hannah", "errors of @marcus last week"))
    assert answer.startswith(f"Understood as `errors` {them} `last week`\n")
    answer = visible_text(await harness.ask("hannah", "and for @marcus by day"))
    assert f"\u2022 {them} `by:day`\n" in answer
    assert "@them by:day" in answer  # the button


async def test_failures_are_asked_for_in_everyday_words_too(harness: ServiceHarness) -> None:
    assert "Understood as `errors email:priya" in visible_text(await harness.ask("hannah", "errors priya or marcus"))
    answer = visible_text(await harness.ask("hannah", "errors everyone last 7 days"))
    assert answer.startswith("Understood as `errors team 7d`\n")
    answer = visible_text(await harness.ask("hannah", "show me the team's errors of last 7 days"))
    assert answer.startswith("Understood as `errors team 7d`\n")
    answer = visible_text(await harness.ask("hannah", "priya's errors last week"))
    assert answer.startswith("Understood as `errors last week email:priya")
    assert errors_of(harness.service.app, "everyone last 7 days").question.in_words


async def test_what_could_mean_two_things_is_asked_back_with_a_button_for_each(harness: ServiceHarness) -> None:
    harness.workspace.user("marcus").name = "April Delgado"
    await harness.service.wiring.context.people.directory.fill()
    asked = await harness.ask("hannah", "april")
    assert visible_text(asked).startswith(f"Which one do you mean?\n• `2025-04`\n• `{MARCUS}`")
    assert actions(asked)[:2] == ["ask:choice1", "ask:choice2"]
    pressed = await harness.press("hannah", asked, "ask:choice2")
    assert visible_text(pressed) == visible_text(await harness.ask("hannah", MARCUS))


@pytest.mark.slow
async def test_a_member_learns_of_nobody_by_their_name(harness: ServiceHarness) -> None:
    for line, own in (
        ("how much did {} spend", "this month"),
        ("what did {} spend last week by model", "last week by:model"),
        ("{}'s tasks yesterday", "yesterday rows"),
    ):
        for name in ("marcus", "zaphod"):
            answer = await harness.ask("priya", line.format(name))
            assert visible_text(answer) == (
                f"Only operators can see other people's spend. You can ask for your own. Try `{own}`.\n{own}"
            )
            assert "You spent" in visible_text(await harness.press("priya", answer, "ask:instead"))
    assert 'I don\'t know "zaphod".' in visible_text(await harness.ask("hannah", "how much did zaphod spend"))
    assert visible_text(await harness.ask("priya", "priya's spend last 7 days")).startswith(
        "Understood as `7d email:priya."
    )


@pytest.mark.slow
async def test_what_cannot_be_compared_comes_with_a_button_for_each_time(harness: ServiceHarness) -> None:
    asked = await harness.ask("hannah", "team yesterday compared to last month")
    assert visible_text(asked).startswith("I can't compare these two in one answer: ")
    assert actions(asked) == ["ask:choice1", "ask:choice2"]
    pressed = visible_text(await harness.press("hannah", asked, "ask:choice2"))
    assert pressed == visible_text(await harness.ask("hannah", "team last month"))


async def test_failures_that_could_be_of_two_things_are_asked_back_too(harness: ServiceHarness) -> None:
    harness.workspace.user("marcus").name = "April Delgado"
    await harness.service.wiring.context.people.directory.fill()
    asked = await harness.ask("hannah", "errors april")
    assert visible_text(asked).startswith(f"Which one do you mean?\n• `errors 2025-04`\n• `errors {MARCUS}`")
    pressed = await harness.press("hannah", asked, "errors:choice2")
    assert visible_text(pressed) == visible_text(await harness.ask("hannah", f"errors {MARCUS}"))


@pytest.mark.parametrize(
    ("line", "word", "meant", "instead"),
    [
        ("errors team yesteday", "yesteday", "yesterday", "errors team yesterday"),
        ("our spend by modle", "modle", "model", "our spend by model"),
    ],
)
async def test_a_misspelt_word_comes_with_a_button_that_asks_the_corrected_line(
    harness: ServiceHarness, line: str, word: str, meant: str, instead: str
) -> None:
    answer = await harness.ask("hannah", line)
    said = visible_text(answer)
    assert f'"{word}". Did you mean `{meant}`? Try `{instead}`.' in said
    assert said.endswith(f"\n{instead}")  # the button
    pressed = visible_text(await harness.press("hannah", answer, actions(answer)[0]))
    assert pressed == visible_text(await harness.ask("hannah", instead))


@pytest.mark.parametrize(
    "line", ["budget marcus delgado 500", "set marcus delgado's budget to 500", "budget Marcus Delgado 500 per month"]
)
async def test_a_budget_may_be_set_by_a_persons_whole_name(harness: ServiceHarness, line: str) -> None:
    assert "Marcus Delgado's budget is now $500 a month" in visible_text(await harness.ask("hannah", line))


async def test_failures_by_something_are_a_question_as_in_the_terminal(harness: ServiceHarness) -> None:
    answer = visible_text(await harness.ask("hannah", "our failures by model last 7 days"))
    assert answer.startswith("Understood as `team 7d status:error,failed by:model`\n")
