"""The outbox's store: what is owed, claimed by one process at a time, and what became of it."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from bot.ledger.instants import from_us, to_us
from bot.outbox.rules import State

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from bot.ledger.reading import Reader, Reads


@dataclass(frozen=True, slots=True)
class Owed:
    """A message to be told: `stem` and `destination` make its key, which must be the same whenever it is meant.

    Destinations: `member:<key>`, `user:<Slack id>`, `operators` and each `operator:<Slack id>`,
    `channel:<id or #name>`, `alert` (`alert:team` for what concerns no member), `ops`, and `ops:operators`, which
    ALERT_CHANNEL does not stand in for.
    `thing` names the living message that it begins or whose thread it goes to. After `until` it is too old to be told
    by itself. No key may hold an e-mail: other apps can read it.
    """

    stem: str
    destination: str
    thing: str | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Job:
    """A claimed notification: what is needed to deliver it. `thread` is the parent's `ts` if it is a reply."""

    id: int
    stem: str
    destination: str
    channel: str
    token: str
    attempts: int
    living: int | None
    thing: str | None
    thread: str | None
    unsure_at: int | None

    @property
    def key(self) -> str:
        """What the message's metadata carries."""
        return f"{self.stem}:{self.destination}"


@dataclass(frozen=True, slots=True)
class Edit:
    """A living message that shows less than there is to show. `key` is that of the notification it was posted for."""

    id: int
    thing: str
    destination: str
    channel: str
    ts: str
    version: int
    token: str
    key: str
    reposted: bool
    editable: bool


def owe(connection: "Connection", owed: Iterable[Owed], now: datetime) -> int:
    """Put messages into the outbox, in the caller's transaction; those that are there already stay as they are.

    Returns:
        How many are new.
    """
    rows = list(owed)
    if not rows:
        return 0
    lives = {(each.thing, each.destination) for each in rows if each.thing}
    if lives:
        connection.exec_driver_sql(
            "INSERT OR IGNORE INTO living (thing, destination, wanted, shown, editable, reposted) VALUES (?,?,0,0,1,0)",
            sorted(lives),
        )
    at = to_us(now)
    added = connection.exec_driver_sql(
        "INSERT OR IGNORE INTO notification (stem, destination, living, state, created_at, next_at, owed_until,"
        " attempts, checks) VALUES (?,?,(SELECT id FROM living WHERE thing = ? AND destination = ?),'pending',"
        "?,?,?,0,0)",
        [
            (each.stem, each.destination, each.thing, each.destination, at, at, _us(each.until))
            for each in rows
        ],
    )  # fmt: skip
    return added.rowcount


def owe_again(connection: "Connection", owed: Owed, now: datetime) -> None:
    """Put a message into the outbox that there was nothing to say of before: it was never sent, and is to be now."""
    connection.exec_driver_sql(
        "DELETE FROM notification WHERE stem = ? AND destination = ? AND state = 'moved' AND ts IS NULL",
        (owed.stem, owed.destination),
    )
    owe(connection, [owed], now)


def changed(connection: "Connection", things: Iterable[str]) -> None:
    """What living messages show has changed: they are to be edited."""
    if names := list(things):
        connection.exec_driver_sql(
            "UPDATE living SET wanted = wanted + 1 WHERE thing IN (SELECT value FROM json_each(?))",
            (json.dumps(names),),
        )


def living(connection: "Reads", things: Iterable[str]) -> list[tuple[str, str]]:
    """The living messages that have been posted, of those things: thing and destination."""
    rows = connection.exec_driver_sql(
        "SELECT l.thing, l.destination FROM json_each(?) j CROSS JOIN living l ON l.thing = j.value"
        " WHERE l.ts IS NOT NULL",
        (json.dumps(list(things)),),
    )
    return [(thing, destination) for thing, destination in rows.all()]


def _us(moment: datetime | None) -> int | None:
    return None if moment is None else to_us(moment)


# --- what there is to do -------------------------------------------------------------------------

