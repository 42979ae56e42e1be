"""A person is exported and erased: nothing about them is left in the database, its files and later backups."""

import asyncio
import json
import os
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from importlib import import_module
from pathlib import Path
from signal import SIGKILL
from subprocess import CompletedProcess

import pytest
from click.testing import CliRunner
from sqlalchemy import String, TypeDecorator
from sqlmodel import SQLModel

from bot.app import build
from bot.capability import Capability, Upkeep
from bot.cli.main import app as cli
from bot.database.backup import backup
from bot.maintenance.persons import erase_person
from bot.people.person import find_person
from bot.sandbox.faults import Status
from bot.sandbox.webhook import WebhookApi, WebhookServer
from bot.settings.database_place import DatabasePlace
from bot.settings.environment import load
from tests.support.acts import fail_task, spend
from tests.support.app import report_of
from tests.support.command import run_command
from tests.support.dump import dump
from tests.support.engines import costly, sqlite_only
from tests.support.forked import forked
from tests.support.harness import ServiceHarness
from tests.support.messages import notifications, visible_text
from tests.support.restoring import copy_ledger, restore_copy
from tests.support.webhook import webhook_settings
from tests.support.worlds import MARCUS, PRIYA, spent

BOT = Path(__file__).parents[2] / "bot"
WRONG_USE = 2
DAY = timedelta(days=1)
HERS = "priya"  # in her address, her Slack id, her direct messages' id, her name and her tasks' titles

# every column of text, by what may stand there
OF_PERSONS = {
    "member.email", "task_detail.title", "task_detail.error_message", "quarantine.reason", "pass.error",
    "slack_link.slack_user", "slack_link.email", "slack_link_change.changed_by", "slack_link_change.slack_user",
    "slack_link_change.email_before", "slack_link_change.email_after", "outgoing_act.slack_user",
    "budget_revision.set_by", "budget_revision.reason", "snooze.set_by", "snooze.reason", "snooze.audience",
    "acknowledgement.by", "budget_request.reason", "budget_request.asked_by", "budget_request.decided_by",
    "budget_request.decision_reason", "failure_group.acknowledged_by", "failure_silence.value",
    "failure_silence.reason", "failure_silence.set_by", "home_viewer.slack_user", "incident.said",
    "notification.destination", "notification.channel", "notification.error", "living.destination", "living.channel",
    "subscription.owner", "subscription.destination", "subscription.question", "subscription.ended_by",
}  # fmt: skip
OF_NOBODY = {
    "task.task_id", "task.model", "task.status", "task.neo_credits", "task.llm_cost", "task.neo_cost",
    "task_detail.tools", "task_detail.agents", "charge.kind", "pass.kind", "pass.ending", "quarantine.key", "seen.kind",
    "seen.value", "note.key", "note.value", "lease.name", "lease.holder", "budget.unit",
    "budget.narrowing", "narrowed_quarter.narrowing", "narrowed_subject.narrowing", "crossing.unit",
    "crossing.period", "crossing.decision", "forecast_alert.period", "forecast_alert.outlook", "deferral.audience",
    "deferral.outcome", "snooze.unit", "acknowledgement.unit", "acknowledgement.period",
    "budget_request.unit", "budget_request.state",
    "digest.channel", "digest.day", "digest.fate", "digest.since", "failure_kind.status", "failure_kind.model",
    "failure_kind.cap", "failure_group.state", "failure_silence.what", "home_viewer.looks", "incident.name",
    "incident.told_on", "slack_request.key", "subscription.schedule", "subscription.last_day",
    "subscription.end_reason", "notification.stem", "notification.ledger", "notification.state", "notification.token",
    "notification.thread", "notification.ts", "living.thing", "living.ts", "living.token",
}  # fmt: skip


def test_of_every_text_it_is_known_whether_it_may_be_about_a_person() -> None:
    for path in BOT.glob("*/tables.py"):
        import_module(f"bot.{path.parent.name}.tables")
    columns = {
        f"{table.name}.{column.name}"
        for table in SQLModel.metadata.tables.values()
        for column in table.c
        if isinstance(column.type, String | TypeDecorator)  # SQLModel decorates its texts
    }
    assert columns == OF_PERSONS | OF_NOBODY
    assert not OF_PERSONS & OF_NOBODY


# --- a life --------------------------------------------------------------------------------------


