"""Weeks of a team with the bot, lived through in minutes: everything that can break does, and then it is counted.

The services are real processes against the embedded Neo and Slack. Simulated time goes on with the machine's, and
jumps by some hours at each step; what is due by then is done within a second or two. What happens follows from a seed.
"""

import asyncio
import itertools
import re
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

from bot.app import system_clock
from bot.database.engine import open_database
from bot.sandbox.http_server import NeoServer
from bot.sandbox.neo import NeoApi
from bot.sandbox.slack.server import SlackApi, SlackServer
from bot.sandbox.slack.tokens import ResponseUrl
from bot.sandbox.slack.workspace import Workspace
from bot.sandbox.tasks import Stream
from bot.sandbox.webhook import WebhookApi, WebhookServer
from bot.sandbox.world import World
from tests.support import service_process
from tests.support.clock import ServicesClock
from tests.support.earlier_schemas import downgrade
from tests.support.processes import STUCK_SECONDS, Processes
from tests.support.replicas import Team, team_environment
from tests.support.service_process import CLOCK, task_count
from tests.support.surroundings import Surroundings
from tests.support.troubles import Troubles
from tests.support.webhook import webhook_settings

if TYPE_CHECKING:
    from bot.sandbox.slack.delivery import Ack

START = datetime(2025, 3, 3, 6, tzinfo=UTC)  # the last of four weeks has the change to summer time
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
HISTORY_DAYS = 10
STEPS = 8  # a day
SETTLED = 20  # looks, of three rounds each, within which something must be sent, once nothing fails any more
ANSWERED = 20  # rounds of the services until a command must be answered
QUIET_LOOKS = 3  # with nothing to be sent, after which all is
RESIDENT_FROM = 7  # the day from whose beginning on one process stays
RESTORED_ON = (2, 4, 6)  # days on which a backup is put back
UPGRADED_ON = (3, 5)  # days on which a new version finds the ledger as an earlier one left it
EARLIER = "0019"  # its schema; what later ones have added is of no use to this team
BACKUPS, FIRST_BACKUP = "backups", "first.db"
PEOPLE = ("hannah", "priya", "marcus")
BUDGETS = (
    "budget team 300/day", "budget team 4000/month", "budget default 60/day", "budget @priya 40/day",
    "notify errors on",
)  # fmt: skip
FILE = "team 7d by:model csv"
LIMITS, _LIMITS = 4, "SELECT count(*) FROM budget_revision"


@dataclass
class Asked:
    """A command that somebody typed, and where it is answered; a direct message has its words in it.

    `taken`: Slack was told that it arrived. `excused`: whoever had it was ended or frozen, or lost Slack.
    """

    line: str
    person: str
    address: ResponseUrl
    taken: bool = False
    excused: bool = False


@dataclass(frozen=True)
class Sample:
    """What a process holds at the end of a day; `connections` to the server are the mean of all processes."""

    day: int
    megabytes: float
    files: int
    threads: int
    tasks: int
    connections: int


