"""What other packages may ask of the outbox: what a discarded notification was discarded for."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Connection

from bot.outbox import outcomes
from bot.outbox.amendments import withdraw
from bot.outbox.destinations import Destination, OperatorDestination
from bot.outbox.keys import StoredKey
from bot.outbox.outcomes import Ending
from bot.outbox.placement_store import set_channel
from bot.outbox.queries import is_dropped_as_empty, is_reported
from bot.outbox.rules import NOTHING_TO_SAY, NotificationState
from bot.outbox.store import NewNotification, claim, enqueue, enqueue_again

NOW = datetime(2026, 3, 2, 20, tzinfo=UTC)
KEY = StoredKey("note:1")
OPERATOR, OTHER = OperatorDestination("U1"), OperatorDestination("U2")


@pytest.fixture
def connection(connection: Connection) -> Connection:
    enqueue(connection, [NewNotification(KEY, OPERATOR)], NOW)
    return connection


def discard(connection: Connection, why: str, *instead: Destination) -> None:
    set_channel(connection, OPERATOR.encode(), "D1")
    claimed = claim(connection, "D1", "token", NOW, timedelta(seconds=30))
    assert claimed is not None
    outcomes.end(connection, claimed, Ending(NotificationState.DISCARDED, why, instead), NOW)


def states(connection: Connection) -> list[tuple[str, str]]:
    rows = connection.exec_driver_sql("SELECT destination, state FROM notification ORDER BY id")
    return [(destination, state) for destination, state in rows.all()]


def test_what_had_nothing_to_say_is_dropped_as_empty_and_may_be_sent_later(connection: Connection) -> None:
    discard(connection, NOTHING_TO_SAY)
    assert is_dropped_as_empty(connection, KEY, OPERATOR)
    assert not is_dropped_as_empty(connection, KEY, OTHER)
    assert not is_reported(connection, KEY)
    enqueue_again(connection, NewNotification(KEY, OPERATOR), NOW)
    assert states(connection) == [("operator:U1", "pending")]
    assert not is_dropped_as_empty(connection, KEY, OPERATOR)


def test_what_was_replaced_at_other_destinations_is_not_dropped_as_empty(connection: Connection) -> None:
    discard(connection, "no operator any more", OTHER)
    assert not is_dropped_as_empty(connection, KEY, OPERATOR)
    enqueue_again(connection, NewNotification(KEY, OPERATOR), NOW)
    assert states(connection) == [("operator:U1", "moved"), ("operator:U2", "pending")]


def test_what_was_withdrawn_is_not_dropped_as_empty(connection: Connection) -> None:
    withdraw(connection, [KEY], "priced again", NOW)
    assert not is_dropped_as_empty(connection, KEY, OPERATOR)
    assert not is_reported(connection, KEY)
    enqueue_again(connection, NewNotification(KEY, OPERATOR), NOW)
    assert states(connection) == [("operator:U1", "moved")]
