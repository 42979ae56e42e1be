"""Ledgers of earlier schemas, as an earlier version of the program left them."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection

from bot.database.postgres import PostgresDatabase
from bot.database.sqlite import SqliteDatabase
from bot.settings.database_place import DatabasePlace
from bot.shipped import shipped
from tests.support.engines import connected

FIRST_ON_SERVER = "0016"  # the first schema that a version kept on PostgreSQL


def downgrade(place: DatabasePlace, revision: str) -> None:
    """Undo the migrations of a closed ledger that came after a revision; what they added is lost."""
    with connected(place) as connection:
        command.downgrade(_config(connection), revision)


def at_schema(place: DatabasePlace, revision: str) -> None:
    """A ledger as the version with that schema made it."""
    database = SqliteDatabase(place) if isinstance(place, Path) else PostgresDatabase(place)
    with database.transaction() as connection:
        command.upgrade(_config(connection), revision)
    database.close()


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(shipped("migrations")))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config
