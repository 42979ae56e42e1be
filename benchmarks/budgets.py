"""Budgets: a tick with nothing new, and the members a booking touched among ten thousand with budgets."""

import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import timedelta
from statistics import median
from typing import TYPE_CHECKING, Any

from benchmarks.bars import Bar
from benchmarks.ledgers import Size, ledger
from benchmarks.timing import seconds, shown
from benchmarks.workplace import NOW
from bot.budgets import narrowed_totals
from bot.budgets.evaluator import BudgetEvaluator
from bot.budgets.periods import budget_period
from bot.budgets.policy import BudgetPolicy
from bot.budgets.rules import TEAM
from bot.database.sqlite import SqliteDatabase
from bot.domain.narrowing import TaskNarrowing, TaskTraits
from bot.domain.periods import Unit
from bot.domain.tasks import Task
from bot.domain.timestamps import to_us
from bot.ledger.booking_result import BookingResult, TaskChange
from bot.ledger.rules import Entry, EntryKind
from bot.outbox.conditions import Moment
from bot.outbox.due_work import due_work
from bot.settings.environment import load

if TYPE_CHECKING:
    from sqlalchemy import Connection

_TOUCHED, _PASSING = 300, 30
_TICK_MS, _TIMES, _GROWTH = 0.5, 3.5, 1.2
_NONE, _TWICE, _ONE_MORE = 1.1, 2.2, 1.2  # times the booking without narrowed budgets
_UNSURE = timedelta(minutes=1)


def measure(*, quick: bool) -> Iterator[Bar]:
    """Idle ticks under 0.5 ms; a booking's budgets at most 3.5 times one statement, at any size of the ledger."""
    tasks, members = (100_000, 1_000) if quick else (1_000_000, 10_000)
    small = Size(tasks, members=members)
    large = Size(5 * tasks, members=members, years=5)
    idle = _idle(small)
    yield Bar("a tick of budgets and outbox with nothing new", idle * 1000, _TICK_MS, "ms", note=f"{members:,} budgets")
    app, plain, longer = _touched(small, large, rounds=5 if quick else 21)
    note = f"{shown(app)}; the statement {shown(plain)}; {_PASSING} of {_TOUCHED} pass a step"
    yield Bar("budgets of 300 members touched, outbox rows included", app / plain, _TIMES, note=note)
    yield Bar("the same above five times the history", longer / app, _GROWTH, note=shown(longer))
    plain, others, own, team = _narrowed(small, rounds=5 if quick else 21)
    yield Bar("the same where 300 others have narrowed budgets", others / plain, _NONE, note=shown(others))
    yield Bar("the same where each of the 300 has one besides", own / plain, _TWICE, note=shown(own))
    yield Bar("the same where the team has one", team / plain, _ONE_MORE, note=shown(team))


def _watch() -> BudgetEvaluator:
    return BudgetEvaluator(BudgetPolicy.from_settings(load({})))


def _idle(size: Size) -> float:
    """The database's part of a tick: whether budgets and outbox have anything to do."""
    with closing(_Ledger(size)) as laid:
        laid.lay()
        assert not laid.has_work()
        return median(seconds(laid.has_work) for _ in range(101))


def _touched(small: Size, large: Size, rounds: int) -> tuple[float, float, float]:
    """Seconds of the app's observer, of the one statement, and of the observer above the large ledger.

    They run in turn, as a machine's speed changes within a minute; each in a transaction that is undone at the end.
    """
    with closing(_Ledger(small)) as laid, closing(_Ledger(large)) as longer:
        laid.lay()
        longer.lay()
        taken = [(laid.app(), seconds(laid.plain), longer.app()) for _ in range(rounds)]
        app, plain, above = (median(column) for column in zip(*taken, strict=True))
        return app, plain, above


def _narrowed(size: Size, rounds: int) -> list[float]:
    """Seconds of the observer without narrowed budgets, with those of others, of each member touched, of the team."""
    with closing(_Ledger(size)) as laid:
        laid.lay()
        scopes = (), laid.others, laid.members, (TEAM,)
        taken = [[laid.app(narrowed) for narrowed in scopes] for _ in range(rounds)]
        return [median(column) for column in zip(*taken, strict=True)]


