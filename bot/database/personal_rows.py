"""Rows about a person, of any table: returned as a document, or rewritten without the person's name."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Connection, Select, Table, bindparam, or_, select, update

from bot.database.chunks import chunks
from bot.domain.formatting import utc
from bot.domain.money import usd_text
from bot.domain.timestamps import from_us

Document = dict[str, object]

_NANOS = "_nanos"
_AT_ONCE = 1_000  # rows that are read of a table
_NO_MOMENTS = ("_ms", "fingerprint", "looks", "mark")  # what other columns of large integers end in


def documents(connection: Connection, table: Table, condition: ColumnElement[bool]) -> list[Document]:
    """Return the rows of a table that fulfil a condition, by column, in the order of their key.

    Amounts are exact decimals of USD, and moments are in UTC.
    """
    rows = connection.execute(select(table).where(condition).order_by(*table.primary_key))
    return [dict(_field(table, name, value) for name, value in row.items()) for row in rows.mappings()]


def _field(table: Table, name: str, value: Any) -> tuple[str, object]:  # noqa: ANN401 - a cell
    if name.endswith(_NANOS):
        return f"{name.removesuffix(_NANOS)}_usd", None if value is None else usd_text(value)
    if value is not None and isinstance(table.c[name].type, BigInteger) and not name.endswith(_NO_MOMENTS):
        return name, utc(from_us(value))
    return name, value


def mentions(
    connection: Connection, table: Table, columns: Sequence[str], redacted: Callable[[str], str]
) -> list[Document]:
    """Return the texts in columns of a table that `redact` would replace, each with where it stands."""
    keys = list(table.primary_key)
    return [
        {
            "where": f"{table.name}.{column}",
            **dict(zip(table.primary_key.c.keys(), row[: len(keys)], strict=True)),
            "text": text,
        }
        for row in connection.execute(_texts(table, columns), execution_options={"yield_per": _AT_ONCE})
        for column, text in zip(columns, row[len(keys) :], strict=True)
        if text is not None and redacted(text) != text
    ]


def redactable_keys(
    connection: Connection, table: Table, columns: Sequence[str], redacted: Callable[[str], str]
) -> list[Any]:
    """Return the keys of the rows of a table, whose key is one column, that `redact` would change."""
    rows = connection.execute(_texts(table, columns), execution_options={"yield_per": _AT_ONCE})
    return [row[0] for row in _changed_rows(rows, 1, redacted)]


def redact_some(
    connection: Connection, table: Table, columns: Sequence[str], redacted: Callable[[str], str], some: Iterable[Any]
) -> None:
    """Do as `redact` does, in the rows of these keys alone."""
    (key,) = table.primary_key
    for each in chunks(some):
        rows = connection.execute(_texts(table, columns).where(key.in_(each))).all()
        _update(connection, table, columns, list(_changed_rows(rows, 1, redacted)))


def redact(connection: Connection, table: Table, columns: Sequence[str], redacted: Callable[[str], str]) -> None:
    """Replace the texts in columns of a table by what `redacted` returns for them.

    However large the table is, only the rows that change are in memory.
    """
    rows = connection.execute(_texts(table, columns), execution_options={"yield_per": _AT_ONCE})
    _update(connection, table, columns, list(_changed_rows(rows, len(table.primary_key), redacted)))


def _update(connection: Connection, table: Table, columns: Sequence[str], changed: Sequence[tuple[Any, ...]]) -> None:
    """Write rows, each of which is its key and the values of columns."""
    keys = list(table.primary_key)
    if changed:
        names = [f"key_{number}" for number in range(len(keys))]
        statement = update(table).where(*(key == bindparam(name) for key, name in zip(keys, names, strict=True)))
        values = [dict(zip((*names, *columns), row, strict=True)) for row in changed]
        connection.execute(statement.values({name: bindparam(name) for name in columns}), values)


def _texts(table: Table, columns: Sequence[str]) -> Select[Any]:
    texts = [table.c[name] for name in columns]
    return select(*table.primary_key, *texts).where(or_(*(each.is_not(None) for each in texts)))


def _changed_rows(rows: Iterable[Any], keys: int, redacted: Callable[[str], str]) -> Iterator[tuple[Any, ...]]:
    for row in rows:
        texts = tuple(None if text is None else redacted(text) for text in row[keys:])
        if texts != tuple(row[keys:]):
            yield (*row[:keys], *texts)
