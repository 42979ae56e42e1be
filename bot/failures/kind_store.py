"""The store of kinds: failures that are the same are one kind."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, insert, select, update

from bot.failures.fingerprints import fingerprint
from bot.failures.rules import Cap, cap_of
from bot.failures.tables import failure, failure_kind
from bot.ledger.task_queries import texts_by_id


@dataclass(frozen=True, slots=True)
class FailureSample:
    """One failure of a kind, which the kind's status, model and cap are taken from."""

    fingerprint: int
    status: str
    model: str
    error: str | None

    @classmethod
    def of(cls, status: str, model: str, error: str | None) -> "FailureSample":
        """Return a task that ended badly as a sample."""
        return cls(fingerprint(status, model, error), status, model, error)


_INSERT = insert(failure_kind)
_KINDS = select(failure_kind.c.mark, failure_kind.c.id).where(
    failure_kind.c.mark.in_(bindparam("fingerprints", expanding=True))
)


def ensure_kinds(connection: Connection, samples: Iterable[FailureSample]) -> dict[int, int]:
    """Return the ids of kinds by fingerprint; unknown kinds are added."""
    by_fingerprint = {each.fingerprint: each for each in samples}
    ids = _ids(connection, by_fingerprint)
    if new := [
        {"mark": mark, "status": each.status, "model": each.model, "cap": cap_of(each.error)}
        for mark, each in by_fingerprint.items()
        if mark not in ids
    ]:
        connection.execute(_INSERT, new)
        ids = _ids(connection, by_fingerprint)
    return ids


def _ids(connection: Connection, fingerprints: Iterable[int]) -> dict[int, int]:
    return dict(connection.execute(_KINDS, {"fingerprints": list(fingerprints)}).all())


@dataclass(frozen=True, slots=True)
class StoredKind:
    """Failures that are the same: how their tasks end, with which model, and the limit of Neo's that they ran into."""

    id: int
    status: str
    model: str
    cap: Cap | None


_KIND = select(failure_kind).where(failure_kind.c.id == bindparam("which"))
_LATEST_OF_KIND = (
    select(failure.c.task)
    .where(failure.c.kind == bindparam("of_kind"), failure.c.past == 0)
    .order_by(failure.c.failed_at.desc(), failure.c.task.desc())
    .limit(1)
)


def kind_of_id(connection: Connection, kind: int) -> StoredKind | None:
    """Return a kind; None for an unknown id."""
    row = connection.execute(_KIND, {"which": kind}).first()
    return None if row is None else StoredKind(row.id, row.status, row.model, Cap(row.cap) if row.cap else None)


def latest_of_kind(connection: Connection, kind: int) -> int | None:
    """Return the latest task whose current failure is of a kind, recovered or not; None if there is none."""
    task: int | None = connection.execute(_LATEST_OF_KIND, {"of_kind": kind}).scalar()
    return task


# --- other names ---------------------------------------------------------------------------------

_ALL = select(failure_kind).order_by(failure_kind.c.id)
_RENAME = update(failure_kind).where(failure_kind.c.id == bindparam("which"))


def rename_kinds(connection: Connection, renamed: Callable[[str], str]) -> None:
    """Give models and statuses of kinds the names that `renamed` returns, before the tasks get them.

    What fails with the same error afterwards is of the same kind, unless another one has these names already.
    """
    for kind in connection.execute(_ALL).all():
        status, model = renamed(kind.status), renamed(kind.model)
        if (status, model) != (kind.status, kind.model):
            mark = _free_fingerprint(connection, kind.id, status, model)
            values = {"status": status, "model": model, "mark": kind.mark if mark is None else mark}
            connection.execute(_RENAME.values(values), {"which": kind.id})


def _free_fingerprint(connection: Connection, kind: int, status: str, model: str) -> int | None:
    """Return the fingerprint of a kind under other names; None if no task has its error, or another kind has it."""
    task = latest_of_kind(connection, kind)
    if task is None:
        return None
    found = fingerprint(status, model, texts_by_id(connection, [task])[task].error_message)
    return None if _ids(connection, [found]) else found
