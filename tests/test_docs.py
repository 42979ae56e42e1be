"""The manual keeps its word: its links lead somewhere, its settings, commands and examples exist and are understood."""

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
import pytest

from bot import __version__
from bot.cli.main import app
from bot.incidents.headings import heading
from bot.incidents.rules import IncidentName
from bot.sandbox.world import World
from bot.settings.manual import settings_table
from bot.settings.variables import NAMES
from bot.slack.template_names import FORMER_NAMES
from bot.usage.report_document import to_json
from tests.support.app import report_of
from tests.support.docs import PAGES, README, ROOT, anchors, example_lines, first_cells, links, prose, section, text_of
from tests.support.harness import CHANNEL, ServiceHarness
from tests.support.messages import visible_text
from tests.support.questions import QUESTIONS
from tests.support.worlds import HOUR, MARCUS, PRIYA, add

ASKING = ROOT / "docs" / "asking.md"
OPERATING, DEVELOPING = ROOT / "docs" / "operating.md", ROOT / "docs" / "developing.md"
MOST_WORDS = 1_500
NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)  # later than the dates of the examples
HANNAH = "hannah.weiss@acme.example"
NOT_UNDERSTOOD = "NOT UNDERSTOOD"
ELSEWHERE = {  # looked at when each was added, as no test has a network: addresses that don't move
    "https://api.slack.com/apps",
    "https://focus.finops.org/focus-specification/v1-2/",
    "https://jinja.palletsprojects.com/",
    "https://litestream.io",
    "https://neo.projectdiscovery.io",
    "https://ntfy.sh",
    "https://prometheus.io",
    "https://pypi.org/project/focus-validator/",
    "https://www.standardwebhooks.com",
}
REFUSALS = ("usage/refusal.txt", "usage/syntax_error.txt", "usage/choice.txt", "people/denial.txt")


def test_the_manual_has_each_problem_that_the_bot_reports_with_its_cause_and_cure() -> None:
    table = section(OPERATING, "Problems that the bot reports")
    rows = re.findall(r"^\| `(\w+)` \| ([^|]+) \| ([^|]+) \| ([^|]+) \|$", table, re.MULTILINE)
    assert [(name, message) for name, message, _, _ in rows] == [
        (name.value, heading(name, is_over=False)) for name in IncidentName
    ]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_somewhere(page: Path) -> None:
    for link in links(page):
        if not link.startswith("https://"):
            target, _, anchor = link.partition("#")
            path = (page.parent / target).resolve() if target else page
            assert path.is_file(), link
            assert not anchor or anchor in anchors(path), link


def test_every_link_to_elsewhere_is_known() -> None:
    assert {link for page in PAGES for link in links(page) if "://" in link} == ELSEWHERE


def test_every_page_and_picture_is_reached() -> None:
    reached = {(page.parent / link.partition("#")[0]).resolve() for page in PAGES for link in links(page)}
    files = {*(ROOT / "docs").glob("*.md"), *(ROOT / "docs").glob("*.png")}
    assert files - reached == set()


def test_every_file_that_is_named_exists() -> None:
    named = {
        name
        for page in PAGES
        for name in re.findall(r"`([\w./]+/[\w.]+\.(?:py|txt))`", prose(page))
        if "greeting" not in name
    }
    folders = (ROOT, ROOT / "bot", ROOT / "templates")
    gone = {name for name in named if not any((folder / name).is_file() for folder in folders)}
    assert gone <= set(FORMER_NAMES)


def test_the_readme_is_short() -> None:
    assert len(text_of(README).split()) <= MOST_WORDS


def test_the_examples_are_the_demos_questions() -> None:
    assert tuple(example_lines(section(README, "Ask").partition("```\n\n")[0] + "```\n")) == QUESTIONS


def test_every_setting_is_in_the_example_file_and_no_other() -> None:
    named = re.findall(r"^#?([A-Z_]+)=", text_of(ROOT / ".env.example"), re.MULTILINE)
    assert sorted(named) == sorted(NAMES)


def test_the_table_of_settings_is_what_the_code_prints() -> None:
    table = settings_table()
    assert re.findall(r"^\| `([A-Z_]+)` \|", table, re.MULTILINE) == list(NAMES)
    assert f"\n{table}\n\n" in section(OPERATING, "Settings"), "paste what `python -m bot.settings.manual` prints"


def test_every_command_of_the_terminal_is_documented_and_no_other() -> None:
    documented = [re.sub(r"( [A-Z\[].*)?$", "", each) for each in first_cells(section(OPERATING, "Commands"))]
    assert sorted(documented) == sorted(options_of(app))


