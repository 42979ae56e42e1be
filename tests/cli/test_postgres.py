"""The command line over a ledger on a PostgreSQL server."""

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from subprocess import CompletedProcess

import pytest
from psycopg.sql import SQL, Identifier

import bot.database
from bot.sandbox.clock import SimClock
from bot.sandbox.http_server import NeoServer
from bot.sandbox.neo import NeoApi
from bot.sandbox.slack.server import SlackApi, SlackServer
from bot.sandbox.slack.workspace import Workspace
from bot.sandbox.summary import Balance, SummaryOptions
from bot.sandbox.tasks import row
from bot.settings.credentials import Secret
from bot.settings.postgres_address import PostgresAddress, address_url
from tests.support import reckoning
from tests.support.command import run_command
from tests.support.old_server import old_server
from tests.support.postgres import PASSWORD, WITH_PASSWORD, PostgresServer
from tests.support.todays_world import todays_world

WRONG = "another-s3cret"
Run = Callable[..., CompletedProcess[str]]
START = datetime.now(UTC)  # noqa: TID251 - the command under test has the machine's clock


@pytest.fixture(scope="module")
def neo() -> Iterator[NeoServer]:
    with NeoServer(NeoApi(todays_world(START), SimClock(lambda: START))) as server:
        yield server


@pytest.fixture
def run(empty_postgres: PostgresAddress, neo: NeoServer, tmp_path: Path) -> Run:
    """The command over an empty database."""
    return run_over(empty_postgres, neo, tmp_path)


def environment(place: PostgresAddress, neo: NeoServer) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("NEO_", "SLACK_"))}
    return kept | {"NEO_API_URL": neo.url, "NEO_API_KEY": neo.api.key, "DATABASE_URL": address_url(place)}


def run_over(place: PostgresAddress, neo: NeoServer, directory: Path) -> Run:
    def run(*words: str, **more: str) -> CompletedProcess[str]:
        return run_command(words, environment(place, neo) | more, directory)

    return run


@pytest.fixture(scope="module")
def place(postgres: PostgresServer) -> Iterator[PostgresAddress]:
    """An empty database, of all tests of this module."""
    address = postgres.empty()
    yield address
    postgres.drop(address)


