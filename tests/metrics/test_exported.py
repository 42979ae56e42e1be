"""What is exported of a running service: the numbers that the terminal gives, and what this process has counted."""

import asyncio
import json
import socket
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from bot import __version__
from bot.database.backup_record import BackupRecord, write_backup_record
from bot.database.read_engine import reader_pool
from bot.database.schema import newest_revision
from bot.outbox.queries import counts_by_state
from bot.outbox.rules import OPEN, NotificationState
from bot.sandbox import faults
from bot.sandbox.slack.faults import RateLimited, Refuse, Reset, Status
from bot.sandbox.webhook import WebhookApi, WebhookFault, WebhookServer
from bot.settings.errors import SettingsError
from bot.usage.report_document import to_json
from tests.support.acts import fail_task, spend
from tests.support.app import report_of
from tests.support.engines import always_on_both, sqlite_only
from tests.support.harness import ServiceHarness
from tests.support.metrics import ON, WITH_MEMBERS, Scraped, scrape
from tests.support.neo_totals import issue, leave_out
from tests.support.random_work import RandomWork
from tests.support.webhook import webhook_settings
from tests.support.worlds import MARCUS, PRIYA, add

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
EXACT = Decimal(2**53) / 10**9  # dollars up to which a float holds every nano
CENT = Decimal("0.01")
LINES = {"today": "team today by:member", "month": "team this month by:member"}


@pytest.fixture
async def measured(closed: ServiceHarness) -> ServiceHarness:
    """A service with metrics that name members."""
    closed.settings = dict(WITH_MEMBERS)
    await closed.open()
    return closed


def terminal_report(harness: ServiceHarness, line: str) -> dict[str, Any]:
    """What `report --json` prints."""
    document: dict[str, Any] = json.loads(to_json(report_of(harness.app(), line)))
    return document


def assert_is(exported: float, usd: str) -> None:
    """A float is this amount: to the nano as far as floats go, and to the cent beyond."""
    amount = Decimal(usd)
    step = Decimal("1e-9") if abs(amount) < EXACT else CENT
    assert Decimal(exported).quantize(step) == amount.quantize(step)


def assert_equals_reports(harness: ServiceHarness, scraped: Scraped) -> None:
    for span, line in LINES.items():
        report = terminal_report(harness, line)
        assert_is(scraped("spend_usd", span=span), report["total"]["spend_usd"])
        by_member = {member: usd for (member, each), usd in scraped.all_of("member_spend_usd").items() if each == span}
        groups = {group["key"][0]: group["spend_usd"] for group in report["groups"]}
        assert by_member.keys() == groups.keys()
        for member, usd in groups.items():
            assert_is(by_member[member], usd)


@pytest.mark.slow
@always_on_both
@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize(
    "settings", [{}, {"TIMEZONE": "America/New_York", "SPEND_BASIS": "platform"}], ids=["usual", "elsewhere"]
)
async def test_spend_is_what_the_report_says(closed: ServiceHarness, seed: int, settings: dict[str, str]) -> None:
    closed.settings = {**WITH_MEMBERS, **settings}
    work = RandomWork(closed.neo.world, closed.clock, seed)
    work.end(20)
    await closed.open()
    for _ in range(4):
        assert_equals_reports(closed, await scrape(closed))
        closed.clock.advance(7 * HOUR)
        work.end(8)
        work.change(6)
        await closed.sync()


@pytest.mark.slow
async def test_a_scrape_is_of_one_moment_while_tasks_are_booked(measured: ServiceHarness) -> None:
    work = RandomWork(measured.neo.world, measured.clock, 3)
    for _ in range(3):
        work.end(60)
        syncing = asyncio.create_task(measured.sync())
        while not syncing.done():
            scraped = await scrape(measured)
            for span in LINES:
                members = sum(usd for (_, each), usd in scraped.all_of("member_spend_usd").items() if each == span)
                assert members == pytest.approx(scraped("spend_usd", span=span), abs=1e-3)
        await syncing
        measured.clock.advance(HOUR)


