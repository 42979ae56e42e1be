"""Statements that SQLAlchemy spells by engine, in the form that both engines understand."""

from sqlalchemy import Table
from sqlalchemy.dialects._typing import (
    _OnConflictIndexElementsT,
    _OnConflictIndexWhereT,
    _OnConflictSetT,
    _OnConflictWhereT,
)
from sqlalchemy.dialects.sqlite import dml


# SQLAlchemy's class of PostgreSQL would do for both as it is, but each command would import the whole of that dialect.
class Insert(dml.Insert):
    """An INSERT whose ON CONFLICT can be compiled for SQLite and for PostgreSQL."""

    inherit_cache = True

    def on_conflict_do_nothing(
        self, index_elements: _OnConflictIndexElementsT = None, index_where: _OnConflictIndexWhereT = None
    ) -> "Insert":
        """Return the statement that leaves a row as it is if its key is there."""
        return self.ext(_DoNothing(index_elements, index_where))

    def on_conflict_do_update(
        self,
        index_elements: _OnConflictIndexElementsT = None,
        index_where: _OnConflictIndexWhereT = None,
        set_: _OnConflictSetT = None,
        where: _OnConflictWhereT = None,
    ) -> "Insert":
        """Return the statement that writes `set_` into the row whose key is there."""
        return self.ext(_DoUpdate(index_elements, index_where, set_, where))


class _DoNothing(dml.OnConflictDoNothing):
    inherit_cache = True
    constraint_target = None  # the compiler for PostgreSQL asks for a constraint's name first


class _DoUpdate(dml.OnConflictDoUpdate):
    inherit_cache = True
    constraint_target = None


def insert(table: Table) -> Insert:
    """Return an INSERT into `table`, to be completed by what happens on a conflict."""
    return Insert(table)
