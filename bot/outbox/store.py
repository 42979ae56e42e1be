"""The outbox's store: what is owed, claimed by one process at a time, and what became of it."""

import json
import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from bot.database.metadata import LOST_LEDGER, ledger_id, read, write
from bot.domain.timestamps import from_us, to_us
from bot.ledger.pruning import PruneStep, key_after
from bot.outbox.rules import URGENCY, NotificationState

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from bot.database.reader import Reader, Reads


@dataclass(frozen=True, slots=True)
class NewNotification:
    """A message to be told: `stem` and `destination` make its key, which must be the same whenever it is meant.

    Destinations: `member:<key>`, `user:<Slack id>`, `operators` and each `operator:<Slack id>`,
    `channel:<id or #name>`, `alert` (`alert:team` for what concerns no member), `ops`, and `ops:operators`, which
    ALERT_CHANNEL does not stand in for.
    `thing` names the living message that it begins or whose thread it goes to. After `until` it is too old to be told
    by itself. No key may hold an e-mail: other apps can read it.
    """

    dedup_key: str
    destination: str
    topic: str | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class ClaimedNotification:
    """A claimed notification: what is needed to deliver it. `thread` is the parent's `ts` if it is a reply."""

    id: int
    dedup_key: str
    destination: str
    channel: str
    token: str
    attempts: int
    living: int | None
    topic: str | None
    thread: str | None
    unsure_at: int | None
    ledger: str

    @property
    def key(self) -> str:
        """What the message's metadata carries."""
        return key_of(self.dedup_key, self.destination, self.ledger)


def key_of(stem: str, destination: str, ledger: str) -> str:
    """What the metadata of a message carries: the ledger's id keeps apart what two ledgers number alike."""
    return ":".join(filter(None, (stem, destination, ledger)))


@dataclass(frozen=True, slots=True)
class ClaimedEdit:
    """A living message that shows less than there is to show. `stem` and `key` are of what it was posted for."""

    id: int
    topic: str
    destination: str
    channel: str
    ts: str
    version: int
    token: str
    dedup_key: str
    key: str
    reposted: bool
    editable: bool


def enqueue(connection: "Connection", notifications: Iterable[NewNotification], now: datetime) -> int:
    """Put messages into the outbox, in the caller's transaction; those that are there already stay as they are.

    Returns:
        How many are new.
    """
    rows = list(notifications)
    if not rows:
        return 0
    lives = {(each.topic, each.destination) for each in rows if each.topic}
    if lives:
        connection.exec_driver_sql(
            "INSERT OR IGNORE INTO living (thing, destination, wanted, shown, editable, reposted) VALUES (?,?,0,0,1,0)",
            sorted(lives),
        )
    at, ledger = to_us(now), ledger_id(connection)
    added = connection.exec_driver_sql(
        _OWE,
        [
            (each.dedup_key, each.destination, ledger, each.topic, each.destination, at, at, _us(each.until))
            for each in rows
        ],
    )  # fmt: skip
    if added.rowcount:
        _doubt_lost(connection, rows, at)
    return added.rowcount


# keys that mean the same whichever ledger owes them: a name and a date, or a person
_OF_ALL_LEDGERS = re.compile(r"welcome|digest:[^:]+:[\d-]+|ops:[a-z_]+-\d{4}-\d\d-\d\d(-.+)?")


def _doubt_lost(connection: "Connection", rows: Iterable[NewNotification], at: int) -> None:
    """A ledger that is lost may have posted the same, under its own id: for some days after a restore it is sought."""
    keys = [each for each in rows if _OF_ALL_LEDGERS.fullmatch(each.dedup_key)]
    noted = read(connection, LOST_LEDGER) if keys else None
    if noted is None:
        return
    lost = json.loads(noted)
    if at >= lost["until"]:
        write(connection, LOST_LEDGER, None)
        return
    connection.exec_driver_sql(
        "UPDATE notification SET ledger = ?, created_at = ?, state = 'unsure', unsure_at = ?"
        " WHERE stem = ? AND destination = ? AND state = 'pending' AND attempts = 0",
        [(lost["id"], lost["since"], at, each.dedup_key, each.destination) for each in keys],
    )


