"""Ports: one that another program uses is a failure, one where the bot itself listens is not."""

import asyncio
from pathlib import Path

import pytest

from bot.doctor.check import Check, CheckState
from bot.doctor.ports import port_checks
from bot.sandbox.http_server import NeoServer
from bot.sandbox.slack.faults import Refuse
from bot.settings.environment import load
from tests.support.harness import ServiceHarness


@pytest.fixture
def taken(neo: NeoServer) -> str:
    """A port on which another program answers."""
    return neo.url.rpartition(":")[2]


def checks(directory: Path, **settings: str) -> list[Check]:
    return list(port_checks(load(settings, directory)))


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


async def test_the_ports_of_a_running_bot_are_well(harness: ServiceHarness, tmp_path: Path, taken: str) -> None:
    port = str(harness.service.port)
    [http] = await asyncio.to_thread(checks, tmp_path, HTTP_PORT=port, METRICS_PORT=taken)
    assert (http.state, http.finding) == (CheckState.OK, f"a bot is running at 127.0.0.1:{port}")


async def test_a_running_bot_that_is_not_ready_says_why(harness: ServiceHarness, tmp_path: Path) -> None:
    port = str(harness.service.port)
    harness.slack.faults.on("auth.test", Refuse("token_revoked"))
    [http] = await asyncio.to_thread(checks, tmp_path, HTTP_PORT=port)
    assert http.state is CheckState.WARN
    said = (
        f"a bot is running at 127.0.0.1:{port}, but isn't ready. slack: Slack rejects SLACK_BOT_TOKEN (token_revoked)."
    )
    assert http.finding.startswith(said)
    assert http.remedy == "It has the settings that it was started with: restart it after a change."
