"""Statements that go through a whole ledger: a server may be silent about them for longer than about others."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, cast

from sqlalchemy import Connection

if TYPE_CHECKING:
    from bot.database.answer_limit import LimitedConnection


@contextmanager
def long_statements(connection: Connection, seconds: float | None = None) -> Iterator[None]:
    """Let a server take so many seconds for each statement inside, or without a number as long as it needs.

    A file has no limit anyway.
    """
    if connection.dialect.name == "sqlite":
        yield
        return
    driver = cast("LimitedConnection", connection.connection.driver_connection)
    before, driver.answer_seconds = driver.answer_seconds, seconds
    try:
        yield
    finally:
        driver.answer_seconds = before
