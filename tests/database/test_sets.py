"""Statements on a set: few or many values are found and changed, on both engines, with other values beside them."""

import pytest
from sqlalchemy import Connection, bindparam, select, update

from bot.database.bulk import BulkInsert
from bot.database.chunks import LARGEST
from bot.database.sets import SetStatement
from bot.database.tables import lease, note

OF_KEYS = note.c.key.in_(bindparam("keys", expanding=True))
SELECT = SetStatement(
    select(note.c.key).where(note.c.value >= bindparam("least"), OF_KEYS).order_by(note.c.key), "keys"
)
CHANGE = SetStatement(update(note).where(OF_KEYS, note.c.value == bindparam("before")).values(value=note.c.key), "keys")


@pytest.mark.parametrize("size", [1, 8, 9, 64, 65, 512, 513, 5_000, LARGEST])
def test_each_of_a_set_is_found_once_and_no_other(connection: Connection, size: int) -> None:
    keys = [f"{number:05}" for number in range(size)]
    BulkInsert(note, "key", "value").execute(connection, [(key, key) for key in [*keys, "other"]])
    assert SELECT.execute(connection, keys, least="").scalars().all() == keys
    assert SELECT.execute(connection, dict.fromkeys(keys), least=keys[-1]).scalars().all() == keys[-1:]


def test_each_of_a_set_is_changed_if_the_rest_of_the_condition_holds(connection: Connection) -> None:
    BulkInsert(note, "key", "value").execute(connection, [("a", "1"), ("b", "1"), ("c", "2"), ("d", "1")])
    CHANGE.execute(connection, ["b", "c", "gone"], before="1")
    assert connection.execute(select(note.c.value).order_by(note.c.key)).scalars().all() == ["1", "b", "2", "1"]


def test_numbers_of_any_size_are_found(connection: Connection) -> None:
    large = [2**63 - 1, 0, -(2**63)]
    BulkInsert(lease, "name", "holder", "expires_at").execute(connection, [(str(each), "h", each) for each in large])
    found = SetStatement(
        select(lease.c.expires_at).where(lease.c.expires_at.in_(bindparam("ends", expanding=True))), "ends"
    )
    assert sorted(found.execute(connection, large).scalars()) == sorted(large)