_OWE = """
INSERT OR IGNORE INTO notification
  (stem, destination, ledger, living, state, created_at, next_at, owed_until, attempts, checks)
VALUES (?, ?, ?, (SELECT id FROM living WHERE thing = ? AND destination = ?), 'pending', ?, ?, ?, 0, 0)
"""


def enqueue_again(connection: "Connection", notifications: NewNotification, now: datetime) -> None:
    """Put a message into the outbox that there was nothing to say of before: it was never sent, and is to be now."""
    connection.exec_driver_sql(
        "DELETE FROM notification WHERE stem = ? AND destination = ? AND state = 'moved' AND ts IS NULL",
        (notifications.dedup_key, notifications.destination),
    )
    enqueue(connection, [notifications], now)


def request_edits(connection: "Connection", things: Iterable[str]) -> None:
    """What living messages show has changed: they are to be edited."""
    if names := list(things):
        connection.exec_driver_sql(
            "UPDATE living SET wanted = wanted + 1 WHERE thing IN (SELECT value FROM json_each(?))",
            (json.dumps(names),),
        )


def live_messages(connection: "Reads", things: Iterable[str]) -> list[tuple[str, str]]:
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

# a later moment than it can have been put off to was set by a clock that ran ahead: in quiet hours to their end (only
# direct messages are), else for `LONGEST` at the most; a second stands for what passes between the two looks
_READY = "(next_at <= :now OR next_at > CASE WHEN channel LIKE 'D%' THEN :quiet ELSE :far END)"
_FREE = "(l.token IS NULL OR l.expires_at <= :now OR l.expires_at > :far)"
_DOUBTED = "state = 'unsure' AND unsure_at <= :sought"
_BROKEN_OFF = "state = 'sending' AND (expires_at <= :now OR claimed_at > :ahead)"
_FROM_AHEAD = "state = 'unsure' AND unsure_at > :ahead"
# each part alone: SQLite sees in no other way, whatever statistics it has, which index serves
_OF_NO_CHANNEL = """id IN (SELECT id FROM notification WHERE state = 'pending' AND channel IS NULL
  UNION ALL SELECT id FROM notification WHERE state = 'unsure' AND channel IS NULL)"""
_UNPLACED = f"{_OF_NO_CHANNEL} AND {_READY}"
_UNCHECKED = """id IN (SELECT id FROM notification WHERE check_at <= :now
  UNION ALL SELECT id FROM notification WHERE check_at > :far)"""
_DUE = f"""
SELECT (SELECT count(*) FROM notification WHERE {_UNPLACED}),
       (SELECT count(*) FROM notification WHERE {_BROKEN_OFF})
         + (SELECT count(*) FROM notification WHERE {_FROM_AHEAD}),
       (SELECT count(*) FROM notification WHERE {_DOUBTED} AND channel IS NOT NULL AND {_READY}),
       (SELECT count(*) FROM notification WHERE {_UNCHECKED}),
       (SELECT count(*) FROM notification WHERE state = 'pending' AND owed_until <= :now)
"""  # noqa: S608 - our own
_CHANNELS = f"""
SELECT DISTINCT channel FROM notification WHERE state = 'pending' AND channel IS NOT NULL AND {_READY}
UNION SELECT l.channel FROM living l WHERE l.wanted > l.shown AND l.ts IS NOT NULL AND {_FREE}
"""  # noqa: S608 - our own
_LOOKED_FOR = f"""
SELECT DISTINCT channel FROM notification WHERE {_DOUBTED} AND channel IS NOT NULL AND {_READY}
UNION SELECT channel FROM notification WHERE {_UNCHECKED} AND channel IS NOT NULL
"""  # noqa: S608 - our own
LONGEST = timedelta(hours=1)  # for which anything is put off, whatever Slack says
_BETWEEN = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Moment:
    """When it is looked what there is to do: quiet hours' end if it lies in them, and how old a doubt has to be."""

    now: datetime
    unsure: timedelta
    quiet: datetime | None = None

    @property
    def values(self) -> dict[str, int]:
        """What the questions need to know, in microseconds."""
        far = self.now + LONGEST + _BETWEEN
        return {
            "now": to_us(self.now),
            "far": to_us(far),
            "quiet": to_us(far if self.quiet is None else max(far, self.quiet + _BETWEEN)),
            "sought": to_us(self.now - self.unsure),
            "ahead": to_us(self.now + _BETWEEN),
        }


