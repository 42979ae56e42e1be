"""Several services on one database are killed and frozen in the middle of things: every message is there once."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import closing
from datetime import date
from pathlib import Path
from random import Random

import pytest

from bot.database.engine import open_database
from bot.settings.postgres_address import PostgresAddress
from tests.support.effort import amount
from tests.support.replicas import Replica, Team, replicated_team
from tests.support.service_process import LIFETIME

pytestmark = [pytest.mark.long, pytest.mark.timeout(amount(600, 180)), pytest.mark.slow]

ROUNDS = amount(25, 1)
STEPS = (50, 80, 100, 150, 200)  # percent, and as many dollars of Priya's budget


@pytest.fixture
async def team(tmp_path: Path, postgres_ledger: PostgresAddress) -> AsyncIterator[Team]:
    with closing(open_database(postgres_ledger)) as database:
        async with replicated_team(tmp_path, postgres_ledger, database) as team:
            yield team


async def begin(team: Team) -> None:
    """Start two replicas; return once the usual was read, what follows from it was told, and a budget is set."""
    await asyncio.gather(team.start(), team.start())
    await team.wait_until(lambda: len(team.slack.sockets) == 2)
    await team.wait_until(lambda: {"welcome", "digest"} <= set(team.kinds()))
    await team.slack.command("hannah", "neo-spend", "budget @priya 100/day")
    await team.wait_for_number("SELECT count(*) FROM budget_revision", 1)


def repeated(team: Team) -> dict[str, int]:
    """The messages that are there more than once."""
    return {key: count for key, count in team.visible().items() if count > 1}


async def crossing_messages(team: Team, spent: Mapping[date, int]) -> Counter[str]:
    """The messages that are to be there once about what Priya has spent of $100 a day, by key.

    Each step that was passed is recorded, whoever was killed when. Of those passed at once the highest is notified of.
    """
    rows = await team.rows("SELECT id, period, step, decision, subject FROM crossing")
    passed = {str(day): {step for step in STEPS if usd >= step} for day, usd in spent.items()}
    recorded = {day: {row[2] for row in rows if row[1] == day} for day in {row[1] for row in rows}}
    assert recorded == {day: steps for day, steps in passed.items() if steps}
    notified = [row for row in rows if row[3] == "TOLD"]
    highest = {day: max((row[2] for row in notified if row[1] == day), default=0) for day in recorded}
    assert highest == {day: max(steps) for day, steps in recorded.items()}
    return Counter(
        f"crossing:{id_}:{place}"
        for id_, _, step, _, subject in notified
        for place in (f"member:{subject}", *(["alert"] if step >= 100 else []))
    )


async def test_one_that_was_frozen_past_its_lease_repeats_nothing_and_takes_over_again(team: Team) -> None:
    await begin(team)
    frozen = await team.wait_for_holder()
    team.spend(95)
    began = time.monotonic()
    frozen.freeze()
    other = await team.wait_for_holder(frozen)
    assert time.monotonic() - began < LIFETIME.total_seconds() + 5
    await team.wait_until(lambda: {"spike", "crossing"} <= set(team.kinds()))
    frozen.thaw()
    await team.wait_settled()
    assert team.kinds() == {"welcome": 1, "digest": 1, "spike": 1, "crossing": 1}
    team.spend(50)
    await other.kill()
    killed = time.monotonic()
    assert await team.wait_for_holder(other) is frozen
    assert time.monotonic() - killed < 5  # on one machine the dead are seen to be dead
    await team.wait_until(lambda: team.kinds()["crossing"] == 3)  # the next step: to the member, and to the channel
    await team.wait_settled()
    assert repeated(team) == {}
    assert team.kinds() == {"welcome": 1, "digest": 1, "spike": 1, "crossing": 3}


async def test_killed_and_frozen_one_after_another_they_tell_everything_once(team: Team) -> None:
    random, frozen, spent = Random(15), list[Replica](), Counter[date]()
    await begin(team)
    for number in range(ROUNDS):
        usd = 95 + 60 * number
        spent[team.spend(usd)] += usd
        for _ in range(2):  # the second while it reads and tells what the first has left
            holder = await team.wait_for_holder(*frozen)
            await asyncio.sleep(random.uniform(0, 1.5))
            if random.random() < 0.4:
                holder.freeze()
                frozen.append(holder)
            else:
                await holder.kill()
            await team.start()
        while len(frozen) > 1:  # whoever wakes finds that all has been done
            woken = frozen.pop(0)
            woken.thaw()
            await asyncio.sleep(random.uniform(0, 1.0))
            await woken.kill()
    for each in frozen:
        each.thaw()
    await team.wait_for_number("SELECT count(*) FROM task", 7 + ROUNDS)
    await team.wait_settled()
    assert repeated(team) == {}
    assert set(team.visible()) == set(await team.sent())
    assert team.kinds()["digest"] == team.kinds()["spike"] == 1
    messages = {key: count for key, count in team.visible().items() if key.startswith("crossing:")}
    assert messages == await crossing_messages(team, spent)
