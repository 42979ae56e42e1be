"""The statements of the whole program, as PostgreSQL would be asked to prepare each."""

import importlib
import pkgutil
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from sqlalchemy import Dialect, Insert, Integer, Select, TextClause, Tuple, Update
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.dml import UpdateBase
from sqlalchemy.sql.elements import BindParameter, ClauseElement
from sqlalchemy.sql.selectable import LABEL_STYLE_NONE, ScalarSelect, SelectBase
from sqlalchemy.sql.visitors import iterate
from sqlalchemy.types import UserDefinedType

import bot
from bot.database.bulk import BulkStatement
from bot.database.sets import SetStatement

_WHOLE = re.compile(r"\s*(SELECT|WITH|INSERT|UPDATE|DELETE)\b", re.IGNORECASE)
DIALECT: Dialect = PGDialect_psycopg(paramstyle="numeric_dollar")  # type: ignore[no-untyped-call]


def module_statements() -> dict[str, ClauseElement]:
    """Return each statement that stands in a module, by itself or in a collection, by name; but for parts of others."""
    found: dict[int, tuple[str, ClauseElement]] = {}
    for module in pkgutil.walk_packages(bot.__path__, "bot."):
        if module.name.endswith("__main__") or module.name.startswith("bot.sandbox"):
            continue
        for name, value in vars(importlib.import_module(module.name)).items():
            for label, each in _statements(value):
                found.setdefault(id(each), (f"{module.name}.{name}{label}", each))
    parts = [part.element for _, each in found.values() for part in iterate(each) if isinstance(part, ScalarSelect)]
    return {name: each for name, each in found.values() if not _is_one_of(each, parts)}


def _is_one_of(statement: ClauseElement, parts: list[SelectBase]) -> bool:
    """Return whether it is the value of a column or a condition of other statements."""
    if not isinstance(statement, Select):
        return False
    alone = statement.set_label_style(LABEL_STYLE_NONE)  # as it is where it gives one value
    return any(alone.compare(part) for part in parts)


def _statements(value: object) -> Iterator[tuple[str, ClauseElement]]:
    match value:
        case TextClause() if not _WHOLE.match(value.text):
            return
        case BulkStatement() | SetStatement():
            yield "", value.statement
        case TextClause() | SelectBase() | UpdateBase():  # not its parts, such as a function
            yield "", value
        case Mapping():
            yield from ((f"[{key}]", each) for key, part in value.items() for _, each in _statements(part))
        case tuple() | list():
            yield from ((f"[{at}]", each) for at, part in enumerate(value) for _, each in _statements(part))
        case _:
            return


def prepared(statement: ClauseElement) -> str:
    """Return a statement's SQL with a placeholder for each value; a set is one of a single value."""
    compiled = statement.compile(dialect=DIALECT, column_keys=_columns(statement))
    assert isinstance(compiled, SQLCompiler)
    values = {
        name: [_example(bind.type)] if bind.expanding else _example(bind.type)
        for name, bind in compiled.binds.items()
        if bind.required
    }
    return compiled.construct_expanded_state(values).statement


def _columns(statement: ClauseElement) -> list[str] | None:
    """Return the columns that values are given for when it is executed: all, but for those that it looks for."""
    if isinstance(statement, Insert) and statement.select is None:
        return _unnamed(statement, statement.table.c.keys())
    if isinstance(statement, Update) and not statement._values:  # noqa: SLF001 - nothing else says so
        return _unnamed(statement, statement.table.c.keys())
    return None


def _unnamed(statement: ClauseElement, columns: Iterable[str]) -> list[str]:
    given = {each.key for each in iterate(statement) if isinstance(each, BindParameter)}
    return [each for each in columns if each not in given]


def _example(declared: Any) -> object:
    match declared:
        case Tuple():
            return tuple(_example(each) for each in declared.types)
        case UserDefinedType():  # the numbers of a set, or the rows of a table, that are written into a statement
            return [(1, 1, 1)] if "Spans" in type(declared).__name__ else [1]
        case Integer():
            return 1
        case _:
            return "a"
