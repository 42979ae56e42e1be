"""The digest as a message: the days first, then who and what, failures, budgets, what came late, a chart, how fresh."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from bot.budgets import budget_formatting
from bot.budgets.listing import BudgetLine
from bot.database.engine import Database
from bot.database.reader import Reader
from bot.digest import store
from bot.digest.facts import DigestFacts, DigestPolicy, Part, digest_facts
from bot.digest.keys import DigestTopic
from bot.digest.planner import DigestPlanner, span_of
from bot.digest.rules import listed
from bot.domain import formatting
from bot.domain.formatting import count, moment, weekday
from bot.domain.money import show_credits, show_usd
from bot.domain.text import one_line
from bot.domain.visibility import Privacy
from bot.ledger.spend import Group
from bot.outbox.live_store import live_messages
from bot.outbox.renderers import RenderRequest
from bot.slack import blocks
from bot.slack.blocks import Draft, Message
from bot.slack.mrkdwn import escape
from bot.slack.templates import Templates
from bot.usage.series import sparkline

_LINES = 5  # of failures, budgets, late and unusual days
_NAME = 60  # characters of a name, so that all lines of a part fit
_DOLLARS = 1e9


@dataclass(frozen=True, slots=True)
class DigestRenderer:
    """Renders digests; `clock` gives aware times."""

    database: Database
    templates: Templates
    planner: DigestPlanner
    policy: DigestPolicy
    privacy: Privacy
    clock: Callable[[], datetime]

    async def show(self, request: RenderRequest) -> Message | None:
        """A channel's digest as it is now; None if it is too late to be told for the first time."""
        topic, now = DigestTopic.decode(request.topic or ""), self.clock()
        found = await self.database.read(lambda reader: self._look(reader, topic, now))
        if found is None:
            return None
        privacy = Privacy.NAMED if request.in_dm else self.privacy
        return DigestMessage(found[0], self.templates, self.policy, privacy).message(found[1])

    async def render_event(self, _request: RenderRequest) -> None:
        """Return nothing: the live message that is there already shows the digest."""

    def _look(self, reader: Reader, topic: DigestTopic, now: datetime) -> tuple[DigestFacts, list[date]] | None:
        channel, day = topic.channel, topic.day
        decided = store.of_day(reader, channel, day)
        if decided is None or (decided.until(self.planner.plan) <= now and not live_messages(reader, [topic])):
            return None
        before = store.told_before(reader, channel, day)
        skipped = store.skipped(reader, channel, before.span.day, day) if before else []
        return digest_facts(reader, decided.span, before, self.planner, self.policy, now), skipped


def requested_digest(  # noqa: PLR0917 - all that it rests on
    reader: Reader, channel: str, day: date, planner: DigestPlanner, policy: DigestPolicy, now: datetime
) -> DigestFacts:
    """The facts of a channel's digest of a date, whether it was told or not; without a channel, of the day before."""
    decided = store.of_day(reader, channel, day)
    span = decided.span if decided else span_of(reader, channel, day)
    return digest_facts(reader, span, store.told_before(reader, channel, day), planner, policy, now)


