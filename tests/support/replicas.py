"""Replicas: processes of the service on one database, in one workspace, that are killed and frozen."""

import asyncio
import json
import signal
import socket
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from http import HTTPStatus
from itertools import count
from multiprocessing.process import BaseProcess
from pathlib import Path
from random import SystemRandom
from typing import Any

import httpx
from sqlalchemy import text

from benchmarks.processors import resident_mb
from bot.database.engine import Database
from bot.domain.timestamps import to_us
from bot.sandbox.http_server import NeoServer
from bot.sandbox.neo import NeoApi
from bot.sandbox.slack.server import SlackApi, SlackServer
from bot.sandbox.slack.workspace import Workspace
from bot.sandbox.tasks import SimTask, Stream
from bot.sandbox.world import World
from bot.settings.database_place import DatabasePlace
from tests.support import service_process
from tests.support.engines import url_of
from tests.support.forked import forked, kill, send
from tests.support.messages import visible_text
from tests.support.worlds import PRIYA, add

SECOND, HOUR, DAY = timedelta(seconds=1), timedelta(hours=1), timedelta(days=1)
_NUMBERS = count()
PATIENCE = 60.0  # seconds; what is frozen in mid-transaction holds everybody up for some of them


def now() -> datetime:
    """The time, by the clock that the processes have too."""
    return datetime.now(UTC)  # noqa: TID251 - the processes have the machine's clock


def free_port() -> int:
    """A port on which nobody listens, and which no client is given by chance."""
    while True:
        port = SystemRandom().randrange(20_000, 30_000)
        with suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port


async def status(port: int, path: str) -> int | None:
    """The status with which a service answers at a port; None if it does not."""
    async with httpx.AsyncClient(trust_env=False) as client:
        try:
            return (await client.get(f"http://127.0.0.1:{port}{path}")).status_code
        except httpx.TransportError:
            return None


