"""The trail in the log: from a request to its answer, from a pass to what was sent, and what a start says."""

import asyncio
import io
import json
import re
from pathlib import Path
from typing import Any

import pytest

from bot import __version__
from bot.database.schema import newest_revision
from bot.sandbox.webhook import WebhookApi, WebhookServer
from bot.sandbox.world import World
from bot.service.service import serve
from bot.service.start_report import log_start
from bot.settings.environment import load
from bot.settings.values import switch
from bot.settings.variables import VARIABLES
from tests.support.acts import fail_task, spend
from tests.support.engines import always_on_both
from tests.support.harness import ServiceHarness
from tests.support.messages import visible_text
from tests.support.webhook import SECRET, webhook_settings
from tests.support.worlds import PRIYA

MARK = "zzmarkzz"


@pytest.fixture
def world() -> World:
    return World.empty()


def lines(log: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in log.getvalue().splitlines()]


def named(log: io.StringIO, event: str) -> list[dict[str, Any]]:
    return [each for each in lines(log) if each["event"] == event]


def empty(log: io.StringIO) -> None:
    log.truncate(0)
    log.seek(0)


async def test_each_request_has_a_reference_of_its_own(harness: ServiceHarness, json_log: io.StringIO) -> None:
    await asyncio.gather(*(harness.slack.command(user, "neo-spend", "7d") for user in ("hannah", "priya")))
    await harness.idle()
    first, second = named(json_log, "request")
    assert re.fullmatch("[0-9a-f]{8}", first["request"])
    assert first["request"] != second["request"]


async def test_what_a_request_enqueues_carries_its_reference(harness: ServiceHarness, json_log: io.StringIO) -> None:
    await spend(harness, PRIYA, 6)
    empty(json_log)
    await harness.ask("priya", "budget request 800/month")
    await harness.idle()
    await harness.deliver()
    [request] = named(json_log, "request")
    caused = {each["key"] for each in named(json_log, "enqueued") if each.get("request") == request["request"]}
    assert caused
    assert caused <= {each["key"] for each in named(json_log, "sent")}


@pytest.mark.slow
async def test_an_error_names_the_reference_of_its_request(closed: ServiceHarness, json_log: io.StringIO) -> None:
    await closed.open()
    commands = closed.service.wiring.registry.commands
    assert isinstance(commands, dict)
    commands["boom"] = _fail
    said = visible_text(await closed.ask("hannah", "boom"))
    await closed.idle()
    [error] = named(json_log, "could not answer")
    assert f"look for `{error['request']}` in my log" in said
    assert named(json_log, "request")[-1]["request"] == error["request"]


async def _fail(*_: object) -> None:
    raise ValueError("boom")


@pytest.mark.slow
@always_on_both
async def test_a_pass_leads_to_what_was_enqueued_and_sent(harness: ServiceHarness, json_log: io.StringIO) -> None:
    await harness.ask("hannah", "budget @priya 5/month")
    await harness.deliver()
    empty(json_log)
    await spend(harness, PRIYA, 6)
    await harness.deliver()
    [synced] = named(json_log, "synced")
    enqueued = [each for each in named(json_log, "enqueued") if each.get("pass") == synced["pass"]]
    assert enqueued
    assert {each["key"] for each in enqueued} <= {each["key"] for each in named(json_log, "sent")}


