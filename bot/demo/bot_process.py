"""Runs the demo's bot in its own process, which can be started, kept up with simulated time and killed at any time."""

import asyncio
import json
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

from bot.sandbox.clock import SimClock

_COMMAND = (sys.executable, "-m", "bot.demo.entrypoint")
_STOP_TIMEOUT_S = 15.0  # for it to exit by itself
_ROOT = Path(__file__).parents[2]  # the directory from which `bot` can be imported, installed or not

_KILLED = (
    "The bot was killed (SIGKILL). What you type now stays unanswered: Slack says that the command failed."
    " Notifications that come due are sent once you start it again."
)
_STARTED = "The bot is running again. It continues where it stopped and sends nothing twice."


async def spawn() -> asyncio.subprocess.Process:
    """Start the process of a bot, which loads its modules while it waits for its settings."""
    return await asyncio.create_subprocess_exec(
        *_COMMAND,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        cwd=_ROOT,
        start_new_session=True,  # Ctrl-C is for the demo, which then stops it
    )


async def end(process: asyncio.subprocess.Process) -> None:
    """Kill a process, unless it has ended, and wait for its end."""
    if process.returncode is None:
        process.kill()
    await process.wait()


class BotProcess:
    """The service in its own process, with the simulated clock and these settings.

    `spawned` is the process of its first start, if there is one already.
    Each line written to its input says how far simulated time is ahead; it answers with a line when it has caught up.
    `on_exit` is called when the process ends, for whatever reason.
    """

    def __init__(
        self,
        settings: Mapping[str, str],
        directory: Path,
        clock: SimClock,
        on_exit: Callable[[], None],
        spawned: asyncio.subprocess.Process | None = None,
    ) -> None:
        self._spawned = spawned
        self._settings, self._directory, self._clock, self._on_exit = settings, directory, clock, on_exit
        self._process: asyncio.subprocess.Process | None = None
        self._exit_watcher: asyncio.Task[None] | None = None
        self._pipe_lock, self._toggle_lock = asyncio.Lock(), asyncio.Lock()

    @property
    def up(self) -> bool:
        """Whether the process is running."""
        return self._process is not None and self._process.returncode is None

    @property
    def pid(self) -> int | None:
        """The id of the process; None if it is not running."""
        return self._process.pid if self._process is not None and self.up else None

    async def start(self) -> None:
        """Start the process, and wait until it is connected to Slack, or gives up waiting for that."""
        self._process, self._spawned = self._spawned or await spawn(), None
        self._exit_watcher = asyncio.create_task(self._watch_exit(self._process))
        await self._request({"settings": dict(self._settings), "directory": str(self._directory)})

    async def catch_up(self) -> None:
        """Let the bot sync at the current simulated time and deliver what follows; does nothing if it is not up."""
        if self.up:
            await self._request({})

    async def toggle(self) -> str:
        """Kill the process, or start it again, and return a sentence that says so."""
        async with self._toggle_lock:
            if self.up:
                await self.kill()
                return _KILLED
            await self.start()
            await self.catch_up()
            return _STARTED

    async def kill(self) -> None:
        """Kill the process (SIGKILL) and wait for its end."""
        if self._process is not None and self.up:
            self._process.kill()
            await self._wait_exit()

    async def stop(self) -> None:
        """Stop the process after it has finished what is in flight; kill it if that takes too long."""
        if self._process is not None and self._process.stdin is not None:
            self._process.stdin.close()
            with suppress(TimeoutError):
                async with asyncio.timeout(_STOP_TIMEOUT_S):
                    await self._process.wait()
        await self.kill()
        await self._wait_exit()

    async def _request(self, request: Mapping[str, object]) -> None:
        """Write a line to the process, and wait for its answer or its end."""
        stdin, stdout = self._pipes()
        async with self._pipe_lock:
            line = {"ahead": self._clock.ahead.total_seconds(), **request}
            with suppress(ConnectionError):
                stdin.write(json.dumps(line).encode() + b"\n")
                await stdin.drain()
                await stdout.readline()

    def _pipes(self) -> tuple[asyncio.StreamWriter, asyncio.StreamReader]:
        process = self._process
        if process is None or process.stdin is None or process.stdout is None:
            raise RuntimeError("the bot was never started")
        return process.stdin, process.stdout

    async def _watch_exit(self, process: asyncio.subprocess.Process) -> None:
        await process.wait()
        self._on_exit()

    async def _wait_exit(self) -> None:
        if self._exit_watcher is not None:
            await self._exit_watcher
