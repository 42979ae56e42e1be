"""A database that other tools have put back: nothing that the bot makes from then on looks like what it made before."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing
from datetime import timedelta
from pathlib import Path
from shutil import copy
from subprocess import CompletedProcess
from typing import TYPE_CHECKING

import psycopg
import pytest

from bot.budgets.keys import CrossingEventKey
from bot.database.engine import open_database
from bot.outbox.destinations import UserDestination, WebhookDestination
from bot.outbox.events import event_id
from bot.outbox.keys import message_key
from bot.outbox.store import NewNotification, enqueue
from bot.settings.database_place import DatabasePlace
from bot.usage.keys import WelcomeKey
from tests.support.bookings import NOW
from tests.support.command import run_command
from tests.support.engines import execute, rows_of, url_of

if TYPE_CHECKING:
    from tests.support.postgres import PostgresServer

Run = Callable[[], CompletedProcess[str]]


@pytest.fixture
def put_back(place: DatabasePlace, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[DatabasePlace]:
    """A ledger as it was when the copy was made, with a message on its way; the former one went on and is lost."""
    with closing(open_database(place)) as database, database.transaction() as connection:
        enqueue(connection, [NewNotification(WelcomeKey(), UserDestination("U0ANA"))], NOW)
    execute(place, "INSERT INTO lease (name, holder, expires_at, token) VALUES ('jobs', 'there/1/a', 1, 3)")
    if isinstance(place, Path):
        yield Path(copy(place, tmp_path / "snapshot.db"))
        return
    server: PostgresServer = request.getfixturevalue("postgres")
    server.run("SELECT pg_terminate_backend(pid, 2000) FROM pg_stat_activity WHERE datname = '" + place.database + "'")
    address = server.copy_of(place.database)
    yield address
    server.drop(address)


@pytest.fixture
def run(put_back: DatabasePlace, tmp_path: Path) -> Run:
    return lambda: run_command(("db", "mark-restored"), {"DATABASE_URL": url_of(put_back)}, tmp_path)


def next_event(place: DatabasePlace) -> str:
    """Have the ledger make its next event, and return under which id it is sent."""
    with closing(open_database(place)) as database, database.transaction() as connection:
        enqueue(connection, [NewNotification(CrossingEventKey(57), WebhookDestination())], NOW + timedelta(hours=1))
    [key] = rows_of(place, "SELECT stem, destination, ledger FROM notification WHERE destination = 'webhook'")
    return event_id(message_key(*key))


def test_a_new_event_has_not_the_id_of_one_that_was_sent_since(
    place: DatabasePlace, put_back: DatabasePlace, run: Run
) -> None:
    marked = run()
    assert marked.returncode == 0, marked.stderr
    assert next_event(put_back) != next_event(place)


def test_what_may_have_been_sent_since_is_looked_for_first_and_nobody_holds_a_lease(
    put_back: DatabasePlace, run: Run
) -> None:
    said = run().stdout.splitlines()
    assert said[0] == f"{put_back} has a new identity. Start the service."
    assert said[1:] == [
        "Messages: 0 pending; the service sends them when it starts",
        "          1 possibly sent; the service looks in Slack's history first",
        "          0 sent after the copy was made; not sent again",
    ]
    assert rows_of(put_back, "SELECT state FROM notification") == [("unsure",)]
    assert rows_of(put_back, "SELECT holder, token FROM lease") == [("", 3)]


def test_while_it_is_in_use_nothing_changes(put_back: DatabasePlace, run: Run) -> None:
    notes = "SELECT * FROM note ORDER BY key"
    before = rows_of(put_back, notes)
    with in_use(put_back):
        refused = run()
    assert refused.returncode == 1
    assert f"{put_back} is in use: " in refused.stderr
    assert rows_of(put_back, notes) == before


def in_use(place: DatabasePlace) -> AbstractContextManager[object]:
    """Have a ledger open as a service in another process does."""
    if isinstance(place, Path):
        return closing(open_database(place))
    return closing(
        psycopg.connect(
            host=place.host, dbname=place.database, user=place.user, application_name="neo-usage elsewhere/1"
        )
    )


def test_without_a_ledger_there_is_nothing_to_mark(tmp_path: Path) -> None:
    refused = run_command(("db", "mark-restored"), {"DATABASE_URL": url_of(tmp_path / "none.db")}, tmp_path)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "there is no ledger at" in refused.stderr
