"""Restoring people: acts within the last hour still count towards the rate limit."""

from typing import TYPE_CHECKING

from bot.database.rows import insert_row, rows_by_column
from bot.ledger.former_ledger import FormerLedger

if TYPE_CHECKING:
    from sqlalchemy import Connection

_ACTS = "SELECT slack_user, at FROM outgoing_act"


def adopt_acts(connection: "Connection", former: FormerLedger) -> None:
    """Copy the former ledger's acts that are not here."""
    here = {(row["slack_user"], row["at"]) for row in rows_by_column(connection, _ACTS)}
    for row in former.rows(_ACTS):
        if (row["slack_user"], row["at"]) not in here:
            insert_row(connection, "outgoing_act", row)