@pytest.fixture(scope="module")
def synced(place: PostgresAddress, neo: NeoServer, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """The command over a ledger that was synced once, of all tests of this module."""
    run = run_over(place, neo, tmp_path_factory.mktemp("postgres"))
    done = run("sync")
    assert "complete: yes" in done.stdout.splitlines(), done.stderr
    return run


def test_before_the_first_sync_the_remedy_is_said(run: Run, empty_postgres: PostgresAddress) -> None:
    for words in (["report"], ["status"], ["errors"], ["db", "reprice"]):
        result = run(*words)
        assert (result.returncode, result.stdout) == (1, "")
        assert "yet. Run `neo-usage sync` first." in result.stderr
        assert str(empty_postgres) in result.stderr


def test_upgrade_makes_a_ledger_and_names_its_schema(run: Run, empty_postgres: PostgresAddress) -> None:
    for _ in range(2):
        assert run("db", "upgrade").stdout.startswith(f"{empty_postgres} is at schema ")
    status = json.loads(run("status", "--json").stdout)
    assert status["database_bytes"] > 2**20
    assert status["tasks"] == 0
    repriced = run("db", "reprice", BYOK_UNIT="usd")
    assert "Priced 0 tasks again in usd." in repriced.stdout, repriced.stderr


@pytest.mark.slow
def test_a_backup_is_restored(run: Run, tmp_path: Path) -> None:
    assert run("sync", DATABASE_URL="sqlite:///first.db").returncode == 0
    assert run("db", "copy", "first.db", "DATABASE_URL").returncode == 0
    tasks = json.loads(run("status", "--json").stdout)["tasks"]
    assert run("db", "backup", "copy.db").stdout.startswith("Wrote copy.db (")
    assert run("db", "verify").returncode == 0
    refused = run("db", "backup", "copy.db")
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "exists already" in refused.stderr
    restored = run("db", "restore", "copy.db")
    assert restored.returncode == 0, restored.stderr
    assert "before-restore-1" in restored.stdout
    assert "Messages: 0 pending" in restored.stdout
    assert json.loads(run("status", "--json").stdout)["tasks"] == tasks > 0
    assert {"copy.db"} == {each.name for each in tmp_path.iterdir() if each.name.startswith("copy")}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"host": "/nowhere"}, "no database server answers: start it, or correct DATABASE_URL"),
        ({"host": "127.0.0.1", "port": 1}, "no database server answers: start it, or correct DATABASE_URL"),
        ({"user": WITH_PASSWORD}, "the database server refuses the password: correct DATABASE_URL"),
        ({"database": "none"}, "the database server has no such database: create it, or correct DATABASE_URL"),
        ({"user": "nobody"}, "the database server doesn't know the user: create it, or correct DATABASE_URL"),
    ],
)
def test_what_is_wrong_with_the_address_is_one_line_without_the_password(
    careful: PostgresAddress, neo: NeoServer, tmp_path: Path, change: dict[str, str], said: str
) -> None:
    place = replace(careful, user="neo", password=Secret(WRONG))
    place = replace(place, **change)  # type: ignore[arg-type]
    run = run_over(place, neo, tmp_path)
    for words in (["report"], ["status"], ["sync"], ["db", "upgrade"], ["member", "list"]):
        result = run(*words)
        assert (result.returncode, result.stdout) == (1, "")
        assert result.stderr == f"neo-usage: {said}. The database is {place}. Run `neo-usage doctor` to check it.\n"
    found = run("doctor", "--offline")
    assert re.search(rf"FAIL +database +{re.escape(said)}\. The database is {place}", found.stdout)
    shown = run("--debug", "sync")
    assert "Traceback" in shown.stderr
    assert WRONG not in found.stdout + found.stderr + shown.stdout + shown.stderr


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("postgresql+psycopg://neo:s3cret@host", "it has no database"),
        (
            "postgresql+psycopg://neo:s3cret/word@host/db",
            "it is ambiguous. In a password write %40 for @",
        ),
        ("postgresql+asyncpg://neo:s3cret@host/db", "not the address of a PostgreSQL database"),
        ("mysql://neo:s3cret@host/db", "not a database address"),
    ],
)
def test_a_wrong_address_is_a_wrong_setting(run: Run, url: str, said: str) -> None:
    refused = run("report", DATABASE_URL=url)
    assert refused.returncode == 1
    assert f"DATABASE_URL: {said}" in refused.stderr
    assert "postgresql+psycopg://USER:PASSWORD@HOST:5432/DATABASE." in refused.stderr
    assert "s3cret" not in refused.stderr


