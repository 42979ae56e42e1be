"""Upkeep: a consistent copy, putting one back, checking the ledger's laws."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

from bot.ledger import files
from bot.ledger.schema import LedgerError, newest_revision, stored_revision


def backup(source: Path, target: Path) -> int:
    """Copy a ledger while it is in use; returns the copy's bytes.

    Raises:
        LedgerError: there is no ledger, or the target exists or cannot be written.
    """
    if target.exists():
        raise LedgerError(f"{target} exists already. Name a new file.")
    unfinished = target.with_name(f"{target.name}.part")
    try:
        files.create(unfinished)
        with closing(_opened(source)) as live, closing(sqlite3.connect(unfinished)) as copy:
            live.backup(copy)
            copy.execute("PRAGMA journal_mode = DELETE")
        _flush(unfinished)
        unfinished.replace(target)
    except (OSError, sqlite3.Error) as error:
        unfinished.unlink(missing_ok=True)
        raise LedgerError(f"cannot copy to {target}: {error}.") from error
    return target.stat().st_size


def restore(source: Path, target: Path) -> Path | None:
    """Put a copy in the ledger's place; what was there is kept beside it.

    Returns:
        Where the former ledger is kept, if there was one.

    Raises:
        LedgerError: the copy is damaged, no ledger, or newer than this version; nothing is changed then.
    """
    problems = list(_damage(source))
    if problems:
        raise LedgerError(f"{source} cannot be restored: {problems[0]}. The ledger is unchanged.")
    incoming = target.with_name(f"{target.name}.incoming")
    incoming.unlink(missing_ok=True)
    backup(source, incoming)
    try:
        kept = _put_aside(target)
        incoming.replace(target)
    finally:
        incoming.unlink(missing_ok=True)
    return kept


def _put_aside(target: Path) -> Path | None:
    if not target.exists():
        return None
    number = next(n for n in range(1, 10_000) if not target.with_name(f"{target.name}.before-restore-{n}").exists())
    kept = target.with_name(f"{target.name}.before-restore-{number}")
    try:
        backup(target, kept)
    except LedgerError:
        target.replace(kept)  # damaged, which may be why something is restored: kept as it is
        files.secure(kept)
    for suffix in ("-wal", "-shm"):
        target.with_name(target.name + suffix).unlink(missing_ok=True)
    return kept


def _opened(path: Path) -> sqlite3.Connection:
    if not path.is_file():
        raise LedgerError(f"there is no ledger at {path}.")
    return sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True, timeout=30)


def _flush(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())


def _damage(path: Path) -> Iterator[str]:
    try:
        with closing(_opened(path)) as connection:
            stored = stored_revision(connection)
            if stored is None:
                yield "it holds no ledger"
            elif stored > newest_revision():
                yield f"a newer neo-usage wrote it (schema {stored})"
            yield from (row[0] for row in connection.execute("PRAGMA quick_check") if row[0] != "ok")
    except sqlite3.DatabaseError as error:
        yield str(error)


# --- laws ----------------------------------------------------------------------------------------

_LAWS = {
    "the file is sound": "SELECT quick_check FROM pragma_quick_check WHERE quick_check <> 'ok'",
    "every row's neighbours exist": "SELECT \"table\" || ' row ' || rowid FROM pragma_foreign_key_check",
    "a task's charges sum to its total": """
        SELECT t.task_id FROM task t LEFT JOIN (
            SELECT task, sum(platform_nanos) AS platform, sum(provider_nanos) AS provider FROM charge GROUP BY task
        ) c ON c.task = t.id
        WHERE coalesce(c.platform, 0) <> coalesce(t.platform_nanos, 0)
           OR coalesce(c.provider, 0) <> coalesce(t.provider_nanos, 0)
           OR (c.task IS NULL) <> (t.platform_nanos IS NULL AND t.provider_nanos IS NULL)""",
    "quarters of an hour sum to their charges": """
        SELECT start FROM (
            SELECT booked_at - booked_at % 900000000 AS start, platform_nanos, provider_nanos FROM charge
            UNION ALL SELECT start, -platform_nanos, -provider_nanos FROM charge_quarter
        ) GROUP BY start HAVING sum(platform_nanos) <> 0 OR sum(provider_nanos) <> 0""",
    "every task has its detail": "SELECT task_id FROM task WHERE id NOT IN (SELECT task FROM task_detail)",
    "nothing is booked for a merged member": """
        SELECT m.email FROM member m WHERE m.merged_into IS NOT NULL AND (
            EXISTS (SELECT 1 FROM charge c WHERE c.member = m.id)
            OR EXISTS (SELECT 1 FROM task t WHERE t.member = m.id))""",
    "every model and status is known": """
        SELECT DISTINCT model FROM task WHERE model NOT IN (SELECT value FROM seen WHERE kind = 'model')
        UNION SELECT DISTINCT status FROM task WHERE status NOT IN (SELECT value FROM seen WHERE kind = 'status')""",
}


def verify(path: Path) -> dict[str, list[str]]:
    """Check the ledger's laws in one snapshot; returns each law with what breaks it, nothing where it holds.

    Raises:
        LedgerError: the ledger cannot be read.
    """
    try:
        with closing(_opened(path)) as connection:
            connection.execute("BEGIN")
            return {law: [str(row[0]) for row in connection.execute(sql)] for law, sql in _LAWS.items()}
    except sqlite3.DatabaseError as error:
        raise LedgerError(f"cannot read {path}: {error}.") from error
