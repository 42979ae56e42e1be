"""After a restore: incidents that the former ledger had reported go on here, and those that had ended are over."""

from dataclasses import replace
from typing import TYPE_CHECKING

from bot.database.rows import Row, insert_row_anew, rows_by_column
from bot.domain.keys import NotificationKey
from bot.incidents.keys import IncidentKey, IncidentTopic, decode_event
from bot.ledger.former_ledger import FormerLedger
from bot.outbox.key_mapping import KeyMapping

if TYPE_CHECKING:
    from sqlalchemy import Connection


def adopt(connection: "Connection", former: FormerLedger) -> KeyMapping:
    """Take over the former ledger's incidents; return how the keys that name them read here."""
    ids = _adopt_incidents(connection, former)

    def event(text: str) -> NotificationKey | None:
        key = decode_event(text)
        if isinstance(key, IncidentKey):
            return key
        here = ids.get(key.incident)
        return None if here is None else replace(key, incident=here)

    def topic(text: str) -> IncidentTopic | None:
        former_topic = IncidentTopic.decode(text)
        here = ids.get(former_topic.incident)
        return None if here is None else replace(former_topic, incident=here)

    return KeyMapping({IncidentKey.kind: event}, {IncidentTopic.kind: topic})


def _adopt_incidents(connection: "Connection", former: FormerLedger) -> dict[int, int]:
    """Write the incidents as the former ledger has them; return their ids here by the former ones."""
    here = {_identity(row) for row in rows_by_column(connection, "SELECT * FROM incident")}
    theirs = former.rows("SELECT * FROM incident ORDER BY id")
    known = [row for row in theirs if _identity(row) in here]
    for row in known:  # those first: of each name one alone is open
        connection.exec_driver_sql(
            "UPDATE OR IGNORE incident SET said = ?, told_on = ?, ended_at = ? WHERE id = ?",
            (row["said"], row["told_on"], row["ended_at"], row["id"]),
        )
    ids = {row["id"]: row["id"] for row in known}
    for row in theirs:
        if row["id"] not in ids and (key := insert_row_anew(connection, "incident", row)) is not None:
            ids[row["id"]] = key
    return ids


def _identity(row: Row) -> tuple[object, ...]:
    return row["id"], row["name"], row["began_at"]
