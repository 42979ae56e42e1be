"""Own templates: what does not compile, fails with any value, is misnamed, or Slack refuses, has its line."""

from collections.abc import AsyncIterator
from math import ceil
from pathlib import Path

import pytest

from bot.app import system_clock
from bot.doctor.check import CheckState
from bot.doctor.templates import template_checks, validation_checks
from bot.sandbox.slack.faults import Refuse
from bot.sandbox.slack.server import SlackApi, SlackServer
from bot.sandbox.slack.workspace import Workspace as SandboxWorkspace
from bot.settings.environment import load
from bot.settings.model import Settings
from bot.shipped import shipped
from bot.slack.template_trial import trials
from bot.slack.templates import Templates
from bot.slack.workspace import Workspace, connect_workspace

NAMES = sorted(str(path.relative_to(shipped("templates"))) for path in shipped("templates").rglob("*.txt"))


@pytest.fixture
def own(tmp_path: Path) -> Path:
    (tmp_path / "own").mkdir()
    return tmp_path / "own"


@pytest.fixture
def settings(own: Path, tmp_path: Path) -> Settings:
    return load({"TEMPLATES_DIR": str(own)}, tmp_path)


def write(own: Path, name: str, text: str) -> None:
    (own / name).parent.mkdir(exist_ok=True, parents=True)
    (own / name).write_text(text, encoding="utf-8")


def found(settings: Settings) -> list[str]:
    return [check.finding for check in template_checks(settings) if check.state is CheckState.WARN]


@pytest.mark.slow
def test_every_shipped_template_can_be_tried_and_is_well(own: Path, settings: Settings) -> None:
    for name in NAMES:
        write(own, name, (shipped("templates") / name).read_text(encoding="utf-8"))
    tried = list(trials(Templates(shipped("templates"), own)))
    assert [f"{each.template}.txt" for each in tried] == NAMES
    assert all(each.text for each in tried)
    [check] = template_checks(settings)
    assert (check.state, check.finding) == (CheckState.OK, f"{len(NAMES)} own templates can be used")


def test_an_installation_without_its_templates_or_with_a_damaged_one_fails(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "missing").mkdir()
    [missing] = template_checks(settings, tmp_path / "missing")
    assert (missing.state, missing.finding) == (CheckState.FAIL, "the shipped ones are missing")
    write(tmp_path, "damaged/usage/text.txt", "{% if whose")
    [damaged] = template_checks(settings, tmp_path / "damaged")
    assert damaged.state is CheckState.FAIL
    assert damaged.finding.startswith("a shipped one can't be used: ")
    assert damaged.remedy == "Install neo-usage again."


@pytest.mark.parametrize(
    ("name", "text", "finding"),
    [
        ("digest/headline.txt", "{% if %}", "digest/headline.txt can't be used: Expected an expression"),
        (
            "digest/headline.txt",
            "{{ 1 // 0 }}",
            "digest/headline.txt can't be used: integer division",
        ),
        ("digest/headline.txt", "  ", "digest/headline.txt can't be used: it says nothing"),
        (
            "digest/headline.txt",
            "{% include 'no/such.txt' %}",
            "digest/headline.txt can't be used: no/such.txt",
        ),
        ("digest/headline.txt", "{% include 'digest/headline.txt' %}", "digest/headline.txt can't be used: "),
        ("digest/heading.txt", "Hello", "digest/heading.txt can't be used: no message is called so"),
        ("usage/timeout.txt", "{{ minuets }}", "usage/timeout.txt uses minuets, which the shipped one doesn't use"),
        ("usage/late.txt", "{{ minuets }}", "usage/timeout.txt uses minuets, which the shipped one doesn't use"),
    ],
)
def test_what_cannot_be_used_has_its_line(own: Path, settings: Settings, name: str, text: str, finding: str) -> None:
    write(own, name, text)
    [line] = found(settings)
    assert line.startswith(finding)


def test_without_own_templates_there_is_nothing_to_say(tmp_path: Path) -> None:
    assert list(template_checks(load({}, tmp_path))) == []


# --- what Slack says ------------------------------------------------------------------------------


@pytest.fixture
async def api() -> AsyncIterator[SlackApi]:
    api = SlackApi(SandboxWorkspace.default(), system_clock, system_clock)
    async with SlackServer(api) as server:
        api.url = server.url
        yield api


@pytest.fixture
async def slack(api: SlackApi) -> AsyncIterator[Workspace]:
    async with connect_workspace(api.workspace.bot_token, f"{api.url}/api/") as workspace:
        yield workspace


async def said(settings: Settings, slack: Workspace) -> list[str]:
    return [check.finding async for check in validation_checks(settings, slack)]


@pytest.mark.slow
async def test_slack_looks_at_the_longest_text_of_each(
    own: Path, settings: Settings, slack: Workspace, api: SlackApi
) -> None:
    for name in NAMES:
        write(own, name, (shipped("templates") / name).read_text(encoding="utf-8"))
    assert await said(settings, slack) == []
    assert len([call for call in api.log if call.method == "blocks.validate"]) == ceil((len(NAMES) - 1) / 50)
    error = {"pointer": "/1/text", "code": "failed_constraint", "message": "must be shorter"}
    api.faults.on("blocks.validate", Refuse("invalid_blocks", {"errors": [error]}))
    assert await said(settings, slack) == [f"Slack would refuse {NAMES[1]}: must be shorter"]


async def test_a_slack_that_does_not_offer_it_is_well(
    own: Path, settings: Settings, slack: Workspace, api: SlackApi
) -> None:
    write(own, "digest/headline.txt", "Hello")
    api.faults.on("blocks.validate", Refuse("unknown_method"), Refuse("fatal_error"))
    assert await said(settings, slack) == []
    assert await said(settings, slack) == ["Slack couldn't look at them (Slack cannot answer now (fatal_error))"]


async def test_blocks_are_validated_by_the_sandbox_as_slack_does(slack: Workspace) -> None:
    broken = [{"type": "divider"}, {"type": "sectoin", "text": "x"}]
    assert await slack.messages.block_problems(broken) == {1: "unsupported type: sectoin"}