# nothing is put off for longer than two days: a later moment was set by a clock that ran ahead
_FAR = timedelta(days=2)
_READY = "(next_at <= :now OR next_at > :far)"
_LONGEST_EDIT = timedelta(minutes=30)  # as well, for what somebody is editing
_FREE = "(token IS NULL OR expires_at <= :now OR expires_at > :longest)"
_DUE = f"""
SELECT (SELECT count(*) FROM notification WHERE state = 'pending' AND channel IS NULL AND {_READY}),
       (SELECT count(*) FROM notification WHERE state = 'sending' AND (expires_at <= :now OR claimed_at > :ahead)),
       (SELECT count(*) FROM notification WHERE state = 'unsure' AND (unsure_at <= :sought OR unsure_at > :ahead)),
       (SELECT count(*) FROM notification WHERE check_at <= :now),
       (SELECT count(*) FROM notification WHERE state = 'pending' AND owed_until <= :now)
"""  # noqa: S608 - our own
_CHANNELS = f"""
SELECT DISTINCT channel FROM notification WHERE state = 'pending' AND channel IS NOT NULL AND {_READY}
UNION SELECT channel FROM living WHERE wanted > shown AND ts IS NOT NULL AND {_FREE}
"""  # noqa: S608 - our own


@dataclass(frozen=True, slots=True)
class Due:
    """How many notifications need a look now, by what is to be done, and the channels with something to send."""

    unplaced: int
    expired: int
    unsure: int
    unchecked: int
    overdue: int
    channels: tuple[str, ...]


def due(reader: "Reader", now: datetime, unsure: timedelta) -> Due:
    """What there is to do; a pure function of the moment and the database.

    What was claimed in the future was claimed by a clock that ran ahead: nobody is at it any more.
    """
    at = to_us(now)
    ready = {"now": at, "far": to_us(now + _FAR), "longest": to_us(now + _LONGEST_EDIT)}
    ahead = {"sought": to_us(now - unsure), "ahead": to_us(now + timedelta(minutes=1))}
    unplaced_, expired, unsure_, unchecked_, overdue_ = reader.rows(_DUE, ready | ahead)[0]
    channels = reader.rows(_CHANNELS, ready)
    return Due(unplaced_, expired, unsure_, unchecked_, overdue_, tuple(row[0] for row in channels))


def unplaced(reader: "Reader", now: datetime) -> list[str]:
    """The destinations that wait to be found."""
    sql = f"SELECT DISTINCT destination FROM notification WHERE state = 'pending' AND channel IS NULL AND {_READY}"  # noqa: S608 - our own
    return [row[0] for row in reader.rows(sql, {"now": to_us(now), "far": to_us(now + _FAR)})]


def place(connection: "Connection", destination: str, channel: str) -> None:
    """A destination was found: this is its channel."""
    connection.exec_driver_sql(
        "UPDATE notification SET channel = ? WHERE state = 'pending' AND channel IS NULL AND destination = ?",
        (channel, destination),
    )


@dataclass(frozen=True, slots=True)
class Ending:
    """How a notification ends without being told: why, and to which destinations the same is owed instead."""

    state: State
    why: str
    to: Sequence[str] = ()


def move(connection: "Connection", destination: str, ending: Ending, now: datetime) -> None:
    """A destination cannot be told, or is several: what is owed to it ends like this."""
    rows = connection.exec_driver_sql(
        "SELECT id FROM notification WHERE state = 'pending' AND channel IS NULL AND destination = ?", (destination,)
    ).all()
    for (key,) in rows:
        _hand_on(connection, key, None, ending, now)


def hand_on(connection: "Connection", job: Job, ending: Ending, now: datetime) -> None:
    """End a notification, and owe the same to other destinations; nothing if somebody else has taken it over."""
    _hand_on(connection, job.id, job.token, ending, now)