@dataclass
class Replica:
    """A process of the service."""

    process: BaseProcess

    @property
    def id(self) -> int | None:
        """Its process id."""
        return self.process.pid

    def resident_mb(self) -> float:
        """How much memory it takes now, in MB."""
        assert self.id is not None
        return resident_mb(self.id)

    def freeze(self) -> None:
        """Stop it, wherever it is."""
        send(self.process, signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        send(self.process, signal.SIGCONT)

    async def kill(self) -> None:
        """End it at once."""
        await asyncio.to_thread(kill, self.process)

    async def end(self, seconds: float) -> int | None:
        """Ask it to end, as an update does, and return its exit code; None if it takes longer than that."""
        send(self.process, signal.SIGTERM)
        await asyncio.to_thread(self.process.join, seconds)
        return self.process.exitcode


@dataclass
class Team:
    """A Neo, a Slack, a database, and replicas that come and go. `database` is the test's own look at the ledger.

    `patience` is how many seconds it waits for the replicas.
    """

    directory: Path
    neo: NeoApi
    slack: SlackApi
    database: Database
    environment: dict[str, str] = field(default_factory=dict)
    entry: Callable[[Path], None] = service_process.main
    replicas: list[Replica] = field(default_factory=list)
    patience: float = PATIENCE

    async def start(self) -> Replica:
        """Start a replica; return once it is connected to Slack."""
        opened = self.slack.sockets.opened
        replica = await self.launch()
        await self.slack.workspace.until(lambda: self.slack.sockets.opened > opened, self.patience)
        return replica

    async def launch(self, **settings: str) -> Replica:
        """Start a replica, with settings on top of the usual; return at once."""
        path = self.directory / f"replica-{len(self.replicas)}.json"
        path.write_text(json.dumps(self.environment | settings), encoding="utf-8")
        replica = Replica(await asyncio.to_thread(forked, self.entry, path))
        self.replicas.append(replica)
        return replica

    async def launch_at(self, port: int, **settings: str) -> Replica:
        """Start a replica that takes Slack's requests over HTTP at a port; return at once."""
        door = {"SLACK_APP_TOKEN": "", "SLACK_SIGNING_SECRET": self.slack.workspace.signing_secret}
        return await self.launch(**door, HTTP_PORT=str(port), **settings)

    async def start_at(self, port: int, **settings: str) -> Replica:
        """Start a replica that takes Slack's requests over HTTP at a port; return once it is ready."""
        replica = await self.launch_at(port, **settings)
        await self.wait_for_status(port, "/readyz", HTTPStatus.OK)
        return replica

    async def end(self) -> None:
        """Kill whoever is left."""
        for replica in self.replicas:
            await replica.kill()

    def spend(self, usd: int) -> date:
        """Let a task of Priya's end, which costs so much; return the day, in UTC, that it counts for."""
        begun, stopped = now() - 2 * SECOND, now() - SECOND
        stream = Stream(begun, stopped, credits=Decimal(usd) / 10)
        self.neo.world.add(SimTask.of(f"spent-{next(_NUMBERS)}", stream, email=PRIYA, model="opus"))
        return begun.date()

    # --- what people do and see ----------------------------------------------------------------------

    def answers_to(self, user: str, channel: str) -> list[str]:
        """What somebody has been answered in a channel or, where that is "", in their direct messages."""
        workspace = self.slack.workspace
        person = workspace.user(user).id
        place = workspace.channel(channel) if channel else workspace.im_of(person)
        messages = workspace.visible_messages(place.id, person)
        return [visible_text(each) for each in messages if each.user != person and not each.metadata]

    # --- what has come of it -------------------------------------------------------------------------

    async def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """The rows that a statement selects."""
        statement = text(sql)
        return await self.database.read(lambda connection: [tuple(row) for row in connection.execute(statement)])

    async def number(self, sql: str) -> int:
        """The number that a statement selects."""
        return int((await self.rows(sql))[0][0])

    async def sent(self) -> list[str]:
        """The keys of all messages that the ledger has sent."""
        statement = text("SELECT stem || ':' || destination FROM notification WHERE state = 'sent'")
        return await self.database.read(lambda connection: list(connection.execute(statement).scalars()))

    async def wait_for_number(self, sql: str, number: int) -> None:
        """Wait until a statement selects a number."""
        async with asyncio.timeout(self.patience):
            while await self.number(sql) != number:  # noqa: ASYNC110 - other processes do it
                await asyncio.sleep(0.05)

    async def wait_read(self) -> None:
        """Wait until Neo's tasks have been read once, so that questions are answered with what was spent."""
        await self.wait_for_number("SELECT count(DISTINCT complete) FROM pass WHERE complete", 1)

    async def holder(self) -> Replica | None:
        """The replica that has the jobs; None if it is none of those that run."""
        statement = text("SELECT holder FROM lease WHERE name = 'jobs'")
        name = await self.database.read(lambda connection: str(connection.execute(statement).scalar() or ""))
        return next((each for each in self.replicas if name.split("/")[1:2] == [str(each.id)]), None)

    async def wait_for_holder(self, *others: Replica) -> Replica:
        """Wait until a replica has the jobs that is none of the others; return it."""
        async with asyncio.timeout(self.patience):
            while (found := await self.holder()) is None or found in others:  # noqa: ASYNC110 - they do it
                await asyncio.sleep(0.02)
        return found

    async def wait_until(self, is_so: Callable[[], bool]) -> None:
        """Wait until something is so."""
        async with asyncio.timeout(self.patience):
            while not is_so():  # noqa: ASYNC110 - other processes do it
                await asyncio.sleep(0.02)

    async def wait_for_status(self, port: int, path: str, wanted: HTTPStatus) -> None:
        """Wait until a service answers with a status at a port."""
        async with asyncio.timeout(self.patience):
            while await status(port, path) != wanted:  # noqa: ASYNC110 - another process does it
                await asyncio.sleep(0.05)

    async def left(self) -> int:
        """How many messages are to be sent, looked for or edited yet."""
        return await self.number(_OPEN)

    async def wait_settled(self) -> None:
        """Wait until nothing is owed, and what was not confirmed has been looked for."""
        await self.wait_for_number(_OPEN, 0)

    def visible(self) -> Counter[str]:
        """How often each message is there, by its key without the ledger's id."""
        messages = [each for channel in self.slack.workspace.channels.values() for each in channel.messages]
        keys = [each.metadata["event_payload"]["key"] for each in messages if each.metadata and not each.deleted]
        return Counter(key.rpartition(":")[0] for key in keys)

    def kinds(self) -> Counter[str]:
        """How many messages of each kind there are."""
        return Counter(key.partition(":")[0] for key in self.visible().elements())


_OPEN = """
SELECT (SELECT count(*) FROM notification WHERE state IN ('pending', 'sending', 'unsure') OR check_at IS NOT NULL)
+ (SELECT count(*) FROM living WHERE wanted > shown AND ts IS NOT NULL)"""


@asynccontextmanager
async def replicated_team(
    directory: Path, place: DatabasePlace, database: Database, clock: Callable[[], datetime] = now, days: int = 7
) -> AsyncIterator[Team]:
    """A team of which Priya has spent 10 dollars on each of so many days, over an empty ledger.

    Its digest was due some minutes ago. `clock` is that of Neo and Slack; the processes' is to be set like it.
    """
    world = World.empty(start=clock())
    for back in range(1, days + 1):
        add(world, f"usual-{back}", "1", email=PRIYA, model="opus", begun=clock() - back * DAY - HOUR)
    team = Team(directory, NeoApi(world, clock), SlackApi(Workspace.default(), clock, now), database)
    async with NeoServer(team.neo) as neo, SlackServer(team.slack):
        team.environment = team_environment(team, neo.url, place)
        since = str(to_us(now() - 2 * DAY))
        notes = [{"key": key, "value": since} for key in ("digest_since", "digest_on:#neo-spend")]
        statement = text("INSERT INTO note (key, value) VALUES (:key, :value)")
        await database.write(lambda connection: connection.execute(statement, notes))
        try:
            yield team
        finally:
            await team.end()


def team_environment(team: Team, neo_url: str, place: DatabasePlace) -> dict[str, str]:
    """The settings of its services."""
    workspace = team.slack.workspace
    return {
        "NEO_API_URL": neo_url, "NEO_API_KEY": team.neo.key, "SLACK_BOT_TOKEN": workspace.bot_token,
        "SLACK_APP_TOKEN": workspace.app_token, "SLACK_API_URL": f"{team.slack.url}/api/",
        "ADMINS": workspace.user("hannah").id, "ALERT_CHANNEL": "#neo-spend", "DIGEST_CHANNEL": "#neo-spend",
        "DATABASE_URL": url_of(place), "HTTP_PORT": "0", "POLL_SECONDS": "10", "HISTORY_DAYS": "20",
        "BYOK_UNIT": "credits", "DIGEST_AT": f"{now() - timedelta(minutes=5):%H:%M}", "SPIKE_ALERTS": "on",
        "SPIKE_FLOOR": "$25",
    }  # fmt: skip
