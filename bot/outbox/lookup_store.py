"""Messages that may have arrived, and messages of which there may be a second copy: what is looked for in Slack."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text

from bot.domain.timestamps import optional_to_us, to_us
from bot.outbox.conditions import Moment, statement
from bot.outbox.keys import message_key


@dataclass(frozen=True, slots=True)
class LookupTarget:
    """A notification whose copies are looked for. `ts` is the copy that counts, `live` the id of its live message.

    Moments are microseconds. No copy is older than `created_at`, whichever attempt it came from. `claimed_at` is None
    if another ledger, which is lost, may have sent it: to a thread that nobody here knows. `last_ts` is the newest
    message that the bot had posted there before, `parents` the `ts`, with commas, of every message that its thread
    may have begun with.
    """

    id: int
    dedup_key: str
    destination: str
    channel: str
    thread: str | None
    live: int | None
    ts: str | None
    created_at: int
    checks: int
    ledger: str
    claimed_at: int | None
    last_ts: str | None
    parents: str | None

    @property
    def threads(self) -> list[str]:
        """The threads that a copy may be in: a parent may have been replaced between two attempts."""
        return sorted({*filter(None, (self.thread, *(self.parents or "").split(",")))})

    @property
    def message_key(self) -> str:
        """What its message's metadata carries."""
        return message_key(self.dedup_key, self.destination, self.ledger)


_TARGETS = """
SELECT n.id, n.stem, n.destination, n.channel, n.thread, n.living, n.ts, n.created_at, n.checks, n.ledger, n.claimed_at,
       (SELECT e.ts FROM notification e WHERE e.channel = n.channel AND e.state = 'sent'
        AND e.settled_at < n.claimed_at ORDER BY e.settled_at DESC LIMIT 1),
       (SELECT group_concat(p.ts) FROM notification p
        WHERE p.living = n.living AND p.channel = n.channel AND p.thread IS NULL AND p.ts IS NOT NULL AND p.id <> n.id)
FROM notification n
"""
_UNCONFIRMED = statement("{targets} WHERE {unconfirmed} AND {ready}", targets=_TARGETS)
_UNCHECKED = statement("{targets} WHERE n.state = 'sent' AND {unchecked}", targets=_TARGETS)
_ANYWHERE, _IN_CHANNEL = "AND n.channel IS NOT NULL ORDER BY n.id", "AND n.channel = :channel ORDER BY n.id"


def unconfirmed_targets(reader: Connection, moment: Moment, channel: str | None = None) -> list[LookupTarget]:
    """Return what may have arrived and has had time to: in all channels, or in one."""
    return _targets(reader, _UNCONFIRMED, moment, channel)


def unchecked_targets(reader: Connection, now: datetime, channel: str | None = None) -> list[LookupTarget]:
    """Return what was sent after it may have arrived before: a second copy may come late, and is to be looked for."""
    return _targets(reader, _UNCHECKED, Moment(now), channel)


def _targets(reader: Connection, sql: str, moment: Moment, channel: str | None) -> list[LookupTarget]:
    where = _ANYWHERE if channel is None else _IN_CHANNEL
    rows = reader.execute(text(f"{sql} {where}"), {**moment.values, "channel": channel}).all()
    return [LookupTarget(*row) for row in rows]


_POSTPONE_UNCONFIRMED = statement(
    "UPDATE notification AS n SET next_at = :until WHERE {unconfirmed} AND n.channel = :channel"
)
_POSTPONE_UNCHECKED = statement(
    "UPDATE notification AS n SET check_at = :until WHERE {unchecked} AND n.channel = :channel"
)


def postpone_lookups(connection: Connection, channel: str, until: datetime, moment: Moment) -> None:
    """Postpone what is looked for in a channel, whose history Slack does not show just now, and nothing else."""
    values = {**moment.values, "channel": channel, "until": to_us(until)}
    connection.exec_driver_sql(_POSTPONE_UNCONFIRMED, values)
    connection.exec_driver_sql(_POSTPONE_UNCHECKED, values)


def mark_not_arrived(connection: Connection, target: LookupTarget, now: datetime, why: str) -> None:
    """Record that a message did not arrive: it waits to be sent again."""
    connection.exec_driver_sql(
        "UPDATE notification SET state = 'pending', next_at = ?, error = ? WHERE id = ? AND state = 'unsure'",
        (to_us(now), why, target.id),
    )


def mark_checked(connection: Connection, target: LookupTarget, next_at: datetime | None) -> None:
    """Record that second copies were looked for; `next_at` is when the next check is due, None if it was the last."""
    connection.exec_driver_sql(
        "UPDATE notification SET check_at = ?, checks = checks + 1 WHERE id = ? AND state = 'sent'",
        (optional_to_us(next_at), target.id),
    )
