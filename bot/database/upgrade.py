"""Upgrades of the schema: the migrations that a database lacks are applied in the transaction that is given."""

from collections.abc import Callable

from sqlalchemy import Connection, inspect, text

from bot.database.errors import LedgerError
from bot.database.schema import NewerLedgerError, UnfinishedCopyError, current_revision, is_unfinished, newest_revision
from bot.shipped import shipped

_SAME_REVISION = text("UPDATE alembic_version SET version_num = version_num")


def upgrade(
    connection: Connection, place: object, keep_former: Callable[[], None] | None = None, revision: str = "head"
) -> bool:
    """Apply the migrations that the database at a place lacks; return whether it lacked any.

    `keep_former` is called before the first one is applied to a ledger; if it raises, none is. `revision` is the last
    one to be applied, where that is not the newest.

    Raises:
        LedgerError: the database is another program's, was written by a newer version, or is an unfinished copy.
    """
    stored = current_revision(connection)
    if stored == newest_revision():
        return False
    if is_unfinished(stored):
        raise UnfinishedCopyError(place)
    require_no_strangers(connection, place, stored)
    if stored is not None and stored > newest_revision():
        raise NewerLedgerError(place, stored)
    if stored is not None and keep_former is not None:
        connection.execute(_SAME_REVISION)  # where nothing can be written, no copy is made again and again
        keep_former()
    _migrate(connection, revision)
    return True


def require_no_strangers(connection: Connection, place: object, stored: str | None) -> None:
    """Raise LedgerError if a database holds another program's tables, and no ledger: no revision of one is stored."""
    if stored is None and inspect(connection).get_table_names():
        raise LedgerError(f"{place} holds another program's tables. Name one of its own in DATABASE_URL.")


def _migrate(connection: Connection, revision: str) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(shipped("migrations")).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    command.upgrade(config, revision)
