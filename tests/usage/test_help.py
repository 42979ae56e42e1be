"""The help: six examples and a page for each topic, which name every command that there is."""

import re

import pytest

from bot.app import build
from bot.domain.access import Role
from bot.registry import build_registry
from bot.sandbox.world import START, World
from bot.settings.database_place import DatabasePlace
from bot.settings.environment import load
from bot.shipped import shipped
from bot.slack.templates import Templates
from bot.usage.help import FOR_MEMBERS, FOR_OPERATORS, example_times, template_of
from bot.usage.keys import HelpTopic
from tests.support.engines import url_of
from tests.support.harness import ServiceHarness
from tests.support.messages import actions, visible_text
from tests.support.worlds import add

LEFT_OUT = {
    "": "an empty line, the first example",
    "courtesy": "what thanks and the like come to",
    "help": "whoever reads it has typed it",
    "threshold": "another word for `budget`, which some type first; one name is enough to learn",
}
FOR_OPERATORS_ALONE = {"backtest", "balance", "digest", "link", "overview", "reconcile"}


@pytest.fixture
def world() -> World:
    world = World.empty()
    add(world, "hers", "1", email="priya.raman@acme.example")
    return world


@pytest.fixture
def commands(place: DatabasePlace) -> set[str]:
    app = build(load({"DATABASE_URL": url_of(place)}))
    with app.ledger.database() as database:
        return set(build_registry(app.capabilities(database)).commands)


def first_words(role: Role) -> set[str]:
    """Return the first word of each piece of code in the help."""
    operator, templates = role is Role.OPERATOR, Templates(shipped("templates"))
    values = {"operator": operator, "examples": [], "failing": "error", "unknown": "", **example_times(START.date())}
    pages = [topic for topic in HelpTopic if operator or topic is not HelpTopic.TEAM]
    text = "\n".join(templates.render(template_of(topic), **values) for topic in pages)
    return {code.split()[0] for code in re.findall(r"`([^`]+)`", text)}


def test_operators_read_of_every_command(commands: set[str]) -> None:
    assert commands - first_words(Role.OPERATOR) == LEFT_OUT.keys()


def test_members_read_of_every_command_but_those_of_operators(commands: set[str]) -> None:
    assert commands - first_words(Role.MEMBER) == LEFT_OUT.keys() | FOR_OPERATORS_ALONE


@pytest.mark.slow
@pytest.mark.parametrize("examples", [FOR_OPERATORS, FOR_MEMBERS])
async def test_its_six_examples_are_answered(closed: ServiceHarness, examples: tuple[tuple[str, str], ...]) -> None:
    closed.settings["HISTORY_DAYS"] = "90"
    await closed.open()
    user = "hannah" if examples is FOR_OPERATORS else "priya"
    assert len(examples) == 6
    for line, _ in examples:
        answer = visible_text(await closed.ask(user, line.removeprefix("/neo-usage").replace("@ana", "@priya").strip()))
        assert "help" not in answer, line
        assert "Data as of" in answer, line


async def test_a_topic_is_a_press_away_and_back(harness: ServiceHarness) -> None:
    answer = await harness.ask("priya", "help")
    topics = ("time", "filters", "budgets", "failures", "files", "subscriptions")
    assert actions(answer) == [f"help:{topic}" for topic in topics]
    page = await harness.press("priya", answer, "help:budgets")
    assert visible_text(page).startswith("*Budgets* only notify. They don't stop tasks.")
    assert len(harness.visible("priya")) == 1
    again = await harness.press("priya", page, "help:examples")
    assert visible_text(again).startswith("*Ask me what Neo costs.*")


@pytest.mark.parametrize("line", ["help budgets", "HELP Budget", "help me with budgets please", "help about limits"])
async def test_a_topic_can_be_typed(harness: ServiceHarness, line: str) -> None:
    assert visible_text(await harness.ask("priya", line)).startswith("*Budgets*")


async def test_a_topic_that_there_is_not_is_named(harness: ServiceHarness) -> None:
    text = visible_text(await harness.ask("priya", "help *xyzzy*"))
    assert text.startswith("I have no help page for `xyzzy`.")
    assert "*Ask me what Neo costs.*" in text


async def test_the_page_about_others_is_for_operators(harness: ServiceHarness) -> None:
    assert visible_text(await harness.ask("hannah", "help team")).startswith("*Team and people.*")
    assert "by:member" not in visible_text(await harness.ask("priya", "help team"))
    answer = await harness.ask("priya", "help")
    assert "link @ana" not in visible_text(await harness.press("priya", answer, "help:filters"))