@pytest.mark.slow
@pytest.mark.long
async def test_nothing_that_people_or_the_upstream_wrote_and_no_secret_is_logged(
    closed: ServiceHarness, json_log: io.StringIO
) -> None:
    async with WebhookServer(WebhookApi()) as receiver:
        closed.settings |= {
            **webhook_settings(receiver), "ALERT_CHANNEL": "#neo-spend", "DIGEST_CHANNEL": "#neo-spend",
            "OPS_CHANNEL": "#neo-spend", "SPIKE_ALERTS": "on", "METRICS_PORT": "0", "LOG_LEVEL": "debug",
        }  # fmt: skip
        await closed.open()
        marked: dict[str, Any] = {"title": f"{MARK} title", "model": f"{MARK}-model", "agents": (f"{MARK}-agent",)}
        await closed.ask("hannah", f'budget @priya 5/month reason:"{MARK}"')
        await spend(closed, PRIYA, 6, **marked)
        fail_task(closed, PRIYA, f"{MARK} error", **marked)
        fail_task(closed, f"{MARK}@{MARK}.example", f"{MARK} error", **marked)
        await closed.sync()
        for line in (f"title:{MARK}", f"{MARK} what", "errors", "budgets", "team csv", "explain @priya", "digest"):
            await closed.ask("hannah", line)
        await closed.deliver()
        workspace, address = closed.workspace, receiver.hook_url
    logged = json_log.getvalue().lower()
    assert named(json_log, "sent")
    for secret in (
        MARK, "priya.raman", "@acme.example", "port scan", workspace.bot_token, workspace.app_token,
        workspace.signing_secret, closed.neo.key, SECRET, address, "payload", "blocks",
    ):  # fmt: skip
        assert secret.lower() not in logged


@always_on_both
async def test_the_first_ten_lines_of_a_start_say_what_runs(closed: ServiceHarness, json_log: io.StringIO) -> None:
    await closed.open()
    await closed.service.end()
    empty(json_log)
    closed.settings |= {"DIGEST_CHANNEL": "#neo-spend", "QUIET_HOURS": "20:00-08:00", "TIMEZONE": "Europe/Berlin"}
    stop = asyncio.Event()
    running = asyncio.create_task(serve(closed.app(), stop))
    await closed.workspace.until(lambda: bool(named(json_log, "started")))
    stop.set()
    await running
    first = {each["event"]: each for each in lines(json_log)[:10]}
    assert first["neo-usage starts"]["version"] == __version__
    assert first["neo-usage starts"]["timezone"] == "Europe/Berlin"
    assert first["the database is open"]["schema"] == newest_revision()
    assert re.match("SQLite|PostgreSQL", first["the database is open"]["engine"])
    on, off = first["on"], first["off"]
    assert (on["slack"], on["digest"], on["quiet_hours"]) == ("Socket Mode", "#neo-spend at 09:00", "20:00-08:00")
    assert (off["metrics"], off["webhook"]) == ("set METRICS_PORT", "set WEBHOOK_URL")
    assert not on.keys() & {"metrics", "webhook"}
    assert "started" in first


OPTIONAL = {each.name for each in VARIABLES if each.parser is switch or each.read({}) in {None, ()}}
NEEDED = {  # without these the bot ends with an error, or warns, or works for somebody alone
    "NEO_API_KEY", "NEO_BEARER_TOKEN", "SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "SLACK_SIGNING_SECRET", "WEBHOOK_SECRET",
    "SOLO_MEMBER", "BYOK_UNIT",
}  # fmt: skip


def test_a_start_names_each_setting_that_turns_something_on(tmp_path: Path, json_log: io.StringIO) -> None:
    off = {"FORECAST_ALERTS": "off"}
    inner = {"WEBHOOK_URL": "http://127.0.0.1:9/", "WEBHOOK_SECRET": SECRET, "METRICS_PORT": "9464"}
    for settings in (off, off | inner):
        log_start(load(settings, tmp_path))
    named_settings = set(re.findall(r"set ([A-Z_]+)", json_log.getvalue()))
    assert named_settings == OPTIONAL - NEEDED
    empty(json_log)
    log_start(load(inner | {"WEBHOOK_MEMBERS": "on", "METRICS_MEMBERS": "on"}, tmp_path))
    [on] = named(json_log, "on")
    members = on["e_mails_in_webhook"], on["e_mails_in_metrics"]
    assert (on["forecast_alerts"], *members) == ("yes", "yes", "yes")
