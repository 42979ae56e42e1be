"""After a restore: what the former ledger had posted is not posted again, and what it may have posted is looked for."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from bot.database import metadata
from bot.domain.timestamps import to_us
from bot.ledger.former import FormerLedger, Row, insert, rows_by_column
from bot.outbox.rules import OPEN, NotificationState
from bot.outbox.store import request_edits

if TYPE_CHECKING:
    from sqlalchemy import Connection

Rename = Callable[[str], str | None]
"""What stands behind the first colon of a former key, as it is here; None for what is not here."""

LOOKED_FOR = timedelta(days=7)  # after a restore without a former ledger


@dataclass(frozen=True, slots=True)
class KeyMapping:
    """How the keys of the former ledger read here: of notifications and of living messages, by what they begin with.

    `stale` are the living messages, as they are called here, that may show what is not so here.
    """

    stems: Mapping[str, Rename]
    things: Mapping[str, Rename]
    stale: Sequence[str] = ()

    def dedup_key(self, name: str) -> str | None:
        """A notification's."""
        return _renamed(self.stems, name)

    def topic(self, name: str | None) -> str | None:
        """A living message's."""
        return None if name is None else _renamed(self.things, name)


def merge_mappings(several: Iterable[KeyMapping]) -> KeyMapping:
    """The names of several packages as one."""
    every = list(several)
    stems = {kind: rename for each in every for kind, rename in each.stems.items()}
    things = {kind: rename for each in every for kind, rename in each.things.items()}
    return KeyMapping(stems, things, tuple(name for each in every for name in each.stale))


def unchanged_key(rest: str) -> str:
    """A key that means the same in every ledger."""
    return rest


def _renamed(names: Mapping[str, Rename], name: str) -> str | None:
    kind, colon, rest = name.partition(":")
    renamed = names[kind](rest) if kind in names else None
    return None if renamed is None else f"{kind}{colon}{renamed}"


@dataclass(frozen=True, slots=True)
class RestoredMessages:
    """What a restore makes of messages: how many go on waiting, are looked for in Slack first, were sent since."""

    waiting: int
    looked_for: int
    sent_since: int


def mark_all_unconfirmed(connection: "Connection", lost: str, now: datetime) -> RestoredMessages:
    """Nobody knows what was posted since the copy was made, by the ledger of the id `lost`."""
    since = connection.exec_driver_sql(
        "SELECT max(coalesce(max(created_at), 0), coalesce(max(settled_at), 0)) FROM notification"
    ).scalar_one()
    until = to_us(now + LOOKED_FOR)
    metadata.write(
        connection, metadata.LOST_LEDGER, json.dumps({"id": lost, "since": since or to_us(now), "until": until})
    )
    for row in _open(connection):
        _doubt(connection, row["id"], now)
    return _taken(connection, 0)


def adopt(connection: "Connection", former: FormerLedger, names: KeyMapping, now: datetime) -> RestoredMessages:
    """Take over what the former ledger knew of messages: those of the copy, and those that it owed since."""
    theirs = former.rows(
        "SELECT n.*, l.thing AS thing, s.state AS summed_up FROM notification n LEFT JOIN living l ON l.id = n.living"
        " LEFT JOIN notification s ON s.id = n.covered_by ORDER BY n.id"
    )
    twins = {(row["stem"], row["destination"], row["ledger"], row["created_at"]): row for row in theirs}
    sent = sum(_settle(connection, row, twins, now) for row in _open(connection))
    _adopt_living(connection, former, names)
    known = _Known(_keys(connection, "notification"), _lives(connection, former, names))
    names = merge_mappings([names, KeyMapping({"news": known.news, "again": known.again}, {})])
    for row in theirs:
        sent += _adopt(connection, former, names, row, known)
    request_edits(connection, names.stale)
    return _taken(connection, sent)


@dataclass(slots=True)
class _Known:
    """The keys of rows: of messages here by what they are, of living ones here by the former's, and as they go on."""

    here: dict[tuple[str, str], int]
    lives: Mapping[int, int]
    messages: dict[int, int] = field(default_factory=dict)  # by the former's

    def news(self, rest: str) -> str | None:
        """`news:<living>-<message>`: what was said of a message that cannot be edited, since its last step."""
        living, _, step = rest.partition("-")
        life, message = self.lives.get(int(living)), self.messages.get(int(step or 0), 0)
        return None if life is None else f"{life}-{message}"

    def again(self, rest: str) -> str | None:
        """`again:<living>`: a message that was deleted, posted once more."""
        life = self.lives.get(int(rest))
        return None if life is None else str(life)


def _keys(connection: "Connection", table: str) -> dict[tuple[str, str], int]:
    name = {"notification": "stem", "living": "thing"}[table]
    rows = connection.exec_driver_sql(f"SELECT {name}, destination, id FROM {table}").all()  # noqa: S608 - our own names
    return {(what, destination): key for what, destination, key in rows}


def _lives(connection: "Connection", former: FormerLedger, names: KeyMapping) -> dict[int, int]:
    """The former's living messages by key, as they are here."""
    here = _keys(connection, "living")
    theirs = {
        row["id"]: here.get((names.topic(row["thing"]) or "", _destination(former, row["destination"]) or ""))
        for row in former.rows("SELECT id, thing, destination FROM living")
    }
    return {key: life for key, life in theirs.items() if life is not None}