@pytest.mark.slow
async def test_nobody_is_named_unless_that_is_wanted(closed: ServiceHarness) -> None:
    closed.settings = {**ON, "ALERT_CHANNEL": "#neo-spend"}
    secrets: dict[str, Any] = {"title": "the secret title", "model": "secret-model"}
    add(closed.neo.world, "first", "4", email=PRIYA, **secrets)
    await closed.open()
    fail_task(closed, MARCUS, "the secret error", **secrets)
    await spend(closed, PRIYA, 90)
    await closed.ask("hannah", "budget @priya 100/month")
    await closed.deliver()
    text = (await scrape(closed)).text
    assert "neo_usage_spend_usd" in text
    for word in ("@", "acme", "secret", "neo-spend", "member_spend", "priya"):
        assert word not in text.lower(), word


async def test_reads_requests_and_answers_are_counted(measured: ServiceHarness) -> None:
    before = await scrape(measured)
    for number in range(3):
        add(measured.neo.world, f"new-{number}", "1", email=PRIYA, begun=measured.clock() - 3 * HOUR)
    await measured.sync()
    for _ in range(2):
        await measured.ask("hannah", "team today")
    await measured.idle()
    after = await scrape(measured)

    def more(name: str, **labels: str) -> float:
        return after(name, **labels) - before(name, **labels)

    assert more("rows_total", outcome="new") == 3
    assert more("rows_total", outcome="quarantined") == 0
    assert more("passes_total", kind="tail", outcome="complete") == 1
    assert more("pages_total") >= 1
    assert more("neo_requests_total") >= 1
    assert sum(after.all_of("neo_errors_total").values()) == 0
    assert more("slack_requests_total") >= 2
    assert more("answer_seconds_count", kind="command") == 2
    assert 0 < more("answer_seconds_sum", kind="command") < 60
    assert more("answer_seconds_count", kind="button") == 0


@pytest.mark.slow
@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (faults.Status(503), "unavailable"),
        (faults.Status(429, retry_after=3_600), "rate_limited"),
        (faults.Status(401), "unauthorized"),
        (faults.Status(403), "forbidden"),
        (faults.Status(404), "rejected"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_errors_of_neo_are_counted_by_kind(measured: ServiceHarness, fault: faults.Fault, kind: str) -> None:
    before = await scrape(measured)
    measured.neo.faults.always = fault
    measured.clock.advance(HOUR)
    await measured.service.jobs.sync()
    after = await scrape(measured)
    failed = after("neo_errors_total", kind=kind)
    assert failed >= 1
    assert after("neo_requests_total") - before("neo_requests_total") == failed
    assert sum(after.all_of("neo_errors_total").values()) == failed
    assert after("passes_total", kind="tail", outcome="failed") == 1


@pytest.mark.slow
@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (Refuse("token_revoked"), "unauthorized"),
        (Refuse("channel_not_found"), "refused"),
        (RateLimited(30), "rate_limited"),
        (Status(500), "unavailable"),
        (Reset(), "unavailable"),
    ],
    ids=str,
)
async def test_errors_of_slack_are_counted_by_kind(measured: ServiceHarness, fault: Any, kind: str) -> None:
    await spend(measured, PRIYA, 60)
    before = await scrape(measured)
    measured.slack.faults.on("chat.postMessage", fault)
    await measured.ask("hannah", "budget @priya 100/month")
    await measured.deliver()
    after = await scrape(measured)
    known = before.all_of("slack_errors_total")
    more = {kind: number - known[kind,] for (kind,), number in after.all_of("slack_errors_total").items()}
    assert more == dict.fromkeys(more, 0) | {kind: 1}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("fault", "kind"), [(WebhookFault(500), "unavailable"), (WebhookFault(404), "refused"), (WebhookFault(410), "gone")]
)
async def test_errors_of_the_webhook_are_counted_by_kind(
    closed: ServiceHarness, fault: WebhookFault, kind: str
) -> None:
    api = WebhookApi()
    async with WebhookServer(api) as receiver:
        closed.settings = {**ON, **webhook_settings(receiver)}
        await closed.open()
        before = await scrape(closed)
        assert before("webhook_requests_total") == 0
        api.faults.append(fault)
        await spend(closed, PRIYA, 60)
        await closed.ask("hannah", "budget @priya 100/month")
        await closed.deliver()
        after = await scrape(closed)
    assert after("webhook_requests_total") == len(api.attempts) >= 1
    errors = {name: number for (name,), number in after.all_of("webhook_errors_total").items()}
    assert errors == dict.fromkeys(("gone", "refused", "unavailable"), 0) | {kind: 1}


