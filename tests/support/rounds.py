"""Rounds of an attack on the outbox: workers are killed and frozen while Slack fails, and then it is counted.

In some the clock is off for a moment, in some a copy of the ledger is put back, in some two work on it to the end.
"""

import asyncio
import json
import os
import signal
import sys
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

import pytest
from sqlalchemy import Connection

from bot.database.backup import backup
from bot.database.engine import open_database
from bot.database.file_lock import InUseError
from bot.database.metadata import RESTORED, read
from bot.database.restore import restore
from bot.ledger.former_ledger import open_former
from bot.outbox.destinations import ChannelDestination, WebhookDestination
from bot.outbox.events import event_id
from bot.outbox.key_mapping import KeyMapping, unchanged_key
from bot.outbox.keys import StoredKey, StoredTopic
from bot.outbox.live_store import request_edits
from bot.outbox.restore import adopt, mark_all_unconfirmed
from bot.outbox.store import NewNotification, enqueue
from bot.sandbox.slack.api_calls import Call
from bot.sandbox.slack.faults import Fault, Refuse
from bot.sandbox.slack.models import Channel, Json, Message
from bot.sandbox.slack.server import SlackApi, SlackServer
from bot.sandbox.slack.workspace import Workspace
from bot.sandbox.webhook import WebhookApi, WebhookFault, WebhookServer
from bot.settings.database_place import DatabasePlace
from tests.support.clock import clock_of, set_off, set_right
from tests.support.engines import url_of
from tests.support.ledgers import Ledgers
from tests.support.outbox_worker import STEPS, TIMES
from tests.support.slack_trouble import HISTORY, slack_trouble

CHANNELS = ("C0ONE", "C0TWO", "D0THREE")
LATE = 1.5 * TIMES.unconfirmed  # as ninety seconds are to the sixty that are waited
PATIENCE = 90.0  # seconds until everything must be told, on a machine that does other work, too
QUIET_LOOKS = 10  # one after another, half a second in all


RECEIVER_FAULTS = (
    WebhookFault(500), WebhookFault(400), WebhookFault(302), WebhookFault(429, {"Retry-After": "1"}),
    WebhookFault(cut=True), WebhookFault(cut=True, taken=True), WebhookFault(200, seconds=1.5 * TIMES.request),
)  # fmt: skip
STEPS_OF_CLOCKS = (7_200.0, 90_000.0, -7_200.0)  # seconds that the machine's clock is off for a moment
SIGNALS = (signal.SIGKILL, signal.SIGSTOP)


@dataclass(frozen=True)
class Trapping:
    """Which signal a worker sends itself at which step, when it comes to it for the n-th time."""

    step: str | None = None
    number: int = 1
    which: int = 0


