"""Booking: a page of tasks into the ledger, in one transaction with whoever observes the charges."""

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

import msgspec
from sqlalchemy import Connection

from bot.domain.money import NANOS_PER_CREDIT, AmountError
from bot.domain.pricing import ByokUnit, Price, price
from bot.domain.tasks import Refused, Task
from bot.domain.timestamps import optional_to_us, to_us
from bot.ledger import quarter_hour_totals
from bot.ledger.members import member_ids
from bot.ledger.passes import Interval
from bot.ledger.rules import NOTHING_KNOWN, Change, Entry, KnownTask, Totals, change, is_doubtful

UNATTRIBUTED = ""  # the e-mail of rows that carry none
_CHUNK = 400  # parameters a statement; below SQLite's oldest limit of 999 with two a row


@dataclass(frozen=True, slots=True)
class PageSource:
    """Where a page's rows come from: a list over a window, whose rows may be clipped to it.

    `start` is the window's, None if it reaches back to the beginning; `repeated` rows came more than once.
    """

    start: datetime | None
    repeated: frozenset[str] = frozenset()


class TaskChange(msgspec.Struct, frozen=True, gc=False):
    """What booking did to one task; `id` and `member` are the ledger's keys, `was` the status before.

    A `quiet` one is history: nobody is told of it.
    """

    id: int
    member: int
    task: Task
    was: str | None
    entries: tuple[Entry, ...]
    restated: bool
    quiet: bool = False


@dataclass(frozen=True, slots=True)
class BookingResult:
    """What one transaction booked. Counts are of tasks; `changes` holds the new and the changed ones.

    `doubtful` are the ids of tasks that were not booked: they must be read again alone.
    """

    at: datetime
    changes: tuple[TaskChange, ...] = ()
    new: int = 0
    grown: int = 0
    restated: int = 0
    unchanged: int = 0
    email_lost: int = 0
    quarantined: tuple[Refused, ...] = ()
    doubtful: tuple[str, ...] = ()

    @property
    def members(self) -> frozenset[int]:
        """The members whose spend was touched."""
        return frozenset(each.member for each in self.changes if each.entries)

    @property
    def quiet(self) -> bool:
        """Whether all that was booked is history, of which nobody is told."""
        return bool(self.changes) and all(each.quiet for each in self.changes)


Observer = Callable[[Connection, BookingResult], None]


@dataclass(frozen=True, slots=True)
class BookingPolicy:
    """How a sync books: the unit of BYOK amounts, whose the rows without e-mail are, and who observes.

    `read_before` are the stretches of creation time that were read already: a task that is seen for the first time
    and was created outside of them is history, of which nobody is told; None where nothing is. What becomes of a
    task that the ledger holds is never history. An observer is called inside the transaction; its exception undoes
    everything.
    """

    unit: ByokUnit
    solo_member: str | None = None
    observers: Sequence[Observer] = ()
    read_before: Sequence[Interval] | None = None

    def is_history(self, created_at: int) -> bool:
        """Whether a task that was never seen, created then (microseconds), was created in a time never read."""
        known = self.read_before
        return known is not None and not any(each.start <= created_at < each.end for each in known)


def book(
    connection: Connection,
    tasks: Sequence[Task],
    policy: BookingPolicy,
    *,
    now: datetime,
    listing: PageSource | None = None,
    refused: Iterable[Refused] = (),
) -> BookingResult:
    """Upsert tasks, book their charges and run the observers, all inside the caller's transaction.

    Args:
        connection: within a transaction of the writing connection.
        tasks: each at most once.
        policy: how to book.
        now: when they were observed (aware).
        listing: the list the rows were found in; None for tasks that were read alone, which are whole.
        refused: rows to keep in quarantine.
    """
    changed = _changed(connection, tasks)
    work = _Work(policy, to_us(now), listing, list(refused))
    work.read(connection, changed)
    work.write(connection)
    booked = work.booked(now, unchanged=len(tasks) - len(changed) + work.steady)
    _settle_quarantine(connection, tasks, booked, listing, to_us(now))
    for observer in policy.observers:
        observer(connection, booked)
    return booked


# --- what is new ---------------------------------------------------------------------------------


def fingerprint(task: Task) -> int:
    """64 bits that change when anything the ledger keeps of a task does."""
    digest = hashlib.blake2b(_encode(task), digest_size=8).digest()
    return int.from_bytes(digest, signed=True)


