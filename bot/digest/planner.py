"""The digest planner: decides once for each channel and date whether its digest is posted, and has it edited later."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from sqlalchemy import Connection

from bot.database import metadata
from bot.digest import store
from bot.digest.channels import enabled_since
from bot.digest.keys import DigestCompletedKey, DigestTopic
from bot.digest.rules import EDITED_FOR, DigestDays, DigestOutcome, DigestSchedule, digest_outcomes
from bot.digest.spend_facts import holds_all
from bot.digest.store import DigestDecision
from bot.domain.periods import local_day
from bot.domain.timestamps import from_us, to_us
from bot.ledger.charge_queries import newest_charge
from bot.ledger.freshness import beginning, freshness
from bot.ledger.scope import EVERYTHING
from bot.outbox.destinations import WEBHOOK_CHANNEL, ChannelDestination
from bot.outbox.live_store import request_edits
from bot.outbox.store import NewNotification, enqueue
from bot.outbox.webhook_queue import NewEvent, enqueue_events

_INSTALLED = "digest_since"  # the metadata of when digests were first planned; earlier ones are never due
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class DueDigests:
    """What is due: recording the first start, new decisions, and edits of digests whose data is complete now."""

    first_start: bool
    new: tuple[DigestDecision, ...]
    completed: tuple[DigestDecision, ...]

    def __bool__(self) -> bool:
        return self.first_start or bool(self.new) or bool(self.completed)


@dataclass(frozen=True, slots=True)
class DigestPlanner:
    """Decides when digests are due. A decision is unique for its channel and date, whichever process makes it."""

    schedule: DigestSchedule

    def due(self, connection: Connection, channels: Sequence[str], now: datetime, awake: datetime) -> DueDigests:
        """Return what is due for these channels now, read in one snapshot; `awake` as in `digest_outcomes`."""
        first_start = _installed_at(connection, now) is None
        new = [each for channel in channels for each in self._new_decisions(connection, channel, now, awake)]
        incomplete = store.incomplete_decisions(connection, now - EDITED_FOR)
        completed = [each for each in incomplete if self._is_complete(connection, each.span, now)]
        return DueDigests(first_start, tuple(new), tuple(completed))

    def apply_due(self, connection: Connection, due: DueDigests, now: datetime) -> None:
        """Record decisions that nobody else has made, enqueue their notifications, and request edits."""
        if due.first_start:
            metadata.write(connection, _INSTALLED, str(to_us(now)))
        for each in due.new:
            if store.add(connection, each) and each.outcome is DigestOutcome.OWED:
                _enqueue(connection, each, now)
        for each in due.completed:
            store.mark_complete(connection, each)
        request_edits(connection, [each.topic for each in due.completed])
        _enqueue_completed(connection, due.completed, now)

    def requested_decision(self, connection: Connection, topic: DigestTopic, now: datetime) -> DigestDecision:
        """Return the decision to post a channel's digest of a date on request."""
        span = store.span_of(connection, topic)
        complete = self._is_complete(connection, span, now)
        return replace(self._decision(connection, topic.channel, span, now), complete=complete)

    def enqueue_requested(self, connection: Connection, decision: DigestDecision, now: datetime) -> bool:
        """Enqueue a requested digest; return whether it is new, since a channel gets one a date."""
        store.forget_unposted(connection, decision.topic)
        is_new = store.add(connection, decision)
        if is_new:
            _enqueue(connection, decision, now)
        return is_new

    # --- decisions -----------------------------------------------------------------------------------

    def _new_decisions(
        self, connection: Connection, channel: str, now: datetime, awake: datetime
    ) -> Iterator[DigestDecision]:
        after = self._decided_until(connection, channel, now)
        due = self.schedule.dates(after, now)
        if not due:
            return
        complete = self._is_complete(connection, store.span_of(connection, DigestTopic(channel, due[-1])), now)
        for day, outcome in digest_outcomes(self.schedule, after, now, awake, complete=complete).items():
            span = store.span_of(connection, DigestTopic(channel, day))
            yield replace(self._decision(connection, channel, span, now), outcome=outcome, complete=complete)

    def _decision(self, connection: Connection, channel: str, span: DigestDays, now: datetime) -> DigestDecision:
        """Return the decision to post a digest whose data is not complete."""
        begins = beginning(connection, freshness(connection, now), EVERYTHING)
        window = span.window(self.schedule.zone)
        return DigestDecision(
            channel=channel,
            span=replace(span, begins=window.start, ends=window.end),
            outcome=DigestOutcome.OWED,
            last_charge=newest_charge(connection),
            begins=0 if begins is None else to_us(begins),
            complete=False,
            at=now,
        )

    def _decided_until(self, connection: Connection, channel: str, now: datetime) -> date:
        """Return the date up to which nothing is to be decided: the last decision's, or that of the first start.

        If the channel's digest was enabled since, or again, it is the date of that.
        """
        last = store.last_decided_day(connection, channel, local_day(now, self.schedule.zone), now)
        since = enabled_since(connection, channel, now)
        if last is not None and since is None:
            return last
        started = self._day_before_first(since or _installed_at(connection, now) or now)
        return started if last is None else max(last, started)

    def _day_before_first(self, started: datetime) -> date:
        """Return the date before the first date whose digest is due after a moment."""
        day = local_day(started, self.schedule.zone)
        return day if self.schedule.due_at(day) <= started else day - _DAY

    def _is_complete(self, connection: Connection, span: DigestDays, now: datetime) -> bool:
        return holds_all(connection, span.window(self.schedule.zone), now)


def _enqueue(connection: Connection, decision: DigestDecision, now: datetime) -> None:
    if decision.channel == WEBHOOK_CHANNEL:
        enqueue_events(connection, [NewEvent(decision.key, decision.topic)], now)
        return
    destination = ChannelDestination(decision.channel)
    enqueue(connection, [NewNotification(decision.key, destination, decision.topic)], now)


def _enqueue_completed(connection: Connection, completed: Sequence[DigestDecision], now: datetime) -> None:
    events = [
        NewEvent(DigestCompletedKey(each.channel, each.span.day), each.topic)
        for each in completed
        if each.channel == WEBHOOK_CHANNEL
    ]
    enqueue_events(connection, events, now)


def _installed_at(connection: Connection, now: datetime) -> datetime | None:
    """Return when digests were first planned; None if never, or if a clock that ran ahead has recorded it."""
    recorded = metadata.read(connection, _INSTALLED)
    return from_us(int(recorded)) if recorded and int(recorded) <= to_us(now) else None
