"""Answers questions in Slack from the ledger, which is refreshed first; an answer waits for that only briefly."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import structlog
from sqlalchemy import Connection

from bot.database.engine import DATABASE_ERRORS, Database
from bot.domain import formatting
from bot.domain.access import Caller, Role
from bot.domain.periods import FIRST_YEAR
from bot.domain.query.question import Field, Question
from bot.domain.query.when import resolve
from bot.domain.timestamps import from_us
from bot.ledger.freshness import Freshness, freshness
from bot.ledger.question_parsing import parse_question
from bot.neo.errors import NeoError
from bot.people.left_out import with_left_out
from bot.people.people import People
from bot.sync.row_errors import error_text
from bot.sync.rules import PlannedPass, backfill_passes
from bot.sync.scheduler import SyncScheduler
from bot.usage.report import Report, ReportPolicy, ReportRequest
from bot.usage.report_builder import build_report

log = structlog.get_logger(__name__)

REFRESH_SECONDS = 1.5  # how long an answer waits for a sync if the data is old


@dataclass(frozen=True, slots=True)
class Answers:
    """Reports and the state of the ledger, for whoever asks in Slack; `clock` gives aware times."""

    database: Database
    people: People
    scheduler: SyncScheduler
    policy: ReportPolicy
    stale_after: timedelta
    clock: Callable[[], datetime]

    async def parse(self, line: str, caller: Caller) -> Question:
        """Return the question that a line asks.

        Raises:
            AmbiguousError: it may mean several questions.
            QueryError: it is not a question; what is said of it names nothing the caller may not see.
            RefusedError: somebody is left out by a mention who is not known.
        """
        line = await with_left_out(self.people, line, caller)
        now, policy, in_slack = self.clock(), self.policy, self.people.emails_by_name
        return await self.database.read(
            lambda connection: parse_question(
                connection, caller, line, now=now, zone=policy.zone, failing=policy.failing, in_slack=in_slack
            )
        )

    async def report(self, user: str, caller: Caller, question: Question, most_rows: int) -> Report:
        """Return the answer for a Slack user. Raises RefusedError if they match no member, and as `build_report`."""
        if caller.role is Role.MEMBER and caller.member is None:
            raise self.people.unmatched_error()
        mentioned = await self.people.emails_of_named(question.people, caller, user)
        request = ReportRequest(question, caller, self.clock(), mentioned, most_rows)

        def read(connection: Connection) -> Report:
            report = build_report(connection, request, self.policy)
            return replace(report, names=self.people.names(connection, report.emails))

        return await self.database.read(read)

    # --- freshness -------------------------------------------------------------------------------

    async def refresh(self) -> Freshness:
        """Return how fresh the ledger is, after a short wait for a sync if it is old."""
        fresh = await self.freshness()
        if fresh.as_of is None or self.clock() - fresh.as_of > self.stale_after:
            await self.scheduler.refresh(REFRESH_SECONDS)
            return await self.freshness()
        return fresh

    async def freshness(self) -> Freshness:
        """Return how fresh the ledger is now."""
        now = self.clock()

        def read(connection: Connection) -> Freshness:
            return freshness(connection, now)

        return await self.database.read(read)

    def sync_progress(self, caller: Caller) -> str:
        """Return in words that a sync is running, to operators with how far it is; empty if none is running."""
        progress = self.scheduler.progress
        if progress is None:
            return ""
        if caller.role is not Role.OPERATOR:
            return "I'm reading Neo now"
        start = progress.window.start
        since = "the beginning" if start is None else self._short_date(start)
        tasks = formatting.count(progress.total, "task")
        return f"I'm reading Neo since {since}: {progress.rows:,} of {tasks} so far"

    def sync_failure(self, caller: Caller) -> str:
        """Return why the last sync failed, to others than operators only that it did; empty if it did not.

        A failure of long ago does not count: since then another process has read Neo.
        """
        failure = self.scheduler.failure
        if failure is None or self.clock() - failure.at > self.stale_after:
            return ""
        return failure.message if caller.role is Role.OPERATOR else "I couldn't read Neo the last time I tried."

    def history_start(self, fresh: Freshness) -> str:
        """Return the day on which the ledger begins, in words."""
        return self._short_date(from_us(fresh.since or 0))

    def _short_date(self, at: datetime) -> str:
        day, today = (each.astimezone(self.policy.zone).date() for each in (at, self.clock()))
        return formatting.short_date(day, today)

    # --- backfill --------------------------------------------------------------------------------

    def missing_passes(self, question: Question, caller: Caller, fresh: Freshness) -> list[PlannedPass]:
        """Return the passes over the time before the ledger begins that an operator's question needs."""
        if caller.role is not Role.OPERATOR or fresh.as_of is None or question.included_values(Field.TASK):
            return []
        start = resolve(question.effective_when, self.clock(), self.policy.zone).start
        if start.year <= FIRST_YEAR or not fresh.since:
            return []
        covered = [(from_us(each.start), from_us(each.end)) for each in fresh.intervals]
        return backfill_passes(start, from_us(fresh.since), covered)

    async def backfill(self, passes: list[PlannedPass]) -> None:
        """Run the passes. If that fails it is only logged: the answer says that the ledger is not complete."""
        try:
            await self.scheduler.backfill(passes)
        except (NeoError, *DATABASE_ERRORS) as error:
            log.warning("could not reach back", why=error_text(error))
