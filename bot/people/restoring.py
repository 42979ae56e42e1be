"""After a restore: what somebody did within the hour that others are told of counts still."""

from typing import TYPE_CHECKING

from bot.ledger.former import Former, insert, present

if TYPE_CHECKING:
    from sqlalchemy import Connection

_ACTS = "SELECT slack_user, at FROM outgoing_act"


def adopt(connection: "Connection", former: Former) -> None:
    """Take over the acts that are not here."""
    here = {(row["slack_user"], row["at"]) for row in present(connection, _ACTS)}
    for row in former.rows(_ACTS):
        if (row["slack_user"], row["at"]) not in here:
            insert(connection, "outgoing_act", row)
