"""Backtests on a ledger: what the evaluator recorded when the same was booked in time; and what people read of one."""

import shutil
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, text

from bot.budgets.backtest.facts import BacktestRequest, backtest
from bot.budgets.evaluator import BudgetEvaluator
from bot.budgets.limits.revision_store import LimitSetting
from bot.budgets.policy import BudgetPolicy
from bot.budgets.rules import DEFAULT, TEAM
from bot.database.engine import open_database
from bot.domain.narrowing import ALL_TASKS, TaskNarrowing
from bot.domain.periods import Unit
from bot.domain.pricing import ByokUnit, SpendBasis
from bot.domain.tasks import Task
from bot.ledger.booking import book
from bot.ledger.booking_policy import BookingPolicy
from bot.ledger.members import ensure_members
from bot.sandbox.world import START, World
from tests.support.acts import spend
from tests.support.harness import ServiceHarness
from tests.support.messages import actions, table, visible_text
from tests.support.worlds import MARCUS, PRIYA, add

BEGUN = datetime.fromisoformat("2026-09-10T08:00:00+00:00")
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
PEOPLE = ("ana@acme.dev", "bob@acme.dev", None)
MODELS = ("opus", "haiku")
LIMIT = 100 * 10**9
RECORDED = text(
    "SELECT subject, period, step, crossed_at, spend_nanos FROM crossing WHERE decision = 'TOLD' AND unit = :unit"
    " ORDER BY subject, crossed_at, period, step"
)

# a task each: who (by number), hours since the one before, credits, what it grew by after some hours more, and after
# how many hours it was read, as after days in which the service or Neo was down
History = list[tuple[int, int, int, int, int, int]]
tasks = st.lists(
    st.tuples(
        st.integers(0, 2),
        st.integers(1, 200),
        st.integers(0, 80),
        st.integers(-20, 40),
        st.integers(1, 60),
        st.sampled_from([0, 0, 0, 1, 71, 73, 300, 900]),
    ),
    min_size=1,
    max_size=25,
)


