"""After a restore: what the former ledger had posted is not posted again, and what it may have posted is looked for."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Select, and_, bindparam, case, func, select, update

from bot.database import metadata
from bot.database.rows import Row, insert_row, rows_by_column
from bot.domain.timestamps import to_us
from bot.ledger.former_ledger import FormerLedger
from bot.outbox.conditions import UNDELIVERED
from bot.outbox.destinations import MemberDestination, decode_destination
from bot.outbox.key_mapping import KeyMapping, merge_mappings
from bot.outbox.keys import AgainKey, NewsKey
from bot.outbox.live_store import request_edits
from bot.outbox.queries import counts_by_state
from bot.outbox.rules import NotificationState
from bot.outbox.tables import live_message, notification

LOOKED_FOR = timedelta(days=7)  # after a restore without a former ledger


@dataclass(frozen=True, slots=True)
class RestoredMessages:
    """What a restore makes of messages: how many go on waiting, are looked for in Slack first, were sent since."""

    waiting: int
    looked_for: int
    sent_since: int


_UNDELIVERED = select(notification).where(UNDELIVERED).order_by(notification.c.id)
_LAST_CHANGES = select(func.max(notification.c.created_at), func.max(notification.c.settled_at))
_UPDATE_ALL = update(notification).where(UNDELIVERED)
_UPDATE_ONE = update(notification).where(notification.c.id == bindparam("which"))
_UNCONFIRMED: dict[str, Any] = {
    "state": NotificationState.UNCONFIRMED,
    "token": None,
    "unsure_at": bindparam("now"),
    "next_at": bindparam("now"),
    "checks": 0,
}
_MARK_ALL_UNCONFIRMED, _MARK_UNCONFIRMED = _UPDATE_ALL.values(_UNCONFIRMED), _UPDATE_ONE.values(_UNCONFIRMED)


def mark_all_unconfirmed(connection: Connection, lost: str, now: datetime) -> RestoredMessages:
    """Mark as unconfirmed what waits: nobody knows what the ledger of the id `lost` has posted since the copy was made.

    For some days the same is done with what is put into the outbox, if its key is the same in every ledger.
    """
    changes = [at for at in connection.execute(_LAST_CHANGES).one() if at is not None]
    noted = {"id": lost, "since": max(changes, default=to_us(now)), "until": to_us(now + LOOKED_FOR)}
    metadata.write(connection, metadata.LOST_LEDGER, json.dumps(noted))
    connection.execute(_MARK_ALL_UNCONFIRMED, {"now": to_us(now)})
    return _counts(connection, 0)


def adopt(connection: Connection, former: FormerLedger, mapping: KeyMapping, now: datetime) -> RestoredMessages:
    """Take over what the former ledger knew of messages: of those in the copy, and those that it has made since."""
    former_live = former.all_rows(live_message)
    former_rows = _with_topic_and_summary(former.all_rows(notification), former_live)
    counterparts = {_identity(row): row for row in former_rows}
    undelivered = rows_by_column(connection, _UNDELIVERED)
    sent = sum(_adopt_outcome(connection, row, counterparts.get(_identity(row)), now) for row in undelivered)
    _adopt_live_messages(connection, former, former_live, mapping)
    known = _KnownRows(_ids_by_name(connection, _NOTIFICATIONS), _live_ids(connection, former, former_live, mapping))
    mapping = merge_mappings([mapping, KeyMapping({NewsKey.kind: known.news, AgainKey.kind: known.again}, {})])
    sent += sum(_adopt_notification(connection, former, mapping, row, known) for row in former_rows)
    request_edits(connection, mapping.stale)
    return _counts(connection, sent)


def _with_topic_and_summary(rows: list[Row], live_messages: list[Row]) -> list[Row]:
    """Return notifications' rows with the topic of its live message, and the state of the summary that lists it."""
    topics = {row["id"]: row["thing"] for row in live_messages}
    states = {row["id"]: row["state"] for row in rows}
    return [{**row, "thing": topics.get(row["living"]), "summary_state": states.get(row["covered_by"])} for row in rows]


# --- notifications of the copy -------------------------------------------------------------------


def _identity(row: Row) -> tuple[object, ...]:
    return row["stem"], row["destination"], row["ledger"], row["created_at"]


_OUTCOME = ("channel", "thread", "ts", "claimed_at", "settled_at", "unsure_at", "check_at", "checks", "error")


