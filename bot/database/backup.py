"""Upkeep: a consistent copy, putting one back, checking the ledger's laws."""

import json
import os
import shutil
import sqlite3
import stat
from collections.abc import Iterator, Mapping
from contextlib import closing, suppress
from pathlib import Path
from secrets import token_hex
from urllib.parse import quote

from bot.database import files
from bot.database.errors import LedgerError
from bot.database.file_lock import FileLock, InUseError
from bot.database.metadata import LEDGER_ID, RESTORED
from bot.database.schema import newest_revision, stored_revision


def backup(source: Path, target: Path) -> int:
    """Copy a ledger while it is in use; returns the copy's bytes.

    Raises:
        LedgerError: there is no ledger, or the target exists or cannot be written.
    """
    if target.exists():
        raise LedgerError(f"{target} exists already. Name a new file.")
    unfinished = target.with_name(f"{target.name}.part")
    remove(unfinished)
    try:
        files.create(unfinished)
        with closing(_opened(source)) as live, closing(sqlite3.connect(unfinished)) as copy:
            live.backup(copy)
            copy.execute("PRAGMA journal_mode = DELETE")
        _flush(unfinished)
        unfinished.replace(target)
    except (OSError, sqlite3.Error) as error:
        remove(unfinished)
        raise LedgerError(f"cannot copy to {target}: {error}.") from error
    return target.stat().st_size


def restore(source: Path, target: Path) -> Path | None:
    """Put a copy in the ledger's place; what was there is kept beside it, to the last transaction.

    The copy becomes a ledger of its own, with an id of its own; whoever opens it next sees to what the former one had
    posted (note `restored`).

    Returns:
        Where the former ledger is kept, if there was one.

    Raises:
        HeldError: somebody has the ledger open.
        LedgerError: the copy is damaged, no ledger, or newer than this version, or the former one cannot be kept.
            Nothing is changed then.
    """
    if (problem := _not_restorable(source, target)) is not None:
        raise LedgerError(f"{source} cannot be restored: {problem}. The ledger is unchanged.")
    real = target.resolve()  # the file itself, wherever a link to it stands
    try:
        hold = FileLock(target, alone=True)
    except OSError as error:
        raise LedgerError(f"cannot write beside {target}: {error.strerror or error}.") from error
    incoming = real.with_name(f"{real.name}.incoming")
    try:
        _prepare(source, incoming, real)
        return _exchange(incoming, real)
    except (OSError, sqlite3.Error) as error:
        raise LedgerError(f"cannot restore {source}: {error}. The ledger is unchanged.") from error
    finally:
        remove(incoming)
        hold.give_back()


def _not_restorable(source: Path, target: Path) -> str | None:
    if source.exists() and target.exists() and source.samefile(target):
        return "it is the ledger itself"
    return next(_damage(source), None)


def _prepare(source: Path, incoming: Path, target: Path) -> None:
    """Make the new ledger beside the old one, complete, as a file that needs no other."""
    remove(incoming)
    backup(source, incoming)
    former = _former(target) if target.exists() else ""
    with closing(sqlite3.connect(incoming)) as connection, connection:
        restored = json.dumps({"kept": former, "id": _note(connection, LEDGER_ID) or ""})
        for key, value in ((LEDGER_ID, token_hex(4)), (RESTORED, restored)):
            connection.execute("INSERT OR REPLACE INTO note (key, value) VALUES (?,?)", (key, value))
    if target.exists():
        _look_like(target, incoming)
    _flush(incoming)


def _former(target: Path) -> str:
    """Where the ledger is kept that posted last: one that was restored itself, and not opened since, posted nothing."""
    with suppress(sqlite3.Error), closing(_opened(target)) as connection:
        if (unfinished := _note(connection, RESTORED)) is not None:
            return str(json.loads(unfinished)["kept"])
    return str(_name_of_kept(target))


def _note(connection: sqlite3.Connection, key: str) -> str | None:
    row = connection.execute("SELECT value FROM note WHERE key = ?", (key,)).fetchone()
    return None if row is None else str(row[0])


def _look_like(former: Path, incoming: Path) -> None:
    """Give it the former one's rights, and its owner if we may: a service of another user is to open it."""
    there = former.stat()
    incoming.chmod(stat.S_IMODE(there.st_mode))
    with suppress(PermissionError):
        os.chown(incoming, there.st_uid, there.st_gid)


