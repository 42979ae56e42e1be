"""Ports: one that another program uses is a failure, one where the bot itself listens is not."""

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bot.app import build
from bot.doctor.check import Check, CheckState
from bot.doctor.ports import port_checks
from bot.sandbox.http_server import NeoServer
from bot.sandbox.slack.faults import Refuse
from bot.settings.environment import load
from tests.support.engines import url_of
from tests.support.harness import ServiceHarness
from tests.support.ledgers import Ledgers
from tests.support.other_program import healthy_program


@pytest.fixture
def taken(neo: NeoServer) -> str:
    """A port on which another program answers."""
    return neo.url.rpartition(":")[2]


def checks(directory: Path, **settings: str) -> list[Check]:
    return list(port_checks(build(load(settings, directory))))


async def checks_beside(bot: ServiceHarness, **settings: str) -> list[tuple[str, CheckState, str]]:
    """What is found with a bot's own database and port, unless the settings say otherwise."""
    own = {"DATABASE_URL": url_of(bot.place), "HTTP_PORT": str(bot.service.port)}
    found = await asyncio.to_thread(checks, bot.directory, **own | settings)
    return [(each.what, each.state, each.finding) for each in found]


@contextmanager
def free_port() -> Iterator[int]:
    """A port on which nobody listens, and which nobody else gets meanwhile."""
    with socket.socket() as held:
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        held.bind(("127.0.0.1", 0))
        yield held.getsockname()[1]


def test_a_port_of_another_program_is_a_failure(tmp_path: Path, taken: str) -> None:
    [http] = checks(tmp_path, HTTP_PORT=taken)
    assert (http.state, http.what) == (CheckState.FAIL, "HTTP_PORT")
    assert http.finding == f"another program uses 127.0.0.1:{taken}"
    assert http.remedy == "Stop that program, or choose another HTTP_PORT."
    [_, metrics] = checks(tmp_path, HTTP_PORT="0", METRICS_PORT=taken)
    assert (metrics.state, metrics.what) == (CheckState.FAIL, "METRICS_PORT")


def test_a_host_of_another_machine_is_a_failure(tmp_path: Path) -> None:
    hosts = {"HTTP_HOST": "192.0.2.1", "METRICS_HOST": "192.0.2.1"}
    found = checks(tmp_path, **hosts, HTTP_PORT="0", METRICS_PORT="0")
    for setting, check in zip(hosts, found, strict=True):
        assert check.state is CheckState.FAIL
        assert check.finding.startswith("the bot can't listen at 192.0.2.1:0 (")
        assert check.remedy == f"Check {setting}: it has to be an address of this machine."


def test_a_healthy_program_of_another_kind_is_no_bot(tmp_path: Path) -> None:
    with healthy_program() as port:
        [http] = checks(tmp_path, HTTP_PORT=str(port))
    assert (http.state, http.finding) == (CheckState.FAIL, f"another program uses 127.0.0.1:{port}")


async def test_the_ports_of_a_running_bot_are_well(closed: ServiceHarness) -> None:
    closed.settings = {"METRICS_PORT": "0"}
    await closed.open()
    port, metrics = closed.service.port, closed.service.metrics_port
    assert await checks_beside(closed, METRICS_PORT=str(metrics)) == [
        ("HTTP_PORT", CheckState.OK, f"a bot is running at 127.0.0.1:{port}"),
        ("METRICS_PORT", CheckState.OK, f"the bot serves metrics at 127.0.0.1:{metrics}"),
    ]
    assert await checks_beside(closed) == [("HTTP_PORT", CheckState.OK, f"a bot is running at 127.0.0.1:{port}")]


async def test_metrics_that_a_running_bot_does_not_serve_are_looked_at(harness: ServiceHarness, taken: str) -> None:
    [_, metrics] = await checks_beside(harness, METRICS_PORT=taken)
    assert metrics == ("METRICS_PORT", CheckState.FAIL, f"another program uses 127.0.0.1:{taken}")
    with free_port() as port:
        [_, metrics] = await checks_beside(harness, METRICS_PORT=str(port))
    finding = f"the bot that is running serves no metrics at 127.0.0.1:{port}"
    assert metrics == ("METRICS_PORT", CheckState.WARN, finding)


async def test_a_bot_of_another_team_is_in_the_way(harness: ServiceHarness, ledgers: Ledgers, tmp_path: Path) -> None:
    finding = f"a bot with another database is running at 127.0.0.1:{harness.service.port}"
    other, none = url_of(ledgers.new()), url_of(tmp_path / "none.db")
    for database in (other, none):
        assert await checks_beside(harness, DATABASE_URL=database) == [("HTTP_PORT", CheckState.FAIL, finding)]


async def test_a_bot_whose_database_cannot_be_read_is_still_the_bot(harness: ServiceHarness, tmp_path: Path) -> None:
    broken = tmp_path / "broken.db"
    broken.write_text("this is no database")
    [(_, state, _)] = await checks_beside(harness, DATABASE_URL=url_of(broken))
    assert state is CheckState.OK


async def test_a_running_bot_that_is_not_ready_says_why(harness: ServiceHarness) -> None:
    port = str(harness.service.port)
    harness.slack.faults.on("auth.test", Refuse("token_revoked"))
    own = {"DATABASE_URL": url_of(harness.place), "HTTP_PORT": port}
    [http] = await asyncio.to_thread(checks, harness.directory, **own)
    assert http.state is CheckState.WARN
    said = (
        f"a bot is running at 127.0.0.1:{port}, but isn't ready. slack: Slack rejects SLACK_BOT_TOKEN (token_revoked)."
    )
    assert http.finding.startswith(said)
    assert http.remedy == "It has the settings that it was started with: restart it after a change."
