"""Parts of a text in a column: each engine spells them in its own way."""

from typing import Any

from sqlalchemy import ColumnElement, Text
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement


class _BeforeColon(FunctionElement[str]):
    inherit_cache = True
    name = "before_colon"
    type = Text()


def before_colon(text: ColumnElement[Any]) -> ColumnElement[str]:
    """Return what stands before the first colon of a text; all of it if there is none."""
    return _BeforeColon(text)


@compiles(_BeforeColon)
def _before_colon(element: _BeforeColon, compiler: SQLCompiler, **options: object) -> str:
    text = compiler.process(element.clauses, **options)
    return f"substr({text}, 1, instr({text} || ':', ':') - 1)"


@compiles(_BeforeColon, "postgresql")
def _before_colon_postgresql(element: _BeforeColon, compiler: SQLCompiler, **options: object) -> str:
    return f"split_part({compiler.process(element.clauses, **options)}, ':', 1)"
