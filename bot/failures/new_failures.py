"""New failures: which of the tasks that a booking changed have failed just now."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from bot.domain.timestamps import to_us
from bot.failures.failure_store import FailureRecord
from bot.failures.fingerprints import fingerprint
from bot.failures.keys import SilenceTarget, TargetType
from bot.failures.rules import failed_at
from bot.failures.silence_store import Silence
from bot.ledger.rules import EntryKind

if TYPE_CHECKING:
    from bot.ledger.booking_result import TaskChange


@dataclass(frozen=True, slots=True)
class NewFailure:
    """A task that has just failed, failed again, or failed in another way; `failed_at` in microseconds.

    `textless_group` is the group it is in, if all that is new is the text of its error.
    """

    task: int
    member: int
    kind: int
    model: str
    failed_at: int
    streams: int | None
    textless_group: int | None

    def record(self, group: int | None) -> FailureRecord:
        """Return the failure as it is stored."""
        return FailureRecord(self.task, self.kind, group, self.failed_at, self.streams)

    def is_silenced(self, silences: Iterable[Silence]) -> bool:
        """Return whether any of the silences is about it."""
        targets = {
            SilenceTarget(TargetType.KIND, str(self.kind)),
            SilenceTarget(TargetType.MODEL, self.model),
            SilenceTarget(TargetType.MEMBER, str(self.member)),
        }
        return any(each.target in targets for each in silences)


def new_failure(change: "TaskChange", before: FailureRecord | None, kind: int, now: datetime) -> NewFailure | None:
    """Return the new failure of a task that ended badly; None if it is the one known `before`."""
    task = change.task
    at = to_us(failed_at(task.created_at, task.total_execution_ms, now))
    failed_again = before is not None and _has_failed_again(before, change)
    if before is not None and not failed_again and (before.kind == kind or _has_lost_its_error(change)):
        return None
    if failed_again or (before is None and change.was is not None):
        at = to_us(now)  # it failed after the pass before; its creation time says nothing about a later run
    textless_group = None
    if before is not None and not failed_again:
        at = max(at, before.failed_at)
        textless_group = before.group if before.fingerprint == fingerprint(task.status, task.model, None) else None
    return NewFailure(change.id, change.member, kind, task.model, at, task.stream_count, textless_group)


def _has_failed_again(before: FailureRecord, change: "TaskChange") -> bool:
    """Return whether a task that failed has failed once more: after it ended well, in another run, or at further cost.

    A corrected duration is no sign of another run.
    """
    if before.recovered:
        return True
    streams = change.task.stream_count
    if before.streams is not None and streams is not None:
        return streams > before.streams
    return any(
        each.kind is EntryKind.GROWTH and each.platform_nanos + each.provider_nanos > 0 for each in change.entries
    )


def _has_lost_its_error(change: "TaskChange") -> bool:
    """Return whether Neo no longer gives an error for a task whose status has not changed."""
    return not change.task.error_message and change.was == change.task.status