@dataclass(frozen=True, slots=True)
class Due:
    """What needs a look now: how many notifications, the channels with something to send, and those to look into."""

    unplaced: int
    expired: int
    unsure: int
    unchecked: int
    overdue: int
    channels: tuple[str, ...]
    looked_for: tuple[str, ...]


def due(reader: "Reader", now: datetime, unsure: timedelta, quiet: datetime | None = None) -> Due:
    """What there is to do; a pure function of the moment and the database, as `Moment` says.

    What was claimed in the future was claimed by a clock that ran ahead: nobody is at it any more.
    """
    values = Moment(now, unsure, quiet).values
    unplaced_, expired, unsure_, unchecked_, overdue_ = reader.rows(_DUE, values)[0]
    channels = [row[0] for row in reader.rows(_CHANNELS, values)]
    looked_for = reader.rows(_LOOKED_FOR, values) if unsure_ or unchecked_ else []
    return Due(unplaced_, expired, unsure_, unchecked_, overdue_, tuple(channels), tuple(row[0] for row in looked_for))


def unplaced(reader: "Reader", now: datetime) -> list[str]:
    """The destinations that wait to be found, those of the most urgent first."""
    sql = (
        f"SELECT destination FROM notification WHERE {_UNPLACED} GROUP BY destination ORDER BY min({URGENCY}), min(id)"  # noqa: S608 - our own
    )
    return [row[0] for row in reader.rows(sql, Moment(now, timedelta(0)).values)]


def place(connection: "Connection", destination: str, channel: str) -> None:
    """A destination was found: this is its channel."""
    connection.exec_driver_sql(
        f"UPDATE notification SET channel = ? WHERE {_OF_NO_CHANNEL} AND destination = ?",  # noqa: S608 - our own
        (channel, destination),
    )


@dataclass(frozen=True, slots=True)
class Ending:
    """How a notification ends without being told: why, and to which destinations the same is owed instead."""

    state: NotificationState
    why: str
    to: Sequence[str] = ()


def move(connection: "Connection", destination: str, ending: Ending, now: datetime) -> None:
    """A destination cannot be told, or is several: what is owed to it ends like this."""
    rows = connection.exec_driver_sql(
        f"SELECT id FROM notification WHERE {_OF_NO_CHANNEL} AND destination = ?",  # noqa: S608 - our own
        (destination,),
    ).all()
    for (key,) in rows:
        _hand_on(connection, key, None, ending, now)


def hand_on(connection: "Connection", job: ClaimedNotification, ending: Ending, now: datetime) -> None:
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
    stem, thing, until, *inherited = connection.exec_driver_sql(
        "SELECT n.stem, l.thing, n.owed_until, n.ledger, n.created_at, n.unsure_at FROM notification n"
        " LEFT JOIN living l ON l.id = n.living WHERE n.id = ?",
        (key,),
    ).one()
    for destination in ending.to:
        if enqueue(
            connection, [NewNotification(stem, destination, thing, None if until is None else from_us(until))], now
        ):
            _inherit(connection, stem, destination, *inherited)


def _inherit(  # noqa: PLR0917 - what is handed on
    connection: "Connection", stem: str, destination: str, ledger: str, created_at: int, unsure_at: int | None
) -> None:
    """What was in doubt may have been handed on before, under the same key: it is looked for before it is sent."""
    connection.exec_driver_sql(
        "UPDATE notification SET ledger = ?, created_at = ?, state = ?, unsure_at = ?"
        " WHERE stem = ? AND destination = ?",
        (
            ledger,
            created_at,
            NotificationState.PENDING if unsure_at is None else NotificationState.UNSURE,
            unsure_at,
            stem,
            destination,
        ),
    )


