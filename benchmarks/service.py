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
_POLL_S, _OFTEN_S = 300, 10  # between two reads of Neo: usually, and while their cost is measured
_POLLED = 2_000  # tasks of the last 70 hours
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
    tasks = 50_000 if quick else 100_000
    yield asyncio.run(_ready(place, on))
    with served(Listing(_POLLED, span=_SPAN * _POLLED / tasks), _LATENCY_S) as url:  # the newest of those below
        yield from asyncio.run(_idle(place, number, url, 2.0 if quick else 10.0, on))
    with served(Listing(tasks, span=_SPAN), _LATENCY_S) as url:
        acks, answers, asked, read = asyncio.run(_crowded(place, number, url))
    note = f"median {shown(median(acks))}; {read:,} tasks booked meanwhile"
    yield Bar(f"{on}{PEOPLE} ask at once during a backfill: the slowest ack", max(acks), _ACK_S, "s", note=note)
    note = f"median {shown(median(answers))} of {asked}"
    yield Bar(f"{on}the same: answers, 99th percentile", quantiles(answers, n=100)[98], _ANSWER_S, "s", note=note)
    yield Bar(f"{on}the same: answers lost", asked - len(answers), 0, "of all")
    yield asyncio.run(_attacked(place, 100 if quick else 600, on))


# --- alone ---------------------------------------------------------------------------------------


async def _ready(place: DatabasePlace, on: str) -> Bar:
    """From nothing until it is ready, nobody upstream."""
    taken: list[float] = []
    async with slack_side() as side:
        for _ in range(3):
            begun = perf_counter()
            async with service_process(RUN, place, side, "http://127.0.0.1:1") as service:
                await service.wait_ready()
                taken.append(perf_counter() - begun)
    return Bar(f"{on}start to ready", median(taken), _READY_S, "s", note=f"of three: {shown(*sorted(taken))}")


async def _idle(place: DatabasePlace, number: Number, neo: str, seconds: float, on: str) -> list[Bar]:
    """Nobody asks: what it holds after a first read and a poll, and how much of a core it and its polls take."""
    async with slack_side() as side:
        async with service_process(SERVING, place, side, neo) as service:
            await _polls(number, 1)
            await asyncio.sleep(3)  # what follows from the first read ends
            quiet = await _busy_percent(service, seconds)
        async with service_process(SERVING, place, side, neo, POLL_SECONDS=str(_OFTEN_S)) as service:
            await _polls(number, 2)
            resident = processors.resident_mb(service.id)
            begun, before = perf_counter(), processors.used_by(service.id)
            await _polls(number, 2)
            used, elapsed = processors.used_by(service.id) - before, perf_counter() - begun
    poll = max(0.0, (used - quiet / 100 * elapsed) / 2)
    note = f"{quiet:.2g} % without a poll, which takes {shown(poll)} at {_POLLED:,} tasks of the last 70 hours"
    return [
        Bar(f"{on}idle, resident", resident, _IDLE_MB, "MB", note="after a first read and a poll"),
        Bar(f"{on}idle, of a core", quiet + 100 * poll / _POLL_S, _IDLE_PERCENT, "%", note=note),
    ]


async def _polls(number: Number, count: int) -> None:
    """Wait until it has read Neo so many times more."""
    wanted = number(_READ) + count
    while number(_READ) < wanted:  # noqa: ASYNC110 - another process does it
        await asyncio.sleep(0.05)


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
    return Bar(f"{on}hostile clients beside: the slowest ack", max(acks), _UNHARMED_S, "s", note=note)


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
_READ = "SELECT count(*) FROM pass WHERE finished_at IS NOT NULL"


def _number(path: Path, sql: str) -> int:
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        return int(connection.execute(sql).fetchone()[0])