_encode = msgspec.msgpack.Encoder(decimal_format="string").encode


def _changed(connection: Connection, tasks: Sequence[Task]) -> list[tuple[Task, int]]:
    """The tasks that are not stored as they are, with their fingerprints."""
    printed = [(task, fingerprint(task)) for task in tasks]
    known = _known_around(connection, tasks)
    if known is None:
        known = set()
        for start in range(0, len(printed), _CHUNK):
            known.update(_known(connection, tasks[start : start + _CHUNK]))
    return [(task, mark) for task, mark in printed if (task.task_id, mark) not in known]


# both ways go by (created_at, task_id): tasks of a window lie side by side in that index, however large the ledger;
# one stretch of it read at once takes a tenth off a whole pass, which alone is why there are two


def _known_around(connection: Connection, tasks: Sequence[Task]) -> set[tuple[Any, ...]] | None:
    """What is stored from the first to the last creation of a page; None if that is much more than the page."""
    if not tasks:
        return set()
    born = [to_us(task.created_at) for task in tasks]
    most = 4 * len(tasks)
    sql = "SELECT task_id, fingerprint FROM task WHERE created_at BETWEEN ? AND ? LIMIT ?"
    rows = connection.exec_driver_sql(sql, (min(born), max(born), most)).fetchall()
    return None if len(rows) == most else set(map(tuple, rows))


def _known(connection: Connection, tasks: Sequence[Task]) -> Iterable[tuple[Any, ...]]:
    values = ",".join(["(?,?)"] * len(tasks))
    # joined, each pair is sought in the index; with `IN (VALUES ...)` SQLite scans the whole of it
    sql = f"""WITH wanted (born, id) AS (VALUES {values})
SELECT task_id, fingerprint FROM wanted CROSS JOIN task WHERE created_at = born AND task_id = wanted.id"""  # noqa: S608 - placeholders only
    keys = [part for task in tasks for part in (to_us(task.created_at), task.task_id)]
    return map(tuple, connection.exec_driver_sql(sql, tuple(keys)).fetchall())


@dataclass(slots=True)
class _Stored:
    """What the ledger holds of a task before this page."""

    id: int
    member: int
    status: str
    standing: KnownTask
    by_unit: bool
    mixed: bool
    restated: bool
    is_byok: bool
    without_email: bool
    fingerprint: int
    neo_credits: str | None
    llm_cost: str | None
    neo_cost: str | None

    def amounts(self) -> tuple[Decimal | None, Decimal | None, Decimal | None]:
        """The upstream's three amounts as they were written: credits, provider cost, fee."""
        return _decimal(self.neo_credits), _decimal(self.llm_cost), _decimal(self.neo_cost)

    def totals(self, task: Task, unit: ByokUnit) -> Totals:
        """What its charges sum to, with what of that rests on the BYOK unit."""
        totals = self.standing.totals
        if not self.is_byok:
            return totals
        neo_credits, llm_cost, neo_cost = self.amounts()
        # its amounts were priced when they were booked, and make sense
        cost = price(_with_amounts(task, neo_credits, llm_cost, neo_cost, is_byok=True), unit)
        return Totals(totals.platform_nanos, totals.provider_nanos, cost.platform_by_unit, cost.provider_by_unit)


_STORED = """
SELECT t.task_id, t.id, t.member, t.status, t.platform_nanos, t.provider_nanos,
       t.created_at, t.stream_count, t.by_unit, t.mixed, t.restated, t.is_byok, t.without_email, t.fingerprint,
       t.neo_credits, t.llm_cost, t.neo_cost
FROM task t WHERE t.task_id IN
"""


def _stored(connection: Connection, task_ids: Sequence[str]) -> dict[str, _Stored]:
    found: dict[str, _Stored] = {}
    for start in range(0, len(task_ids), _CHUNK):
        some = tuple(task_ids[start : start + _CHUNK])
        marks = ",".join("?" * len(some))
        for row in connection.exec_driver_sql(f"{_STORED} ({marks})", some):
            task_id, key, member, status, platform, provider, created_at, stream_count, *rest = row
            standing = KnownTask(Totals(platform, provider), created_at, stream_count)
            found[task_id] = _Stored(key, member, status, standing, *rest)
    return found


