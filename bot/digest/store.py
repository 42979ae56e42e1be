"""The store of digests: what was decided for each channel and date."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, bindparam, delete, func, or_, select, update

from bot.database.statements import insert
from bot.digest.keys import DigestKey, DigestTopic
from bot.digest.rules import DigestDays, DigestOutcome, DigestSchedule
from bot.digest.tables import INCOMPLETE, digest
from bot.domain.post_times import CATCH_UP
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

_OF_CHANNEL = digest.c.channel == bindparam("its_channel")
_OF_TOPIC = [_OF_CHANNEL, digest.c.day == bindparam("its_day")]
_IS_OWED = digest.c.fate == DigestOutcome.OWED.value
_OF_DAY = select(digest).where(*_OF_TOPIC)
_LAST_DAY = select(func.max(digest.c.day)).where(
    _OF_CHANNEL, digest.c.day <= bindparam("today"), or_(_IS_OWED, digest.c.decided_at <= bindparam("now"))
)
_BEFORE = (
    select(digest)
    .where(_OF_CHANNEL, digest.c.day < bindparam("its_day"), _IS_OWED)
    .order_by(digest.c.day.desc())
    .limit(1)
)
_DAYS_BETWEEN = (
    select(digest.c.day)
    .where(_OF_CHANNEL, digest.c.day > bindparam("after"), digest.c.day < bindparam("before"))
    .order_by(digest.c.day)
)
_INCOMPLETE = select(digest).where(_IS_OWED, INCOMPLETE, digest.c.decided_at >= bindparam("since"))
_CHANNELS = select(digest.c.channel).distinct()
_LAST_OWED = select(digest.c.channel, func.max(digest.c.day).label("day")).where(_IS_OWED).group_by(digest.c.channel)


def decision_of(connection: Connection, topic: DigestTopic) -> DigestDecision | None:
    """Return what was decided for a channel and date; None if nothing was."""
    row = connection.execute(_OF_DAY, _channel_day(topic)).first()
    return None if row is None else _decision(row)


def last_decided_day(connection: Connection, channel: str, today: date, now: datetime) -> date | None:
    """Return the date of a channel's last decision, leaving out what a clock that ran ahead skipped or will post."""
    values = {"its_channel": channel, "today": today.isoformat(), "now": to_us(now)}
    day: str | None = connection.execute(_LAST_DAY, values).scalar()
    return None if day is None else date.fromisoformat(day)


def last_posted_before(connection: Connection, topic: DigestTopic) -> DigestDecision | None:
    """Return the channel's last digest before a date that was posted or still is to be."""
    while (row := connection.execute(_BEFORE, _channel_day(topic)).first()) is not None:
        decision = _decision(row)
        # wherever it was posted: a digest for a channel that is gone goes elsewhere
        if is_sent_or_waiting(connection, decision.key):
            return decision
        topic = decision.topic
    return None


def span_of(connection: Connection, topic: DigestTopic) -> DigestDays:
    """Return the days that a channel's digest of a date covers: those since the digest before it, or yesterday."""
    before = last_posted_before(connection, topic)
    if before is None:
        return DigestDays(topic.day - _DAY, topic.day)
    return DigestDays(before.span.day, topic.day, before.span.ends)


def skipped_days(connection: Connection, channel: str, after: date, before: date) -> list[date]:
    """Return the dates between two dates whose digest a channel did not get."""
    values = {"its_channel": channel, "after": after.isoformat(), "before": before.isoformat()}
    return [date.fromisoformat(day) for day in connection.execute(_DAYS_BETWEEN, values).scalars()]


def incomplete_decisions(connection: Connection, since: datetime) -> list[DigestDecision]:
    """Return the digests to be posted that were decided since a moment, while their data was not complete."""
    return [_decision(row) for row in connection.execute(_INCOMPLETE, {"since": to_us(since)})]


def rendered_at(connection: Connection, decision: DigestDecision) -> int:
    """Return when a digest was rendered, in microseconds: it shows what was booked by then. 0 if it never was."""
    claimed_at = last_claimed_at(connection, decision.key)
    return 0 if claimed_at is None else to_us(claimed_at)


def decided_channels(connection: Connection) -> list[str]:
    """Return the channels that have a decision."""
    return list(connection.execute(_CHANNELS).scalars())


def last_topics(connection: Connection) -> list[DigestTopic]:
    """Return the topic of each channel's last digest that was to be posted, which the next one continues."""
    return [DigestTopic(row.channel, date.fromisoformat(row.day)) for row in connection.execute(_LAST_OWED)]


def _channel_day(topic: DigestTopic) -> dict[str, str]:
    return {"its_channel": topic.channel, "its_day": topic.day.isoformat()}