@dataclass
class Weeks:
    """Some weeks of a team. `seconds` is how long a step takes, `days` how many days there are."""

    team: Team
    processes: Processes
    troubles: Troubles
    surroundings: Surroundings
    clock: ServicesClock
    random: Random
    days: int
    seconds: float
    say: Callable[[str], None]
    asked: list[Asked] = field(default_factory=list)
    samples: list[Sample] = field(default_factory=list)
    removed: set[str] = field(default_factory=set)
    restored: list[datetime] = field(default_factory=list)
    _numbers: "itertools.count[int]" = field(default_factory=lambda: itertools.count(101))
    _asking: set["asyncio.Task[None]"] = field(default_factory=set)

    # --- the weeks -----------------------------------------------------------------------------------

    async def live(self) -> None:
        """Live through the weeks, let everything recover, and end all processes."""
        await self._begin()
        for day in range(1, self.days + 1):
            await self._live_day(day)
        await self._recover()

    async def _begin(self) -> None:
        await self.team.start()
        await self.team.wait_until(lambda: "welcome" in self.team.kinds())
        await self._set_budgets()
        await self.processes.command("db", "backup", str(self.team.directory / FIRST_BACKUP))
        self.troubles.begin()

    async def _set_budgets(self) -> None:
        """Set the budgets, unless they are set; a copy that is put back may be older than they are."""
        if await self.team.number(_LIMITS) < LIMITS:
            for line in BUDGETS:
                await self.team.slack.command("hannah", "general", line)
            await self.team.wait_for_number(_LIMITS, LIMITS)

    async def _live_day(self, day: int) -> None:
        if day == RESIDENT_FROM:
            await self.troubles.end()
            await self.processes.settle_one()
        interrupted_at = self.random.randrange(3, STEPS)
        for step in range(STEPS):
            if step == interrupted_at and day in RESTORED_ON:
                await self._restore()
            if step == interrupted_at and day in UPGRADED_ON:
                await self._upgrade()
            await self._step()
        if self.processes.resident is not None:
            self.samples.append(self._sample(day))
        self.say(f"day {day:2}: {self._summary()}")

    def _summary(self) -> str:
        counts = {
            "messages": sum(self.team.visible().values()), "commands": len(self.asked),
            "answers": sum(map(self.answers, self.asked)), "faults": sum(self.troubles.happened.values()),
        }  # fmt: skip
        held = f"; {self.samples[-1]}" if self.samples else ""
        return ", ".join(f"{count} {what}" for what, count in counts.items()) + held

    async def _step(self) -> None:
        began = time.monotonic()
        await asyncio.sleep(self.troubles.seconds_until_landed())
        self.clock.advance(24 * HOUR / STEPS)
        self._work()
        await self.troubles.change()
        await self._ask()
        await asyncio.sleep(max(0.2, self.seconds - (time.monotonic() - began)))

    # --- what people do ------------------------------------------------------------------------------

    def _work(self) -> None:
        """What happens in Neo, besides what a team does anyway."""
        random, world, now = self.random, self.team.neo.world, self.clock()
        if random.random() < 0.3:
            world.spike(random.choice(world.members).email, Decimal(random.randrange(20, 400)), now)
        if random.random() < 0.2:
            world.error_storm(random.randrange(2, 9), now)
        past = [task for task in world.tasks(now) if task.created_at > START]
        if past and random.random() < 0.3:
            world.restate(random.choice(past).task_id, Decimal(random.choice(("0.5", "0.9", "1.1", "1.75"))))
        if past and random.random() < 0.3:
            stream = Stream(now - 9 * MINUTE, now - MINUTE, credits=Decimal(random.randrange(10**10)).scaleb(-9))
            world.add(random.choice(past).with_stream(stream))
        if past and random.random() < 0.05:
            removed = random.choice(past).task_id
            self.removed.add(removed)
            world.remove(removed)

    async def _ask(self) -> None:
        for _ in range(self.random.choice((1, 1, 2))):
            person = self.random.choice(PEOPLE)
            line = f"{'team ' if person == 'hannah' else ''}7d by:model top:{next(self._numbers)}"
            issued = self.team.slack.context.tokens.response_urls
            before = len(issued)
            acknowledging = asyncio.create_task(self.team.slack.command(person, "general", line))
            await asyncio.sleep(0)
            if len(issued) > before:  # Slack is not down
                self.asked.append(Asked(line, person, list(issued.values())[-1]))
                self._begin_waiting(self._wait_answered(self.asked[-1], acknowledging))
        if self.random.random() < 0.1:
            self._begin_waiting(self._open_home())
        if self.random.random() < 0.1:
            self._begin_waiting(self._ask_for_file())

    def _begin_waiting(self, wait: Coroutine[Any, Any, None]) -> None:
        waiting = asyncio.create_task(wait)
        self._asking.add(waiting)
        waiting.add_done_callback(self._asking.discard)

    async def _open_home(self) -> None:
        """Have an operator look at the team's month in App Home, which is kept up to date from then on."""
        await self.team.slack.open_home("hannah")

    async def _ask_for_file(self) -> None:
        """Have an operator ask for the team's week as a file."""
        await self.team.slack.command("hannah", "general", FILE)

    async def _wait_answered(self, asked: Asked, acknowledging: "asyncio.Task[Ack]") -> None:
        upset = self.processes.upset
        asked.taken = (await acknowledging).ok
        is_late = self.processes.after_rounds(ANSWERED)
        while asked.taken and not self._is_decided(asked, upset) and not is_late():  # noqa: ASYNC110 - others do it
            await asyncio.sleep(0.2)
        asked.excused = upset != self.processes.upset or bool(self.processes.frozen)

    def _is_decided(self, asked: Asked, upset: int) -> bool:
        """Whether a command is answered, or need not be any more, as something was upset since."""
        return bool(self.answers(asked)) or upset != self.processes.upset

    def answers(self, asked: Asked) -> int:
        """How many answers to a command there are; one in direct messages may be there twice, as Slack was unwell."""
        workspace = self.team.slack.workspace
        direct = workspace.im_of(workspace.user(asked.person).id).messages
        return asked.address.uses + any(re.search(rf"{asked.line}\b", str(each.blocks)) for each in direct)

    # --- processes -----------------------------------------------------------------------------------

    def _sample(self, day: int) -> Sample:
        resident = self.processes.resident
        assert resident is not None
        directory = Path(f"/proc/{resident.id}")
        files, threads = (len(list((directory / each).iterdir())) for each in ("fd", "task"))
        tasks = int(task_count(self.team.directory, resident.id or 0).read_text("utf-8"))
        connections = len(self.surroundings.connections()) // len(self.processes.alive())
        return Sample(day, round(resident.resident_mb(), 1), files, threads, tasks, connections)

    async def _restore(self) -> None:
        """Put the last backup back, as the manual says."""
        await self._end_all()
        copy = self._last_backup()
        await self.processes.command("db", "restore", str(copy))
        self.team.database = open_database(self.surroundings.place)
        self.troubles.happened["restored"] += 1
        self.restored.append(self.clock())
        await self.team.start()
        await self._set_budgets()

    def _last_backup(self) -> Path:
        """The last one that has the budgets: an alert about one that a copy lacks would be lost with it."""
        first = self.team.directory / FIRST_BACKUP
        scheduled = sorted(self.team.directory.glob(f"{BACKUPS}/*.db"))
        return [first, *(each for each in scheduled if each.stat().st_mtime > first.stat().st_mtime)][-1]

    async def _upgrade(self) -> None:
        """Have two services of this version start at once over the ledger of an earlier one."""
        await self._end_all()
        downgrade(self.surroundings.place, EARLIER)
        self.troubles.happened["upgraded"] += 1
        await self.team.launch()
        await self.team.start()
        self.team.database = open_database(self.surroundings.place)

    async def _end_all(self) -> None:
        """End whatever goes wrong and whoever uses the ledger; return once nobody does."""
        await self.troubles.end()
        await self.processes.stop(killed=True)
        self.team.database.close()
        end = time.monotonic() + STUCK_SECONDS
        while left := self.surroundings.connections():  # the server notices that they are gone
            assert time.monotonic() < end, left
            await asyncio.sleep(0.1)

    # --- the end -------------------------------------------------------------------------------------

    async def _recover(self) -> None:
        """Let everything work again, read all of Neo, where nothing happens any more, and send what is to be sent."""
        await self.troubles.end_for_good()
        await asyncio.gather(*self._asking)
        await self._restore()
        files = self.team.slack.workspace.files
        before = len(files)
        await self._ask_for_file()
        await self.team.wait_until(lambda: len(files) > before)
        await self.processes.stop(killed=False)
        end = self.clock()
        self.team.neo.clock = lambda: end
        await self.processes.command("sync", "--full")
        await self.team.launch()
        await self._settle()
        await self.processes.stop(killed=False)

    async def _settle(self) -> None:
        """Wait until nothing is to be sent, three looks at a time when more may be due, or until nothing gets less."""
        quiet, least, patience = 0, await self.team.left(), SETTLED
        while quiet < QUIET_LOOKS and patience:
            await self.processes.wait_rounds(3)  # in the third each job has begun later than the wait
            left = await self.team.left()
            patience = SETTLED if left < least else patience - 1
            least, quiet = min(left, least), 0 if left else quiet + 1
            if 0 < quiet < QUIET_LOOKS:
                self.clock.advance(20 * MINUTE)


