"""Pruning: once a night old rows go, and nobody sees, hears or misses anything for it."""

import asyncio
import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec
import pytest
import structlog
from hypothesis import HealthCheck, given
from hypothesis import strategies as st
from sqlalchemy import Connection, create_engine, text
from sqlmodel import SQLModel

from benchmarks.years import Years, live
from bot.app import build
from bot.budgets.audiences import Audience
from bot.budgets.evaluator import BudgetEvaluator
from bot.budgets.explain.document import to_document
from bot.budgets.explain.facts import explain
from bot.budgets.limits.revision_store import LimitSetting
from bot.budgets.policy import BudgetPolicy
from bot.budgets.requests.store import NewRequest, open_topics
from bot.budgets.requests.workflow import RequestDecision, decide_request, request_budget
from bot.budgets.rules import DEFAULT, TEAM
from bot.budgets.snoozes.store import NewSnooze, put_snooze
from bot.database.engine import open_database
from bot.database.reading import open_reader
from bot.digest.planner import DigestPlanner
from bot.digest.rules import DigestSchedule
from bot.domain.periods import Unit
from bot.domain.pricing import ByokUnit, SpendBasis
from bot.domain.tasks import Task
from bot.domain.timestamps import to_us
from bot.failures.grouper import FailureGrouper
from bot.ledger.booking import book
from bot.ledger.booking_policy import BookingPolicy
from bot.ledger.freshness import freshness
from bot.ledger.passes.history import first_pass_start, pass_attempts
from bot.ledger.passes.record import begin_pass, end_pass
from bot.ledger.passes.tally import PassOutcome, PassTally
from bot.ledger.verification import verify
from bot.maintenance.prune import Pruning
from bot.maintenance.prune_schedule import is_due
from bot.outbox import due_work, live_store, lookup_store, outcomes, placement_store, store
from bot.outbox.conditions import Moment
from bot.outbox.keys import StoredKey
from bot.outbox.outcomes import Arrival, Posted
from bot.outbox.summary import summarized_notifications
from bot.sandbox.world import START, World
from bot.settings.database_place import DatabasePlace
from bot.settings.environment import load
from tests.support.acts import spend
from tests.support.aged import age
from tests.support.app_home import home_text, open_home, press_home
from tests.support.earlier_schemas import downgrade
from tests.support.effort import examples
from tests.support.engines import costly, rows_of, sqlite_only, url_of
from tests.support.harness import ServiceHarness
from tests.support.ledgers import Ledgers, broken_laws, place_ledger
from tests.support.messages import notifications, visible_text
from tests.support.service import nightly_pruning
from tests.support.worlds import MARCUS, PRIYA, spent

pytestmark = pytest.mark.slow

BEGIN = datetime(2026, 3, 2, 12, tzinfo=UTC)
ZONE = ZoneInfo("Europe/Berlin")
USD = 10**9
EMAILS = ("ana@acme.dev", "bo@acme.dev")  # members 1 and 2
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
LEASE, UNSURE = timedelta(seconds=30), timedelta(seconds=60)
FRESH = 300 * DAY  # since it was created, for which a task still changes


