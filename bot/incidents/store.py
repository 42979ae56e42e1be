"""The store of incidents: what was or is wrong, since when, and on which day operators were last notified."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import Connection

from bot.database.rows import Row, insert_row_anew, rows_by_column
from bot.domain.timestamps import from_us, optional_from_us, to_us
from bot.ledger.former_ledger import FormerLedger


@dataclass(frozen=True, slots=True)
class StoredIncident:
    """Something that was or is wrong, with a sentence about it; `ended_at` is None while it is open.

    `reported_on` is the local day that operators were last notified, None if they were not.
    """

    id: int
    name: str
    description: str
    began_at: datetime
    reported_on: date | None
    ended_at: datetime | None


_INCIDENT = "SELECT id, name, said, began_at, told_on, ended_at FROM incident"
_OPEN = f"{_INCIDENT} WHERE ended_at IS NULL"
_OPEN_OF_NAME = f"{_INCIDENT} WHERE name = ? AND ended_at IS NULL"
_LATEST_OF_NAME = f"{_INCIDENT} WHERE name = ? ORDER BY id DESC LIMIT 1"
_OF_ID = f"{_INCIDENT} WHERE id = ?"


def open_incidents(reads: Connection) -> list[StoredIncident]:
    """Return the incidents that are open."""
    return _incidents(reads, _OPEN)


def open_incident_count(reads: Connection) -> int:
    """Return how many incidents are open."""
    return int(reads.exec_driver_sql("SELECT count(*) FROM incident WHERE ended_at IS NULL").all()[0][0])


def open_incident(reads: Connection, name: str) -> StoredIncident | None:
    """Return the open incident of a name, if there is one."""
    return next(iter(_incidents(reads, _OPEN_OF_NAME, name)), None)


def latest_incident(reads: Connection, name: str) -> StoredIncident | None:
    """Return the latest incident of a name, open or not; None if there was none."""
    return next(iter(_incidents(reads, _LATEST_OF_NAME, name)), None)


def incident_by_id(reads: Connection, incident: int) -> StoredIncident | None:
    """Return an incident; None for an unknown id."""
    return next(iter(_incidents(reads, _OF_ID, incident)), None)


def _incidents(reads: Connection, sql: str, *values: int | str) -> list[StoredIncident]:
    return [
        StoredIncident(
            incident_id,
            name,
            description,
            from_us(began),
            date.fromisoformat(day) if day else None,
            optional_from_us(ended),
        )
        for incident_id, name, description, began, day, ended in reads.exec_driver_sql(sql, values).all()
    ]


def begin(connection: Connection, name: str, description: str, now: datetime) -> None:
    """Add an incident or, if one of that name is open, update its description."""
    connection.exec_driver_sql(
        "INSERT INTO incident (name, said, began_at) VALUES (?,?,?)"
        " ON CONFLICT (name) WHERE ended_at IS NULL DO UPDATE SET said = excluded.said",
        (name, description, to_us(now)),
    )


def reopen(connection: Connection, incident: int) -> bool:
    """Have an incident go on; return whether it had ended."""
    sql = "UPDATE incident SET ended_at = NULL WHERE id = ? AND ended_at IS NOT NULL"
    return bool(connection.exec_driver_sql(sql, (incident,)).rowcount)


def end(connection: Connection, incident: int, now: datetime) -> None:
    """Record that an incident is over."""
    connection.exec_driver_sql("UPDATE incident SET ended_at = ? WHERE id = ?", (to_us(now), incident))


def mark_reported(connection: Connection, name: str, day: date) -> None:
    """Record on which local day operators were notified of the open incident of a name."""
    connection.exec_driver_sql(
        "UPDATE incident SET told_on = ? WHERE name = ? AND ended_at IS NULL", (day.isoformat(), name)
    )


RETAIN = timedelta(days=400)  # of incidents that are over


def prune(connection: Connection, now: datetime) -> int:
    """Delete incidents that were over long ago; return how many. The newest stays: its id is in a message's key."""
    sql = "DELETE FROM incident WHERE ended_at < ? AND id < (SELECT max(id) FROM incident)"
    return connection.exec_driver_sql(sql, (to_us(now - RETAIN),)).rowcount


# --- taken over from a former ledger -------------------------------------------------------------

_CONTINUE = "UPDATE OR IGNORE incident SET said = ?, told_on = ?, ended_at = ? WHERE id = ?"


def adopt_incidents(connection: Connection, former: FormerLedger) -> dict[int, int]:
    """Write the incidents as the former ledger has them; return their ids here by the former ones."""
    identities = {_identity(row) for row in rows_by_column(connection, "SELECT * FROM incident")}
    former_rows = former.rows("SELECT * FROM incident ORDER BY id")
    known_rows = [row for row in former_rows if _identity(row) in identities]
    for row in known_rows:  # known ones first, since only one incident of a name may be open
        connection.exec_driver_sql(_CONTINUE, (row["said"], row["told_on"], row["ended_at"], row["id"]))
    ids = {row["id"]: row["id"] for row in known_rows}
    for row in former_rows:
        if row["id"] not in ids and (incident_id := insert_row_anew(connection, "incident", row)) is not None:
            ids[row["id"]] = incident_id
    return ids


def _identity(row: Row) -> tuple[object, ...]:
    return row["id"], row["name"], row["began_at"]
