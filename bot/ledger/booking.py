"""Booking: a page of tasks into the ledger, in one transaction with whoever observes the charges."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import msgspec
from sqlalchemy import Connection, func, select

from bot.database.bulk import Row
from bot.domain.money import AmountError
from bot.domain.narrowing import TaskTraits
from bot.domain.pricing import Price, price
from bot.domain.tasks import Refused, Task
from bot.domain.timestamps import optional_to_us, to_us
from bot.ledger import quarantine, quarter_hour_totals
from bot.ledger.amount_stability import with_withdrawn_amounts, without_noise
from bot.ledger.booking_policy import BookingPolicy, PageSource
from bot.ledger.booking_result import BookingResult, TaskChange
from bot.ledger.booking_statements import (
    INSERT_CHARGE,
    INSERT_DETAIL,
    INSERT_SEEN,
    INSERT_TASK,
    UPDATE_DETAIL,
    UPDATE_TASK,
    TaskEntry,
    charge_rows,
    detail_row,
    inserted_row,
    updated_row,
)
from bot.ledger.members import UNATTRIBUTED, ensure_members, removed_id
from bot.ledger.removed_mentions import RemovedMentions
from bot.ledger.rules import NOTHING_KNOWN, change, is_doubtful
from bot.ledger.tables import task as task_table
from bot.ledger.task_fingerprint import changed_tasks, fingerprint
from bot.ledger.tasks_before_booking import BookedTask, booked_tasks


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
        listing: the list that the rows come from; None for tasks that were read alone, which are whole.
        refused: rows to keep in quarantine.
    """
    changed = changed_tasks(connection, tasks)
    booking = _Booking(policy, to_us(now), listing, list(refused))
    booking.prepare(connection, changed)
    booking.write(connection)
    result = booking.result(now, unchanged=len(tasks) - len(changed) + booking.steady)
    _update_quarantine(connection, tasks, result, listing, to_us(now))
    for observer in policy.observers:
        observer(connection, result)
    return result