@dataclass
class Team:
    """A team's ledger with budgets, failures, digests, and an outbox whose Slack is a list of what was done in it."""

    place: DatabasePlace
    prunes: bool
    now: datetime = BEGIN
    down: bool = False
    tasks: list[Task] = field(default_factory=list)
    seen: list[list[tuple[str, ...]]] = field(default_factory=list)  # at each tick, in no order: channels have none
    new: list[tuple[str, ...]] = field(default_factory=list)
    pruned: int = 0
    _posts: int = 0

    def __post_init__(self) -> None:
        self.database = open_database(self.place)
        self.budgets = BudgetEvaluator(BudgetPolicy(ZONE, SpendBasis.TOTAL))
        self.failures = FailureGrouper()
        self.digests = DigestPlanner(DigestSchedule(time(9), frozenset(range(7)), ZONE))

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        reader = open_reader(self.place)
        try:
            yield reader
        finally:
            reader.close()

    # --- what happens --------------------------------------------------------------------------------

    def book(self, task: Task) -> None:
        policy = BookingPolicy(ByokUnit.CREDITS, observers=(self.budgets.record_booking, self.failures.observe))
        with self.database.transaction() as connection:
            key = begin_pass(connection, "tail", self.now - 3 * DAY, self.now, self.now)
            book(connection, [task], policy, now=self.now)
            end_pass(connection, key, PassTally(), PassOutcome.COMPLETE, now=self.now)

    def spend(self, member: int, usd: int, *, error: str | None = None) -> None:
        """A task is seen for the first time."""
        status = "completed" if error is None else "error"
        name = f"task-{len(self.tasks)}"
        task = Task(
            task_id=name, model="m", status=status, created_at=self.now - HOUR, email=EMAILS[member],
            neo_credits=Decimal(usd) / 10, title=name, error_message=error,
        )  # fmt: skip
        self.tasks.append(task)
        self.book(task)

    def goes_on(self, pick: int, usd: int) -> None:
        """A task grows, and ends well."""
        recent = [n for n, task in enumerate(self.tasks) if self.now - task.created_at < FRESH]
        if not recent:
            return
        place = recent[pick % len(recent)]
        more = (self.tasks[place].neo_credits or Decimal(0)) + Decimal(usd) / 10
        self.tasks[place] = msgspec.structs.replace(self.tasks[place], neo_credits=more, status="completed")
        self.book(self.tasks[place])

    def limit(self, scope: int, usd: int) -> None:
        with self.database.transaction() as connection:
            self.budgets.set_limit(connection, LimitSetting(scope, Unit.MONTH, usd * USD, "terminal"), self.now)

    def ask(self) -> None:
        with self.database.transaction() as connection:
            request_budget(connection, NewRequest(1, Unit.DAY, 9 * USD, "U1"), self.now)

    def decide(self) -> None:
        """The oldest request that is open is declined, if there is one."""
        with self.database.transaction() as connection:
            for topic in open_topics(connection)[:1]:
                decide_request(connection, self.budgets, RequestDecision(topic.id, approve=False, by="U2"), self.now)

    def snooze(self, hours: int) -> None:
        with self.database.transaction() as connection:
            until = self.now + hours * HOUR
            put_snooze(connection, NewSnooze(1, Unit.MONTH, Audience.DM, until, "U1"), self.now)

    def restart(self) -> None:
        self.database.close()
        self.database = open_database(self.place)

    def prune(self) -> None:
        if self.prunes:
            self.pruned += sum(asyncio.run(self._prune()).values())

    async def _prune(self) -> dict[str, int]:
        app = build(load({"DATABASE_URL": url_of(self.place)}))
        return await Pruning(self.database, app.capabilities(self.database), ZONE, lambda: self.now).prune()

    # --- what is seen of it --------------------------------------------------------------------------

    def tick(self) -> None:
        """What time brings about, and what is owed of it, as far as Slack takes it."""
        with self.reading() as reader:
            decisions = self.digests.due(reader, ["C0NEWS"], self.now, self.now)
        with self.database.transaction() as connection:
            self.budgets.due_work.apply_due(connection, self.now)
            self.failures.apply_due(connection, self.now)
            self.digests.apply_due(connection, decisions, self.now)
            due_work.mark_abandoned_unconfirmed(connection, self.now)
            due_work.summarize_overdue(connection, self.now)
        self._look_for()
        if not self.down:
            self._deliver()
        self.seen.append(sorted(self.new))
        self.new.clear()

    def _look_for(self) -> None:
        with self.reading() as reader:
            found = lookup_store.unconfirmed_targets(reader, Moment(self.now, UNSURE))
        with self.database.transaction() as connection:
            for target in found:
                lookup_store.mark_not_arrived(connection, target, self.now, "it had not arrived")

    def _deliver(self) -> None:
        with self.reading() as reader:
            places = placement_store.unplaced_destinations(reader, self.now)
        with self.database.transaction() as connection:
            for destination in places:
                placement_store.set_channel(connection, destination, f"C-{destination}")
        with self.reading() as reader:
            channels = due_work.due_work(reader, Moment(self.now, UNSURE)).channels
        for channel in sorted(channels):
            while self._posted(channel) or self._edited(channel):
                pass

    def _posted(self, channel: str) -> bool:
        with self.database.transaction() as connection:
            job = store.claim(connection, channel, "t", self.now, LEASE)
            if job is None:
                return False
        self._posts += 1
        posted = Posted(f"17{self._posts:08}.000001", job.thread)
        with self.reading() as reader:
            version, covered = (
                live_store.wanted_version(reader, job.live),
                summarized_notifications(reader, StoredKey(job.dedup_key)),
            )
        with self.database.transaction() as connection:
            outcomes.mark_sent(connection, job, Arrival(posted, version, UNSURE, self.now))
        about = sorted(self._meant(stem) for stem, _ in covered)
        where = "in its thread" if job.thread else "by itself"
        self.new.append(
            ("posted", self._meant(job.dedup_key), job.destination.encode(), job.topic or "", where, *about)
        )
        return True

    def _edited(self, channel: str) -> bool:
        with self.database.transaction() as connection:
            edit = live_store.claim_edit(connection, channel, "t", self.now, LEASE)
            if edit is not None:
                live_store.mark_edited(connection, edit)
                self.new.append(("edited", edit.topic, edit.destination.encode()))
        return edit is not None

    def _meant(self, stem: str) -> str:
        """What a message is about, without keys that go by the order in which one booking's were handed out."""
        kind, _, key = stem.partition(":")
        if kind == "missed":
            return kind
        if kind != "crossing":
            return stem
        with self.reading() as reader:
            sql = "SELECT subject, unit, period, revision, step FROM crossing WHERE id = :id"
            return f"crossing {reader.execute(text(sql), {'id': int(key)}).first()}"

    def break_off(self) -> None:
        """Something is being sent when the process is killed."""
        with self.reading() as reader:
            channels = due_work.due_work(reader, Moment(self.now, UNSURE)).channels
        with self.database.transaction() as connection:
            for channel in sorted(channels)[:1]:
                store.claim(connection, channel, "dead", self.now, LEASE)
        self.restart()

    def explained(self) -> list[str]:
        """What `explain` tells of everybody, and how fresh it all is."""
        with self.reading() as reader:
            policy = self.budgets.policy
            found = [each for subject in (TEAM, 1, 2) for each in explain(reader, subject, "x", policy, self.now)]
            fresh = freshness(reader, self.now)
            began = first_pass_start(reader), pass_attempts(reader, "tail")
            return [json.dumps(to_document(each), default=str) for each in found] + [str((fresh, began))]


