"""Verification: the laws that hold in every ledger, checked over a whole one."""

from threading import Event
from typing import TYPE_CHECKING

from sqlalchemy import Connection, text

from bot.database.integrity import breaches, violations

if TYPE_CHECKING:
    from bot.settings.database_place import DatabasePlace

_LAWS = {
    "a task's charges sum to its total": text("""
        SELECT t.task_id FROM task t LEFT JOIN (
            SELECT task, sum(platform_nanos) AS platform, sum(provider_nanos) AS provider FROM charge GROUP BY task
        ) c ON c.task = t.id
        WHERE coalesce(c.platform, 0) <> coalesce(t.platform_nanos, 0)
           OR coalesce(c.provider, 0) <> coalesce(t.provider_nanos, 0)
           OR (c.task IS NULL) <> (t.platform_nanos IS NULL AND t.provider_nanos IS NULL)"""),
    "quarters of an hour sum to their charges": text("""
        SELECT start FROM (
            SELECT booked_at - booked_at % 900000000 AS start, platform_nanos, provider_nanos FROM charge
            UNION ALL SELECT start, -platform_nanos, -provider_nanos FROM charge_quarter
        ) amounts GROUP BY start HAVING sum(platform_nanos) <> 0 OR sum(provider_nanos) <> 0"""),
    "every task has its detail": text("""
        SELECT t.task_id FROM task t WHERE NOT EXISTS (SELECT 1 FROM task_detail d WHERE d.task = t.id)"""),
    "nothing is booked for a merged member": text("""
        SELECT m.email FROM member m WHERE m.merged_into IS NOT NULL AND (
            EXISTS (SELECT 1 FROM charge c WHERE c.member = m.id)
            OR EXISTS (SELECT 1 FROM task t WHERE t.member = m.id))"""),
    "every model and status is known": text("""
        SELECT DISTINCT model FROM task WHERE model NOT IN (SELECT value FROM seen WHERE kind = 'model')
        UNION SELECT DISTINCT status FROM task WHERE status NOT IN (SELECT value FROM seen WHERE kind = 'status')"""),
}


def verify(place: "DatabasePlace", stop: Event | None = None) -> dict[str, list[str]]:
    """Check a ledger's database and laws in one snapshot; return each law with what breaks it, nothing where it holds.

    Raises:
        LedgerError: the ledger cannot be read, or `stop` was set.
    """
    return violations(place, _LAWS, stop)


def law_breaches(connection: Connection) -> dict[str, list[str]]:
    """Check a ledger's laws in an open database; return each law with what breaks it, nothing where it holds."""
    return breaches(connection, _LAWS)
