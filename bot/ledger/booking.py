"""Booking: a page of tasks into the ledger, in one transaction with whoever observes the charges."""

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

import msgspec
from sqlalchemy import Connection

from bot.domain.money import AmountError
from bot.domain.pricing import ByokUnit, Price, price
from bot.domain.tasks import Refused, Task
from bot.ledger import quarters
from bot.ledger.instants import to_us
from bot.ledger.members import member_ids
from bot.ledger.rules import NOTHING_KNOWN, Change, Entry, Standing, Totals, change, is_doubtful

UNATTRIBUTED = ""  # the e-mail of rows that carry none
_CHUNK = 400  # parameters a statement; below SQLite's oldest limit of 999 with two a row


@dataclass(frozen=True, slots=True)
class Listing:
    """Where a page's rows come from: a list over a window, whose rows may be clipped to it.

    `start` is the window's, None if it reaches back to the beginning; `repeated` rows came more than once.
    """

    start: datetime | None
    repeated: frozenset[str] = frozenset()


class TaskChange(msgspec.Struct, frozen=True, gc=False):
    """What booking did to one task; `id` and `member` are the ledger's keys, `was` the status before."""

    id: int
    member: int
    task: Task
    was: str | None
    entries: tuple[Entry, ...]
    restated: bool


@dataclass(frozen=True, slots=True)
class Booked:
    """What one transaction booked. Counts are of tasks; `changes` holds the new and the changed ones.

    `quiet` charges are history: nobody is told of them.
    `doubtful` are the ids of tasks that were not booked: they must be read again alone.
    """

    at: datetime
    quiet: bool = False
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


Observer = Callable[[Connection, Booked], None]


@dataclass(frozen=True, slots=True)
class Terms:
    """How a sync books: the unit of BYOK amounts, whose the rows without e-mail are, and who observes.

    `quiet` charges are history, of which nobody is told. An observer is called inside the transaction; its
    exception undoes everything.
    """

    unit: ByokUnit
    solo_member: str | None = None
    observers: Sequence[Observer] = ()
    quiet: bool = False


def book(
    connection: Connection,
    tasks: Sequence[Task],
    terms: Terms,
    *,
    now: datetime,
    listing: Listing | None = None,
    refused: Iterable[Refused] = (),
) -> Booked:
    """Upsert tasks, book their charges and run the observers, all inside the caller's transaction.

    Args:
        connection: within a transaction of the writing connection.
        tasks: each at most once.
        terms: how to book.
        now: when they were observed (aware).
        listing: the list the rows were found in; None for tasks that were read alone, which are whole.
        refused: rows to keep in quarantine.
    """
    changed = _changed(connection, tasks)
    work = _Work(terms, to_us(now), listing, list(refused))
    work.read(connection, changed)
    work.write(connection)
    booked = work.booked(now, unchanged=len(tasks) - len(changed))
    _settle_quarantine(connection, tasks, booked, to_us(now))
    for observer in terms.observers:
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
    standing: Standing
    by_unit: bool
    mixed: bool
    restated: bool
    is_byok: bool
    attributed: bool
    neo_credits: str | None
    llm_cost: str | None
    neo_cost: str | None


_STORED = """
SELECT t.task_id, t.id, t.member, t.status, t.platform_nanos, t.provider_nanos,
       t.created_at, t.stream_count, t.by_unit, t.mixed, t.restated, t.is_byok, m.email <> '',
       t.neo_credits, t.llm_cost, t.neo_cost
FROM task t JOIN member m ON m.id = t.member WHERE t.task_id IN
"""


def _stored(connection: Connection, task_ids: Sequence[str]) -> dict[str, _Stored]:
    found: dict[str, _Stored] = {}
    for start in range(0, len(task_ids), _CHUNK):
        some = tuple(task_ids[start : start + _CHUNK])
        marks = ",".join("?" * len(some))
        for row in connection.exec_driver_sql(f"{_STORED} ({marks})", some):
            task_id, key, member, status, platform, provider, created_at, stream_count, *rest = row
            standing = Standing(Totals(platform, provider), created_at, stream_count)
            found[task_id] = _Stored(key, member, status, standing, *rest)
    return found


# --- what becomes of it --------------------------------------------------------------------------


