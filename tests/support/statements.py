"""Statements: what any SQLite connection of this process is asked while it is watched, and how much work that is."""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

_GRAIN = 10  # steps of SQLite's virtual machine, by which work is counted
_VALUE = re.compile(r"'(?:[^']|'')*'|\b\d+(?:\.\d+)?\b|\bNULL\b")
_LIST = re.compile(r"\?(?:\s*,\s*\?)+|\(\?\*?\)(?:\s*,\s*\(\?\*?\))+")
_ASIDE = ("BEGIN", "COMMIT", "ROLLBACK", "PRAGMA", "SAVEPOINT", "RELEASE", "--")


@dataclass(slots=True)
class Asked:
    """A statement with its values, of those of its form the one that took the most steps."""

    sql: str
    steps: int = 0


@dataclass(slots=True)
class Statements:
    """What was asked while `on`, by form: the statement without its values."""

    on: bool = False
    by_form: dict[str, Asked] = field(default_factory=dict)

    @contextmanager
    def kept(self) -> Iterator[None]:
        """Keep what is asked meanwhile."""
        self.on = True
        try:
            yield
        finally:
            self.on = False

    def watch(self, connection: sqlite3.Connection) -> None:
        """Keep what this connection is asked."""
        at: Asked | None = None
        name = ""

        def begin(sql: str) -> None:
            nonlocal at, name
            at = Asked(sql) if self.on and not sql.lstrip().upper().startswith(_ASIDE) else None
            if at is not None:
                name = form(sql)
                self._keep(name, at)

        def step() -> None:
            if at is not None:
                at.steps += _GRAIN
                self._keep(name, at)

        connection.set_trace_callback(begin)
        connection.set_progress_handler(step, _GRAIN)

    def _keep(self, name: str, asked: Asked) -> None:
        if self.by_form.setdefault(name, asked).steps < asked.steps:
            self.by_form[name] = asked


def form(sql: str) -> str:
    """A statement without its values, so that those that differ by them alone are one."""
    bare = _VALUE.sub("?", " ".join(sql.split()))
    return _LIST.sub("?*", bare)


def plan(path: Path, sql: str) -> list[str]:
    """How SQLite goes about a statement, in lines."""
    with closing(sqlite3.connect(path)) as connection:
        return [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {sql}")]


def again(path: Path, asked: Asked) -> Asked:
    """A question asked again; of what would write, nothing is done."""
    statements = Statements(on=asked.sql.lstrip().upper().startswith(("SELECT", "WITH")))
    with closing(sqlite3.connect(path)) as connection:
        statements.watch(connection)
        if statements.on:
            connection.execute(asked.sql).fetchall()
    return statements.by_form.get(form(asked.sql), Asked(asked.sql))


# --- every connection of the process --------------------------------------------------------------


@contextmanager
def watched() -> Iterator[Statements]:
    """Watch every connection that is opened meanwhile, by whomever and in whichever thread."""
    statements, connect = Statements(), sqlite3.connect

    def connected(*arguments: Any, **options: Any) -> sqlite3.Connection:
        connection: sqlite3.Connection = connect(*arguments, **options)
        statements.watch(connection)
        return connection

    places: tuple[Any, ...] = (sqlite3, sqlite3.dbapi2)
    for place in places:
        place.connect = connected
    try:
        yield statements
    finally:
        for place in places:
            place.connect = connect
