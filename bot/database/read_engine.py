"""Reading: read-only connections beside the writer, which they neither block nor wait for."""

import sqlite3
from functools import partial
from pathlib import Path
from urllib.parse import quote

from sqlalchemy import Connection, Engine, NullPool, Pool, QueuePool, create_engine

from bot.database import snapshot_dialect
from bot.database.compiled_statements import COMPILED
from bot.database.errors import LedgerError, UnusableError, is_read_only, translated_errors
from bot.database.reader_pool import ReaderPool
from bot.database.schema import require_newest, stored_revision

CACHE_KIB = 64_000  # for one question after another in a process of their own
_CACHE_KIB_OF_EACH = 8_000  # in a pool; the operating system holds the rest of the file once for all
BUSY_SECONDS = 30  # a reader waits only while another process recovers the file after a crash


def read_engine(path: Path, cache_kib: int, pool: type[Pool], **pool_options: int) -> Engine:
    """Return an engine whose connections read a ledger, each transaction in one snapshot.

    A connection is opened when it is first needed, which raises

        LedgerError: there is no ledger, or its schema is not this code's.
        UnusableError: it cannot be read now.
    """
    return create_engine(
        snapshot_dialect.URL,
        creator=lambda: _opened_anyhow(path, cache_kib),
        poolclass=pool,
        hide_parameters=True,  # they are names and e-mails, and an exception's text reaches logs
        execution_options=COMPILED,
        **pool_options,
    )


def reader_pool(path: Path, threads: int) -> ReaderPool:
    """Return a pool of threads that read a ledger; its file may be made later."""
    engine = read_engine(path, _CACHE_KIB_OF_EACH, QueuePool, pool_size=threads, max_overflow=0)
    return ReaderPool(engine, sqlite3.Connection.interrupt, partial(translated_errors, path), threads)


def open_reader(path: Path, cache_kib: int = CACHE_KIB) -> Connection:
    """Open a ledger for reading, in one snapshot from the first statement until it is closed or rolled back.

    Raises:
        LedgerError: there is none, or its schema is not this code's.
        UnusableError: it cannot be read now.
    """
    return read_engine(path, cache_kib, NullPool).connect()


def _opened_anyhow(path: Path, cache_kib: int) -> sqlite3.Connection:
    if not path.is_file():
        raise LedgerError(f"there is no ledger at {path} yet. Run `neo-usage sync` first.")
    try:
        return _opened(path, "mode=ro", cache_kib)
    except UnusableError:
        if not _is_static(path):
            raise
        return _opened(path, "mode=ro&immutable=1", cache_kib)


def _opened(path: Path, how: str, cache_kib: int) -> sqlite3.Connection:
    with translated_errors(path):
        connection = sqlite3.connect(
            f"file:{quote(str(path))}?{how}",
            uri=True,
            isolation_level=None,
            check_same_thread=False,
            timeout=BUSY_SECONDS,
        )
    try:
        with translated_errors(path):
            connection.execute(f"PRAGMA cache_size = -{cache_kib}")
            require_newest(stored_revision(connection), path)
    except BaseException:
        connection.close()
        raise
    return connection


def _is_static(path: Path) -> bool:
    """Return whether the directory is read-only and the log empty: then SQLite needs no file shared with writers."""
    real = path.resolve()
    log = real.with_name(f"{real.name}-wal")
    return is_read_only(real.parent) and not (log.exists() and log.stat().st_size)


def file_bytes(path: Path) -> int:
    """Return the bytes of a ledger on disk, with those of its write-ahead log."""
    files = (path, path.with_name(f"{path.name}-wal"))
    return sum(each.stat().st_size for each in files if each.exists())
