"""On a PostgreSQL server too, what recurs reads by an index however old the ledger is."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event

from bot.database.engine import open_database
from bot.settings.postgres_address import PostgresAddress
from tests.support.postgres import PostgresServer
from tests.support.service_day import GROWING, OPEN, a_day, live_until_noon

pytestmark = [pytest.mark.long, pytest.mark.slow]

DAYS, TASKS = 400, 20  # as old as is enough for the server to prefer an index
# of which this ledger has so many rows that the server would never look through all of them by itself
LARGE = GROWING & {
    "charge", "charge_quarter", "pass", "notification", "crossing", "deferral", "acknowledgement",
}  # fmt: skip
# what else holds few rows, of which an index alone tells
SELDOM = {
    "ix_notification_open", "ix_notification_checked", "ix_notification_covered_by", "ix_task_without_cost",
}  # fmt: skip
# and what is read from the newest on, as far as the first that will do
NEWEST, FROM_NEWEST = re.compile(r"ORDER BY (\w+\.)?id DESC\s+LIMIT"), {
    "ix_pass_current", "ix_pass_finished", "pk_incident",
}  # fmt: skip
LEAST_KNOWN = 180  # forms of statements
# as if people had changed their minds for years: of ten revisions the server would read all, whatever is asked
_REVISIONS = """INSERT INTO budget_revision (budget, limit_nanos, set_at, set_by)
SELECT budget, limit_nanos, set_at, set_by FROM budget_revision CROSS JOIN generate_series(1, 500)"""
Plan = dict[str, Any]


@dataclass
class ServerStatements:
    """What reads or changes rows on a server while it is kept, each statement with values that it had."""

    asked: dict[str, Any] = field(default_factory=dict)

    @contextmanager
    def kept(self) -> Iterator[None]:
        event.listen(Engine, "before_cursor_execute", self._keep)
        try:
            yield
        finally:
            event.remove(Engine, "before_cursor_execute", self._keep)

    def _keep(self, connection: Any, _cursor: object, sql: str, values: Any, _context: object, many: Any) -> None:
        if connection.dialect.name == "postgresql" and re.match(r"\s*(SELECT|WITH|UPDATE|DELETE)\b", sql):
            self.asked.setdefault(sql, (values[0] if many else values) or None)


@pytest.fixture
def old(postgres: PostgresServer, empty_postgres: PostgresAddress) -> PostgresAddress:
    """A ledger of more than a year, of which the server knows how large it is."""
    open_database(empty_postgres).close()
    live_until_noon(empty_postgres, DAYS, TASKS)
    postgres.run(_REVISIONS, empty_postgres.database)
    postgres.run("ANALYZE", empty_postgres.database)
    return empty_postgres


def scans(node: Plan, tables: set[str], allowed: set[str]) -> Iterator[str]:
    """The parts of a plan that look through the whole of one of the tables, or of an index of all of it."""
    through_all = node["Node Type"] == "Seq Scan" or (
        "Index Name" in node and "Index Cond" not in node and node["Index Name"] not in allowed
    )
    if node.get("Relation Name") in tables and through_all:
        yield f"{node['Node Type']} of {node['Relation Name']} {node.get('Index Name', '')}"
    for part in node.get("Plans", ()):
        yield from scans(part, tables, allowed)


async def test_nothing_that_recurs_looks_through_a_table_that_grows(
    old: PostgresAddress, postgres: PostgresServer, tmp_path: Path
) -> None:
    statements, found = ServerStatements(), {}
    await a_day(old, tmp_path, statements)
    assert len(statements.asked) > LEAST_KNOWN
    with postgres.connect(old.database) as connection:
        # by itself, and then wherever an index will do: of a table that is still small it would read all
        for tables, setting in ((LARGE, "on"), (GROWING, "off")):
            connection.execute(f"SET enable_seqscan = {setting}")
            for sql, values in statements.asked.items():
                plan = connection.execute(f"EXPLAIN (FORMAT JSON) {sql}", values).fetchall()[0][0]
                allowed = OPEN | SELDOM | (FROM_NEWEST if NEWEST.search(sql) else set())
                if looked := list(scans(plan[0]["Plan"], tables, allowed)):
                    found[sql] = looked
    assert found == {}