def _open(connection: "Connection") -> list[Row]:
    marks = ", ".join("?" * len(OPEN))
    return rows_by_column(connection, f"SELECT * FROM notification WHERE state IN ({marks}) ORDER BY id", OPEN)  # noqa: S608 - our own


def _taken(connection: "Connection", sent: int) -> RestoredMessages:
    counts = dict(
        tuple(row) for row in connection.exec_driver_sql("SELECT state, count(*) FROM notification GROUP BY state")
    )
    return RestoredMessages(counts.get(NotificationState.PENDING, 0), counts.get(NotificationState.UNSURE, 0), sent)


def _doubt(connection: "Connection", key: int, now: datetime) -> None:
    connection.exec_driver_sql(
        "UPDATE notification SET state = 'unsure', token = NULL, unsure_at = ?, next_at = ?, checks = 0 WHERE id = ?",
        (to_us(now), to_us(now), key),
    )


_OUTCOME = ("state", "channel", "thread", "ts", "claimed_at", "settled_at", "unsure_at", "check_at", "checks", "error")


def _settle(connection: "Connection", row: Row, twins: Mapping[tuple[str, str, str, int], Row], now: datetime) -> bool:
    """What became of a message that was on its way when the copy was made; whether it was sent since."""
    twin = twins.get((row["stem"], row["destination"], row["ledger"], row["created_at"]))
    state = NotificationState.UNSURE if twin is None else _state(twin)
    if twin is None or state in {NotificationState.SENDING, NotificationState.UNSURE}:
        _doubt(connection, row["id"], now)
        return False
    outcome = {name: twin[name] for name in _OUTCOME} | {"state": state}
    sets = ", ".join(f"{name} = ?" for name in outcome)
    connection.exec_driver_sql(
        f"UPDATE notification SET {sets}, token = NULL WHERE id = ?",  # noqa: S608 - our own names
        (*outcome.values(), row["id"]),
    )
    return state is NotificationState.SENT


def _state(row: Row) -> NotificationState:
    """How a message stood; what was to be summed up, and was not, is still to be told."""
    state = NotificationState(row["state"])
    return (
        NotificationState.PENDING
        if state is NotificationState.MISSED and row["summed_up"] != NotificationState.SENT
        else state
    )


def _adopt_living(connection: "Connection", former: FormerLedger, names: KeyMapping) -> None:
    for row in former.rows("SELECT * FROM living WHERE ts IS NOT NULL ORDER BY id"):
        thing, destination = names.topic(row["thing"]), _destination(former, row["destination"])
        if thing is None or destination is None:
            # it may show what was made of it since, and is to show how it stands here
            connection.exec_driver_sql(
                "UPDATE living SET wanted = max(wanted, shown) + 1 WHERE thing = ? AND destination = ? AND wanted < ?",
                (row["thing"], row["destination"], row["wanted"]),
            )
            continue
        new = {**row, "thing": thing, "destination": destination, "token": None, "expires_at": None}
        if insert(connection, "living", {name: new[name] for name in new if name != "id"}) is None:
            connection.exec_driver_sql(
                "UPDATE living SET channel = ?, ts = ?, editable = ?, reposted = ?, token = NULL,"
                " wanted = max(wanted, ?), shown = ? WHERE thing = ? AND destination = ?",
                (
                    row["channel"],
                    row["ts"],
                    row["editable"],
                    row["reposted"],
                    row["wanted"],
                    row["shown"],
                    thing,
                    destination,
                ),
            )


def _adopt(connection: "Connection", former: FormerLedger, names: KeyMapping, row: Row, known: _Known) -> bool:
    """A message that the former ledger owed since; whether it was sent."""
    stem, destination = names.dedup_key(row["stem"]), _destination(former, row["destination"])
    if stem is None or destination is None:
        return False
    if (key := known.here.get((stem, destination))) is not None:
        known.messages[row["id"]] = key
        return False
    same, state = (stem, destination) == (row["stem"], row["destination"]), _state(row)
    if state in {NotificationState.SENDING, NotificationState.UNSURE}:
        state = NotificationState.UNSURE if same else NotificationState.PENDING  # under another key it is not found
    new = {**row, "stem": stem, "destination": destination, "state": state, "token": None, "covered_by": None}
    new["living"] = _living(connection, names.topic(row["thing"]), destination)
    if state is NotificationState.UNSURE and row["unsure_at"] is None:
        new["unsure_at"] = row["claimed_at"] or row["created_at"]
    if not same:
        new["ledger"] = metadata.ledger_id(connection)
    added = insert(connection, "notification", {name: new[name] for name in new if name != "id"})
    if added is not None:
        known.messages[row["id"]] = added
    return state is NotificationState.SENT


def _living(connection: "Connection", thing: str | None, destination: str) -> int | None:
    if thing is None:
        return None
    insert(
        connection,
        "living",
        {"thing": thing, "destination": destination, "wanted": 0, "shown": 0, "editable": 1, "reposted": 0},
    )
    sql = "SELECT id FROM living WHERE thing = ? AND destination = ?"
    return int(connection.exec_driver_sql(sql, (thing, destination)).scalar_one())


def _destination(former: FormerLedger, name: str) -> str | None:
    kind, _, whose = name.partition(":")
    if kind != "member":
        return name
    member = former.members.get(int(whose))
    return None if member is None else f"member:{member}"
