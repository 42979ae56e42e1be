"""The rate limit of messages that one person causes to others, by the hour."""

from datetime import datetime, timedelta

from sqlalchemy import Connection

from bot.database.rows import insert_row, rows_by_column
from bot.domain.access import RefusedError
from bot.domain.timestamps import from_us, to_us
from bot.ledger.former_ledger import FormerLedger

MOST = 10  # acts of one person, within the time of WITHIN
WITHIN = timedelta(hours=1)
_MINUTE = timedelta(minutes=1)


def charge_rate_limit(connection: Connection, user: str, now: datetime) -> None:
    """Count an act that others are notified of towards the limit; called in the transaction that does it.

    It inserts the act, and deletes those that are older than an hour or were stored by a clock that ran ahead.

    Raises:
        RefusedError: there are too many within the hour; the message says when the user may try again.
    """
    connection.exec_driver_sql("DELETE FROM outgoing_act WHERE at <= ? OR at > ?", (to_us(now - WITHIN), to_us(now)))
    recent = connection.exec_driver_sql(
        "SELECT at FROM outgoing_act WHERE slack_user = ? ORDER BY at DESC LIMIT ?", (user, MOST)
    ).all()
    if len(recent) >= MOST:
        wait = from_us(recent[-1][0]) + WITHIN - now
        minutes = -(-wait // _MINUTE)
        waiting_time = f"{minutes} minutes" if minutes > 1 else "a minute"
        raise RefusedError(
            f"You have sent {MOST} requests or messages to others in the last hour. Nothing was sent. Try again in"
            f" {waiting_time}."
        )
    connection.exec_driver_sql("INSERT INTO outgoing_act (slack_user, at) VALUES (?,?)", (user, to_us(now)))


_ACTS = "SELECT slack_user, at FROM outgoing_act"


def adopt_acts(connection: Connection, former: FormerLedger) -> None:
    """Copy, after a restore, the acts of the former ledger that are not here: they still count towards the limit."""
    known_acts = {(row["slack_user"], row["at"]) for row in rows_by_column(connection, _ACTS)}
    for row in former.rows(_ACTS):
        if (row["slack_user"], row["at"]) not in known_acts:
            insert_row(connection, "outgoing_act", row)
