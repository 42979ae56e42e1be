"""Spend, whole and in groups, beside a plain reckoning over all charges, for generated selections of a history."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Connection, insert, select

from bot.database.engine import open_database
from bot.domain.periods import Unit, Window, local_day
from bot.domain.pricing import ByokUnit
from bot.domain.query.question import TIME_GROUPINGS, Field, Filter
from bot.domain.tasks import Task
from bot.domain.timestamps import from_us, to_us
from bot.ledger import tables
from bot.ledger.booking import book
from bot.ledger.booking_policy import BookingPolicy
from bot.ledger.member_merge import merge_emails
from bot.ledger.members import shown_email
from bot.ledger.quarter_hour_totals import nanos_within
from bot.ledger.repricing import reprice
from bot.ledger.scope import EVERYTHING, TRANSFERRED, Scope
from bot.ledger.selection import Selection, conditions_of
from bot.ledger.spend import Counting, Sums, amounts, sums
from bot.ledger.spend_groups import SpendGroup, grouped_spend, groups
from tests.support.ledgers import new_database

BEGIN = datetime(2026, 3, 20, tzinfo=UTC)  # the clocks of Berlin go forward on the 29th
DAYS = 20
EMAILS = ["ana@acme.dev", "bo@acme.dev", "chi@acme.dev", "dee@acme.dev", None]
STATUSES = ["completed", "completed", "error", "failed", "aborted"]
ZONES = [ZoneInfo(name) for name in ("UTC", "Europe/Berlin", "America/New_York", "Asia/Kathmandu")]
GROUPINGS = ("member", "model", "status", *TIME_GROUPINGS)
QUESTIONS = 250


@pytest.fixture
def history(tmp_path: Path) -> Iterator[Connection]:
    """A history in which tasks grow, shrink, change hands and statuses; members merge, and the unit changes."""
    random = Random(7)
    with closing(new_database(tmp_path / "ledger.db")) as database, database.transaction() as connection:
        for hour in range(0, DAYS * 24, 6):
            now = BEGIN + timedelta(hours=hour + 6)
            tasks = {task.task_id: task for task in (_task(random, now) for _ in range(12))}
            book(connection, list(tasks.values()), BookingPolicy(ByokUnit.CREDITS), now=now)
        merge_emails(connection, "dee@acme.dev", "bo@acme.dev")
        reprice(connection, ByokUnit.USD, to_us(BEGIN + timedelta(days=DAYS)))
        yield connection


@pytest.fixture(params=["sqlite", "postgres"])
def connection(request: pytest.FixtureRequest, history: Connection) -> Iterator[Connection]:
    """The history on each engine."""
    if request.param == "sqlite":
        yield history
        return
    with (
        closing(open_database(request.getfixturevalue("postgres_ledger"))) as database,
        database.transaction() as connection,
    ):
        for table in (tables.member, tables.task, tables.charge, tables.charge_quarter, tables.seen):
            rows = [dict(row) for row in history.execute(select(table).order_by(*table.primary_key)).mappings()]
            connection.execute(insert(table), rows)
        yield connection


def _task(random: Random, now: datetime) -> Task:
    """A task as it is seen at a moment: one of many, so that some are seen again with another cost, status or owner."""
    number = random.randrange(400)
    born = Random(number)
    created_at = BEGIN + timedelta(seconds=born.randrange(DAYS * 86_400), microseconds=born.randrange(10**6))
    cost = [random.choice([None, *(Decimal(random.randrange(10**6)) / 10**4,) * 4]) for _ in range(3)]
    return Task(
        task_id=f"task-{number}", model=f"model-{born.randrange(3)}", status=random.choice(STATUSES),
        email=EMAILS[number % 5 if random.random() < 0.8 else random.randrange(5)], is_byok=number % 3 == 0,
        created_at=min(created_at, now), neo_credits=cost[0], llm_cost=cost[1], neo_cost=cost[2],
    )  # fmt: skip


@dataclass(frozen=True)
class Entry:
    """A charge, or (None) a task without cost when it was created, with what its task is now."""

    task: int
    member: int
    at: int
    nanos: tuple[int, int] | None
    holder: int
    model: str
    status: str
    byok: bool | None
    by_unit: bool

    def seen_in(self, scope: Scope) -> "Entry":
        """The entry as its scope shows it: of a task that is another member's now, amounts and times alone."""
        if scope.member in (None, self.holder):
            return self
        return replace(self, model=TRANSFERRED, status=TRANSFERRED, byok=None, by_unit=False)


