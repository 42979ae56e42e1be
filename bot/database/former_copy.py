"""The copy of a ledger that is kept before an upgrade changes its schema: beside its file, or where backups go."""

import re
from contextlib import closing
from pathlib import Path
from shutil import disk_usage
from typing import TYPE_CHECKING

from bot.database.backup import backup
from bot.database.errors import LedgerError
from bot.database.facts import database_bytes
from bot.database.integrity import violations
from bot.database.read_engine import file_bytes
from bot.database.schema import newest_revision

if TYPE_CHECKING:
    from bot.settings.database_place import DatabasePlace

_KEPT = 2  # copies; older ones are removed


def former_place(place: "DatabasePlace", backups: Path | None) -> Path | None:
    """Return the path that the names of a ledger's copies begin with; None if there is no directory for them.

    It is the ledger's own, or a path in the directory of backups, where a ledger on a server is called as there.
    """
    if isinstance(place, Path):
        return place.resolve()
    return None if backups is None else backups / place.database


def keep_former(place: "DatabasePlace", where: Path) -> Path:
    """Write a sound copy of the ledger into a file that is named after the new schema; remove the oldest.

    Raises:
        LedgerError: there is no room, or it cannot be written; the message says how to upgrade all the same.
    """
    try:
        former = _copies(where)
        number = 1 + max((number for number, _ in former), default=0)
        copy = where.with_name(f"{where.name}.before-{newest_revision()}-{number}")
        _check_room(_bytes(place), where.parent)
        backup(place, copy, _check)
    except LedgerError as error:
        raise LedgerError(
            f"{place} has to be upgraded, and the copy that is kept before that can't be made: {error} Nothing was"
            " changed. Make that possible, or upgrade without one: `neo-usage db upgrade --no-backup`."
        ) from error
    for _, each in former[: 1 - _KEPT]:
        each.unlink(missing_ok=True)
    return copy


def copies_at(where: Path) -> list[Path]:
    """Return the files of the copies of a ledger that upgrades and restores have kept at a path."""
    kept = re.compile(re.escape(where.name) + r"\.before-(?:\d{4}|restore)-\d+(?:-wal|-shm|-journal)?")
    return sorted(each for each in _files(where.parent) if kept.fullmatch(each.name))


def _copies(where: Path) -> list[tuple[int, Path]]:
    """Return the copies that upgrades have kept, with their numbers, oldest first."""
    name = re.compile(re.escape(where.name) + r"\.before-\d{4}-(\d+)")
    matches = ((name.fullmatch(each.name), each) for each in _files(where.parent))
    return sorted((int(match[1]), each) for match, each in matches if match)


def _files(directory: Path) -> list[Path]:
    try:
        return [each for each in directory.iterdir() if each.is_file()]
    except OSError as error:
        raise LedgerError(f"{directory} can't be read ({error.strerror}).") from error


def _bytes(place: "DatabasePlace") -> int:
    """Return how large a ledger is, whatever its schema."""
    if isinstance(place, Path):
        return file_bytes(place.resolve())
    from bot.database.postgres import open_any_schema

    with closing(open_any_schema(place)) as connection:
        return database_bytes(connection)


def _check_room(size: int, directory: Path) -> None:
    free = disk_usage(directory).free
    if free < size:
        raise LedgerError(f"it needs {size / 2**20:,.0f} MB, and {free / 2**20:,.0f} MB are free.")


def _check(copy: Path) -> None:
    if any(violations(copy, {}).values()):
        raise LedgerError("the database is damaged. Run `neo-usage db verify`.")
