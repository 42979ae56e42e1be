"""The checks of scheduled backups: where they go, and how old the last one is."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from bot.app import App
from bot.database.backup_record import backup_record
from bot.database.errors import LedgerError, is_read_only
from bot.database.place import absence, pending_upgrade
from bot.doctor.check import Check, failure, ok, warning
from bot.incidents.rules import LONGEST_WITHOUT_BACKUP
from bot.usage.status import backup_text


def backup_checks(app: App) -> Iterator[Check]:
    """Yield the checks of the directory, and of the last backup in the ledger's records; nothing without BACKUP_DIR."""
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
    with suppress(LedgerError):  # another check says what is wrong with it
        if absence(place) is None and pending_upgrade(place) is None:
            yield _last_backup(app)


def _last_backup(app: App) -> Check:
    now = app.clock()
    with app.ledger.reader() as connection:
        record = backup_record(connection)
    text = backup_text(record, app.settings.timezone, now)
    if record.failure:
        return failure("backups", text)
    if record.made_at is None or now - record.made_at > LONGEST_WITHOUT_BACKUP:
        return warning("backups", text or "none was made yet", "The bot makes one when it's started with `run`.")
    return ok("backups", text)
