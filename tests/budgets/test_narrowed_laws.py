"""Laws of budgets that count only some tasks: what they count is what the ledger holds, whatever becomes of a task."""

from collections.abc import Collection, Iterable
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection, text

from bot.budgets.crossings.store import recorded_steps
from bot.budgets.evaluator import BudgetEvaluator
from bot.budgets.limits.revision_store import LimitSetting
from bot.budgets.limits.store import limits
from bot.budgets.periods import UNITS, Case, budget_period
from bot.budgets.policy import BudgetPolicy
from bot.budgets.rules import DEFAULT, STEPS, TEAM, reached_steps
from bot.budgets.spend import spends
from bot.database.engine import open_database
from bot.domain.narrowing import ALL_TASKS, TaskNarrowing
from bot.domain.periods import Unit
from bot.domain.pricing import ByokUnit, SpendBasis
from bot.domain.tasks import Task
from bot.domain.timestamps import to_us
from bot.ledger.booking import book
from bot.ledger.booking_policy import BookingPolicy
from bot.ledger.members import ensure_members
from bot.ledger.passes.coverage import ALL_TIME, Interval
from tests.support.bookings import ANA, BOB, NOW
from tests.support.effort import WITH_LEDGERS, examples_on
from tests.support.ledgers import Ledgers

pytestmark = pytest.mark.slow

BERLIN = ZoneInfo("Europe/Berlin")
USD = 10**9
MODELS = ("opus", "opus 4", "haiku")
STATUSES = ("completed", "failed", "error")
NARROWINGS = (
    *(TaskNarrowing((model,)) for model in MODELS),
    TaskNarrowing(("haiku", "opus"), ("error", "failed")),
    TaskNarrowing((), ("failed",)),
    TaskNarrowing(byok=True),
    TaskNarrowing(("opus 4",), byok=False),
)
CHARGES = text(
    "SELECT charge.member, charge.booked_at, charge.platform_nanos + charge.provider_nanos, task.model, task.status,"
    " task.is_byok, task.task_id FROM charge JOIN task ON task.id = charge.task"
)
DECISIONS = text(
    "SELECT step, decision FROM crossing WHERE subject = :subject AND period = :period AND revision = :revision"
)


@dataclass(frozen=True)
class Report:
    """What the upstream says of one of a few tasks: a new one, or how one goes on."""

    number: int
    email: str
    model: str
    status: str
    byok: bool
    dollars: int
    hours: int

    def task(self, before: Task | None) -> Task:
        created = NOW - timedelta(hours=self.hours)
        first = Task(
            task_id=f"task-{self.number}", model=self.model, status=self.status, email=self.email, created_at=created
        )
        amount = Decimal(self.dollars) / 10
        return msgspec.structs.replace(
            before or first,
            email=self.email,
            model=self.model,
            status=self.status,
            is_byok=self.byok,
            neo_credits=None if self.byok else amount,
            llm_cost=amount if self.byok else None,
            neo_cost=Decimal(0) if self.byok else None,
        )


A_REPORT = st.builds(
    Report,
    st.integers(0, 5),
    st.sampled_from([ANA, BOB]),
    st.sampled_from(MODELS),
    st.sampled_from(STATUSES),
    st.booleans(),
    st.integers(0, 60),
    st.integers(0, 80),
)
REPORTS = st.lists(A_REPORT, max_size=14)
PAGES = st.lists(st.lists(A_REPORT, min_size=1, max_size=4, unique_by=lambda each: each.number), max_size=5)
Limit = tuple[int | str, Unit, TaskNarrowing, int]
LIMITS = st.lists(
    st.tuples(
        st.sampled_from([TEAM, DEFAULT, ANA]),
        st.sampled_from(UNITS),
        st.sampled_from(NARROWINGS),
        st.sampled_from([10, 25, 60]),
    ),
    min_size=1,
    max_size=6,
)


def counted(connection: Connection, case: Case, tasks: Collection[str] | None = None) -> int:
    """What a subject spent on the tasks of its budget, of `tasks` alone if given, without the statements under test."""
    subject, period = case
    narrowing, start, end = period.narrowing, to_us(period.window.start), to_us(period.window.end)
    return sum(
        nanos
        for member, at, nanos, model, status, byok, task_id in connection.execute(CHARGES)
        if subject in {TEAM, member}
        and (tasks is None or task_id in tasks)
        and start <= at < end
        and (not narrowing.models or model in narrowing.models)
        and (not narrowing.statuses or status in narrowing.statuses)
        and (narrowing.byok is None or bool(byok) is narrowing.byok)
    )


def check(connection: Connection, evaluator: BudgetEvaluator, subjects: Iterable[int]) -> None:
    """Assert that spend is what the ledger holds, and that all steps which it has reached are recorded."""
    for unit in UNITS:
        for narrowing in (*NARROWINGS, ALL_TASKS):
            period = budget_period(unit, NOW, BERLIN, narrowing)
            cases = [(subject, period) for subject in subjects]
            spent = spends(connection, cases, SpendBasis.TOTAL)
            assert spent == {case: counted(connection, case) for case in cases}
            limit_of = limits(connection, cases, NOW)
            recorded = recorded_steps(connection, limit_of)
            for case, limit in limit_of.items():
                reached = reached_steps(limit.nanos, spent[case], evaluator.policy.steps)
                assert set(reached) <= set(recorded.get(case, ())), (case, limit, spent[case])


