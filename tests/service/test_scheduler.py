"""The jobs of the service tick beside each other, never beside themselves, and are broken off without a word."""

import asyncio
import logging

import pytest

from bot.service.scheduler import Job, Scheduler


@pytest.mark.slow
async def test_jobs_tick_and_end(caplog: pytest.LogCaptureFixture) -> None:
    held, failed, ended = [0], [0], [False]
    twice = asyncio.Event()

    async def hold() -> None:
        held[0] += 1
        try:
            await asyncio.Event().wait()
        finally:
            ended[0] = True

    async def fail() -> None:
        failed[0] += 1
        if failed[0] > 1:
            twice.set()
        message = "of our own making"
        raise RuntimeError(message)

    ticks = Scheduler([Job("hold", 1, hold), Job("fail", 1, fail)])
    with caplog.at_level(logging.WARNING):
        ticks.start()
        await asyncio.wait_for(twice.wait(), 10)
        assert (held, ended) == ([1], [False]), "two ticks came, and the first call was still under way"
        await ticks.end()
    assert ended == [True]
    assert [record.name for record in caplog.records if record.name.startswith("apscheduler")] == []
    assert asyncio.all_tasks() == {asyncio.current_task()}