def entries(connection: Connection) -> list[Entry]:
    """All charges, and all tasks without cost."""
    tasks = {row.id: row for row in connection.execute(select(tables.task))}
    charges = [
        (row.task, row.member, row.booked_at, (row.platform_nanos, row.provider_nanos))
        for row in connection.execute(select(tables.charge))
    ]
    unknown = [
        (row.id, row.member, row.created_at, None)
        for row in tasks.values()
        if row.platform_nanos is None and row.provider_nanos is None
    ]
    return [
        Entry(task, member, at, nanos, of.member, of.model, of.status, of.is_byok, of.by_unit)
        for task, member, at, nanos in [*charges, *unknown]
        for of in [tasks[task]]
    ]


@dataclass(frozen=True)
class Reckoning:
    """All entries of a ledger, and its members' ids by e-mail."""

    entries: list[Entry]
    ids: dict[str, int]

    @classmethod
    def of(cls, connection: Connection) -> "Reckoning":
        """That of a ledger."""
        members = connection.execute(select(tables.member)).all()
        return cls(entries(connection), {shown_email(row.email): row.merged_into or row.id for row in members})

    def inside(self, selection: Selection) -> list[Entry]:
        """The entries of a selection."""
        start, end = to_us(selection.window.start), to_us(selection.window.end)
        return [
            each
            for entry in self.entries
            for each in [entry.seen_in(selection.scope)]
            if start <= each.at < end and self._is_chosen(each, selection)
        ]

    def _is_chosen(self, entry: Entry, selection: Selection) -> bool:
        if selection.scope.member not in (None, entry.member):
            return False
        if selection.members is not None and entry.member not in {self.ids[each] for each in selection.members}:
            return False
        if selection.byok is not None and entry.byok is not selection.byok:
            return False
        return all((self._value(entry, each.field) in each.values) is not each.exclude for each in selection.filters)

    def _value(self, entry: Entry, field: Field) -> str:
        return {Field.MODEL: entry.model, Field.STATUS: entry.status, Field.EMAIL: self.email(entry.member)}[field]

    def email(self, member: int) -> str:
        """The e-mail that a member has now."""
        return next(email for email, key in self.ids.items() if key == member and email != "dee@acme.dev")

    def groups(self, selection: Selection, by: Sequence[str], zone: ZoneInfo) -> dict[tuple[str, ...], list[Entry]]:
        """The entries of a selection in groups."""
        found = defaultdict(list)
        for entry in self.inside(selection):
            found[tuple(self._label(entry, name, zone) for name in by)].append(entry)
        return found

    def _label(self, entry: Entry, name: str, zone: ZoneInfo) -> str:
        if name in TIME_GROUPINGS:
            unit = Unit(name)
            return unit.label(unit.first_day(local_day(from_us(entry.at), zone)))
        return self.email(entry.member) if name == "member" else str(getattr(entry, name))


def total_of(found: Sequence[Entry], failing: Sequence[str]) -> Sums:
    """What entries add up to."""
    failed = [each for each in found if each.status in failing]
    return Sums(
        *_nanos(found),
        tasks=len({each.task for each in found}),
        without_cost=sum(each.nanos is None for each in found),
        failed_tasks=len({each.task for each in failed}),
        failed_without_cost=sum(each.nanos is None for each in failed),
        failed_platform_nanos=_nanos(failed)[0],
        failed_provider_nanos=_nanos(failed)[1],
        by_unit=any(each.by_unit for each in found if each.nanos),
    )


