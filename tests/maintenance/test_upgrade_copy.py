"""Before an upgrade: a copy of the ledger is kept, or nothing changes; a newer ledger is refused by every command."""

import resource
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from random import Random
from subprocess import CompletedProcess

import click
import pytest

from bot.cli.main import app
from bot.database.integrity import violations
from bot.database.schema import newest_revision
from bot.settings.postgres_address import PostgresAddress
from tests.support.command import run_command
from tests.support.earlier_schemas import at_schema, downgrade
from tests.support.engines import always_on_both, connected, execute, rows_of, url_of
from tests.support.harness import ServiceHarness
from tests.support.ledgers import place_ledger
from tests.support.random_rows import fill
from tests.support.webhook import SECRET

OLD = "0016"
KEPT = f"neo-usage.db.before-{newest_revision()}"


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A ledger of an earlier version."""
    path = place_ledger(tmp_path / "neo-usage.db")
    downgrade(path, OLD)
    return path


def run(directory: Path, *words: str) -> CompletedProcess[str]:
    url = url_of(directory / "neo-usage.db")
    neo = {"NEO_API_KEY": "neo_sk_0123456789abcdefghijklmnopqrstuv", "NEO_API_URL": "http://127.0.0.1:9"}
    slack = {"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_APP_TOKEN": "xapp-1", "SLACK_API_URL": "http://127.0.0.1:9/api/"}
    slack |= {"WEBHOOK_URL": "http://127.0.0.1:9/", "WEBHOOK_SECRET": SECRET, "HTTP_PORT": "0"}
    return run_command(words, {"DATABASE_URL": url, **neo, **slack}, directory)


def schema(path: Path) -> str:
    with closing(sqlite3.connect(path)) as connection:
        return str(connection.execute("SELECT version_num FROM alembic_version").fetchone()[0])


@contextmanager
def largest_file(size: int) -> Iterator[None]:
    """Let no file grow beyond a size, as on a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def copies(directory: Path) -> list[str]:
    return sorted(each.name for each in directory.glob("*.before-*"))


def test_a_sound_private_copy_is_kept_and_named(old: Path, tmp_path: Path) -> None:
    upgraded = run(tmp_path, "db", "upgrade")
    copy = tmp_path / f"{KEPT}-1"
    assert f"Kept a copy of the former database as {copy}." in upgraded.stdout
    assert (schema(copy), schema(old)) == (OLD, newest_revision())
    assert copy.stat().st_mode & 0o777 == 0o600
    assert not any(violations(copy, {}).values())
    assert "Kept" not in run(tmp_path, "db", "upgrade").stdout


@pytest.mark.slow
def test_the_last_two_are_kept_and_nothing_that_was_named_by_somebody_else(old: Path, tmp_path: Path) -> None:
    mine = tmp_path / "neo-usage.db.before-lunch"
    mine.touch()
    for _ in range(3):
        assert run(tmp_path, "status", "--json").stdout.startswith("{")
        downgrade(old, OLD)
    assert copies(tmp_path) == [f"{KEPT}-2", f"{KEPT}-3", mine.name]


