"""A person is exported and erased: nothing about them is left in the database, its files and later backups."""

import asyncio
import json
import os
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from datetime import timedelta
from decimal import Decimal
from importlib import import_module
from pathlib import Path
from signal import SIGKILL

import pytest
from click.testing import CliRunner
from sqlalchemy import Connection, String, TypeDecorator, text
from sqlmodel import SQLModel

from bot.app import build
from bot.capability import Capability, Upkeep
from bot.cli.main import app as cli
from bot.database.backup import backup
from bot.domain.person import Person
from bot.maintenance.persons import erase_beside_others, erase_person
from bot.people.person import find_person
from bot.people.roles import SlackUser
from bot.sandbox.faults import Mangle, Status
from bot.sandbox.webhook import WebhookApi, WebhookServer
from bot.settings.environment import load
from tests.support.acts import fail_task, spend
from tests.support.app import report_of
from tests.support.dump import dump
from tests.support.engines import costly, execute, sqlite_only
from tests.support.forked import forked
from tests.support.harness import ServiceHarness
from tests.support.life import HERS, OTHERS, files_about_her, live, report_her, run, texts_about_her
from tests.support.messages import notifications, visible_text
from tests.support.restoring import copy_ledger, restore_copy
from tests.support.webhook import webhook_settings
from tests.support.worlds import MARCUS, PRIYA, add, spent

BOT = Path(__file__).parents[2] / "bot"
WRONG_USE = 2
DAY = timedelta(days=1)

