"""Restoring: a copy is put in the place of a database, and what was there is kept beside it."""

import json
import os
import sqlite3
import stat
from contextlib import closing, suppress
from pathlib import Path
from secrets import token_hex

from bot.database.backup import backup, open_read_only, remove_database
from bot.database.durable_files import flush, link, own_name
from bot.database.errors import LedgerError
from bot.database.file_lock import FileLock, InUseError
from bot.database.integrity import damage
from bot.database.metadata import LEDGER_ID, RESTORED

_INDEXES = "SELECT 1 FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"  # which plain tables lack
_WRITE_NOTE = "INSERT INTO note (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value"


def restore(source: Path, target: Path) -> Path | None:
    """Put a copy in the ledger's place; what was there is kept beside it, to the last transaction.

    The copy becomes a ledger with an id of its own; whoever opens it next takes over what the former one had posted
    (metadata `RESTORED`).

    Returns:
        Where the former ledger is kept, if there was one.

    Raises:
        InUseError: somebody has the ledger open.
        LedgerError: the copy is damaged, no ledger, or newer than this version, or the former one cannot be kept.
            Nothing is changed then.
    """
    if (problem := _not_restorable(source, target)) is not None:
        raise LedgerError(f"{source} cannot be restored: {problem}. The ledger is unchanged.")
    real = target.resolve()  # the file itself, wherever a link to it stands
    try:
        lock = FileLock(target, exclusive=True)
    except OSError as error:
        raise LedgerError(f"cannot write beside {target}: {error.strerror or error}.") from error
    incoming = own_name(real, "incoming")
    try:
        _prepare(source, incoming, real)
        return _exchange(incoming, real)
    except (OSError, sqlite3.Error) as error:
        raise LedgerError(f"cannot restore {source}: {error}. The ledger is unchanged.") from error
    finally:
        remove_database(incoming)
        lock.release()


def _not_restorable(source: Path, target: Path) -> str | None:
    if source.exists() and target.exists() and source.samefile(target):
        return "it is the ledger itself"
    return next(damage(source), None) or _lack(source)


def _lack(source: Path) -> str | None:
    """Return why a sound file is no ledger; None if it is one."""
    with closing(open_read_only(source)) as connection:
        if connection.execute(_INDEXES).fetchone() is None:
            return "it holds a server's ledger as an older neo-usage kept it, for a server alone. Restore it there"
    return None


def _prepare(source: Path, incoming: Path, target: Path) -> None:
    """Write the new ledger beside the old one, as a file that needs no other."""
    remove_database(incoming)
    backup(source, incoming)
    former = _former_path(target) if target.exists() else ""
    with closing(sqlite3.connect(incoming)) as connection, connection:
        restored = json.dumps({"kept": former, "id": _metadata(connection, LEDGER_ID) or ""})
        for key, value in ((LEDGER_ID, token_hex(4)), (RESTORED, restored)):
            connection.execute(_WRITE_NOTE, (key, value))
        # who held a lease when the copy was made does not hold it here
        connection.execute("UPDATE lease SET holder = '', expires_at = 0")
    if target.exists():
        _copy_owner(target, incoming)
    flush(incoming)


def _former_path(target: Path) -> str:
    """Return where the ledger is kept that posted last; one that was restored and not opened since posted nothing."""
    with suppress(sqlite3.Error), closing(open_read_only(target)) as connection:
        if (unfinished := _metadata(connection, RESTORED)) is not None:
            return str(json.loads(unfinished)["kept"])
    return str(_kept_name(target))


def _metadata(connection: sqlite3.Connection, key: str) -> str | None:
    row = connection.execute("SELECT value FROM note WHERE key = ?", (key,)).fetchone()
    return None if row is None else str(row[0])


def _copy_owner(former: Path, incoming: Path) -> None:
    """Give it the former one's mode, and its owner if that is allowed: the service may run as another user."""
    there = former.stat()
    incoming.chmod(stat.S_IMODE(there.st_mode))
    with suppress(PermissionError):
        os.chown(incoming, there.st_uid, there.st_gid)


def _exchange(incoming: Path, target: Path) -> Path | None:
    """Keep what is there by another name and put the new one in its place, each in one step; return the kept one."""
    if not target.exists():
        _move_log(target, _kept_name(target))
        incoming.replace(target)
        return None
    kept = _kept_name(target)
    _write_log_into_file(target)
    link(target, kept)
    _move_log(target, kept)
    incoming.replace(target)
    flush(target.parent)
    return kept


def _write_log_into_file(target: Path) -> None:
    """Write what is in the former ledger's log into its file.

    Raises:
        LedgerError: somebody else has it open, or there is no room.
    """
    log = target.with_name(f"{target.name}-wal")
    spare = own_name(log, "spare")
    spare.unlink(missing_ok=True)
    if log.exists():
        link(log, spare)  # SQLite deletes the log of a file whose head is damaged
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
    """Return why a restore is impossible; None for a damaged ledger, which may be why a copy is restored."""
    code = error.sqlite_errorcode & 0xFF
    if code in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
        return InUseError(f"{target} is in use: another program has it open. Nothing was changed.")
    if code in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}:
        return None
    return LedgerError(f"the former ledger cannot be kept: {error}. Is the disk full? The ledger is unchanged.")


def _move_log(target: Path, kept: Path) -> None:
    """Keep the former ledger's log with it: what stands in there is no part of the new one."""
    for suffix in ("-wal", "-shm", "-journal"):
        log = target.with_name(target.name + suffix)
        if log.exists():
            log.replace(kept.with_name(kept.name + suffix))


def _kept_name(target: Path) -> Path:
    number = next(n for n in range(1, 10_000) if not target.with_name(f"{target.name}.before-restore-{n}").exists())
    return target.with_name(f"{target.name}.before-restore-{number}")
