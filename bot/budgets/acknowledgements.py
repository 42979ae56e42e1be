"""Acknowledgements: somebody confirms that they have seen an alert, and its live message shows that."""

from datetime import datetime
from typing import TYPE_CHECKING

from bot.budgets.acknowledgement_store import acknowledgement, insert_acknowledgement
from bot.budgets.keys import BudgetTopic
from bot.budgets.revision_store import Act
from bot.outbox.live_store import request_edits

if TYPE_CHECKING:
    from sqlalchemy import Connection


def acknowledge(connection: "Connection", topic: BudgetTopic, by: str, now: datetime) -> Act | None:
    """Record that `by` has seen an alert, unless somebody had before. Returns who had, and when."""
    before = acknowledgement(connection, topic)
    if before is None:
        insert_acknowledgement(connection, topic, by, now)
        request_edits(connection, [topic])
    return before
