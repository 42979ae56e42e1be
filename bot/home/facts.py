"""The facts of App Home: a member's month, budgets, tasks and failures; for an operator the team's besides."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.budgets.listing import Line as Budget
from bot.budgets.listing import lines as budget_lines
from bot.budgets.pace import months
from bot.budgets.rules import NEAR, TEAM
from bot.budgets.watch import Terms as BudgetTerms
from bot.domain.access import Caller, Role
from bot.domain.forecast import Forecast
from bot.domain.periods import Unit, Window
from bot.domain.pricing import SpendBasis
from bot.domain.question import Question
from bot.domain.when import Calendar
from bot.failures.answers import Quiet
from bot.failures.command import quiet
from bot.failures.facts import Case, going_on
from bot.failures.report import Line as Failing
from bot.failures.report import lines_of
from bot.failures.store import listens
from bot.home.store import SHOWN
from bot.ledger.members import member_id
from bot.ledger.passes import freshness
from bot.ledger.reading import Reader
from bot.ledger.scope import EVERYTHING, Scope
from bot.ledger.selection import Selection
from bot.ledger.spend import TaskRow, task_rows
from bot.outbox.store import owed_now
from bot.usage.report import Report, answer
from bot.usage.report import Terms as UsageTerms

TASKS = 5
LATELY = timedelta(days=7)
_REACHES = (
    timedelta(hours=1),
    timedelta(hours=8),
    timedelta(days=3),
    SHOWN,
)  # back, in which the last tasks are sought


@dataclass(frozen=True, slots=True)
class Terms:
    """What App Home rests on."""

    usage: UsageTerms
    budgets: BudgetTerms


@dataclass(frozen=True, slots=True)
class Own:
    """What is somebody's own: the month by day and where it ends, budgets, the last tasks, failures of a week."""

    email: str
    month: Report
    forecast: Forecast | None
    budgets: tuple[Budget, ...]
    tasks: tuple[TaskRow, ...]
    failing: tuple[Failing, ...]
    listens: bool


@dataclass(frozen=True, slots=True)
class Team:
    """What operators see besides; `incidents` say what is wrong with the bot itself."""

    month: Report
    forecast: Forecast | None
    budgets: tuple[Budget, ...]
    alerts: tuple[Case, ...]
    silences: tuple[Quiet, ...]
    incidents: tuple[str, ...]
    owed: int


@dataclass(frozen=True, slots=True)
class Facts:
    """What one person sees. `own` is None for somebody without any task; `team` for all but operators."""

    own: Own | None
    team: Team | None
    as_of: datetime | None


MONTH = Question(when=Calendar(Unit.MONTH, 0), by=("day",))


def facts(reader: Reader, caller: Caller, terms: Terms, now: datetime) -> Facts:
    """Gather what a caller may see."""
    member = member_id(reader, caller.member)
    own = None if member is None or caller.member is None else _own(reader, caller.member, member, terms, now)
    team = _team(reader, caller, terms, now) if caller.role is Role.OPERATOR else None
    return Facts(own, team, freshness(reader, now).as_of)


def _own(reader: Reader, email: str, member: int, terms: Terms, now: datetime) -> Own:
    # asked as themselves, whatever else they may see
    month = answer(reader, MONTH, Caller(Role.MEMBER, email), terms.usage, now)
    scope = Scope(member)
    lately = Selection(scope, Window(now - LATELY, now))
    with reader:
        return Own(
            email=email,
            month=month,
            forecast=months(reader, [member], now, terms.budgets)[member],
            budgets=tuple(budget_lines(reader, terms.budgets, now, member)),
            tasks=tuple(_last_tasks(reader, scope, terms.usage.basis, now)),
            failing=tuple(lines_of(reader, lately, terms.budgets.basis, terms.usage.failing)),
            listens=listens(reader, member),
        )


def _last_tasks(reader: Reader, scope: Scope, basis: SpendBasis, now: datetime) -> list[TaskRow]:
    """The latest tasks of a month; each with what of its cost lies within it.

    Whoever has many is asked of less time than a month: nothing is booked onto a task before it was created.
    """
    found: list[TaskRow] = []
    for reach in _REACHES:
        selection = Selection(scope, Window(now - reach, now + timedelta(days=1)))
        found = task_rows(reader, selection, basis, None, by_name=True)
        if sum(row.created_at >= now - reach for row in found) >= TASKS:
            break
    return sorted(found, key=lambda row: row.created_at, reverse=True)[:TASKS]


def _team(reader: Reader, caller: Caller, terms: Terms, now: datetime) -> Team:
    month = answer(reader, Question(team=True, when=MONTH.when, by=MONTH.by), caller, terms.usage, now)
    silences = quiet(reader, now)
    alerts = going_on(reader, terms.budgets.basis, EVERYTHING)
    with reader:
        pressing = [each for each in budget_lines(reader, terms.budgets, now) if _presses(each)]
        return Team(
            month=month,
            forecast=months(reader, [TEAM], now, terms.budgets)[TEAM],
            budgets=tuple(sorted(pressing, key=lambda each: -each.percent)),
            alerts=tuple(alerts),
            silences=tuple(silences),
            incidents=tuple(row[0] for row in reader.rows("SELECT said FROM incident WHERE ended_at IS NULL")),
            owed=owed_now(reader),
        )


def _presses(each: Budget) -> bool:
    return each.spend_nanos is not None and (each.percent >= NEAR or each.pace.passes is not None)
