"""Rows in random order wherever a statement asks for none, as a server may give them any day."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, event

_MARKS = re.compile(r"'(?:[^']|'')*'|[()]|\border by\b", re.IGNORECASE)
_WRITES = re.compile(r"\b(insert into|update|delete from)\b", re.IGNORECASE)
_ABOUT_ITSELF = re.compile(r"\b(pg_|sqlite_|pragma_)", re.IGNORECASE)


@contextmanager
def rows_in_random_order() -> Iterator[None]:
    """Have every engine of this process shuffle what is selected in no order, within the context."""
    if event.contains(Engine, "before_cursor_execute", _shuffle):
        yield
        return
    event.listen(Engine, "before_cursor_execute", _shuffle, retval=True)
    try:
        yield
    finally:
        event.remove(Engine, "before_cursor_execute", _shuffle)


def shuffled(statement: str) -> str:
    """Return a statement that selects the same, in random order if it asks for none; any other stays as it is."""
    if not statement.lstrip().upper().startswith(("SELECT", "WITH")):
        return statement
    if _WRITES.search(statement) or _ABOUT_ITSELF.search(statement) or _is_ordered(statement):
        return statement
    return f"SELECT * FROM ({statement}) AS unordered ORDER BY random()"


def _is_ordered(statement: str) -> bool:
    depth = 0
    for mark in _MARKS.findall(statement):
        if mark in "()":
            depth += 1 if mark == "(" else -1
        elif depth == 0 and not mark.startswith("'"):
            return True
    return False


def _shuffle(_connection: Connection, _cursor: object, statement: str, *rest: Any) -> tuple[str, Any]:
    parameters, _context, is_of_many_rows = rest
    return statement if is_of_many_rows else shuffled(statement), parameters
