"""The time that all who use a database share, whichever machines they run on."""

from sqlalchemy import BigInteger, ColumnElement, bindparam
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement


class _SharedTime(FunctionElement[int]):
    inherit_cache = True
    name = "shared_time"
    type = BigInteger()


def shared_time(own: str) -> ColumnElement[int]:
    """Return the present moment, in microseconds: by the server's clock, whose users may be on many machines.

    On SQLite it is the parameter of that name, which the caller has read from its own clock: whoever uses a file of
    SQLite is on its machine.
    """
    return _SharedTime(bindparam(own, type_=BigInteger()))


@compiles(_SharedTime)
def _own_time(element: _SharedTime, compiler: SQLCompiler, **options: object) -> str:
    return compiler.process(element.clauses, **options)


@compiles(_SharedTime, "postgresql")
def _server_time(_element: _SharedTime, _compiler: SQLCompiler, **_options: object) -> str:
    return "CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS BIGINT)"
