"""`python -m tests.service.weeks [--engine E] [--seed N] [--minutes M] [--days D]`: weeks in which all breaks."""

import asyncio
import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.postgres.installation import programs
from bot.settings.database_place import DatabasePlace
from tests.support.command import run_command
from tests.support.earlier_schemas import FIRST_ON_SERVER, at_schema
from tests.support.engines import POSTGRES, SQLITE, url_of
from tests.support.postgres import ABSENT, REQUIRED, running_server
from tests.support.surroundings import FileSurroundings, Surroundings, server_surroundings
from tests.support.weeks import weeks
from tests.support.weeks_count import Count

FIRST_SCHEMA = "0001"


def main(engines: list[str], seed: int, minutes: float, days: int) -> int:
    """Live the weeks on each engine, which share the minutes; return on how many something was not as it must be."""
    failures = 0
    for engine in engines:
        if engine == POSTGRES and programs() is None:
            _say(ABSENT)
            failures += REQUIRED
            continue
        with TemporaryDirectory(prefix="neo-usage-weeks-") as name:
            directory = Path(name)
            with _surroundings(engine, directory) as found:
                failures += asyncio.run(_live(engine, directory, found, seed, minutes / len(engines), days))
    return failures


@contextmanager
def _surroundings(engine: str, directory: Path) -> Iterator[Surroundings]:
    """A ledger that the first version to keep one so had made, brought up to date."""
    if engine == SQLITE:
        path = directory / "ledger.db"
        _upgrade_from(FIRST_SCHEMA, path, directory)
        yield FileSurroundings(path)
        return
    with running_server() as server:
        address = server.empty()
        _upgrade_from(FIRST_ON_SERVER, address, directory)
        with server_surroundings(server, address) as found:
            yield found


def _upgrade_from(schema: str, place: DatabasePlace, directory: Path) -> None:
    at_schema(place, schema)
    upgraded = run_command(("db", "upgrade"), {"DATABASE_URL": url_of(place)}, directory)
    assert upgraded.returncode == 0, upgraded.stderr


async def _live(engine: str, directory: Path, found: Surroundings, seed: int, minutes: float, days: int) -> int:
    _say(f"{days} days on {engine}, seed {seed}")
    async with weeks(directory, found, seed, days, minutes, partial(_say_of, engine)) as living:
        await living.live()
        problems = await Count(living).problems()
    for each in problems:
        _say(f"{engine}, seed {seed}: {each}")
    _say(f"{engine}, seed {seed}: {len(problems)} problems")
    return bool(problems)


def _say_of(engine: str, what: str) -> None:
    _say(f"{engine} {what}")


def _say(what: str) -> None:
    sys.stdout.write(f"{what}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    PARSER = ArgumentParser(prog="python -m tests.service.weeks", description=__doc__)
    PARSER.add_argument("--engine", choices=[SQLITE, POSTGRES], help="default: both, one after the other")
    PARSER.add_argument("--seed", type=int, default=0)
    PARSER.add_argument("--minutes", type=float, default=20.0, help="for all engines together (default: %(default)s)")
    PARSER.add_argument("--days", type=int, default=28)
    GIVEN = PARSER.parse_args()
    CHOSEN = [GIVEN.engine] if GIVEN.engine else [SQLITE, POSTGRES]
    sys.exit(bool(main(CHOSEN, GIVEN.seed, GIVEN.minutes, GIVEN.days)))