@pytest.fixture
async def lived(closed: ServiceHarness) -> ServiceHarness:
    """A service that knows Priya in every way: she spends, fails, asks, snoozes, subscribes, and others name her."""
    harness = closed
    harness.settings |= {"ALERT_CHANNEL": "#neo-spend", "SPIKE_ALERTS": "on", "SPIKE_FLOOR": "5"}
    spent(harness.neo.world, harness.clock(), PRIYA, 40, title="port scan of Priya's box")
    spent(harness.neo.world, harness.clock(), MARCUS, 10, title="quiet")
    await harness.open()
    await harness.ask("priya", "notify errors on")
    lines = (
        f"link @priya {PRIYA}",
        "@priya this month",
        'budget @priya 50/month reason:"Priya Raman is on a pentest"',
        f'budget @marcus 200/month reason:"as {PRIYA} has"',
        "subscribe @priya this month every monday 09:00",
        "snooze @marcus 1h covers for @priya",
    )
    for line in lines:
        await harness.ask("hannah", line)
    await harness.slack.open_home("priya")
    await harness.ask("priya", "subscribe this week every day 10:00", harness.workspace.im_of("U0PRIYA").id)
    await harness.ask("priya", 'budget request 900/month reason:"Priya needs it"')
    await harness.deliver()
    fail_task(harness, PRIYA, "the vault of priya is sealed", title="priya's recon")
    await spend(harness, PRIYA, 30, title="for priya")
    await harness.ask("priya", "snooze 2h")
    spent(harness.neo.world, harness.clock(), PRIYA, 60)
    await harness.service.jobs.sync()  # what it brings about waits to be sent
    return harness


async def run(harness: ServiceHarness, *words: str, **settings: str) -> CompletedProcess[str]:
    environment = {**os.environ, **harness.environment(), **settings}
    return await asyncio.to_thread(run_command, words, environment, harness.directory)


def texts_about_her(place: DatabasePlace) -> Iterator[tuple[str, object]]:
    """Every cell of the database that names her, with its table."""
    for table, rows in dump(place).items():
        yield from ((table, cell) for row in rows for cell in row if HERS in str(cell).lower())


def files_about_her(directory: Path) -> list[str]:
    return [each.name for each in directory.iterdir() if each.is_file() and HERS.encode() in each.read_bytes().lower()]


# --- export --------------------------------------------------------------------------------------


async def test_everything_about_a_person_is_exported(lived: ServiceHarness) -> None:
    exported = await run(lived, "member", "export", PRIYA, "hers.json")
    assert exported.stdout == f"Wrote what is stored about {PRIYA} to hers.json.\n", exported.stderr
    document = json.loads((lived.directory / "hers.json").read_text())
    assert (document["emails"], document["slack_users"], document["names"]) == ([PRIYA], ["U0PRIYA"], ["Priya Raman"])
    assert {each["title"] for each in document["tasks"]} >= {"port scan of Priya's box", "priya's recon", "for priya"}
    (day,) = document["charges_by_day"]
    assert day["platform_usd"] == "131.000000000"
    empty = {name for name, rows in document.items() if not rows}
    assert empty == {"acknowledgement", "failure_silence", "failure_group", "forecast_alert"}
    again = await run(lived, "member", "export", PRIYA, "hers.json")
    assert (again.returncode, again.stderr) == (1, "neo-usage: File exists: hers.json.\n")


# --- erasure -------------------------------------------------------------------------------------


async def test_nothing_about_an_erased_person_is_left(lived: ServiceHarness, tmp_path: Path) -> None:
    before = report_of(lived.app(), "this month")
    assert {table for table, _ in texts_about_her(lived.place)} >= {
        "member", "task_detail", "slack_link", "slack_link_change", "notification", "living", "home_viewer",
        "subscription", "budget_revision", "budget_request", "snooze",
    }  # fmt: skip
    erased = await run(lived, "member", "erase", PRIYA, "--yes")
    assert erased.stdout.splitlines()[0] == f"This erases {PRIYA}, Priya Raman, U0PRIYA.", erased.stderr
    assert erased.stdout.splitlines()[-1] == f"Erased {PRIYA}. 4 tasks now count as a removed member's."
    assert not list(texts_about_her(lived.place))
    assert report_of(lived.app(), "this month").total == before.total
    await lived.deliver()  # what waited to be sent to her
    await lived.sync()
    spent(lived.neo.world, lived.clock(), PRIYA, 20, title="again by priya")
    await lived.service.jobs.sync()
    await lived.deliver()
    assert not list(texts_about_her(lived.place))
    answer = await lived.ask("hannah", "this month by:member")
    assert "removed member" in visible_text(answer)
    for line in (f"link @marcus {PRIYA}", f"budget {PRIYA} 50/month"):
        await lived.ask("hannah", line)
    assert not list(texts_about_her(lived.place))
    copy = tmp_path / "copy.db"
    backup(lived.place, copy)
    assert HERS.encode() not in copy.read_bytes().lower()


