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
    """A task that has just failed, or failed again, or in another way than was known; `failed_at` in microseconds.

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
        """Return what is stored of it."""
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
    """Return what is new of a task that ended badly, given how it had failed `before`; None if nothing is."""
    task = change.task
    at = to_us(failed_at(task.created_at, task.total_execution_ms, now))
    again = before is not None and _has_failed_again(before, change)
    if before is not None and not again and (before.kind == kind or _has_lost_its_error(change)):
        return None
    if again or (before is None and change.was is not None):
        at = to_us(now)  # its status was another at the pass before; when it began says nothing of a later run
    textless_group = None
    if before is not None and not again:
        at = max(at, before.failed_at)
        textless_group = before.group if before.fingerprint == fingerprint(task.status, task.model, None) else None
    return NewFailure(change.id, change.member, kind, task.model, at, task.stream_count, textless_group)


def _has_failed_again(before: FailureRecord, change: "TaskChange") -> bool:
    """Return whether a task that failed has failed once more: after it ended well, in another run, or at further cost.

    A duration that Neo corrects says nothing of that.
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
    """Return whether Neo gives no error any more of a task whose status is as before."""
    return not change.task.error_message and change.was == change.task.status