def put_off(connection: "Connection", destination: str, until: datetime, why: str) -> None:
    """A destination cannot be found just now."""
    connection.exec_driver_sql(
        f"UPDATE notification SET next_at = ?, error = ? WHERE {_OF_NO_CHANNEL} AND destination = ?",  # noqa: S608 - our own
        (to_us(until), why, destination),
    )


# --- claiming and settling -----------------------------------------------------------------------

# a reply waits for what its thread begins with; a thread in a channel that the destination has left is none of its own
_CLAIM = f"""
SELECT n.id, n.stem, n.destination, n.channel, n.attempts, n.living, l.thing,
       CASE WHEN l.channel = n.channel THEN l.ts END, n.unsure_at, n.ledger
FROM notification n LEFT JOIN living l ON l.id = n.living
WHERE n.state = 'pending' AND n.channel = :channel AND (n.owed_until IS NULL OR n.owed_until > :now)
  AND {_READY.replace("next_at", "n.next_at").replace("channel LIKE", "n.channel LIKE")}
  AND (n.living IS NULL OR (l.ts IS NOT NULL AND l.channel = n.channel) OR NOT EXISTS (
    SELECT 1 FROM notification e WHERE e.living = n.living AND e.id < n.id
    AND e.state IN ('pending','sending','unsure')))
ORDER BY {URGENCY.replace("stem", "n.stem")}, n.id LIMIT 1
"""  # noqa: S608 - our own


def keep_quiet(connection: "Connection", channel: str, until: datetime) -> None:
    """In quiet hours, what is owed to a channel is put off to their end, and is not too old then."""
    connection.exec_driver_sql(
        "UPDATE notification SET next_at = ?, owed_until = max(owed_until, ?) WHERE state = 'pending' AND channel = ?",
        (to_us(until), to_us(until + _AFTER_QUIET), channel),
    )


_AFTER_QUIET = timedelta(hours=1)  # in which what was put off is told by itself, old as it may be


def claim(
    connection: "Connection", channel: str, token: str, now: datetime, lease: timedelta
) -> ClaimedNotification | None:
    """Claim the next notification of a channel, for as long as the lease lasts; quiet hours are over."""
    far = to_us(now + LONGEST + _BETWEEN)
    values = {"channel": channel, "now": to_us(now), "far": far, "quiet": far}
    row = connection.exec_driver_sql(_CLAIM, values).first()
    if row is None:
        return None
    job = ClaimedNotification(row[0], row[1], row[2], row[3], token, row[4] + 1, *row[5:])
    connection.exec_driver_sql(
        "UPDATE notification SET state = 'sending', token = ?, claimed_at = ?, expires_at = ?, attempts = ?, thread = ?"
        " WHERE id = ?",
        (token, to_us(now), to_us(now + lease), job.attempts, job.thread, job.id),
    )
    return job


def is_claim_valid(reader: "Reader", job: ClaimedNotification, now: datetime) -> bool:
    """Whether a claim still holds; asked just before the request."""
    row = reader.one(
        "SELECT 1 FROM notification WHERE id = :id AND state = 'sending' AND token = :token AND expires_at > :now",
        {"id": job.id, "token": job.token, "now": to_us(now)},
    )
    return row is not None


def wanted_version(reader: "Reader", living: int | None) -> int:
    """The version that a living message is to show; 0 where there is none."""
    row = reader.one("SELECT wanted FROM living WHERE id = :id", {"id": living})
    return int(row[0]) if row else 0


def release_for_retry(connection: "Connection", job: ClaimedNotification, again: datetime, why: str) -> None:
    """It did not arrive, that is certain: it is owed as before, and tried again."""
    connection.exec_driver_sql(
        "UPDATE notification SET state = 'pending', token = NULL, next_at = ?, error = ? WHERE id = ? AND token = ?",
        (to_us(again), why, job.id, job.token),
    )


def unplace(connection: "Connection", job: ClaimedNotification, why: str) -> None:
    """Its destination is not in that channel any more: it is owed as before, and its channel is to be found anew."""
    connection.exec_driver_sql(
        "UPDATE notification SET state = 'pending', token = NULL, channel = NULL, error = ? WHERE id = ? AND token = ?",
        (why, job.id, job.token),
    )