# every column of text, by what may stand there
OF_PERSONS = {
    "member.email", "task.model", "task.status", "task_detail.title", "task_detail.error_message", "task_detail.tools",
    "task_detail.agents", "quarantine.reason", "pass.error", "seen.value",
    "slack_link.slack_user", "slack_link.email", "slack_link_change.changed_by", "slack_link_change.slack_user",
    "slack_link_change.email_before", "slack_link_change.email_after", "outgoing_act.slack_user",
    "budget.narrowing", "narrowed_quarter.narrowing", "narrowed_subject.narrowing", "crossing.period",
    "forecast_alert.period", "acknowledgement.period",
    "budget_revision.set_by", "budget_revision.reason", "snooze.set_by", "snooze.reason", "snooze.audience",
    "acknowledgement.by", "budget_request.reason", "budget_request.asked_by", "budget_request.decided_by",
    "budget_request.decision_reason", "failure_group.acknowledged_by", "failure_kind.status", "failure_kind.model",
    "failure_silence.value",
    "failure_silence.reason", "failure_silence.set_by", "home_viewer.slack_user", "incident.said",
    "notification.stem", "notification.destination", "notification.channel", "notification.error", "living.thing",
    "living.destination", "living.channel",
    "subscription.owner", "subscription.destination", "subscription.question", "subscription.ended_by",
}  # fmt: skip
OF_NOBODY = {
    "task.task_id", "task.neo_credits", "task.llm_cost", "task.neo_cost", "charge.kind", "pass.kind", "pass.ending",
    "quarantine.key", "seen.kind", "note.key", "note.value", "lease.name", "lease.holder", "budget.unit",
    "crossing.unit", "crossing.decision", "forecast_alert.outlook", "deferral.audience", "deferral.outcome",
    "snooze.unit", "acknowledgement.unit", "budget_request.unit", "budget_request.state", "digest.channel",
    "digest.day", "digest.fate", "digest.since", "failure_kind.cap", "failure_group.state", "failure_silence.what",
    "home_viewer.looks", "incident.name", "incident.told_on", "slack_request.key", "subscription.schedule",
    "subscription.last_day", "subscription.end_reason", "notification.ledger", "notification.state",
    "notification.token", "notification.thread", "notification.ts", "living.ts", "living.token",
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


@pytest.fixture
async def lived(closed: ServiceHarness) -> ServiceHarness:
    """A service that knows Priya in every way."""
    await live(closed)
    return closed


# --- export --------------------------------------------------------------------------------------


@pytest.mark.slow
async def test_everything_about_a_person_is_exported(lived: ServiceHarness) -> None:
    await lived.deliver()  # else it may be logged among what the command says
    report_her(lived.place)
    exported = await run(lived, "member", "export", PRIYA, "hers.json")
    assert exported.stdout == f"Wrote what is stored about {PRIYA} to hers.json.\n", exported.stderr
    document = json.loads((lived.directory / "hers.json").read_text())
    assert (document["emails"], document["slack_users"], document["names"]) == ([PRIYA], ["U0PRIYA"], ["Priya Raman"])
    assert {each["title"] for each in document["tasks"]} >= {"port scan of Priya's box", "priya's recon", "for priya"}
    (day,) = document["charges_by_day"]
    assert day["platform_usd"] == "131.000000000"
    empty = {name for name, rows in document.items() if not rows}
    assert empty == {
        "acknowledgement", "failure_silence", "failure_group", "failure_mentions", "forecast_alert",
        "neo_total_differences",
    }  # fmt: skip
    again = await run(lived, "member", "export", PRIYA, "hers.json")
    assert (again.returncode, again.stderr) == (1, "neo-usage: hers.json exists already. Name a new file.\n")


@pytest.mark.slow
async def test_what_is_exported_is_all_that_names_them_and_names_nobody_else(lived: ServiceHarness) -> None:
    await lived.deliver()  # else it may be logged among what the command says
    report_her(lived.place)
    exported = await run(lived, "member", "export", PRIYA)
    document = json.loads(exported.stdout)
    texts = {text.lower() for text in texts_of(document)}
    cells = {str(cell).lower() for _, cell in texts_about_her(lived.place)}
    assert cells - texts == set()
    assert document["spike_messages"]
    assert document["budget_messages"]
    assert "another person" in texts
    assert [text for text in texts if re.search("hannah|marcus|delgado", text)] == []


def texts_of(value: object) -> Iterator[str]:
    """Every text in a document."""
    match value:
        case dict():
            for each in value.values():
                yield from texts_of(each)
        case list():
            for each in value:
                yield from texts_of(each)
        case str():
            yield value


# --- erasure -------------------------------------------------------------------------------------


@pytest.mark.slow
async def test_nothing_about_an_erased_person_is_left(lived: ServiceHarness, tmp_path: Path) -> None:
    await lived.deliver()  # or what is posted meanwhile would be taken for the answer
    report_her(lived.place)
    before = report_of(lived.app(), "this month")
    assert {table for table, _ in texts_about_her(lived.place)} >= {
        "member", "task_detail", "slack_link", "slack_link_change", "notification", "living", "home_viewer",
        "subscription", "budget_revision", "budget_request", "snooze", "incident", "quarantine", "pass",
    }  # fmt: skip
    erased = await run(lived, "member", "erase", PRIYA, "--yes")
    assert erased.stdout.splitlines()[0] == f"This erases {PRIYA}, Priya Raman, U0PRIYA.", erased.stderr
    assert "For another name, such as a first name, add `--name`." in erased.stdout
    assert erased.stdout.splitlines()[-1] == f"Erased {PRIYA}. 4 tasks now count as a removed member's."
    assert not list(texts_about_her(lived.place))
    assert report_of(lived.app(), "this month").total == before.total
    await lived.deliver()  # what waited to be sent to her
    await lived.sync()
    spent(lived.neo.world, lived.clock(), PRIYA, 20, title="again by priya")
    lived.neo.world.restate(OTHERS, Decimal(2))
    await lived.service.jobs.sync()
    await lived.deliver()
    assert not list(texts_about_her(lived.place))
    assert "help removed member, who is removed member" in {row[1] for row in dump(lived.place)["task_detail"]}
    answer = await lived.ask("hannah", "this month by:member")
    assert "removed member" in visible_text(answer)
    for line in (f"link @marcus {PRIYA}", f"budget {PRIYA} 50/month"):
        await lived.ask("hannah", line)
    assert not list(texts_about_her(lived.place))
    copy = tmp_path / "copy.db"
    backup(lived.place, copy)
    assert HERS.encode() not in copy.read_bytes().lower()


@pytest.mark.slow
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


@pytest.mark.slow
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


@pytest.mark.slow
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


NAMED_AFTER_HER = f"ft-{PRIYA}"
SPELLINGS = (
    f"recon-{PRIYA}", f"report_{PRIYA}.csv", f"logs/{PRIYA}.log", f"{PRIYA}-2026", f"{PRIYA}_old", f"v1.{PRIYA}",
    f"x+{PRIYA}", f"'{PRIYA.upper()}'s scan'", f"https://neo.example/t?user={PRIYA.replace('@', '%40')}&page=2",
    f"u%3D{PRIYA.replace('@', '%2540')}", f"<a href=mailto:{PRIYA}>{PRIYA.replace('@', '&#64;')}</a>",
    json.dumps({"by": f"\n{PRIYA}"}).replace("@", r"\u0040"), PRIYA.replace("@", "\uff20"),
)  # fmt: skip
SILENCED = f"""
    INSERT INTO failure_silence (what, value, until, set_by, set_at)
    VALUES ('model', '{NAMED_AFTER_HER}', 9000000000000000, 'terminal', 1)"""


def failure_alerts(harness: ServiceHarness) -> list[str]:
    """The alerts of failures in the alert channel."""
    texts = [visible_text(each) for each in notifications(harness.visible("marcus"))]
    return [each for each in texts if "failed" in each.lower()]


@pytest.mark.slow
@costly
async def test_what_touches_her_address_and_what_is_named_after_it_is_erased(closed: ServiceHarness) -> None:
    """Of tasks of somebody else, also when Neo lists them again."""
    world, begun = closed.neo.world, closed.clock() - timedelta(hours=1, seconds=1)
    for number, title in enumerate(SPELLINGS):
        texts = {"title": title, "error_message": title, "tools": {title: (1, 5)}, "agents": {title: 2}}
        add(world, f"spelt-{number}", "1", email=MARCUS, begun=begun, model=NAMED_AFTER_HER, **texts)
    spent(world, closed.clock(), PRIYA, 40)
    closed.settings |= {"ALERT_CHANNEL": "#neo-spend"}
    await closed.open()
    await closed.ask("hannah", f"budget team 100/month model:{NAMED_AFTER_HER}")
    await closed.ask("hannah", f"subscribe model:{NAMED_AFTER_HER} this month every monday")
    failed = fail_task(closed, MARCUS, "disk full", model=NAMED_AFTER_HER)
    await closed.sync()
    execute(closed.place, SILENCED)
    assert len(failure_alerts(closed)) == 1
    before = report_of(closed.app(), "this month").total
    assert {table for table, _ in texts_about_her(closed.place)} >= {
        "task", "task_detail", "seen", "failure_kind", "failure_silence", "budget", "crossing", "narrowed_quarter",
        "narrowed_subject", "living", "subscription",
    }  # fmt: skip
    assert (await run(closed, "member", "erase", PRIYA, "--yes")).returncode == 0
    assert not list(texts_about_her(closed.place))
    assert report_of(closed.app(), "this month").total == before
    for number in range(len(SPELLINGS)):
        world.restate(f"spelt-{number}", Decimal(2))
    world.restate(failed, Decimal(2))
    fail_task(closed, MARCUS, "disk full", model=NAMED_AFTER_HER)
    add(world, "later", "1", email=MARCUS, begun=begun, title=SPELLINGS[0], model=NAMED_AFTER_HER)
    await closed.sync()
    assert not list(texts_about_her(closed.place))
    assert len(failure_alerts(closed)) == 1
    report = report_of(closed.app(), "this month by:model")
    assert {group.key[0]: group.tasks for group in report.groups}["ft-removed member"] == len(SPELLINGS) + 3
    assert (await run(closed, "db", "backup", "copy.db")).returncode == 0
    assert HERS.encode() not in (closed.directory / "copy.db").read_bytes().lower()
    if isinstance(closed.place, Path):
        assert files_about_her(closed.place.parent) == []


LOOKALIKES = (f"{PRIYA}.br", f"x{PRIYA}", "priya.raman+ci@acme.example", f"o'{PRIYA}")


@pytest.mark.slow
@costly
async def test_whose_address_is_alike_is_left_alone(lived: ServiceHarness) -> None:
    for each in LOOKALIKES:
        await spend(lived, each, 7)
        for line in (f'budget {each} 90/month reason:"for {each}"', f"subscribe email:{each} this month every monday"):
            await lived.ask("hannah", line)
    before = report_of(lived.app(), "this month by:member").groups
    cells = {str(cell) for _, cell in texts_about_her(lived.place)}
    theirs = {cell for cell in cells if any(each in cell for each in LOOKALIKES)}
    assert len(theirs) == 3 * len(LOOKALIKES)
    assert (await run(lived, "member", "erase", PRIYA, "--yes")).returncode == 0
    assert {str(cell) for _, cell in texts_about_her(lived.place)} == theirs
    after = {group.key: group for group in report_of(lived.app(), "this month by:member").groups}
    assert {group.key: after[group.key] for group in before if group.key[0] in LOOKALIKES} == {
        group.key: group for group in before if group.key[0] in LOOKALIKES
    }


@pytest.mark.slow
@costly
async def test_rows_that_are_on_their_way_bring_nobody_back(lived: ServiceHarness) -> None:
    """A pass has asked for her task before she is erased, and books it afterwards."""
    spent(lived.neo.world, lived.clock(), PRIYA, 20, title="on its way to priya")
    lived.neo.faults.push(Mangle(lambda _: erase_beside(lived)))
    await lived.service.jobs.sync()
    assert not list(texts_about_her(lived.place))
    await lived.deliver()  # or what is posted meanwhile would be taken for the answer
    assert "removed member" in visible_text(await lived.ask("hannah", "this month by:member"))
    await lived.sync()
    assert not list(texts_about_her(lived.place))


@pytest.mark.slow
@costly
async def test_others_write_while_all_texts_are_read_and_what_they_write_is_found(lived: ServiceHarness) -> None:
    app, written = lived.app(), list[int]()

    @contextmanager
    def read() -> Iterator[Connection]:
        with app.ledger.reader() as reader:
            yield reader
            if not written:  # as a booking does that began before the erasure
                with lived.service.database.transaction() as connection:
                    written.append(connection.execute(text(f"UPDATE task_detail SET title = 'for {PRIYA}'")).rowcount)

    def find(connection: Connection) -> Person:
        return find_person(connection, PRIYA, [SlackUser("U0PRIYA", "Priya Raman", PRIYA, None)])

    with app.ledger.database() as database:
        erase_beside_others(database, read, app.capabilities(database), find, app.clock())
    assert written[0] > 0
    assert not list(texts_about_her(lived.place))


def erase_beside(harness: ServiceHarness) -> None:
    """Erase her as another process does, without what stays in the files until it is overwritten."""
    app = harness.app()
    with app.ledger.database() as database, database.transaction() as connection:
        users = [SlackUser("U0PRIYA", "Priya Raman", PRIYA, None)]
        erase_person(connection, app.capabilities(database), find_person(connection, PRIYA, users), app.clock())


@pytest.mark.slow
@costly
async def test_an_operator_cannot_store_an_erased_address_again(lived: ServiceHarness) -> None:
    assert (await run(lived, "member", "erase", PRIYA, "--yes")).returncode == 0
    for line in (f"subscribe email:{PRIYA} this month every monday", f"email:{PRIYA} this month", f"snooze {PRIYA} 1h"):
        await lived.ask("hannah", line)
    assert not list(texts_about_her(lived.place))


@pytest.mark.slow
@costly
async def test_whoever_is_in_an_older_copy_can_be_erased_again(lived: ServiceHarness) -> None:
    copy = copy_ledger(lived)
    assert (await run(lived, "member", "erase", PRIYA, "--yes")).returncode == 0
    await restore_copy(lived, copy, former=False)
    assert list(texts_about_her(lived.place))
    assert (await run(lived, "member", "erase", PRIYA, "--yes")).returncode == 0
    assert not list(texts_about_her(lived.place))


@pytest.mark.slow
@sqlite_only("of the files beside the ledger")
async def test_copies_that_still_hold_them_are_named(lived: ServiceHarness) -> None:
    assert isinstance(lived.place, Path)
    backups = lived.directory / "backups"
    backups.mkdir()
    copies = [
        lived.place.with_name(f"{lived.place.name}.before-restore-1"), backups / "neo-usage-2026-03-01T033000Z.db"
    ]  # fmt: skip
    for each in copies:
        backup(lived.place, each)
    erased = await run(lived, "member", "erase", PRIYA, "--yes", BACKUP_DIR=str(backups))
    assert erased.stdout.splitlines()[-3:] == [
        "These copies were made before, so they still hold them. Delete them:", *(f"  {each}" for each in copies)
    ]  # fmt: skip


@pytest.mark.slow
@sqlite_only("of the files beside the ledger")
async def test_no_file_of_the_database_names_an_erased_person(lived: ServiceHarness) -> None:
    assert isinstance(lived.place, Path)
    directory = lived.place.parent
    assert files_about_her(directory)
    assert (await run(lived, "member", "erase", PRIYA, "--yes")).returncode == 0
    assert files_about_her(directory) == []


@pytest.mark.slow
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


@pytest.mark.slow
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


@pytest.mark.slow
@costly
async def test_who_was_erased_is_not_restored(lived: ServiceHarness) -> None:
    copy = copy_ledger(lived)
    assert (await run(lived, "member", "erase", PRIYA, "--yes")).returncode == 0
    await restore_copy(lived, copy)
    assert not list(texts_about_her(lived.place))
    lived.neo.world.restate(OTHERS, Decimal(2))
    await lived.sync()
    assert not list(texts_about_her(lived.place))


@pytest.mark.slow
@costly
async def test_an_account_that_nobody_knows_has_to_be_named(lived: ServiceHarness) -> None:
    await lived.deliver()  # or what is posted meanwhile would be taken for the answer
    await lived.ask("hannah", "link @priya remove")
    words = ("member", "erase", PRIYA, "--yes", "--offline")
    assert "I don't know their Slack account" in (await run(lived, *words)).stdout
    assert {cell for table, cell in texts_about_her(lived.place) if table == "home_viewer"} == {"U0PRIYA"}
    named = await run(lived, *words, "--slack-user", "U0PRIYA")
    assert named.stdout.startswith(f"This erases {PRIYA}, U0PRIYA.\n")
    assert "U0PRIYA" not in str(dump(lived.place))


@pytest.mark.slow
@costly
async def test_a_first_name_alone_is_erased_where_it_is_given(lived: ServiceHarness) -> None:
    await lived.deliver()  # or what is posted meanwhile would be taken for the answer
    await lived.ask("hannah", "snooze @marcus 2h Priya does it")
    fail_task(lived, MARCUS, "priya's scan is over", title="for Priya")
    await lived.sync()
    words = ("member", "erase", PRIYA, "--yes")
    assert (await run(lived, *words)).returncode == 0
    assert {cell for _, cell in texts_about_her(lived.place)} == {"Priya does it", "priya's scan is over", "for Priya"}
    named = await run(lived, *words, "--offline", "--slack-user", "U0PRIYA", "--name", "priya", "--name", "Ana")
    assert named.stdout.startswith(f"This erases {PRIYA}, Ana, priya, U0PRIYA.\n"), named.stderr
    assert not list(texts_about_her(lived.place))
    fail_task(lived, MARCUS, "x", title="again, for PRIYA.")
    await lived.sync()
    titles = {row[1] for row in dump(lived.place)["task_detail"]}
    assert {"for removed member", "again, for removed member."} <= titles
    wrong = await run(lived, *words, "--name", "--")
    assert (wrong.returncode, wrong.stderr) == (WRONG_USE, "neo-usage: `--` isn't a name.\n")


@pytest.mark.slow
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
