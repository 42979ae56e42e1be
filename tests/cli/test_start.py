"""How a command starts: what it imports, and when it looks for unused objects."""

import gc
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from bot.database.engine import open_database
from bot.ledger.passes.record import begin_pass, end_pass
from bot.ledger.passes.tally import PassOutcome, PassTally
from bot.unused_objects import begin_the_search, put_off_the_search
from tests.support.bookings import NOW, book_small_ledger

COMMAND = """
import sys
from bot.cli.main import main
try:
    main()
finally:
    print(*sys.modules, sep="\\n", file=sys.stderr)
"""
SERVICE = {"aiosqlite", "alembic", "apscheduler", "greenlet", "httpx", "psycopg", "slack_sdk", "structlog"}
UNUSED = SERVICE | {"jinja2", "rich", "sqlalchemy.dialects.postgresql", "sqlalchemy.ext.asyncio"}
DATABASE = {"sqlalchemy", "sqlmodel"}
EVERYDAY_WORDS = {"bot.domain.everyday.understanding", "bot.domain.everyday.commands"}


def imported(directory: Path, *words: str, code: int = 0) -> set[str]:
    """The modules that a command has imported when it ends, with that code."""
    settings = {"NEO_API_URL": "http://127.0.0.1:1", "NEO_API_KEY": "key", "DATABASE_URL": "sqlite:///ledger.db"}
    command = [sys.executable, "-c", COMMAND, *words]
    done = subprocess.run(  # noqa: S603 - our own command
        command, cwd=directory, env=settings, capture_output=True, text=True, check=False
    )
    assert done.returncode == code, done.stderr
    return set(done.stderr.split())


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """One with a small ledger that one pass has read."""
    with closing(open_database(tmp_path / "ledger.db")) as database:
        book_small_ledger(database)
        with database.transaction() as connection:
            tail = begin_pass(connection, "tail", None, NOW, NOW)
            end_pass(connection, tail, PassTally(), PassOutcome.COMPLETE, now=NOW)
    return tmp_path


@pytest.mark.slow
@pytest.mark.parametrize("words", ["report --json", "report --csv", "status --json", "errors --json"])
def test_an_answer_for_programs_imports_the_database_and_nothing_of_the_service(directory: Path, words: str) -> None:
    found = imported(directory, *words.split())
    assert found >= DATABASE
    assert found & (UNUSED | EVERYDAY_WORDS) == set()
    assert "bot.budgets.tables" not in found


@pytest.mark.slow
@pytest.mark.parametrize("words", ["report", "status"])
def test_an_answer_for_people_imports_what_prints_it_besides(directory: Path, words: str) -> None:
    found = imported(directory, words)
    assert found & UNUSED == {"rich"}


@pytest.mark.slow
def test_the_service_imports_nothing_that_prints_for_people(directory: Path) -> None:
    found = imported(directory, "run", code=1)  # it has no token of Slack
    assert found >= {"bot.service.service", "httpx", "structlog"}
    assert found & {"rich.console", "pygments.lexers"} == set()


@pytest.mark.slow
def test_the_bot_of_the_demo_has_loaded_all_that_it_needs_before_its_settings_come(directory: Path) -> None:
    code = "import sys; from bot.demo.entrypoint import run; run(); print(*sys.modules)"
    done = subprocess.run(  # noqa: S603 - our own command
        [sys.executable, "-c", code], cwd=directory, input="", capture_output=True, text=True, check=True
    )
    found = set(done.stdout.split())
    assert found >= {"bot.service.service", "bot.budgets.capability", "bot.home.capability", "httpx", "slack_bolt"}
    assert found & {"rich.console", "pygments.lexers", "alembic"} == set()


@pytest.mark.parametrize("words", ["--help", "report --help", "run --help"])
def test_help_imports_no_database(directory: Path, words: str) -> None:
    found = imported(directory, *words.split())
    assert "click" in found
    assert found & (UNUSED | DATABASE) == set()


@pytest.mark.slow
def test_no_plugin_of_pydantic_is_looked_for(directory: Path) -> None:
    installed = directory / "installed-1.dist-info"
    installed.mkdir()
    (installed / "METADATA").write_text("Name: installed\nVersion: 1\n", encoding="utf-8")
    (installed / "entry_points.txt").write_text("[pydantic]\nplugin = its_plugin:plugin\n", encoding="utf-8")
    (directory / "its_plugin.py").write_text("plugin = None\n", encoding="utf-8")
    found = imported(directory, "report", "--json")
    assert "pydantic.plugin" in found
    assert "its_plugin" not in found


@pytest.fixture
def threshold() -> Iterator[tuple[int, int, int]]:
    """The interpreter's own figures; those that were there are put back."""
    gc.unfreeze()  # what the tests froze when they were collected
    found = gc.get_threshold()
    gc.set_threshold(700, 10, 10)
    yield gc.get_threshold()
    gc.unfreeze()
    gc.set_threshold(*found)


def test_the_search_for_unused_objects_is_put_off_and_then_begun(threshold: tuple[int, int, int]) -> None:
    put_off_the_search()
    assert gc.get_threshold()[0] > 10 * threshold[0]
    put_off = gc.get_threshold()[0]
    begin_the_search()
    assert gc.get_freeze_count() > 0
    assert gc.get_threshold()[0] < put_off


def test_a_search_that_was_not_put_off_goes_on_as_it_is(threshold: tuple[int, int, int]) -> None:
    begin_the_search()
    assert gc.get_threshold() == threshold
    assert gc.get_freeze_count() == 0
