"""Unique keys of rows that become another's, such as the snoozes of a member who is merged into another one."""

from typing import Any

from sqlalchemy import BindParameter, ColumnElement, Table, UniqueConstraint, exists


def is_free(table: Table, **new: BindParameter[Any]) -> ColumnElement[bool]:
    """Return whether no row has the unique key that a row of an UPDATE would have with `new` values of columns.

    A table's unique key is its unique constraint or, if it has none, its primary key.
    """
    other = table.alias("other")
    key = next((each for each in table.constraints if isinstance(each, UniqueConstraint)), table.primary_key)
    return ~exists().where(*(other.c[each.name] == new.get(each.name, each) for each in key.columns))