def test_without_the_driver_the_extra_is_named(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    for each in ("postgres", "answer_limit"):
        monkeypatch.delitem(sys.modules, f"bot.database.{each}", raising=False)
    monkeypatch.delattr(bot.database, "postgres", raising=False)
    monkeypatch.setitem(sys.modules, "psycopg", None)
    refused = run("report")
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "needs psycopg. Install neo-usage with its extra `postgres`" in refused.stderr


@pytest.mark.slow
def test_without_the_library_of_the_driver_the_extra_is_named(empty_postgres: PostgresAddress, tmp_path: Path) -> None:
    variables = os.environ | {"DATABASE_URL": address_url(empty_postgres), "PSYCOPG_IMPL": "c"}  # is not installed
    refused = subprocess.run(
        [sys.executable, "-m", "bot", "report"],
        env=variables,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr == (
        f"neo-usage: {empty_postgres} needs psycopg with PostgreSQL's library libpq, which psycopg does not find."
        " Install neo-usage with its extra `postgres`, which brings it along.\n"
    )


EVERY_COMMAND = (
    "report", "status", "errors", "sync", "explain team", "budget list", "budget set team 5/month", "member list",
    "member link ana@acme.example U1ANA", "digest --dry-run", "subscription list", "export --focus --month 2026-03",
    "db upgrade", "db verify", "db reprice", "db backup copy.db", "db copy DATABASE_URL copy.db",
    "db copy ledger.db DATABASE_URL",
)  # fmt: skip


@pytest.mark.slow
def test_an_old_server_is_one_line_with_the_remedy(neo: NeoServer, tmp_path: Path) -> None:
    with old_server("11.22 (Debian 11.22-0+deb10u2)") as server:
        run = run_over(server.address, neo, tmp_path)
        said = f"the database server is too old: PostgreSQL 11.22. The database is {server.address}."
        assert run("db", "upgrade", DATABASE_URL="sqlite:///ledger.db").returncode == 0
        for words in EVERY_COMMAND:
            refused = run(*words.split(), DIGEST_CHANNEL="#neo-spend")
            assert (refused.returncode, refused.stdout) == (1, ""), words
            assert refused.stderr == f"neo-usage: {said} Use PostgreSQL 13 or newer.\n", words
        found = run("doctor", "--offline").stdout
        assert re.search(rf"FAIL +database +{re.escape(said)} +Use PostgreSQL 13 or newer\.\n", found), found
        assert "could not be checked" not in found
        assert server.statements == []


def test_another_programs_database_is_left_alone(
    run: Run, postgres: PostgresServer, empty_postgres: PostgresAddress
) -> None:
    postgres.run("CREATE TABLE other (id integer)", empty_postgres.database)
    refused = run("sync")
    assert refused.returncode == 1
    assert f"{empty_postgres} holds another program's tables. Name one of its own in DATABASE_URL." in refused.stderr


def test_the_doctor_makes_sure_that_a_ledger_can_be_made(
    careful: PostgresAddress, neo: NeoServer, tmp_path: Path, postgres: PostgresServer
) -> None:
    run = run_over(replace(careful, user="guest", password=None), neo, tmp_path)
    postgres.run("CREATE USER guest")
    postgres.run("REVOKE CREATE ON SCHEMA public FROM public", careful.database)
    try:
        found = run("doctor", "--offline").stdout
    finally:
        postgres.run("DROP USER guest")
    assert re.search(
        r"FAIL +database +the database's user lacks a right \(permission denied for schema public\)", found
    )
    assert "holds no ledger yet" not in found
    assert "holds no ledger yet" in run_over(careful, neo, tmp_path)("doctor", "--offline").stdout
    tables = "SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace"
    assert postgres.run(tables, careful.database) == [(0,)]  # what was tried is undone
    postgres.run("CREATE TABLE other (id integer)", careful.database)
    found = run_over(careful, neo, tmp_path)("doctor", "--offline").stdout
    assert re.search(r"FAIL +database +\S+ holds another program's tables\. Name one of its own", found)


@pytest.mark.slow
def test_the_doctor_names_the_server_and_its_free_connections(
    careful: PostgresAddress, neo: NeoServer, tmp_path: Path, postgres: PostgresServer
) -> None:
    run = run_over(careful, neo, tmp_path)
    absent = run("doctor", "--offline")
    assert f"{careful} holds no ledger yet  The bot creates it when it starts." in absent.stdout
    run("db", "upgrade")
    found = run("doctor", "--offline").stdout
    assert re.search(r"ok +database +postgresql://\S+ is writable, schema \d{4}, PostgreSQL \d+(\.\d+)?, UTF8\n", found)
    assert re.search(r"ok +connections +\d\d more are free on the server; a running bot uses 6 at most\n", found)
    assert " disk " not in found
    assert " schema " not in found.replace(", schema ", "")
    postgres.run(SQL("ALTER USER {} CONNECTION LIMIT 4").format(Identifier(WITH_PASSWORD)))
    found = run("doctor", "--offline").stdout
    assert re.search(r"warn +connections +3 more are free .* Raise max_connections, or the limit of the user", found)
    postgres.run(SQL("REVOKE INSERT ON note FROM {}").format(Identifier(WITH_PASSWORD)), careful.database)
    found = run("doctor", "--offline").stdout
    assert re.search(r"FAIL +database +the database's user lacks a right \(permission denied for table note\)", found)


# --- every command over a ledger that was synced -----------------------------------------------------


@pytest.mark.slow
def test_sync_then_report_in_every_form(synced: Run, neo: NeoServer) -> None:
    assert synced("sync").stdout.splitlines()[2] == "new: 0"
    document = json.loads(synced("report", "90d", "by:member", "--json").stdout)
    total = reckoning.total(row(task) for task in neo.api.world.tasks(START))
    assert Decimal(document["total"]["spend_usd"]) == total
    assert len(synced("report", "90d", "by:member", "--csv").stdout.splitlines()) == len(document["groups"]) + 1
    assert f"${total:,.2f}" in synced("report", "90d").stdout


@pytest.mark.slow
def test_the_status_tells_the_size(synced: Run) -> None:
    status = json.loads(synced("status", "--json").stdout)
    assert status["tasks"] > 100
    assert status["passes"][0]["complete"]
    assert status["database_bytes"] > 2**20
    assert "Last reads of Neo" in synced("status").stdout


@pytest.mark.slow
def test_a_changed_unit_is_refused_until_reprice(synced: Run) -> None:
    refused = synced("report", BYOK_UNIT="usd")
    assert refused.returncode == 1
    assert "Run `neo-usage db reprice`" in refused.stderr
    for unit in ("usd", "credits"):
        repriced = synced("db", "reprice", BYOK_UNIT=unit)
        assert f"again in {unit}. Spend changed by " in repriced.stdout, repriced.stderr
    assert synced("db", "verify").returncode == 0


def test_failed_tasks_are_grouped(synced: Run) -> None:
    found = json.loads(synced("errors", "90d", "--json").stdout)
    assert found["groups"]
    assert synced("errors", "90d").returncode == 0


def test_budgets_are_set_listed_explained_and_removed(synced: Run) -> None:
    assert synced("budget", "set", "team", "5/month").returncode == 0
    assert json.loads(synced("budget", "list", "--json").stdout)
    assert "of $5:" in synced("explain", "team").stdout
    assert synced("explain", "team", "--json").returncode == 0
    assert synced("budget", "remove", "team").returncode == 0


@pytest.mark.slow
def test_people_are_listed_linked_and_merged(synced: Run) -> None:
    people = json.loads(synced("member", "list", "--json").stdout)
    old = max(people, key=lambda each: Decimal(each["spend_usd"]))["email"]
    assert f"Linked U1ANA to {old}." in synced("member", "link", old, "U1ANA").stdout
    before = json.loads(synced("report", "90d", f"email:{old}", "--json").stdout)["total"]
    assert synced("member", "merge", old, "new.name@acme.example").returncode == 0
    assert json.loads(synced("report", "90d", "email:new.name@acme.example", "--json").stdout)["total"] == before


def test_a_digest_is_shown(synced: Run) -> None:
    shown = synced("digest", "--dry-run", DIGEST_CHANNEL="#neo-spend")
    assert shown.returncode == 0, shown.stderr
    assert "$" in shown.stdout


@pytest.mark.slow
def test_spend_is_compared_with_neo_and_the_balance_asked_for_as_over_a_file(
    synced: Run, neo: NeoServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(neo.api, "summary", SummaryOptions(balance=Balance(Decimal(30_000), START)))
    file = "sqlite:///neo.db"
    assert synced("sync", DATABASE_URL=file).returncode == 0
    for words in ("reconcile 7d", "reconcile 7d --json", "balance --json"):
        ours, theirs = synced(*words.split()), synced(*words.split(), DATABASE_URL=file)
        assert (ours.returncode, ours.stderr) == (theirs.returncode, theirs.stderr) == (0, ""), words
        assert without_moments(ours.stdout) == without_moments(theirs.stdout) != "", words


def without_moments(text: str) -> str:
    """What was printed, without when Neo was asked."""
    return re.sub(r"\d{4}-\d\d-\d\dT\d\d:\d\d:[\d.]+Z", "", text)


@pytest.fixture
def _synced_careful(careful: PostgresAddress, neo: NeoServer, tmp_path: Path) -> None:
    assert "complete: yes" in run_over(careful, neo, tmp_path)("sync").stdout.splitlines()


def command_line(process: int) -> bytes:
    return Path(f"/proc/{process}/cmdline").read_bytes()


@pytest.mark.slow
@pytest.mark.long
@pytest.mark.usefixtures("_synced_careful")
async def test_the_service_answers_and_its_password_is_seen_nowhere(
    careful: PostgresAddress, neo: NeoServer, tmp_path: Path
) -> None:
    async with SlackServer(SlackApi(Workspace.default(), lambda: START, lambda: START)) as slack:
        workspace = slack.api.workspace
        settings = {
            "SLACK_API_URL": slack.api_url, "SLACK_BOT_TOKEN": workspace.bot_token, "HTTP_PORT": "0",
            "SLACK_APP_TOKEN": workspace.app_token, "LOG_FORMAT": "json", "LOG_LEVEL": "debug",
        }  # fmt: skip
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "bot", "run", cwd=tmp_path, env={**environment(careful, neo), **settings},
            stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        await workspace.until(lambda: len(slack.api.sockets) == 1, 20)
        assert (await slack.api.command("priya", "neo-spend", "7d")).ok
        listed = command_line(process.pid)
        process.send_signal(signal.SIGTERM)
        _, log = await asyncio.wait_for(process.communicate(), 20)
    assert process.returncode == 0, log
    answers = workspace.visible_messages(workspace.channel("neo-spend").id, workspace.user("priya").id)
    assert answers[-1].text.startswith("You: $")
    assert b'"stopped"' in log
    assert PASSWORD.encode() not in log + listed
