"""Recording: the statements that the app sends while it answers, to be sent again without the app."""

import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, event

from bot.app import App
from bot.database.read_engine import open_reader
from bot.domain.access import AT_THE_TERMINAL
from bot.ledger.question_parsing import parse_question
from bot.usage.report import Report, ReportPolicy, ReportRequest
from bot.usage.report_builder import build_report

Row = tuple[Any, ...]
Parameters = dict[str, Any] | tuple[Any, ...]
Statement = tuple[str, Parameters]


def recorded_statements(ledger: Path, work: Callable[[Connection], object]) -> list[Statement]:
    """The statements, with their parameters, that some work sends to a ledger."""
    statements: list[Statement] = []

    def keep(_connection: Connection, _cursor: object, statement: str, parameters: Parameters, *_: object) -> None:
        if statement != "BEGIN":
            statements.append((statement, parameters))

    with closing(open_reader(ledger)) as reader:
        event.listen(reader, "before_cursor_execute", keep)
        work(reader)
    return statements


def ask(app: App, reader: Connection, line: str) -> Report:
    """Answer a line as the app does, from a reader that is open already."""
    now = app.clock()
    question = parse_question(reader, AT_THE_TERMINAL, line, now=now, zone=app.settings.timezone)
    return build_report(reader, ReportRequest(question, AT_THE_TERMINAL, now), ReportPolicy.from_settings(app.settings))


def recorded(app: App, ledger: Path, line: str) -> list[Statement]:
    """What the app sends to the ledger to answer a line."""
    return recorded_statements(ledger, lambda reader: ask(app, reader, line))


def plain_reader(path: Path) -> sqlite3.Connection:
    """A plain reader of a ledger, set as the app's."""
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True, isolation_level=None)
    connection.execute("PRAGMA cache_size = -64000")  # as much as the app's reader has
    return connection


def rows_of(connection: sqlite3.Connection, statements: Sequence[Statement]) -> list[list[Row]]:
    """The rows of recorded statements, sent again in one snapshot."""
    connection.execute("BEGIN")
    try:
        return [connection.execute(sql, parameters).fetchall() for sql, parameters in statements]
    finally:
        connection.execute("ROLLBACK")
