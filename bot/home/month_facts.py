"""The facts that App Home and the card of `/neo-usage` share: a month so far, budgets and failures."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import Connection

from bot.budgets.listing.lines import BudgetLine, budget_lines
from bot.budgets.pace import first_days, month_forecasts
from bot.budgets.periods import UNITS
from bot.budgets.policy import BudgetPolicy
from bot.budgets.rules import TEAM
from bot.domain.access import Caller, Role
from bot.domain.forecast import Forecast, first_forecast_day
from bot.domain.periods import Unit, Window, local_day
from bot.domain.query.question import Question
from bot.domain.query.when import Calendar
from bot.failures.error_lines import ErrorLine, error_lines
from bot.ledger.freshness import UnreadError, freshness
from bot.ledger.members import member_id
from bot.ledger.scope import Scope
from bot.ledger.selection import Selection, conditions_of
from bot.usage.report import Report, ReportPolicy, ReportRequest
from bot.usage.report_builder import build_report

if TYPE_CHECKING:
    from bot.settings.model import Settings

FAILURES_SINCE = timedelta(days=7)
MONTH = Question(when=Calendar(Unit.MONTH, 0), by=("day",))


@dataclass(frozen=True, slots=True)
class HomePolicy:
    """The policies of reports and budgets, which App Home and the card show."""

    usage: ReportPolicy
    budgets: BudgetPolicy

    @classmethod
    def from_settings(cls, settings: "Settings") -> "HomePolicy":
        """Return the policy that the settings ask for."""
        return cls(ReportPolicy.from_settings(settings), BudgetPolicy.from_settings(settings))


@dataclass(frozen=True, slots=True)
class MonthFacts:
    """The present month by day, and its forecast; without one, the first day that will have one."""

    report: Report
    forecast: Forecast | None
    first_forecast_day: date


@dataclass(frozen=True, slots=True)
class OwnFacts:
    """A member's own month, budgets, and failures of a week."""

    month: MonthFacts
    budgets: tuple[BudgetLine, ...]
    failing: tuple[ErrorLine, ...]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One reading of the ledger for a caller, at a moment."""

    connection: Connection
    caller: Caller
    policy: HomePolicy
    now: datetime

    @property
    def as_of(self) -> datetime | None:
        """When the data is of; None before the first complete pass."""
        return freshness(self.connection, self.now).as_of

    def member(self) -> int | None:
        """Return the id of the caller's member; None for whoever has no task.

        Raises UnreadError for a member who may have some that were not read yet.
        """
        member = member_id(self.connection, self.caller.member)
        if member is None and self.caller.role is Role.MEMBER and self.as_of is None:
            raise UnreadError
        return member

    def own(self, member: int) -> OwnFacts:
        """Return the facts of the caller's own member."""
        return OwnFacts(
            month=self._month(self.own_report(MONTH), member),
            budgets=tuple(budget_lines(self.connection, self.policy.budgets, self.now, member)),
            failing=tuple(self._failing(member)),
        )

    def team_month(self) -> MonthFacts:
        """Return the team's month. Raises RefusedError unless the caller is an operator."""
        return self._month(self.team_report(MONTH), TEAM)

    def team_report(self, question: Question) -> Report:
        """Return the answer to a question about the whole team. Raises as `team_month`."""
        return self._report(replace(question, team=True), self.caller)

    def team_budgets(self) -> tuple[BudgetLine, ...]:
        """Return the budgets of the team as a whole, by their period."""
        lines = budget_lines(self.connection, self.policy.budgets, self.now, TEAM)
        return tuple(sorted(lines, key=lambda each: UNITS.index(each.period.unit)))

    def own_report(self, question: Question) -> Report:
        """Return the answer to a question of the caller as a member, even if they are an operator."""
        return self._report(question, Caller(Role.MEMBER, self.caller.member))

    def _report(self, question: Question, caller: Caller) -> Report:
        return build_report(self.connection, ReportRequest(question, caller, self.now), self.policy.usage)

    def _month(self, report: Report, subject: int) -> MonthFacts:
        policy, now = self.policy.budgets, self.now
        since = first_days(self.connection, [subject], now, policy)[subject]
        first_day = first_forecast_day(since, local_day(report.window.end, policy.zone))
        return MonthFacts(report, month_forecasts(self.connection, [subject], now, policy)[subject], first_day)

    def _failing(self, member: int) -> Iterator[ErrorLine]:
        week = Selection(Scope(member), Window(self.now - FAILURES_SINCE, self.now))
        usage, basis = self.policy.usage, self.policy.budgets.basis
        yield from error_lines(self.connection, conditions_of(self.connection, week), basis, usage.failing)
