"""The checks of scheduled backups: where they go, and how old the last one is."""

from collections.abc import Iterator
from pathlib import Path

from bot.app import App
from bot.database.backup_record import BackupRecord, backup_record
from bot.database.errors import is_read_only
from bot.doctor.check import Check, failure, ok, warning
from bot.doctor.ledger import read_unchanged
from bot.incidents.rules import LONGEST_WITHOUT_BACKUP
from bot.maintenance.last_backup import last_backup
from bot.usage.status import backup_text


def backup_checks(app: App) -> Iterator[Check]:
    """Yield the checks of the directory, and of the last backup; nothing without BACKUP_DIR."""
    path, place = app.settings.backup_dir, app.settings.database
    if path is None:
        return
    if not path.is_dir():
        yield failure("backups", f"BACKUP_DIR {path} doesn't exist", "Create it, or mount its disk.")
        return
    if is_read_only(path):
        yield failure("backups", f"the bot can't write into BACKUP_DIR {path}", "Give it to the bot's user.")
    if isinstance(place, Path) and place.parent.is_dir() and place.parent.stat().st_dev == path.stat().st_dev:
        yield warning("backups", "BACKUP_DIR is on the disk of the database", "Use another disk, or copy them away.")
    if (record := read_unchanged(app, backup_record)) is not None:
        yield _last_backup(last_backup(record, app.settings, app.clock()), app)


def _last_backup(record: BackupRecord, app: App) -> Check:
    now = app.clock()
    text = backup_text(record, app.settings.timezone, now)
    if record.failure:
        return failure("backups", text)
    if record.made_at is None or now - record.made_at > LONGEST_WITHOUT_BACKUP:
        remedy = (
            "The bot, once it's started with `run`, makes one when it has read Neo, and at the latest at BACKUP_AT."
        )
        return warning("backups", text or "there is none in BACKUP_DIR", remedy)
    return ok("backups", text)
