"""After a restore: what the former ledger had posted is not posted again, and what it may have posted is looked for."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import Connection

from bot.database import metadata
from bot.database.rows import Row, insert_row, rows_by_column
from bot.domain.timestamps import to_us
from bot.ledger.former_ledger import FormerLedger
from bot.outbox.conditions import statement
from bot.outbox.destinations import MemberDestination, decode_destination
from bot.outbox.key_mapping import KeyMapping, merge_mappings
from bot.outbox.keys import AgainKey, NewsKey
from bot.outbox.live_store import request_edits
from bot.outbox.rules import NotificationState

LOOKED_FOR = timedelta(days=7)  # after a restore without a former ledger


@dataclass(frozen=True, slots=True)
class RestoredMessages:
    """What a restore makes of messages: how many go on waiting, are looked for in Slack first, were sent since."""

    waiting: int
    looked_for: int
    sent_since: int


def mark_all_unconfirmed(connection: Connection, lost: str, now: datetime) -> RestoredMessages:
    """Mark as unconfirmed what waits: nobody knows what the ledger of the id `lost` has posted since the copy was made.

    For some days the same is done with what is put into the outbox, if its key is the same in every ledger.
    """
    since = connection.exec_driver_sql(
        "SELECT max(coalesce(max(created_at), 0), coalesce(max(settled_at), 0)) FROM notification"
    ).scalar_one()
    noted = {"id": lost, "since": since or to_us(now), "until": to_us(now + LOOKED_FOR)}
    metadata.write(connection, metadata.LOST_LEDGER, json.dumps(noted))
    for row in _undelivered_rows(connection):
        _mark_unconfirmed(connection, row["id"], now)
    return _counts(connection, 0)


_FORMER_NOTIFICATIONS = """
SELECT n.*, l.thing AS thing, s.state AS summary_state FROM notification n LEFT JOIN living l ON l.id = n.living
LEFT JOIN notification s ON s.id = n.covered_by ORDER BY n.id
"""


def adopt(connection: Connection, former: FormerLedger, mapping: KeyMapping, now: datetime) -> RestoredMessages:
    """Take over what the former ledger knew of messages: of those in the copy, and those that it has made since."""
    former_rows = former.rows(_FORMER_NOTIFICATIONS)
    counterparts = {_identity(row): row for row in former_rows}
    sent = sum(
        _adopt_outcome(connection, row, counterparts.get(_identity(row)), now) for row in _undelivered_rows(connection)
    )
    _adopt_live_messages(connection, former, mapping)
    known = _KnownRows(_ids_by_name(connection, _NOTIFICATIONS), _live_ids(connection, former, mapping))
    mapping = merge_mappings([mapping, KeyMapping({NewsKey.kind: known.news, AgainKey.kind: known.again}, {})])
    sent += sum(_adopt_notification(connection, former, mapping, row, known) for row in former_rows)
    request_edits(connection, mapping.stale)
    return _counts(connection, sent)


# --- notifications of the copy -------------------------------------------------------------------


def _identity(row: Row) -> tuple[object, ...]:
    return row["stem"], row["destination"], row["ledger"], row["created_at"]


_UNDELIVERED = statement("SELECT n.* FROM notification n WHERE {undelivered} ORDER BY n.id")


def _undelivered_rows(connection: Connection) -> list[Row]:
    return rows_by_column(connection, _UNDELIVERED)


_ADOPT_OUTCOME = """
UPDATE notification SET state = :state, channel = :channel, thread = :thread, ts = :ts, claimed_at = :claimed_at,
settled_at = :settled_at, unsure_at = :unsure_at, check_at = :check_at, checks = :checks, error = :error, token = NULL
WHERE id = :here
"""


def _adopt_outcome(connection: Connection, row: Row, counterpart: Row | None, now: datetime) -> bool:
    """Record what became of a notification that waited when the copy was made; returns whether it was sent since."""
    state = NotificationState.UNCONFIRMED if counterpart is None else _state(counterpart)
    if counterpart is None or state in {NotificationState.SENDING, NotificationState.UNCONFIRMED}:
        _mark_unconfirmed(connection, row["id"], now)
        return False
    connection.exec_driver_sql(_ADOPT_OUTCOME, {**counterpart, "state": state, "here": row["id"]})
    return state is NotificationState.SENT


def _mark_unconfirmed(connection: Connection, id_: int, now: datetime) -> None:
    connection.exec_driver_sql(
        "UPDATE notification SET state = 'unsure', token = NULL, unsure_at = ?, next_at = ?, checks = 0 WHERE id = ?",
        (to_us(now), to_us(now), id_),
    )


def _state(row: Row) -> NotificationState:
    """Return the state of a former notification; one whose summary was not sent still waits."""
    state = NotificationState(row["state"])
    is_unsent = state is NotificationState.MISSED and row["summary_state"] != NotificationState.SENT
    return NotificationState.PENDING if is_unsent else state


def _counts(connection: Connection, sent: int) -> RestoredMessages:
    rows = connection.exec_driver_sql("SELECT state, count(*) FROM notification GROUP BY state")
    counts = dict(tuple(row) for row in rows)
    return RestoredMessages(
        counts.get(NotificationState.PENDING, 0), counts.get(NotificationState.UNCONFIRMED, 0), sent
    )


# --- live messages -------------------------------------------------------------------------------

_OUTDATED = (
    "UPDATE living SET wanted = max(wanted, shown) + 1 WHERE thing = :thing AND destination = :destination"
    " AND wanted < :wanted"
)
_TAKEN_OVER = """
UPDATE living SET channel = :channel, ts = :ts, editable = :editable, reposted = :reposted, token = NULL,
wanted = max(wanted, :wanted), shown = :shown WHERE thing = :thing AND destination = :destination
"""


def _adopt_live_messages(connection: Connection, former: FormerLedger, mapping: KeyMapping) -> None:
    for row in former.rows("SELECT * FROM living WHERE ts IS NOT NULL ORDER BY id"):
        topic, destination = mapping.topic(row["thing"]), _destination(former, row["destination"])
        if topic is None or destination is None:
            # it may show what the former ledger knew since, and is to show what is so here
            connection.exec_driver_sql(_OUTDATED, row)
            continue
        new = {**row, "thing": topic, "destination": destination, "token": None, "expires_at": None}
        if insert_row(connection, "living", {name: new[name] for name in new if name != "id"}) is None:
            connection.exec_driver_sql(_TAKEN_OVER, new)


def _live_id(connection: Connection, topic: str | None, destination: str) -> int | None:
    """Return the id of a live message, made if there is none; None without a topic."""
    if topic is None:
        return None
    new = {"thing": topic, "destination": destination, "wanted": 0, "shown": 0, "editable": 1, "reposted": 0}
    insert_row(connection, "living", new)
    sql = "SELECT id FROM living WHERE thing = ? AND destination = ?"
    return int(connection.exec_driver_sql(sql, (topic, destination)).scalar_one())


# --- notifications made since --------------------------------------------------------------------

_NOTIFICATIONS = "SELECT stem, destination, id FROM notification"
_LIVE_MESSAGES = "SELECT thing, destination, id FROM living"


@dataclass(slots=True)
class _KnownRows:
    """Ids: of notifications `here` by key and destination; of live messages and notifications here by the former's."""

    here: dict[tuple[str, str], int]
    live: Mapping[int, int]
    notifications: dict[int, int] = field(default_factory=dict)

    def news(self, text: str) -> NewsKey | None:
        """Return the key of news as it is here."""
        former = NewsKey.decode(text)
        live = self.live.get(former.live)
        return None if live is None else NewsKey(live, self.notifications.get(former.step, 0))

    def again(self, text: str) -> AgainKey | None:
        """Return the key of a message posted once more as it is here."""
        live = self.live.get(AgainKey.decode(text).id)
        return None if live is None else AgainKey(live)