@dataclass(frozen=True, slots=True)
class DigestMessage:
    """Facts in words, for whoever reads them there."""

    found: DigestFacts
    templates: Templates
    policy: DigestPolicy
    privacy: Privacy

    def message(self, skipped: Sequence[date] = ()) -> Message:
        """A digest within Slack's limits, however many members, models and budgets there are; what is cut is said."""
        headline = self._headline()
        draft = Draft(self.templates.render("digest/text", **headline))
        draft.add(blocks.section(self.templates.render("digest/headline", **headline)))
        if skipped:
            days = {"days": listed(skipped), "many": len(skipped) > 1}
            draft.add(blocks.section(self.templates.render("digest/skipped_days", **days)))
        if not self._quiet:
            self._add_days(draft)
        for part, what in ((self.found.week, "week"), (self.found.month, "month")):
            if part is not None:
                draft.add(blocks.section(self.templates.render("digest/week_or_month", what=what, **self._part(part))))
        draft.add(blocks.context(self.templates.render("digest/footnote", **self._freshness())))
        return draft.message()

    def _add_days(self, draft: Draft) -> None:
        columns = [text for what, groups in self._shares(self.found.days) if (text := self._column(what, groups))]
        if columns:
            draft.add(blocks.columns(*columns))
        for text in (self._failures(), self._budgets(), self._others()):
            if text:
                draft.add(blocks.section(text))
        self._add_chart(draft)

    @property
    def _quiet(self) -> bool:
        """Whether there is nothing to tell but that: one line."""
        found = self.found
        return not found.days.total.tasks and not found.days.spend_nanos and found.complete and not found.late

    # --- the days ----------------------------------------------------------------------------------

    def _headline(self) -> dict[str, Any]:
        span, days, total = self.found.span, self.found.days, self.found.days.total
        usual = self.found.usual_nanos
        return {
            "days": weekday(span.last) if span.count == 1 else f"{weekday(span.first)} to {weekday(span.last)}",
            "quiet": self._quiet,
            "known": total.tasks > total.without_cost or self.found.complete,
            "total": show_usd(days.spend_nanos),
            "credits": show_credits(days.spend_nanos),
            "tasks": count(total.tasks, "task"),
            "members": count(days.active, "member"),
            "without_cost": total.without_cost,
            "failed": total.failed_tasks,
            "failed_usd": show_usd(total.failed_spend(self.policy.basis)),
            "change": against(days.spend_nanos, days.before_nanos),
            "before": "the day before" if span.count == 1 else f"the {span.count} days before",
            "usual_change": against(days.spend_nanos, usual),
            "usual": f"a usual {span.last:%A}" if span.count == 1 else "what is usual for these days of the week",
            "usual_of": self.found.usual_of,
        }

    def _shares(self, part: Part) -> Iterator[tuple[str, Sequence[Group]]]:
        if self.privacy is not Privacy.OPERATORS:
            yield "member", part.members
        yield "model", part.models

    def _column(self, what: str, groups: Sequence[Group]) -> str:
        if not groups:
            return ""
        return self.templates.render("digest/column", title=f"{what}s", **self._ranked(what, groups, self.found.days))

    def _ranked(self, what: str, groups: Sequence[Group], part: Part) -> dict[str, Any]:
        """The dearest of them with their shares, and what is left."""
        total, basis = part.spend_nanos, self.policy.basis
        named_ = what != "member" or self.privacy is Privacy.NAMED
        lines = [
            (
                one_line(each.key[0], _NAME) if named_ else f"a {what}",
                show_usd(each.spend(basis)),
                share(each.spend(basis), total),
            )
            for each in groups
        ]
        rest = total - sum(each.spend(basis) for each in groups)
        more = (part.active if what == "member" else part.kinds) - len(groups)
        return {"lines": lines, "rest": show_usd(rest), "more": count(more, what) if more > 0 else ""}

    # --- failures and budgets ------------------------------------------------------------------------

    def _failures(self) -> str:
        failing = self.found.failing
        if not failing:
            return ""
        lines = [
            {
                "tasks": each.tasks,
                "model": one_line(each.model, _NAME),
                "status": each.status,
                "spent": show_usd(each.nanos),
                "cap": each.cap or "",
            }
            for each in failing[:_LINES]
        ]
        tasks, nanos = sum(each.tasks for each in failing), sum(each.nanos for each in failing)
        more = len(failing) - len(lines)
        values = {"tasks": count(tasks, "task"), "spent": show_usd(nanos), "lines": lines}
        return self.templates.render("digest/failures", **values, more=count(more, "other kind") if more else "")

    def _budgets(self) -> str:
        found = self.found
        kinds = (("Over budget", found.over), ("Near it", found.near), ("On pace to pass it", found.ahead))
        told = [(title, [each for each in budgets if self._may_tell(each)]) for title, budgets in kinds]
        rows = [{"title": title, **self._some(budgets)} for title, budgets in told if budgets]
        return self.templates.render("digest/budgets", kinds=rows) if rows else ""

    def _some(self, budgets: Sequence[BudgetLine]) -> dict[str, Any]:
        shown = [each for each in budgets if self._may_name(each)]
        lines = [
            {
                "whose": "the team" if each.scope == "team" else one_line(each.scope, _NAME),
                "spent": show_usd(each.spend_nanos or 0),
                "limit": budget_formatting.limit_of(each.limit.nanos, each.span.unit),
                "percent": each.percent,
                "used_up": budget_formatting.used_up(each.pace),
            }
            for each in shown[:_LINES]
        ]
        return {"lines": lines, "more": len(shown) - len(lines), "unnamed": len(budgets) - len(shown)}

    def _may_tell(self, each: BudgetLine) -> bool:
        return each.scope == "team" or self.privacy is not Privacy.OPERATORS

    def _may_name(self, each: BudgetLine) -> bool:
        return each.scope == "team" or self.privacy is Privacy.NAMED

    # --- what else there is --------------------------------------------------------------------------

    def _others(self) -> str:
        found = self.found
        late = [(weekday(day), show_usd(nanos)) for day, nanos in found.late]
        named_ = self.privacy is Privacy.NAMED
        unusual = [
            {
                "whose": one_line(whose, _NAME) if named_ else "a member",
                "day": weekday(day) if found.span.count > 1 else "",
                "spent": show_usd(each.nanos),
                "times": each.times,
                "usual": show_usd(each.usual_nanos),
            }
            for day, whose, each in (found.unusual if self.privacy is not Privacy.OPERATORS else ())
        ]
        if not late and not unusual:
            return ""
        return self.templates.render(
            "digest/late_and_unusual",
            late=late[-_LINES:],
            late_more=show_usd(sum(nanos for _, nanos in found.late[:-_LINES])) if len(late) > _LINES else "",
            unusual=unusual[:_LINES],
            unusual_more=len(unusual) - _LINES,
        )

    def _part(self, part: Part) -> dict[str, Any]:
        return {
            "label": part.label,
            "total": show_usd(part.spend_nanos),
            "credits": show_credits(part.spend_nanos),
            "tasks": count(part.total.tasks, "task"),
            "failed": part.total.failed_tasks,
            "failed_usd": show_usd(part.total.failed_spend(self.policy.basis)),
            "change": against(part.spend_nanos, part.before_nanos),
            "columns": [
                {"title": f"{what}s", **self._ranked(what, groups, part)}
                for what, groups in self._shares(part)
                if groups
            ],
        }

    def _add_chart(self, draft: Draft) -> None:
        days = [day for day, _ in self.found.chart]
        nanos = [amount for _, amount in self.found.chart]
        if not any(amount > 0 for amount in nanos):
            return
        title = f"Spend of {len(days)} days"
        most = max(nanos)
        said = escape(
            f"{title}: {show_usd(sum(nanos))} in all, the most {show_usd(most)} on {weekday(days[nanos.index(most)])}"
        )
        dollars = [round(max(amount, 0) / _DOLLARS, 2) for amount in nanos]
        chart = blocks.chart(title, [f"{day.day} {day:%b}" for day in days], [("spend", dollars)], "USD")
        draft.add(chart, lambda: blocks.section(f"`{sparkline(nanos)}`"))
        draft.add(blocks.context(said))

    def _freshness(self) -> dict[str, Any]:
        as_of = self.found.as_of
        zone = self.policy.budgets.zone
        return {
            "as_of": "" if as_of is None else f"{moment(as_of, zone)} {zone.key}",
            "complete": self.found.complete,
            "unit_assumed": self.found.unit_assumed,
        }


def against(nanos: int, other: int | None) -> str:
    """An amount against another one: how much more or less, and that one."""
    if other is None:
        return ""
    if other <= 0:
        return f"against {show_usd(other)}"
    return formatting.against(nanos, other, after_times=" of")


def share(nanos: int, total: int) -> str:
    """A part of a total, in whole percent; never 0 for what is something."""
    if total <= 0:
        return ""
    percent = round(nanos * 100 / total)
    return "<1 %" if percent == 0 < nanos else f"{percent} %"
