"""The failure grouper: records failed tasks in each booking as groups that failed the same way, and reports those."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import Connection

from bot.domain.tasks import FAILED_STATUSES
from bot.domain.text import ascii_lower
from bot.failures import failure_store, group_store
from bot.failures.alert_store import first_groups
from bot.failures.alerts import notify_listeners, report_closed, report_groups, request_edits_of
from bot.failures.backfill import backfill, is_backfill_due
from bot.failures.failure_store import FailureRecord
from bot.failures.group_store import GroupState, OpenGroup
from bot.failures.keys import FailuresTopic
from bot.failures.kind_store import FailureSample, ensure_kinds
from bot.failures.new_failures import NewFailure, new_failure
from bot.failures.silence_store import active_silences
from bot.outbox.live_store import request_edits

if TYPE_CHECKING:
    from bot.ledger.booking_result import BookingResult, TaskChange


@dataclass(frozen=True, slots=True)
class FailureGrouper:
    """Groups failures inside the transaction that books them; `statuses`, in lower case, count as failed in any."""

    statuses: tuple[str, ...] = FAILED_STATUSES

    # --- in each booking -----------------------------------------------------------------------------

    def observe(self, connection: Connection, result: "BookingResult") -> None:
        """Record which tasks of a booking have failed or recovered. Called inside its transaction."""
        if not result.changes:
            return
        before = failure_store.failure_records(connection, [each.id for each in result.changes])
        self._mark_recovered(connection, result, before)
        failures = _without_renamed(connection, self._new_failures(connection, result, before))
        history = {each.id for each in result.changes if each.backfill}
        failure_store.write_failures(connection, [each.record(None) for each in failures if each.task in history])
        _group(connection, [each for each in failures if each.task not in history], result.at)
        left_groups = {group for each in result.changes if each.id in before and (group := before[each.id].group)}
        group_store.close_empty_groups(connection, left_groups)
        report_closed(connection, first_groups(connection, left_groups), result.at)
        request_edits_of(connection, left_groups)

    def _mark_recovered(
        self, connection: Connection, result: "BookingResult", before: Mapping[int, FailureRecord]
    ) -> None:
        recovered = [
            each.id
            for each in result.changes
            if each.id in before and not before[each.id].recovered and not self._has_failed(each)
        ]
        failure_store.mark_recovered(connection, recovered, result.at)

    def _new_failures(
        self, connection: Connection, result: "BookingResult", before: Mapping[int, FailureRecord]
    ) -> list[NewFailure]:
        samples = {
            each.id: FailureSample.of(each.task.status, each.task.model, each.task.error_message)
            for each in result.changes
            if self._has_failed(each)
        }
        kinds = ensure_kinds(connection, samples.values())
        failures = (
            new_failure(each, before.get(each.id), kinds[samples[each.id].fingerprint], result.at)
            for each in result.changes
            if each.id in samples
        )
        return [each for each in failures if each is not None]

    def _has_failed(self, change: "TaskChange") -> bool:
        return ascii_lower(change.task.status) in self.statuses

    # --- at the end of a pass, and as time passes ----------------------------------------------------

    def due(self, connection: Connection, now: datetime) -> bool:
        """Return whether `apply_due` would change anything now."""
        return (
            bool(group_store.groups_to_report(connection))
            or group_store.is_closing_due(connection, now)
            or is_backfill_due(connection, self.statuses)
        )

    def apply_due(self, connection: Connection, now: datetime) -> None:
        """Report the groups that wait for that, close those without a failure for a day, and backfill."""
        self.backfill(connection)
        _close_groups(connection, now)
        if waiting := group_store.groups_to_report(connection):
            report_groups(connection, waiting, now)

    def backfill(self, connection: Connection) -> None:
        """Record, without notifying anybody, failures in the ledger that are not recorded, as after an update."""
        backfill(connection, self.statuses)


def _without_renamed(connection: Connection, failures: Sequence[NewFailure]) -> list[NewFailure]:
    """Return the failures without those of which only the error's text is new; their group takes that text's kind."""
    filling: dict[tuple[int, int], set[int]] = defaultdict(set)
    for each in failures:
        if each.textless_group is not None:
            filling[each.textless_group, each.kind].add(each.task)
    renamed: set[int] = set()
    for (group, kind), tasks in filling.items():
        if group_store.change_kind(connection, group, kind, tasks):
            renamed |= tasks
    return [each for each in failures if each.task not in renamed]


def _group(connection: Connection, failures: Sequence[NewFailure], now: datetime) -> None:
    """Put failures into the open groups of their kinds, or into new ones."""
    if not failures:
        return
    _close_groups(connection, now)
    silences = active_silences(connection, now)
    by_kind: dict[int, list[NewFailure]] = defaultdict(list)
    for each in failures:
        by_kind[each.kind].append(each)
    groups = group_store.open_groups(connection, by_kind)
    for kind, of_kind in by_kind.items():
        unsilenced = {each.member for each in of_kind if not each.is_silenced(silences)}
        group = _join_group(connection, groups.get(kind), kind, now, is_silenced=not unsilenced)
        failure_store.write_failures(connection, [each.record(group.id) for each in of_kind])
        if group.state is GroupState.REPORTED and group.first is not None:
            notify_listeners(connection, group.id, group.first, unsilenced, now)
    request_edits_of(connection, (group.id for group in groups.values()))


def _join_group(
    connection: Connection, group: OpenGroup | None, kind: int, now: datetime, *, is_silenced: bool
) -> OpenGroup:
    """Have failures of a kind join the open group, if any, or a new one, and return it.

    `is_silenced` says that all of them are.
    """
    new_state = GroupState.SILENCED if is_silenced else GroupState.WAITING
    if group is not None and group.state is GroupState.REPORTED and is_silenced:
        # a reported group is never reported again, but later failures may have to be: they get a new group
        group_store.mute_group(connection, group.id, now)
        report_closed(connection, first_groups(connection, [group.id]), now)
        group = None
    if group is None:
        return group_store.add_group(connection, kind, new_state, now)
    state = new_state if group.state is GroupState.SILENCED else group.state
    group_store.extend_group(connection, group.id, state, now)
    return group


def _close_groups(connection: Connection, now: datetime) -> None:
    closed = group_store.close_groups(connection, now)
    report_closed(connection, closed, now)
    request_edits(connection, map(FailuresTopic, closed))