def models_add_up(connection: Connection, subjects: Iterable[int], unit: Unit) -> None:
    """Assert that what was spent on each model adds up to all that was."""
    periods = [budget_period(unit, NOW, BERLIN, TaskNarrowing((model,))) for model in MODELS]
    for subject in subjects:
        by_model = spends(connection, [(subject, period) for period in periods], SpendBasis.TOTAL)
        whole = (subject, budget_period(unit, NOW, BERLIN))
        assert sum(by_model.values()) == spends(connection, [whole], SpendBasis.TOTAL)[whole]


def members_with_limits(connection: Connection, evaluator: BudgetEvaluator, made: list[Limit]) -> dict[str, int]:
    """Set limits, of whom, by which unit, of which tasks and how many dollars; return the members' ids."""
    ids = ensure_members(connection, [ANA, BOB])
    for whose, unit, narrowing, dollars in made:
        scope = ids[whose] if isinstance(whose, str) else whose
        setting = LimitSetting(scope, unit, dollars * USD, "terminal", narrowing=narrowing)
        evaluator.set_limit(connection, setting, NOW)
    return ids


def test_what_is_counted_is_what_the_ledger_holds_whatever_becomes_of_a_task(engine: str, ledgers: Ledgers) -> None:
    @given(LIMITS, REPORTS)
    @examples_on(engine, 300, **WITH_LEDGERS)
    def law(made: list[Limit], reports: list[Report]) -> None:
        place = ledgers.new()
        with closing(open_database(place)) as database:
            evaluator = BudgetEvaluator(BudgetPolicy(BERLIN, SpendBasis.TOTAL))
            booking = BookingPolicy(ByokUnit.CREDITS, observers=(evaluator.record_booking,), read_before=(ALL_TIME,))
            with database.transaction() as connection:
                ids = members_with_limits(connection, evaluator, made)
            subjects = [*ids.values(), TEAM]
            tasks: dict[int, Task] = {}
            for report in reports:
                tasks[report.number] = task = report.task(tasks.get(report.number))
                with database.transaction() as connection:
                    book(connection, [task], booking, now=NOW)
                    check(connection, evaluator, subjects)
            with database.transaction() as connection:
                for unit in UNITS:
                    models_add_up(connection, subjects, unit)
        ledgers.take_back(place)

    law()


# --- notifications ---------------------------------------------------------------------------------

READ = Interval(to_us(NOW - timedelta(hours=30)), to_us(NOW))  # what was created before is history when first read


@dataclass
class Page:
    """What a page has brought to a case: its spend before and after, and what history alone has added to it."""

    before: int
    after: int
    history: int

    def decided(self, limit_nanos: int, recorded: dict[int, str]) -> dict[int, str]:
        """What is to be recorded of a limit: silently what history has passed, then what the rest has."""
        alone = reached_steps(limit_nanos, self.before + self.history, STEPS)
        silent = {step: "HISTORY" for step in alone if step not in recorded}
        known = recorded | silent
        new = [step for step in reached_steps(limit_nanos, self.after, STEPS) if step not in known]
        loud = dict.fromkeys(new, "LOWER")
        if new and new[-1] > max(known, default=0):
            loud[new[-1]] = "TOLD"
        return known | loud


def test_steps_that_history_alone_has_passed_are_silent_and_all_others_are_notified(
    engine: str, ledgers: Ledgers
) -> None:
    @given(LIMITS, PAGES)
    @examples_on(engine, 300, **WITH_LEDGERS)
    def law(made: list[Limit], pages: list[list[Report]]) -> None:
        place = ledgers.new()
        with closing(open_database(place)) as database:
            evaluator = BudgetEvaluator(BudgetPolicy(BERLIN, SpendBasis.TOTAL))
            booking = BookingPolicy(ByokUnit.CREDITS, observers=(evaluator.record_booking,), read_before=(READ,))
            with database.transaction() as connection:
                ids = members_with_limits(connection, evaluator, made)
                kinds = {(unit, narrowing) for _, unit, narrowing, _ in made}
                periods = [budget_period(unit, NOW, BERLIN, narrowing) for unit, narrowing in sorted(kinds, key=str)]
                limit_of = limits(
                    connection, [(each, period) for each in (*ids.values(), TEAM) for period in periods], NOW
                )
            recorded: dict[Case, dict[int, str]] = {case: {} for case in limit_of}
            tasks: dict[int, Task] = {}
            for reports in pages:
                new = {each.number for each in reports} - tasks.keys()
                tasks |= {each.number: each.task(tasks.get(each.number)) for each in reports}
                history = {tasks[each].task_id for each in new if booking.is_backfill(to_us(tasks[each].created_at))}
                with database.transaction() as connection:
                    before = {case: counted(connection, case) for case in limit_of}
                    book(connection, [tasks[each.number] for each in reports], booking, now=NOW)
                    for case, limit in limit_of.items():
                        page = Page(before[case], counted(connection, case), counted(connection, case, history))
                        recorded[case] = page.decided(limit.nanos, recorded[case])
                        of_case = {"subject": case[0], "period": case[1].label, "revision": limit.revision}
                        stored = {row.step: row.decision for row in connection.execute(DECISIONS, of_case)}
                        assert stored == recorded[case], (case, limit, page)
        ledgers.take_back(place)

    law()
