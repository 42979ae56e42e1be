"""The explanation of a subject's budgets: what counts, which steps were passed, and why some were not notified."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from bot.budgets import budget_formatting
from bot.budgets.audiences import Audience
from bot.budgets.crossings.store import CrossedStep, crossed_steps
from bot.budgets.forecasts.store import alert_of
from bot.budgets.keys import CrossingKey, ForecastKey
from bot.budgets.limits.revision_store import limit_revision
from bot.budgets.limits.store import limits, narrowings_of
from bot.budgets.periods import UNITS, BudgetPeriod, budget_period, previous_period
from bot.budgets.policy import BudgetPolicy
from bot.budgets.rules import TEAM, BudgetLimit, CrossingDecision, reached_steps
from bot.budgets.snoozes.deferral_store import deferrals
from bot.budgets.snoozes.store import ActiveSnooze, active_snoozes
from bot.budgets.spend import spends, without_cost_of
from bot.domain.narrowing import TaskNarrowing
from bot.domain.periods import Unit
from bot.ledger.charge_queries import ChargeCount, ChargeRange, charge_count
from bot.outbox.queries import DeliveryRecord, delivery_records

BELOW = "spend is below the first step"
UNKNOWN = "no cost is known yet"
SNOOZED = "snoozed; when the snooze ends, I send the highest step"


@dataclass(frozen=True, slots=True)
class ExplainedStep:
    """A step that was passed: when, at what spend, and what was decided.

    `reason` says why nobody was notified, `waiting` which audiences are at the end of a snooze, and `left_out` which
    were not notified then, and why.
    """

    step: int
    at: datetime
    spend_nanos: int
    limit_nanos: int
    reason: str
    waiting: tuple[Audience, ...]
    left_out: tuple[tuple[Audience, str], ...]
    messages: tuple[DeliveryRecord, ...]


@dataclass(frozen=True, slots=True)
class ExplainedForecast:
    """An alert that a budget was expected to run out: when, and what became of its messages."""

    at: datetime
    messages: tuple[DeliveryRecord, ...]


@dataclass(frozen=True, slots=True)
class Explanation:
    """A budget of a subject in a period. `reason` says why there was no notification, if there was none.

    `without_cost` counts the tasks of unknown cost, which are not in the spend.
    """

    whose: str
    period: BudgetPeriod
    limit: BudgetLimit | None
    limit_from: str
    spend_nanos: int
    charges: ChargeCount
    next_step: int | None
    steps: tuple[ExplainedStep, ...]
    forecast: ExplainedForecast | None
    snoozes: tuple[ActiveSnooze, ...]
    reason: str
    without_cost: int

    @property
    def unknown_costs(self) -> int:
        """How many tasks of unknown cost there are where no spend is known; else 0."""
        return 0 if self.spend_nanos else self.without_cost


@dataclass(frozen=True, slots=True)
class _Explainer:
    """Explains the budgets of one subject as they are `now`; `whose` is what the subject is called."""

    connection: Connection
    subject: int
    whose: str
    policy: BudgetPolicy
    now: datetime

    def explain(self) -> list[Explanation]:
        """Explain every budget, in one snapshot; one of all tasks without a limit says so.

        Each is explained in its present period, and in the one before if a snooze lasted until that had ended.
        """
        kinds = [(unit, narrowing) for unit in UNITS for narrowing in narrowings_of(self.connection, unit)]
        explained = (self._explanation(period) for kind in kinds for period in self._periods(*kind))
        return [each for each in explained if each.limit is not None or not each.period.narrowing]

    def _periods(self, unit: Unit, narrowing: TaskNarrowing) -> Iterator[BudgetPeriod]:
        present = budget_period(unit, self.now, self.policy.zone, narrowing)
        before = previous_period(present, self.policy.zone)
        steps = crossed_steps(self.connection, self.subject, before)
        if steps and steps[-1].decision is CrossingDecision.DROPPED:
            yield before
        yield present

    def _explanation(self, period: BudgetPeriod) -> Explanation:
        case = (self.subject, period)
        limit = limits(self.connection, [case], self.now).get(case)
        spend = spends(self.connection, [case], self.policy.basis)[case]
        steps = tuple(map(self._step, crossed_steps(self.connection, self.subject, period)))
        forecast = self._forecast(period)
        member = None if self.subject == TEAM else self.subject
        charges = ChargeRange(period.window, member, narrowing=period.narrowing)
        snoozes = active_snoozes(self.connection, self.subject, period.unit, self.now)
        without_cost = without_cost_of(self.connection, case)
        below = UNKNOWN if without_cost and not spend else BELOW
        goes_on = self.now < period.window.end
        return Explanation(
            whose=self.whose,
            period=period,
            limit=limit,
            limit_from=self._limit_source(limit),
            spend_nanos=spend,
            charges=charge_count(self.connection, charges),
            next_step=self._next_step(limit, spend) if goes_on else None,
            steps=steps,
            forecast=forecast,
            snoozes=tuple(snoozes) if goes_on else (),
            reason=_no_budget(period) if limit is None else ("" if steps or forecast else below),
            without_cost=without_cost,
        )

    def _forecast(self, period: BudgetPeriod) -> ExplainedForecast | None:
        alert = alert_of(self.connection, self.subject, period)
        if alert is None:
            return None
        return ExplainedForecast(alert.at, tuple(delivery_records(self.connection, ForecastKey(alert.id))))

    def _next_step(self, limit: BudgetLimit | None, spend_nanos: int) -> int | None:
        if limit is None:
            return None
        steps = self.policy.steps
        return min(steps[len(reached_steps(limit.nanos, spend_nanos, steps)) :], default=None)

    def _limit_source(self, limit: BudgetLimit | None) -> str:
        if limit is None:
            return ""
        revision = limit_revision(self.connection, limit.revision)
        source = budget_formatting.source(limit)
        if revision is None:
            return source
        why = f": {revision.act.reason}" if revision.act.reason else ""
        return f"{source}, set on {budget_formatting.day(revision.act.at, self.policy.zone, self.now)}{why}"

    def _step(self, step: CrossedStep) -> ExplainedStep:
        of_step = deferrals(self.connection, step.id)
        reason = step.decision.reason
        return ExplainedStep(
            step=step.step,
            at=step.at,
            spend_nanos=step.spend_nanos,
            limit_nanos=step.limit_nanos,
            reason=reason,
            waiting=tuple(each.audience for each in of_step if each.outcome is None),
            left_out=tuple((each.audience, each.outcome.reason) for each in of_step if each.outcome and not reason),
            messages=tuple(delivery_records(self.connection, CrossingKey(step.id))),
        )


def _no_budget(period: BudgetPeriod) -> str:
    return f"no {budget_formatting.adjective(period.unit)} budget is set"


def explain(connection: Connection, subject: int, whose: str, policy: BudgetPolicy, now: datetime) -> list[Explanation]:
    """Explain every budget of a subject."""
    return _Explainer(connection, subject, whose, policy, now).explain()