class WorkerPool:
    """The process that forks workers. The dead stay until they are ended, so that their ids are nobody else's."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._alive: set[int] = set()
        self._turn = asyncio.Lock()

    async def worker(
        self, place: DatabasePlace, beside: Path, slack: SlackApi, hook: str, trap: Trapping | None = None
    ) -> int:
        """The id of a new worker, which sends itself a signal at a step."""
        assert self._process.stdout is not None
        trap = trap or Trapping()
        asked = {
            "ledger": url_of(place), "beside": str(beside), "url": f"{slack.url}/api/",
            "token": slack.workspace.bot_token, "hook": hook, "step": trap.step,
            "number": trap.number, "signal": trap.which, "report": f"{beside}.{trap.which}",
        }  # fmt: skip
        async with self._turn:
            self._tell(asked)
            child = int(await self._process.stdout.readline())
        self._alive.add(child)
        return child

    def end(self, worker: int) -> None:
        """Kill a worker, dead or not."""
        if worker in self._alive:
            self.send(worker, signal.SIGKILL)
            self._alive.discard(worker)
            self._tell({"end": worker})

    def send(self, worker: int, which: int) -> None:
        """Send a signal to a worker that was not ended; the dead do not mind."""
        if worker in self._alive:
            os.kill(worker, which)

    async def close(self) -> None:
        """End all of them, and the process itself."""
        for worker in list(self._alive):
            self.end(worker)
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            async with asyncio.timeout(10):
                await self._process.wait()
        except TimeoutError:
            self._process.kill()
            await self._process.wait()

    def _tell(self, asked: Json) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{json.dumps(asked)}\n".encode())


@asynccontextmanager
async def worker_pool() -> AsyncIterator[WorkerPool]:
    """The process that forks workers, ended with all of them."""
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.support.outbox_worker", stdin=pipe, stdout=pipe, cwd=Path(__file__).parents[2]
    )
    made = WorkerPool(process)
    try:
        yield made
    finally:
        await made.close()


@dataclass
class Round:
    """One round, all of whose choices follow from its seed."""

    seed: int
    directory: Path
    worker_pool: WorkerPool
    ledgers: Ledgers
    readable: bool = True
    restored: str | None = None  # "kept" or "lost" is the former ledger, where a copy is put back
    off: float | None = None  # seconds that the clock is off for a moment, where it is
    deleted: set[str] = field(default_factory=set)
    sprung: Counter[str] = field(default_factory=Counter)  # the steps at which workers were killed, and frozen

    async def run(self) -> None:
        """Owe some messages, kill and freeze whoever delivers them, and see that each is there once."""
        self.random = Random(self.seed)
        self.unreadable = self.random.choice(["missing_scope", "not_in_channel"])
        self.readable = self.random.random() > 0.1
        self.restored = self.random.choice([None, None, "kept", "lost"])
        self.off = self.random.choice([None, None, *STEPS_OF_CLOCKS])
        self.place = self.ledgers.new()
        if isinstance(self.place, Path):
            self.path = self.place
        else:
            self.path, self.restored = self.directory / f"{self.seed}", None
        self.now = clock_of(self.path)
        self.slack = SlackApi(Workspace.default(), _now, _now)
        for name in CHANNELS:
            kind = "im" if name.startswith("D") else "public"
            members = {self.slack.workspace.bot_user, "U0HANNAH"}
            self.slack.workspace.channels[name] = Channel(name, name.lower(), kind, members)  # type: ignore[arg-type]
        self.receiver = WebhookApi()
        async with SlackServer(self.slack) as server, WebhookServer(self.receiver) as receiver:
            self.slack.url, self.hook = server.url, receiver.hook_url
            self.database = open_database(self.place)
            try:
                await self._play()
            finally:
                self.database.close()
        self.ledgers.take_back(self.place)
        for left in self.directory.glob(f"{self.path.name}.*"):
            left.unlink()

    async def _play(self) -> None:
        self._enqueue(0)
        self._make_trouble()
        workers: list[int] = []
        try:
            await self._attack(workers)
        finally:
            for worker in workers:
                self.worker_pool.end(worker)
        self._read_reports()
        self._count()

    async def _attack(self, workers: list[int]) -> None:
        traps = [self._trapping(number) for number in range(self.random.choice([1, 1, 2]))]
        if self.restored:
            await asyncio.to_thread(backup, self.path, self._copy)
        workers += [await self.worker_pool.worker(self.place, self.path, self.slack, self.hook, trap) for trap in traps]
        await asyncio.sleep(self.random.uniform(0.05, 0.6))  # the random moment
        # whoever froze in the middle of a transaction holds it up until they go on
        later = asyncio.create_task(asyncio.to_thread(self._enqueue, 1 if self.restored != "lost" else 0))
        if str(traps[0].step).startswith("edit"):  # what is owed now makes it come to that
            await self._sprung(traps[0])
        self._delete_something()
        await self._step_the_clock()
        if self.restored:
            await self._put_back(workers, later)
        for worker in workers:  # wherever it is
            self.worker_pool.send(worker, self.random.choice([signal.SIGKILL, signal.SIGSTOP, signal.SIGSTOP]))
        for _ in range(self.random.choice([1, 2])):  # replicas
            workers.append(await self.worker_pool.worker(self.place, self.path, self.slack, self.hook))
        await asyncio.sleep(self.random.uniform(0, 2.5 * TIMES.lease))  # for which they stay frozen
        self.slack.faults.clear()
        self.receiver.faults.clear()
        if not self.readable:
            self.slack.faults.when(self._refused)
        thawing = asyncio.create_task(self._thaw(workers))
        try:
            await later
            await self._settled()
            await self._taken_back()
        finally:
            thawing.cancel()

    async def _step_the_clock(self) -> None:
        """The clock is wrong for a moment, for everybody on the machine."""
        if self.off is not None:
            set_off(self.path, self.off)
            await asyncio.sleep(self.random.uniform(0.1, 1.5 * TIMES.lease))
            set_right(self.path)

    @property
    def _copy(self) -> Path:
        return self.path.with_name(f"{self.path.name}.copy")

    async def _put_back(self, workers: list[int], later: "asyncio.Task[None]") -> None:
        """Kill everybody, and put back the copy that was made before they began; what was owed since is owed anew."""
        for worker in workers:
            self.worker_pool.end(worker)
        workers.clear()
        await later
        self.database.close()
        if self.restored == "lost":
            for left in self.directory.glob(f"{self.path.name}*"):
                if left != self._copy and left.suffix not in {".9", ".19"}:
                    left.unlink()
        async with asyncio.timeout(10):
            while not await asyncio.to_thread(self._is_restored):  # noqa: ASYNC110 - another process lets go of it
                await asyncio.sleep(0.02)
        self.database = open_database(self.place)
        with self.database.transaction() as connection:
            unfinished = json.loads(str(read(connection, RESTORED)))
            kept = Path(unfinished["kept"]) if unfinished["kept"] else None
            with open_former(kept, connection) as found:
                if found is None:
                    mark_all_unconfirmed(connection, unfinished["id"], self.now())
                else:
                    adopt(connection, found, KeyMapping({"note": unchanged_key}, {"topic": unchanged_key}), self.now())
        await asyncio.to_thread(self._enqueue, 1)

    def _is_restored(self) -> bool:
        """Whether it could be done: whoever is being killed may hold it for a moment."""
        try:
            restore(self._copy, self.path)
        except InUseError:
            return False
        return True

    async def _thaw(self, workers: list[int]) -> None:
        """Let go on whoever is frozen, or freezes later at its step."""
        while True:
            for worker in workers:
                self.worker_pool.send(worker, signal.SIGCONT)
            await asyncio.sleep(0.1)

    def _trapping(self, number: int) -> Trapping:
        """The first worker's trap goes through all steps and signals as seeds go on; another's is any."""
        if number == 0:
            which, step = divmod(self.seed, len(STEPS))
            return Trapping(STEPS[step], 1 + which // 2 % 3, SIGNALS[which % 2])
        return Trapping(self.random.choice([None, *STEPS]), self.random.randint(1, 4), self.random.choice(SIGNALS))

    async def _sprung(self, trap: Trapping) -> None:
        """Wait until a worker comes to its step; where Slack fails too much, it does not in time."""
        with suppress(TimeoutError):
            async with asyncio.timeout(2):
                while not Path(f"{self.path}.{trap.which}").exists():  # noqa: ASYNC110, ASYNC240 - another process does it
                    await asyncio.sleep(0.01)

    def _read_reports(self) -> None:
        for which in SIGNALS:
            report = Path(f"{self.path}.{which}")
            if report.exists():
                self.sprung.update(f"{step} {which.name}" for step in report.read_text("utf-8").splitlines())

    def _enqueue(self, part: int) -> None:
        """In each channel, and as events, some steps of one topic and one alone; their first part, or their second."""
        owed = []
        for channel in CHANNELS:
            destination, topic = ChannelDestination(channel), StoredTopic(f"topic:{channel}")
            owed += [NewNotification(StoredKey(f"note:{part}-{step}"), destination, topic) for step in ("step", "next")]
            owed.append(NewNotification(StoredKey(f"note:{part}-alone"), destination))
        topic = StoredTopic("topic:webhook")
        steps = [StoredKey(f"note:{part}-{step}") for step in ("step", "next", "last")]
        owed += [NewNotification(each, WebhookDestination(), topic) for each in steps]
        owed.append(NewNotification(StoredKey(f"note:{part}-alone"), WebhookDestination()))
        with self.database.transaction() as connection:
            enqueue(connection, owed, self.now())
            request_edits(connection, [StoredTopic(f"topic:{channel}") for channel in CHANNELS])

    def _make_trouble(self) -> None:
        chance = self.random.choice([0.0, 0.3, 0.7])
        fate = Random(self.seed)

        trouble = slack_trouble(fate, chance, LATE)
        self.slack.faults.when(lambda call: trouble(call) or (None if self.readable else self._refused(call)))
        self.receiver.faults.extend(fate.choice(RECEIVER_FAULTS) for _ in range(100) if fate.random() < chance)

    def _delete_something(self) -> None:
        if self.random.random() < 0.3:
            parents = [each for each in self._messages() if each.metadata and not each.thread_ts]
            if parents:
                gone = self.random.choice(parents)
                gone.deleted = True
                self.deleted.add(_key(gone))

    async def _settled(self) -> None:
        """Wait until nothing is to be done any more: whoever was thawed last may have a message edited once more."""
        quiet = 0
        try:
            async with asyncio.timeout(PATIENCE):
                while quiet < QUIET_LOOKS:
                    await asyncio.sleep(0.05)
                    quiet = 0 if await self.database.read(_open) else quiet + 1
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

    def _left(self) -> list[tuple[Any, ...]]:
        return self._rows("SELECT stem, destination, state, error, check_at FROM notification")

    def _messages(self) -> list[Message]:
        return [each for name in CHANNELS for each in self.slack.workspace.channels[name].messages if not each.deleted]

    def _count(self) -> None:
        seen = self._seen()
        self._count_events()
        in_slack = "FROM notification WHERE destination != 'webhook'"
        rows = self._rows(f"SELECT stem || ':' || destination || ':' || ledger, state {in_slack}")
        # a deleted parent needs no successor where a step has taken its place
        owed = [row for row in rows if row[1] != "moved" or not row[0].startswith("again:")]
        unsent = [row for row in owed if row[1] != "sent"]
        assert not unsent, f"seed {self.seed}: not sent {unsent}"
        missing = {key for key, _ in owed} - set(seen) - self.deleted
        assert not missing, f"seed {self.seed}: lost {self._stories(missing)}"
        if self.readable:
            twice = {key for key, count in seen.items() if count > 1}
            assert not twice, f"seed {self.seed}: twice {self._stories(twice)}"
            self._compare()

    def _count_events(self) -> None:
        """Each event has arrived, perhaps more than once, and those about one subject began to in their order."""
        rows = self._rows(
            "SELECT stem || ':webhook:' || ledger, state, living FROM notification WHERE destination = 'webhook'"
            " ORDER BY id"
        )
        unsent = [row for row in rows if row[1] != "sent"]
        assert not unsent, f"seed {self.seed}: not sent {unsent}"
        arrived = list(dict.fromkeys(each.id for each in self.receiver.deliveries))
        owed = [event_id(key) for key, _, _ in rows]
        assert set(owed) <= set(arrived), f"seed {self.seed}: lost {set(owed) - set(arrived)}"
        if not self.restored:  # the lost ledger, or the one that is kept, had others
            assert set(owed) == set(arrived), f"seed {self.seed}: nobody's {set(arrived) - set(owed)}"
            of_topic = [event_id(key) for key, _, living in rows if living is not None]
            assert [each for each in arrived if each in of_topic] == of_topic, f"seed {self.seed}: out of order"

    def _stories(self, keys: set[str]) -> list[str]:
        """What the ledger and Slack hold of these, and who took something back, for whoever looks why."""
        deletions = {call.args.get("ts"): call.number for call in self.slack.calls("chat.delete")}
        told = []
        for key in sorted(keys):
            stem, _, place = key.partition(":channel:")
            destination = place.partition(":")[0]
            found = self.slack.workspace.channels[destination].messages
            copies = [
                f"{each.ts} in {each.thread_ts} deleted={each.deleted} by call {deletions.get(each.ts)}"
                for each in found if each.metadata and _key(each) == key
            ]  # fmt: skip
            columns = "state, attempts, ts, thread, claimed_at, unsure_at, settled_at"
            where = f"stem = '{stem}' AND destination = 'channel:{destination}'"
            told.append(f"{key}: {self._rows(f'SELECT {columns} FROM notification WHERE {where}')}, in Slack {copies}")
        return told

    def _compare(self) -> None:
        """What living messages show is what they are to show, in the ledger and in Slack."""
        for thing, channel, ts, wanted, shown in self._rows("SELECT thing, channel, ts, wanted, shown FROM living"):
            assert wanted == shown or ts is None, f"seed {self.seed}: {thing} shows {shown} of {wanted}"
            message = self.slack.workspace.message(channel, ts) if ts else None
            # a reply that Slack put at the top keeps its words until the next change
            if message is not None and message.text.startswith(thing):
                text = message.text
                assert text.endswith(f" {wanted}."), f"seed {self.seed}: {text!r} instead of version {wanted}"

    def _rows(self, sql: str) -> list[tuple[Any, ...]]:
        with self.database.transaction() as connection:
            return [tuple(row) for row in connection.exec_driver_sql(sql)]

    def _refused(self, call: Call) -> Fault | None:
        return Refuse(self.unreadable) if call.method in HISTORY else None


_OPEN = """
SELECT (SELECT count(*) FROM notification WHERE state IN ('pending', 'sending', 'unsure') OR check_at IS NOT NULL)
+ (SELECT count(*) FROM living WHERE wanted > shown AND ts IS NOT NULL)"""


def _open(connection: Connection) -> int:
    """How much is to be done yet."""
    return int(connection.exec_driver_sql(_OPEN).scalar_one())


def _key(message: Message) -> str:
    return str((message.metadata or {})["event_payload"]["key"])


def _now() -> datetime:
    return datetime.now(UTC)  # noqa: TID251 - the processes share the machine's clock
