"""Verification: the laws that hold in every ledger, checked over a whole file."""

from pathlib import Path

from bot.database.integrity import violations

_LAWS = {
    "a task's charges sum to its total": """
        SELECT t.task_id FROM task t LEFT JOIN (
            SELECT task, sum(platform_nanos) AS platform, sum(provider_nanos) AS provider FROM charge GROUP BY task
        ) c ON c.task = t.id
        WHERE coalesce(c.platform, 0) <> coalesce(t.platform_nanos, 0)
           OR coalesce(c.provider, 0) <> coalesce(t.provider_nanos, 0)
           OR (c.task IS NULL) <> (t.platform_nanos IS NULL AND t.provider_nanos IS NULL)""",
    "quarters of an hour sum to their charges": """
        SELECT start FROM (
            SELECT booked_at - booked_at % 900000000 AS start, platform_nanos, provider_nanos FROM charge
            UNION ALL SELECT start, -platform_nanos, -provider_nanos FROM charge_quarter
        ) amounts GROUP BY start HAVING sum(platform_nanos) <> 0 OR sum(provider_nanos) <> 0""",
    "every task has its detail": "SELECT task_id FROM task WHERE id NOT IN (SELECT task FROM task_detail)",
    "nothing is booked for a merged member": """
        SELECT m.email FROM member m WHERE m.merged_into IS NOT NULL AND (
            EXISTS (SELECT 1 FROM charge c WHERE c.member = m.id)
            OR EXISTS (SELECT 1 FROM task t WHERE t.member = m.id))""",
    "every model and status is known": """
        SELECT DISTINCT model FROM task WHERE model NOT IN (SELECT value FROM seen WHERE kind = 'model')
        UNION SELECT DISTINCT status FROM task WHERE status NOT IN (SELECT value FROM seen WHERE kind = 'status')""",
}


def verify(path: Path) -> dict[str, list[str]]:
    """Check a ledger's file and laws in one snapshot; return each law with what breaks it, nothing where it holds.

    Raises:
        LedgerError: the ledger cannot be read.
    """
    return violations(path, _LAWS)
