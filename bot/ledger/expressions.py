"""Expressions that the ledger's statements share: sets of ids, sums, conditions that no index serves, and spans."""

from collections.abc import Callable, Iterable
from typing import Any

from sqlalchemy import (
    CTE,
    BigInteger,
    ColumnElement,
    Dialect,
    FromClause,
    Join,
    UnaryExpression,
    bindparam,
    cast,
    column,
    func,
    select,
    text,
    true,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.operators import custom_op
from sqlalchemy.types import UserDefinedType

from bot.domain.pricing import SpendBasis

Span = tuple[int, int, int]
"""A part of the calendar: its number, its start and its end in microseconds."""


class _Ids(UserDefinedType[Iterable[int]]):
    """The numbers in the brackets of `IN`, written into the statement: there may be more of them than parameters."""

    cache_ok = True

    def literal_processor(self, dialect: Dialect) -> Callable[[Iterable[int]], str]:  # noqa: ARG002 - as SQLAlchemy calls it
        # NOT IN (NULL) would be NULL and leave everything out
        return lambda ids: f"({','.join([f'{each:d}' for each in ids]) or 'SELECT 0 WHERE 1 = 0'})"


def one_of(key: ColumnElement[Any], name: str) -> ColumnElement[bool]:
    """Return the condition that a key is in the set of ids which the parameter of that name gives."""
    return key.bool_op("IN")(bindparam(name, type_=_Ids(), literal_execute=True))


def none_of(key: ColumnElement[Any], name: str) -> ColumnElement[bool]:
    """Return the condition that a key is not in the set of ids which the parameter of that name gives."""
    return key.bool_op("NOT IN")(bindparam(name, type_=_Ids(), literal_execute=True))


def sum_of(amounts: ColumnElement[Any], where: ColumnElement[bool] | None = None) -> ColumnElement[int]:
    """Return the sum of whole numbers as a whole number, which PostgreSQL's `sum` does not give; of none, NULL."""
    summed = func.sum(amounts)
    return cast(summed if where is None else summed.filter(where), BigInteger)


def nanos_of(charges: FromClause, basis: SpendBasis) -> ColumnElement[int]:
    """Return what of a charge is spend."""
    platform: ColumnElement[int] = charges.c.platform_nanos
    return platform + charges.c.provider_nanos if basis is SpendBasis.TOTAL else platform


def unindexed(number: ColumnElement[Any]) -> ColumnElement[int]:
    """Return a column of numbers so that no engine looks for its values through an index: with a unary plus."""
    return UnaryExpression(number, operator=custom_op("+"), type_=number.type)


def has_no_cost(tasks: FromClause, *, indexed: bool = True) -> ColumnElement[bool]:
    """Return the condition that the cost of a task is unknown; unless `indexed`, no index of such tasks serves it."""
    platform = tasks.c.platform_nanos if indexed else unindexed(tasks.c.platform_nanos)
    return platform.is_(None) & tasks.c.provider_nanos.is_(None)


class _Spans(UserDefinedType[Iterable[Span]]):
    """The rows of `VALUES`, written into the statement."""

    cache_ok = True

    def literal_processor(self, dialect: Dialect) -> Callable[[Iterable[Span]], str]:  # noqa: ARG002 - as SQLAlchemy calls it
        return lambda spans: ",".join(f"({i:d},{low:d},{high:d})" for i, low, high in spans) or "(0,0,0)"


def spans_table() -> CTE:
    """Return the parameter `spans` as a table of `i`, `low` and `high`; without any span it holds one of no length."""
    rows = text("VALUES :spans").bindparams(bindparam("spans", type_=_Spans(), literal_execute=True))
    values = rows.columns(column("column1", BigInteger), column("column2", BigInteger), column("column3", BigInteger))
    found = values.subquery("spans")
    return select(found.c.column1.label("i"), found.c.column2.label("low"), found.c.column3.label("high")).cte("span")


class CrossJoin(Join):
    """Every row of the left with every row of the right, which SQLite reads in this order."""

    inherit_cache = True

    def __init__(self, left: FromClause, right: FromClause) -> None:
        super().__init__(left, right, true())


@compiles(CrossJoin)
def _cross_join(join: CrossJoin, compiler: SQLCompiler, **options: object) -> str:
    options |= {"asfrom": True, "from_linter": None}  # that there is no condition is no oversight
    sides = (compiler.process(each, **options) for each in (join.left, join.right))
    return " CROSS JOIN ".join(sides)
