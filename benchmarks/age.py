"""Age: what recurs by the second, the booking and the message, at three years of history beside a fresh install's."""

from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

from benchmarks.bars import Bar
from benchmarks.timing import in_turn, shown
from benchmarks.wiring import wired
from benchmarks.workplace import NOW, scratch
from benchmarks.years import Years, live
from bot.app import App
from bot.budgets.alerts.budget_snapshot import budget_snapshot
from bot.budgets.evaluator import BudgetEvaluator
from bot.budgets.limits.revision_store import LimitSetting
from bot.budgets.periods import budget_period
from bot.budgets.policy import BudgetPolicy
from bot.budgets.rules import TEAM
from bot.database.engine import open_database
from bot.database.read_engine import open_reader
from bot.digest.planner import DigestPlanner
from bot.digest.rules import DigestSchedule
from bot.domain.access import Caller, Role
from bot.domain.periods import Unit
from bot.domain.pricing import ByokUnit
from bot.domain.tasks import Task
from bot.failures.grouper import FailureGrouper
from bot.home.facts import home_facts
from bot.home.month_facts import HomePolicy
from bot.incidents.checks import current_incidents
from bot.ledger.booking import book
from bot.ledger.booking_policy import BookingPolicy
from bot.maintenance.prune_schedule import is_due
from bot.outbox.conditions import Moment
from bot.outbox.due_work import due_work
from bot.people.member_names import emails_as_names
from bot.sync.planner import SyncPlanner

_GROWTH = 1.2
_FRESH, _LONG = 90, 3 * 365  # days: what a fresh install reads, and then lives
_EMAILS = tuple(f"member.{number}@acme.example" for number in range(50))
_UNSURE = timedelta(minutes=1)
_PAGE = 200

Work = Callable[[], object]


def measure(*, quick: bool) -> Iterator[Bar]:
    """What recurs takes at most 1.2 times as long at three years as after a fresh install."""
    daily, rounds = (200, 11) if quick else (500, 41)
    with (
        scratch() as directory,
        closing(_Lived(directory, _FRESH, daily)) as young,
        closing(_Lived(directory, _LONG, daily)) as old,
    ):
        for name, repeated, work in _WORKS:
            before, after = in_turn(rounds, _repeated(work, young, repeated), _repeated(work, old, repeated))
            note = shown(before / repeated, after / repeated)
            yield Bar(f"{name}, at three years", after / before, _GROWTH, note=note)


def _repeated(work: "Callable[[_Lived], object]", lived: "_Lived", times: int) -> Work:
    """The same so many times, where once is too short to be timed."""

    def several() -> None:
        for _ in range(times):
            work(lived)

    return several


def _evaluator(app: App) -> BudgetEvaluator:
    return BudgetEvaluator(BudgetPolicy.from_settings(app.settings))


class _Lived:
    """A ledger of some days, with so many tasks a day, and an app over it; somebody and the team have a budget."""

    def __init__(self, directory: Path, days: int, daily: int) -> None:
        self.path = directory / f"{days}.db"
        open_database(self.path).close()
        poll = timedelta(minutes=5)
        live(self.path, Years(NOW, _EMAILS, "C0ALERTS", days * daily, poll, days, idle=timedelta(hours=1)))
        self.app: App = wired(self.path)
        self.database = open_database(self.path)
        with self.database.transaction() as connection:
            for scope in (TEAM, 1):
                _evaluator(self.app).set_limit(connection, LimitSetting(scope, Unit.MONTH, 10**15, "bench"), NOW)
            FailureGrouper().backfill(connection)
            _evaluator(self.app).due_work.apply_due(connection, NOW)
        self.reader = open_reader(self.path)

    def close(self) -> None:
        """Give the file back."""
        self.reader.close()
        self.database.close()


def _second(lived: _Lived) -> None:
    """The looks of a second and of a minute, where there is nothing to do."""
    reader, app = lived.reader, lived.app
    assert not _evaluator(app).due_work.due(reader, NOW)
    assert not FailureGrouper().due(reader, NOW)
    assert not due_work(reader, Moment(NOW, _UNSURE)).channels
    DigestPlanner(DigestSchedule.from_settings(app.settings)).due(reader, ["C0ALERTS"], NOW, NOW)
    current_incidents(reader, 2**40, {}, NOW)
    is_due(reader, NOW, app.settings.timezone)
    SyncPlanner(app.settings.history_days, app.settings.timezone).plan(reader, NOW)


def _booking(lived: _Lived) -> None:
    """A page of new tasks, some of which failed, with all who observe it; it is undone."""
    app = lived.app
    policy = BookingPolicy(ByokUnit.CREDITS, observers=(_evaluator(app).record_booking, FailureGrouper().observe))
    with lived.database.transaction() as connection:
        connection.exec_driver_sql("SAVEPOINT page")
        book(connection, _TASKS, policy, now=NOW)
        connection.exec_driver_sql("ROLLBACK TO page")


_TASKS = [
    Task(
        task_id=f"new-{number}", model="model-1", status="error" if number % 20 == 0 else "completed", created_at=NOW,
        email=_EMAILS[number % len(_EMAILS)], neo_credits=Decimal("0.1"), title="a title",
        error_message="the vault is sealed" if number % 20 == 0 else None,
    )
    for number in range(_PAGE)
]  # fmt: skip


def _message(lived: _Lived) -> None:
    """The facts of the message about a budget."""
    policy = BudgetPolicy.from_settings(lived.app.settings)
    budget_snapshot(lived.reader, 1, budget_period(Unit.MONTH, NOW, policy.zone), policy, NOW)


def _home(lived: _Lived) -> None:
    """What an operator's App Home shows."""
    app = lived.app
    home_facts(
        lived.reader, Caller(Role.OPERATOR, _EMAILS[0]), HomePolicy.from_settings(app.settings), NOW, emails_as_names
    )


_WORKS: tuple[tuple[str, int, Callable[[_Lived], object]], ...] = (
    ("the looks of a second", 20, _second),
    ("a page booked, with budgets and failures", 1, _booking),
    ("the facts of a budget's message", 10, _message),
    ("the facts of an operator's App Home", 1, _home),
)
