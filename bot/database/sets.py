"""Statements on a set of values, such as the members that a booking touched: the values are parameters, as tuples.

SQLAlchemy would spell a statement anew for each set, and the engine parse it.
"""

from bisect import bisect_left
from collections.abc import Collection
from itertools import repeat
from typing import Any

from sqlalchemy import Connection, CursorResult, Dialect, Select, Update

from bot.database.bulk import compiled_by_position
from bot.database.chunks import LARGEST

# of the few sizes that a set is filled up to, each is compiled and parsed but once
_SIZES = (8, *range(64, 512, 64), 512, 1_024, 2_048, 4_096, LARGEST)

_Rows = CursorResult[*tuple[Any, ...]]
_Form = tuple[str, list[str], int]


class SetStatement:
    """A statement with one set, `column.in_(bindparam(name, expanding=True))`, compiled once for an engine and a size.

    The other values that it binds by name are given as the driver takes them.
    """

    def __init__(self, statement: Select[*tuple[Any, ...]] | Update, name: str) -> None:
        self.statement, self._name = statement, name
        self._forms: dict[tuple[str, int], _Form] = {}

    def execute(self, connection: Connection, members: Collection[Any], **values: object) -> _Rows:
        """Execute the statement for a set of 1 to LARGEST members; its rows hold what the driver gives."""
        size = _SIZES[bisect_left(_SIZES, len(members))]
        dialect = connection.dialect
        sql, others, place = self._forms.get((dialect.name, size)) or self._compile(dialect, size)
        given = [values[name] for name in others]
        filled = [*members]
        filled += repeat(filled[-1], size - len(filled))  # a value that is there twice changes nothing
        given[place:place] = filled
        return connection.exec_driver_sql(sql, tuple(given))

    def _compile(self, dialect: Dialect, size: int) -> _Form:
        compiled = compiled_by_position(self.statement, dialect)
        filled = compiled.construct_expanded_state(dict.fromkeys(compiled.params, 0) | {self._name: [0] * size})
        names = filled.positiontup or ()
        others = [name for name in names if name in compiled.params]
        place = next(number for number, name in enumerate(names) if name not in compiled.params)
        self._forms[dialect.name, size] = form = filled.statement, others, place
        return form
