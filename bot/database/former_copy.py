"""The copy of a ledger that is kept beside it before an upgrade changes its schema."""

import re
from pathlib import Path
from shutil import disk_usage

from bot.database.backup import backup
from bot.database.errors import LedgerError
from bot.database.integrity import violations
from bot.database.read_engine import file_bytes
from bot.database.schema import newest_revision

_KEPT = 2  # copies; older ones are removed


def keep_former(path: Path) -> Path:
    """Write a sound copy of the ledger in a file beside it, named after the new schema; remove the oldest.

    Raises:
        LedgerError: there is no room, or it cannot be written; the message says how to upgrade all the same.
    """
    real = path.resolve()
    former = _copies(real)
    number = 1 + max((number for number, _ in former), default=0)
    copy = real.with_name(f"{real.name}.before-{newest_revision()}-{number}")
    try:
        _check_room(real)
        backup(real, copy, _check)
    except LedgerError as error:
        raise LedgerError(
            f"{path} has to be upgraded, and the copy that is kept before that can't be made: {error} Nothing was"
            " changed. Make room for it, or upgrade without one: `neo-usage db upgrade --no-backup`."
        ) from error
    for _, each in former[: 1 - _KEPT]:
        each.unlink(missing_ok=True)
    return copy


def copies_beside(path: Path) -> list[Path]:
    """Return the files of the copies of a ledger that upgrades and restores have kept beside it."""
    real = path.resolve()
    kept = re.compile(re.escape(real.name) + r"\.before-(?:\d{4}|restore)-\d+(?:-wal|-shm|-journal)?")
    return sorted(each for each in real.parent.iterdir() if kept.fullmatch(each.name) and each.is_file())


def _copies(real: Path) -> list[tuple[int, Path]]:
    """Return the copies that were kept, with their numbers, oldest first."""
    name = re.compile(re.escape(real.name) + r"\.before-\d{4}-(\d+)")
    matches = ((name.fullmatch(each.name), each) for each in real.parent.iterdir())
    return sorted((int(match[1]), each) for match, each in matches if match and each.is_file())


def _check_room(real: Path) -> None:
    size, free = file_bytes(real), disk_usage(real.parent).free
    if free < size:
        raise LedgerError(f"it needs {size / 2**20:,.0f} MB, and {free / 2**20:,.0f} MB are free.")


def _check(copy: Path) -> None:
    if any(violations(copy, {}).values()):
        raise LedgerError("the database is damaged. Run `neo-usage db verify`.")