@pytest.mark.slow
async def test_the_age_of_the_last_backup_is_exported_if_any_are_to_be_made(closed: ServiceHarness) -> None:
    closed.settings = dict(ON)
    await closed.open()
    assert (await scrape(closed)).all_of("backup_age_seconds") == {}
    (closed.directory / "backups").mkdir()
    closed.settings |= {"BACKUP_DIR": str(closed.directory / "backups")}
    await closed.restart()
    assert (await scrape(closed)).all_of("backup_age_seconds") == {}  # no task was read: the first one is not due yet
    now = closed.clock()
    for record, age in (
        (BackupRecord(now, None, 0, "it's full"), float("inf")),
        (BackupRecord(now, now, 1_000), 3_600),
    ):
        await closed.service.database.write(partial(write_backup_record, record=record))
        closed.clock.advance(HOUR)
        assert (await scrape(closed))("backup_age_seconds") == age
        closed.clock.set_back(HOUR)


async def test_an_answer_that_slack_does_not_take_is_counted(measured: ServiceHarness) -> None:
    measured.slack.faults.on("hook", Status(503))
    await measured.ask("hannah", "team today")
    assert (await scrape(measured))("slack_errors_total", kind="unavailable") == 1


# --- messages ------------------------------------------------------------------------------------


@pytest.mark.slow
@always_on_both
async def test_messages_that_are_not_in_slack_are_counted_by_state_and_kind(measured: ServiceHarness) -> None:
    await spend(measured, PRIYA, 60)
    measured.slack.faults.on("chat.postMessage", *[Refuse("token_expired")] * 20)
    await measured.ask("hannah", "budget @priya 100/month")
    await measured.deliver()
    measured.clock.advance(10 * MINUTE)
    await measured.deliver()  # tried again in vain, and not once more while the clock stands still
    waiting = await scrape(measured)
    assert waiting("notifications", state="pending", kind="crossing") == 1
    assert waiting("notification_wait_seconds") == 600
    await assert_counts_are_those_of_status(measured, waiting)
    measured.slack.faults.clear()
    measured.clock.advance(MINUTE)
    await measured.deliver()
    sent = await scrape(measured)
    assert sent("notifications", state="pending", kind="crossing") == 0
    assert sent("notification_wait_seconds") == 0
    assert sent("delivery_seconds_count", kind="crossing", to="slack") == 1
    assert sent("delivery_seconds_sum", kind="crossing", to="slack") == 660
    await assert_counts_are_those_of_status(measured, sent)


@pytest.mark.slow
@always_on_both
async def test_messages_that_could_not_be_sent_stay_counted(measured: ServiceHarness) -> None:
    await spend(measured, PRIYA, 60)
    measured.slack.faults.on("chat.postMessage", Refuse("channel_not_found"))
    await measured.ask("hannah", "budget @priya 100/month")
    await measured.deliver()
    scraped = await scrape(measured)
    assert scraped("notifications", state="dead", kind="crossing") == 1
    assert scraped("delivery_seconds_count", kind="crossing", to="slack") == 1  # where it went instead
    await assert_counts_are_those_of_status(measured, scraped)


