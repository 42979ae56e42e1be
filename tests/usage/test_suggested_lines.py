"""Each line that an answer suggests, as a button or to type, is taken as it stands."""

import re
from collections.abc import Sequence
from pathlib import Path

import pytest

from bot.sandbox.slack.models import Message
from bot.sandbox.world import World
from bot.shipped import shipped
from bot.usage.keys import HelpTopic
from tests.support.harness import ServiceHarness
from tests.support.messages import visible_text
from tests.support.worlds import generated_world

pytestmark = pytest.mark.slow

REFUSED = "REFUSED"
REFUSALS = ("usage/refusal", "usage/syntax_error", "usage/choice", "people/denial")
LINES = (
    "frobnicate", "team frobnicate", "how much did zaphod spend last week by model", "rows by model zaphod",
    "team lst week", "next week", "spend nov 31", 'spend "opus', "today vs last week", "compared to saturday",
    "team yesterday compared to last month", "spend by frob", "spend by modle", "top 5 top 6", "today and last week",
    "errors frobnicate", "errors lst week", "errors team yesteday", "errors team yesterday vs last month", "budgts",
    "subscribe frobnicate daily", "subscribe team last week", "subscribe team modle:opus every day",
    "subscribe team 3/2 every day", "schedule a report", "daily report at 25", "post this here every monday",
    "send me zaphod's spend every day at 9", "warn me at 10 a month",
    "compare priya", "send me this every monday", "yesterday by model", "every monday please", "weekly summary",
    "is priya nicer than opus", "more than yesterday", "spend in ocotber", "last wek", "wensday to thrusday",
)  # fmt: skip
CODE = re.compile(r"`([^`\n]+)`")
ANA = re.compile(r"(?<![\w.])ana(?![\w@])")  # who is in all examples
NO_LINES = {
    "budget",  # opens a form
    "link",  # names the command
    "link @you e-mail",
    "/invite @neo-usage",
    "@",
    "day",
    "week",
    "model:",  # what narrows a budget
    "status:",
    "byok:",
}
SUGGESTED = re.compile(r"(?:Try|Type|or|•) `([^`]+)`")


@pytest.fixture
def world() -> World:
    return generated_world()


@pytest.fixture
async def harness(closed: ServiceHarness, tmp_path: Path) -> ServiceHarness:
    """A bot whose refusals begin with a word of their own, by which they are told from answers."""
    for name in REFUSALS:
        file = tmp_path / "wording" / f"{name}.txt"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"{REFUSED} {(shipped('templates') / f'{name}.txt').read_text(encoding='utf-8')}")
    closed.settings = {"TEMPLATES_DIR": str(tmp_path / "wording")}
    await closed.open()
    return closed


@pytest.mark.parametrize(
    ("user", "lines"), [("hannah", LINES), ("priya", [line for line in LINES if "team" not in line])]
)
async def test_each_line_that_an_answer_suggests_is_taken_as_it_stands(
    harness: ServiceHarness, user: str, lines: Sequence[str]
) -> None:
    suggested: dict[str, str] = {}
    for line in lines:
        answer = await harness.ask(user, line)
        suggested |= dict.fromkeys(suggestions(answer), line)
    assert len(suggested) > len(lines) / 3
    for each, line in suggested.items():
        assert REFUSED not in visible_text(await harness.ask(user, each)), (line, each)


@pytest.mark.parametrize("user", ["hannah", "priya"])
async def test_each_line_that_the_help_shows_is_taken_as_it_stands(harness: ServiceHarness, user: str) -> None:
    dm = harness.workspace.im_of(harness.workspace.user(user).id).id
    topics = [topic for topic in HelpTopic if user == "hannah" or topic is not HelpTopic.TEAM]
    pages = [visible_text(await harness.ask(user, f"help {topic}", dm)) for topic in topics]
    shown = [line for page in pages for line in CODE.findall(page)]
    assert len(shown) > 60
    await assert_taken(harness, user, dm, shown)


async def test_each_line_that_a_template_shows_is_taken_as_it_stands(harness: ServiceHarness) -> None:
    dm = harness.workspace.im_of(harness.workspace.user("hannah").id).id
    files = sorted(shipped("templates").rglob("*.txt"))
    pieces = [piece for file in files for piece in CODE.findall(file.read_text(encoding="utf-8"))]
    shown = [piece for piece in pieces if not set("{}<>") & set(piece)]
    assert len(shown) > 80
    await assert_taken(harness, "hannah", dm, shown)


async def assert_taken(harness: ServiceHarness, user: str, channel: str, shown: Sequence[str]) -> None:
    """Type each line, with somebody of this workspace in place of Ana.

    An answer may be several messages, such as one with a file: all are read before the next line is typed, so that none
    is taken for the answer to that, which would be typed before this one is carried out.
    """
    for line in dict.fromkeys(shown):
        typed = ANA.sub("priya", line.removeprefix("/neo-usage").strip())
        typed = typed.replace("ana@acme.dev", "priya.raman@acme.example")
        if typed in NO_LINES:
            continue
        await harness.idle()
        before = len(harness.visible(user, channel))
        await harness.ask(user, typed, channel)
        await harness.idle()
        answers = [visible_text(each) for each in harness.visible(user, channel)[before:]]
        assert not [each for each in answers if REFUSED in each], (line, answers)


def suggestions(answer: Message) -> list[str]:
    """The lines that an answer says to type."""
    return SUGGESTED.findall(visible_text(answer))