def options_of(group: click.Group, prefix: str = "") -> dict[str, set[str]]:
    """The options of each command of the terminal, but for `--help`."""
    found: dict[str, set[str]] = {}
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            found |= options_of(command, f"{prefix}{name} ")
        else:
            shown = (each for each in command.params if not getattr(each, "hidden", False))
            found[f"{prefix}{name}"] = {option for each in shown for option in each.opts if option.startswith("--")}
    return found


def test_every_option_of_the_terminal_is_documented_and_no_other() -> None:
    documented = {
        re.sub(r"( [A-Z\[].*)?$", "", cell): set(re.findall(r"--[a-z-]+", cell))
        for cell in first_cells(section(OPERATING, "Commands"))
    }
    assert documented == {name: options - {"--help"} for name, options in options_of(app).items()}


def test_every_line_of_the_terminal_names_a_command() -> None:
    known = set(options_of(app))
    named = {words for page in PAGES for words in re.findall(r"neo-usage ([a-z]+(?: [a-z-]+)?)", code_of(page))}
    assert {words for words in named if not {words, words.split()[0]} & known} == set()


def code_of(page: Path) -> str:
    """The lines of a page that are typed into a terminal: what is code, but for what begins with a slash."""
    return "\n".join(
        code
        for inline, block in re.findall(
            r"`((?:\.venv/bin/)?neo-usage [^`]+)`|```sh\n(.*?)```", text_of(page), re.DOTALL
        )
        for code in (inline, block)
    )


def test_the_changelog_begins_with_what_is_not_released_or_with_this_version() -> None:
    newest = re.findall(r"^## (.*)$", text_of(ROOT / "CHANGELOG.md"), re.MULTILINE)[0]
    assert re.fullmatch(rf"Unreleased|{re.escape(__version__)} \(20\d\d-\d\d-\d\d\)", newest)


class TestExamples:
    """Each example of a page is understood by the bot: it is typed in Slack, and not refused or asked back."""

    @pytest.fixture
    def world(self) -> World:
        world = World.empty()
        for name, email in (("first", PRIYA), ("other", MARCUS), ("own", HANNAH)):
            add(world, name, "4", email=email, model="claude-opus-4", begun=NOW - HOUR * 3)
        return world

    @pytest.fixture
    async def harness(self, closed: ServiceHarness, tmp_path: Path) -> ServiceHarness:
        """A bot whose refusals have words of their own, by which they are told from answers."""
        for name in REFUSALS:
            file = tmp_path / "wording" / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(NOT_UNDERSTOOD, encoding="utf-8")
        closed.clock.advance(NOW - closed.clock())
        closed.settings = {"TEMPLATES_DIR": str(tmp_path / "wording")}
        await closed.open()
        return closed

    @pytest.mark.parametrize("page", [page for page in PAGES if page != DEVELOPING], ids=lambda page: page.name)
    async def test_every_example_is_understood(self, harness: ServiceHarness, page: Path) -> None:
        for line in example_lines(text_of(page)):
            assert NOT_UNDERSTOOD not in await typed(harness, line), line

    async def test_the_json_of_the_manual_has_the_fields_of_a_report(self, harness: ServiceHarness) -> None:
        written = json.loads(section(ASKING, "Files, JSON and sharing").partition("```json\n")[2].partition("```")[0])
        report = json.loads(to_json(report_of(harness.app(), "today by:model")))
        assert shape(written) == shape(report)

    async def test_what_is_no_line_is_not_understood(self, harness: ServiceHarness) -> None:
        for line in ("modle:opus", "frobnicate", "budget @priya 10.000/month", "budget request frobnicate"):
            assert NOT_UNDERSTOOD in await typed(harness, line), line


def shape(value: Any) -> Any:
    """The names of a JSON's fields, with the types of their values."""
    if isinstance(value, dict):
        return {name: shape(each) for name, each in value.items()}
    return [shape(value[0])] if isinstance(value, list) else type(value)


async def typed(harness: ServiceHarness, line: str) -> str:
    """What somebody reads after a line, who may type it; a form is read by its title."""
    user = "priya" if "request" in line else "hannah"  # an operator has nobody to ask
    if line == "budget":
        before = len(harness.workspace.views)
        assert (await harness.slack.command(user, CHANNEL, line)).ok
        await harness.workspace.until(lambda: len(harness.workspace.views) > before)
        return ""
    await harness.idle()  # the line before may have two answers: that history is read first, and the rest
    return visible_text(await harness.ask(user, line))