async def assert_counts_are_those_of_status(harness: ServiceHarness, scraped: Scraped) -> None:
    counts = await harness.service.database.read(counts_by_state)
    for state in (*OPEN, NotificationState.DEAD):
        exported = sum(n for (_, each), n in scraped.all_of("notifications").items() if each == state.name.lower())
        assert exported == counts.get(state, 0), state


@pytest.mark.slow
async def test_a_message_that_was_found_in_slack_counts_once(measured: ServiceHarness) -> None:
    await spend(measured, PRIYA, 60)
    measured.slack.faults.on("chat.postMessage", Reset(done=True))
    await measured.ask("hannah", "budget @priya 100/month")
    await measured.deliver()
    assert (await scrape(measured))("notifications", state="unconfirmed", kind="crossing") == 1
    measured.clock.advance(MINUTE)
    await measured.deliver()
    scraped = await scrape(measured)
    assert scraped("delivery_seconds_count", kind="crossing", to="slack") == 1
    assert scraped("delivery_seconds_sum", kind="crossing", to="slack") >= 60


@pytest.mark.slow
async def test_messages_that_wait_for_the_end_of_quiet_hours_do_not_count_as_waiting(closed: ServiceHarness) -> None:
    closed.settings = {**ON, "QUIET_HOURS": "10:00-23:30"}
    await closed.open()
    await spend(closed, PRIYA, 60)
    await closed.ask("hannah", "budget @priya 100/month")
    await closed.deliver()
    closed.clock.advance(2 * HOUR)
    scraped = await scrape(closed)
    assert scraped("notifications", state="pending", kind="crossing") == 1
    assert scraped("notification_wait_seconds") == 0


# --- budgets, data, the process ------------------------------------------------------------------


@pytest.mark.slow
@always_on_both
async def test_budgets_are_counted_by_the_highest_step_passed(measured: ServiceHarness) -> None:
    await spend(measured, PRIYA, 60)
    await spend(measured, MARCUS, 90)
    for line in ("budget default 100/month", "budget team 10/day", "budget @priya 1000/month", "budget @priya 50/day"):
        await measured.ask("hannah", line)
    scraped = await scrape(measured)
    assert nonzero(scraped.all_of("budgets")) == {
        ("month", "default"): 1, ("day", "team"): 1, ("month", "member"): 1, ("day", "member"): 1,
    }  # fmt: skip
    assert nonzero(scraped.all_of("budgets_passed")) == {("month", "80"): 1, ("day", "200"): 1, ("day", "100"): 1}
    await measured.ask("hannah", "budget @priya remove month")
    await measured.ask("hannah", "budget @marcus 100000/month")
    assert nonzero((await scrape(measured)).all_of("budgets_passed")) == {
        ("month", "50"): 1, ("day", "200"): 1, ("day", "100"): 1,
    }  # fmt: skip
    measured.clock.advance(DAY)
    await measured.sync()
    assert nonzero((await scrape(measured)).all_of("budgets_passed")) == {("month", "50"): 1}


def nonzero(samples: dict[tuple[str, ...], float]) -> dict[tuple[str, ...], float]:
    return {key: value for key, value in samples.items() if value}


@pytest.mark.slow
async def test_the_age_of_the_data_is_counted_from_the_last_complete_read(closed: ServiceHarness) -> None:
    closed.settings = dict(ON)
    closed.neo.faults.always = faults.Status(503)
    await closed.open()
    assert (await scrape(closed))("data_age_seconds") == float("inf")
    closed.neo.faults.clear()
    closed.clock.advance(HOUR)
    await closed.sync()
    assert (await scrape(closed))("data_age_seconds") == 0
    closed.neo.faults.always = faults.Status(503)
    closed.clock.advance(2 * HOUR)
    await closed.sync()
    scraped = await scrape(closed)
    assert scraped("data_age_seconds") == 7_200
    assert scraped("poll_interval_seconds") == 3_600
    closed.clock.set_back(3 * HOUR)  # behind the last complete read
    assert (await scrape(closed))("data_age_seconds") == float("inf")


