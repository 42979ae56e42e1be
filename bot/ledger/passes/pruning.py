"""Pruning of passes: old ones that nothing depends on are deleted."""

from datetime import datetime, timedelta

from sqlalchemy import BigInteger, Connection, bindparam, delete, func, select, text

from bot.database.prune_step import PruneStep, key_after
from bot.domain.timestamps import to_us
from bot.ledger.passes.coverage import LONGEST_WAIT_US
from bot.ledger.tables import pass_

RETAIN = timedelta(days=30)  # the last week's passes decide what is due, and `status` shows five
_NEWEST = 1_000  # passes kept whatever their age: a service that was down for long continues from them

_P = pass_.c
_NEWEST_PASS = select(func.max(_P.id)).scalar_subquery()
_OLD = select(_P.id).where(
    _P.id > bindparam("after"),
    _P.id <= bindparam("upto", type_=BigInteger()),
    _P.id <= _NEWEST_PASS - _NEWEST,
    _P.started_at < bindparam("before"),
)
_DELETE = delete(pass_).where(_P.id == bindparam("which"))
# the kinds one after the other, each looked up in an index
_LASTING = text("""
WITH RECURSIVE kinds (kind) AS (SELECT min(kind) FROM pass UNION ALL
  SELECT (SELECT min(p.kind) FROM pass p WHERE p.kind > k.kind) FROM kinds k WHERE k.kind IS NOT NULL)
SELECT min(id) FROM pass
UNION SELECT (SELECT id FROM pass WHERE pages > 0 OR finished_at IS NULL ORDER BY id LIMIT 1)
UNION SELECT (SELECT p.id FROM pass p WHERE p.kind = k.kind ORDER BY p.id DESC LIMIT 1) FROM kinds k
UNION SELECT (SELECT p.id FROM pass p WHERE p.kind = k.kind AND p.complete ORDER BY p.id DESC LIMIT 1) FROM kinds k
UNION SELECT * FROM (SELECT id FROM pass WHERE complete AND kind <> 'history' AND window_to <= :now
  AND window_to >= started_at - :waited ORDER BY id DESC LIMIT 1) w
UNION SELECT * FROM (SELECT id FROM pass WHERE finished_at IS NOT NULL AND kind <> 'history' AND window_to <= :now
  AND window_to >= started_at - :waited ORDER BY id DESC LIMIT 1) f
""")


def prune_passes(connection: Connection, now: datetime, after: int) -> PruneStep:
    """Delete passes that nothing depends on, among those whose ids follow `after`.

    The first pass and the first that read anything stay, which show since when Neo is read; so do the last and the
    last complete one of each kind.
    """
    reached = key_after(connection, pass_, after)
    upto = 2**62 if reached is None else reached
    rows = connection.execute(_OLD, {"after": after, "upto": upto, "before": to_us(now - RETAIN)}).all()
    lasting = _lasting(connection, now)
    old = [{"which": row.id} for row in rows if row.id not in lasting]
    if old:
        connection.execute(_DELETE, old)
    return PruneStep(len(old), reached)


def _lasting(connection: Connection, now: datetime) -> set[int]:
    """Return the ids of the passes that stay whatever their age: the first ones, and those that freshness needs."""
    values = {"now": to_us(now), "waited": LONGEST_WAIT_US}
    return {key for (key,) in connection.execute(_LASTING, values)}
