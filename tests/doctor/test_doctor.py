"""The doctor: each token, scope, operator and channel has its line and its remedy, and nothing ends it early."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from bot.app import App, build, system_clock
from bot.doctor.check import Check, CheckState, guarded_checks, guarded_checks_async
from bot.doctor.neo import upstream_checks
from bot.doctor.slack import setting_checks, workspace_checks
from bot.sandbox.faults import Status
from bot.sandbox.http_server import NeoServer
from bot.sandbox.responses import Request
from bot.sandbox.slack.server import SlackApi, SlackServer
from bot.sandbox.slack.workspace import Workspace
from bot.sandbox.tasks import SimTask, Stream
from bot.sandbox.world import START, World
from bot.settings.database_place import DatabasePlace
from bot.settings.environment import load
from tests.support.engines import url_of

HOUR = timedelta(hours=1)
Examine = Callable[..., Awaitable[list[Check]]]


@pytest.fixture
async def slack() -> AsyncIterator[SlackApi]:
    api = SlackApi(Workspace.default(), system_clock, system_clock)
    async with SlackServer(api) as server:
        api.url = server.url
        yield api


@pytest.fixture
def examine(slack: SlackApi, tmp_path: Path, place: DatabasePlace) -> Examine:
    """Every check of Slack, with settings by name."""

    async def examined(**settings: str) -> list[Check]:
        environment = {
            "SLACK_API_URL": f"{slack.url}/api/",
            "SLACK_BOT_TOKEN": slack.workspace.bot_token,
            "SLACK_APP_TOKEN": slack.workspace.app_token,
            "ADMINS": "hannah.weiss@acme.example",
            "DATABASE_URL": url_of(place),
            **settings,
        }
        app = build(load(environment, tmp_path))
        return [*setting_checks(app.settings), *[check async for check in workspace_checks(app)]]

    return examined


def failed(checks: list[Check]) -> dict[str, str]:
    return {check.what: f"{check.finding} {check.remedy}" for check in checks if check.state is CheckState.FAIL}


async def test_all_is_well(examine: Examine) -> None:
    checks = await examine(ALERT_CHANNEL="#neo-spend", DIGEST_CHANNEL="#general")
    assert failed(checks) == {}
    assert any("Hannah Weiss" in check.finding for check in checks)


async def test_a_missing_scope_is_named_with_what_it_breaks(slack: SlackApi, examine: Examine) -> None:
    slack.workspace.scopes -= {"files:write"}
    assert "the bot can't send CSV files" in failed(await examine())["scope files:write"]


async def test_nothing_set_is_said_with_the_remedy(examine: Examine) -> None:
    found = failed(await examine(SLACK_BOT_TOKEN="", SLACK_APP_TOKEN="", ADMINS=""))
    assert list(found) == ["slack bot token", "slack connection", "operators"]


@pytest.mark.parametrize(
    ("settings", "what", "said"),
    [
        ({"SLACK_BOT_TOKEN": "xoxb-wrong"}, "slack bot token", "invalid_auth"),
        ({"SLACK_APP_TOKEN": "xapp-wrong"}, "slack app token", "invalid_auth"),
        ({"ALERT_CHANNEL": "#nowhere"}, "ALERT_CHANNEL #nowhere", "can't see such a channel"),
        ({"ALERT_CHANNEL": "C0NOWHERE"}, "ALERT_CHANNEL C0NOWHERE", "can't see such a channel"),
        ({"OPS_CHANNEL": "#security"}, "OPS_CHANNEL #security", "/invite @neo-usage"),
        ({"DIGEST_CHANNEL": "#acme-x-globex"}, "DIGEST_CHANNEL #acme-x-globex", "another organization"),
        ({"ADMINS": "nobody@acme.example"}, "operator", "nobody@acme.example isn't in this workspace"),
        ({"ADMINS": "gil@contractor.example"}, "operator", "a guest"),
    ],
    ids=str,
)
async def test_what_is_wrong_has_its_line(examine: Examine, settings: dict[str, str], what: str, said: str) -> None:
    assert said in failed(await examine(**settings))[what]


async def test_a_history_that_cannot_be_read_is_said(slack: SlackApi, examine: Examine) -> None:
    slack.workspace.scopes -= {"channels:history"}
    found = failed(await examine(ALERT_CHANNEL="#neo-spend"))
    assert "its history can't be read" in found["ALERT_CHANNEL #neo-spend"]


async def test_a_slack_that_is_down_is_one_line(slack: SlackApi, examine: Examine) -> None:
    slack.down = True
    assert "Check this machine's connection to Slack" in failed(await examine())["slack bot token"]


# --- Neo -----------------------------------------------------------------------------------------


async def test_a_neo_that_lists_only_a_few_days_at_once_is_well(neo: NeoServer, app: App, world: World) -> None:
    world.add(SimTask.of("t", Stream(START - HOUR, START, credits=Decimal(1))))

    def too_long(request: Request) -> Status | None:
        span = datetime.fromisoformat(request.query["to"]) - datetime.fromisoformat(request.query["from"])
        return Status(400) if span > timedelta(days=7) else None

    neo.api.faults.when(too_long)
    found = {check.what: check for check in [check async for check in upstream_checks(app)]}
    assert found["neo"].state is CheckState.OK
    assert "1 tasks in 3 days" in found["neo"].finding
    assert found["scope"].finding == "the key sees the team"


async def test_what_nobody_foresaw_is_a_failed_check_and_tells_no_secret() -> None:
    secret = "xoxb-secret"

    async def asks() -> AsyncIterator[Check]:
        yield Check(CheckState.OK, "first", "well")
        raise KeyError(secret)

    def looks() -> Iterator[Check]:
        yield Check(CheckState.OK, "first", "well")
        raise OSError(secret)

    checks = [check async for check in guarded_checks_async("slack", asks())] + list(guarded_checks("database", looks))
    assert [check.state for check in checks] == [CheckState.OK, CheckState.FAIL] * 2
    assert [check.what for check in checks] == ["first", "slack", "first", "database"]
    assert not any(secret in check.finding + check.remedy for check in checks)