@pytest.mark.slow
async def test_a_row_that_cannot_be_counted_is_exported(measured: ServiceHarness) -> None:
    assert (await scrape(measured))("rejected_rows") == 0
    add(measured.neo.world, "first", "4", email=PRIYA, begun=measured.clock() - 3 * HOUR)
    measured.neo.faults.always = faults.Mangle(lambda rows: [row | {"neo_credits": -1} for row in rows])
    await measured.sync()
    scraped = await scrape(measured)
    assert scraped("rejected_rows") == 1
    assert scraped("rows_total", outcome="quarantined") == 1


async def test_the_state_of_the_process_and_the_database_is_exported(measured: ServiceHarness) -> None:
    scraped = await scrape(measured)
    (built,) = scraped.all_of("build_info")
    assert built[1] == __version__
    assert scraped("schema_version") == int(newest_revision())
    assert scraped("database_size_bytes") > 10_000
    assert [
        scraped(name) for name in ("database_readable", "database_writable", "slack_connected", "jobs_running")
    ] == [1] * 4
    assert scraped.all_of("lease_held") == {("jobs",): 1, ("sync",): 0}
    measured.slack.down = True
    measured.slack.sockets.drop()
    await noticed_as_down(measured)
    measured.hold_jobs()  # which would take the lease again
    await measured.service.jobs.lease.release()
    scraped = await scrape(measured)
    assert scraped("slack_connected") == 0
    assert scraped("jobs_running") == 0
    assert scraped.all_of("lease_held") == {("jobs",): 0, ("sync",): 0}


async def noticed_as_down(harness: ServiceHarness) -> None:
    """Wait until the bot knows that its connection to Slack is gone, which it does after Slack's side."""
    async with asyncio.timeout(15):
        while await harness.service.slack.is_connected():  # noqa: ASYNC110 - Slack's client does it
            await asyncio.sleep(0.01)


