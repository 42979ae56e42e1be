"""Ledgers of a given size, made by plain SQL in the app's own schema and kept for the next run."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from benchmarks.workplace import NOW, WORK, scratch
from bot.database.engine import open_database
from bot.database.schema import newest_revision
from bot.domain.timestamps import to_us
from bot.failures.grouper import FailureGrouper

_YEAR = timedelta(days=365)
_FORM = 6  # raise it when the SQL below changes: kept ledgers are made anew


@dataclass(frozen=True, slots=True)
class Size:
    """How much a ledger holds; its newest task was created `gap` before its moment, its oldest `years` before that."""

    tasks: int
    members: int = 2_000
    models: int = 20
    gap: timedelta = timedelta(hours=1)
    years: int = 1

    @property
    def path(self) -> Path:
        """The file; its name says all that it was made from."""
        hours = self.gap // timedelta(hours=1)
        parts = (self.tasks, self.members, self.models, hours, self.years, newest_revision(), _FORM)
        return WORK / f"ledger-{'-'.join(map(str, parts))}.db"


def ledger(size: Size) -> Path:
    """The file of such a ledger, made now unless it is there."""
    if not size.path.is_file():
        with scratch() as directory:  # so two runs at once do not disturb each other
            make_ledger(directory / size.path.name, size).replace(size.path)
    return size.path


def make_ledger(path: Path, size: Size, now: datetime = NOW) -> Path:
    """Make such a ledger at that path, as it is at that moment; return the path."""
    open_database(path).close()
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        _fill(connection, _parameters(size, now))
    _record_failures(path)
    return path


def _record_failures(path: Path) -> None:
    """As the app does with failures that it has not looked at."""
    with closing(open_database(path)) as database, database.transaction() as connection:
        FailureGrouper().backfill(connection)


def _fill(connection: sqlite3.Connection, parameters: dict[str, int]) -> None:
    for pragma in ("journal_mode = OFF", "synchronous = OFF", "cache_size = -2000000"):
        connection.execute(f"PRAGMA {pragma}")
    connection.execute("BEGIN")
    with _indexes_last(connection):
        for sql in _STEPS:
            connection.execute(sql, parameters)
    connection.execute("COMMIT")
    connection.execute("PRAGMA journal_mode = WAL")


@contextmanager
def _indexes_last(connection: sqlite3.Connection) -> Iterator[None]:
    """An index over rows that are there is made several times as fast as it grows with them."""
    indexes = connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql NOT NULL").fetchall()
    for name, _ in indexes:
        connection.execute(f"DROP INDEX {name}")
    yield
    for _, sql in indexes:
        connection.execute(sql)


def _parameters(size: Size, now: datetime) -> dict[str, int]:
    newest = to_us(now - size.gap)
    first = to_us(now - size.gap - size.years * _YEAR)
    return {
        "tasks": size.tasks, "members": size.members, "models": size.models, "first": first, "now": to_us(now),
        "step": max(1, (newest - first) // size.tasks),
    }  # fmt: skip


# `h` and `g` are scattered by multiplication: the same on every machine, and no two columns go together.
# Members are as uneven as the product of two even draws, amounts as its cube.
_STEPS = (
    """INSERT INTO member (id, email)
    WITH RECURSIVE one (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM one WHERE n < :members)
    SELECT n, 'member.' || n || '@acme.example' FROM one""",
    """INSERT INTO task (id, task_id, member, model, status, created_at, platform_nanos, provider_nanos, neo_credits,
      llm_cost, neo_cost, is_byok, mixed, by_unit, restated, cost_withdrawn, stream_count, step_count, tool_calls,
      agent_triggers, llm_time_ms, tool_time_ms, total_execution_ms, avg_step_latency_ms, first_seen_at, changed_at,
      fingerprint)
    WITH RECURSIVE one (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM one WHERE n < :tasks),
    two AS (SELECT n, n * 2654435761 % 4294967291 AS h, n * 40503 % 65521 AS g FROM one),
    three AS (SELECT *, h % 1000 < 994 AS known, g % 100 < 15 AS own,
      20000000 + (h / 64 % 1000) * (h / 97 % 1000) * (g % 1000) * 30 AS nanos FROM two)
    SELECT n, printf('%08x-%04x-4000-8000-%012x', h, g, n), 1 + (h % :members) * (g % :members) / :members,
      'model-' || (g * 7 % :models), CASE WHEN h % 100 < 90 THEN 'completed' WHEN h % 100 < 95 THEN 'error'
      WHEN h % 100 < 98 THEN 'failed' WHEN h % 100 < 99 THEN 'aborted' ELSE 'blocked' END,
      :first + (n - 1) * :step + h % :step,
      iif(known, iif(own, nanos / 5, nanos), NULL), iif(known, iif(own, nanos, 0), NULL),
      iif(known AND NOT own, nanos / 1e10, NULL), iif(known AND own, nanos / 1e10, NULL),
      iif(known AND own, nanos / 5e10, NULL), own, 0, own AND known, 0, 0, 1 + (g % 10 = 0), 1 + g % 300, g % 500,
      g % 20, g * 90, g * 110, g * 210, 9000, :first + n * :step, :first + n * :step, h * 65521 + g FROM three""",
    """INSERT INTO task_detail (task, title, error_message, tools, agents)
    SELECT id, 'Recon of host ' || id || '.staging.acme.example, ports and services', iif(status IN ('error', 'failed'),
      'llm gateway answered 529 overloaded_error (request_id: req_' || id || ')', NULL),
      '{"nuclei":{"calls":' || tool_calls || ',"total_duration_ms":' || tool_time_ms ||
      '},"bash":{"calls":24,"total_duration_ms":132147}}',
      '{"recon":' || (1 + agent_triggers) || ',"planner":4}' FROM task""",
    # of every tenth task a half was charged a day later, when it was continued
    """INSERT INTO charge (task, member, platform_nanos, provider_nanos, booked_at, observed_at, kind)
    SELECT id, member, iif(stream_count = 2, platform_nanos / 2, platform_nanos),
      iif(stream_count = 2, provider_nanos / 2, provider_nanos), created_at, created_at, 'first'
    FROM task WHERE platform_nanos NOT NULL ORDER BY id""",
    """INSERT INTO charge (task, member, platform_nanos, provider_nanos, booked_at, observed_at, kind)
    SELECT id, member, platform_nanos - platform_nanos / 2, provider_nanos - provider_nanos / 2,
      min(created_at + 86400000000, :now - 1), min(created_at + 86400000000, :now - 1), 'growth'
    FROM task WHERE platform_nanos NOT NULL AND stream_count = 2 ORDER BY id""",
    """INSERT INTO charge_quarter (start, platform_nanos, provider_nanos)
    SELECT booked_at - booked_at % 900000000, sum(platform_nanos), sum(provider_nanos) FROM charge GROUP BY 1""",
    """INSERT INTO seen (kind, value) SELECT DISTINCT 'model', model FROM task
    UNION ALL SELECT DISTINCT 'status', status FROM task""",
    """INSERT INTO pass (kind, window_to, started_at, finished_at, complete, pages, tasks, new, grown,
      restated, quarantined)
    VALUES ('full', :now, :now, :now, 1, 1, :tasks, :tasks, 0, 0, 0)""",
    "INSERT INTO coverage (covered_from, covered_to) VALUES (0, :now)",
    "INSERT INTO note (key, value) VALUES ('byok_unit', 'credits')",
)
