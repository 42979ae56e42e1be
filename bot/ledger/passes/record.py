"""Passes: the record of each read of a window of the upstream."""

from datetime import datetime

from sqlalchemy import Connection

from bot.domain.timestamps import optional_to_us, to_us
from bot.ledger.passes.coverage import BEGINNING, Interval, add_coverage
from bot.ledger.passes.tally import PassOutcome, PassTally
from bot.ledger.quarantine import release_unlisted

_BEGIN = """
INSERT INTO pass (kind, window_from, window_to, started_at, complete, pages, tasks, new, grown, restated, quarantined)
VALUES (?,?,?,?,0,0,0,0,0,0,0)
"""


def begin_pass(connection: Connection, kind: str, start: datetime | None, end: datetime, now: datetime) -> int:
    """Record that a pass begins; return its id."""
    values = (kind, optional_to_us(start), to_us(end), to_us(now))
    return int(connection.exec_driver_sql(_BEGIN, values).lastrowid)


_FINISH = """
UPDATE pass SET finished_at=?, complete=?, pages=?, tasks=?, new=?, grown=?, restated=?, quarantined=?, error=?,
  ending=? WHERE id = ?
"""


def end_pass(
    connection: Connection,
    key: int,
    tally: PassTally,
    outcome: PassOutcome,
    *,
    now: datetime,
    error: str | None = None,
) -> None:
    """Record how a pass ended. A complete one extends the coverage, and deletes quarantined rows it did not list."""
    complete = outcome is PassOutcome.COMPLETE
    counts = (tally.pages, tally.tasks, tally.new, tally.grown, tally.restated, tally.quarantined)
    connection.exec_driver_sql(_FINISH, (to_us(now), complete, *counts, error, outcome, key))
    if complete:
        sql = "SELECT window_from, window_to, started_at FROM pass WHERE id = ?"
        start, end, started_at = connection.exec_driver_sql(sql, (key,)).one()
        window = Interval(BEGINNING if start is None else start, end)
        release_unlisted(connection, key, window, started_at)
        add_coverage(connection, window)
