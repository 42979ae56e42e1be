"""A few days in which everything breaks that can, as a sample of the four weeks of `make soak`."""

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bot.settings.database_place import DatabasePlace
from tests.support.effort import THOROUGH
from tests.support.surroundings import FileSurroundings, Surroundings, server_surroundings
from tests.support.weeks import weeks
from tests.support.weeks_count import Count

if TYPE_CHECKING:
    from tests.support.postgres import PostgresServer

DAYS, MINUTES, SEED = 4, 1.5, 1

pytestmark = [
    pytest.mark.long,
    pytest.mark.timeout(1800),
    pytest.mark.skipif(not THOROUGH, reason="it takes minutes: `make soak` runs it"),
]


def around(place: DatabasePlace, request: pytest.FixtureRequest, stack: ExitStack) -> Surroundings:
    """What is around a ledger on either engine."""
    if isinstance(place, Path):
        return FileSurroundings(place)
    server: PostgresServer = request.getfixturevalue("postgres")
    return stack.enter_context(server_surroundings(server, place))


async def test_whatever_breaks_for_days_is_made_good(
    tmp_path: Path, place: DatabasePlace, request: pytest.FixtureRequest
) -> None:
    said: list[str] = []
    with ExitStack() as stack:
        async with weeks(tmp_path, around(place, request, stack), SEED, DAYS, MINUTES, said.append) as living:
            await living.live()
            assert await Count(living).problems() == []
    assert len(said) == DAYS