@pytest.mark.slow
@sqlite_only("a server has no file")
async def test_what_this_process_counts_is_exported_although_the_ledger_cannot_be_read(
    measured: ServiceHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    missing = reader_pool(measured.directory / "no-ledger.db", 1)
    monkeypatch.setattr(measured.service.database, "read", missing.read)
    scraped = await scrape(measured)
    missing.close()
    assert scraped("database_readable") == 0
    assert scraped("passes_total", kind="history", outcome="complete") >= 1
    assert scraped.all_of("spend_usd") == {}  # rather than a false $0


@pytest.mark.slow
@sqlite_only("it is locked as a file is")
async def test_a_database_that_cannot_be_written_is_exported(measured: ServiceHarness) -> None:
    assert isinstance(measured.place, Path)
    with closing(sqlite3.connect(measured.place, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        await measured.service.alarm.test()
        assert (await scrape(measured))("database_writable") == 0
    await measured.service.alarm.test()
    assert (await scrape(measured))("database_writable") == 1


@pytest.mark.slow
async def test_two_services_of_one_process_count_apart(measured: ServiceHarness) -> None:
    await measured.ask("hannah", "team today")
    await measured.idle()
    assert (await scrape(measured))("answer_seconds_count", kind="command") == 1
    await measured.restart()
    assert (await scrape(measured))("answer_seconds_count", kind="command") == 0


@pytest.mark.slow
async def test_what_neo_says_of_its_totals_is_exported_as_operators_read_it(closed: ServiceHarness) -> None:
    closed.settings = dict(ON)
    add(closed.neo.world, "old", "28", email=PRIYA, begun=closed.clock() - 5 * DAY)
    await closed.open()
    scraped = await scrape(closed)
    for name in ("neo_total_age_seconds", "balance_age_seconds"):
        assert scraped(name) == float("inf")
    for name in ("neo_total_agrees_until_timestamp_seconds", "balance_credits", "balance_runway_seconds"):
        assert scraped.all_of(name) == {}
    issue(closed, 80)
    leave_out(closed, "old")
    for line in ("reconcile", "balance"):
        await closed.ask("hannah", line)
    closed.clock.advance(HOUR)
    scraped = await scrape(closed)
    day = (closed.clock() - 5 * DAY).replace(hour=0, minute=0, second=0, microsecond=0)
    assert scraped("neo_total_differences") == 1
    assert scraped("neo_total_agrees_until_timestamp_seconds") == day.timestamp()
    assert scraped("neo_total_age_seconds") == scraped("balance_age_seconds") == HOUR.total_seconds()
    assert scraped("balance_credits") == 80
    assert scraped("balance_runway_seconds") == 40 * DAY.total_seconds()  # at 28 credits in two weeks


async def test_credits_that_last_for_years_have_no_end(measured: ServiceHarness) -> None:
    issue(measured, 80)
    await measured.ask("hannah", "balance")
    assert (await scrape(measured))("balance_runway_seconds") == float("inf")


async def test_there_are_no_metrics_unless_a_port_is_set(harness: ServiceHarness) -> None:
    assert harness.service.metrics_port is None


@pytest.mark.slow
@pytest.mark.parametrize("setting", ["METRICS_PORT", "HTTP_PORT"])
async def test_a_port_that_is_in_use_is_named_with_its_setting(closed: ServiceHarness, setting: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        closed.settings = {setting: str(port)}
        with pytest.raises(SettingsError) as raised:
            await closed.open()
    (problem,) = raised.value.problems
    why, remedy = "address already in use", "Choose another one, or stop the program that uses it."
    assert problem == f"{setting}: port {port} can't be used ({why}). {remedy}"


@pytest.mark.parametrize("setting", ["METRICS_HOST", "HTTP_HOST"])
async def test_a_host_that_is_another_machine_is_named_with_its_setting(closed: ServiceHarness, setting: str) -> None:
    closed.settings = {**ON, setting: "192.0.2.1"}
    with pytest.raises(SettingsError) as raised:
        await closed.open()
    (problem,) = raised.value.problems
    remedy = "The bot can't listen there. Use an address of this machine, such as 127.0.0.1."
    assert problem == f"{setting}: 192.0.2.1 isn't this machine. {remedy}"


@pytest.mark.slow
def test_without_metrics_nothing_of_prometheus_is_loaded() -> None:
    code = "import sys, bot.service.service; print('prometheus_client' in sys.modules, 'aiohttp' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)  # noqa: S603 - ours
    assert done.stdout.split() == ["False", "True"]


async def test_an_e_mail_cannot_break_out_of_its_label(measured: ServiceHarness) -> None:
    email = 'a"b\\c{}@acme.example'
    add(measured.neo.world, "first", "4", email=email, begun=measured.clock() - 3 * HOUR)
    await measured.sync()
    scraped = await scrape(measured)
    assert scraped.all_of("member_spend_usd") == {(email, "today"): 40, (email, "month"): 40}
    assert_equals_reports(measured, scraped)


@pytest.mark.slow
async def test_events_of_the_webhook_are_counted_apart(closed: ServiceHarness) -> None:
    async with WebhookServer(WebhookApi()) as receiver:
        closed.settings = {**ON, **webhook_settings(receiver)}
        await closed.open()
        await spend(closed, PRIYA, 60)
        await closed.ask("hannah", "budget @priya 100/month")
        await closed.deliver()
        scraped = await scrape(closed)
        await closed.close()
    counts = nonzero(scraped.all_of("delivery_seconds_count"))
    assert counts.keys() >= {("crossing", "slack"), ("crossing_event", "webhook")}
    assert sum(scraped.all_of("notifications").values()) == 0
