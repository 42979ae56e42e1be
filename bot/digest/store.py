"""The store of digests: what was decided for each channel and date."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from bot.database.rows import insert_row
from bot.digest.keys import DigestKey, DigestTopic
from bot.digest.rules import CATCH_UP, DigestDays, DigestOutcome, DigestSchedule
from bot.domain.timestamps import from_us, optional_from_us, optional_to_us, to_us
from bot.ledger.charge_queries import newest_charge
from bot.ledger.former_ledger import FormerLedger
from bot.outbox.amendments import delete_notifications
from bot.outbox.queries import is_sent_or_waiting, last_claimed_at

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class DigestDecision:
    """What was decided for a channel's digest of a date; `last_charge` and `begins` as in the table."""

    channel: str
    span: DigestDays
    outcome: DigestOutcome
    last_charge: int
    begins: int
    complete: bool
    at: datetime

    @property
    def topic(self) -> DigestTopic:
        """The topic of the digest's live message."""
        return DigestTopic(self.channel, self.span.day)

    @property
    def key(self) -> DigestKey:
        """The key of its notification."""
        return DigestKey(self.channel, self.span.day)

    def post_until(self, schedule: DigestSchedule) -> datetime:
        """Return until when it may be posted first: half a day after it was due or, if later, requested."""
        due = schedule.due_at(self.span.day)
        return (due if self.at - due < CATCH_UP else self.at) + CATCH_UP


# --- read ----------------------------------------------------------------------------------------

_COLUMNS = """
SELECT channel, since, day, fate, last_charge, begins, complete, decided_at, begins_at, ends_at FROM digest
"""
_OF_DAY = f"{_COLUMNS} WHERE channel = ? AND day = ?"
_BEFORE = f"{_COLUMNS} WHERE channel = ? AND day < ? AND fate = 'owed' ORDER BY day DESC LIMIT 1"
_INCOMPLETE = f"{_COLUMNS} WHERE fate = 'owed' AND NOT complete AND decided_at >= ?"


def decision_of(reads: Connection, topic: DigestTopic) -> DigestDecision | None:
    """Return what was decided for a channel and date; None if nothing was."""
    row = reads.exec_driver_sql(_OF_DAY, _channel_day(topic)).first()
    return None if row is None else _decision(row)


def last_decided_day(reads: Connection, channel: str, today: date, now: datetime) -> date | None:
    """Return the date of a channel's last decision, leaving out what a clock that ran ahead skipped or will post."""
    sql = "SELECT max(day) FROM digest WHERE channel = ? AND day <= ? AND (fate = 'owed' OR decided_at <= ?)"
    row = reads.exec_driver_sql(sql, (channel, today.isoformat(), to_us(now))).first()
    return None if row is None or row[0] is None else date.fromisoformat(row[0])


def last_posted_before(reads: Connection, topic: DigestTopic) -> DigestDecision | None:
    """Return the channel's last digest before a date that was posted or still is to be."""
    while (row := reads.exec_driver_sql(_BEFORE, _channel_day(topic)).first()) is not None:
        decision = _decision(row)
        # wherever it was posted: a digest for a channel that is gone goes elsewhere
        if is_sent_or_waiting(reads, decision.key):
            return decision
        topic = decision.topic
    return None


def span_of(reads: Connection, topic: DigestTopic) -> DigestDays:
    """Return the days that a channel's digest of a date covers: those since the digest before it, or yesterday."""
    before = last_posted_before(reads, topic)
    if before is None:
        return DigestDays(topic.day - _DAY, topic.day)
    return DigestDays(before.span.day, topic.day, before.span.ends)


def skipped_days(reads: Connection, channel: str, after: date, before: date) -> list[date]:
    """Return the dates between two dates whose digest a channel did not get."""
    rows = reads.exec_driver_sql(
        "SELECT day FROM digest WHERE channel = ? AND day > ? AND day < ? ORDER BY day",
        (channel, after.isoformat(), before.isoformat()),
    )
    return [date.fromisoformat(row[0]) for row in rows.all()]


def incomplete_decisions(reads: Connection, since: datetime) -> list[DigestDecision]:
    """Return the digests to be posted that were decided since a moment, while their data was not complete."""
    return [_decision(row) for row in reads.exec_driver_sql(_INCOMPLETE, (to_us(since),)).all()]


def rendered_at(reads: Connection, decision: DigestDecision) -> int:
    """Return when a digest was rendered, in microseconds: it shows what was booked by then. 0 if it never was."""
    claimed_at = last_claimed_at(reads, decision.key)
    return 0 if claimed_at is None else to_us(claimed_at)


def decided_channels(reads: Connection) -> list[str]:
    """Return the channels that have a decision."""
    return [row[0] for row in reads.exec_driver_sql("SELECT DISTINCT channel FROM digest").all()]