def _hand_on(connection: "Connection", key: int, token: str | None, ending: Ending, now: datetime) -> None:
    ended = connection.exec_driver_sql(
        "UPDATE notification SET state = ?, settled_at = ?, error = ?, token = NULL"
        " WHERE id = ? AND coalesce(token, '') = ?",
        (ending.state, to_us(now), ending.why, key, token or ""),
    )
    if not ended.rowcount:
        return
    stem, thing, until = connection.exec_driver_sql(
        "SELECT n.stem, l.thing, n.owed_until FROM notification n LEFT JOIN living l ON l.id = n.living WHERE n.id = ?",
        (key,),
    ).one()
    owe(connection, (Owed(stem, each, thing, None if until is None else from_us(until)) for each in ending.to), now)


def put_off(connection: "Connection", destination: str, until: datetime, why: str) -> None:
    """A destination cannot be found just now."""
    connection.exec_driver_sql(
        "UPDATE notification SET next_at = ?, error = ?"
        " WHERE state = 'pending' AND channel IS NULL AND destination = ?",
        (to_us(until), why, destination),
    )


# --- claiming and settling -----------------------------------------------------------------------

# a reply waits for what its thread begins with; a thread in a channel that the destination has left is none of its own
_CLAIM = f"""
SELECT n.id, n.stem, n.destination, n.channel, n.attempts, n.living, l.thing,
       CASE WHEN l.channel = n.channel THEN l.ts END, n.unsure_at
FROM notification n LEFT JOIN living l ON l.id = n.living
WHERE n.state = 'pending' AND n.channel = :channel AND {_READY.replace("next_at", "n.next_at")}
  AND (n.living IS NULL OR (l.ts IS NOT NULL AND l.channel = n.channel) OR NOT EXISTS (
    SELECT 1 FROM notification e WHERE e.living = n.living AND e.id < n.id
    AND e.state IN ('pending','sending','unsure')))
ORDER BY n.id LIMIT 1
"""  # noqa: S608 - our own


def keep_quiet(connection: "Connection", channel: str, until: datetime) -> None:
    """In quiet hours, what is owed to a channel is put off to their end, and is not too old then."""
    connection.exec_driver_sql(
        "UPDATE notification SET next_at = ?, owed_until = max(owed_until, ?) WHERE state = 'pending' AND channel = ?",
        (to_us(until), to_us(until + _AFTER_QUIET), channel),
    )


_AFTER_QUIET = timedelta(hours=1)  # in which what was put off is told by itself, old as it may be


def claim(connection: "Connection", channel: str, token: str, now: datetime, lease: timedelta) -> Job | None:
    """Claim the next notification of a channel, for as long as the lease lasts."""
    values = {"channel": channel, "now": to_us(now), "far": to_us(now + _FAR)}
    row = connection.exec_driver_sql(_CLAIM, values).first()
    if row is None:
        return None
    job = Job(row[0], row[1], row[2], row[3], token, row[4] + 1, *row[5:])
    connection.exec_driver_sql(
        "UPDATE notification SET state = 'sending', token = ?, claimed_at = ?, expires_at = ?, attempts = ?, thread = ?"
        " WHERE id = ?",
        (token, to_us(now), to_us(now + lease), job.attempts, job.thread, job.id),
    )
    return job


def is_mine(reader: "Reader", job: Job, now: datetime) -> bool:
    """Whether a claim still holds; asked just before the request."""
    row = reader.one(
        "SELECT 1 FROM notification WHERE id = :id AND state = 'sending' AND token = :token AND expires_at > :now",
        {"id": job.id, "token": job.token, "now": to_us(now)},
    )
    return row is not None


def wanted(reader: "Reader", living: int | None) -> int:
    """The version that a living message is to show; 0 where there is none."""
    row = reader.one("SELECT wanted FROM living WHERE id = :id", {"id": living})
    return int(row[0]) if row else 0


def back(connection: "Connection", job: Job, again: datetime, why: str) -> None:
    """It did not arrive, that is certain: it is owed as before, and tried again."""
    connection.exec_driver_sql(
        "UPDATE notification SET state = 'pending', token = NULL, next_at = ?, error = ? WHERE id = ? AND token = ?",
        (to_us(again), why, job.id, job.token),
    )