async def test_nobody_is_notified_about_an_erased_person(lived: ServiceHarness) -> None:
    assert (await run(lived, "member", "erase", PRIYA, "--yes")).returncode == 0
    seen = len(notifications(lived.visible("marcus"))), len(notifications(lived.dm("priya")))
    await lived.deliver()
    await spend(lived, PRIYA, 5000)
    lived.clock.advance(timedelta(days=8))  # subscriptions, the end of snoozes
    await lived.sync()
    assert (len(notifications(lived.visible("marcus"))), len(notifications(lived.dm("priya")))) == seen


@pytest.fixture
async def expecting(closed: ServiceHarness) -> AsyncIterator[ServiceHarness]:
    """A service on the 5th day of a month, in which Priya and the team have spent $20 a day on budgets that run out."""
    async with WebhookServer(WebhookApi()) as receiver:
        closed.settings |= {"HISTORY_DAYS": "60", "WEBHOOK_MEMBERS": "on", **webhook_settings(receiver)}
        for back in range(30):
            spent(closed.neo.world, closed.clock() - back * DAY, PRIYA, 20, title="priya's scan", model="opus")
        await closed.open()
        await closed.ask("hannah", "budget @priya 300/month")
        await closed.ask("hannah", "budget default 200/month model:opus")
        for _ in range(3):
            await a_day_goes_by(closed)
            await closed.sync()
        yield closed


async def a_day_goes_by(harness: ServiceHarness) -> None:
    """Priya spends $20, of which the bot does not know yet."""
    harness.clock.advance(DAY)
    spent(harness.neo.world, harness.clock(), PRIYA, 20, title="priya's scan", model="opus")


def forecasts(harness: ServiceHarness) -> list[str]:
    """The forecast alerts that Priya has."""
    texts = [visible_text(each) for each in notifications(harness.dm("priya"))]
    return [each for each in texts if "budget is expected to run out" in each]


async def test_a_forecast_of_an_erased_person_is_erased(expecting: ServiceHarness) -> None:
    await a_day_goes_by(expecting)
    await expecting.sync()
    assert len(forecasts(expecting)) == 2
    exported = await run(expecting, "member", "export", PRIYA, "hers.json")
    assert exported.returncode == 0, exported.stderr
    alerts = json.loads((expecting.directory / "hers.json").read_text())["forecast_alert"]
    assert sorted(each["period"] for each in alerts) == ["2026-03", "2026-03 model:opus"]
    assert (await run(expecting, "member", "erase", PRIYA, "--yes")).returncode == 0
    assert not list(texts_about_her(expecting.place))
    seen = [visible_text(each) for each in notifications(expecting.dm("priya"))]
    for _ in range(30):
        expecting.clock.advance(DAY)
        await expecting.sync()
    assert [visible_text(each) for each in notifications(expecting.dm("priya"))] == seen
    assert not list(texts_about_her(expecting.place))


async def test_a_forecast_that_waits_to_be_sent_is_not_sent_of_an_erased_person(expecting: ServiceHarness) -> None:
    await a_day_goes_by(expecting)
    expecting.slack.faults.when(lambda call: Status(503) if call.method == "chat.postMessage" else None)
    await expecting.sync()
    assert (await run(expecting, "member", "erase", PRIYA, "--yes")).returncode == 0
    expecting.slack.faults.clear()
    expecting.clock.advance(timedelta(hours=1))
    await expecting.sync()
    assert forecasts(expecting) == []
    assert not list(texts_about_her(expecting.place))


@sqlite_only("of the files beside the ledger")
async def test_no_file_of_the_database_names_an_erased_person(lived: ServiceHarness) -> None:
    assert isinstance(lived.place, Path)
    directory = lived.place.parent
    assert files_about_her(directory)
    assert (await run(lived, "member", "erase", PRIYA, "--yes")).returncode == 0
    assert files_about_her(directory) == []


