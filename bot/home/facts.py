"""The facts of App Home: a member's month, budgets, tasks and failures; for an operator also the team's."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import Connection

from bot.budgets.listing.lines import BudgetLine, budget_lines
from bot.budgets.pace import month_forecasts
from bot.budgets.policy import BudgetPolicy
from bot.budgets.rules import NEAR, TEAM
from bot.domain.access import Caller, Role
from bot.domain.forecast import Forecast
from bot.domain.periods import Unit, Window
from bot.domain.pricing import SpendBasis
from bot.domain.query.question import Question
from bot.domain.query.when import Calendar
from bot.failures.alert_facts import GroupFacts, open_group_facts
from bot.failures.error_lines import ErrorLine, error_lines
from bot.failures.listener_store import is_listening
from bot.failures.silence_facts import ActiveSilence, named_silences
from bot.incidents.store import open_incidents
from bot.ledger.freshness import freshness
from bot.ledger.members import member_id
from bot.ledger.scope import EVERYTHING, Scope
from bot.ledger.selection import Selection, conditions_of
from bot.ledger.task_list import TaskRow, task_rows
from bot.outbox.queries import undelivered_count
from bot.usage.report import Report, ReportPolicy, ReportRequest
from bot.usage.report_builder import build_report

if TYPE_CHECKING:
    from bot.settings.model import Settings

TASKS = 5
TASKS_SINCE = timedelta(days=31)  # tasks shown were created within this time
FAILURES_SINCE = timedelta(days=7)
_SEARCHES = (timedelta(hours=1), timedelta(hours=8), timedelta(days=3), TASKS_SINCE)  # back from now, in this order


@dataclass(frozen=True, slots=True)
class HomePolicy:
    """The policies of reports and budgets, which App Home shows."""

    usage: ReportPolicy
    budgets: BudgetPolicy

    @classmethod
    def from_settings(cls, settings: "Settings") -> "HomePolicy":
        """Return the policy that the settings ask for."""
        return cls(ReportPolicy.from_settings(settings), BudgetPolicy.from_settings(settings))


@dataclass(frozen=True, slots=True)
class OwnFacts:
    """A member's own month by day with its forecast, budgets, last tasks, and failures of a week."""

    email: str
    month: Report
    forecast: Forecast | None
    budgets: tuple[BudgetLine, ...]
    tasks: tuple[TaskRow, ...]
    failing: tuple[ErrorLine, ...]
    listens: bool


@dataclass(frozen=True, slots=True)
class TeamFacts:
    """What operators see of the team; `incidents` say what is wrong with the bot itself."""

    month: Report
    forecast: Forecast | None
    budgets: tuple[BudgetLine, ...]
    alerts: tuple[GroupFacts, ...]
    silences: tuple[ActiveSilence, ...]
    incidents: tuple[str, ...]
    owed: int


@dataclass(frozen=True, slots=True)
class HomeFacts:
    """What one person sees. `own` is None for whoever has no task, `team` for everybody but operators."""

    own: OwnFacts | None
    team: TeamFacts | None
    as_of: datetime | None


MONTH = Question(when=Calendar(Unit.MONTH, 0), by=("day",))


def home_facts(connection: Connection, caller: Caller, policy: HomePolicy, now: datetime) -> HomeFacts:
    """Return what a caller may see."""
    member = member_id(connection, caller.member)
    own = None if member is None or caller.member is None else _own(connection, caller.member, member, policy, now)
    team = _team(connection, caller, policy, now) if caller.role is Role.OPERATOR else None
    return HomeFacts(own, team, freshness(connection, now).as_of)


def _own(connection: Connection, email: str, member: int, policy: HomePolicy, now: datetime) -> OwnFacts:
    # as a member, even if they are an operator
    month = build_report(connection, ReportRequest(MONTH, Caller(Role.MEMBER, email), now), policy.usage)
    scope = Scope(member)
    week = conditions_of(connection, Selection(scope, Window(now - FAILURES_SINCE, now)))
    return OwnFacts(
        email=email,
        month=month,
        forecast=month_forecasts(connection, [member], now, policy.budgets)[member],
        budgets=tuple(budget_lines(connection, policy.budgets, now, member)),
        tasks=tuple(_last_tasks(connection, scope, policy.usage.basis, now)),
        failing=tuple(error_lines(connection, week, policy.budgets.basis, policy.usage.failing)),
        listens=is_listening(connection, member),
    )


def _last_tasks(connection: Connection, scope: Scope, basis: SpendBasis, now: datetime) -> list[TaskRow]:
    """Return the latest tasks of a month, each with its cost within that month.

    A short time is searched first, which is enough for members with many tasks. Its costs are complete, since nothing
    is booked onto a task before it was created.
    """
    rows: list[TaskRow] = []
    for back in _SEARCHES:
        selection = Selection(scope, Window(now - back, now + timedelta(days=1)))
        rows = task_rows(connection, conditions_of(connection, selection), basis, None, by_name=True)
        if sum(row.created_at >= now - back for row in rows) >= TASKS:
            break
    return sorted(rows, key=lambda row: row.created_at, reverse=True)[:TASKS]


def _team(connection: Connection, caller: Caller, policy: HomePolicy, now: datetime) -> TeamFacts:
    month = build_report(connection, ReportRequest(replace(MONTH, team=True), caller, now), policy.usage)
    silences = named_silences(connection, now)
    alerts = open_group_facts(connection, policy.budgets.basis, EVERYTHING)
    at_risk = [each for each in budget_lines(connection, policy.budgets, now) if _is_at_risk(each)]
    return TeamFacts(
        month=month,
        forecast=month_forecasts(connection, [TEAM], now, policy.budgets)[TEAM],
        budgets=tuple(sorted(at_risk, key=lambda each: -each.percent)),
        alerts=tuple(alerts),
        silences=tuple(silences),
        incidents=tuple(each.description for each in open_incidents(connection)),
        owed=undelivered_count(connection),
    )


def _is_at_risk(line: BudgetLine) -> bool:
    return line.spend_nanos is not None and (line.percent >= NEAR or line.pace.used_up_on is not None)
