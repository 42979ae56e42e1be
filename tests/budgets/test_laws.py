"""Laws of budgets over random histories: no step is notified twice for one limit and period, and none is missed."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import Phase
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from sqlalchemy import Connection, text

from bot.budgets.audiences import Audience
from bot.budgets.crossings.store import recorded_steps
from bot.budgets.evaluator import BudgetEvaluator
from bot.budgets.limits.revision_store import LimitSetting
from bot.budgets.limits.store import limits, outdated_budgets
from bot.budgets.periods import UNITS, budget_period
from bot.budgets.policy import BudgetPolicy
from bot.budgets.rules import DEFAULT, FULL, TEAM, reached_steps
from bot.budgets.snoozes.store import NewSnooze, put_snooze
from bot.budgets.spend import spends
from bot.database.engine import open_database
from bot.domain.periods import Unit, day_start, local_day
from bot.domain.pricing import ByokUnit, SpendBasis
from bot.domain.tasks import Task
from bot.ledger.booking import book
from bot.ledger.booking_policy import BookingPolicy
from bot.ledger.passes.coverage import ALL_TIME
from tests.support.effort import examples_on
from tests.support.ledgers import Ledgers

SPRING = datetime(2026, 3, 28, 20, tzinfo=UTC)  # the night the clocks of Berlin go forward
AUTUMN = datetime(2026, 10, 24, 20, tzinfo=UTC)
USD = 1_000_000_000
EMAILS = ("ana@acme.dev", "bo@acme.dev")
SCOPES = (DEFAULT, TEAM, 1, 2)

SUBJECT = text("SELECT subject FROM crossing WHERE id = :id")
NOTIFIED = text("SELECT id FROM crossing WHERE decision = 'TOLD' AND NOT late")
CROSSINGS = text("SELECT id, subject, unit, period, revision, step, decision FROM crossing ORDER BY id")
WAITING = text("SELECT crossing, audience FROM deferral WHERE outcome IS NULL")
ENQUEUED = text("SELECT stem, destination FROM notification")


class Budgets(RuleBasedStateMachine):
    """Charges come, also late and restated; limits are set, raised, lowered, ended; clocks jump; the bot restarts."""

    def __init__(self, ledgers: Ledgers) -> None:
        super().__init__()
        self.ledgers = ledgers

    @initialize(
        begin=st.sampled_from([SPRING, AUTUMN]), zone=st.sampled_from(["UTC", "Europe/Berlin", "Asia/Kathmandu"])
    )
    def start(self, begin: datetime, zone: str) -> None:
        self.place = self.ledgers.new()
        self.database = open_database(self.place)
        self.evaluator = BudgetEvaluator(BudgetPolicy(ZoneInfo(zone), SpendBasis.TOTAL))
        self.now = begin
        self.late = False  # time has gone on, and no tick has seen it yet
        self.tasks: dict[str, Task] = {}
        for email in EMAILS:  # members 1 and 2
            self.spend(email, 0, 0)

    def teardown(self) -> None:
        if hasattr(self, "database"):
            self.database.close()
            self.ledgers.take_back(self.place)

    def _book(self, task: Task, *, backfill: bool = False) -> None:
        read_before = () if backfill else (ALL_TIME,)
        booking = BookingPolicy(ByokUnit.CREDITS, observers=(self.evaluator.record_booking,), read_before=read_before)
        with self.database.transaction() as connection:
            book(connection, [task], booking, now=self.now)

    # --- what happens ----------------------------------------------------------------------------

    @rule(email=st.sampled_from(EMAILS), dollars=st.integers(0, 60), hours=st.integers(0, 90))
    def spend(self, email: str, dollars: int, hours: int) -> None:
        """A task is seen that was created some hours ago."""
        name = f"task-{len(self.tasks)}"
        created = self.now - timedelta(hours=hours)
        self.tasks[name] = Task(
            task_id=name, model="m", status="completed", created_at=created, email=email,
            neo_credits=Decimal(dollars) / 10, title=name,
        )  # fmt: skip
        self._book(self.tasks[name])

    @rule(pick=st.integers(0, 50), dollars=st.integers(0, 80))
    def grow_or_restate(self, pick: int, dollars: int) -> None:
        """A task's cost is another now."""
        import msgspec

        name = f"task-{pick % len(self.tasks)}"
        self.tasks[name] = msgspec.structs.replace(self.tasks[name], neo_credits=Decimal(dollars) / 10)
        self._book(self.tasks[name])

    @rule(
        scope=st.sampled_from(SCOPES),
        unit=st.sampled_from(UNITS),
        dollars=st.one_of(st.none(), st.sampled_from([10, 20, 40, 50, 75, 100])),
        days=st.one_of(st.none(), st.integers(0, 2)),
    )
    def set_limit(self, scope: int, unit: Unit, dollars: int | None, days: int | None) -> None:
        """A limit is set or removed, for good or for a while."""
        zone = self.evaluator.policy.zone
        ends_at = None
        if days is not None and dollars is not None:
            ends_at = day_start(local_day(self.now, zone) + timedelta(days=days + 1), zone)
        nanos = None if dollars is None else dollars * USD
        with self.database.transaction() as connection:
            self.evaluator.due_work.apply_due(connection, self.now)
            span = budget_period(unit, self.now, zone)
            cases = [(subject, span) for subject in (1, 2, TEAM)]
            before = limits(connection, cases, self.now)
            notified = self._notified(connection)
            self.evaluator.set_limit(connection, LimitSetting(scope, unit, nanos, "terminal", None, ends_at), self.now)
            after = limits(connection, cases, self.now)
            for key in self._notified(connection) - notified:
                subject = connection.execute(SUBJECT, {"id": key}).scalar_one()
                case = (subject, span)
                assert case not in before or after[case].nanos < before[case].nanos, "a raise was notified"

    @rule(
        subject=st.sampled_from([1, 2]),
        unit=st.sampled_from(UNITS),
        audience=st.sampled_from(list(Audience)),
        hours=st.integers(1, 40),
    )
    def snooze(self, subject: int, unit: Unit, audience: Audience, hours: int) -> None:
        until = self.now + timedelta(hours=hours)
        with self.database.transaction() as connection:
            put_snooze(connection, NewSnooze(subject, unit, audience, until, "U1"), self.now)

    @rule(minutes=st.sampled_from([-180, -30, 5, 60, 300, 720, 1500, 4500]), ticks=st.booleans())
    def time_goes(self, minutes: int, *, ticks: bool) -> None:
        """Time goes on, or the clock is set back; the scheduler ticks, or is late."""
        self.now += timedelta(minutes=minutes)
        self.late = not ticks
        if self.late:
            return
        with self.database.transaction() as connection:
            self.evaluator.due_work.apply_due(connection, self.now)

    @rule()
    def restart(self) -> None:
        self.database.close()
        self.database = open_database(self.place)
        with self.database.transaction() as connection:
            self.evaluator.due_work.apply_due(connection, self.now)

    # --- what always holds -----------------------------------------------------------------------

    @staticmethod
    def _notified(connection: Connection) -> set[int]:
        return set(connection.execute(NOTIFIED).scalars())

    @invariant()
    def every_step_passed_is_recorded(self) -> None:
        if not hasattr(self, "database") or self.late:
            return
        with self.database.transaction() as connection:
            for unit in UNITS:
                span = budget_period(unit, self.now, self.evaluator.policy.zone)
                cases = [(subject, span) for subject in (1, 2, TEAM)]
                in_force = limits(connection, cases, self.now)
                spent = spends(connection, in_force, SpendBasis.TOTAL)
                recorded = recorded_steps(connection, in_force)
                for case, limit in in_force.items():
                    reached = reached_steps(limit.nanos, spent[case], self.evaluator.policy.steps)
                    assert set(reached) <= set(recorded.get(case, ())), (case, limit, spent[case])

    @invariant()
    def the_newest_limit_that_has_not_ended_is_in_force(self) -> None:
        if not hasattr(self, "database") or self.late:
            return
        with self.database.transaction() as connection:
            assert outdated_budgets(connection, self.now) == []

    @invariant()
    def notified_steps_only_rise_and_are_enqueued_once(self) -> None:
        if not hasattr(self, "database"):
            return
        with self.database.transaction() as connection:
            rows = connection.execute(CROSSINGS).all()
            waiting: dict[int, list[str]] = {}
            for key, audience in connection.execute(WAITING):
                waiting.setdefault(key, []).append(audience)
            enqueued: dict[int, list[str]] = {}
            for stem, destination in connection.execute(ENQUEUED):
                if stem.startswith("crossing:"):
                    enqueued.setdefault(int(stem.partition(":")[2]), []).append(destination)
        by_budget: dict[tuple[object, ...], list[int]] = {}
        for key, *budget, step, decision in rows:
            if decision == "TOLD":
                by_budget.setdefault(tuple(budget), []).append(step)
                self._check_destinations(budget[0], step, waiting.get(key, []), sorted(enqueued.get(key, ())))
            else:
                assert key not in enqueued
        for steps in by_budget.values():
            assert all(low < high for low, high in pairwise(steps)), steps

    @staticmethod
    def _check_destinations(subject: int, step: int, waiting: list[str], destinations: list[str]) -> None:
        """Assert that each destination is a right one, and that none which waits has the step already."""
        if subject == TEAM:
            assert destinations == (["operators"] if step < FULL else ["alert:team"])
            return
        allowed = {f"member:{subject}", *(["alert"] if step >= FULL else [])}
        assert set(destinations) <= allowed
        if "dm" in waiting:
            assert f"member:{subject}" not in destinations
        if "channel" in waiting:
            assert "alert" not in destinations


PHASES = (Phase.explicit, Phase.generate, Phase.shrink)


@pytest.mark.long
def test_the_laws_hold_whatever_happens(engine: str, ledgers: Ledgers) -> None:
    laws = examples_on(engine, 60, stateful_step_count=30, phases=PHASES)
    run_state_machine_as_test(partial(Budgets, ledgers), settings=laws)  # type: ignore[arg-type]
