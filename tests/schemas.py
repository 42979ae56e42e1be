"""Ledgers of earlier schemas, as their versions left them."""

from contextlib import closing
from pathlib import Path

from alembic import command
from alembic.config import Config

from bot.ledger.database import open_database
from bot.shipped import shipped


def downgrade(path: Path, revision: str) -> None:
    """Take a ledger back to a revision."""
    with closing(open_database(path)) as database, database.transaction() as connection:
        config = Config()
        config.set_main_option("script_location", str(shipped("migrations")))
        config.attributes["connection"] = connection
        command.downgrade(config, revision)