@dataclass(slots=True)
class _Booking:
    """The rows to write for one page, gathered task by task."""

    policy: BookingPolicy
    now_us: int
    listing: PageSource | None
    refused: list[Refused]
    inserts: list[Row] = field(default_factory=list)
    updates: list[Row] = field(default_factory=list)
    details: list[Row] = field(default_factory=list)
    changed_details: list[Row] = field(default_factory=list)
    charges: list[Row] = field(default_factory=list)
    seen: set[tuple[str, str]] = field(default_factory=set)
    changes: list[TaskChange] = field(default_factory=list)
    doubtful: list[str] = field(default_factory=list)
    new: int = 0
    grown: int = 0
    restated: int = 0
    email_lost: int = 0
    steady: int = 0
    removed_member: int | None = None
    mentions: RemovedMentions | None = None
    names: dict[str, str] = field(default_factory=dict)  # of models and statuses, by how they were reported

    def prepare(self, connection: Connection, changed: Sequence[tuple[Task, int]]) -> None:
        """Read what is booked of the changed tasks, and gather the rows to write."""
        before = booked_tasks(connection, [task.task_id for task, _ in changed])
        members = ensure_members(connection, {self._email(task) for task, _ in changed})
        self.removed_member = removed_id(connection)
        self.mentions = RemovedMentions.of(connection, self.removed_member) if changed else None
        next_id = _next_id(connection) if changed else 0
        for task, digest in changed:
            booked = before.get(task.task_id)
            if booked is not None:
                self._prepare_update(task, digest, booked, members)
            elif (cost := self._cost(task, None)) is not None:
                self._insert(self._first_entry(next_id, members[self._email(task)], task, digest, cost))
                next_id += 1

    def _prepare_update(self, reported: Task, digest: int, before: BookedTask, members: dict[str, int]) -> None:
        task = without_noise(reported, before, self.policy.unit)
        if task is not reported and (digest := fingerprint(task)) == before.fingerprint:
            self.steady += 1
        elif (cost := self._cost(task, before)) is not None:
            self._update(task, digest, cost, before, self._member(task, before, members))

    def _email(self, task: Task) -> str:
        return task.email or self.policy.solo_member or UNATTRIBUTED

    def _cost(self, task: Task, before: BookedTask | None) -> Price | None:
        """Return the task's price; None for one that is refused or doubtful, which is recorded."""
        try:
            cost = price(task, self.policy.unit)
        except AmountError as error:
            self.refused.append(Refused(task.task_id, str(error), task.created_at))
            return None
        if self._is_doubtful(task, cost, before):
            self.doubtful.append(task.task_id)
            return None
        return cost

    def _is_doubtful(self, task: Task, cost: Price, before: BookedTask | None) -> bool:
        if self.listing is None:
            return False
        if before is None and self.listing.start is None and not self.listing.repeated:
            return task.stream_id is not None
        if task.stream_id is not None or task.task_id in self.listing.repeated:
            return True
        return is_doubtful(
            None if before is None else before.known,
            cost,
            created_at=to_us(task.created_at),
            stream_count=task.stream_count,
            window_from=optional_to_us(self.listing.start),
        )

    def _member(self, task: Task, before: BookedTask, members: dict[str, int]) -> int:
        if task.email is None and not before.without_email:
            if self.policy.solo_member is None:
                self.email_lost += 1
            return before.member
        return members[self._email(task)]

    def _first_entry(self, key: int, member: int, task: Task, digest: int, cost: Price) -> TaskEntry:
        created_at = to_us(task.created_at)
        first = change(NOTHING_KNOWN, cost, created_at=created_at, observed_at=self.now_us)
        return TaskEntry(key, member, self._named(task), created_at, digest, cost, first)

    def _named(self, reported: Task) -> Task:
        """Return a task with names of its model and status that name no removed member; its fingerprint is kept."""
        model, status = self._name(reported.model), self._name(reported.status)
        if model == reported.model and status == reported.status:
            return reported
        return msgspec.structs.replace(reported, model=model, status=status)

    def _name(self, reported: str) -> str:
        if self.mentions is None:
            return reported
        if reported not in self.names:
            self.names[reported] = self.mentions.redacted_name(reported)
        return self.names[reported]

    def _insert(self, entry: TaskEntry) -> None:
        self.inserts.append(inserted_row(entry, self.now_us))
        self.new += 1
        self._add(entry, backfill=self.policy.is_backfill(entry.created_at))

    def _update(self, reported: Task, digest: int, cost: Price, before: BookedTask, member: int) -> None:
        task = self._named(reported)
        created_at = to_us(task.created_at)
        booked_change = change(
            before.totals(task, self.policy.unit),
            cost,
            created_at=created_at,
            observed_at=self.now_us,
            key_changed=bool(before.is_byok) is not cost.own_key,
        )
        stored_task, stored_cost = with_withdrawn_amounts(task, cost, before)
        entry = TaskEntry(before.id, member, stored_task, created_at, digest, stored_cost, booked_change, before)
        self.updates.append(updated_row(entry, self.now_us))
        self.grown += booked_change.grown
        self.restated += booked_change.restated
        self._add(msgspec.structs.replace(entry, task=task))

    def _add(self, entry: TaskEntry, *, backfill: bool = False) -> None:
        """Gather what is written for any task, new or changed: details, charges, model and status, and its change."""
        task, entries, restated = entry.task, entry.change.entries, entry.change.restated
        if entry.member == self.removed_member:
            task = msgspec.structs.replace(task, email=None, title=None, error_message=None, tools={}, agents={})
        (self.details if entry.before is None else self.changed_details).append(detail_row(entry.id, task))
        self.charges += charge_rows(entry.id, entry.member, entries, self.now_us)
        self.seen.add(("model", task.model))
        self.seen.add(("status", task.status))
        traits = TaskTraits(task.model, task.status, entry.cost.own_key)
        former = None if entry.before is None else entry.before.traits
        self.changes.append(TaskChange(entry.id, entry.member, task, traits, former, entries, restated, backfill))

    def write(self, connection: Connection) -> None:
        """Write the rows, their texts without what identified removed members."""
        if self.mentions is not None:
            self.details = list(map(self.mentions.redacted_row, self.details))
            self.changed_details = list(map(self.mentions.redacted_row, self.changed_details))
        INSERT_TASK.execute(connection, self.inserts)
        UPDATE_TASK.execute(connection, self.updates)
        INSERT_DETAIL.execute(connection, self.details)
        UPDATE_DETAIL.execute(connection, self.changed_details)
        INSERT_CHARGE.execute(connection, self.charges)
        INSERT_SEEN.execute(connection, sorted(self.seen))
        quarter_hour_totals.add_charges(
            connection, ((booked_at, platform, provider) for _, _, platform, provider, booked_at, *_ in self.charges)
        )

    def result(self, now: datetime, *, unchanged: int) -> BookingResult:
        """Return what was booked."""
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


_NEXT_ID = select(func.coalesce(func.max(task_table.c.id), 0) + 1)


def _next_id(connection: Connection) -> int:
    # one writer at a time, so the next key is safe to take
    return int(connection.execute(_NEXT_ID).scalar_one())


def _update_quarantine(
    connection: Connection, tasks: Sequence[Task], result: BookingResult, listing: PageSource | None, now_us: int
) -> None:
    """Release the tasks that were booked; keep the rows that were refused."""
    if quarantine.has_quarantined(connection):
        left = {*(each.key for each in result.quarantined), *result.doubtful}
        quarantine.release(connection, [task.task_id for task in tasks if task.task_id not in left])
    if result.quarantined:
        seen_from = None if listing is None else 0 if listing.start is None else to_us(listing.start)
        quarantine.keep(connection, result.quarantined, now_us, seen_from)