def mark_unconfirmed(connection: "Connection", job: ClaimedNotification, now: datetime, why: str) -> None:
    """It may have arrived. If somebody else has taken it over meanwhile, what arrived is a second copy to look for."""
    mine = connection.exec_driver_sql(
        "UPDATE notification SET state = 'unsure', token = NULL, unsure_at = ?, checks = 0, error = ?"
        " WHERE id = ? AND token = ?",
        (to_us(now), why, job.id, job.token),
    )
    if not mine.rowcount:
        mark_second_copy(connection, job, now)


def mark_second_copy(connection: "Connection", job: ClaimedNotification, now: datetime) -> None:
    """There may be a second copy of what somebody else has taken over: it is to be looked for."""
    connection.exec_driver_sql(
        "UPDATE notification SET unsure_at = ?, checks = 0, check_at = CASE state WHEN 'sent' THEN ? END WHERE id = ?",
        (to_us(now), to_us(now), job.id),
    )


def expire(connection: "Connection", now: datetime) -> int:
    """Whoever claimed these is dead or frozen: they may have arrived; returns how many.

    A doubt that a clock ahead has noted begins now.
    """
    values = Moment(now, timedelta(0)).values
    connection.exec_driver_sql(f"UPDATE notification SET unsure_at = :now WHERE {_FROM_AHEAD}", values)  # noqa: S608 - our own
    return connection.exec_driver_sql(
        "UPDATE notification SET state = 'unsure', token = NULL, unsure_at = :now, checks = 0,"  # noqa: S608 - our own
        f" error = 'whoever sent it broke off' WHERE {_BROKEN_OFF}",
        values,
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
    " check_at = CASE WHEN unsure_at IS NOT NULL THEN ? END, error = NULL WHERE id = ?"
)


def mark_sent(connection: "Connection", job: ClaimedNotification, arrival: Arrival) -> str:
    """It arrived; returns the `ts` that counts: another one, if somebody else has sent it meanwhile."""
    return _arrived(connection, job.id, arrival, "token = ?", job.token)


def mark_arrived(connection: "Connection", key: int, arrival: Arrival) -> str:
    """It had arrived, as its channel shows; returns as `settle`."""
    return _arrived(connection, key, arrival, "state = ?", NotificationState.UNSURE)