def _decision(row: Row[Any]) -> DigestDecision:
    first, last = date.fromisoformat(row.since), date.fromisoformat(row.day)
    return DigestDecision(
        channel=row.channel,
        span=DigestDays(first, last, optional_from_us(row.begins_at), optional_from_us(row.ends_at)),
        outcome=DigestOutcome(row.fate),
        last_charge=row.last_charge,
        begins=row.begins,
        complete=row.complete,
        at=from_us(row.decided_at),
    )


# --- written -------------------------------------------------------------------------------------

_FORGET = delete(digest).where(*_OF_TOPIC)
_FORGET_AHEAD = _FORGET.where(digest.c.fate == DigestOutcome.SKIPPED.value, digest.c.decided_at > bindparam("now"))
_ADD = insert(digest).on_conflict_do_nothing().returning(digest.c.day)
_RETIRE = update(digest).where(_OF_CHANNEL).values(fate=DigestOutcome.PAST.value)
_MARK_COMPLETE = update(digest).where(*_OF_TOPIC).values(complete=True)


def add(connection: Connection, decision: DigestDecision) -> bool:
    """Record a decision unless there is one for its channel and date; return whether it was recorded."""
    # digests skipped by a clock that ran ahead are decided again
    connection.execute(_FORGET_AHEAD, {**_channel_day(decision.topic), "now": to_us(decision.at)})
    return connection.execute(_ADD, _values(decision)).first() is not None


def _values(decision: DigestDecision) -> dict[str, Any]:
    span = decision.span
    return {
        "channel": decision.channel,
        "day": span.day.isoformat(),
        "fate": decision.outcome.value,
        "since": span.first.isoformat(),
        "decided_at": to_us(decision.at),
        "last_charge": decision.last_charge,
        "begins": decision.begins,
        "complete": decision.complete,
        "begins_at": optional_to_us(span.begins),
        "ends_at": optional_to_us(span.ends),
    }


def forget_unposted(connection: Connection, topic: DigestTopic) -> None:
    """Delete the decision on a digest that was not posted and is not waiting to be, so that it can be requested."""
    key = DigestKey(topic.channel, topic.day)
    if not is_sent_or_waiting(connection, key):
        connection.execute(_FORGET, _channel_day(topic))
        delete_notifications(connection, key)


def retire(connection: Connection, channel: str) -> None:
    """Mark all digests of a channel as past, so that the next one starts anew."""
    connection.execute(_RETIRE, {"its_channel": channel})


def mark_complete(connection: Connection, decision: DigestDecision) -> None:
    """Record that a digest's data is complete, and that it shows what is booked by now."""
    values = {**_channel_day(decision.topic), "last_charge": newest_charge(connection)}
    connection.execute(_MARK_COMPLETE, values)


# --- pruned --------------------------------------------------------------------------------------

RETAIN = timedelta(days=400)  # of decisions; a digest that old can be requested again

_other = digest.alias()
_LAST_OF_CHANNEL = (
    select(func.coalesce(func.max(_other.c.day), "")).where(_other.c.channel == digest.c.channel).correlate(digest)
)
_PRUNE = delete(digest).where(
    digest.c.decided_at < bindparam("before"),
    digest.c.day < _LAST_OF_CHANNEL.scalar_subquery(),
    digest.c.day < _LAST_OF_CHANNEL.where(_other.c.fate == DigestOutcome.OWED.value).scalar_subquery(),
)


def prune(connection: Connection, now: datetime) -> int:
    """Delete old decisions except each channel's last and last posted one; return how many."""
    return connection.execute(_PRUNE, {"before": to_us(now - RETAIN)}).rowcount


# --- taken over from a former ledger -------------------------------------------------------------

_KEEP_OUTCOME = update(digest).where(*_OF_TOPIC)


def adopt_decisions(connection: Connection, former: FormerLedger, now: datetime) -> None:
    """Copy the former ledger's decisions.

    What is read again is not "booked late", and each channel's last digest is incomplete until a complete pass ends.
    """
    newest = newest_charge(connection)
    last = {row["channel"]: row["day"] for row in former.rows(_LAST_OWED)}
    for row in former.all_rows(digest):
        decision = row | {"last_charge": newest}
        if row["day"] == last.get(row["channel"]):
            decision |= {"complete": False, "decided_at": to_us(now)}
        if connection.execute(_ADD, decision).first() is None:  # it was decided here too, perhaps otherwise
            values = {"its_channel": row["channel"], "its_day": row["day"], "fate": row["fate"]}
            connection.execute(_KEEP_OUTCOME, values)
