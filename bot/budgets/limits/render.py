"""New limits, as they are posted in the threads of alerts, or in the channel where they concern many."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from bot.budgets import budget_formatting
from bot.budgets.alerts.budget_snapshot import BudgetSnapshot
from bot.budgets.alerts.context import AlertContext
from bot.budgets.alerts.subject_names import SubjectName, person
from bot.budgets.crossings.store import summarized_steps
from bot.budgets.keys import LimitKey, SummaryKey
from bot.budgets.limits.revision_store import LimitRevision, limit_revision
from bot.budgets.periods import PeriodName
from bot.budgets.rules import DEFAULT, FULL
from bot.domain.money import show_limit, show_usd
from bot.outbox.renderers import RenderRequest
from bot.slack import blocks
from bot.slack.blocks import Message


@dataclass(frozen=True, slots=True)
class _Summary:
    """A limit, and the steps of it that subjects have passed, each with the period and the highest step."""

    revision: LimitRevision
    steps: Sequence[tuple[PeriodName, int]]

    @property
    def over(self) -> int:
        """How many subjects have used all of the limit."""
        return sum(step >= FULL for _, step in self.steps)

    @property
    def limit(self) -> str:
        """The limit and its period."""
        name = self.steps[0][0]
        return budget_formatting.limit_of(self.revision.nanos or 0, name.unit, name.narrowing)


@dataclass(frozen=True, slots=True)
class LimitRenderer:
    """Renders the notifications of new limits."""

    context: AlertContext

    async def render_event(self, request: RenderRequest) -> Message | None:
        """Return a new limit of one subject, or the default that is back in force."""
        key = LimitKey.decode(request.dedup_key)
        if isinstance(key.about, PeriodName):
            return await self._render_restored(key.revision, key.about)
        snapshot = await self.context.snapshot(request)
        revision = await self.context.database.read(lambda connection: limit_revision(connection, key.revision))
        if revision is None:
            return None
        name = await self.context.subject_name(snapshot, request)
        text = self.context.templates.render(
            "budgets/limit_change",
            about=await self.context.heading(request),
            **self._values(snapshot, revision, name),
        )
        return blocks.paragraph(text)

    def _values(self, snapshot: BudgetSnapshot, revision: LimitRevision, name: SubjectName) -> dict[str, object]:
        zone, now = self.context.policy.zone, self.context.clock()
        unit, limit = snapshot.period.unit, snapshot.limit
        before, after = revision.before_nanos or 0, revision.nanos or 0
        is_default = limit is not None and limit.scope == DEFAULT
        return {
            "nanos": after,
            "limit": show_limit(after),
            "before": show_limit(before) if before else "",
            "up": bool(before and after and after > before),
            "unit": unit.value,
            "adjective": budget_formatting.adjective(unit, snapshot.period.narrowing),
            "ends_at": budget_formatting.last_day(revision.ends_at, zone, now) if revision.ends_at else "",
            "by": name.actor(revision.act.by, "an operator"),
            "reason": name.reason(revision.act.reason),
            "spend": show_usd(snapshot.spend_nanos),
            "unknown": "" if snapshot.spend_nanos else budget_formatting.unknown_spend(snapshot.without_cost),
            "percent": snapshot.percent,
            "used": snapshot.used if limit else "",
            "default": budget_formatting.limit_of(limit.nanos, unit) if limit and is_default else "",
        }

    async def _render_restored(self, revision: int, period: PeriodName) -> Message | None:
        summary = await self._summary(revision, period)
        if summary is None:
            return None
        count = len(summary.steps)
        return blocks.paragraph(
            self.context.templates.render(
                "budgets/default_restored", limit=summary.limit, count=count, over=summary.over
            )
        )

    async def render_summary(self, request: RenderRequest) -> Message | None:
        """Return how many subjects are above a limit that was just set; None if there are none any more."""
        summary = await self._summary(SummaryKey.decode(request.dedup_key).id)
        if summary is None:
            return None
        text = self.context.templates.render(
            "budgets/summary",
            limit=summary.limit,
            everyone=summary.revision.scope == DEFAULT,
            count=len(summary.steps),
            over=summary.over,
            by=person(summary.revision.act.by),
        )
        return blocks.paragraph(text)

    async def _summary(self, revision: int, period: PeriodName | None = None) -> _Summary | None:
        """Return what a summary of a limit counts, in one period if that is given."""

        def summary(connection: Connection) -> _Summary | None:
            limit = limit_revision(connection, revision)
            steps = [each for each in summarized_steps(connection, revision) if period in {None, each[0]}]
            return _Summary(limit, steps) if limit is not None and steps else None

        return await self.context.database.read(summary)
