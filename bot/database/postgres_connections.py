"""Connections to a PostgreSQL server: how they are made, for writing and for reading, and how they are ended."""

import os
import socket
from contextlib import suppress
from functools import cache, partial
from secrets import token_hex
from typing import Any

import psycopg
from psycopg.abc import Buffer
from psycopg.types.string import StrDumperUnknown
from sqlalchemy import URL, Engine, create_engine, event
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.pool import NullPool, QueuePool

from bot.database import answer_limit
from bot.database.answer_limit import LimitedConnection
from bot.database.compiled_statements import COMPILED
from bot.database.errors import UnusableError
from bot.settings.postgres_address import PostgresAddress

OLDEST = 13  # what statements here need of a server
LOCKED_SECONDS = 30  # how long a reader waits for a table that another program, such as VACUUM FULL, has locked
_HOST = 32  # characters of the machine's name
_CANCEL_SECONDS = 0.5  # that the server has to take note of a cancellation
# what tells a server that is gone from one that is busy: half a minute, as long as a writer waits for the lock
_PATIENCE = {
    "connect_timeout": "5",
    "keepalives_idle": "10",
    "keepalives_interval": "5",
    "keepalives_count": "4",
    "tcp_user_timeout": "30000",
}


def write_engine(address: PostgresAddress) -> Engine:
    """Return an engine of one connection, whose transactions see what is committed."""
    return _engine(address, 1, {"isolation_level": "READ COMMITTED"})


def read_engine(address: PostgresAddress, connections: int) -> Engine:
    """Return an engine whose transactions read one snapshot each and cannot write; of 0 connections it keeps none."""
    engine = _engine(address, connections, {})
    event.listen(engine, "connect", _prepare_for_reading)
    return engine


def _engine(address: PostgresAddress, connections: int, options: dict[str, Any]) -> Engine:
    engine = create_engine(
        _url(address),
        **_pool(connections),
        connect_args={
            "application_name": _own_name(),
            "client_encoding": "UTF8",  # whatever the user, the database or the environment asks for
            **_PATIENCE,
            **address.options,
        },
        hide_parameters=True,  # they are titles, errors and e-mails, and an exception's text reaches logs
        execution_options=COMPILED | options,
    )
    event.listen(engine, "do_connect", partial(_connect, address))
    event.listen(engine, "handle_error", _hide_values)
    event.listen(engine, "connect", _prepare)
    return engine


@cache
def _own_name() -> str:
    """Return what the server shows of this process, in 63 characters; two containers may have one name and number."""
    return f"neo-usage {socket.gethostname()[:_HOST]}/{os.getpid()}/{token_hex(4)}"


def _pool(connections: int) -> dict[str, Any]:
    if connections == 0:
        return {"poolclass": NullPool}
    return {"poolclass": QueuePool, "pool_size": connections, "max_overflow": 0}


def _url(address: PostgresAddress) -> URL:
    password = None if address.password is None else address.password.reveal()
    return URL.create(
        "postgresql+psycopg",
        username=address.user,
        password=password,
        host=address.host,
        port=address.port,
        database=address.database,
    )


def _connect(
    address: PostgresAddress, _dialect: object, _record: object, _arguments: object, parameters: dict[str, Any]
) -> LimitedConnection:
    connection = LimitedConnection.connect(**parameters)
    try:
        _require_new_enough(connection, address)
    except UnusableError:
        connection.close()
        raise
    connection.answer_seconds = answer_limit.ANSWER_SECONDS
    return connection


def _require_new_enough(connection: psycopg.Connection, address: PostgresAddress) -> None:
    """Raise UnusableError if a server is too old, before any statement: it may not know the words of the first one."""
    if 0 < connection.info.server_version < 10_000 * OLDEST:  # 0: a proxy does not pass it on
        version = (connection.info.parameter_status("server_version") or "").partition(" ")[0]
        why, remedy = f"the database server is too old: PostgreSQL {version}", f"Use PostgreSQL {OLDEST} or newer."
        raise UnusableError(why, address, remedy)


class _TextDumper(StrDumperUnknown):
    """Gives a text to the server with a mark in place of each NUL, which no text there may hold."""

    def dump(self, obj: str) -> Buffer | None:
        return super().dump(obj.replace("\0", "\ufffd"))


def _prepare(connection: psycopg.Connection, _record: object) -> None:
    connection.adapters.register_dumper(str, _TextDumper)
    # compiling a statement whose cost the server overrates takes longer than the statement
    connection.execute("SET jit = off")
    connection.commit()


def _prepare_for_reading(connection: psycopg.Connection, _record: object) -> None:
    """Let a prepared statement be planned for the window that it is asked for: a plan for any would be for few rows."""
    connection.execute(f"SET plan_cache_mode = force_custom_plan; SET lock_timeout = '{1000 * LOCKED_SECONDS:.0f}ms'")
    connection.commit()
    # here, for good: as options of the engine, SQLAlchemy would set them before and take them back after each question
    connection.isolation_level, connection.read_only = psycopg.IsolationLevel.REPEATABLE_READ, True


def _hide_values(context: ExceptionContext) -> None:
    """Take from an error what the server quotes of a row, such as an e-mail that is there twice."""
    driver, error = context.original_exception, context.sqlalchemy_exception
    if isinstance(driver, psycopg.Error) and driver.diag.message_primary is not None:
        driver.args = (driver.diag.message_primary,)
        if error is not None:
            error.args = (f"({type(driver).__name__}) {driver.diag.message_primary}",)


def interrupt(connection: psycopg.Connection) -> None:
    """End the query that runs on a connection of another thread; the connection too if the server cannot be told."""
    try:
        connection.cancel_safe(timeout=_CANCEL_SECONDS)
    except psycopg.Error:
        cut(connection)


def cut(connection: psycopg.Connection) -> None:
    """End a connection that another thread uses: whoever waits for an answer there gets an error at once."""
    with suppress(psycopg.Error, OSError), socket.socket(fileno=os.dup(connection.fileno())) as same:
        same.shutdown(socket.SHUT_RDWR)