# --- the same life, with pruning and without ------------------------------------------------------

_MEMBERS = st.integers(0, 1)
_DEEDS = st.one_of(
    st.tuples(st.just("spend"), _MEMBERS, st.integers(1, 40)),
    st.tuples(st.just("fail"), _MEMBERS, st.sampled_from(["the vault is sealed", "no route to host", "out of memory"])),
    st.tuples(st.just("goes_on"), st.integers(0, 20), st.integers(0, 30)),
    st.tuples(st.just("limit"), st.sampled_from([DEFAULT, TEAM, 1, 2]), st.integers(10, 200)),
    st.tuples(st.sampled_from(["ask", "decide", "restart", "break_off", "prune", "down", "up"])),
    st.tuples(st.just("snooze"), st.integers(1, 100)),
    st.tuples(st.just("wait"), st.sampled_from([1, 30, 24 * 40, 24 * 250, 24 * 450])),
)
Deed = tuple[str, *tuple[int | str, ...]]


def lived(ledgers: Ledgers, deeds: Sequence[Deed], *, prunes: bool) -> Team:
    """A team to which all that has happened."""
    team = Team(ledgers.new(), prunes)
    for member in (0, 1):
        team.spend(member, 1)
    for name, *values in deeds:
        _do(team, name, values)
        team.tick()
        team.now += HOUR
    team.seen.append([("at the end", *team.explained())])
    team.database.close()
    assert broken_laws(team.place) == {}
    ledgers.take_back(team.place)
    return team