def _adopt_outcome(connection: Connection, row: Row, counterpart: Row | None, now: datetime) -> bool:
    """Record what became of a notification that waited when the copy was made; returns whether it was sent since."""
    state = NotificationState.UNCONFIRMED if counterpart is None else _state(counterpart)
    if counterpart is None or state in {NotificationState.SENDING, NotificationState.UNCONFIRMED}:
        connection.execute(_MARK_UNCONFIRMED, {"which": row["id"], "now": to_us(now)})
        return False
    outcome = {name: counterpart[name] for name in _OUTCOME}
    connection.execute(_UPDATE_ONE, {"which": row["id"], "state": state, "token": None, **outcome})
    return state is NotificationState.SENT


def _state(row: Row) -> NotificationState:
    """Return the state of a former notification; one whose summary was not sent still waits."""
    state = NotificationState(row["state"])
    is_unsent = state is NotificationState.MISSED and row["summary_state"] != NotificationState.SENT
    return NotificationState.PENDING if is_unsent else state


def _counts(connection: Connection, sent: int) -> RestoredMessages:
    counts = counts_by_state(connection)
    return RestoredMessages(
        counts.get(NotificationState.PENDING, 0), counts.get(NotificationState.UNCONFIRMED, 0), sent
    )


# --- live messages -------------------------------------------------------------------------------

_IS_NAMED = and_(
    live_message.c.thing == bindparam("of_topic"), live_message.c.destination == bindparam("at_destination")
)
_FORMER_WANTED = bindparam("former_wanted", type_=live_message.c.wanted.type)
_EDIT_AGAIN = (
    update(live_message)
    .where(_IS_NAMED, live_message.c.wanted < _FORMER_WANTED)
    .values(
        wanted=case((live_message.c.shown > live_message.c.wanted, live_message.c.shown), else_=live_message.c.wanted)
        + 1
    )
)
_POSTED = ("channel", "ts", "editable", "reposted", "shown")
_TAKE_OVER = (
    update(live_message)
    .where(_IS_NAMED)
    .values(
        **{name: bindparam(f"former_{name}") for name in _POSTED},
        token=None,
        wanted=case((live_message.c.wanted < _FORMER_WANTED, _FORMER_WANTED), else_=live_message.c.wanted),
    )
)


def _adopt_live_messages(connection: Connection, former: FormerLedger, rows: list[Row], mapping: KeyMapping) -> None:
    for row in rows:
        if row["ts"] is None:
            continue
        topic, destination = mapping.topic(row["thing"]), _destination(former, row["destination"])
        if topic is None or destination is None:
            # it may show what the former ledger knew since, and is to show what is so here
            values = {"of_topic": row["thing"], "at_destination": row["destination"], "former_wanted": row["wanted"]}
            connection.execute(_EDIT_AGAIN, values)
        else:
            _adopt_live_message(connection, row, topic, destination)


def _adopt_live_message(connection: Connection, row: Row, topic: str, destination: str) -> None:
    """Take over where a live message was posted and what it shows, under its topic and destination here."""
    new = {**row, "thing": topic, "destination": destination, "token": None, "expires_at": None}
    if insert_row(connection, live_message, {name: new[name] for name in new if name != "id"}) is None:
        values = {f"former_{name}": row[name] for name in (*_POSTED, "wanted")}
        connection.execute(_TAKE_OVER, {"of_topic": topic, "at_destination": destination, **values})


_LIVE_ID = select(live_message.c.id).where(_IS_NAMED)


def _live_id(connection: Connection, topic: str | None, destination: str) -> int | None:
    """Return the id of a live message, made if there is none; None without a topic."""
    if topic is None:
        return None
    new = {"thing": topic, "destination": destination, "wanted": 0, "shown": 0, "editable": True, "reposted": False}
    insert_row(connection, live_message, new)
    return int(connection.execute(_LIVE_ID, {"of_topic": topic, "at_destination": destination}).scalar_one())


# --- notifications made since --------------------------------------------------------------------

_NOTIFICATIONS = select(notification.c.stem, notification.c.destination, notification.c.id)
_LIVE_MESSAGES = select(live_message.c.thing, live_message.c.destination, live_message.c.id)


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


def _ids_by_name(connection: Connection, query: Select[str, str, int]) -> dict[tuple[str, str], int]:
    return {(name, destination): id_ for name, destination, id_ in connection.execute(query).all()}


def _live_ids(connection: Connection, former: FormerLedger, rows: list[Row], mapping: KeyMapping) -> dict[int, int]:
    """Return the ids of live messages here by the former ledger's."""
    here = _ids_by_name(connection, _LIVE_MESSAGES)
    theirs = {
        row["id"]: here.get((mapping.topic(row["thing"]) or "", _destination(former, row["destination"]) or ""))
        for row in rows
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
    added = insert_row(connection, notification, new)
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
