"""Ledgers of earlier schemas, as an earlier version of the program left them."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine

from bot.database.sqlite import SqliteDatabase
from bot.shipped import shipped


def downgrade(path: Path, revision: str) -> None:
    """Undo the migrations of a closed ledger that came after a revision; what they added is lost."""
    engine = create_engine(f"sqlite:///{path}")
    config = Config()
    config.set_main_option("script_location", str(shipped("migrations")))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, revision)
    engine.dispose()


def at_schema(path: Path, revision: str) -> None:
    """A ledger as the version with that schema made it."""
    database = SqliteDatabase(path)
    with database.transaction() as connection:
        config = Config()
        config.set_main_option("script_location", str(shipped("migrations")))
        config.set_main_option("path_separator", "os")
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
    database.close()