@dataclass(slots=True)
class _Work:
    """The rows to write for one page, gathered task by task."""

    terms: Terms
    now_us: int
    listing: Listing | None
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

    def read(self, connection: Connection, changed: Sequence[tuple[Task, int]]) -> None:
        stored = _stored(connection, [task.task_id for task, _ in changed])
        emails = {self._email(task) for task, _ in changed}
        members = member_ids(connection, emails)
        following = _next_id(connection) if changed else 0
        for task, mark in changed:
            before = stored.get(task.task_id)
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
        return task.email or self.terms.solo_member or UNATTRIBUTED

    def _price(self, task: Task) -> Price | None:
        try:
            return price(task, self.terms.unit)
        except AmountError as error:
            self.refused.append(Refused(task.task_id, str(error)))
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
            window_from=None if self.listing.start is None else to_us(self.listing.start),
        )

    def _member(self, task: Task, before: _Stored | None, members: dict[str, int]) -> int:
        if task.email is None and before is not None and before.attributed:
            if self.terms.solo_member is None:
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
        self._book(key, member, task, None, what)

    def _update(self, task: Task, mark: int, cost: Price, before: _Stored, member: int) -> None:
        created_at = to_us(task.created_at)
        moved = bool(before.is_byok) is not cost.own_key
        what = change(before.standing.totals, cost, created_at=created_at, observed_at=self.now_us, moved=moved)
        kept = _keeping_what_is_known(task, cost, before)
        columns = _columns(kept[0], mark, kept[1], what, member, created_at, self.now_us, before)
        self.updates.append((*columns, before.id))
        self.details.append(_detail(before.id, task))
        self.grown += what.grown
        self.restated += what.restated
        self._book(before.id, member, task, before.status, what)

    def _book(self, key: int, member: int, task: Task, was: str | None, what: Change) -> None:
        self.charges += [
            (key, member, e.platform_nanos, e.provider_nanos, e.booked_at, self.now_us, e.kind) for e in what.entries
        ]
        self.seen.add(("model", task.model))
        self.seen.add(("status", task.status))
        self.changes.append(TaskChange(key, member, task, was, what.entries, what.restated))

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
        quarters.add(
            connection, ((booked_at, platform, provider) for _, _, platform, provider, booked_at, *_ in self.charges)
        )

    def booked(self, now: datetime, *, unchanged: int) -> Booked:
        return Booked(
            at=now,
            quiet=self.terms.quiet,
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
    if cost.known or before.standing.totals == NOTHING_KNOWN:
        return task, cost
    amounts = (
        None if text is None else Decimal(text) for text in (before.neo_credits, before.llm_cost, before.neo_cost)
    )
    neo_credits, llm_cost, neo_cost = amounts
    kept = msgspec.structs.replace(task, neo_credits=neo_credits, llm_cost=llm_cost, neo_cost=neo_cost)
    return kept, Price(None, None, mixed=bool(before.mixed), by_unit=bool(before.by_unit), own_key=bool(before.is_byok))


_TASK_COLUMNS = (
    "member", "model", "status", "created_at", "platform_nanos", "provider_nanos", "neo_credits", "llm_cost",
    "neo_cost", "is_byok", "mixed", "by_unit", "restated", "cost_withdrawn", "stream_count", "step_count",
    "tool_calls", "agent_triggers", "llm_time_ms", "tool_time_ms", "total_execution_ms", "avg_step_latency_ms",
    "changed_at", "fingerprint",
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
    "charge", ("task", "member", "platform_nanos", "provider_nanos", "booked_at", "observed_at", "kind")
)
_INSERT_SEEN = _insert("seen", ("kind", "value"), or_what="OR IGNORE")


def _next_id(connection: Connection) -> int:
    # one writer at a time (BEGIN IMMEDIATE), so the next key is safe to take
    return int(connection.exec_driver_sql("SELECT coalesce(max(id), 0) + 1 FROM task").scalar_one())


# --- quarantine ----------------------------------------------------------------------------------


def _settle_quarantine(connection: Connection, tasks: Sequence[Task], booked: Booked, now_us: int) -> None:
    """A good row frees its task; a refused one is kept with the time it was seen."""
    bad = {each.key: each.reason for each in booked.quarantined}
    if connection.exec_driver_sql("SELECT 1 FROM quarantine LIMIT 1").first():
        unsettled = {*bad, *booked.doubtful}
        healed = [(task.task_id,) for task in tasks if task.task_id not in unsettled]
        if healed:
            connection.exec_driver_sql("DELETE FROM quarantine WHERE key = ?", healed)
    if bad:
        rows = [(key, reason, now_us, now_us) for key, reason in bad.items()]
        connection.exec_driver_sql(
            "INSERT INTO quarantine (key, reason, first_seen_at, last_seen_at) VALUES (?,?,?,?)"
            " ON CONFLICT (key) DO UPDATE SET reason = excluded.reason, last_seen_at = excluded.last_seen_at",
            rows,
        )
