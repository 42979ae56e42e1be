"""Empty ledgers for tests: migrated once a process, then copied, for a migration takes as long as many a test."""

import tempfile
from abc import ABC, abstractmethod
from functools import cache
from pathlib import Path

from bot.app import App
from bot.database.engine import open_database
from bot.database.sqlite import SqliteDatabase
from bot.ledger.verification import verify
from bot.settings.database_place import DatabasePlace
from bot.settings.postgres_address import PostgresAddress
from tests.support.postgres import PostgresServer


class Ledgers(ABC):
    """Hands out empty ledgers on one engine."""

    @abstractmethod
    def new(self) -> DatabasePlace:
        """Return where a new one is."""

    @abstractmethod
    def take_back(self, place: DatabasePlace) -> None:
        """Throw one away before the test ends, which makes many of them."""

    @abstractmethod
    def close(self) -> None:
        """Throw all of them away."""


class SqliteLedgers(Ledgers):
    """Files of a directory, the first of which is called `ledger.db`."""

    def __init__(self, directory: Path) -> None:
        self._directory, self._count = directory, 0

    def new(self) -> Path:
        self._count += 1
        return place_ledger(self._directory / f"ledger{self._count if self._count > 1 else ''}.db")

    def take_back(self, place: DatabasePlace) -> None:
        assert isinstance(place, Path)
        for each in self._directory.glob(f"{place.name}*"):
            each.unlink()

    def close(self) -> None:
        """Leave the files to pytest, which deletes their directory."""


class PostgresLedgers(Ledgers):
    """Databases on a server."""

    def __init__(self, server: PostgresServer) -> None:
        self._server = server
        self._given: list[PostgresAddress] = []

    def new(self) -> PostgresAddress:
        self._given.append(self._server.migrated())
        return self._given[-1]

    def take_back(self, place: DatabasePlace) -> None:
        assert isinstance(place, PostgresAddress)
        self._given.remove(place)
        self._server.take_back(place)

    def close(self) -> None:
        for place in list(self._given):
            self.take_back(place)


def broken_laws(place: DatabasePlace) -> dict[str, list[str]]:
    """Return what breaks a law of the ledger, by law."""
    return {law: list(found) for law, found in verify(place).items() if found}


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
    path.write_bytes(_migrated_file())
    return path


@cache
def _migrated_file() -> bytes:
    """Return what is in the file of an empty ledger of the newest schema."""
    with tempfile.TemporaryDirectory(prefix="neo-usage-tests-") as directory:
        path = Path(directory) / "ledger.db"
        open_database(path).close()
        return path.read_bytes()
