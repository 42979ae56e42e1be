"""What the outbox has to do: where it holds nothing open, one statement says so; whatever is open is looked at."""

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection, event, insert, update

from bot.outbox.conditions import Moment
from bot.outbox.destinations import OperatorDestination
from bot.outbox.due_work import DueWork, due_work
from bot.outbox.keys import StoredKey
from bot.outbox.placement_store import set_channel
from bot.outbox.rules import NotificationState
from bot.outbox.store import NewNotification, enqueue
from bot.outbox.tables import live_message, notification
from tests.support.ledgers import new_database

NOW = datetime(2026, 3, 2, 20, tzinfo=UTC)
OPERATOR = OperatorDestination("U1")
NOTHING = DueWork(0, 0, 0, (), ())


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[Connection]:
    with closing(new_database(tmp_path / "ledger.db")) as database, database.transaction() as connection:
        yield connection


def asked(connection: Connection) -> tuple[DueWork, int]:
    """What there is to do, and how many statements that took."""
    statements: list[str] = []

    def keep(_connection: Connection, _cursor: object, statement: str, *_: object) -> None:
        statements.append(statement)

    event.listen(connection, "before_cursor_execute", keep)
    try:
        return due_work(connection, Moment(NOW)), len(statements)
    finally:
        event.remove(connection, "before_cursor_execute", keep)


def test_where_nothing_is_open_one_statement_says_so(connection: Connection) -> None:
    assert asked(connection) == (NOTHING, 1)
    enqueue(connection, [NewNotification(StoredKey("note:1"), OPERATOR)], NOW)
    set_channel(connection, OPERATOR.encode(), "D1")
    connection.execute(update(notification).values(state=NotificationState.SENT))
    assert asked(connection) == (NOTHING, 1)


@pytest.mark.parametrize("state", [NotificationState.PENDING, NotificationState.SENDING, NotificationState.UNCONFIRMED])
def test_whatever_is_open_is_looked_at(connection: Connection, state: NotificationState) -> None:
    enqueue(connection, [NewNotification(StoredKey("note:1"), OPERATOR)], NOW - timedelta(hours=1))
    set_channel(connection, OPERATOR.encode(), "D1")
    values = {"expires_at": 0, "unsure_at": 0, "claimed_at": 0}
    connection.execute(update(notification).values(state=state, **values))
    work, _ = asked(connection)
    assert work != NOTHING


def test_a_sent_message_to_be_checked_is_looked_for(connection: Connection) -> None:
    enqueue(connection, [NewNotification(StoredKey("note:1"), OPERATOR)], NOW - timedelta(hours=1))
    set_channel(connection, OPERATOR.encode(), "D1")
    connection.execute(update(notification).values(state=NotificationState.SENT, check_at=1))
    assert asked(connection)[0].lookups == ("D1",)


def test_a_live_message_behind_its_facts_is_edited(connection: Connection) -> None:
    row = {"thing": "topic:1", "destination": OPERATOR.encode(), "channel": "D1", "ts": "1.1", "wanted": 2, "shown": 1}
    connection.execute(insert(live_message).values(editable=True, reposted=False, **row))
    assert asked(connection)[0].channels == ("D1",)
