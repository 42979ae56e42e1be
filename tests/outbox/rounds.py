"""Rounds of an attack on the outbox: workers are killed and frozen while Slack fails, and then it is counted."""

import asyncio
import json
import os
import shutil
import signal
import sys
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import pytest

from bot.ledger.database import Database, open_database
from bot.outbox.store import Owed, changed, owe
from bot.sandbox.faults import Status
from bot.sandbox.slack.calls import Call
from bot.sandbox.slack.faults import Fault, Hang, Late, Limited, Mangle, Refuse, Reset
from bot.sandbox.slack.server import SlackApi, SlackServer
from bot.sandbox.slack.things import Channel, Json, Message
from bot.sandbox.slack.workspace import Workspace
from tests.outbox.worker import STEPS, TIMES

CHANNELS = ("C0ONE", "C0TWO", "D0THREE")
LATE = 1.5 * TIMES.unsure  # as ninety seconds are to the sixty that are waited
PATIENCE = 25.0  # seconds until everything must be told


def _forget_thread(answer: Json) -> None:
    answer.get("message", {}).pop("thread_ts", None)


FAULTS: tuple[Fault, ...] = (
    Limited(1), Status(500), Hang(done=True), Hang(done=False), Reset(done=True), Reset(done=False), Late(LATE),
    Refuse("internal_error"), Mangle(_forget_thread),
)  # fmt: skip


class Nursery:
    """The process that forks workers."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self.alive: set[int] = set()
        self._turn = asyncio.Lock()

    async def worker(
        self, path: Path, slack: SlackApi, step: str | None = None, number: int = 1, which: int = 0
    ) -> int:
        """The id of a new worker, which sends itself a signal at a step."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        asked = {
            "path": str(path), "url": f"{slack.url}/api/", "token": slack.workspace.bot_token, "step": step,
            "number": number, "signal": which,
        }  # fmt: skip
        async with self._turn:
            self._process.stdin.write(f"{json.dumps(asked)}\n".encode())
            child = int(await self._process.stdout.readline())
        self.alive.add(child)
        return child

    def end(self, worker: int) -> None:
        """Kill a worker, if it is still there."""
        self.alive.discard(worker)
        self.send(worker, signal.SIGKILL)

    @staticmethod
    def send(worker: int, which: int) -> None:
        """Send a signal, if there is somebody to get it."""
        with suppress(ProcessLookupError):
            os.kill(worker, which)


@asynccontextmanager
async def nursery() -> AsyncIterator[Nursery]:
    """The process that forks workers, ended with all of them."""
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.outbox.worker", stdin=pipe, stdout=pipe, cwd=Path(__file__).parents[2]
    )
    made = Nursery(process)
    try:
        yield made
    finally:
        for worker in list(made.alive):
            made.end(worker)
        if process.returncode is None:
            process.kill()
        await process.wait()


def template(directory: Path) -> Path:
    """An empty database, to be copied for each round."""
    path = directory / "empty.db"
    open_database(path).close()
    return path