def unplace(connection: "Connection", job: Job, why: str) -> None:
    """Its destination is not in that channel any more: it is owed as before, and its channel is to be found anew."""
    connection.exec_driver_sql(
        "UPDATE notification SET state = 'pending', token = NULL, channel = NULL, error = ? WHERE id = ? AND token = ?",
        (why, job.id, job.token),
    )


def doubt(connection: "Connection", job: Job, now: datetime, why: str) -> None:
    """It may have arrived. If somebody else has taken it over meanwhile, what arrived is a second copy to look for."""
    mine = connection.exec_driver_sql(
        "UPDATE notification SET state = 'unsure', token = NULL, unsure_at = ?, checks = 0, error = ?"
        " WHERE id = ? AND token = ?",
        (to_us(now), why, job.id, job.token),
    )
    if not mine.rowcount:
        twice(connection, job, now)


def twice(connection: "Connection", job: Job, now: datetime) -> None:
    """There may be a second copy of what somebody else has taken over: it is to be looked for."""
    connection.exec_driver_sql(
        "UPDATE notification SET unsure_at = ?, checks = 0, check_at = CASE state WHEN 'sent' THEN ? END WHERE id = ?",
        (to_us(now), to_us(now), job.id),
    )


def expire(connection: "Connection", now: datetime) -> int:
    """Whoever claimed these is dead or frozen: they may have arrived."""
    return connection.exec_driver_sql(
        "UPDATE notification SET state = 'unsure', token = NULL, unsure_at = ?, checks = 0,"
        " error = 'whoever sent it broke off' WHERE state = 'sending' AND (expires_at <= ? OR claimed_at > ?)",
        (to_us(now), to_us(now), to_us(now + timedelta(minutes=1))),
    ).rowcount


@dataclass(frozen=True, slots=True)
class Posted:
    """A message that is in Slack; `thread` is the parent's `ts` if it hangs in a thread."""

    ts: str
    thread: str | None


@dataclass(frozen=True, slots=True)
class Arrival:
    """A message arrived: the version a parent shows, and how long after a doubt copies of it are looked for."""

    posted: Posted
    shown: int
    check_after: timedelta
    at: datetime


_SENT = (
    "UPDATE notification SET state = 'sent', token = NULL, ts = ?, thread = ?, settled_at = ?,"
    " check_at = unsure_at + ?, error = NULL WHERE id = ?"
)


def settle(connection: "Connection", job: Job, arrival: Arrival) -> str:
    """It arrived; returns the `ts` that counts: another one, if somebody else has sent it meanwhile."""
    return _arrived(connection, job.id, arrival, "token = ?", job.token)


def found(connection: "Connection", key: int, arrival: Arrival) -> str:
    """It had arrived, as its channel shows; returns as `settle`."""
    return _arrived(connection, key, arrival, "state = ?", State.UNSURE)


