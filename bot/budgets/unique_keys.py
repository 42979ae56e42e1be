"""Unique keys of rows that become another's, such as the snoozes of a member who is merged into another one."""

from typing import Any

from sqlalchemy import BindParameter, ColumnElement, Table, exists


def is_free(table: Table, key: tuple[str, ...], **new: BindParameter[Any]) -> ColumnElement[bool]:
    """Return whether no row has the unique key that a row of an UPDATE would have with `new` values of columns."""
    other = table.alias("other")
    return ~exists().where(*(other.c[name] == new.get(name, table.c[name]) for name in key))
