"""The store of incidents: what was or is wrong, since when, and on which day operators were last notified."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Boolean, Connection, Row, Select, bindparam, delete, exists, func, insert, or_, select, update

from bot.database.personal_rows import Document, mentions, redact
from bot.database.rows import all_rows, insert_row_anew
from bot.domain.person import Person
from bot.domain.timestamps import from_us, optional_from_us, to_us
from bot.incidents.tables import incident
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


_IS_OPEN = incident.c.ended_at.is_(None)
_IS_NAMED = incident.c.name == bindparam("called")
_HAS_ID = incident.c.id == bindparam("which")
# not by the bare id, in whose order SQLite would look through all that ever were
_OPEN = select(incident).where(_IS_OPEN).order_by(incident.c.id + 0)
_OPEN_COUNT = select(func.count()).select_from(incident).where(_IS_OPEN)
_OPEN_OF_NAME = _OPEN.where(_IS_NAMED)
_LATEST_OF_NAME = select(incident).where(_IS_NAMED).order_by(incident.c.id.desc()).limit(1)
_OF_ID = select(incident).where(_HAS_ID)


def open_incidents(connection: Connection) -> list[StoredIncident]:
    """Return the incidents that are open, oldest first."""
    return [_incident(row) for row in connection.execute(_OPEN)]


def open_incident_count(connection: Connection) -> int:
    """Return how many incidents are open."""
    return int(connection.execute(_OPEN_COUNT).scalar_one())


def open_incident(connection: Connection, name: str) -> StoredIncident | None:
    """Return the open incident of a name, if there is one."""
    return _first(connection, _OPEN_OF_NAME, called=name)


def latest_incident(connection: Connection, name: str) -> StoredIncident | None:
    """Return the latest incident of a name, open or not; None if there was none."""
    return _first(connection, _LATEST_OF_NAME, called=name)


def incident_by_id(connection: Connection, id_: int) -> StoredIncident | None:
    """Return an incident; None for an unknown id."""
    return _first(connection, _OF_ID, which=id_)


def _first(connection: Connection, query: Select[Any], **values: int | str) -> StoredIncident | None:
    row = connection.execute(query, values).first()
    return None if row is None else _incident(row)


def _incident(row: Row[Any]) -> StoredIncident:
    return StoredIncident(
        id=row.id,
        name=row.name,
        description=row.said,
        began_at=from_us(row.began_at),
        reported_on=date.fromisoformat(row.told_on) if row.told_on else None,
        ended_at=optional_from_us(row.ended_at),
    )


# --- written -------------------------------------------------------------------------------------

_DESCRIBE = update(incident).where(_IS_NAMED, _IS_OPEN)
_BEGIN = insert(incident)
_REOPEN = update(incident).where(_HAS_ID, incident.c.ended_at.is_not(None)).values(ended_at=None)
_END = update(incident).where(_HAS_ID)
_MARK_REPORTED = update(incident).where(_IS_NAMED, _IS_OPEN)


def begin(connection: Connection, name: str, description: str, now: datetime) -> None:
    """Add an incident or, if one of that name is open, update its description."""
    # not ON CONFLICT: on PostgreSQL each look at an incident that goes on would use up an id
    if not connection.execute(_DESCRIBE, {"called": name, "said": description}).rowcount:
        connection.execute(_BEGIN, {"name": name, "said": description, "began_at": to_us(now)})


def reopen(connection: Connection, id_: int) -> bool:
    """Have an incident go on; return whether it had ended."""
    return bool(connection.execute(_REOPEN, {"which": id_}).rowcount)


def end(connection: Connection, id_: int, now: datetime) -> None:
    """Record that an incident is over."""
    connection.execute(_END, {"which": id_, "ended_at": to_us(now)})


def mark_reported(connection: Connection, name: str, day: date) -> None:
    """Record on which local day operators were notified of the open incident of a name."""
    connection.execute(_MARK_REPORTED, {"called": name, "told_on": day.isoformat()})


RETAIN = timedelta(days=400)  # of incidents that are over

_NEWEST_ID = select(func.max(incident.alias().c.id)).scalar_subquery()
_PRUNE = delete(incident).where(incident.c.ended_at < bindparam("before"), incident.c.id < _NEWEST_ID)


def prune(connection: Connection, now: datetime) -> int:
    """Delete incidents that were over long ago; return how many. The newest stays: its id is in a message's key."""
    return connection.execute(_PRUNE, {"before": to_us(now - RETAIN)}).rowcount


# --- taken over from a former ledger -------------------------------------------------------------

_other = incident.alias()
_ANOTHER_IS_OPEN = exists().where(
    _other.c.name == incident.c.name, _other.c.id != incident.c.id, _other.c.ended_at.is_(None)
)
_CONTINUE = update(incident).where(_HAS_ID, or_(bindparam("is_over", type_=Boolean), ~_ANOTHER_IS_OPEN))


def adopt_incidents(connection: Connection, former: FormerLedger) -> dict[int, int]:
    """Write the incidents as the former ledger has them; return their ids here by the former ones."""
    identities = {_identity(row) for row in all_rows(connection, incident)}
    former_rows = former.all_rows(incident)
    known_rows = [row for row in former_rows if _identity(row) in identities]
    for row in known_rows:  # known ones first, since only one incident of a name may be open
        values = {name: row[name] for name in ("said", "told_on", "ended_at")}
        connection.execute(_CONTINUE, {**values, "which": row["id"], "is_over": row["ended_at"] is not None})
    ids = {row["id"]: row["id"] for row in known_rows}
    for row in former_rows:
        if row["id"] not in ids and (incident_id := insert_row_anew(connection, incident, row)) is not None:
            ids[row["id"]] = incident_id
    return ids


def _identity(row: Mapping[str, Any]) -> tuple[object, ...]:
    return row["id"], row["name"], row["began_at"]


# --- a person ------------------------------------------------------------------------------------

_TEXTS = ("said",)


def erase_person(connection: Connection, person: Person) -> None:
    """Replace a person's name in what incidents say."""
    redact(connection, incident, _TEXTS, person.redacted)


def exported_incidents(connection: Connection, person: Person) -> dict[str, list[Document]]:
    """Return what incidents say that names a person."""
    return {"incident_mentions": mentions(connection, incident, _TEXTS, person.redacted)}
