"""The failure grouper: records failed tasks in each booking as groups that failed the same way, and enqueues alerts."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from bot.database import metadata
from bot.domain.tasks import FAILED_STATUSES
from bot.domain.timestamps import from_us, to_us
from bot.failures import store
from bot.failures.keys import FailureKey, FailuresKey, FailuresTopic
from bot.failures.rules import LATE, MANY, QUIET, failed_at, fingerprint
from bot.failures.store import Failed, Group, Kind, Silence, Silenced, State
from bot.ledger.rules import EntryKind
from bot.outbox.destinations import AlertDestination, MemberDestination
from bot.outbox.live_store import request_edits
from bot.outbox.store import NewNotification, enqueue

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from bot.database.reader import Reader
    from bot.ledger.booking_result import BookingResult, TaskChange

_RECORDED = "failures_of"  # the note of which statuses' failures are recorded
_AT_ONCE = 5_000  # older tasks in one statement
REPLIES = 20  # groups of a summary that its thread shows


@dataclass(frozen=True, slots=True)
class _Failing:
    """A task that has just failed, or failed again, or in another way than was known.

    `nameless` is the group it is in, if all that is new is the text of its error.
    """

    task: int
    member: int
    kind: int
    model: str
    failed_at: int
    streams: int | None
    nameless: int | None

    def within(self, group: int | None) -> Failed:
        """What is recorded of it."""
        return Failed(self.task, self.kind, group, self.failed_at, self.streams)


@dataclass(frozen=True, slots=True)
class FailureGrouper:
    """Records failures inside the transaction that books them; `statuses` are those that count as failed."""

    statuses: tuple[str, ...] = FAILED_STATUSES

    def observe(self, connection: "Connection", result: "BookingResult") -> None:
        """Record what a booking has brought about; to be called by `book`."""
        if not result.changes:
            return
        known = store.known(connection, [each.id for each in result.changes])
        failing = [each for each in result.changes if each.task.status in self.statuses]
        self._mend(connection, result, known)
        news = _renamed(connection, self._news(connection, failing, known, result.at))
        history = {each.id for each in result.changes if each.backfill}
        store.write(connection, [each.within(None) for each in news if each.task in history])
        self._group(connection, [each for each in news if each.task not in history], result.at)
        moved = {group for each in result.changes if each.id in known and (group := known[each.id].group)}
        store.close_empty(connection, moved)
        self._show(connection, moved)

    def _mend(self, connection: "Connection", result: "BookingResult", known: Mapping[int, Failed]) -> None:
        """Tasks that failed and have ended well since."""
        mended = [
            each.id
            for each in result.changes
            if each.id in known and not known[each.id].mended and each.task.status not in self.statuses
        ]
        store.mend(connection, mended, result.at)

    def _news(
        self, connection: "Connection", failing: Sequence["TaskChange"], known: Mapping[int, Failed], now: datetime
    ) -> list[_Failing]:
        """Of tasks that stand as failed, those that failed just now: not before, or later, or in another way."""
        marks = {each.id: fingerprint(each.task.status, each.task.model, each.task.error_message) for each in failing}
        seen = {
            marks[each.id]: Kind(marks[each.id], each.task.status, each.task.model, each.task.error_message)
            for each in failing
        }
        keys = store.kinds(connection, seen)
        found = (_failing(each, known.get(each.id), keys[marks[each.id]], now) for each in failing)
        return [each for each in found if each]

    def _group(self, connection: "Connection", news: Sequence[_Failing], now: datetime) -> None:
        """Put what failed just now into the open group of its kind, or begin one."""
        if not news:
            return
        self._close(connection, now)
        silent = store.silences(connection, now)
        by_kind: dict[int, list[_Failing]] = defaultdict(list)
        for each in news:
            by_kind[each.kind].append(each)
        groups = store.open_groups(connection, by_kind)
        for kind, members in by_kind.items():
            heard = {each.member for each in members if not _is_silenced(each, silent)}
            group = self._joined(connection, groups.get(kind), kind, now, heard=bool(heard))
            store.write(connection, [each.within(group.id) for each in members])
            if group.state is State.TOLD and group.first is not None:
                self._tell_listeners(connection, [group.id], {group.id: group.first}, now, heard)
        self._show(connection, (group.id for group in groups.values()))

    def _joined(self, connection: "Connection", group: Group | None, kind: int, now: datetime, *, heard: bool) -> Group:
        """The group that failures come into; `heard` says that one of them is not silenced."""
        wanted = State.WAITING if heard else State.QUIET
        if group is not None and group.state is State.TOLD and not heard:
            store.hush(connection, group.id, now)  # a told group is never told again, and what follows may have to be
            group = None
        if group is None:
            return store.open_group(connection, kind, wanted, now)
        state = wanted if group.state is State.QUIET else group.state
        store.touch(connection, group.id, state, now)
        return group

    def _show(self, connection: "Connection", groups: Iterable[int]) -> None:
        """Have the messages that tell of groups brought up to date."""
        request_edits(connection, map(FailuresTopic, store.firsts(connection, groups)))

    def _close(self, connection: "Connection", now: datetime) -> None:
        request_edits(connection, map(FailuresTopic, store.close(connection, now)))

    # --- at the end of a pass ------------------------------------------------------------------------

    def due(self, reader: "Reader", now: datetime) -> bool:
        """Whether `settle` would do anything now."""
        return (
            bool(store.to_tell(reader))
            or store.to_close(reader, now)
            or metadata.read(reader, _RECORDED) != self._statuses
        )

    def apply_due(self, connection: "Connection", now: datetime) -> None:
        """Tell the groups that wait, close those that were quiet for a day, and record what is not."""
        self.record(connection)
        self._close(connection, now)
        waiting = store.to_tell(connection)
        if waiting:
            self._tell(connection, waiting, now)

    def _tell(self, connection: "Connection", waiting: Sequence[int], now: datetime) -> None:
        """Each by a message of its own; if there are many, all by one with a thread."""
        together = len(waiting) > MANY
        first = {group: waiting[0] if together else group for group in waiting}
        store.told(connection, waiting, first)
        until = now + QUIET + LATE
        owed = [
            NewNotification(FailuresKey(key), AlertDestination(), FailuresTopic(key), until)
            for key in dict.fromkeys(first.values())
        ]
        if together:
            owed += [
                NewNotification(FailureKey(group), AlertDestination(), FailuresTopic(waiting[0]), until)
                for group in _largest(connection, waiting)
            ]
        enqueue(connection, owed, now)
        self._tell_listeners(connection, waiting, first, now)

    def _tell_listeners(
        self,
        connection: "Connection",
        groups: Sequence[int],
        first: Mapping[int, int],
        now: datetime,
        heard: Collection[int] | None = None,
    ) -> None:
        """Those who asked to hear of their own failures, each once of what one message tells; of all, or of `heard`."""
        if heard is None:
            pairs = store.listening(connection, groups)
        else:  # who has just failed: a group may hold years of failures
            pairs = [(group, member) for group in groups for member in store.listeners(connection, heard)]
        until = now + QUIET + LATE
        enqueue(
            connection,
            (
                NewNotification(
                    FailuresKey(first[group]), MemberDestination(member), FailuresTopic(first[group]), until
                )
                for group, member in pairs
            ),
            now,
        )

    # --- older tasks, and joined members -------------------------------------------------------------

    @property
    def _statuses(self) -> str:
        return ",".join(sorted(self.statuses))

    def record(self, connection: "Connection") -> None:
        """Record, silently, the failures that are in the ledger and were not looked at, as after an update."""
        row = connection.exec_driver_sql("SELECT value FROM note WHERE key = ?", (_RECORDED,)).first()
        if row and row[0] == self._statuses:
            return
        left = store.forget_others(connection, self.statuses)
        store.close_empty(connection, left)
        self._show(connection, left)
        while older := store.unrecorded(connection, self.statuses, _AT_ONCE):
            store.write(connection, list(_recorded(connection, older)))
        metadata.write(connection, _RECORDED, self._statuses)

    def join(self, connection: "Connection", old: int, new: int) -> None:
        """Two members are one."""
        store.join(connection, old, new)


def _failing(change: "TaskChange", before: Failed | None, kind: int, now: datetime) -> _Failing | None:
    """A task that stands as failed, if that is news."""
    task = change.task
    at = to_us(failed_at(task.created_at, task.total_execution_ms, now))
    again = before is not None and _has_failed_again(before, change)
    if before is not None and not again and (before.kind == kind or _is_textless(change)):
        return None
    if again or (before is None and change.was is not None):
        at = to_us(now)  # it was known otherwise at the reading before; when it began says nothing of a later run
    nameless = None
    if before is not None and not again:
        at = max(at, before.failed_at)
        nameless = before.group if before.mark == fingerprint(task.status, task.model, None) else None
    return _Failing(change.id, change.member, kind, task.model, at, task.stream_count, nameless)


def _has_failed_again(before: Failed, change: "TaskChange") -> bool:
    """Whether a task that failed has failed once more: after it ended well, in another run, or at further cost.

    A duration that Neo corrects says nothing of that.
    """
    if before.mended:
        return True
    streams = change.task.stream_count
    if before.streams is not None and streams is not None:
        return streams > before.streams
    return any(
        each.kind is EntryKind.GROWTH and each.platform_nanos + each.provider_nanos > 0 for each in change.entries
    )


def _is_textless(change: "TaskChange") -> bool:
    """Whether Neo does not tell the error any more of a task that stands as failed as before."""
    return not change.task.error_message and change.was == change.task.status


def _renamed(connection: "Connection", news: Sequence[_Failing]) -> list[_Failing]:
    """Without those whose error's text alone is new: the group that they fill becomes one of the text's kind."""
    filling: dict[tuple[int, int], set[int]] = defaultdict(set)
    for each in news:
        if each.nameless is not None:
            filling[each.nameless, each.kind].add(each.task)
    done: set[int] = set()
    for (group, kind), tasks in filling.items():
        if store.rename(connection, group, kind, tasks):
            done |= tasks
    return [each for each in news if each.task not in done]


def _recorded(connection: "Connection", older: Sequence[store.Unrecorded]) -> Iterator[Failed]:
    marks = [fingerprint(each.status, each.model, each.error) for each in older]
    seen = {m: Kind(m, each.status, each.model, each.error) for m, each in zip(marks, older, strict=True)}
    keys = store.kinds(connection, seen)
    for mark, each in zip(marks, older, strict=True):
        at = failed_at(from_us(each.created_at), each.total_execution_ms, from_us(each.changed_at))
        yield Failed(each.task, keys[mark], None, to_us(at), each.streams)


def _largest(connection: "Connection", groups: Collection[int]) -> list[int]:
    """The groups that a thread shows: those with the most tasks, in the order they came."""
    sizes = dict(store.sizes(connection, groups))
    return sorted(sorted(groups, key=lambda group: -sizes.get(group, 0))[:REPLIES])


def _is_silenced(failing: _Failing, silent: Iterable[Silence]) -> bool:
    about = {
        (Silenced.KIND, str(failing.kind)),
        (Silenced.MODEL, failing.model),
        (Silenced.MEMBER, str(failing.member)),
    }
    return any((each.what, each.value) in about for each in silent)
