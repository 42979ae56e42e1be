"""JSON that stands in a column of text, read by a statement: each engine spells it in its own way."""

from typing import Any

from sqlalchemy import BigInteger, ColumnElement, TableValuedAlias, column, literal_column
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement


class _Entries(FunctionElement[Any]):
    inherit_cache = True
    name = "json_each"


class _Number(FunctionElement[int]):
    inherit_cache = True
    name = "json_number"
    type = BigInteger()


class _NumberNamed(FunctionElement[int]):
    inherit_cache = True
    name = "json_number_named"
    type = BigInteger()


def entries(text: ColumnElement[Any], name: str) -> TableValuedAlias:
    """Return the members of a JSON object as a table of that name, to join: `key`, a text, and `value`, JSON."""
    return _Entries(text).table_valued(column("key"), column("value"), name=name)


def number(value: ColumnElement[Any]) -> ColumnElement[int]:
    """Return a JSON value, which is a whole number, as a number."""
    return _Number(value)


def number_named(value: ColumnElement[Any], name: str) -> ColumnElement[int]:
    """Return the whole number of that name in a JSON value, which is an object."""
    return _NumberNamed(value, literal_column(f"'{name}'"))


@compiles(_Entries)
def _entries(element: _Entries, compiler: SQLCompiler, **options: object) -> str:
    return f"json_each({compiler.process(element.clauses, **options)})"


@compiles(_Entries, "postgresql")
def _entries_postgresql(element: _Entries, compiler: SQLCompiler, **options: object) -> str:
    text = compiler.process(element.clauses, **options)
    return f"json_each(CAST(CASE WHEN strpos({text}, '{_NUL}') > 0 THEN {_without_nul(text)} ELSE {text} END AS JSON))"


# JSON may spell the one character that no text there may hold; after an even number of backslashes it is that
_NUL = "\\u0000"


def _without_nul(text: str) -> str:
    return f"regexp_replace({text}, '(?<!\\\\)((?:\\\\\\\\)*)\\\\u0000', '\\1\\ufffd', 'g')"


@compiles(_Number)
def _number(element: _Number, compiler: SQLCompiler, **options: object) -> str:
    return compiler.process(element.clauses, **options)


@compiles(_Number, "postgresql")
def _number_postgresql(element: _Number, compiler: SQLCompiler, **options: object) -> str:
    return f"CAST(CAST({compiler.process(element.clauses, **options)} AS TEXT) AS BIGINT)"


@compiles(_NumberNamed)
def _number_named(element: _NumberNamed, compiler: SQLCompiler, **options: object) -> str:
    value, name = (compiler.process(each, **options) for each in element.clauses)
    return f"json_extract({value}, '$.' || {name})"


@compiles(_NumberNamed, "postgresql")
def _number_named_postgresql(element: _NumberNamed, compiler: SQLCompiler, **options: object) -> str:
    value, name = (compiler.process(each, **options) for each in element.clauses)
    return f"CAST({value} ->> {name} AS BIGINT)"