def _ids_by_name(connection: Connection, sql: str) -> dict[tuple[str, str], int]:
    return {(name, destination): id_ for name, destination, id_ in connection.exec_driver_sql(sql).all()}


def _live_ids(connection: Connection, former: FormerLedger, mapping: KeyMapping) -> dict[int, int]:
    """Return the ids of live messages here by the former ledger's."""
    here = _ids_by_name(connection, _LIVE_MESSAGES)
    theirs = {
        row["id"]: here.get((mapping.topic(row["thing"]) or "", _destination(former, row["destination"]) or ""))
        for row in former.rows(_LIVE_MESSAGES)
    }
    return {former_id: id_ for former_id, id_ in theirs.items() if id_ is not None}


def _adopt_notification(
    connection: Connection, former: FormerLedger, mapping: KeyMapping, row: Row, known: _KnownRows
) -> bool:
    """Take over a notification that the former ledger has made since; returns whether it was sent."""
    key, destination = mapping.event(row["stem"]), _destination(former, row["destination"])
    if key is None or destination is None:
        return False
    if (id_ := known.here.get((key, destination))) is not None:
        known.notifications[row["id"]] = id_
        return False
    new = _row_here(connection, row, key, destination)
    new["living"] = _live_id(connection, mapping.topic(row["thing"]), destination)
    added = insert_row(connection, "notification", new)
    if added is not None:
        known.notifications[row["id"]] = added
    return new["state"] is NotificationState.SENT


def _row_here(connection: Connection, row: Row, key: str, destination: str) -> Row:
    """Return a former notification's row as it is here."""
    state = _state(row)
    is_same = (key, destination) == (row["stem"], row["destination"])
    if state in {NotificationState.SENDING, NotificationState.UNCONFIRMED}:  # under another key it is not found
        state = NotificationState.UNCONFIRMED if is_same else NotificationState.PENDING
    new = {name: row[name] for name in row if name != "id"}
    new |= {"stem": key, "destination": destination, "state": state, "token": None, "covered_by": None}
    if state is NotificationState.UNCONFIRMED and row["unsure_at"] is None:
        new["unsure_at"] = row["claimed_at"] or row["created_at"]
    if not is_same:
        new["ledger"] = metadata.ledger_id(connection)
    return new


def _destination(former: FormerLedger, text: str) -> str | None:
    """Return a former destination as it is here; None for a member who is not here."""
    destination = decode_destination(text)
    if not isinstance(destination, MemberDestination):
        return text
    member = former.members.get(destination.member)
    return None if member is None else MemberDestination(member).encode()
