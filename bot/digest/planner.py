"""The digest planner: decides once for each channel and date whether its digest is posted, and has it edited later."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from bot.database import metadata
from bot.database.reader import Reader
from bot.digest import store
from bot.digest.channels import on_since
from bot.digest.keys import DigestKey, DigestTopic
from bot.digest.rules import FULL_AFTER, DigestDays, DigestOutcome, DigestSchedule, digest_outcomes
from bot.digest.store import Decided
from bot.domain.periods import local_day
from bot.domain.timestamps import from_us, to_us
from bot.ledger.freshness import beginning, freshness, is_complete
from bot.ledger.scope import EVERYTHING
from bot.outbox.destinations import ChannelDestination
from bot.outbox.live_store import request_edits
from bot.outbox.store import NewNotification, enqueue

if TYPE_CHECKING:
    from sqlalchemy import Connection

_INSTALLED = "digest_since"  # the note of when digests were first thought of: none is due before
_ONE = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Decisions:
    """What there is to do: note the first start, keep what was decided, have edited what is complete now."""

    first: bool
    new: tuple[Decided, ...]
    whole: tuple[Decided, ...]

    def __bool__(self) -> bool:
        return self.first or bool(self.new) or bool(self.whole)


@dataclass(frozen=True, slots=True)
class DigestPlanner:
    """Decides when digests are due: a pure function of the moment and the database, claimed by a unique key."""

    plan: DigestSchedule

    def decisions(self, reader: Reader, channels: Sequence[str], now: datetime, awake: datetime) -> Decisions:
        """What there is to do for these channels now, in one snapshot; `awake` as of the rules."""
        with reader:
            first = _installed(reader, now) is None
            new = tuple(each for channel in channels for each in self._decided(reader, channel, now, awake))
            waiting = store.incomplete(reader, now - FULL_AFTER)
            return Decisions(first, new, tuple(each for each in waiting if self.holds_all(reader, each.span, now)))

    def apply_due(self, connection: "Connection", decisions: Decisions, now: datetime) -> None:
        """Keep what was decided, unless somebody else has, and owe what is to be told of it."""
        if decisions.first:
            metadata.write(connection, _INSTALLED, str(to_us(now)))
        for each in decisions.new:
            if store.write(connection, each) and each.fate is DigestOutcome.OWED:
                self._owe(connection, each, now)
        for each in decisions.whole:
            store.completed(connection, each)
        request_edits(connection, [DigestTopic(each.channel, each.span.day) for each in decisions.whole])

    @staticmethod
    def _owe(connection: "Connection", decided: Decided, now: datetime) -> None:
        channel, day = decided.channel, decided.span.day
        new = NewNotification(DigestKey(channel, day), ChannelDestination(channel), DigestTopic(channel, day))
        enqueue(connection, [new], now)

    def asked(self, reader: Reader, channel: str, day: date, now: datetime) -> Decided:
        """A channel's digest of a date as it is to be told because somebody asks for it."""
        with reader:
            span = span_of(reader, channel, day)
            return self._made(
                reader, channel, span, DigestOutcome.OWED, now, complete=self.holds_all(reader, span, now)
            )

    def tell(self, connection: "Connection", asked: Decided, now: datetime) -> bool:
        """Owe a digest that somebody asked for; whether it is new: a channel gets one a date."""
        store.unskip(connection, asked.channel, asked.span.day)
        if not store.write(connection, asked):
            return False
        self._owe(connection, asked, now)
        return True

    def _decided(self, reader: Reader, channel: str, now: datetime, awake: datetime) -> Iterator[Decided]:
        after = self._after(reader, channel, now)
        days = self.plan.dates(after, now)
        if not days:
            return
        complete = self.holds_all(reader, span_of(reader, channel, days[-1]), now)
        for day, fate in digest_outcomes(self.plan, after, now, awake, complete=complete).items():
            yield self._made(reader, channel, span_of(reader, channel, day), fate, now, complete=complete)

    def _made(
        self, reader: Reader, channel: str, days: DigestDays, fate: DigestOutcome, now: datetime, *, complete: bool
    ) -> Decided:
        begins = beginning(reader, freshness(reader, now), EVERYTHING)
        window = days.window(self.plan.zone)
        return Decided(
            channel=channel,
            span=replace(days, begins=window.start, ends=window.end),
            fate=fate,
            last_charge=store.newest_charge(reader),
            begins=0 if begins is None else to_us(begins),
            complete=complete,
            at=now,
        )

    def _after(self, reader: Reader, channel: str, now: datetime) -> date:
        """The date after which digests are still to be decided: the last one's, or that of the first start.

        Where a channel's digest was switched on since, or again, it is the date of that.
        """
        last = store.last_day(reader, channel, local_day(now, self.plan.zone), now)
        since = on_since(reader, channel, now)
        if last is not None and since is None:
            return last
        begun = self._begun(since or _installed(reader, now) or now)
        return begun if last is None else max(last, begun)

    def _begun(self, installed: datetime) -> date:
        """The date after which the first digest is due."""
        day = local_day(installed, self.plan.zone)
        return day if self.plan.moment(day) <= installed else day - _ONE

    def holds_all(self, reader: Reader, days: DigestDays, now: datetime) -> bool:
        """Whether a complete pass that began after the last midnight, and those before it, hold all of the days."""
        midnight = days.window(self.plan.zone).end
        row = reader.one(
            "SELECT 1 FROM pass WHERE complete AND kind <> 'history' AND started_at >= :midnight AND started_at <= :now"
            " LIMIT 1",
            {"midnight": to_us(midnight), "now": to_us(now)},
        )
        fresh = freshness(reader, now)
        return row is not None and is_complete(fresh, days.window(self.plan.zone), beginning(reader, fresh, EVERYTHING))


def _installed(reader: Reader, now: datetime) -> datetime | None:
    """When digests were first thought of; nothing where a clock that ran ahead has noted it."""
    noted = metadata.read(reader, _INSTALLED)
    return from_us(int(noted)) if noted and int(noted) <= to_us(now) else None


def span_of(reader: Reader, channel: str, day: date) -> DigestDays:
    """The days that a channel's digest of a date tells of: since the one before it, or yesterday."""
    before = store.told_before(reader, channel, day)
    return DigestDays(before.span.day, day, before.span.ends) if before else DigestDays(day - _ONE, day)
