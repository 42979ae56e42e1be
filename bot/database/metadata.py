"""Metadata: facts about the ledger itself, kept in it by key, such as its id."""

from secrets import token_hex

from sqlalchemy import Connection

LEDGER_ID = "ledger_id"  # ends the keys of its messages, so that no two ledgers post under the same one
WRITE_TEST = "written"  # written to find out whether the database takes anything
# a restore is not finished: where the former ledger is kept ("" if it is not) and the copy's id, as JSON
RESTORED = "restored"
LOST_LEDGER = "lost_ledger"  # after a restore without a former ledger: under which id it posted, since when, as JSON


def read(reads: Connection, key: str) -> str | None:
    """Return the value kept under a key, None if there is none."""
    row = reads.exec_driver_sql("SELECT value FROM note WHERE key = ?", (key,)).first()
    return row[0] if row else None


def read_prefix(reads: Connection, prefix: str) -> dict[str, str]:
    """Return the values of all keys that begin with `prefix`, by what follows it."""
    last = prefix[:-1] + chr(ord(prefix[-1]) + 1)
    rows = reads.exec_driver_sql("SELECT key, value FROM note WHERE key >= ? AND key < ?", (prefix, last))
    return {key.removeprefix(prefix): value for key, value in rows.all()}


def write(connection: Connection, key: str, value: str | None) -> None:
    """Keep a value under a key, or (None) delete the key."""
    connection.exec_driver_sql("DELETE FROM note WHERE key = ?", (key,))
    if value is not None:
        connection.exec_driver_sql("INSERT INTO note (key, value) VALUES (?,?)", (key, value))


def ledger_id(connection: Connection) -> str:
    """Return the ledger's id, which is created when first needed; a restore gives a new one."""
    id_ = read(connection, LEDGER_ID)
    if id_ is None:
        id_ = token_hex(4)
        write(connection, LEDGER_ID, id_)
    return id_