def _arrived(connection: "Connection", key: int, arrival: Arrival, where: str, value: str) -> str:
    posted = arrival.posted
    settled = connection.exec_driver_sql(
        f"{_SENT} AND {where}",
        (
            posted.ts,
            posted.thread,
            to_us(arrival.at),
            # from now on, not from the doubt: it may be of a clock that was behind, and a late copy is still to come
            to_us(arrival.at + arrival.check_after),
            key,
            value,
        ),
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
    dedup_key: str
    destination: str
    channel: str
    thread: str | None
    living: int | None
    ts: str | None
    created_at: int  # no copy is older, whichever attempt it came from
    unsure_at: int
    checks: int
    ledger: str
    claimed_at: int | None  # None if another ledger, which is lost, may have sent it: to a thread that nobody knows
    last_ts: str | None  # the newest message that the bot had posted there before
    parents: str | None  # the `ts` of every message its thread may have begun with, with commas

    @property
    def threads(self) -> list[str]:
        """The threads that a copy may hang in: a parent may have been replaced between two attempts."""
        return sorted({*filter(None, [self.thread, *(self.parents or "").split(",")])})

    @property
    def key(self) -> str:
        """What its message's metadata carries."""
        return key_of(self.dedup_key, self.destination, self.ledger)


_SOUGHT = """
SELECT n.id, n.stem, n.destination, n.channel, n.thread, n.living, n.ts, n.created_at, n.unsure_at, n.checks,
       n.ledger, n.claimed_at,
       (SELECT e.ts FROM notification e WHERE e.channel = n.channel AND e.state = 'sent'
        AND e.settled_at < n.claimed_at ORDER BY e.settled_at DESC LIMIT 1),
       (SELECT group_concat(p.ts) FROM notification p
        WHERE p.living = n.living AND p.channel = n.channel AND p.thread IS NULL AND p.ts IS NOT NULL AND p.id <> n.id)
FROM notification n
"""


def unconfirmed(reader: "Reader", now: datetime, wait: timedelta, channel: str | None = None) -> list[Sought]:
    """What may have arrived and has had time to show: in all channels, or in one."""
    return _sought(reader, f"{_qualified(_DOUBTED)} AND {_qualified(_READY)}", Moment(now, wait), channel)


def unchecked(reader: "Reader", now: datetime, channel: str | None = None) -> list[Sought]:
    """What was sent after a doubt, and is to be looked at once more: a second copy may have come late."""
    return _sought(reader, f"n.state = 'sent' AND n.{_UNCHECKED}", Moment(now, timedelta(0)), channel)


def _qualified(where: str) -> str:
    return re.sub(r"(?<![:\w])(state|unsure_at|next_at|channel)\b", r"n.\1", where)


def _sought(reader: "Reader", where: str, at: Moment, channel: str | None) -> list[Sought]:
    place = "n.channel IS NOT NULL" if channel is None else "n.channel = :channel"
    sql = f"{_SOUGHT} WHERE {where} AND {place} ORDER BY n.id"
    return [Sought(*row) for row in reader.rows(sql, {**at.values, "channel": channel})]


def look_later(connection: "Connection", channel: str, until: datetime, at: Moment) -> None:
    """A channel's history is not shown just now: what is looked for in it has to wait, and nothing else."""
    values = {**at.values, "channel": channel, "until": to_us(until)}
    connection.exec_driver_sql(
        f"UPDATE notification SET next_at = :until WHERE {_DOUBTED} AND channel = :channel",  # noqa: S608 - our own
        values,
    )
    connection.exec_driver_sql(
        f"UPDATE notification SET check_at = :until WHERE {_UNCHECKED} AND channel = :channel",  # noqa: S608 - our own
        values,
    )


def mark_not_arrived(connection: "Connection", sought: Sought, now: datetime, why: str) -> None:
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
SELECT l.id, l.thing, l.destination, l.channel, l.ts, l.wanted, n.stem, n.destination, n.ledger,
  l.reposted, l.editable
FROM living l LEFT JOIN notification n ON n.living = l.id AND n.ts = l.ts
WHERE l.wanted > l.shown AND l.ts IS NOT NULL AND l.channel = :channel AND {_FREE} ORDER BY l.id LIMIT 1
"""  # noqa: S608 - our own


def claim_edit(
    connection: "Connection", channel: str, token: str, now: datetime, lease: timedelta
) -> ClaimedEdit | None:
    """Claim a living message of a channel that is to be edited."""
    values = {"channel": channel, "now": to_us(now), "far": to_us(now + LONGEST + _BETWEEN)}
    row = connection.exec_driver_sql(_EDIT, values).first()
    if row is None:
        return None
    connection.exec_driver_sql(
        "UPDATE living SET token = ?, expires_at = ? WHERE id = ?", (token, to_us(now + lease), row[0])
    )
    living, thing, destination, where, ts, version, *posted_for, reposted, editable = row
    stem, key = (posted_for[0], key_of(*posted_for)) if posted_for[0] else ("", "")
    return ClaimedEdit(living, thing, destination, where, ts, version, token, stem, key, bool(reposted), bool(editable))


def mark_edit_done(connection: "Connection", edit: ClaimedEdit) -> None:
    """It shows its version now; if somebody else was at it too, it is edited once more, lest the older text stays."""
    mine = connection.exec_driver_sql(
        "UPDATE living SET shown = max(shown, ?), token = NULL WHERE id = ? AND token = ?",
        (edit.version, edit.id, edit.token),
    )
    _once_more_unless(mine.rowcount, connection, edit)


def edit_later(connection: "Connection", edit: ClaimedEdit, until: datetime) -> None:
    """The edit did not work: not before then again; at once where somebody else was at it too, as `shown`."""
    mine = connection.exec_driver_sql(
        "UPDATE living SET expires_at = ? WHERE id = ? AND token = ?", (to_us(until), edit.id, edit.token)
    )
    _once_more_unless(mine.rowcount, connection, edit)


def edits_later(connection: "Connection", channel: str, until: datetime, now: datetime) -> None:
    """Slack takes no edits just now: those of a channel that nobody is at have to wait, and nothing else."""
    connection.exec_driver_sql(
        f"UPDATE living AS l SET token = 'later', expires_at = :until"  # noqa: S608 - our own
        f" WHERE l.wanted > l.shown AND l.channel = :channel AND l.ts IS NOT NULL AND {_FREE}",
        {"channel": channel, "until": to_us(until), "now": to_us(now), "far": to_us(now + LONGEST + _BETWEEN)},
    )


def _once_more_unless(mine: int, connection: "Connection", edit: ClaimedEdit) -> None:
    if not mine:
        connection.exec_driver_sql("UPDATE living SET wanted = wanted + 1 WHERE id = ?", (edit.id,))


def mark_deleted(connection: "Connection", edit: ClaimedEdit, now: datetime) -> None:
    """Its message was deleted: it is posted anew, once; after that the next step begins a new one."""
    connection.exec_driver_sql(
        "UPDATE living SET ts = NULL, token = NULL, shown = wanted, reposted = 1 WHERE id = ? AND ts = ?",
        (edit.id, edit.ts),
    )
    if not edit.reposted:
        enqueue(connection, [NewNotification(f"again:{edit.id}", edit.destination, edit.topic)], now)


def mark_not_editable(connection: "Connection", edit: ClaimedEdit, now: datetime) -> None:
    """Its message can no longer be edited: what is new is said in its thread, by whoever holds the claim.

    Once a step, whose own reply says what it is about; not at each reading, or the thread would be flooded.
    """
    mine = connection.exec_driver_sql(
        "UPDATE living SET shown = ?, token = NULL, editable = 0 WHERE id = ? AND token = ?",
        (edit.version, edit.id, edit.token),
    )
    if mine.rowcount:
        (step,) = connection.exec_driver_sql(
            "SELECT coalesce(max(id), 0) FROM notification WHERE living = ? AND stem NOT LIKE 'news:%'", (edit.id,)
        ).one()
        enqueue(connection, [NewNotification(f"news:{edit.id}-{step}", edit.destination, edit.topic)], now)


# --- owed too long -------------------------------------------------------------------------------


def summarize_overdue(connection: "Connection", now: datetime) -> int:
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
        enqueue(connection, [NewNotification(stem, destination)], now)
        connection.exec_driver_sql(
            "UPDATE notification SET state = 'missed', settled_at = ?, covered_by ="
            " (SELECT id FROM notification n WHERE n.stem = ? AND n.destination = ?) WHERE id = ?",
            [(to_us(now), stem, destination, key) for key in keys],
        )
    return len(rows)


def summarized_notifications(reader: "Reader", stem: str) -> list[tuple[str, str | None]]:
    """What a summary stands for, wherever it was handed on to: stems, with the living message of each."""
    rows = reader.rows(
        "SELECT n.stem, l.thing FROM notification n LEFT JOIN living l ON l.id = n.living"
        " WHERE n.covered_by IN (SELECT id FROM notification WHERE stem = :stem) ORDER BY n.id",
        {"stem": stem},
    )
    return [(each, thing) for each, thing in rows]


# --- to be looked at -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class OutboxSummary:
    """The outbox as `status` shows it: how many by state, since when the oldest is owed, and the dead ones."""

    counts: dict[str, int]
    oldest: int | None
    dead: list[tuple[str, str, int]]  # key, why, when (microseconds)


_STILL_OWED = "(state = 'pending' OR state = 'sending' OR state = 'unsure')"  # as the index of what is open has it


def undelivered_count(reader: "Reader") -> int:
    """How many notifications are not delivered yet."""
    return int(reader.rows(f"SELECT count(*) FROM notification WHERE {_STILL_OWED}")[0][0])  # noqa: S608 - our own


def outbox_summary(reader: "Reader") -> OutboxSummary:
    """How the outbox stands."""
    counts = dict(reader.rows("SELECT state, count(*) FROM notification GROUP BY state"))
    oldest = reader.rows(f"SELECT min(created_at) FROM notification WHERE {_STILL_OWED}")  # noqa: S608 - our own
    dead = reader.rows(
        "SELECT stem || ':' || destination, coalesce(error, ''), settled_at FROM notification"
        " WHERE state = 'dead' ORDER BY settled_at DESC, id DESC LIMIT 20"
    )
    return OutboxSummary(counts, oldest[0][0], [tuple(row) for row in dead])


# --- pruned --------------------------------------------------------------------------------------

RETAIN = timedelta(days=400)  # what was told a year ago may still be looked up, and its message brought up to date


@dataclass(frozen=True, slots=True)
class RetainedKeys:
    """What is kept however old it is: living messages by their things, and notifications by their stems."""

    topics: Collection[str] = ()
    dedup_keys: Collection[str] = ()


# of a notification `n`: it is over, nothing is looked for, and no summary that tells of it is on its way. The newest
# stays, as SQLite would give its key, which other keys are made of, to another one
_OVER = f"""
n.settled_at < :before AND n.check_at IS NULL AND n.state IN ('sent', 'dead', 'moved', 'missed')
AND n.id < (SELECT max(id) FROM notification) AND n.stem NOT IN (SELECT value FROM json_each(:stems))
AND NOT EXISTS (SELECT 1 FROM notification s CROSS JOIN notification o ON o.stem = s.stem
  WHERE s.id = n.covered_by AND {_STILL_OWED.replace("state", "o.state")})
"""  # noqa: S608 - our own
_PRUNED_ALONE = f"""
SELECT n.id FROM notification n WHERE n.id > :after AND n.id <= :upto AND n.living IS NULL AND {_OVER}
AND NOT EXISTS (SELECT 1 FROM notification c WHERE c.covered_by = n.id)
"""  # noqa: S608 - our own
_PRUNED_LIVING = f"""
SELECT l.id FROM living l WHERE l.id > :after AND l.id <= :upto AND l.id < (SELECT max(id) FROM living)
AND l.token IS NULL AND (l.wanted <= l.shown OR l.ts IS NULL)
AND l.thing NOT IN (SELECT value FROM json_each(:things))
AND EXISTS (SELECT 1 FROM notification n WHERE n.living = l.id)
AND NOT EXISTS (SELECT 1 FROM notification n WHERE n.living = l.id AND NOT coalesce({_OVER}, 0))
"""  # noqa: S608 - our own


def prune(connection: "Connection", now: datetime, lasting: RetainedKeys, after: int) -> PruneStep:
    """Delete notifications that stand alone and were over long ago, among those whose keys follow `after`."""
    reached = key_after(connection, "notification", after)
    old = connection.exec_driver_sql(_PRUNED_ALONE, _asked(now, lasting, after, reached)).all()
    _delete(connection, "DELETE FROM notification WHERE id = ?", old)
    return PruneStep(len(old), reached)


def prune_living(connection: "Connection", now: datetime, lasting: RetainedKeys, after: int) -> PruneStep:
    """Delete living messages with their threads if all of that was over long ago, among those as of `prune`."""
    reached = key_after(connection, "living", after)
    old = connection.exec_driver_sql(_PRUNED_LIVING, _asked(now, lasting, after, reached)).all()
    _delete(connection, "DELETE FROM notification WHERE living = ?", old)
    _delete(connection, "DELETE FROM living WHERE id = ?", old)
    return PruneStep(len(old), reached)


def _asked(now: datetime, lasting: RetainedKeys, after: int, reached: int | None) -> dict[str, Any]:
    return {
        "before": to_us(now - RETAIN),
        "after": after,
        "upto": 2**62 if reached is None else reached,
        "things": json.dumps(list(lasting.topics)),
        "stems": json.dumps(list(lasting.dedup_keys)),
    }


def _delete(connection: "Connection", sql: str, keys: Sequence[Sequence[Any]]) -> None:
    if keys:
        connection.exec_driver_sql(sql, [(key,) for (key,) in keys])
