"""The processes of a team's service, which come and go by chance."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

from tests.support import service_process
from tests.support.forked import forked
from tests.support.replicas import Replica, Team

MOST = 3
END_SECONDS = 15.0  # after which a process that was asked to end is killed
COMMAND_SECONDS = 300.0
STUCK_SECONDS = 300.0  # for a start or a few rounds, on the slowest machine


@dataclass
class Processes:
    """The processes of a team. `resident` is frozen at most; `upset` is how often one ended or froze, or lost Slack."""

    team: Team
    random: Random
    resident: Replica | None = None
    frozen: list[Replica] = field(default_factory=list)
    upset: int = 0

    def alive(self) -> list[Replica]:
        """Those that run, or are frozen."""
        return [each for each in self.team.replicas if each.process.is_alive()]

    def ids(self) -> list[int]:
        """The ids of those."""
        return [each.id for each in self.alive() if each.id is not None]

    async def settle_one(self) -> None:
        """Start one that stays; nothing may go wrong just then, for a start ends where it can't use the database."""
        self.resident = await self.team.start()

    async def replace(self, *, killed: bool) -> None:
        """End one, and start another in its place."""
        if mortal := self._mortal():
            await self._stop(self.random.choice(mortal), killed=killed)
        await self.team.launch()

    async def join(self) -> None:
        """Start another, if there are not many already."""
        if len(self.alive()) < MOST:
            await self.team.launch()

    async def leave(self) -> None:
        """End one of several."""
        if len(self.alive()) > 1 and (mortal := self._mortal()):
            await self._stop(self.random.choice(mortal), killed=False)

    async def freeze(self) -> None:
        """Freeze one, wherever it is."""
        if alive := self.alive():
            self.upset += 1
            self.frozen.append(self.random.choice(alive))
            self.frozen[-1].freeze()

    async def thaw(self) -> None:
        """Let all go on."""
        self.upset += 1
        while self.frozen:
            self.frozen.pop().thaw()

    async def stop(self, *, killed: bool) -> None:
        """End all."""
        for each in self.alive():
            await self._stop(each, killed=killed)

    async def lose_slack(self) -> None:
        """Let Slack be unreachable for all."""
        self.upset += 1
        self.team.slack.down = True

    async def regain_slack(self) -> None:
        """Let it be reachable again."""
        self.team.slack.down = False

    def after_rounds(self, number: int) -> Callable[[], bool]:
        """Return what tells whether each that runs now has done so many rounds more, or has ended.

        A round takes a second, or longer where the machine has more to do.
        """
        wanted = [(each, self._rounds(each) + number) for each in self.alive()]
        return lambda: all(self._rounds(each) >= rounds for each, rounds in wanted if each.process.is_alive())

    async def wait_rounds(self, number: int) -> None:
        """Wait until each that runs now has done so many rounds more, or has ended."""
        are_done = self.after_rounds(number)
        async with asyncio.timeout(STUCK_SECONDS):
            while not are_done():  # noqa: ASYNC110 - they do it
                await asyncio.sleep(0.2)

    def _rounds(self, replica: Replica) -> int:
        file = service_process.round_count(self.team.directory, replica.id or 0)
        return int(file.read_text("utf-8")) if file.exists() else 0

    async def command(self, *words: str) -> None:
        """Run a command beside them; raises if it fails."""
        environment = self.team.environment
        process = await asyncio.to_thread(forked, service_process.command, words, environment, self.team.directory)
        await asyncio.to_thread(process.join, COMMAND_SECONDS)
        said = (self.team.directory / f"{process.pid}.err").read_text("utf-8")
        assert process.exitcode == 0, f"neo-usage {' '.join(words)}: {said}"

    def _mortal(self) -> list[Replica]:
        return [each for each in self.alive() if each is not self.resident]

    async def _stop(self, replica: Replica, *, killed: bool) -> None:
        self.upset += 1
        if replica in self.frozen:
            self.frozen.remove(replica)
            replica.thaw()
        if killed or await replica.end(END_SECONDS) is None:
            await replica.kill()