class _Ledger:
    """A ledger with a monthly budget for each member, inside a transaction; touched members have one more charge."""

    def __init__(self, size: Size) -> None:
        self._database = SqliteDatabase(ledger(size))
        self._context = self._database.transaction()
        self._connection: Connection = self._context.__enter__()
        self._watch = _watch()
        self._span = budget_period(Unit.MONTH, NOW, self._watch.policy.zone)

    @property
    def _raw(self) -> sqlite3.Connection:
        raw = self._connection.connection.driver_connection
        assert isinstance(raw, sqlite3.Connection)
        return raw

    def lay(self) -> None:
        """Everybody is at 60 % and was notified of 50; a dollar more takes some of the touched to 80 %."""
        low, high = to_us(self._span.window.start), to_us(self._span.window.end)
        spent = dict(self._raw.execute(_SPENT, (low, high)).fetchall())
        self.members, self.others = sorted(spent)[:_TOUCHED], sorted(spent)[-_TOUCHED:]
        limits = [(m, nanos * 10 // 6) for m, nanos in spent.items()]
        near = set(self.members[:_PASSING])
        limits = [(m, (spent[m] + 10**9) * 10 // 8 if m in near else limit) for m, limit in limits]
        self._raw.execute("INSERT INTO budget (scope, unit, revision) SELECT id, 'month', id FROM member")
        self._raw.execute(
            "INSERT INTO budget_revision (id, budget, set_at, set_by) SELECT b.scope, b.id, 0, 'bench' FROM budget b"
        )
        self._raw.executemany("UPDATE budget SET limit_nanos = ? WHERE scope = ?", [(limit, m) for m, limit in limits])
        self._raw.execute(_TOLD, (self._span.label,))
        self._watch.due_work.apply_due(self._connection, NOW)
        change = Entry(EntryKind.FIRST, 10**9, 0, to_us(NOW))
        task = Task(task_id="t", model="m", status="completed", created_at=NOW)
        charges = [(1, member, 10**9, 0, to_us(NOW), to_us(NOW), "first") for member in self.members]
        self._raw.executemany(_CHARGE, charges)
        traits = TaskTraits(task.model, task.status, own_key=False)
        changes = tuple(TaskChange(1, member, task, traits, None, (change,), restated=False) for member in self.members)
        self._booked = BookingResult(NOW, changes=changes)
        assert sorted(m for m, _ in self.plain()) == sorted(near), "the statement finds who passes"

    def has_work(self) -> bool:
        """Whether budgets or outbox have anything to do."""
        due = self._watch.due_work.due(self._connection, NOW)
        return bool(due_work(self._connection, Moment(NOW, _UNSURE)).channels) or due

    def app(self, narrowed: Sequence[int] = ()) -> float:
        """The seconds of the observer, with all that it writes; it is undone. Some have `narrowed` budgets, too."""
        self._raw.execute("SAVEPOINT round")
        self._raw.executemany(_NARROWED, [(scope,) for scope in narrowed])
        narrowed_totals.fill(self._connection, TaskNarrowing(("m",)), narrowed, NOW)
        taken = seconds(lambda: self._watch.record_booking(self._connection, self._booked))
        notified = self._raw.execute("SELECT count(*) FROM notification").fetchone()[0]
        assert notified == _PASSING, notified
        self._raw.execute("ROLLBACK TO round")
        return taken

    def plain(self) -> list[Any]:
        """One statement: who of the touched has passed a step that is not recorded."""
        window = (to_us(self._span.window.start), to_us(self._span.window.end))
        return self._raw.execute(_BEST, (*window, json.dumps(self.members), self._span.label)).fetchall()

    def close(self) -> None:
        """Undo everything."""
        self._raw.execute("ROLLBACK")
        self._raw.execute("BEGIN")
        self._context.__exit__(None, None, None)
        self._database.close()


_SPENT = """SELECT member, sum(platform_nanos + provider_nanos) FROM charge
WHERE booked_at >= ? AND booked_at < ? GROUP BY member HAVING sum(platform_nanos + provider_nanos) > 0"""
_TOLD = """INSERT INTO crossing (subject, unit, period, revision, step, limit_nanos, spend_nanos, crossed_at,
last_charge, late, decision)
SELECT scope, 'month', ?, revision, 50, limit_nanos, 0, 0, 0, 0, 'TOLD' FROM budget WHERE limit_nanos NOT NULL"""
_CHARGE = """INSERT INTO charge (task, member, platform_nanos, provider_nanos, booked_at, observed_at, kind)
VALUES (?,?,?,?,?,?,?)"""
_NARROWED = """INSERT INTO budget (scope, unit, narrowing, revision, limit_nanos)
VALUES (?, 'month', 'model:m', 1, 9000000000000000)"""
_BEST = """
WITH spent (member, nanos) AS MATERIALIZED (
  SELECT j.value, (SELECT sum(c.platform_nanos + c.provider_nanos) FROM charge c
    WHERE c.member = j.value AND c.booked_at >= ? AND c.booked_at < ?) FROM json_each(?) j)
SELECT s.member, max(p.value) FROM spent s CROSS JOIN budget b ON b.scope = s.member AND b.unit = 'month'
CROSS JOIN json_each('[50,80,100,150,200]') p ON s.nanos * 100 >= b.limit_nanos * p.value
WHERE b.limit_nanos IS NOT NULL AND NOT EXISTS (SELECT 1 FROM crossing x WHERE x.subject = s.member
  AND x.unit = 'month' AND x.period = ? AND x.revision = b.revision AND x.step = p.value)
GROUP BY s.member
"""