@dataclass
class Round:
    """One round, all of whose choices follow from its seed."""

    seed: int
    directory: Path
    empty: Path
    nursery: Nursery
    readable: bool = True
    deleted: set[str] = field(default_factory=set)

    async def run(self) -> None:
        """Owe some messages, kill and freeze whoever delivers them, and see that each is there once."""
        self.random = Random(self.seed)
        self.readable = self.random.random() > 0.1
        self.path = self.directory / f"{self.seed}.db"
        shutil.copy(self.empty, self.path)
        self.slack = SlackApi(Workspace.default(), _now, _now)
        for name in CHANNELS:
            kind = "im" if name.startswith("D") else "public"
            members = {self.slack.workspace.bot_user, "U0HANNAH"}
            self.slack.workspace.channels[name] = Channel(name, name.lower(), kind, members)  # type: ignore[arg-type]
        async with SlackServer(self.slack) as server:
            self.slack.url = server.url
            with closing(Database(self.path)) as self.database:
                await self._play()
        for left in self.directory.glob(f"{self.seed}.db*"):
            left.unlink()

    async def _play(self) -> None:
        self._owe(0)
        self._make_trouble()
        workers = [await self._attacked() for _ in range(self.random.choice([1, 1, 2]))]
        await asyncio.sleep(self.random.uniform(0.05, 0.6))
        # whoever froze in the middle of a transaction holds it up until they go on
        later = asyncio.create_task(asyncio.to_thread(self._owe, 1))
        self._delete_something()
        for worker in workers:  # at a random moment, wherever it is
            self.nursery.send(worker, self.random.choice([signal.SIGKILL, signal.SIGSTOP, signal.SIGSTOP]))
        workers.append(await self.nursery.worker(self.path, self.slack))
        await asyncio.sleep(self.random.uniform(0, 2.5 * TIMES.lease))
        self.slack.faults.clear()
        if not self.readable:
            self.slack.faults.when(_unreadable)
        thawing = asyncio.create_task(self._thaw(workers))
        await later
        await self._settled()
        await self._taken_back()
        thawing.cancel()
        for worker in workers:
            self.nursery.end(worker)
        self._count()

    async def _thaw(self, workers: list[int]) -> None:
        """Let go on whoever is frozen, or freezes later at its step."""
        while True:
            for worker in workers:
                self.nursery.send(worker, signal.SIGCONT)
            await asyncio.sleep(0.1)

    async def _attacked(self) -> int:
        step = self.random.choice([None, *STEPS])
        which = self.random.choice([signal.SIGKILL, signal.SIGSTOP])
        return await self.nursery.worker(self.path, self.slack, step, self.random.randint(1, 4), which)

    def _owe(self, part: int) -> None:
        """In each channel two steps of one living message and one message alone; its first part, or its second."""
        owed = []
        for channel in CHANNELS:
            destination, thing = f"channel:{channel}", f"thing:{channel}"
            owed += [Owed(f"said:{part}-step", destination, thing), Owed(f"said:{part}-alone", destination)]
        with self.database.transaction() as connection:
            owe(connection, owed, _now())
            changed(connection, [f"thing:{channel}" for channel in CHANNELS])
        self.keys = {
            f"said:{p}-{what}:channel:{c}" for p in range(part + 1) for what in ("step", "alone") for c in CHANNELS
        }

    def _make_trouble(self) -> None:
        chance = self.random.choice([0.0, 0.3, 0.7])
        fate = Random(self.seed)

        def trouble(call: Call) -> Fault | None:
            if call.method == "chat.postMessage" and fate.random() < chance:
                return fate.choice(FAULTS)
            if call.method in {"chat.update", "conversations.history"} and fate.random() < chance / 3:
                return Status(500)
            return None if self.readable else _unreadable(call)

        self.slack.faults.when(trouble)

    def _delete_something(self) -> None:
        if self.random.random() < 0.3:
            parents = [each for each in self._messages() if each.metadata and not each.thread_ts]
            if parents:
                gone = self.random.choice(parents)
                gone.deleted = True
                self.deleted.add(_key(gone))

    async def _settled(self) -> None:
        try:
            async with asyncio.timeout(PATIENCE):
                while await asyncio.to_thread(self._open):  # noqa: ASYNC110 - another process does it
                    await asyncio.sleep(0.05)
        except TimeoutError:
            pytest.fail(f"seed {self.seed}: still open {self._left()}")

    async def _taken_back(self) -> None:
        """Give whoever was thawed last the time to delete its copy; what stays is counted."""
        with suppress(TimeoutError):
            async with asyncio.timeout(5):
                while self._seen().most_common(1)[0][1] > 1:  # noqa: ASYNC110 - another process does it
                    await asyncio.sleep(0.05)

    def _seen(self) -> Counter[str]:
        return Counter(_key(each) for each in self._messages() if each.metadata)

    def _open(self) -> int:
        with self.database.transaction() as connection:
            return int(connection.exec_driver_sql(_OPEN).scalar_one())

    def _left(self) -> list[object]:
        with self.database.transaction() as connection:
            return [*connection.exec_driver_sql("SELECT stem, destination, state, error, check_at FROM notification")]

    def _messages(self) -> list[Message]:
        return [each for name in CHANNELS for each in self.slack.workspace.channels[name].messages if not each.deleted]

    def _count(self) -> None:
        seen = self._seen()
        missing = self.keys - set(seen) - self.deleted
        assert not missing, f"seed {self.seed}: lost {missing}"
        if self.readable:
            twice = {key for key, count in seen.items() if count > 1}
            assert not twice, f"seed {self.seed}: twice {twice}"


_OPEN = """
SELECT (SELECT count(*) FROM notification WHERE state IN ('pending', 'sending', 'unsure') OR check_at NOT NULL)
+ (SELECT count(*) FROM living WHERE wanted > shown AND ts NOT NULL)"""


def _unreadable(call: Call) -> Fault | None:
    return Refuse("missing_scope") if call.method in {"conversations.history", "conversations.replies"} else None


def _key(message: Message) -> str:
    return str((message.metadata or {})["event_payload"]["key"])


def _now() -> datetime:
    return datetime.now(UTC)  # noqa: TID251 - the processes share the machine's clock