def _exchange(incoming: Path, target: Path) -> Path | None:
    """Keep what is there by another name, and put the new one in its place, in one step each."""
    if not target.exists():
        _forsake_log(target, _name_of_kept(target))
        incoming.replace(target)
        return None
    kept = _name_of_kept(target)
    _fold_in(target)
    _link(target, kept)
    _forsake_log(target, kept)
    incoming.replace(target)
    _flush(target.parent)
    return kept


def _fold_in(target: Path) -> None:
    """Write what is in the former ledger's log into its file, and see that nobody else has it open.

    Raises:
        LedgerError: somebody has, or there is no room.
    """
    log = target.with_name(f"{target.name}-wal")
    spare = target.with_name(f"{target.name}-wal.spare")
    spare.unlink(missing_ok=True)
    if log.exists():
        _link(log, spare)  # SQLite deletes the log of a file whose head is damaged
    try:
        with closing(sqlite3.connect(target, timeout=1)) as connection:
            connection.execute("PRAGMA journal_mode = DELETE")
    except sqlite3.Error as error:
        if (refusal := _refusal(error, target)) is not None:
            raise refusal from error
        if spare.exists() and not log.exists():
            spare.replace(log)
    finally:
        spare.unlink(missing_ok=True)


def _refusal(error: sqlite3.Error, target: Path) -> LedgerError | None:
    """Why nothing can be done; None for a damaged ledger, which is kept as it is: perhaps it is why one is restored."""
    code = error.sqlite_errorcode & 0xFF
    if code in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
        return InUseError(f"{target} is in use: another program has it open. Nothing was changed.")
    if code in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}:
        return None
    return LedgerError(f"the former ledger cannot be kept: {error}. Is the disk full? The ledger is unchanged.")


def _link(file: Path, other: Path) -> None:
    """Give a file another name, or copy it where the file system has no links."""
    try:
        os.link(file, other)
    except OSError:
        unfinished = other.with_name(f"{other.name}.part")
        try:
            shutil.copy2(file, unfinished)
            _flush(unfinished)
            unfinished.replace(other)
        finally:
            unfinished.unlink(missing_ok=True)


def _forsake_log(target: Path, kept: Path) -> None:
    """What stands in the former ledger's log is no part of the new one; it is kept with the former one."""
    for suffix in ("-wal", "-shm", "-journal"):
        log = target.with_name(target.name + suffix)
        if log.exists():
            log.replace(kept.with_name(kept.name + suffix))


def _name_of_kept(target: Path) -> Path:
    number = next(n for n in range(1, 10_000) if not target.with_name(f"{target.name}.before-restore-{n}").exists())
    return target.with_name(f"{target.name}.before-restore-{number}")


def remove(path: Path) -> None:
    """Delete a ledger that nobody needs, with all that SQLite and we keep beside it."""
    for suffix in ("", "-wal", "-shm", "-journal", ".lock"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)


def _opened(path: Path) -> sqlite3.Connection:
    if not path.is_file():
        raise LedgerError(f"there is no ledger at {path}.")
    return sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True, timeout=30)


def _flush(path: Path) -> None:
    """Have a file, or a directory's names, on the disk."""
    file = os.open(path, os.O_RDONLY)
    try:
        os.fsync(file)
    finally:
        os.close(file)


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


_SOUND = {
    "the file is sound": "SELECT quick_check FROM pragma_quick_check WHERE quick_check <> 'ok'",
    "every row's neighbours exist": "SELECT \"table\" || ' row ' || rowid FROM pragma_foreign_key_check",
}


def violations(path: Path, laws: Mapping[str, str]) -> dict[str, list[str]]:
    """Check a database file and what is to hold in it, in one snapshot.

    Args:
        path: the file.
        laws: by name a query for the rows that break the law; its first column names the row.

    Returns:
        Each law, those of any file first, with what breaks it; nothing where it holds.

    Raises:
        LedgerError: the file cannot be read.
    """
    try:
        with closing(_opened(path)) as connection:
            connection.execute("BEGIN")
            return {law: [str(row[0]) for row in connection.execute(sql)] for law, sql in (_SOUND | dict(laws)).items()}
    except sqlite3.DatabaseError as error:
        raise LedgerError(f"cannot read {path}: {error}.") from error