def _arrived(connection: "Connection", key: int, arrival: Arrival, where: str, value: str) -> str:
    posted = arrival.posted
    settled = connection.exec_driver_sql(
        f"{_SENT} AND {where}",
        (posted.ts, posted.thread, to_us(arrival.at), arrival.check_after // timedelta(microseconds=1), key, value),
    )
    if settled.rowcount and posted.thread is None:
        connection.exec_driver_sql(
            "UPDATE living SET ts = ?, channel = (SELECT channel FROM notification n WHERE n.id = ?), shown = ?"
            " WHERE id = (SELECT living FROM notification n WHERE n.id = ?)",
            (posted.ts, key, arrival.shown, key),
        )
    row = connection.exec_driver_sql("SELECT ts FROM notification WHERE id = ?", (key,)).one()
    return str(row[0] or "")


# --- what may have arrived -----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Sought:
    """A notification whose copies are looked for; times in microseconds, `ts` the copy that counts."""

    id: int
    stem: str
    destination: str
    channel: str
    thread: str | None
    living: int | None
    ts: str | None
    created_at: int  # no copy is older, whichever attempt it came from
    unsure_at: int
    checks: int
    last_ts: str | None  # the newest message that the bot had posted there before
    parents: str | None  # the `ts` of every message its thread may have begun with, with commas

    @property
    def threads(self) -> list[str]:
        """The threads that a copy may hang in: a parent may have been replaced between two attempts."""
        return sorted({*filter(None, [self.thread, *(self.parents or "").split(",")])})

    @property
    def key(self) -> str:
        """What its message's metadata carries."""
        return f"{self.stem}:{self.destination}"


_SOUGHT = """
SELECT n.id, n.stem, n.destination, n.channel, n.thread, n.living, n.ts, n.created_at, n.unsure_at, n.checks,
       (SELECT max(e.ts) FROM notification e
        WHERE e.channel = n.channel AND e.state = 'sent' AND e.settled_at < n.claimed_at),
       (SELECT group_concat(p.ts) FROM notification p
        WHERE p.living = n.living AND p.channel = n.channel AND p.thread IS NULL AND p.ts IS NOT NULL AND p.id <> n.id)
FROM notification n
"""


def unsure(reader: "Reader", now: datetime, wait: timedelta) -> list[Sought]:
    """What may have arrived and has had time to show."""
    sql = f"{_SOUGHT} WHERE n.state = 'unsure' AND (n.unsure_at <= :before OR n.unsure_at > :ahead) ORDER BY n.id"
    values = {"before": to_us(now - wait), "ahead": to_us(now + timedelta(minutes=1))}
    return [Sought(*row) for row in reader.rows(sql, values)]


def unchecked(reader: "Reader", now: datetime) -> list[Sought]:
    """What was sent after a doubt, and is to be looked at once more: a second copy may have come late."""
    sql = f"{_SOUGHT} WHERE n.state = 'sent' AND n.check_at <= :now ORDER BY n.id"
    return [Sought(*row) for row in reader.rows(sql, {"now": to_us(now)})]


def again(connection: "Connection", sought: Sought, now: datetime, why: str) -> None:
    """It did not arrive: it is owed."""
    connection.exec_driver_sql(
        "UPDATE notification SET state = 'pending', next_at = ?, error = ? WHERE id = ? AND state = 'unsure'",
        (to_us(now), why, sought.id),
    )


def look_again(connection: "Connection", sought: Sought, at: datetime | None) -> None:
    """It was looked for once more; `at` is when the next time is due."""
    connection.exec_driver_sql(
        "UPDATE notification SET check_at = ?, checks = checks + 1 WHERE id = ? AND state = 'sent'",
        (_us(at), sought.id),
    )


# --- living messages -----------------------------------------------------------------------------

_EDIT = f"""
SELECT l.id, l.thing, l.destination, l.channel, l.ts, l.wanted,
       coalesce((SELECT n.stem || ':' || n.destination FROM notification n WHERE n.living = l.id AND n.ts = l.ts), ''),
       l.reposted, l.editable
FROM living l WHERE l.wanted > l.shown AND l.ts IS NOT NULL AND l.channel = :channel
  AND {_FREE} ORDER BY l.id LIMIT 1
"""  # noqa: S608 - our own


def claim_edit(connection: "Connection", channel: str, token: str, now: datetime, lease: timedelta) -> Edit | None:
    """Claim a living message of a channel that is to be edited."""
    values = {"channel": channel, "now": to_us(now), "longest": to_us(now + _LONGEST_EDIT)}
    row = connection.exec_driver_sql(_EDIT, values).first()
    if row is None:
        return None
    connection.exec_driver_sql(
        "UPDATE living SET token = ?, expires_at = ? WHERE id = ?", (token, to_us(now + lease), row[0])
    )
    living, thing, destination, where, ts, version, key, reposted, editable = row
    return Edit(living, thing, destination, where, ts, version, token, key, bool(reposted), bool(editable))


def shown(connection: "Connection", edit: Edit) -> None:
    """It shows its version now; if somebody else was at it too, it is edited once more, lest the older text stays."""
    mine = connection.exec_driver_sql(
        "UPDATE living SET shown = max(shown, ?), token = NULL WHERE id = ? AND token = ?",
        (edit.version, edit.id, edit.token),
    )
    _once_more_unless(mine.rowcount, connection, edit)


def edit_later(connection: "Connection", edit: Edit, until: datetime) -> None:
    """The edit did not work: not before then again; at once where somebody else was at it too, as `shown`."""
    mine = connection.exec_driver_sql(
        "UPDATE living SET expires_at = ? WHERE id = ? AND token = ?", (to_us(until), edit.id, edit.token)
    )
    _once_more_unless(mine.rowcount, connection, edit)


def _once_more_unless(mine: int, connection: "Connection", edit: Edit) -> None:
    if not mine:
        connection.exec_driver_sql("UPDATE living SET wanted = wanted + 1 WHERE id = ?", (edit.id,))


def orphaned(connection: "Connection", edit: Edit, now: datetime) -> None:
    """Its message was deleted: it is posted anew, once; after that the next step begins a new one."""
    connection.exec_driver_sql(
        "UPDATE living SET ts = NULL, token = NULL, shown = wanted, reposted = 1 WHERE id = ? AND ts = ?",
        (edit.id, edit.ts),
    )
    if not edit.reposted:
        owe(connection, [Owed(f"again:{edit.id}", edit.destination, edit.thing)], now)


def frozen(connection: "Connection", edit: Edit, now: datetime) -> None:
    """Its message can no longer be edited: what is new is said in its thread, by whoever holds the claim."""
    mine = connection.exec_driver_sql(
        "UPDATE living SET shown = ?, token = NULL, editable = 0 WHERE id = ? AND token = ?",
        (edit.version, edit.id, edit.token),
    )
    if mine.rowcount:
        owe(connection, [Owed(f"news:{edit.id}-{edit.version}", edit.destination, edit.thing)], now)


# --- owed too long -------------------------------------------------------------------------------


def overdue(connection: "Connection", now: datetime) -> int:
    """What is too old to be told by itself becomes one summary for each destination; what may have arrived is not."""
    rows = connection.exec_driver_sql(
        "SELECT id, destination FROM notification WHERE state = 'pending' AND owed_until <= ? ORDER BY id",
        (to_us(now),),
    ).all()
    # what concerns no member is summed up with what does: whoever reads alerts reads one summary
    where = {key: "alert" if destination == "alert:team" else destination for key, destination in rows}
    for destination in dict.fromkeys(where.values()):
        keys = [key for key, place in where.items() if place == destination]
        stem = f"missed:{keys[0]}"
        owe(connection, [Owed(stem, destination)], now)
        connection.exec_driver_sql(
            "UPDATE notification SET state = 'missed', settled_at = ?, covered_by ="
            " (SELECT id FROM notification n WHERE n.stem = ? AND n.destination = ?) WHERE id = ?",
            [(to_us(now), stem, destination, key) for key in keys],
        )
    return len(rows)


def covered(reader: "Reader", stem: str) -> list[tuple[str, str | None]]:
    """What a summary stands for, wherever it was handed on to: stems, with the living message of each."""
    rows = reader.rows(
        "SELECT n.stem, l.thing FROM notification n LEFT JOIN living l ON l.id = n.living"
        " WHERE n.covered_by IN (SELECT id FROM notification WHERE stem = :stem) ORDER BY n.id",
        {"stem": stem},
    )
    return [(each, thing) for each, thing in rows]


# --- to be looked at -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Standing:
    """The outbox as `status` shows it: how many by state, since when the oldest is owed, and the dead ones."""

    counts: dict[str, int]
    oldest: int | None
    dead: list[tuple[str, str, int]]  # key, why, when (microseconds)


def standing(reader: "Reader") -> Standing:
    """How the outbox stands."""
    counts = dict(reader.rows("SELECT state, count(*) FROM notification GROUP BY state"))
    oldest = reader.rows("SELECT min(created_at) FROM notification WHERE state IN ('pending', 'sending', 'unsure')")
    dead = reader.rows(
        "SELECT stem || ':' || destination, coalesce(error, ''), settled_at FROM notification"
        " WHERE state = 'dead' ORDER BY id DESC LIMIT 20"
    )
    return Standing(counts, oldest[0][0], [tuple(row) for row in dead])
