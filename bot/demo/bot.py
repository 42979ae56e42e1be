"""The demo's bot as a process: started, told to look, and killed in the middle of whatever it does."""

import asyncio
import json
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

from bot.sandbox.clock import SimClock

_COMMAND = (sys.executable, "-m", "bot.demo.process")
_END = 15.0  # seconds for it to end by itself
_ROOT = Path(__file__).parents[2]  # from which `bot` can be imported, installed or not

_KILLED = "The bot is killed (SIGKILL), in the middle of whatever it did. What it knows and owes is in its database."
_STARTED = "The bot runs again, from its database: it goes on where it was, and tells nothing twice."


class Bot:
    """The service in a process of its own, with the simulated clock and these settings.

    Each line that it is given says how far simulated time is ahead; the line it answers with says that it has looked.
    `changed` is called when it dies, by whomever it was killed.
    """

    def __init__(
        self, settings: Mapping[str, str], directory: Path, clock: SimClock, changed: Callable[[], None]
    ) -> None:
        self._settings, self._directory, self._clock, self._changed = settings, directory, clock, changed
        self._process: asyncio.subprocess.Process | None = None
        self._mourning: asyncio.Task[None] | None = None
        self._talk, self._turn = asyncio.Lock(), asyncio.Lock()

    @property
    def up(self) -> bool:
        """Whether it lives."""
        return self._process is not None and self._process.returncode is None

    @property
    def pid(self) -> int | None:
        """Its process, while it lives."""
        return self._process.pid if self._process is not None and self.up else None

    async def start(self) -> None:
        """Start it, and wait until Slack reaches it, or does not for a while."""
        self._process = await asyncio.create_subprocess_exec(
            *_COMMAND,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            cwd=_ROOT,
            start_new_session=True,  # Ctrl-C is for the demo, which then ends it
        )
        self._mourning = asyncio.create_task(self._mourn(self._process))
        await self._tell({"settings": dict(self._settings), "directory": str(self._directory)})

    async def look(self) -> None:
        """Have it look at the world as it is now, and deliver what follows; nothing, while it is dead."""
        if self.up:
            await self._tell({})

    async def toggle(self) -> str:
        """Kill it, or start it again; what happened, in words."""
        async with self._turn:
            if self.up:
                await self.kill()
                return _KILLED
            await self.start()
            return _STARTED

    async def kill(self) -> None:
        """End it at once, whatever it is doing."""
        if self._process is not None and self.up:
            self._process.kill()
            await self._dead()

    async def end(self) -> None:
        """Let it finish what is in flight."""
        if self._process is not None and self._process.stdin is not None:
            self._process.stdin.close()
            with suppress(TimeoutError):
                async with asyncio.timeout(_END):
                    await self._process.wait()
        await self.kill()
        await self._dead()

    async def _tell(self, order: Mapping[str, object]) -> None:
        """Give it a line, and wait for its answer, or its death."""
        process = self._process
        assert process is not None  # noqa: S101 - whoever is told something was started
        assert process.stdin is not None  # noqa: S101
        assert process.stdout is not None  # noqa: S101
        async with self._talk:
            line = {"ahead": self._clock.ahead.total_seconds(), **order}
            with suppress(ConnectionError):
                process.stdin.write(json.dumps(line).encode() + b"\n")
                await process.stdin.drain()
                await process.stdout.readline()

    async def _mourn(self, process: asyncio.subprocess.Process) -> None:
        await process.wait()
        self._changed()

    async def _dead(self) -> None:
        if self._mourning is not None:
            await self._mourning
