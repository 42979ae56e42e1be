"""Passes: the record of each read of a window of the upstream."""

from datetime import datetime

from sqlalchemy import Connection, bindparam, insert, select, update

from bot.database import metadata
from bot.domain.timestamps import optional_to_us, to_us
from bot.ledger.passes.coverage import BEGINNING, Interval, add_coverage
from bot.ledger.passes.tally import PassOutcome, PassTally
from bot.ledger.quarantine import release_unlisted
from bot.ledger.tables import pass_

_BEGIN = insert(pass_).returning(pass_.c.id)
_END = update(pass_).where(pass_.c.id == bindparam("which"))
_WINDOW = select(pass_.c.window_from, pass_.c.window_to, pass_.c.started_at).where(pass_.c.id == bindparam("which"))


def begin_pass(connection: Connection, kind: str, start: datetime | None, end: datetime, now: datetime) -> int:
    """Record that a pass begins; return its id."""
    window = {"window_from": optional_to_us(start), "window_to": to_us(end)}
    values = {"kind": kind, **window, "started_at": to_us(now), "complete": False, **_counts(PassTally())}
    return int(connection.execute(_BEGIN, values).scalar_one())


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
    ending = {"finished_at": to_us(now), "complete": complete, "error": error, "ending": outcome.value}
    connection.execute(_END, {"which": key, **_counts(tally), **ending})
    if complete:
        start, end, started_at = connection.execute(_WINDOW, {"which": key}).one()
        window = Interval(BEGINNING if start is None else start, end)
        release_unlisted(connection, key, window, started_at)
        add_coverage(connection, window)
        _end_catching_up(connection, end)


def _end_catching_up(connection: Connection, read_until: int) -> None:
    """Note that a restored ledger knows again what its messages show, if all was read up to the restore."""
    since = metadata.read(connection, metadata.BEHIND_SINCE)
    if since is not None and int(since) <= read_until:
        metadata.write(connection, metadata.BEHIND_SINCE, None)


def _counts(tally: PassTally) -> dict[str, int]:
    return {name: getattr(tally, name) for name in ("pages", "tasks", "new", "grown", "restated", "quarantined")}
