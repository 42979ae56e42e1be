"""Backtests: a limit tried on 90 days of everybody, beside the one statement that finds the same."""

import json
from collections.abc import Iterator
from contextlib import closing

from benchmarks.bars import Bar
from benchmarks.ledgers import Size, ledger
from benchmarks.recording import plain_reader
from benchmarks.timing import in_turn, shown
from benchmarks.workplace import NOW
from bot.budgets.backtest.facts import Backtest, BacktestRequest, backtest, periods_back
from bot.budgets.periods import LATE
from bot.budgets.policy import BudgetPolicy
from bot.database.read_engine import open_reader
from bot.domain.periods import Unit
from bot.domain.timestamps import to_us
from bot.settings.environment import load

_TIMES = 3.0
_REQUEST = BacktestRequest(50 * 10**9, Unit.MONTH)


def measure(*, quick: bool) -> Iterator[Bar]:
    """A backtest of 90 days at most three times the best single statement."""
    path = ledger(Size(100_000 if quick else 1_000_000))
    policy = BudgetPolicy.from_settings(load({}))
    with closing(open_reader(path)) as reader, closing(plain_reader(path)) as plain:

        def ours() -> Backtest:
            return backtest(reader, _REQUEST, policy, NOW)

        def best() -> list[tuple[int, int, int, int]]:
            return list(plain.execute(_BEST, _values(policy)).fetchall())

        assert ours().alert_count == len(best()) > 0, "both find the same"
        app, statement = in_turn(5 if quick else 11, ours, best)
    note = f"{shown(app)}; the statement {shown(statement)}"
    yield Bar("a backtest of 90 days, beside one statement", app / statement, _TIMES, note=note)


def _values(policy: BudgetPolicy) -> dict[str, object]:
    periods = periods_back(_REQUEST.unit, _REQUEST.days, policy, NOW)
    ends = [[to_us(each.window.start), to_us(min(each.window.end, NOW))] for each in periods]
    return {
        "periods": json.dumps(ends),
        "late": int(LATE.total_seconds()) * 10**6,
        "steps": json.dumps(policy.steps),
        "nanos": _REQUEST.nanos,
    }


_BEST = """
WITH period (n, low, high) AS MATERIALIZED (
  SELECT key, json_extract(value, '$[0]'), json_extract(value, '$[1]') FROM json_each(:periods)),
read (member, n, at, nanos) AS (
  SELECT c.member, p.n, CASE WHEN c.kind = 'repriced' OR c.observed_at < c.booked_at
      OR (c.observed_at > c.booked_at + :late AND c.booked_at < (SELECT observed_at FROM charge ORDER BY id LIMIT 1))
    THEN c.booked_at ELSE c.observed_at END, c.platform_nanos + c.provider_nanos
  FROM period p CROSS JOIN charge c ON c.booked_at >= p.low AND c.booked_at < p.high
  WHERE c.member NOT IN (SELECT id FROM member WHERE email = '')),
running (member, n, at, spent) AS (
  SELECT member, n, at, sum(nanos) OVER (PARTITION BY member, n ORDER BY at) FROM read),
passed (member, n, step, at) AS (
  SELECT r.member, r.n, s.value, min(r.at) FROM running r JOIN period p ON p.n = r.n AND r.at < p.high + :late
    CROSS JOIN json_each(:steps) s ON r.spent * 100 >= :nanos * s.value GROUP BY r.member, r.n, s.value)
SELECT member, n, at, max(step) FROM passed GROUP BY member, n, at
"""