@sqlite_only("of the files beside the ledger")
async def test_an_erasure_that_broke_off_is_finished_by_the_next(lived: ServiceHarness) -> None:
    assert isinstance(lived.place, Path)
    app = lived.app()
    with app.ledger.database() as database, database.transaction() as connection:
        erase_person(connection, app.capabilities(database), find_person(connection, PRIYA, ()), app.clock())
    assert files_about_her(lived.place.parent)
    again = await run(lived, "member", "erase", PRIYA, "--yes")
    assert again.stdout.endswith("0 tasks now count as a removed member's.\n"), again.stderr
    assert files_about_her(lived.place.parent) == []


def erase_and_die(environment: dict[str, str], directory: Path) -> None:
    """Erase her, and be killed before it is committed, once everything but her rows in the ledger is gone."""
    app = build(load(environment, directory))
    dying = Capability("dying", upkeep=Upkeep(erase_person=lambda *_: os.kill(os.getpid(), SIGKILL)))
    with app.ledger.database() as database, database.transaction() as connection:
        person = find_person(connection, PRIYA, ())
        erase_person(connection, [*app.capabilities(database), dying], person, app.clock())


@costly
async def test_an_erasure_that_is_killed_has_changed_nothing(lived: ServiceHarness) -> None:
    await lived.service.end()
    before = dump(lived.place)
    process = forked(erase_and_die, lived.environment(), lived.directory)
    await asyncio.to_thread(process.join)
    assert process.exitcode == -SIGKILL
    assert dump(lived.place) == before
    assert (await run(lived, "member", "erase", PRIYA, "--yes")).returncode == 0
    assert not list(texts_about_her(lived.place))


@costly
async def test_who_was_erased_is_not_restored(lived: ServiceHarness) -> None:
    copy = copy_ledger(lived)
    assert (await run(lived, "member", "erase", PRIYA, "--yes")).returncode == 0
    await restore_copy(lived, copy)
    assert not list(texts_about_her(lived.place))


@costly
async def test_an_account_that_nobody_knows_has_to_be_named(lived: ServiceHarness) -> None:
    await lived.ask("hannah", "link @priya remove")
    words = ("member", "erase", PRIYA, "--yes", "--offline")
    assert "I don't know their Slack account" in (await run(lived, *words)).stdout
    assert {cell for table, cell in texts_about_her(lived.place) if table == "home_viewer"} == {"U0PRIYA"}
    named = await run(lived, *words, "--slack-user", "U0PRIYA")
    assert named.stdout.startswith(f"This erases {PRIYA}, U0PRIYA.\n")
    assert "U0PRIYA" not in str(dump(lived.place))


@costly
async def test_who_may_be_erased(lived: ServiceHarness) -> None:
    before = dump(lived.place)["member"]
    operator = await run(lived, "member", "erase", PRIYA, "--yes", ADMINS=PRIYA)
    assert (operator.returncode, "ADMINS: it names the person." in operator.stderr) == (1, True)
    solo = await run(lived, "member", "erase", PRIYA, "--yes", SOLO_MEMBER=PRIYA)
    assert (solo.returncode, "SOLO_MEMBER: it is the person." in solo.stderr) == (1, True)
    stranger = await run(lived, "member", "erase", "nobody@acme.example", "--yes")
    told = "neo-usage: nobody here is called nobody@acme.example. `neo-usage member list` lists everyone.\n"
    assert (stranger.returncode, stranger.stderr) == (1, told)
    nobody = await run(lived, "member", "erase", "removed member", "--yes")
    assert (nobody.returncode, nobody.stderr) == (1, "neo-usage: `removed member` is nobody in particular.\n")
    environment = {**os.environ, **lived.environment()}
    unsure = await asyncio.to_thread(CliRunner().invoke, cli, ["member", "erase", PRIYA], "n\n", environment)
    assert unsure.exit_code == 1
    assert "Erase them now? [y/N]: n\nAborted!" in unsure.output
    wrong = await run(lived, "member", "erase", PRIYA, "--slack-user", "priya")
    assert (wrong.returncode, wrong.stderr) == (
        WRONG_USE, "neo-usage: `priya` isn't a Slack member ID such as U0123ABCD.\n",
    )  # fmt: skip
    assert dump(lived.place)["member"] == before