class Team:
    """A team whose tasks are booked as they end and as they change, each in a transaction of its own."""

    def __init__(self, place: Path, scope: int, unit: Unit, zone: str, narrowing: TaskNarrowing) -> None:
        self.policy = BudgetPolicy(ZoneInfo(zone), SpendBasis.TOTAL)
        self.database = open_database(place)
        self.scope, self.unit, self.narrowing = scope, unit, narrowing
        self.evaluator = BudgetEvaluator(self.policy)
        with self.database.transaction() as connection:
            ensure_members(connection, [each for each in PEOPLE if each])

    def live(self, history: History, *, limited: bool) -> datetime:
        """Book what happens, with the limit in force if `limited`. Returns the moment after it."""
        observers = [self.evaluator.record_booking] if limited else []
        booking = BookingPolicy(ByokUnit.CREDITS, None, observers)
        if limited:
            with self.database.transaction() as connection:
                setting = LimitSetting(self.scope, self.unit, LIMIT, "terminal", narrowing=self.narrowing)
                self.evaluator.set_limit(connection, setting, BEGUN - 40 * DAY)
        now = BEGUN
        first = Task(task_id="first", model="opus", status="completed", created_at=now, neo_credits=Decimal("0.001"))
        events: list[tuple[datetime, int, Task]] = [(now, 0, first)]  # by which the ledger begins
        for number, (who, hours, cost, growth, later, late) in enumerate(history):
            now += hours * HOUR
            read_at = now + late * HOUR
            for at, amount in ((read_at, cost), (read_at + later * HOUR, max(cost + growth, 0))):
                task = Task(
                    task_id=f"t{number}", model=MODELS[number % 2], status="completed", created_at=now,
                    email=PEOPLE[who],
                    neo_credits=Decimal(amount) / 10,
                )  # fmt: skip
                events.append((at + timedelta(minutes=len(events)), number, task))
        for at, _, task in sorted(events, key=lambda event: event[:2]):
            with self.database.transaction() as connection:
                book(connection, [task], booking, now=at)
        return max(at for at, *_ in events) + DAY

    def recorded(self) -> list[tuple[object, ...]]:
        with self.database.transaction() as connection:
            rows = connection.execute(RECORDED, {"unit": self.unit.value}).all()
            return [(subject, period.partition(" ")[0], *rest) for subject, period, *rest in rows]

    def found(self, now: datetime) -> list[tuple[object, ...]]:
        def run(connection: Connection) -> list[tuple[object, ...]]:
            request = BacktestRequest(LIMIT, self.unit, self.scope, 400, self.narrowing)
            result = backtest(connection, request, self.policy, now)
            members = connection.execute(text("SELECT email, id FROM member")).all()
            ids: dict[str | None, int] = {None: TEAM, **{each.email: each.id for each in members}}
            return sorted(
                (ids[each.email], alert.period.label, alert.step, int(alert.at.timestamp() * 10**6), alert.spend_nanos)
                for each in result.notified
                for alert in each.alerts
            )

        with self.database.transaction() as connection:
            return run(connection)


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A new ledger, to be copied: to make one takes longer than to live in it."""
    path = tmp_path_factory.mktemp("empty") / "ledger.db"
    open_database(path).close()
    return path


@pytest.mark.slow
@settings(max_examples=25, deadline=None)
@given(
    history=tasks,
    scope=st.sampled_from([DEFAULT, TEAM, 1]),
    unit=st.sampled_from([Unit.DAY, Unit.WEEK, Unit.MONTH]),
    zone=st.sampled_from(["UTC", "America/New_York"]),
    narrowing=st.sampled_from([ALL_TASKS, TaskNarrowing(("opus",)), TaskNarrowing((), ("completed",), byok=False)]),
)
def test_it_is_what_the_evaluator_recorded(
    tmp_path_factory: pytest.TempPathFactory,
    empty: Path,
    history: History,
    scope: int,
    unit: Unit,
    zone: str,
    narrowing: TaskNarrowing,
) -> None:
    directory = tmp_path_factory.mktemp("teams")
    limited, free = (
        Team(Path(shutil.copy(empty, directory / name)), scope, unit, zone, narrowing) for name in ("limited", "free")
    )
    try:
        limited.live(history, limited=True)
        now = free.live(history, limited=False)
        assert free.found(now) == sorted(limited.recorded())
    finally:
        limited.database.close()
        free.database.close()


# --- what people read ----------------------------------------------------------------------------


@pytest.fixture
def world() -> World:
    """It is Monday, 2 March, 21:00. In each of the last days Priya has spent $20, and Marcus $1."""
    world = World.empty()
    for back in range(30):
        for email, credits_used in ((PRIYA, "2"), (MARCUS, "0.1")):
            add(world, f"{email}-{back}", credits_used, email=email, begun=START - back * DAY, model=MODELS[back % 2])
    return world


@pytest.fixture
async def harness(closed: ServiceHarness) -> ServiceHarness:
    closed.settings |= {"HISTORY_DAYS": "60"}
    await closed.open()
    return closed


async def test_operators_see_whom_a_limit_would_have_notified(harness: ServiceHarness) -> None:
    answer = await harness.ask("hannah", "backtest 400/month")
    assert visible_text(answer).startswith("*$400 a month for everyone would have notified 1 of 2 members, 3 times* (")
    assert "\nSteps: 50, 80, 100, 150, 200%. Nothing was changed." in visible_text(answer)
    assert table(answer) == [
        ["Member", "Alerts", "Highest step", "First", "Last"],
        ["Priya Raman", "3", "100%", "2026-02-10", "2026-02-20"],
    ]
    nobody = visible_text(await harness.ask("hannah", "backtest 5000/month over:30d"))
    assert nobody.startswith("*$5,000 a month for everyone would have notified nobody* (Feb 1 – Mar 2).")


async def test_one_persons_alerts_are_listed(harness: ServiceHarness) -> None:
    answer = await harness.ask("hannah", "backtest 400/month @priya")
    assert visible_text(answer).startswith("*$400 a month would have notified Priya Raman 3 times* (")
    assert table(answer)[1] == ["2026-02", "50%", "2026-02-10", "$200.00"]
    never = visible_text(await harness.ask("hannah", "backtest 400/month @marcus"))
    assert never.startswith("*$400 a month would not have notified Marcus Delgado* (")
    team = visible_text(await harness.ask("hannah", "backtest 700/month team"))
    assert team.startswith("*$700 a month would have notified operators of the team's spend twice* (")


async def test_whoever_has_a_budget_of_their_own_is_left_out_of_a_default(harness: ServiceHarness) -> None:
    await harness.ask("hannah", "budget @priya 9000/month")
    text_ = visible_text(await harness.ask("hannah", "backtest 400/month"))
    assert "would have notified nobody* (" in text_
    assert "\n1 member with a personal budget is left out.\n" in text_


async def test_a_limit_on_some_tasks_is_tried_on_these(harness: ServiceHarness) -> None:
    answer = await harness.ask("hannah", "backtest 400/month model:opus")
    text_ = visible_text(answer)
    assert text_.startswith("*$400 a month for model:opus for everyone would have notified 1 of 2 members once* (")
    assert table(answer)[1] == ["Priya Raman", "1", "50%", "2026-02-20", "2026-02-20"]
    answer = await harness.ask("hannah", "backtest 200/month @priya model:opus status:completed")
    text_ = visible_text(answer)
    assert text_.startswith("*$200 a month for model:opus status:completed would have notified Priya Raman 3 times* (")
    assert "Steps: 50, 80, 100, 150, 200%. Tasks count by the status they have now. Nothing was changed." in text_
    assert table(answer)[1] == ["2026-02", "50%", "2026-02-10", "$100.00"]
    nothing = visible_text(await harness.ask("hannah", "backtest 200/month status:failed"))
    assert nothing.startswith("*No spend* on status:failed in this time (")


async def test_whoever_has_such_a_budget_of_their_own_is_left_out_of_such_a_default(harness: ServiceHarness) -> None:
    await harness.ask("hannah", "budget @priya 9000/month model:opus")
    narrowed = visible_text(await harness.ask("hannah", "backtest 400/month model:opus"))
    assert "\n1 member with a personal budget is left out.\n" in narrowed
    assert "is left out" not in visible_text(await harness.ask("hannah", "backtest 400/month"))


async def test_nothing_is_written(harness: ServiceHarness) -> None:
    await harness.ask("hannah", "backtest 400/month")
    await harness.ask("hannah", "budget suggest")
    await spend(harness, PRIYA, 100)
    with harness.service.database.transaction() as connection:
        for name in ("budget", "budget_revision", "crossing"):
            assert connection.execute(text(f"SELECT count(*) FROM {name}")).scalar_one() == 0


async def test_a_suggested_limit_can_be_set_by_its_button(harness: ServiceHarness) -> None:
    answer = await harness.ask("hannah", "budget suggest")
    assert visible_text(answer).startswith(
        "*The lowest default budgets that would have notified nobody* in the last 90 days:\n"
    )
    assert visible_text(answer).count("none of 2 members") == 3
    assert actions(answer) == ["command:suggestion1", "command:suggestion2", "command:suggestion3"]


@pytest.mark.slow
async def test_of_more_members_about_one_in_ten_is_notified(closed: ServiceHarness) -> None:
    world = World.empty()
    for number in range(10):
        add(world, f"of-{number}", str(number + 1), email=f"m{number}@acme.example", begun=START - DAY)
    closed.neo.world = world
    await closed.open()
    text_ = visible_text(await closed.ask("hannah", "budget suggest"))
    assert text_.startswith("*Default budgets that would have notified about 1 member in 10* in the last 90 days:\n")
    assert text_.count(": 1 of 10 members") == 3


@pytest.mark.parametrize("line", ["backtest 500/month", "budget suggest"])
async def test_they_are_for_operators(harness: ServiceHarness, line: str) -> None:
    text_ = visible_text(await harness.ask("priya", line))
    assert "Only operators can try limits on the past." in text_


@pytest.mark.slow
@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("backtest", "Type a limit to try, such as `backtest 500/month`"),
        ("backtest 500/month over:9y", "Type how far to look back in days or weeks, such as `over:90d`"),
        ("backtest 500/month over:401d", "`401d` is too long. A limit can be tried on 400 days at most: `over:400d`."),
        ('backtest 500/month "ana', "The quote at character 1 isn't closed."),
        ("backtest 0/month", "A budget must be more than $0."),
        ("backtest 500/month model:opsu", "No task has the model `opsu`. There is `opus`."),
        ("backtest 500/month byok:perhaps", "`byok:` is `byok:yes` or `byok:no`."),
        ("backtest 500/month nobody@acme.example", "I can't find `nobody@acme.example` in Neo."),
    ],
)
async def test_a_line_that_is_not_understood_is_explained(harness: ServiceHarness, line: str, said: str) -> None:
    assert said in visible_text(await harness.ask("hannah", line))
