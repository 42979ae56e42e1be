"""Empty ledgers for tests: migrated once a process, then copied, for a migration takes as long as many a test."""

import atexit
import shutil
import tempfile
from functools import cache
from pathlib import Path

from bot.app import App
from bot.database.engine import open_database
from bot.database.sqlite import SqliteDatabase


def ledger_path(app: App) -> Path:
    """Return the file of an app's ledger."""
    place = app.settings.database
    assert isinstance(place, Path)
    return place


def new_database(path: Path) -> SqliteDatabase:
    """Open an empty ledger, made at the path, where there is none yet."""
    place_ledger(path)
    return open_database(path)


def place_ledger(path: Path) -> Path:
    """Make an empty ledger at the path, where there is none yet; return the path."""
    if path.exists():
        raise FileExistsError(path)
    shutil.copy(migrated_ledger(), path)
    return path


@cache
def migrated_ledger() -> Path:
    """Return an empty ledger of the newest schema, to be copied."""
    directory = Path(tempfile.mkdtemp(prefix="neo-usage-tests-"))
    atexit.register(shutil.rmtree, directory, ignore_errors=True)
    path = directory / "ledger.db"
    open_database(path).close()
    return path
