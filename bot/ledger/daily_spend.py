"""Daily spend: what members, and the team, spent in each of several windows, such as the days of a month."""

import json
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection

from bot.database.sql import compose
from bot.domain.periods import Window
from bot.domain.pricing import SpendBasis
from bot.domain.timestamps import from_us, to_us
from bot.ledger import quarter_hour_totals
from bot.ledger.spend import spend_column

# as scalar subqueries, each a short range of an index
_DAILY = """
WITH span (i, low, high) AS (VALUES {spans})
SELECT j.value, s.i,
  (SELECT coalesce(sum({amount}), 0) FROM charge c
   WHERE c.member = j.value AND c.booked_at >= s.low AND c.booked_at < s.high)
FROM json_each(?) j CROSS JOIN span s
"""
_FIRST = "SELECT j.value, (SELECT min(c.booked_at) FROM charge c WHERE c.member = j.value) FROM json_each(?) j"


def daily_spend(
    reads: Connection, members: Sequence[int], windows: Sequence[Window], basis: SpendBasis
) -> dict[int, list[int]]:
    """Return what each member spent within each of the windows, in nanos."""
    spend = {member: [0] * len(windows) for member in members}
    if windows:
        spans = ",".join(f"({i},{to_us(each.start)},{to_us(each.end)})" for i, each in enumerate(windows))
        sql = compose(_DAILY, spans=spans, amount=spend_column(basis))
        for member, index, nanos in reads.exec_driver_sql(sql, (json.dumps(list(members)),)).all():
            spend[member][index] = nanos
    return spend


def team_daily_spend(reads: Connection, windows: Sequence[Window], basis: SpendBasis) -> list[int]:
    """Return what the team spent within each window, in nanos; windows must begin and end on a quarter of an hour."""
    ends = [(to_us(each.start), to_us(each.end)) for each in windows]
    return [basis.spend(*quarter_hour_totals.nanos_between(reads, start, end)) for start, end in ends]


def first_charges(reads: Connection, members: Sequence[int]) -> dict[int, datetime]:
    """Return when the first charge of each member was booked, of those who have any."""
    rows = reads.exec_driver_sql(_FIRST, (json.dumps(list(members)),)).all()
    return {member: from_us(at) for member, at in rows if at is not None}
