"""Renders forecast alerts: a live message that a budget runs out early, and what has become of that since."""

from dataclasses import dataclass

from sqlalchemy import Connection

from bot.budgets import budget_formatting
from bot.budgets.action_labels import RAISE_LIMIT, request_label
from bot.budgets.alerts.context import AlertContext
from bot.budgets.alerts.spend_drivers import Driver
from bot.budgets.alerts.subject_names import SubjectName
from bot.budgets.forecasts.facts import ForecastFacts, forecast_facts
from bot.budgets.forecasts.rules import Outlook
from bot.budgets.keys import BudgetTopic, ForecastKey, ForecastTopic, RaiseAction
from bot.domain import formatting
from bot.domain.money import show_limit, show_usd
from bot.domain.text import one_line
from bot.domain.visibility import Privacy
from bot.outbox.renderers import RenderRequest
from bot.people.member_names import MemberNames
from bot.slack import blocks
from bot.slack.blocks import Draft, Message

_LONGEST_NAME = 70  # characters of a model's name


@dataclass(frozen=True, slots=True)
class ForecastRenderer:
    """Renders forecast alerts; `names` gives what members are called."""

    context: AlertContext
    names: MemberNames

    async def render_current(self, request: RenderRequest) -> Message | None:
        """Return the outlook of a budget as it is now.

        None if it is not posted yet and the budget does not run out any more, or the reader has snoozed it.
        """
        found = await self._found(ForecastTopic.decode(request.topic or "").id, request)
        if found is None or (
            not found[0].is_posted and (found[0].outlook is not Outlook.RUNS_OUT or found[0].is_snoozed)
        ):
            return None
        facts, member = found
        name = await self.context.subject_name(facts.budget, request)
        headline = self._headline(facts, name)
        draft = Draft(headline)
        draft.add(
            blocks.section(f"{headline}\n{drivers}" if (drivers := self._drivers(facts, member, request)) else headline)
        )
        draft.add(blocks.context(self._footnote(facts)))
        # what members ask for counts all of their tasks
        can_raise = not (name.must_ask and facts.budget.period.narrowing)
        if can_raise and facts.outlook in {Outlook.RUNS_OUT, Outlook.MAY_LAST}:
            label = request_label(has_limit=True) if name.must_ask else RAISE_LIMIT
            topic = BudgetTopic.of(facts.budget.subject, facts.budget.period)
            draft.add(blocks.actions([blocks.button(label, RaiseAction(topic), primary=True)]))
        return draft.message()

    async def render_event(self, request: RenderRequest) -> Message | None:
        """Return the outlook in one line, for a summary of what was missed; None if the budget runs out no more."""
        found = await self._found(ForecastKey.decode(request.dedup_key).id, request)
        if found is None or found[0].outlook is not Outlook.RUNS_OUT:
            return None
        return blocks.paragraph(self._headline(found[0], await self.context.subject_name(found[0].budget, request)))

    async def _found(self, alert: int, request: RenderRequest) -> tuple[ForecastFacts, str] | None:
        """Return the facts of an alert, and what the biggest spender is called."""

        def read(connection: Connection) -> tuple[ForecastFacts, str] | None:
            now, policy = self.context.clock(), self.context.policy
            facts = forecast_facts(connection, alert, request.destination, policy, now)
            if facts is None:
                return None
            email = "" if facts.member is None else facts.member.name
            return facts, self.names(connection, [email])[email] if email else ""

        return await self.context.database.read(read)

    def _headline(self, facts: ForecastFacts, name: SubjectName) -> str:
        budget, now = facts.budget, self.context.clock()
        limit = budget.limit.nanos if budget.limit else 0
        return self.context.templates.render(
            "budgets/forecast",
            **name.template_values(),
            adjective=budget_formatting.adjective(budget.period.unit, budget.period.narrowing),
            outlook=facts.outlook.value,
            period=budget_formatting.period_days(budget.period, self.context.policy.zone, now),
            spend=show_usd(budget.spend_nanos),
            limit=show_limit(limit) if limit else "",
            used=budget.used,
            forecast=budget_formatting.pace(budget.pace) if budget.pace.low_nanos is not None else "",
            lasts=budget.pace.high_nanos is not None and budget.pace.high_nanos < limit,
            used_up=budget_formatting.used_up(budget.pace),
        )

    def _drivers(self, facts: ForecastFacts, member: str, request: RenderRequest) -> str:
        """Return who and what spends most; empty if the budget does not run out, or channels must not learn it."""
        if facts.outlook is not Outlook.RUNS_OUT:
            return ""
        is_named = request.in_dm or self.context.policy.privacy is Privacy.NAMED
        spent = facts.budget.spend_nanos
        return self.context.templates.render(
            "budgets/forecast_drivers",
            member=_driver(facts.member, member, spent) if facts.member and is_named else None,
            model=_driver(facts.model, one_line(facts.model.name, _LONGEST_NAME), spent) if facts.model else None,
        )

    def _footnote(self, facts: ForecastFacts) -> str:
        as_of, zone = facts.budget.as_of, self.context.policy.zone
        shown = "" if as_of is None else formatting.dated_time(as_of, zone, self.context.clock())
        return self.context.templates.render("budgets/footnote", as_of=shown, zone=zone.key)


def _driver(driver: Driver, name: str, spent_nanos: int) -> tuple[str, str, str]:
    """Return a name, what was spent, and its share of all."""
    return name, show_usd(driver.nanos), budget_formatting.share(driver.nanos, spent_nanos)