@asynccontextmanager
async def weeks(
    directory: Path, surroundings: Surroundings, seed: int, days: int, minutes: float, say: Callable[[str], None]
) -> AsyncIterator[Weeks]:
    """A team whose weeks have not begun, over the ledger of the surroundings."""
    clock = ServicesClock(system_clock, START - system_clock(), directory / CLOCK)
    slack = SlackApi(Workspace.default(), clock, system_clock)
    neo = NeoApi(World(seed, START, history_days=HISTORY_DAYS + 5), clock)
    database, eager = open_database(surroundings.place), service_process.eager
    team = Team(directory, neo, slack, database, entry=eager, patience=STUCK_SECONDS)
    receiver, random = WebhookApi(), Random(seed)
    processes = Processes(team, random)
    troubles = Troubles(processes, surroundings, receiver, clock, random)
    seconds = minutes * 60 / days / STEPS
    (directory / BACKUPS).mkdir()
    async with NeoServer(neo) as server, SlackServer(slack), WebhookServer(receiver) as hook:
        team.environment = team_environment(team, server.url, surroundings.services) | webhook_settings(hook) | {
            "POLL_SECONDS": "14400", "HISTORY_DAYS": str(HISTORY_DAYS), "DIGEST_AT": "09:00",
            "TIMEZONE": "Europe/Berlin", "OPS_CHANNEL": "#general", "BACKUP_DIR": str(directory / BACKUPS),
        }  # fmt: skip
        try:
            yield Weeks(team, processes, troubles, surroundings, clock, random, days, seconds, say)
        finally:
            await team.end()
            await surroundings.unlock()
            team.database.close()