def test_without_a_copy_nothing_changes_and_the_message_says_how_to_go_on(old: Path, tmp_path: Path) -> None:
    with largest_file(old.stat().st_size // 2):
        refused = run(tmp_path, "db", "upgrade")
    assert refused.returncode == 1
    assert "has to be upgraded, and the copy that is kept before that can't be made: cannot copy to " in refused.stderr
    assert refused.stderr.endswith("or upgrade without one: `neo-usage db upgrade --no-backup`.\n")
    assert (schema(old), copies(tmp_path)) == (OLD, [])
    assert run(tmp_path, "db", "upgrade", "--no-backup").returncode == 0
    assert schema(old) == newest_revision()
    assert copies(tmp_path) == []


def test_a_new_ledger_needs_no_copy(tmp_path: Path) -> None:
    assert run(tmp_path, "db", "upgrade").returncode == 0
    assert copies(tmp_path) == []


@pytest.mark.slow
@always_on_both
async def test_the_service_keeps_one_when_it_starts(closed: ServiceHarness, engine: str) -> None:
    downgrade(closed.place, OLD)
    directory = closed.directory / "backups"
    directory.mkdir()
    closed.settings["BACKUP_DIR"] = str(directory)
    await closed.open()
    assert len(copies(closed.directory)) == (engine == "sqlite")
    assert [schema(each) for each in directory.glob("*.before-*")] == [OLD] * (engine == "postgres")


class TestServer:
    """Of a ledger on a server, whose tools keep copies elsewhere, the bot keeps one where BACKUP_DIR is set."""

    @pytest.fixture
    def directory(self, tmp_path: Path) -> Path:
        directory = tmp_path / "backups"
        directory.mkdir()
        return directory

    @pytest.fixture
    def old_server(self, empty_postgres: PostgresAddress) -> PostgresAddress:
        at_schema(empty_postgres, OLD)
        with connected(empty_postgres) as connection:
            fill(connection, Random(1), 3)
        return empty_postgres

    def upgrade(self, place: PostgresAddress, directory: Path, *more: str) -> CompletedProcess[str]:
        environment = {"DATABASE_URL": url_of(place), "BACKUP_DIR": str(directory), "BACKUP_KEEP": "1"}
        return run_command(("db", "upgrade", *more), environment, directory.parent)

    @pytest.mark.slow
    def test_a_sound_copy_of_the_former_schema_is_kept_and_named(
        self, old_server: PostgresAddress, directory: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("bot.database.postgres.FROZEN_SECONDS", 0.05)  # which a backup may take longer than
        backup = directory / "neo-usage-2020-01-01T000000Z.db"
        backup.touch()
        upgraded = self.upgrade(old_server, directory)
        copy = directory / f"{old_server.database}.before-{newest_revision()}-1"
        assert upgraded.stdout.startswith(f"Kept a copy of the former database as {copy}.\n"), upgraded.stderr
        assert schema(copy) == OLD
        assert rows_of(old_server, "SELECT version_num FROM alembic_version") == [(newest_revision(),)]
        tasks = "SELECT task_id FROM task ORDER BY id"
        assert rows_of(copy, tasks) == rows_of(old_server, tasks) != []
        assert "Kept" not in self.upgrade(old_server, directory).stdout
        assert sorted(directory.iterdir()) == sorted([copy, backup])

    @pytest.mark.slow
    def test_an_upgrade_that_fails_again_and_again_pushes_no_backup_out(
        self, old_server: PostgresAddress, directory: Path
    ) -> None:
        backup = directory / "neo-usage-2020-01-01T000000Z.db"
        backup.touch()
        execute(old_server, "CREATE TABLE narrowed_subject (theirs varchar)")  # which a migration makes
        for _ in range(3):
            assert self.upgrade(old_server, directory).returncode == 1
        kept = [f"{old_server.database}.before-{newest_revision()}-{number}" for number in (2, 3)]
        assert sorted(each.name for each in directory.iterdir()) == sorted([*kept, backup.name])

    @pytest.mark.slow
    def test_without_a_copy_nothing_changes_unless_that_is_wanted(
        self, old_server: PostgresAddress, directory: Path
    ) -> None:
        directory.rmdir()
        refused = self.upgrade(old_server, directory)
        assert f"before that can't be made: {directory} can't be read (No such file or directory)." in refused.stderr
        assert refused.stderr.endswith("or upgrade without one: `neo-usage db upgrade --no-backup`.\n")
        assert rows_of(old_server, "SELECT version_num FROM alembic_version") == [(OLD,)]
        assert self.upgrade(old_server, directory, "--no-backup").returncode == 0
        assert rows_of(old_server, "SELECT version_num FROM alembic_version") == [(newest_revision(),)]


COMMANDS = {  # how each is typed
    "run": "run",
    "sync": "sync",
    "report": "report",
    "status": "status",
    "errors": "errors",
    "doctor": "doctor --offline",
    "explain": "explain",
    "digest": "digest",
    "reconcile": "reconcile",
    "balance": "balance",
    "backtest": "backtest 500/month",
    "export": "export --focus --month 2026-02",
    "budget list": "budget list",
    "budget set": "budget set default 5/month",
    "budget remove": "budget remove default",
    "budget check": "budget check",
    "budget export": "budget export",
    "budget apply": "budget apply budgets.toml",
    "budget suggest": "budget suggest",
    "subscription list": "subscription list",
    "subscription remove": "subscription remove 1",
    "member list": "member list",
    "member link": "member link ana@acme.example U0ANA",
    "member merge": "member merge ana@acme.example anna@acme.example",
    "member export": "member export ana@acme.example --offline --slack-user U0ANA",
    "member erase": "member erase ana@acme.example --yes --offline --slack-user U0ANA",
    "webhook test": "webhook test",
    "db verify": "db verify",
    "db upgrade": "db upgrade",
    "db reprice": "db reprice",
    "db copy": "db copy neo-usage.db copy.db",
    "db mark-restored": "db mark-restored",
}
OTHERS = {"demo", "manifest"}  # which use no ledger
COPYING = {"db backup", "db restore"}  # which take a ledger as it is
ASKING_SLACK = {"subscription add"}  # which looks for the channel before anything else


def leaves(command: click.Command, name: str = "") -> Iterator[str]:
    """Yield the name of every command below one."""
    if not isinstance(command, click.Group):
        yield name
        return
    for each in command.commands.values():
        yield from leaves(each, f"{name} {each.name}".strip())


def test_each_command_is_tried_with_a_newer_ledger() -> None:
    assert {*COMMANDS} | OTHERS | COPYING | ASKING_SLACK == set(leaves(app))


@pytest.mark.parametrize("words", [*COMMANDS.values(), "db upgrade --no-backup"])
def test_a_ledger_of_a_newer_version_is_refused_in_words(tmp_path: Path, words: str) -> None:
    path = place_ledger(tmp_path / "neo-usage.db")
    (tmp_path / "budgets.toml").write_text('[[budget]]\nfor = "team"\nlimit = "$5/month"\n')
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    refused = run(tmp_path, *words.split())
    assert refused.returncode == 1
    said = f"{refused.stdout}{refused.stderr}"
    assert "was written by a newer neo-usage (schema 9999). Update this one." in said
    assert schema(path) == "9999"
    assert copies(tmp_path) == []
    assert not (tmp_path / "copy.db").exists()
