"""The store of forecast alerts: one a budget and month, with the outlook that its message shows."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Integer, Row, bindparam, delete, func, insert, literal_column, select, update

from bot.budgets.forecasts.rules import Outlook
from bot.budgets.periods import BudgetPeriod, PeriodLabel
from bot.budgets.tables import forecast_alert
from bot.budgets.unique_keys import is_free
from bot.database.rows import insert_row_anew, rows_by_column
from bot.domain.narrowing import TaskNarrowing
from bot.domain.timestamps import from_us, to_us
from bot.ledger.former_ledger import FormerLedger

_NEW = bindparam("new", type_=Integer)
_ALERT = select(*forecast_alert.c["id", "subject", "period", "outlook", "alerted_at"])
_OF_ID = forecast_alert.c.id == bindparam("which")
_OF_SUBJECT = forecast_alert.c.subject == bindparam("of_subject")
# as in the condition of the index of those that go on
_OPEN = _ALERT.where(forecast_alert.c.outlook != literal_column("'ended'")).order_by(forecast_alert.c.id + 0)
_BY_ID = _ALERT.where(_OF_ID)
_OF_PERIOD = _ALERT.where(_OF_SUBJECT, forecast_alert.c.period == bindparam("label"))
_IDS = select(forecast_alert.c.id).where(_OF_SUBJECT)
_NEXT_ID = select(func.coalesce(func.max(forecast_alert.c.id), 0) + 1)
_INSERT = insert(forecast_alert)
_SET_OUTLOOK = update(forecast_alert).where(_OF_ID)
_MOVE = update(forecast_alert).values(subject=_NEW).where(_OF_SUBJECT, is_free(forecast_alert, subject=_NEW))


@dataclass(frozen=True, slots=True)
class StoredAlert:
    """An alert by its id: of which subject and month, when, and the outlook that its message shows.

    The label of the month names the tasks that the budget counts, if not all.
    """

    id: int
    subject: int
    label: str
    outlook: Outlook
    at: datetime

    @property
    def narrowing(self) -> TaskNarrowing:
        """Which tasks its budget counts."""
        return PeriodLabel.decode(self.label).narrowing


def open_alerts(connection: Connection) -> list[StoredAlert]:
    """Return the alerts whose messages do not say that the month has ended, oldest first."""
    return [_stored(row) for row in connection.execute(_OPEN)]


def alert_by_id(connection: Connection, id_: int) -> StoredAlert | None:
    """Return an alert; None for an unknown id."""
    row = connection.execute(_BY_ID, {"which": id_}).first()
    return None if row is None else _stored(row)


def alert_of(connection: Connection, subject: int, period: BudgetPeriod) -> StoredAlert | None:
    """Return the alert of a subject in a month; None if there was none."""
    row = connection.execute(_OF_PERIOD, {"of_subject": subject, "label": period.label}).first()
    return None if row is None else _stored(row)


def add_alert(connection: Connection, subject: int, label: str, now: datetime) -> StoredAlert:
    """Store an alert that a budget runs out; there must be none of the subject and that month's label."""
    new = StoredAlert(connection.execute(_NEXT_ID).scalar_one(), subject, label, Outlook.RUNS_OUT, now)
    row = {"id": new.id, "subject": subject, "period": new.label, "alerted_at": to_us(now), "outlook": new.outlook}
    connection.execute(_INSERT, row)
    return new


def set_outlook(connection: Connection, alert: StoredAlert, outlook: Outlook) -> StoredAlert:
    """Store the outlook that an alert's message is to show. Returns the alert with it."""
    connection.execute(_SET_OUTLOOK, {"which": alert.id, "outlook": outlook})
    return replace(alert, outlook=outlook)


def _stored(row: Row[*tuple[Any, ...]]) -> StoredAlert:
    return StoredAlert(row.id, row.subject, row.period, Outlook(row.outlook), from_us(row.alerted_at))


# --- merged members and restored ledgers -----------------------------------------------------------


def alert_ids(connection: Connection, subject: int) -> list[int]:
    """Return the ids of a subject's alerts."""
    return list(connection.execute(_IDS, {"of_subject": subject}).scalars())


def move_alerts(connection: Connection, old: int, new: int) -> None:
    """Move the alerts of subject `old` to `new`, except for months that `new` has one of."""
    connection.execute(_MOVE, {"of_subject": old, "new": new})


_NEWEST_ID = select(func.max(forecast_alert.c.id)).scalar_subquery()
_END = update(forecast_alert).where(_OF_SUBJECT).values(outlook=Outlook.ENDED)
# the newest stays, as its id, which keys are made of, would be given to another one
_DELETE = delete(forecast_alert).where(_OF_SUBJECT, forecast_alert.c.id < _NEWEST_ID)


def delete_alerts(connection: Connection, subject: int) -> None:
    """Delete the alerts of a subject, but for the newest of all, which ends."""
    connection.execute(_DELETE, {"of_subject": subject})
    connection.execute(_END, {"of_subject": subject})


_IDENTITIES = select(*forecast_alert.c["id", "subject", "period"])


def adopt_alerts(
    connection: Connection, former: FormerLedger, subject_of: Callable[[int], int | None]
) -> dict[int, int]:
    """Take over the alerts of a former ledger, with the outlooks that their messages show.

    Returns their ids here by their former ids.
    """
    here = {(row["subject"], row["period"]): row["id"] for row in rows_by_column(connection, _IDENTITIES)}
    ids: dict[int, int] = {}
    for row in former.all_rows(forecast_alert):
        subject = subject_of(row["subject"])
        if subject is None:
            continue
        known = here.get((subject, row["period"]))
        id_ = insert_row_anew(connection, forecast_alert, {**row, "subject": subject}) if known is None else known
        if known is not None:
            connection.execute(_SET_OUTLOOK, {"which": known, "outlook": row["outlook"]})
        if id_ is not None:
            ids[row["id"]] = id_
    return ids
