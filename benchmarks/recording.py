"""Recording: the statements that the app sends while it answers, to be sent again without the app."""

import sqlite3
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from bot.app import App
from bot.database.reader import Parameters, Reader, Rows
from bot.domain.access import AT_THE_TERMINAL
from bot.ledger.question_parsing import parse_question
from bot.ledger.scope import EVERYTHING
from bot.usage.report import Report, ReportPolicy, ReportRequest
from bot.usage.report_builder import build_report

Row = tuple[Any, ...]
Statement = tuple[str, dict[str, Any] | tuple[Any, ...]]


class Recorder(Reader):
    """A reader that keeps every statement with its parameters and its rows."""

    def __init__(self, ledger: Path) -> None:
        super().__init__(plain_reader(ledger))
        self.statements: list[Statement] = []
        self.results: list[list[Row]] = []

    def rows(self, sql: str, parameters: Mapping[str, Any] | None = None) -> list[Row]:
        """All rows of a query."""
        found = super().rows(sql, parameters)
        self.statements.append((sql, dict(parameters or {})))
        self.results.append(found)
        return found

    def exec_driver_sql(self, sql: str, parameters: Parameters = ()) -> Rows:
        """A query that the writing side asks too."""
        found = super().exec_driver_sql(sql, parameters)
        self.statements.append((sql, dict(parameters) if isinstance(parameters, Mapping) else tuple(parameters)))
        self.results.append(list(found))
        return found

    def one(self, sql: str, parameters: Mapping[str, Any] | None = None) -> Row | None:
        """The first row of a query, if any."""
        return next(iter(self.rows(sql, parameters)), None)


def ask(app: App, reader: Reader, line: str) -> Report:
    """Answer a line as the app does, from a reader that is open already."""
    now = app.clock()
    question = parse_question(reader, EVERYTHING, line, now=now, zone=app.settings.timezone)
    return build_report(reader, ReportRequest(question, AT_THE_TERMINAL, now), ReportPolicy.from_settings(app.settings))


def recorded(app: App, ledger: Path, line: str) -> Recorder:
    """What the app sends to the ledger to answer a line."""
    recorder = Recorder(ledger)
    ask(app, recorder, line)
    recorder.close()
    return recorder


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
