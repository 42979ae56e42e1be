"""The job: compares after each pass of the calendar, and keeps what was found."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import structlog
from sqlalchemy import Connection

from bot.domain.access import RefusedError
from bot.domain.periods import Window
from bot.domain.query.parser import parse
from bot.domain.query.question import Question
from bot.domain.query.when import resolve
from bot.domain.timestamps import from_us
from bot.ledger.freshness import UnreadError, freshness
from bot.ledger.neo_agreement import NeoAgreement, members_by_id, neo_agreement, write_neo_agreement
from bot.reconcile.days_comparison import Comparison
from bot.reconcile.reconciler import Reconciler
from bot.reconcile.rules import RETRY, Days, closed_days
from bot.sync.planner import is_due_after_pass
from bot.sync.rules import previous_month

log = structlog.get_logger(__name__)


class NothingClosedError(RefusedError):
    """None of the days asked for can be compared."""

    def __init__(self) -> None:
        super().__init__("No whole day in this period can be compared yet. A day must be over for 24 hours.")


class NoWindowError(RefusedError):
    """The line is more than a time; the message says what to type."""

    def __init__(self) -> None:
        super().__init__("`reconcile` takes a time only, such as `reconcile last month` or `reconcile 7d`.")


@dataclass(frozen=True, slots=True)
class ReconcileJob:
    """Compares and records, one comparison at a time."""

    reconciler: Reconciler
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def run_when_due(self) -> None:
        """Compare the days of a nightly pass, if one has been read since the last comparison.

        Raises LedgerError if the ledger cannot be written, or another process took over.
        """
        now = self.reconciler.clock()
        if await self.reconciler.database.read(lambda connection: _is_due(connection, now)):
            with suppress(NothingClosedError, UnreadError):  # a new ledger; the next pass is followed by another look
                await self.compare("")

    async def compare(self, line: str) -> Comparison:
        """Compare the days of a time in the query language, by default those of a nightly pass; keep and return it.

        Raises:
            NoWindowError: the line holds more than a time.
            QueryError: it is no question.
            NothingClosedError: none of the days can be compared yet.
            UnreadError: nothing has been read from Neo yet.
            LedgerError: the ledger cannot be written.
        """
        async with self._turn:
            now, database = self.reconciler.clock(), self.reconciler.database
            days, former = await database.read(
                lambda connection: (_days(connection, line, now), neo_agreement(connection))
            )
            comparison = await self.reconciler.compare(days, former)
            emails = await database.write(lambda connection: _kept(connection, comparison.agreement))
            _log(comparison.agreement, days)
            return replace(comparison, emails=emails)


def _kept(connection: Connection, agreement: NeoAgreement) -> dict[int, str]:
    """Keep what was found; return the e-mails of the members that differ by id."""
    write_neo_agreement(connection, agreement)
    return members_by_id(connection, agreement.members)


def _is_due(connection: Connection, now: datetime) -> bool:
    agreement = neo_agreement(connection)
    return is_due_after_pass(connection, agreement.attempted_at, RETRY if agreement.unavailable else None, now)


def _days(connection: Connection, line: str, now: datetime) -> Days:
    """Return the closed days of a time that the ledger has read as a whole."""
    window, fresh = _window(line, now), freshness(connection, now)
    if fresh.as_of is None or fresh.since is None:
        raise UnreadError
    since = from_us(fresh.since)
    days = closed_days(max(window.start, since), min(window.end, fresh.as_of), now)
    if days is None:
        raise NothingClosedError
    return days


def _window(line: str, now: datetime) -> Window:
    """Return the window of a line; of an empty one that of a nightly pass. Days are UTC, as Neo's are."""
    if not line.strip():
        return Window(previous_month(now, UTC), now)
    question = parse(line, now=now, zone=UTC)
    if question.when is None or question != Question(when=question.when):
        raise NoWindowError
    return resolve(question.when, now, UTC)


def _log(agreement: NeoAgreement, days: Days) -> None:
    differing = [each.isoformat() for each in agreement.differing_days]
    log.info(
        "compared with Neo's total",
        first=days.first.isoformat(),
        last=days.last.isoformat(),
        differing=differing,
        unavailable=agreement.unavailable,
    )
