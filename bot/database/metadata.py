"""Metadata: facts about the ledger itself, kept in it by key, such as its id."""

from secrets import token_hex

from sqlalchemy import Connection, ScalarSelect, bindparam, delete, select

from bot.database.statements import insert
from bot.database.tables import note

LEDGER_ID = "ledger_id"  # ends the keys of its messages, so that no two ledgers post under the same one
WRITE_TEST = "written"  # written to find out whether the database takes anything
# a restore is not finished: where the former ledger is kept ("" if it is not) and the copy's id, as JSON
RESTORED = "restored"
# since when (microseconds) a restored ledger knows less than its messages show: until a pass up to then is complete
BEHIND_SINCE = "behind_since"
COPIED_FROM = "copied_from"  # the id of the ledger that is being copied into this database
LOST_LEDGER = "lost_ledger"  # after a restore without a former ledger: under which id it posted, since when, as JSON

_VALUE = select(note.c.value).where(note.c.key == bindparam("key"))
_RANGE = select(note.c.key, note.c.value).where(note.c.key >= bindparam("first"), note.c.key < bindparam("last"))
_DELETE = delete(note).where(note.c.key == bindparam("which"))
_INSERT = insert(note)
_UPSERT = _INSERT.on_conflict_do_update(index_elements=[note.c.key], set_={"value": _INSERT.excluded.value})


def read(connection: Connection, key: str) -> str | None:
    """Return the value kept under a key, None if there is none."""
    value: str | None = connection.execute(_VALUE, {"key": key}).scalar()
    return value


def value_of(key: str) -> ScalarSelect[str]:
    """Return the value kept under a key as a part of a statement; NULL if there is none."""
    return select(note.c.value).where(note.c.key == key).scalar_subquery()


def read_prefix(connection: Connection, prefix: str) -> dict[str, str]:
    """Return the values of all keys that begin with `prefix`, by what follows it."""
    last = prefix[:-1] + chr(ord(prefix[-1]) + 1)
    rows = connection.execute(_RANGE, {"first": prefix, "last": last})
    return {row.key.removeprefix(prefix): row.value for row in rows}


def write(connection: Connection, key: str, value: str | None) -> None:
    """Keep a value under a key, or (None) delete the key."""
    if value is None:
        connection.execute(_DELETE, {"which": key})
    else:
        connection.execute(_UPSERT, {"key": key, "value": value})


def try_writing(connection: Connection) -> None:
    """Write something and undo it; raises what the engine does if nothing can be written."""
    with connection.begin_nested() as attempt:
        write(connection, WRITE_TEST, "yes")
        attempt.rollback()


def ledger_id(connection: Connection) -> str:
    """Return the ledger's id, which is created when first needed; a restore gives a new one."""
    id_ = read(connection, LEDGER_ID)
    if id_ is None:
        id_ = token_hex(4)
        write(connection, LEDGER_ID, id_)
    return id_
