"""Answers: what questions are answered from, a ledger that is made fresh first but never waited for long."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from bot.database.engine import Database
from bot.database.errors import LedgerError
from bot.database.reader import Reader
from bot.domain import formatting
from bot.domain.access import Caller, RefusedError, Role
from bot.domain.periods import FIRST_YEAR
from bot.domain.query.question import Field, Question
from bot.domain.query.when import resolve
from bot.domain.timestamps import from_us
from bot.ledger.passes import Freshness, freshness
from bot.ledger.scope import Scope
from bot.ledger.selection import parse_question
from bot.neo.errors import NeoError
from bot.people.people import People
from bot.sync.rules import PlannedPass, backfill_passes
from bot.sync.scheduler import SyncScheduler
from bot.usage.report import Report, ReportPolicy, ReportRequest
from bot.usage.report_builder import build_report

log = structlog.get_logger(__name__)

REFRESH_SECONDS = 1.5  # for which an answer waits while old data is made new


@dataclass(frozen=True, slots=True)
class Answers:
    """What questions in Slack are answered from; `clock` gives aware times."""

    database: Database
    people: People
    scheduler: SyncScheduler
    policy: ReportPolicy
    stale_after: timedelta
    clock: Callable[[], datetime]

    async def parsed(self, line: str, caller: Caller) -> Question:
        """The question that a line asks; raises QueryError, which names nothing that the caller may not see."""
        now, terms = self.clock(), self.policy
        return await self.database.read(
            lambda reader: parse_question(reader, Scope.of(reader, caller), line, now, terms.zone, terms.failing)
        )

    async def report(self, user: str, caller: Caller, question: Question, most_rows: int) -> Report:
        """The answer for a Slack user; errors as of `answer`."""
        if caller.role is Role.MEMBER and caller.member is None:
            whom = self.people.whom_to_ask()
            raise RefusedError(f"I cannot match you to a member of the Neo team. Ask {whom} to `link` you.")
        # others than operators may only mean themselves: nobody else is looked up for them
        wanted = [each for each in question.people if caller.role is Role.OPERATOR or each == f"<@{user}>"]
        mentioned = await self.people.mentioned(wanted)
        report_request = ReportRequest(question, caller, self.clock(), mentioned, most_rows)
        return await self.database.read(lambda reader: build_report(reader, report_request, self.policy))

    # --- freshness -------------------------------------------------------------------------------

    async def freshened(self) -> Freshness:
        """How fresh the ledger is, after a short wait for what is new if it is old."""
        fresh = await self.freshness()
        if fresh.as_of is None or self.clock() - fresh.as_of > self.stale_after:
            await self.scheduler.refresh(REFRESH_SECONDS)
            return await self.freshness()
        return fresh

    async def freshness(self) -> Freshness:
        """How fresh the ledger is now."""
        now = self.clock()

        def look(reader: Reader) -> Freshness:
            with reader:
                return freshness(reader, now)

        return await self.database.read(look)

    def reading(self, caller: Caller) -> str:
        """What a sync is at, in words, for operators with how far it is; empty while there is none."""
        at = self.scheduler.progress
        if at is None or caller.role is not Role.OPERATOR:
            return "" if at is None else "I am reading Neo now"
        since = (
            "the beginning" if at.window.start is None else f"{at.window.start.astimezone(self.policy.zone):%Y-%m-%d}"
        )
        return f"I am reading Neo since {since}: {at.rows:,} of {formatting.count(at.total, 'task')} so far"

    def failure(self, caller: Caller) -> str:
        """Why the last sync failed, to others than operators only that it did; empty if it did not."""
        if self.scheduler.failure is None:
            return ""
        return self.scheduler.failure.message if caller.role is Role.OPERATOR else "I could not read Neo the last time."

    # --- reaching back ---------------------------------------------------------------------------

    def missing(self, question: Question, caller: Caller, fresh: Freshness) -> list[PlannedPass]:
        """What an operator's question needs of the time before the ledger begins."""
        if caller.role is not Role.OPERATOR or fresh.as_of is None or question.included(Field.TASK):
            return []
        start = resolve(question.asked_when, self.clock(), self.policy.zone).start
        if start.year <= FIRST_YEAR or not fresh.since:
            return []
        covered = [(from_us(each.start), from_us(each.end)) for each in fresh.stretches]
        return backfill_passes(start, from_us(fresh.since), covered)

    async def reach(self, chunks: list[PlannedPass]) -> None:
        """Read what is missing; where that fails, the answer says that the ledger is not complete."""
        try:
            await self.scheduler.reach(chunks)
        except (NeoError, LedgerError) as error:
            log.warning("could not reach back", why=str(error))
