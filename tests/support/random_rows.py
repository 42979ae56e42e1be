"""A ledger of random rows in every table: what any column may hold, whether or not the program would write it."""

from random import Random
from typing import Any

from sqlalchemy import BigInteger, Boolean, Column, Connection, MetaData, String, Table, select

from bot.database.statements import insert

TEXTS = (
    "",
    " ",
    "a",
    "A",
    "ä",
    "中文",
    "\U0001f4a9",
    "it's",
    '"',
    "\\",
    "\\N",
    "\\.",
    "a\tb\nc\rd",
    "%s",
    ":x",
    "\x01",
)
LARGEST = 2**63 - 1
SUMMED = ("nanos", "_at", "start")  # what the names of columns end with that are added up, or are times


def fill(connection: Connection, dice: Random, rows: int, texts: tuple[str, ...] = TEXTS) -> None:
    """Write about so many rows into each table; each refers to such as there are."""
    tables = MetaData()
    tables.reflect(connection)
    for table in tables.sorted_tables:
        if table.name == "alembic_version":
            continue
        keys = {column.name: _keys(connection, column) for column in table.c if column.foreign_keys}
        statement = insert(table).on_conflict_do_nothing()
        for number in range(rows):
            row = {column.name: _value(column, keys, dice, number, texts) for column in table.c}
            connection.execute(statement, row)
            for name in _own_keys(table):
                keys[name].append(row["id"])


def _own_keys(table: Table) -> list[str]:
    return [column.name for column in table.c if any(key.column.table is table for key in column.foreign_keys)]


def _keys(connection: Connection, column: Column[Any]) -> list[Any]:
    (key,) = column.foreign_keys
    return list(connection.execute(select(key.column)).scalars())


def _value(
    column: Column[Any], keys: dict[str, list[Any]], dice: Random, number: int, texts: tuple[str, ...]
) -> object:
    if column.name in keys:
        return dice.choice([*keys[column.name], None] if column.nullable else keys[column.name])
    if column.nullable and dice.random() < 0.3:
        return None
    if isinstance(column.type, Boolean):
        return dice.random() < 0.5
    if isinstance(column.type, String):
        return f"{dice.choice(texts)}{dice.choice(texts)}{number}"
    return _number(column, dice, number)


def _number(column: Column[Any], dice: Random, number: int) -> int:
    if column.name == "id":
        return 3 * number + dice.randrange(3) + 1
    if column.name.endswith(SUMMED):
        return 1_700_000_000_000_000 + dice.randrange(10**13)
    largest = LARGEST if isinstance(column.type, BigInteger) else 2**31 - 1
    return dice.choice((0, 1, -1, largest, -largest, dice.randrange(10**6)))
