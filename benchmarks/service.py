"""The service as a process: ready, idle, asked by a hundred people during a backfill, and beside hostile clients."""

import asyncio
import shutil
import sqlite3
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, closing
from datetime import timedelta
from pathlib import Path
from statistics import median, quantiles
from time import perf_counter

from benchmarks import processors
from benchmarks.bars import Bar
from benchmarks.ledgers import Size, ledger
from benchmarks.listing import Listing
from benchmarks.service_process import RUN, SERVING, ServiceProcess, service_process
from benchmarks.slackside import PEOPLE, Side, slack_side, typed
from benchmarks.timing import shown
from benchmarks.upstream import served
from benchmarks.workplace import scratch
from bot.settings.database_place import DatabasePlace

_READY_S, _IDLE_MB, _ACK_S, _ANSWER_S = 2.0, 120.0, 1.0, 2.5
_IDLE_PERCENT = 1.0  # of a core
_UNHARMED_S = 0.1
_LEAST_ROUNDS = 2
_SPAN, _LATENCY_S = timedelta(hours=70), 0.05  # of the upstream: tasks of the tail, and how long a page takes
Number = Callable[[str], int]
"""Returns the number that a statement selects in the ledger, as another program sees it."""


def measure(*, quick: bool) -> Iterator[Bar]:
    """On a ledger that is a file."""
    source = ledger(Size(100_000 if quick else 1_000_000))
    with scratch() as directory:
        path = directory / "ledger.db"
        shutil.copy(source, path)
        yield from service_bars(path, lambda sql: _number(path, sql), quick=quick)


def service_bars(place: DatabasePlace, number: Number, *, quick: bool, on: str = "") -> Iterator[Bar]:
    """Ready in 2 s, idle below 120 MB and 1 % of a core; during a backfill acks below 1 s and answers below 2.5 s.

    Beside hostile clients acks below 0.1 s.

    `on` begins the names of the bars: on which engine the ledger is.
    """
    yield from asyncio.run(_alone(place, 2.0 if quick else 10.0, on))
    with served(Listing(50_000 if quick else 100_000, span=_SPAN), _LATENCY_S) as url:
        acks, answers, asked, read = asyncio.run(_crowded(place, number, url))
    note = f"median {shown(median(acks))}; {read:,} tasks booked meanwhile"
    yield Bar(f"{on}{PEOPLE} ask at once during a backfill: the slowest ack", max(acks), _ACK_S, "s", note=note)
    note = f"median {shown(median(answers))} of {asked}"
    yield Bar(f"{on}the same: answers, 99th percentile", quantiles(answers, n=100)[98], _ANSWER_S, "s", note=note)
    yield Bar(f"{on}the same: answers lost", asked - len(answers), 0, "of all")
    yield asyncio.run(_attacked(place, 100 if quick else 600, on))


# --- alone ---------------------------------------------------------------------------------------


async def _alone(place: DatabasePlace, seconds: float, on: str) -> list[Bar]:
    """Nobody upstream, nobody asks; watched for so many seconds."""
    ready: list[float] = []
    busy: list[float] = []
    async with slack_side() as side:
        for _ in range(3):
            begun = perf_counter()
            async with service_process(RUN, place, side, "http://127.0.0.1:1") as service:
                await service.wait_ready()
                ready.append(perf_counter() - begun)
                await asyncio.sleep(3)
                resident = processors.resident_mb(service.id)
                busy.append(await _busy_percent(service, seconds))
    return [
        Bar(f"{on}start to ready", median(ready), _READY_S, "s", note=f"of three: {shown(*sorted(ready))}"),
        Bar(f"{on}idle, resident", resident, _IDLE_MB, "MB"),
        Bar(f"{on}idle, of a core", median(busy), _IDLE_PERCENT, "%", note=f"in {seconds:.0f} s without a read of Neo"),
    ]


async def _busy_percent(service: ServiceProcess, seconds: float) -> float:
    """How much of a core it keeps busy."""
    begun, before = perf_counter(), processors.used_by(service.id)
    await asyncio.sleep(seconds)
    return 100 * (processors.used_by(service.id) - before) / (perf_counter() - begun)


# --- attacked ------------------------------------------------------------------------------------


async def _attacked(place: DatabasePlace, questions: int, on: str) -> Bar:
    """One person asks, again and again, while hostile clients attack both ports and hold hundreds of connections."""
    asked: dict[int, float] = {}
    async with (
        slack_side() as side,
        service_process(RUN, place, side, "http://127.0.0.1:1") as service,
    ):
        await service.wait_ready()
        async with _attackers(service.port, service.metrics_port):
            acks = [await _ask(service.url, side, 1, asked) for _ in range(questions)]
            await _answered(side, questions)
    note = f"median {shown(median(acks))} of {questions}; answers lost: {questions - len(side.arrived)}"
    return Bar(f"{on}hostile clients beside: the third slowest ack", sorted(acks)[-3], _UNHARMED_S, "s", note=note)


@asynccontextmanager
async def _attackers(*ports: int) -> AsyncIterator[None]:
    """A process that attacks these ports, and 300 connections to each over which nothing comes."""
    slow = [await asyncio.open_connection("127.0.0.1", port) for port in ports for _ in range(300)]
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", "benchmarks.hostile", *map(str, ports))
    try:
        yield
    finally:
        process.kill()
        await process.wait()
        for _, writer in slow:
            writer.close()


# --- crowded -------------------------------------------------------------------------------------


async def _crowded(place: DatabasePlace, number: Number, neo: str) -> tuple[list[float], list[float], int, int]:
    """Seconds of the acks and of the answers, how many were asked, and how many rows a backfill read meanwhile."""
    asked: dict[int, float] = {}
    acks: list[float] = []
    async with (
        slack_side() as side,
        service_process(SERVING, place, side, neo) as service,
    ):
        await service.wait_ready()
        before = number(_TASKS)
        await _booking(number, before)
        while (during := bool(number(_READING))) or len(asked) < _LEAST_ROUNDS * PEOPLE:
            assert during, "the reading ended before the questions did"
            acks += await asyncio.gather(*(_ask(service.url, side, each, asked) for each in range(1, PEOPLE + 1)))
            await _answered(side, len(asked))
        read = number(_TASKS) - before
    answers = [side.arrived[each][0] - begun for each, begun in asked.items() if each in side.arrived]
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


async def _booking(number: Number, before: int) -> None:
    """Wait until new tasks come in."""
    while number(_TASKS) == before:  # noqa: ASYNC110 - another process does it
        await asyncio.sleep(0.05)


_TASKS = "SELECT count(*) FROM task"
_READING = "SELECT count(*) FROM pass WHERE finished_at IS NULL"


def _number(path: Path, sql: str) -> int:
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        return int(connection.execute(sql).fetchone()[0])
