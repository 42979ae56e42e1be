"""The job: compares after each pass of the calendar, and keeps what was found."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import structlog
from sqlalchemy import Connection

from bot.domain.access import AT_THE_TERMINAL, RefusedError
from bot.domain.periods import Window
from bot.domain.query.question import Question
from bot.domain.query.when import resolve
from bot.domain.timestamps import from_us
from bot.ledger.freshness import UnreadError, freshness
from bot.ledger.neo_agreement import NeoAgreement, members_by_id, neo_agreement, write_neo_agreement
from bot.ledger.neo_totals import unlisted_count
from bot.ledger.question_parsing import parse_question
from bot.reconcile.days_comparison import Comparison
from bot.reconcile.reconciler import Reconciler
from bot.reconcile.rules import RETRY, Days, closed_days, merged_agreement, nightly_start
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
        """Compare the days of a time, as operators type it, by default those of a nightly pass; keep and return it.

        Raises:
            NoWindowError: the line holds more than a time.
            QueryError: it is no question, or may mean several.
            NothingClosedError: none of the days can be compared yet.
            UnreadError: nothing has been read from Neo yet.
            LedgerError: the ledger cannot be written.
        """
        async with self._turn:
            now, database = self.reconciler.clock(), self.reconciler.database
            former, days = await database.read(lambda connection: _plan(connection, line, now))
            found = await self.reconciler.compare(days, former)
            comparison = await database.write(lambda connection: _kept(connection, found, days, now))
            _log(comparison, days)
            return comparison


def _plan(connection: Connection, line: str, now: datetime) -> tuple[NeoAgreement, Days]:
    """Return what the last comparison found, and the days of a time."""
    former = neo_agreement(connection)
    return former, _days(connection, line, former, now)


def _kept(connection: Connection, found: Comparison, days: Days, now: datetime) -> Comparison:
    """Keep what was found on some days, beside what is known of others by now; return it with that, and its members."""
    known, agreement = neo_agreement(connection), found.agreement  # another process may have compared meanwhile
    if agreement.unavailable:
        agreement = replace(known, attempted_at=agreement.attempted_at, unavailable=agreement.unavailable)
    else:
        agreement = merged_agreement(known, agreement, days)
        agreement = replace(agreement, unlisted=_unlisted(connection, agreement, now))
    write_neo_agreement(connection, agreement)
    return replace(found, agreement=agreement, emails=members_by_id(connection, agreement.members))


def _unlisted(connection: Connection, agreement: NeoAgreement, now: datetime) -> int:
    """Return how many tasks of the days of a night Neo lists no more, up to the day through which all agree."""
    if agreement.through is None:
        return 0
    return unlisted_count(connection, previous_month(now, UTC), Days(agreement.through, agreement.through).end)


def _is_due(connection: Connection, now: datetime) -> bool:
    agreement = neo_agreement(connection)
    return is_due_after_pass(connection, agreement.attempted_at, RETRY if agreement.unavailable else None, now)


def _days(connection: Connection, line: str, former: NeoAgreement, now: datetime) -> Days:
    """Return the closed days of a time that the ledger has read as a whole."""
    window, fresh = _window(connection, line, former, now), freshness(connection, now)
    if fresh.as_of is None or fresh.since is None:
        raise UnreadError
    since = from_us(fresh.since)
    days = closed_days(max(window.start, since), min(window.end, fresh.as_of), now)
    if days is None:
        raise NothingClosedError
    return days


def _window(connection: Connection, line: str, former: NeoAgreement, now: datetime) -> Window:
    """Return the window of a line; of an empty one that of a night. Days are UTC, as Neo's are."""
    if not line.strip():
        return Window(nightly_start(former, previous_month(now, UTC)), now)
    question = parse_question(connection, AT_THE_TERMINAL, line, now=now, zone=UTC)
    # Neo's total is the team's, so that `all of november` asks for no other
    if question.when is None or question != Question(team=question.team, when=question.when):
        raise NoWindowError
    return resolve(question.when, now, UTC)


def _log(comparison: Comparison, days: Days) -> None:
    agreement = comparison.agreement
    log.info(
        "compared with Neo's total",
        first=days.first.isoformat(),
        last=days.last.isoformat(),
        differing=[each.isoformat() for each in agreement.differing_days],
        undecided=[each.isoformat() for each in comparison.undecided],
        unavailable=agreement.unavailable,
    )
