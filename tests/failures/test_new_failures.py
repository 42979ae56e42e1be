"""What is new of a task that ended badly, given how it had failed before."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.domain.narrowing import TaskTraits
from bot.domain.tasks import Task
from bot.domain.timestamps import to_us
from bot.failures.failure_store import FailureRecord
from bot.failures.fingerprints import fingerprint
from bot.failures.keys import SilenceTarget, TargetType
from bot.failures.new_failures import NewFailure, new_failure
from bot.failures.silence_store import Silence
from bot.ledger.booking_result import TaskChange
from bot.ledger.rules import Entry, EntryKind

BEGAN = datetime(2026, 3, 2, 20, tzinfo=UTC)
NOW = BEGAN + timedelta(hours=5)
KIND, OTHER = 4, 5
RAN = to_us(BEGAN + timedelta(minutes=1))
EARLIER = to_us(BEGAN + timedelta(hours=2))
MARK = fingerprint("error", "opus", "x broke")


def change(was: str | None = "error", entries: tuple[Entry, ...] = (), **values: Any) -> TaskChange:
    task = Task(
        **{
            "task_id": "t-a", "model": "opus", "status": "error", "created_at": BEGAN, "total_execution_ms": 60_000,
            "error_message": "x broke", **values,
        }
    )  # fmt: skip
    traits = TaskTraits(task.model, task.status, own_key=False)
    former = None if was is None else traits._replace(status=was)
    return TaskChange(7, 17, task, traits, former, entries, restated=False)


def record(**values: Any) -> FailureRecord:
    return FailureRecord(**{"task": 7, "kind": KIND, "group": 3, "failed_at": EARLIER, "streams": None, **values})


def grown(nanos: int) -> tuple[Entry, ...]:
    return (Entry(EntryKind.GROWTH, nanos, 0, to_us(NOW)),)


def test_a_task_seen_for_the_first_time_failed_when_it_had_run() -> None:
    found = new_failure(change(was=None, stream_count=2), None, KIND, NOW)
    assert found == NewFailure(7, 17, KIND, "opus", RAN, 2, None)


def test_a_task_that_was_known_to_be_well_failed_when_that_was_seen() -> None:
    found = new_failure(change(was="completed"), None, KIND, NOW)
    assert found is not None
    assert found.failed_at == to_us(NOW)


@pytest.mark.parametrize(
    ("before", "changed"),
    [
        (record(streams=2), change(stream_count=2)),
        (record(streams=2), change(stream_count=1)),
        (record(streams=2), change(stream_count=2, entries=grown(5))),  # a correction of what the run cost
        (record(), change(stream_count=2)),  # it was not told how often it had run
        (record(), change(entries=grown(0))),
        (record(), change(total_execution_ms=10**9)),
    ],
)
def test_what_neo_corrects_is_nothing_new(before: FailureRecord, changed: TaskChange) -> None:
    assert new_failure(changed, before, KIND, NOW) is None


@pytest.mark.parametrize(
    ("before", "changed"),
    [
        (record(streams=2), change(stream_count=3)),
        (record(), change(entries=grown(5))),
        (record(recovered=True), change(was="completed")),
    ],
)
def test_a_task_has_failed_again_in_another_run_at_further_cost_or_after_it_ended_well(
    before: FailureRecord, changed: TaskChange
) -> None:
    found = new_failure(changed, before, KIND, NOW)
    assert found is not None
    assert (found.failed_at, found.textless_group) == (to_us(NOW), None)


def test_a_task_that_failed_in_another_way_than_was_known_keeps_the_later_moment() -> None:
    found = new_failure(change(), record(fingerprint=MARK), OTHER, NOW)
    assert found is not None
    assert (found.kind, found.failed_at, found.textless_group) == (OTHER, EARLIER, None)


def test_an_error_that_neo_no_longer_gives_is_nothing_new() -> None:
    assert new_failure(change(error_message=None), record(), OTHER, NOW) is None
    assert new_failure(change(error_message=None, was="failed"), record(), OTHER, NOW) is not None


def test_an_error_whose_text_comes_later_names_the_group_that_was_without() -> None:
    textless = record(fingerprint=fingerprint("error", "opus", None))
    found = new_failure(change(), textless, OTHER, NOW)
    assert found is not None
    assert found.textless_group == 3


@pytest.mark.parametrize(
    ("target", "is_silenced"),
    [
        (SilenceTarget(TargetType.KIND, "4"), True),
        (SilenceTarget(TargetType.KIND, "5"), False),
        (SilenceTarget(TargetType.MODEL, "opus"), True),
        (SilenceTarget(TargetType.MODEL, "haiku"), False),
        (SilenceTarget(TargetType.MEMBER, "17"), True),
        (SilenceTarget(TargetType.MEMBER, "4"), False),
    ],
)
def test_a_silence_is_about_a_kind_a_model_or_a_member(target: SilenceTarget, *, is_silenced: bool) -> None:
    failure = NewFailure(7, 17, KIND, "opus", RAN, None, None)
    assert failure.is_silenced([Silence(target, NOW, None, "U0HANNAH")]) is is_silenced
    assert not failure.is_silenced([])