def last_topics(reads: Connection) -> list[DigestTopic]:
    """Return the topic of each channel's last digest that was to be posted, which the next one continues."""
    rows = reads.exec_driver_sql("SELECT channel, max(day) FROM digest WHERE fate = 'owed' GROUP BY channel").all()
    return [DigestTopic(channel, date.fromisoformat(day)) for channel, day in rows]


def _channel_day(topic: DigestTopic) -> tuple[str, str]:
    return topic.channel, topic.day.isoformat()


def _decision(row: Sequence[Any]) -> DigestDecision:
    channel, since, day, outcome, last_charge, begins, complete, decided_at, begins_at, ends_at = row
    first, last = date.fromisoformat(since), date.fromisoformat(day)
    return DigestDecision(
        channel=channel,
        span=DigestDays(first, last, optional_from_us(begins_at), optional_from_us(ends_at)),
        outcome=DigestOutcome(outcome),
        last_charge=last_charge,
        begins=begins,
        complete=bool(complete),
        at=from_us(decided_at),
    )


# --- written -------------------------------------------------------------------------------------

_FORGET_AHEAD = "DELETE FROM digest WHERE channel = ? AND day = ? AND fate = 'skipped' AND decided_at > ?"
_ADD = """
INSERT OR IGNORE INTO digest
  (channel, day, fate, since, decided_at, last_charge, begins, complete, begins_at, ends_at)
VALUES (?,?,?,?,?,?,?,?,?,?)
"""


def add(connection: Connection, decision: DigestDecision) -> bool:
    """Record a decision unless there is one for its channel and date; return whether it was recorded."""
    # digests skipped by a clock that ran ahead are decided again
    connection.exec_driver_sql(_FORGET_AHEAD, (*_channel_day(decision.topic), to_us(decision.at)))
    span = decision.span
    values = (
        *_channel_day(decision.topic),
        decision.outcome,
        span.first.isoformat(),
        to_us(decision.at),
        decision.last_charge,
        decision.begins,
        decision.complete,
        optional_to_us(span.begins),
        optional_to_us(span.ends),
    )
    return bool(connection.exec_driver_sql(_ADD, values).rowcount)


def forget_unposted(connection: Connection, topic: DigestTopic) -> None:
    """Delete the decision on a digest that was not posted and is not waiting to be, so that it can be requested."""
    key = DigestKey(topic.channel, topic.day)
    if not is_sent_or_waiting(connection, key):
        connection.exec_driver_sql("DELETE FROM digest WHERE channel = ? AND day = ?", _channel_day(topic))
        delete_notifications(connection, key)


def retire(connection: Connection, channel: str) -> None:
    """Mark all digests of a channel as past, so that the next one starts anew."""
    connection.exec_driver_sql("UPDATE digest SET fate = ? WHERE channel = ?", (DigestOutcome.PAST, channel))


def mark_complete(connection: Connection, decision: DigestDecision) -> None:
    """Record that a digest's data is complete, and that it shows what is booked by now."""
    connection.exec_driver_sql(
        "UPDATE digest SET complete = 1, last_charge = ? WHERE channel = ? AND day = ?",
        (newest_charge(connection), *_channel_day(decision.topic)),
    )


# --- pruned --------------------------------------------------------------------------------------

RETAIN = timedelta(days=400)  # of decisions; a digest that old can be requested again

_PRUNE = """
DELETE FROM digest WHERE decided_at < ?
  AND day < (SELECT coalesce(max(d.day), '') FROM digest d WHERE d.channel = digest.channel)
  AND day < (SELECT coalesce(max(d.day), '') FROM digest d WHERE d.channel = digest.channel AND d.fate = 'owed')
"""


def prune(connection: Connection, now: datetime) -> int:
    """Delete old decisions except each channel's last and last posted one; return how many."""
    return connection.exec_driver_sql(_PRUNE, (to_us(now - RETAIN),)).rowcount


# --- taken over from a former ledger -------------------------------------------------------------

_LAST = "SELECT channel, max(day) AS day FROM digest WHERE fate = ? GROUP BY channel"
_KEEP_OUTCOME = "UPDATE digest SET fate = ? WHERE channel = ? AND day = ?"


def adopt_decisions(connection: Connection, former: FormerLedger, now: datetime) -> None:
    """Copy the former ledger's decisions.

    What is read again is not "booked late", and each channel's last digest is incomplete until a complete pass ends.
    """
    newest = newest_charge(connection)
    last = {row["channel"]: row["day"] for row in former.rows(_LAST, (DigestOutcome.OWED,))}
    for row in former.rows("SELECT * FROM digest"):
        decision = {name: row[name] for name in row if name != "id"} | {"last_charge": newest}
        if row["day"] == last.get(row["channel"]):
            decision |= {"complete": 0, "decided_at": to_us(now)}
        if insert_row(connection, "digest", decision) is None:  # it was decided here too, perhaps otherwise
            connection.exec_driver_sql(_KEEP_OUTCOME, (row["fate"], row["channel"], row["day"]))