def group_of(key: tuple[str, ...], found: Sequence[Entry]) -> SpendGroup:
    """The group of its entries."""
    total = total_of(found, ())
    return SpendGroup(key, total.platform_nanos, total.provider_nanos, total.tasks, total.without_cost)


def _nanos(found: Sequence[Entry]) -> tuple[int, int]:
    known = [each.nanos for each in found if each.nanos]
    return sum(platform for platform, _ in known), sum(provider for _, provider in known)


def selections(random: Random, members: Sequence[int]) -> Iterator[Selection]:
    """Selections of every kind, with windows that begin and end on a day, a quarter of an hour or anywhere."""
    while True:
        scope = random.choice([EVERYTHING, EVERYTHING, EVERYTHING, Scope(random.choice(members))])
        chosen = random.choice([None, None, None, (random.choice(["ana@acme.dev", "dee@acme.dev", "unattributed"]),)])
        yield Selection(
            scope,
            _window(random),
            members=chosen if scope is EVERYTHING else None,
            filters=random.choice([(), (), (), (_filter(random),), (_filter(random), _filter(random))]),
            byok=random.choice([None, None, None, True, False]),
        )


def _window(random: Random) -> Window:
    grain = random.choice([1, 900, 900, 86_400, 86_400]) * 10**6
    start, end = sorted(random.randrange(-(10**12), (DAYS + 12) * 86_400 * 10**6) for _ in range(2))
    moments = (BEGIN + timedelta(microseconds=each - each % grain) for each in (start, end))
    return Window(*moments)


def _filter(random: Random) -> Filter:
    field, values = random.choice(
        [
            (Field.MODEL, ("model-0", "model-2")),
            (Field.STATUS, ("failed",)),
            (Field.STATUS, ("completed", "error")),
            (Field.EMAIL, ("ana@acme.dev", "unattributed")),
        ]
    )
    return Filter(field, values, exclude=random.random() < 0.3)


@pytest.mark.slow
def test_what_is_read_is_what_charges_come_to(connection: Connection) -> None:
    random, reckoning = Random(3), Reckoning.of(connection)
    assert len(reckoning.entries) > 500
    for _, selection in zip(range(QUESTIONS), selections(random, list(reckoning.ids.values())), strict=False):
        by, zone = tuple(random.sample(GROUPINGS, random.choice([1, 1, 2]))), random.choice(ZONES)
        if len(set(TIME_GROUPINGS) & set(by)) > 1:
            continue
        failing = random.choice([("error", "failed"), ("aborted",)])
        found, expected = reckoning.inside(selection), reckoning.groups(selection, by, zone)
        total = total_of(found, failing)
        where = conditions_of(connection, selection)
        spend = grouped_spend(connection, where, by, zone, Counting(failing))
        about = f"{by} {zone} {failing} {selection}"
        assert spend.total == total, about
        by_key = {each.key: each for each in spend.groups}
        assert by_key == {k: group_of(k, v) for k, v in expected.items()}, about
        assert len(spend.groups) == len(expected), about
        assert {each.key: each for each in groups(connection, where, by, zone)} == by_key, about
        assert sums(connection, where, Counting(failing)) == total, about
        assert sums(connection, where, Counting(failing, by_unit=False)) == replace(total, by_unit=False), about
        assert amounts(connection, where) == (total.platform_nanos, total.provider_nanos), about


@pytest.mark.slow
def test_a_window_of_any_moments_holds_what_was_booked_in_it(connection: Connection) -> None:
    random, booked = Random(5), [each for each in entries(connection) if each.nanos]
    moments = [each.at for each in booked] + [each.at + 1 for each in booked]
    moments += [each - each % 900_000_000 for each in moments]
    for _ in range(300):
        start, end = sorted(random.choice(moments) for _ in range(2))
        inside = [each for each in booked if start <= each.at < end]
        assert nanos_within(connection, start, end) == _nanos(inside), (start, end)
