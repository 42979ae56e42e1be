"""Replicas on PostgreSQL: the commands that one service answers in a second, and those that two answer.

Two services run. People ask the first alone, then both, in turn; each asks again once the answer has arrived. All share
the machine: the services, the server, and people with Slack's side in this process. So what each part uses of the
processors stands beside the figures. Two replicas can be twice as fast as one where so much of them is left.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import cycle
from time import perf_counter, process_time

from benchmarks import processors
from benchmarks.bars import Bar
from benchmarks.ledgers import Size, make_ledger
from benchmarks.postgres.ledgers import copy_ledger
from benchmarks.postgres.server import Server
from benchmarks.service_process import RUN, ServiceProcess, service_process
from benchmarks.slackside import PEOPLE, Side, slack_side, typed
from benchmarks.workplace import scratch
from bot.app import system_clock
from bot.settings.postgres_address import PostgresAddress

_TIMES, _SHARE = 1.6, 0.8  # as fast as one; of what the processors allow, which is twice as fast at most
_REPLICAS = 2
_AT_ONCE = 16  # people who ask one service at any moment
_ROUNDS, _SECONDS, _WARM_SECONDS = 3, 3.0, 2.0
_DATABASE = "replicas"


@dataclass(slots=True)
class _Use:
    """Commands that were answered, in how many seconds, and the processor time of each part meanwhile."""

    answered: int = 0
    seconds: float = 0.0
    parts: dict[str, float] = field(default_factory=dict)

    def add(self, other: "_Use") -> None:
        """Count another time in."""
        self.answered += other.answered
        self.seconds += other.seconds
        self.parts = {name: self.parts.get(name, 0.0) + used for name, used in other.parts.items()}

    @property
    def rate(self) -> float:
        """Commands a second."""
        return self.answered / self.seconds

    def busy(self, *names: str) -> float:
        """How many processors these parts have kept busy."""
        return sum(self.parts[name] for name in names) / self.seconds

    def costs(self) -> str:
        """The processor time of a command, by part."""
        return ", ".join(f"{name} {1000 * self.parts[name] / self.answered:.1f}" for name in _PARTS)


_PARTS = ("services", "PostgreSQL", "Slack's side")
_OTHERS = "others"


def measure(server: Server, *, quick: bool) -> Iterator[Bar]:
    """Two answer 1.6 times as many commands as one, or 0.8 of what the processors allow."""
    with scratch() as directory:
        ledger = directory / "ledger.db"
        make_ledger(ledger, Size(10_000), system_clock())  # the services go by the server's clock
        address = copy_ledger(server, ledger, _DATABASE)
    one, two = asyncio.run(_race(server, address, 1 if quick else _ROUNDS))
    server.drop(_DATABASE)
    yield from _bars(one, two)


def _bars(one: _Use, two: _Use) -> Iterator[Bar]:
    times, needed = two.rate / one.rate, one.busy(*_PARTS)
    free = processors.COUNT - two.busy(_OTHERS)
    allowed = min(float(_REPLICAS), free / needed)
    rates = f"{two.rate:.0f} commands/s, {one.rate:.0f} by one, which keeps {needed:.2f} of {free:.2f} processors busy"
    name = "PostgreSQL, commands answered by two replicas, beside one"
    yield Bar(name, times, _TIMES, at_least=True, note=rates, judged=allowed == _REPLICAS)
    costs = f"{allowed:.2f}x; ms a command by two: {two.costs()}; by one: {one.costs()}"
    yield Bar("the same, beside what the processors allow", times / allowed, _SHARE, at_least=True, note=costs)


# --- the race ------------------------------------------------------------------------------------


async def _race(server: Server, address: PostgresAddress, rounds: int) -> tuple[_Use, _Use]:
    """What one service does, each in turn, and what both do."""
    one, two = _Use(), _Use()
    async with _team(server, address) as team:
        await team.ask(team.services, _WARM_SECONDS)
        for number in range(rounds):
            one.add(await team.ask([team.services[number % _REPLICAS]], _SECONDS))
            two.add(await team.ask(team.services, _SECONDS))
    return one, two


@dataclass(frozen=True, slots=True)
class _Team:
    """Services that are ready, and people who ask them."""

    server: Server
    side: Side
    services: list[ServiceProcess]
    people: Iterator[int] = field(default_factory=lambda: cycle(range(1, PEOPLE + 1)))

    async def ask(self, services: list[ServiceProcess], seconds: float) -> _Use:
        """Ask services without a pause for so long, and return what was used until then."""
        begun, before, answered = perf_counter(), self._used(), len(self.side.arrived)
        asking = [asyncio.create_task(self._ask(each.url, begun + seconds)) for each in services * _AT_ONCE]
        await asyncio.sleep(seconds)
        taken, after = perf_counter() - begun, self._used()
        use = _Use(len(self.side.arrived) - answered, taken, {name: after[name] - before[name] for name in after})
        await asyncio.gather(*asking)
        return use

    async def _ask(self, service: str, until: float) -> None:
        while perf_counter() < until:
            number = await self.side.ask(service, *typed(next(self.people)))
            await self.side.answered(number)

    def _used(self) -> dict[str, float]:
        services = sum(processors.used_by(each.id) for each in self.services)
        parts = (services, processors.used_by(self.server.process), process_time())
        return dict(zip((*_PARTS, _OTHERS), (*parts, processors.used_in_all() - sum(parts)), strict=True))


@asynccontextmanager
async def _team(server: Server, address: PostgresAddress) -> AsyncIterator[_Team]:
    nobody = "http://127.0.0.1:1"
    async with (
        slack_side() as side,
        service_process(RUN, address, side, nobody) as first,
        service_process(RUN, address, side, nobody) as second,
    ):
        await asyncio.gather(first.wait_ready(), second.wait_ready())
        yield _Team(server, side, [first, second])