def _do(team: Team, name: str, values: Sequence[int | str]) -> None:
    match name, *values:
        case "fail", int(member), str(error):
            team.spend(member, 1, error=error)
        case "wait", int(hours):
            team.now += hours * HOUR
        case "down" | "up", *_:
            team.down = name == "down"
        case _:
            getattr(team, name)(*values)


@pytest.mark.long
@costly
@examples(10, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
@given(st.lists(_DEEDS, min_size=5, max_size=20))
def test_whatever_happens_nobody_sees_that_it_was_pruned(ledgers: Ledgers, deeds: list[Deed]) -> None:
    assert lived(ledgers, deeds, prunes=True).seen == lived(ledgers, deeds, prunes=False).seen


@pytest.mark.long
@costly
def test_a_life_in_which_much_is_pruned_looks_the_same(ledgers: Ledgers) -> None:
    """Two years: alerts and failures that end, a request and a failure that do not, a gap, and a fire at the end."""
    deeds: list[Deed] = [("limit", DEFAULT, 20), ("limit", TEAM, 30), ("ask",)]
    for _ in range(3):
        deeds += [("spend", 0, 30), ("fail", 1, "no route to host"), ("down",), ("spend", 1, 30), ("wait", 24 * 40)]
        deeds += [("up",), ("break_off",), ("goes_on", 3, 10), ("prune",), ("wait", 24 * 250)]
    deeds += [("prune",), ("decide",), ("snooze", 30), ("spend", 0, 100), ("wait", 30), ("prune",), ("spend", 0, 50)]
    pruned, whole = (lived(ledgers, deeds, prunes=prunes) for prunes in (True, False))
    assert pruned.seen == whole.seen
    assert pruned.pruned > 20
    assert ("edited", "request:1", "operators") in [each for tick in pruned.seen for each in tick]


# --- through the front door -----------------------------------------------------------------------

LIVED = 3 * 365  # days
EXPLAINED = "explain @priya"


@pytest.fixture
def world() -> World:
    return World.empty()


@pytest.fixture
async def harness(closed: ServiceHarness) -> ServiceHarness:
    """A harness whose ledger is three years old."""
    closed.settings |= {"ALERT_CHANNEL": "#neo-spend", "DIGEST_CHANNEL": "#neo-spend"}
    channel = closed.workspace.channel("neo-spend").id
    age(closed.place, Years(START, (PRIYA, MARCUS), channel, tasks=LIVED, days=LIVED))
    await closed.open()
    return closed


def rows(harness: ServiceHarness) -> dict[str, int]:
    """How many there are of what is pruned."""
    tables = ("pass", "notification", "living", "digest", "incident", "failure_silence", "home_viewer")
    return {each: rows_of(harness.place, f"SELECT count(*) FROM {each}")[0][0] for each in tables}


@costly
async def test_what_is_old_goes_once_a_night_and_the_rest_is_there_as_before(harness: ServiceHarness) -> None:
    await harness.ask("hannah", "budget @priya 100/month")
    await spend(harness, PRIYA, 85)
    explained = visible_text(await harness.ask("hannah", EXPLAINED))
    await harness.service.jobs.wait_background()  # such as a comparison with Neo's total, which reads pages
    before = rows(harness)
    with structlog.testing.capture_logs() as log:
        await nightly_pruning(harness.service).tick()
    after = rows(harness)
    (said,) = [each for each in log if each["event"] == "pruned"]
    assert said["passes"] == before["pass"] - after["pass"] > 10_000
    assert {"notifications", "living", "digests", "incidents", "silences", "viewers"} <= set(said)
    assert all(0 < after[table] < count for table, count in before.items() if table != "home_viewer")
    assert not any(verify(harness.place).values())
    assert visible_text(await harness.ask("hannah", EXPLAINED)) == explained
    await spend(harness, PRIYA, 20)
    parent, step = notifications(harness.dm("priya"))
    assert "105% used" in visible_text(parent)
    assert step.thread_ts == parent.ts


async def test_it_is_done_once_a_night(harness: ServiceHarness) -> None:
    await harness.service.jobs.wait_background()  # such as a comparison with Neo's total, which reads pages
    await nightly_pruning(harness.service).tick()
    with structlog.testing.capture_logs() as log:
        harness.clock.advance(3 * HOUR)
        await nightly_pruning(harness.service).tick()
        assert not log
        harness.clock.advance(30 * HOUR)
        spent(harness.neo.world, harness.clock(), PRIYA, 1)
        await harness.sync()
        await harness.service.jobs.wait_background()
        log.clear()
        await nightly_pruning(harness.service).tick()
        assert [each["event"] for each in log] == ["pruned"]  # a day's worth of what was three years old


@costly
async def test_a_clock_that_runs_years_ahead_for_a_night_deletes_nothing_before_its_time(
    harness: ServiceHarness,
) -> None:
    service, now = harness.service, harness.clock()
    await nightly_pruning(service).tick()
    before = rows(harness)
    await nightly_pruning(service, lambda: now + 10 * 365 * DAY).tick()
    for table, count in rows(harness).items():
        assert count >= 0.7 * before[table], table  # a week's worth goes, as far as the newest task is believed
    assert await service.database.read(lambda reader: is_due(reader, now, ZONE))  # the night ahead counts for none
    await nightly_pruning(service).tick()
    assert not await service.database.read(lambda reader: is_due(reader, now, ZONE))


@costly
async def test_nobody_is_welcomed_twice(harness: ServiceHarness) -> None:
    assert len([each for each in notifications(harness.dm("hannah")) if "neo-usage is ready" in each.text]) == 1
    for _ in range(3):
        harness.clock.advance(200 * DAY)
        spent(harness.neo.world, harness.clock(), PRIYA, 1)
        await harness.sync()
        await nightly_pruning(harness.service).tick()
        await harness.sync()
    assert len([each for each in notifications(harness.dm("hannah")) if "neo-usage is ready" in each.text]) == 1


async def test_whoever_comes_back_to_app_home_after_long_finds_its_buttons_working(harness: ServiceHarness) -> None:
    await open_home(harness, "priya")
    harness.clock.advance(40 * DAY)
    spent(harness.neo.world, harness.clock(), PRIYA, 1)
    await harness.sync()
    await nightly_pruning(harness.service).tick()
    assert rows(harness)["home_viewer"] == 0
    await press_home(harness, "priya", "Turn on failure notifications")
    assert "I send you a DM when one of your tasks fails" in home_text(harness, "priya")


@sqlite_only("no earlier version kept a ledger on PostgreSQL")
def test_a_ledger_of_an_earlier_schema_gets_its_indexes_and_keeps_what_is_owed(tmp_path: Path) -> None:
    path, fresh = tmp_path / "ledger.db", tmp_path / "fresh.db"
    for each in (path, fresh):
        place_ledger(each)
    live(path, Years(BEGIN, EMAILS, "C0", tasks=300, poll=DAY, days=30))
    downgrade(path, "0008")
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(
            "INSERT INTO notification (stem, destination, state, created_at, next_at, attempts, checks)"
            " VALUES ('welcome', 'user:U1', 'pending', ?, ?, 0, 0)",
            (to_us(BEGIN), to_us(BEGIN)),
        )
    assert "ix_pass_kind" not in indexes(path)
    open_database(path).close()
    assert indexes(path) == indexes(fresh) == _declared()
    with closing(open_reader(path)) as reader:
        assert due_work.due_work(reader, Moment(BEGIN, UNSURE)).without_channel == 1
    assert not any(verify(path).values())


def indexes(path: Path) -> dict[str, str]:
    """The indexes of a file, with the SQL that made them."""
    with closing(sqlite3.connect(path)) as connection:
        return _indexes(connection.execute(_INDEXES).fetchall())


def _declared() -> dict[str, str]:
    """Those that the tables declare, of all rows or of some."""
    engine = create_engine("sqlite://")
    SQLModel.metadata.create_all(engine)
    with engine.connect() as connection:
        return _indexes([tuple(row) for row in connection.exec_driver_sql(_INDEXES).all()])


_INDEXES = "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL ORDER BY name"


def _indexes(found: Sequence[tuple[str, str]]) -> dict[str, str]:
    return {name: " ".join(sql.replace('"', "").split()) for name, sql in found}
