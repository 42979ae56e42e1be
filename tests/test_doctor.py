"""The doctor on Slack: each token, scope, operator and channel has its line, and its mend."""

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from bot.app import build, system_clock
from bot.doctor.check import Check, State
from bot.doctor.slack import tokens, workspace
from bot.sandbox.slack.server import SlackApi, SlackServer
from bot.sandbox.slack.workspace import Workspace
from bot.settings import load

Examine = Callable[..., Awaitable[list[Check]]]


@pytest.fixture
async def slack() -> AsyncIterator[SlackApi]:
    api = SlackApi(Workspace.default(), system_clock, system_clock)
    async with SlackServer(api) as server:
        api.url = server.url
        yield api


@pytest.fixture
def examine(slack: SlackApi, tmp_path: Path) -> Examine:
    """Every check of Slack, with settings by name."""

    async def examined(**settings: str) -> list[Check]:
        environment = {
            "SLACK_API_URL": f"{slack.url}/api/",
            "SLACK_BOT_TOKEN": slack.workspace.bot_token,
            "SLACK_APP_TOKEN": slack.workspace.app_token,
            "ADMINS": "hannah.weiss@acme.example",
            "DATABASE_URL": f"sqlite+aiosqlite:///{tmp_path / 'ledger.db'}",
            **settings,
        }
        app = build(load(environment, tmp_path))
        return [*tokens(app.settings), *[check async for check in workspace(app)]]

    return examined


def failed(checks: list[Check]) -> dict[str, str]:
    return {check.what: f"{check.found} {check.mend}" for check in checks if check.state is State.FAIL}


async def test_all_is_well(examine: Examine) -> None:
    checks = await examine(ALERT_CHANNEL="#neo-spend", DIGEST_CHANNEL="#general")
    assert failed(checks) == {}
    assert any("Hannah Weiss" in check.found for check in checks)


async def test_a_missing_scope_is_named_with_what_it_breaks(slack: SlackApi, examine: Examine) -> None:
    slack.workspace.scopes -= {"files:write"}
    assert "CSV files cannot be sent" in failed(await examine())["scope files:write"]


async def test_nothing_set_is_said_and_mended(examine: Examine) -> None:
    found = failed(await examine(SLACK_BOT_TOKEN="", SLACK_APP_TOKEN="", ADMINS=""))
    assert list(found) == ["slack bot token", "slack connection", "operators"]


@pytest.mark.parametrize(
    ("settings", "what", "said"),
    [
        ({"SLACK_BOT_TOKEN": "xoxb-wrong"}, "slack bot token", "invalid_auth"),
        ({"SLACK_APP_TOKEN": "xapp-wrong"}, "slack app token", "invalid_auth"),
        ({"ALERT_CHANNEL": "#nowhere"}, "ALERT_CHANNEL #nowhere", "no such channel"),
        ({"ALERT_CHANNEL": "C0NOWHERE"}, "ALERT_CHANNEL C0NOWHERE", "no such channel"),
        ({"OPS_CHANNEL": "#security"}, "OPS_CHANNEL #security", "/invite @neo-usage"),
        ({"DIGEST_CHANNEL": "#acme-x-globex"}, "DIGEST_CHANNEL #acme-x-globex", "another company"),
        ({"ADMINS": "nobody@acme.example"}, "operator", "nobody@acme.example is nobody here"),
        ({"ADMINS": "gil@contractor.example"}, "operator", "a guest"),
    ],
    ids=str,
)
async def test_what_is_wrong_has_its_line(examine: Examine, settings: dict[str, str], what: str, said: str) -> None:
    assert said in failed(await examine(**settings))[what]


async def test_a_history_that_cannot_be_read_is_said(slack: SlackApi, examine: Examine) -> None:
    slack.workspace.scopes -= {"channels:history"}
    found = failed(await examine(ALERT_CHANNEL="#neo-spend"))
    assert "its history cannot be read" in found["ALERT_CHANNEL #neo-spend"]


async def test_a_slack_that_is_down_is_one_line(slack: SlackApi, examine: Examine) -> None:
    slack.down = True
    assert "Check this machine's way to Slack" in failed(await examine())["slack bot token"]
