"""What the form for limits says of the budget that it changes: limit, spend, forecast, and a limit to suggest."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from bot.budgets import budget_formatting
from bot.budgets.limits.store import BudgetIdentity, limits
from bot.budgets.limits.suggestion import Suggestion, SuggestionReason, suggest_limit
from bot.budgets.pace import LimitedCase, Pace, pace_of
from bot.budgets.periods import budget_period
from bot.budgets.policy import BudgetPolicy
from bot.budgets.rules import BudgetLimit
from bot.budgets.spend import spends, unknown_costs
from bot.domain.money import show_limit, show_usd
from bot.domain.narrowing import ALL_TASKS, TaskNarrowing
from bot.domain.periods import Unit

_NO_LIMIT = BudgetLimit(0, 0)


@dataclass(frozen=True, slots=True)
class FormFacts:
    """A subject's budget in its present period; `limit_nanos` is 0 if there is none.

    `unknown_costs` counts the tasks of unknown cost where no spend is known.
    """

    unit: Unit
    limit_nanos: int
    spend_nanos: int
    pace: Pace
    narrowing: TaskNarrowing = ALL_TASKS
    unknown_costs: int = 0

    @property
    def suggestion(self) -> Suggestion:
        """The limit to suggest, and why."""
        return suggest_limit(self.limit_nanos, self.spend_nanos, self.pace.high_nanos or 0)

    @property
    def hint(self) -> str:
        """Why that limit is suggested, in plain text; empty if none is."""
        suggestion, forecast = self.suggestion, self._forecast
        suggested = show_limit(suggestion.nanos)
        match suggestion.reason:
            case SuggestionReason.FORECAST:
                return f"{suggested} covers the forecast of {forecast}."
            case SuggestionReason.SPEND:
                return f"{suggested} covers the {show_usd(self.spend_nanos)} already spent."
            case SuggestionReason.NEXT:
                covered = f"the forecast of {forecast}" if forecast else "what is spent so far"
                return f"{show_limit(self.limit_nanos)} already covers {covered}. {suggested} is the next step up."
            case SuggestionReason.NONE:
                return ""

    @property
    def _forecast(self) -> str:
        """What the period comes to at most, as the limit to suggest has to cover it; empty if that is unknown."""
        pace = self.pace
        if pace.high_nanos is None:
            return ""
        return f"{'up to ' if pace.low_nanos != pace.high_nanos else ''}{show_usd(pace.high_nanos)}"

    def template_values(self, whose: str) -> dict[str, object]:
        """Return the facts as values of the template `budgets/form`."""
        return {
            "whose": whose,
            "adjective": budget_formatting.adjective(self.unit, self.narrowing),
            "unit": self.unit.value,
            "limit": show_limit(self.limit_nanos) if self.limit_nanos else "",
            "spend": show_usd(self.spend_nanos),
            "unknown": budget_formatting.unknown_spend(self.unknown_costs),
            "used": budget_formatting.used(self.spend_nanos, self.limit_nanos),
            "forecast": "" if self.pace.high_nanos is None else budget_formatting.pace(self.pace),
        }


def form_facts(connection: Connection, budget: BudgetIdentity, policy: BudgetPolicy, now: datetime) -> FormFacts:
    """Return the facts of a subject's budget."""
    subject, unit, narrowing = budget
    case = (subject, budget_period(unit, now, policy.zone, narrowing))
    limit = limits(connection, [case], now).get(case, _NO_LIMIT)
    spent = spends(connection, [case], policy.basis)
    pace = pace_of(connection, LimitedCase(case, limit, spent[case]), policy, now)
    unknown = unknown_costs(connection, spent).get(case, 0)
    return FormFacts(unit, limit.nanos, spent[case], pace, narrowing, unknown)
