"""Whoever delivers is killed or frozen at every step: nothing is lost, and each message is there once."""

import asyncio
from pathlib import Path

import pytest

from tests.support.effort import amount
from tests.support.engines import POSTGRES, SQLITE
from tests.support.ledgers import Ledgers
from tests.support.rounds import Round, worker_pool

ROUNDS, AT_ONCE = amount(100, 4), 8
FIRST = {SQLITE: 0, POSTGRES: amount(0, 4)}  # seeds: in eight, a worker is killed at every step


@pytest.mark.slow
@pytest.mark.long
@pytest.mark.timeout(amount(900, 120))
async def test_killed_and_frozen_everywhere_each_message_is_visible_once(
    engine: str, tmp_path: Path, ledgers: Ledgers
) -> None:
    gate = asyncio.Semaphore(AT_ONCE)
    async with worker_pool() as workers:

        async def play(seed: int) -> None:
            async with gate:
                await Round(seed, tmp_path, workers, ledgers).run()

        async with asyncio.TaskGroup() as group:  # whose other rounds end with the first that fails
            for seed in range(FIRST[engine], FIRST[engine] + ROUNDS):
                group.create_task(play(seed))
