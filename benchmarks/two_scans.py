"""Two scans: plain SQL that reads the total of a question and its groups apart, and the window before charge by charge.

The app once asked the ledger so; it reads less now, and this is what that is compared with.
"""

from collections.abc import Iterator
from datetime import timedelta

from benchmarks.recording import Statement
from bot.domain.periods import Window
from bot.domain.timestamps import to_us
from bot.usage.report import Report

_TOTAL = """
SELECT sum(c.platform_nanos), sum(c.provider_nanos), count(DISTINCT c.task),
  count(DISTINCT CASE WHEN t.status IN ('error', 'failed') THEN c.task END),
  sum(CASE WHEN t.status IN ('error', 'failed') THEN c.platform_nanos END),
  sum(CASE WHEN t.status IN ('error', 'failed') THEN c.provider_nanos END), max(t.by_unit)
FROM charge c JOIN task t ON t.id = c.task WHERE c.booked_at >= :start AND c.booked_at < :end"""
_WITHOUT_COST = """
SELECT count(*), count(CASE WHEN t.status IN ('error', 'failed') THEN 1 END) FROM task t
WHERE t.platform_nanos IS NULL AND t.provider_nanos IS NULL AND t.created_at >= :start AND t.created_at < :end"""
_BEFORE = """
SELECT sum(c.platform_nanos), sum(c.provider_nanos) FROM charge c WHERE c.booked_at >= :start AND c.booked_at < :end"""
_EMAILS = "SELECT id, email FROM member"
_MEMBERS = """
SELECT c.member, sum(c.platform_nanos), sum(c.provider_nanos), count(DISTINCT c.task)
FROM charge c WHERE c.booked_at >= :start AND c.booked_at < :end GROUP BY c.member"""
_MEMBERS_WITHOUT_COST = """
SELECT t.member, count(*) FROM task t
WHERE t.platform_nanos IS NULL AND t.provider_nanos IS NULL AND t.created_at >= :start AND t.created_at < :end
GROUP BY t.member"""
_DAYS = """
WITH bucket (i, low, high) AS (VALUES {days})
SELECT bucket.i, sum(c.platform_nanos), sum(c.provider_nanos), count(DISTINCT c.task)
FROM bucket CROSS JOIN charge c WHERE c.booked_at >= bucket.low AND c.booked_at < bucket.high GROUP BY bucket.i"""
_DAYS_WITHOUT_COST = """
WITH bucket (i, low, high) AS (VALUES {days})
SELECT bucket.i, count(*) FROM bucket CROSS JOIN task t
WHERE t.platform_nanos IS NULL AND t.provider_nanos IS NULL
  AND t.created_at >= bucket.low AND t.created_at < bucket.high GROUP BY bucket.i"""


def two_scans(report: Report) -> Iterator[Statement]:
    """The statements on what an answer holds: by member, by day (of UTC) or without groups, and the window before."""
    ends = _ends(report.window)
    yield _TOTAL, ends
    yield _WITHOUT_COST, ends
    if report.question.by == ("member",):
        yield _EMAILS, {}
        yield _MEMBERS, ends
        yield _MEMBERS_WITHOUT_COST, ends
    elif report.question.by == ("day",):
        days = _days(report.window)
        yield _DAYS.format(days=days), {}
        yield _DAYS_WITHOUT_COST.format(days=days), {}
    assert report.previous
    yield _BEFORE, _ends(report.previous.window)


def _ends(window: Window) -> dict[str, int]:
    return {"start": to_us(window.start), "end": to_us(window.end)}


def _days(window: Window) -> str:
    day = timedelta(days=1)
    starts = [window.start + number * day for number in range((window.end - window.start) // day)]
    return ",".join(f"({number},{to_us(start)},{to_us(start + day)})" for number, start in enumerate(starts))