def _decimal(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


def _with_amounts(
    task: Task,
    neo_credits: Decimal | None,
    llm_cost: Decimal | None,
    neo_cost: Decimal | None,
    *,
    is_byok: bool | None = None,
) -> Task:
    own_key = task.is_byok if is_byok is None else is_byok
    return msgspec.structs.replace(task, neo_credits=neo_credits, llm_cost=llm_cost, neo_cost=neo_cost, is_byok=own_key)


# --- float noise ---------------------------------------------------------------------------------

_NOISE = Decimal("1e-12")  # of an amount: what the last digits of a float waver by
_NOISE_NANOS = Decimal(2)


def _steadied(task: Task, before: _Stored, unit: ByokUnit) -> Task:
    """The task with those amounts as stored that differ from them by float noise alone.

    They are compared with what is stored, never with what was seen last: a slow drift adds up and is booked.
    """
    seen = (task.neo_credits, task.llm_cost, task.neo_cost)
    units = (NANOS_PER_CREDIT, unit.nanos_per_unit, unit.nanos_per_unit)
    steady = tuple(map(_steady, seen, before.amounts(), units))
    same = all(one is other for one, other in zip(steady, seen, strict=True))
    return task if same else _with_amounts(task, *steady)


def _steady(now: Decimal | None, stored: Decimal | None, nanos_per_unit: int) -> Decimal | None:
    if now is None or stored is None or not now.is_finite() or (now > 0) is not (stored > 0):
        return now  # whether an amount is there at all tells whose key a task ran on
    return stored if abs(now - stored) <= max(stored * _NOISE, _NOISE_NANOS / nanos_per_unit) else now


# --- what becomes of it --------------------------------------------------------------------------


@dataclass(slots=True)
class _Work:
    """The rows to write for one page, gathered task by task."""

    policy: BookingPolicy
    now_us: int
    listing: PageSource | None
    refused: list[Refused]
    inserts: list[tuple[Any, ...]] = field(default_factory=list)
    updates: list[tuple[Any, ...]] = field(default_factory=list)
    details: list[tuple[Any, ...]] = field(default_factory=list)
    charges: list[tuple[Any, ...]] = field(default_factory=list)
    seen: set[tuple[str, str]] = field(default_factory=set)
    changes: list[TaskChange] = field(default_factory=list)
    doubtful: list[str] = field(default_factory=list)
    new: int = 0
    grown: int = 0
    restated: int = 0
    email_lost: int = 0
    steady: int = 0

    def read(self, connection: Connection, changed: Sequence[tuple[Task, int]]) -> None:
        stored = _stored(connection, [task.task_id for task, _ in changed])
        emails = {self._email(task) for task, _ in changed}
        members = member_ids(connection, emails)
        following = _next_id(connection) if changed else 0
        for seen, seen_mark in changed:
            before, task, mark = stored.get(seen.task_id), seen, seen_mark
            if before is not None and (task := _steadied(seen, before, self.policy.unit)) is not seen:
                mark = fingerprint(task)
                if mark == before.fingerprint:
                    self.steady += 1
                    continue
            cost = self._price(task)
            if cost is None:
                continue
            if self._is_doubtful(task, cost, before):
                self.doubtful.append(task.task_id)
                continue
            member = self._member(task, before, members)
            if before is None:
                self._insert(task, mark, cost, following, member)
                following += 1
            else:
                self._update(task, mark, cost, before, member)

    def _email(self, task: Task) -> str:
        return task.email or self.policy.solo_member or UNATTRIBUTED

    def _price(self, task: Task) -> Price | None:
        try:
            return price(task, self.policy.unit)
        except AmountError as error:
            self.refused.append(Refused(task.task_id, str(error), task.created_at))
            return None

    def _is_doubtful(self, task: Task, cost: Price, before: _Stored | None) -> bool:
        if self.listing is None:
            return False
        if before is None and self.listing.start is None and not self.listing.repeated:
            return task.stream_id is not None
        if task.stream_id is not None or task.task_id in self.listing.repeated:
            return True
        return is_doubtful(
            None if before is None else before.standing,
            cost,
            created_at=to_us(task.created_at),
            stream_count=task.stream_count,
            window_from=optional_to_us(self.listing.start),
        )

    def _member(self, task: Task, before: _Stored | None, members: dict[str, int]) -> int:
        if task.email is None and before is not None and not before.without_email:
            if self.policy.solo_member is None:
                self.email_lost += 1
            return before.member
        return members[self._email(task)]

    def _insert(self, task: Task, mark: int, cost: Price, key: int, member: int) -> None:
        created_at = to_us(task.created_at)
        what = change(NOTHING_KNOWN, cost, created_at=created_at, observed_at=self.now_us)
        self.inserts.append(
            (
                key,
                task.task_id,
                self.now_us,
                *_columns(task, mark, cost, what, member, created_at, self.now_us),
            )
        )
        self.details.append(_detail(key, task))
        self.new += 1
        self._book(TaskChange(key, member, task, None, what.entries, what.restated, self.policy.is_history(created_at)))

    def _update(self, task: Task, mark: int, cost: Price, before: _Stored, member: int) -> None:
        created_at = to_us(task.created_at)
        moved = bool(before.is_byok) is not cost.own_key
        totals = before.totals(task, self.policy.unit)
        what = change(totals, cost, created_at=created_at, observed_at=self.now_us, moved=moved)
        kept = _keeping_what_is_known(task, cost, before)
        columns = _columns(kept[0], mark, kept[1], what, member, created_at, self.now_us, before)
        self.updates.append((*columns, before.id))
        self.details.append(_detail(before.id, task))
        self.grown += what.grown
        self.restated += what.restated
        self._book(TaskChange(before.id, member, task, before.status, what.entries, what.restated))

    def _book(self, done: TaskChange) -> None:
        key, member = done.id, done.member
        self.charges += [
            (
                key, member, e.platform_nanos, e.provider_nanos, e.booked_at, self.now_us, e.kind, e.platform_by_unit,
                e.provider_by_unit,
            )
            for e in done.entries
        ]  # fmt: skip
        self.seen.add(("model", done.task.model))
        self.seen.add(("status", done.task.status))
        self.changes.append(done)

    def write(self, connection: Connection) -> None:
        for sql, rows in (
            (_INSERT_TASK, self.inserts),
            (_UPDATE_TASK, self.updates),
            (_WRITE_DETAIL, self.details),
            (INSERT_CHARGE, self.charges),
            (_INSERT_SEEN, sorted(self.seen)),
        ):
            if rows:
                connection.exec_driver_sql(sql, list(rows))
        quarter_hour_totals.add(
            connection, ((booked_at, platform, provider) for _, _, platform, provider, booked_at, *_ in self.charges)
        )

    def booked(self, now: datetime, *, unchanged: int) -> BookingResult:
        return BookingResult(
            at=now,
            changes=tuple(self.changes),
            new=self.new,
            grown=self.grown,
            restated=self.restated,
            unchanged=unchanged,
            email_lost=self.email_lost,
            quarantined=tuple(self.refused),
            doubtful=tuple(self.doubtful),
        )


def _keeping_what_is_known(task: Task, cost: Price, before: _Stored) -> tuple[Task, Price]:
    """A cost that is no longer known leaves the amounts it was made of as they were."""
    totals = before.standing.totals
    if totals == NOTHING_KNOWN:
        return task, cost
    neo_credits, llm_cost, neo_cost = before.amounts()
    if not cost.known:
        kept = _with_amounts(task, neo_credits, llm_cost, neo_cost)
        return kept, Price(
            None, None, mixed=bool(before.mixed), by_unit=bool(before.by_unit), own_key=bool(before.is_byok)
        )
    if not before.is_byok:
        return task, cost  # it has moved: what it costs to whom begins anew
    if cost.provider_nanos is None and totals.provider_nanos is not None:
        # of a task that was mixed, credits were owed to Neo, and are so no more
        task = _with_amounts(task, None if before.mixed else neo_credits, llm_cost, task.neo_cost)
    elif cost.platform_nanos is None and totals.platform_nanos is not None:
        task = _with_amounts(task, neo_credits if before.mixed else task.neo_credits, task.llm_cost, neo_cost)
    else:
        return task, cost
    return task, msgspec.structs.replace(cost, by_unit=cost.by_unit or bool(before.by_unit))


_TASK_COLUMNS = (
    "member", "model", "status", "created_at", "platform_nanos", "provider_nanos", "neo_credits", "llm_cost",
    "neo_cost", "is_byok", "mixed", "by_unit", "restated", "cost_withdrawn", "without_email", "stream_count",
    "step_count", "tool_calls", "agent_triggers", "llm_time_ms", "tool_time_ms", "total_execution_ms",
    "avg_step_latency_ms", "changed_at", "fingerprint",
)  # fmt: skip


def _columns(  # noqa: PLR0917 - a row is wide
    task: Task, mark: int, cost: Price, what: Change, member: int, created_at: int, now_us: int,
    before: _Stored | None = None,
) -> tuple[Any, ...]:  # fmt: skip
    """A task's values in the order of _TASK_COLUMNS."""
    return (
        member, task.model, task.status, created_at, what.totals.platform_nanos, what.totals.provider_nanos,
        _text(task.neo_credits), _text(task.llm_cost), _text(task.neo_cost), cost.own_key, cost.mixed,
        cost.by_unit, what.restated or (before is not None and bool(before.restated)), what.withdrawn,
        task.email is None and (before is None or bool(before.without_email)),
        task.stream_count, task.step_count, task.tool_calls, task.agent_triggers, task.llm_time_ms,
        task.tool_time_ms, task.total_execution_ms, task.avg_step_latency_ms, now_us, mark,
    )  # fmt: skip


def _text(amount: Decimal | None) -> str | None:
    return None if amount is None else str(amount)


def _detail(key: int, task: Task) -> tuple[Any, ...]:
    return (key, task.title, task.error_message, _json(task.tools), _json(task.agents))


def _json(value: Mapping[str, Any] | None) -> str | None:
    return msgspec.json.encode(value).decode() if value else None


def _insert(table: str, columns: Sequence[str], *, or_what: str = "") -> str:
    marks = ",".join("?" * len(columns))
    return f"INSERT {or_what} INTO {table} ({','.join(columns)}) VALUES ({marks})"  # noqa: S608 - our own names


_INSERT_TASK = _insert("task", ("id", "task_id", "first_seen_at", *_TASK_COLUMNS))
_UPDATE_TASK = f"UPDATE task SET {','.join(f'{name}=?' for name in _TASK_COLUMNS)} WHERE id = ?"  # noqa: S608 - our own column names
_WRITE_DETAIL = _insert("task_detail", ("task", "title", "error_message", "tools", "agents"), or_what="OR REPLACE")
INSERT_CHARGE = _insert(
    "charge",
    (
        "task", "member", "platform_nanos", "provider_nanos", "booked_at", "observed_at", "kind", "platform_by_unit",
        "provider_by_unit",
    ),
)  # fmt: skip
_INSERT_SEEN = _insert("seen", ("kind", "value"), or_what="OR IGNORE")


def _next_id(connection: Connection) -> int:
    # one writer at a time (BEGIN IMMEDIATE), so the next key is safe to take
    return int(connection.exec_driver_sql("SELECT coalesce(max(id), 0) + 1 FROM task").scalar_one())


# --- quarantine ----------------------------------------------------------------------------------


def _settle_quarantine(
    connection: Connection, tasks: Sequence[Task], result: BookingResult, listing: PageSource | None, now_us: int
) -> None:
    """A good row frees its task; a refused one is kept with when, and in which window, it was seen."""
    bad = {each.key: each for each in result.quarantined}
    if connection.exec_driver_sql("SELECT 1 FROM quarantine LIMIT 1").first():
        unsettled = {*bad, *result.doubtful}
        healed = [(task.task_id,) for task in tasks if task.task_id not in unsettled]
        if healed:
            connection.exec_driver_sql("DELETE FROM quarantine WHERE key = ?", healed)
    if bad:
        seen_from = None if listing is None else 0 if listing.start is None else to_us(listing.start)
        last = connection.exec_driver_sql("SELECT coalesce(max(id), 0) FROM pass").scalar_one()
        rows = [
            (each.key, each.reason, now_us, now_us, each.created_at and to_us(each.created_at), seen_from, last)
            for each in bad.values()
        ]
        connection.exec_driver_sql(_SET_ASIDE, rows)


_SET_ASIDE = (
    _insert("quarantine", ("key", "reason", "first_seen_at", "last_seen_at", "created_at", "seen_from", "last_pass"))
    + " ON CONFLICT (key) DO UPDATE SET reason = excluded.reason, last_seen_at = excluded.last_seen_at,"
    " created_at = coalesce(excluded.created_at, created_at), seen_from = coalesce(excluded.seen_from, seen_from),"
    " last_pass = excluded.last_pass"
)
