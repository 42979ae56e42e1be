"""The ledger's laws over random histories: whatever is booked, charges sum to totals and days to their range."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import Phase
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from bot.database.engine import open_database
from bot.database.reading import open_reader
from bot.domain.periods import Window
from bot.domain.pricing import ByokUnit, Price, SpendBasis, price
from bot.domain.tasks import Task
from bot.domain.timestamps import to_us
from bot.ledger.booking import book
from bot.ledger.booking_policy import BookingPolicy, PageSource
from bot.ledger.member_merge import merge_emails
from bot.ledger.members import shown_email
from bot.ledger.pricing_unit import require_unit
from bot.ledger.repricing import reprice
from bot.ledger.retention import prune_details
from bot.ledger.scope import EVERYTHING
from bot.ledger.selection import Selection, conditions_of
from bot.ledger.spend import sums
from bot.ledger.spend_groups import groups
from tests.support.effort import examples_on
from tests.support.ledgers import Ledgers, broken_laws

ALWAYS = Window(datetime(2020, 1, 1, tzinfo=UTC), datetime(2030, 1, 1, tzinfo=UTC))
SPRING = datetime(2026, 3, 28, 20, tzinfo=UTC)  # the night the clocks of Berlin go forward
AUTUMN = datetime(2026, 10, 24, 20, tzinfo=UTC)
ZONES = [ZoneInfo(name) for name in ("UTC", "Europe/Berlin", "America/New_York", "Asia/Kathmandu")]
EMAILS = ["ana@acme.dev", "bo@acme.dev", "chi@acme.dev", None]

amounts = (  # which differ by more than float noise, or come to the same nano
    st.none() | st.decimals(min_value=0, max_value=500, places=8) | st.sampled_from([Decimal(0), Decimal("1e-12")])
)
births = st.tuples(st.sampled_from([SPRING, AUTUMN]), st.integers(0, 2 * 86_400)).map(
    lambda each: each[0] + timedelta(seconds=each[1])
)


class Ledger(RuleBasedStateMachine):
    """Tasks of several streams come, grow, are restated, lose and gain costs; members merge; the unit changes."""

    def __init__(self, ledgers: Ledgers) -> None:
        super().__init__()
        self.ledgers = ledgers

    @initialize()
    def begin(self) -> None:
        self.place = self.ledgers.new()
        self.database = open_database(self.place)
        self.unit = ByokUnit.CREDITS
        self.now = AUTUMN + timedelta(days=5)
        self.tasks: dict[str, Task] = {}
        self.known: dict[str, tuple[int | None, int | None]] = {}
        self.sources: dict[str, list[Task | None]] = {}  # what each of the two amounts was last made of
        self.own: dict[str, bool] = {}
        self.untouched: set[str] = set()
        self.merged: dict[str, str] = {}
        with self.database.transaction() as connection:
            require_unit(connection, self.unit)

    def teardown(self) -> None:
        if hasattr(self, "database"):
            self.database.close()
            self.ledgers.take_back(self.place)

    @rule(
        name=st.integers(0, 6),
        born=births,
        email=st.sampled_from(EMAILS),
        own=st.sampled_from([True, False, None]),
        money=st.tuples(amounts, amounts, amounts),
        streams=st.integers(1, 4),
        minutes=st.integers(1, 3_000),
    )
    def see(
        self, name: int, born: datetime, email: str | None, own: Any, money: Any, streams: int, minutes: int
    ) -> None:
        """The upstream shows a task, new or changed in any way."""
        self.now += timedelta(minutes=minutes)
        before = self.tasks.get(f"task-{name}")
        task = Task(
            task_id=f"task-{name}", model=f"model-{name % 2}", status="completed", email=email, is_byok=own,
            created_at=before.created_at if before else born, neo_credits=money[0], llm_cost=money[1],
            neo_cost=money[2], stream_count=streams,
        )  # fmt: skip
        with self.database.transaction() as connection:
            book(connection, [task], BookingPolicy(self.unit), now=self.now)
        self._remember(task)

    def _remember(self, task: Task) -> None:
        cost, old = price(task, self.unit), self.known.get(task.task_id, (None, None))
        moved = cost.is_known and self.own.get(task.task_id, cost.own_key) is not cost.own_key
        fresh = [0 if moved and now is None and was is not None else now for now, was in self._pairs(cost, old)]
        new = tuple(now if now is not None else was for now, was in zip(fresh, old, strict=True))
        sources = self.sources.get(task.task_id, [None, None])
        pairs = zip((cost.platform_nanos, cost.provider_nanos), fresh, sources, strict=True)
        self.sources[task.task_id] = [
            task if now is not None else (None if value is not None else was) for now, value, was in pairs
        ]
        if cost.is_known or old == (None, None):
            self.own[task.task_id] = cost.own_key
        if task.task_id not in self.tasks:
            self.untouched.add(task.task_id)
        elif new != old:
            self.untouched.discard(task.task_id)
        if cost.is_known or task.task_id not in self.tasks:
            self.tasks[task.task_id] = task
        self.known[task.task_id] = (new[0], new[1])

    @staticmethod
    def _pairs(cost: Price, old: tuple[int | None, int | None]) -> list[tuple[int | None, int | None]]:
        return [(cost.platform_nanos, old[0]), (cost.provider_nanos, old[1])]

    @rule(name=st.integers(0, 6))
    def see_the_same_again(self, name: int) -> None:
        task = self.tasks.get(f"task-{name}")
        if task is not None:
            with self.database.transaction() as connection:
                book(connection, [task], BookingPolicy(self.unit), now=self.now, listing=PageSource(None))

    @rule(old=st.sampled_from(EMAILS[:3]), new=st.sampled_from([*EMAILS[:3], "dee@acme.dev"]))
    def merge_members(self, old: str, new: str) -> None:
        from bot.database.errors import LedgerError

        try:
            with self.database.transaction() as connection:
                merge_emails(connection, old, new)
        except LedgerError:
            return

    @rule(days=st.integers(0, 250))
    def delete_details(self, days: int) -> None:
        """Details of what is older are deleted, also of what is updated later."""
        with self.database.transaction() as connection:
            prune_details(connection, self.now, 0, timedelta(days=days))

    @rule(unit=st.sampled_from(list(ByokUnit)))
    def change_the_unit(self, unit: ByokUnit) -> None:
        self.unit = unit
        with self.database.transaction() as connection:
            reprice(connection, unit, to_us(self.now))
        for task_id, (platform, provider) in self.sources.items():
            old = self.known[task_id]
            self.known[task_id] = (
                old[0] if platform is None else price(platform, unit).platform_nanos,
                old[1] if provider is None else price(provider, unit).provider_nanos,
            )

    @invariant()
    def charges_sum_to_totals(self) -> None:
        if hasattr(self, "place"):
            assert broken_laws(self.place) == {}

    @invariant()
    def all_time_equals_the_upstream(self) -> None:
        if not hasattr(self, "place"):
            return
        reader = open_reader(self.place)
        try:
            total = sums(reader, conditions_of(reader, Selection(EVERYTHING, ALWAYS)))
            expected = [sum(part or 0 for part in column) for column in zip(*self.known.values(), strict=True)] or [
                0,
                0,
            ]
            assert [total.platform_nanos, total.provider_nanos] == expected
            assert total.without_cost == sum(pair == (None, None) for pair in self.known.values())
            assert total.tasks == len(self.known)
            self._parts_make_the_whole(reader, total.spend(SpendBasis.TOTAL))
        finally:
            reader.close()

    def _parts_make_the_whole(self, reader: Any, whole: int) -> None:
        for zone in ZONES:
            for by in (["day"], ["week"], ["month"], ["member"], ["model", "day"]):
                found = groups(reader, conditions_of(reader, Selection(EVERYTHING, ALWAYS)), by, zone)
                assert sum(each.spend(SpendBasis.TOTAL) for each in found) == whole
        assert {shown_email(e or "") for e in EMAILS} | {"dee@acme.dev"} >= {
            each.key[0]
            for each in groups(reader, conditions_of(reader, Selection(EVERYTHING, ALWAYS)), ["member"], ZONES[0])
        }

    @invariant()
    def what_did_not_change_counts_when_it_was_created(self) -> None:
        if not hasattr(self, "place"):
            return
        window = Window(SPRING, SPRING + timedelta(hours=9))
        reader = open_reader(self.place)
        try:
            for task_id in self.untouched:
                from bot.domain.query.question import Field, Filter

                chosen = Selection(EVERYTHING, window, filters=(Filter(Field.TASK, (task_id,)),))
                inside = self.tasks[task_id].created_at in window
                expected = sum(part or 0 for part in self.known[task_id]) if inside else 0
                assert sums(reader, conditions_of(reader, chosen)).spend(SpendBasis.TOTAL) == expected
        finally:
            reader.close()


PHASES = [Phase.explicit, Phase.reuse, Phase.generate]  # shrinking a history takes longer than the whole suite


@pytest.mark.long
def test_the_laws_hold_whatever_happens(engine: str, ledgers: Ledgers) -> None:
    laws = examples_on(engine, 30, stateful_step_count=20, phases=PHASES)
    run_state_machine_as_test(partial(Ledger, ledgers), settings=laws)  # type: ignore[arg-type]
