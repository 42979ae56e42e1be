"""The facts of App Home: a member's month, budgets, tasks and failures; for an operator also the team's."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from bot.balance.facts import BalanceFacts, balance_facts
from bot.budgets.listing.lines import BudgetLine, budget_lines
from bot.budgets.requests.facts import RequestFacts, waiting_requests
from bot.budgets.rules import DEFAULT, NEAR, TEAM
from bot.database.backup_record import backup_record
from bot.domain.access import Caller, Role
from bot.domain.periods import Window
from bot.domain.pricing import SpendBasis
from bot.failures.alert_facts import GroupFacts, open_group_facts
from bot.failures.listener_store import is_listening
from bot.failures.silence_facts import ActiveSilence, named_silences
from bot.home.month_facts import HomePolicy, MonthFacts, OwnFacts, Snapshot
from bot.incidents.store import open_incidents
from bot.ledger.neo_agreement import NeoAgreement, neo_agreement
from bot.ledger.scope import EVERYTHING, Scope
from bot.ledger.selection import Selection, conditions_of
from bot.ledger.task_list import TaskRow, task_rows
from bot.outbox.queries import undelivered_count
from bot.people.member_names import MemberNames

TASKS = 5
TASKS_SINCE = timedelta(days=31)  # tasks shown were created within this time
_SEARCHES = (timedelta(hours=1), timedelta(hours=8), timedelta(days=3), TASKS_SINCE)  # back from now, in this order


@dataclass(frozen=True, slots=True)
class OwnPage:
    """A member's own part of the page: beside what the card shows too, their last tasks, and if they are notified."""

    facts: OwnFacts
    tasks: tuple[TaskRow, ...]
    listens: bool


@dataclass(frozen=True, slots=True)
class BudgetOverview:
    """Which limits there are: those of the team, the default ones, and how many members have some of their own."""

    team: tuple[BudgetLine, ...]
    default: tuple[BudgetLine, ...]
    personal: int


@dataclass(frozen=True, slots=True)
class TeamPage:
    """The team's part of the page, for operators.

    `budgets` are those over their limit or close to it, `requests` wait for a decision, and `incidents` say what is
    wrong with the bot itself. `backup` is when the last scheduled backup was made; None without any. `agreement` is how
    spend compares with Neo's own total, `balance` what Neo says is left.
    """

    month: MonthFacts
    limits: BudgetOverview
    budgets: tuple[BudgetLine, ...]
    requests: tuple[RequestFacts, ...]
    alerts: tuple[GroupFacts, ...]
    silences: tuple[ActiveSilence, ...]
    incidents: tuple[str, ...]
    undelivered: int
    backup: datetime | None
    agreement: NeoAgreement
    balance: BalanceFacts


@dataclass(frozen=True, slots=True)
class HomeFacts:
    """What one person sees. `own` is None for whoever has no task, `team` for everybody but operators."""

    own: OwnPage | None
    team: TeamPage | None
    as_of: datetime | None


def home_facts(
    connection: Connection, caller: Caller, policy: HomePolicy, now: datetime, names: MemberNames
) -> HomeFacts:
    """Return what a caller may see; `names` are those of silenced members.

    Raises UnreadError if the ledger holds nothing yet.
    """
    snapshot = Snapshot(connection, caller, policy, now)
    member = snapshot.member()
    own = None if member is None else _own(snapshot, member)
    team = _team(snapshot, names) if caller.role is Role.OPERATOR else None
    return HomeFacts(own, team, snapshot.as_of)


def _own(snapshot: Snapshot, member: int) -> OwnPage:
    connection, basis = snapshot.connection, snapshot.policy.usage.basis
    tasks = _last_tasks(connection, Scope(member), basis, snapshot.now)
    return OwnPage(snapshot.own(member), tuple(tasks), is_listening(connection, member))


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


def _team(snapshot: Snapshot, names: MemberNames) -> TeamPage:
    connection, policy = snapshot.connection, snapshot.policy.budgets
    lines = list(budget_lines(connection, policy, snapshot.now))
    return TeamPage(
        month=snapshot.team_month(),
        limits=_overview(lines),
        budgets=tuple(sorted(filter(_is_at_risk, lines), key=lambda each: -each.percent)),
        requests=tuple(waiting_requests(connection, policy, snapshot.now)),
        alerts=tuple(open_group_facts(connection, snapshot.policy.budgets.basis, EVERYTHING)),
        silences=tuple(named_silences(connection, snapshot.now, names)),
        incidents=tuple(each.description for each in open_incidents(connection)),
        undelivered=undelivered_count(connection),
        backup=backup_record(connection).made_at,
        agreement=neo_agreement(connection),
        balance=balance_facts(connection, snapshot.now),
    )


def _overview(lines: Sequence[BudgetLine]) -> BudgetOverview:
    team, default = (tuple(each for each in lines if each.scope == scope) for scope in ("team", "default"))
    personal = {each.scope for each in lines if each.limit.scope not in {TEAM, DEFAULT}}
    return BudgetOverview(team, default, len(personal))


def _is_at_risk(line: BudgetLine) -> bool:
    """Return whether a budget is over, close to its limit, or on pace to pass it."""
    return line.spend_nanos is not None and (line.percent >= NEAR or line.pace.used_up_on is not None)
