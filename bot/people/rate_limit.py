"""The rate limit of messages that one person causes to others, by the hour."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from bot.domain.access import RefusedError
from bot.domain.timestamps import from_us, to_us

if TYPE_CHECKING:
    from sqlalchemy import Connection

MOST = 10  # acts of one person within WITHIN
WITHIN = timedelta(hours=1)
_MINUTE = timedelta(minutes=1)


def charge_rate_limit(connection: "Connection", user: str, now: datetime) -> None:
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
        again = f"{minutes} minutes" if minutes > 1 else "a minute"
        raise RefusedError(
            f"You have sent {MOST} requests or messages to others in the last hour. Nothing was sent. Try again in"
            f" {again}."
        )
    connection.exec_driver_sql("INSERT INTO outgoing_act (slack_user, at) VALUES (?,?)", (user, to_us(now)))
