"""Aged ledgers: what is in one on either engine after a team has lived with the bot for long."""

from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.years import Years, live
from bot.maintenance.copy import copy_ledger
from bot.settings.database_place import DatabasePlace
from tests.support.ledgers import place_ledger


def age(place: DatabasePlace, years: Years) -> None:
    """Fill an empty ledger with what those years have left in it."""
    if isinstance(place, Path):
        live(place, years)
        return
    with TemporaryDirectory(prefix="neo-usage-tests-") as directory:
        path = place_ledger(Path(directory) / "aged.db")
        live(path, years)
        copy_ledger(path, place, lambda _: None)
