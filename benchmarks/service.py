"""The service as a process: how soon it is ready, what it holds idle, and a hundred people asking during a backfill."""

import asyncio
import re
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from statistics import median, quantiles
from time import perf_counter

from benchmarks.bars import Bar
from benchmarks.ledgers import Size, ledger
from benchmarks.listing import Listing
from benchmarks.service_process import RUN, SERVING, ServiceProcess, service_process
from benchmarks.slackside import PEOPLE, Side, slack_side, typed
from benchmarks.timing import shown
from benchmarks.upstream import served
from benchmarks.workplace import scratch

_READY_S, _IDLE_MB, _ACK_S, _ANSWER_S = 2.0, 120.0, 1.0, 2.5
_LEAST_ROUNDS = 2
_SPAN, _LATENCY_S = timedelta(hours=70), 0.05  # of the upstream: tasks of the tail, and how long a page takes


def measure(*, quick: bool) -> Iterator[Bar]:
    """Ready in 2 s, idle below 120 MB; acks below 1 s and answers below 2.5 s while history is read."""
    source = ledger(Size(100_000 if quick else 1_000_000))
    with scratch() as directory:
        path = directory / "ledger.db"
        shutil.copy(source, path)
        yield from asyncio.run(_alone(path))
        with served(Listing(50_000 if quick else 100_000, span=_SPAN), _LATENCY_S) as url:
            acks, answers, asked, read = asyncio.run(_crowded(path, url))
    note = f"median {shown(median(acks))}; {read:,} tasks booked meanwhile"
    yield Bar(f"{PEOPLE} ask at once during a backfill: the slowest ack", max(acks), _ACK_S, "s", note=note)
    note = f"median {shown(median(answers))} of {asked}"
    yield Bar("the same: answers, 99th percentile", quantiles(answers, n=100)[98], _ANSWER_S, "s", note=note)
    yield Bar("the same: answers lost", asked - len(answers), 0, "of all")


# --- alone ---------------------------------------------------------------------------------------


async def _alone(path: Path) -> list[Bar]:
    """Nobody upstream, nobody asks."""
    ready: list[float] = []
    async with slack_side() as side:
        for _ in range(3):
            begun = perf_counter()
            async with service_process(RUN, path, side, "http://127.0.0.1:1") as service:
                await service.wait_ready()
                ready.append(perf_counter() - begun)
                await asyncio.sleep(3)
                resident = _resident_mb(service)
    return [
        Bar("start to ready", median(ready), _READY_S, "s", note=f"of three: {shown(*sorted(ready))}"),
        Bar("idle, resident", resident, _IDLE_MB, "MB"),
    ]


def _resident_mb(service: ServiceProcess) -> float:
    found = re.search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{service.id}/status").read_text(encoding="ascii"))
    assert found
    return int(found[1]) / 1024


# --- crowded -------------------------------------------------------------------------------------


async def _crowded(path: Path, neo: str) -> tuple[list[float], list[float], int, int]:
    """Seconds of the acks and of the answers, how many were asked, and how many rows a backfill read meanwhile."""
    asked: dict[int, float] = {}
    acks: list[float] = []
    async with (
        slack_side() as side,
        service_process(SERVING, path, side, neo) as service,
    ):
        await service.wait_ready()
        before = _tasks(path)
        await _booking(path, before)
        while (during := _is_reading(path)) or len(asked) < _LEAST_ROUNDS * PEOPLE:
            assert during, "the reading ended before the questions did"
            acks += await asyncio.gather(*(_ask(service.url, side, number, asked) for number in range(1, PEOPLE + 1)))
            await _answered(side, len(asked))
        read = _tasks(path) - before
    answers = [side.arrived[number][0] - begun for number, begun in asked.items() if number in side.arrived]
    return acks, answers, len(asked), read


async def _ask(url: str, side: Side, number: int, asked: dict[int, float]) -> float:
    begun = perf_counter()
    asked[await side.ask(url, *typed(number))] = begun
    return perf_counter() - begun


async def _answered(side: Side, count: int) -> None:
    """Wait until so many answers arrived, for as long as anybody would."""
    deadline = perf_counter() + 30
    while len(side.arrived) < count and perf_counter() < deadline:  # noqa: ASYNC110 - both are of other parties
        await asyncio.sleep(0.005)


async def _booking(path: Path, before: int) -> None:
    """Wait until new tasks come in."""
    while _tasks(path) == before:  # noqa: ASYNC110 - another process does it
        await asyncio.sleep(0.05)


def _is_reading(path: Path) -> bool:
    return bool(_one(path, "SELECT count(*) FROM pass WHERE finished_at IS NULL"))


def _tasks(path: Path) -> int:
    return _one(path, "SELECT count(*) FROM task")


def _one(path: Path, sql: str) -> int:
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        return int(connection.execute(sql).fetchone()[0])
