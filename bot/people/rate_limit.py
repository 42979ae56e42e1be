"""The rate limit of messages that one person causes to others, by the hour."""

from datetime import datetime, timedelta

from sqlalchemy import Connection, bindparam, delete, insert, or_, select

from bot.domain.access import RefusedError
from bot.domain.timestamps import from_us, to_us
from bot.ledger.former_ledger import FormerLedger
from bot.people.tables import outgoing_act

MOST = 10  # acts of one person, within the time of WITHIN
WITHIN = timedelta(hours=1)
_MINUTE = timedelta(minutes=1)

_DELETE_OVER = delete(outgoing_act).where(
    or_(outgoing_act.c.at <= bindparam("since"), outgoing_act.c.at > bindparam("until"))
)
_RECENT = (
    select(outgoing_act.c.at)
    .where(outgoing_act.c.slack_user == bindparam("user"))
    .order_by(outgoing_act.c.at.desc())
    .limit(MOST)
)
_INSERT = insert(outgoing_act)
_ACTS = select(outgoing_act.c.slack_user, outgoing_act.c.at)


def charge_rate_limit(connection: Connection, user: str, now: datetime) -> None:
    """Count an act that others are notified of towards the limit; called in the transaction that does it.

    It inserts the act, and deletes those that are older than an hour or were stored by a clock that ran ahead.

    Raises:
        RefusedError: there are too many within the hour; the message says when the user may try again.
    """
    connection.execute(_DELETE_OVER, {"since": to_us(now - WITHIN), "until": to_us(now)})
    recent = connection.execute(_RECENT, {"user": user}).scalars().all()
    if len(recent) >= MOST:
        wait = from_us(recent[-1]) + WITHIN - now
        minutes = -(-wait // _MINUTE)
        waiting_time = f"{minutes} minutes" if minutes > 1 else "a minute"
        raise RefusedError(
            f"You've sent {MOST} requests or messages in the last hour, so I didn't send this one. Try again in"
            f" {waiting_time}."
        )
    connection.execute(_INSERT, {"slack_user": user, "at": to_us(now)})


def adopt_acts(connection: Connection, former: FormerLedger) -> None:
    """Copy, after a restore, the acts of the former ledger that are not here: they still count towards the limit."""
    known_acts = {tuple(act) for act in connection.execute(_ACTS)}
    for row in former.rows(_ACTS):
        if (row["slack_user"], row["at"]) not in known_acts:
            connection.execute(_INSERT, row)
