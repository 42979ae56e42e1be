"""The doctor: each token, scope, operator and channel has its line and its remedy, and nothing ends it early."""

import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import replace
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
from tests.support.fixtures import Wire

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

    async def examined(clock: Callable[[], datetime] = system_clock, **settings: str) -> list[Check]:
        environment = {
            "SLACK_API_URL": f"{slack.url}/api/",
            "SLACK_BOT_TOKEN": slack.workspace.bot_token,
            "SLACK_APP_TOKEN": slack.workspace.app_token,
            "ADMINS": "hannah.weiss@acme.example",
            "DATABASE_URL": url_of(place),
            **settings,
        }
        app = build(load(environment, tmp_path), clock)
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
        ({"SLACK_BOT_TOKEN": "xoxb-wrong"}, "slack bot token", "from your Slack app: OAuth & Permissions."),
        ({"SLACK_APP_TOKEN": "xapp-wrong"}, "slack app token", "invalid_auth Copy it again from your Slack app: Basic"),
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


async def test_a_clock_that_is_not_slacks_is_a_failure(examine: Examine) -> None:
    assert not [check for check in await examine() if check.what == "clock" and check.finding != "agrees with Slack's"]
    found = failed(await examine(clock=lambda: system_clock() - HOUR))
    assert re.match(r"3,(600|59\d) s off Slack's clock Set this machine's clock", found["clock"])


async def test_guests_in_a_channel_are_named(slack: SlackApi, examine: Examine) -> None:
    checks = await examine(DIGEST_CHANNEL="#shop-pentest", ALERT_CHANNEL="#neo-spend")
    [guests] = [check for check in checks if check.state is CheckState.WARN]
    assert guests.what == "DIGEST_CHANNEL #shop-pentest"
    assert guests.finding == "1 guest can read what is posted there: Gil Moreau"
    assert guests.remedy == "Remove them from the channel, or name another one."
    slack.workspace.channel("shop-pentest").members |= {"U0OWEN", "U0NOBODY"}
    checks = await examine(DIGEST_CHANNEL="#shop-pentest", ALERT_CHANNEL="#neo-spend")
    [guests] = [check for check in checks if check.state is CheckState.WARN]
    assert guests.finding == "3 guests can read what is posted there: Gil Moreau, somebody from outside, Owen Blake"


async def test_what_happens_without_a_channel_is_said(examine: Examine) -> None:
    found = {check.what: check for check in await examine()}
    assert found["DIGEST_CHANNEL"].finding == "it isn't set, so no digest is posted"
    alert = "it isn't set, so budget and failure alerts for a channel go to a DM to each operator"
    assert (found["ALERT_CHANNEL"].state, found["ALERT_CHANNEL"].finding) == (CheckState.WARN, alert)
    operators = "it isn't set, so problems of the bot go to a DM to each operator"
    assert (found["OPS_CHANNEL"].state, found["OPS_CHANNEL"].finding) == (CheckState.OK, operators)
    found = {check.what: check for check in await examine(OPS_CHANNEL="#neo-spend")}
    assert found["ALERT_CHANNEL"].finding.endswith("go to OPS_CHANNEL")
    found = {check.what: check for check in await examine(ALERT_CHANNEL="#neo-spend", DIGEST_CHANNEL="#general")}
    assert found["OPS_CHANNEL"].finding == "it isn't set, so problems of the bot go to ALERT_CHANNEL"
    assert not found.keys() & {"DIGEST_CHANNEL", "ALERT_CHANNEL"}


# --- Neo -----------------------------------------------------------------------------------------


async def test_a_neo_that_lists_only_a_few_days_at_once_is_well(neo: NeoServer, app: App, world: World) -> None:
    world.add(SimTask.of("t", Stream(START - HOUR, START, credits=Decimal(1))))

    def too_long(request: Request) -> Status | None:
        span = datetime.fromisoformat(request.query["to"]) - datetime.fromisoformat(request.query["from"])
        return Status(400) if span > timedelta(days=7) else None

    neo.api.faults.when(too_long)
    found = {check.what: check for check in [check async for check in upstream_checks(app)]}
    assert found["neo"].state is CheckState.OK
    assert "1 task in 3 days" in found["neo"].finding
    assert found["scope"].finding == "the key sees the team"


@pytest.mark.parametrize(
    ("off", "state"), [(timedelta(0), CheckState.OK), (HOUR, CheckState.FAIL), (-HOUR, CheckState.FAIL)]
)
async def test_a_clock_that_is_not_neos_is_a_failure(wire: Wire, off: timedelta, state: CheckState) -> None:
    app = replace(wire(), clock=lambda: system_clock() + off)
    [clock] = [check async for check in upstream_checks(app) if check.what == "clock"]
    assert clock.state is state
    expected = r"3,(600|59\d|60\d) s off Neo's clock" if off else "agrees with Neo's"
    assert re.fullmatch(expected, clock.finding)
    assert clock.remedy.startswith("Set this machine's clock (NTP)") is bool(off)


async def test_a_neo_that_does_not_list_so_old_tasks_is_said(neo: NeoServer, wire: Wire) -> None:
    def too_old(request: Request) -> Status | None:
        return Status(400) if datetime.fromisoformat(request.query["to"]) < START - timedelta(days=30) else None

    neo.api.faults.when(too_old)
    for days, state in (("20", CheckState.OK), ("60", CheckState.WARN)):
        [history] = [check async for check in upstream_checks(wire(HISTORY_DAYS=days)) if check.what == "history"]
        assert history.state is state
    assert history.finding.startswith("Neo doesn't list the tasks of ")


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


def test_a_path_that_may_not_be_looked_at_is_named_and_is_no_bug_of_ours() -> None:
    def closed() -> Iterator[Check]:
        yield from ()
        raise PermissionError(13, "Permission denied", "/closed/ledger.db")

    [check] = guarded_checks("database", closed)
    assert check.state is CheckState.FAIL
    assert check.finding == "the bot's user may not look at /closed/ledger.db"
    assert check.remedy == "Let that user enter the directories on the way, or name another place."
