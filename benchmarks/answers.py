"""Answers in Slack at a million tasks: the ack, and what a signed request costs beyond its query."""

import asyncio
import gc
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median, quantiles
from time import perf_counter

from sqlalchemy import Connection

from benchmarks.bars import Bar
from benchmarks.ledgers import Size, ledger
from benchmarks.slackside import OPERATOR, SECRET, TOKEN, Side, acknowledged, slack_side
from benchmarks.timing import shown
from benchmarks.wiring import environment
from benchmarks.workplace import NOW, scratch
from bot.app import App, build
from bot.neo.client import RetryPolicy
from bot.service.log import configure
from bot.service.service import Service, running_service
from bot.settings.environment import load
from bot.settings.model import LogFormat, LogLevel
from bot.usage import answers
from bot.usage.report import Report, ReportPolicy, ReportRequest
from bot.usage.report_builder import build_report

_LINES = ("team this month by:member", "team 30d by:day,model", "team 30d rows top:50", "7d by:model")
_ACK_MS, _MORE_MS = 2.0, 10.0
_AT_ONCE = RetryPolicy(answer=1, connect=1, deadline=0.1)  # nobody is upstream


def measure(*, quick: bool) -> Iterator[Bar]:
    """The ack within 2 ms; the payload at most 10 ms after what its query takes."""
    configure(LogLevel.ERROR, LogFormat.CONSOLE)
    with scratch() as directory:
        path = directory / "ledger.db"
        # a copy: a request that was taken once is kept, and the next run's of the same number would be ignored
        shutil.copy(ledger(Size(100_000 if quick else 1_000_000)), path)
        acks, taken = asyncio.run(_measured(path, 5 if quick else 31))
    note = f"median {shown(median(acks))} of {len(acks)}"
    yield Bar("the ack of a command, 99th percentile", quantiles(acks, n=100)[98] * 1000, _ACK_MS, "ms", note=note)
    for line, (whole, query, size) in taken.items():
        note = f"{shown(whole)}; query {shown(query)}; {size / 1000:.0f} kB"
        yield Bar(
            f"`{line}` in Slack, more than its query",
            (whole - query) * 1000,
            _MORE_MS,
            "ms",
            note=note,
        )


async def _measured(path: Path, rounds: int) -> tuple[list[float], dict[str, tuple[float, float, int]]]:
    async with slack_side() as side, running_service(_app(path, side)) as service:
        await service.slack.connecting
        acks: list[float] = []
        taken = {line: await _one(service, side, line, rounds, acks) for line in _LINES}
        acks += [await _ack(service, side, "help") for _ in range(rounds * 20)]
    return acks, taken


def _app(path: Path, side: Side) -> App:
    variables = {
        **environment(path),
        "SLACK_BOT_TOKEN": TOKEN,
        "SLACK_SIGNING_SECRET": SECRET,
        "SLACK_API_URL": f"{side.url}/api/",
        "ADMINS": OPERATOR,
        "HTTP_PORT": "0",
    }
    return build(load(variables, path.parent), lambda: NOW, _AT_ONCE)


async def _one(service: Service, side: Side, line: str, rounds: int, acks: list[float]) -> tuple[float, float, int]:
    """The median seconds from request to payload, and of the query inside; and the payload's bytes."""
    wholes, queries, size = [], [], 0
    with _timed_queries() as taken:
        for _ in range(rounds):
            gc.collect()
            whole, size = await _answered(service, side, line, acks)
            wholes.append(whole)
            queries.append(whole - taken.pop())
    return median(wholes), median(wholes) - median(queries), size


@contextmanager
def _timed_queries() -> Iterator[list[float]]:
    """Collect the seconds that each report is built from the ledger in, measured where a question asks for one."""
    taken: list[float] = []

    def timed(reader: Connection, request: ReportRequest, policy: ReportPolicy) -> Report:
        begun = perf_counter()
        try:
            return build_report(reader, request, policy)
        finally:
            taken.append(perf_counter() - begun)

    vars(answers)["build_report"] = timed
    try:
        yield taken
    finally:
        vars(answers)["build_report"] = build_report


async def _answered(service: Service, side: Side, line: str, acks: list[float]) -> tuple[float, int]:
    assert service.slack.listener is not None
    number, body, headers = side.request(line)
    begun = perf_counter()
    acks.append(await acknowledged(service.slack.listener.bolt, body, headers))
    await service.slack.listener.wait_idle()
    arrived, size = side.arrived[number]
    return arrived - begun, size


async def _ack(service: Service, side: Side, line: str) -> float:
    acks: list[float] = []
    await _answered(service, side, line, acks)
    return acks[0]
