"""The whole service is killed at random moments, and two run at once: what happened is told once, not twice."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from random import Random

import pytest
from sqlalchemy import Connection

from bot.database.engine import Database
from bot.outbox.destinations import ChannelDestination
from bot.settings.database_place import DatabasePlace
from bot.subscriptions.schedule import Frequency, Schedule
from bot.subscriptions.store import NewSubscription
from bot.subscriptions.store import add as add_subscription
from tests.support.effort import amount
from tests.support.replicas import HOUR, SECOND, Team, now, replicated_team
from tests.support.worlds import PRIYA, add

pytestmark = pytest.mark.slow

KILLED = amount(30, 3)
WORDS = ("alpha", "beta", "gamma", "delta", "epsilon")[:KILLED]


@pytest.fixture
async def team(tmp_path: Path, place: DatabasePlace, database: Database) -> AsyncIterator[Team]:
    async with replicated_team(tmp_path, place, database) as team:
        yield team


def fail(team: Team, number: int, word: str) -> None:
    """Let a task of Priya's fail."""
    add(
        team.neo.world, f"failed-{number}-{word}", "1", email=PRIYA, model="opus", begun=now() - HOUR - SECOND,
        status="error", error_message=f"{word} broke at step {number}",
    )  # fmt: skip


def subscribe(connection: Connection) -> None:
    """Let Hannah have a subscription, whose first answer was due half an hour ago."""
    schedule = Schedule(Frequency.DAY, (now() - HOUR / 2).time().replace(second=0, microsecond=0))
    new = NewSubscription("U0HANNAH", ChannelDestination("C0NEOSPEND"), "team yesterday", schedule)
    add_subscription(connection, new, now() - HOUR)


def unsettled(failed: int) -> str:
    """How much is left to do until all that failed was read and told, and what was doubted has been looked for."""
    return f"""SELECT (SELECT count(*) FROM notification WHERE state IN ('pending', 'sending', 'unsure')
      OR check_at IS NOT NULL) + (SELECT count(*) FROM failure_group WHERE state = 'waiting')
      + (SELECT CASE WHEN count(*) < {failed} THEN 1 ELSE 0 END FROM failure WHERE grp IS NOT NULL)
      + (SELECT CASE WHEN count(*) = 0 THEN 1 ELSE 0 END FROM digest WHERE fate = 'owed')
      + (SELECT count(*) FROM subscription WHERE last_day IS NULL)"""


@pytest.mark.long
@pytest.mark.timeout(amount(900, 180))
async def test_killed_again_and_again_it_tells_everything_once(team: Team) -> None:
    random, failed = Random(5), 0
    first = await team.start()  # reads history, silently
    await team.wait_until(lambda: "welcome:user:U0HANNAH" in team.visible())
    await first.kill()
    await team.database.write(subscribe)
    for number in range(KILLED):
        for word in WORDS[: 1 + number]:
            fail(team, number, word)
            failed += 1
        killed = await team.launch()
        await asyncio.sleep(
            random.uniform(0.1, 1.2)
        )  # the random moment; it starts in half a second and tells in another
        await killed.kill()
    await asyncio.gather(team.launch(), team.launch())
    await team.wait_for_number(unsettled(failed), 0)
    assert {key: count for key, count in team.visible().items() if count > 1} == {}
    grouped = await team.rows("SELECT count(*), count(DISTINCT grp) FROM failure WHERE grp IS NOT NULL")
    assert grouped == [(failed, len(WORDS))]
    assert await team.number("SELECT count(*) FROM failure_group WHERE state = 'told'") == len(WORDS)
    parents = {str(first) for (first,) in await team.rows("SELECT DISTINCT first FROM failure_group")}
    told = [key.split(":") for key in team.visible()]
    assert {each[1] for each in told if each[0] == "failures"} == parents
    assert (team.kinds()["digest"], team.kinds()["subscription"]) == (1, 1)
