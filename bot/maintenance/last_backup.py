"""The last scheduled backup as the terminal says it, whether or not the bot runs."""

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from bot.database.backup_directory import backups_by_moment
from bot.database.backup_record import BackupRecord, found_backups

if TYPE_CHECKING:
    from bot.settings.model import Settings


def last_backup(record: BackupRecord, settings: "Settings", now: datetime) -> BackupRecord:
    """Return a record brought in line with what is in BACKUP_DIR.

    Several bots may share a server, each with a directory of its own: there the record stands.
    """
    if settings.backup_dir is None or not isinstance(settings.database, Path):
        return record
    return found_backups(record, backups_by_moment(settings.backup_dir), now)
