"""The whole service is killed at random moments, and two run at once: what happened is told once, not twice."""

import asyncio
import json
import os
import signal
import sys
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import pytest

from bot.database import metadata
from bot.database.engine import Database, open_database
from bot.domain.timestamps import to_us
from bot.sandbox.http_server import NeoServer
from bot.sandbox.neo import NeoApi
from bot.sandbox.slack.server import SlackApi, SlackServer
from bot.sandbox.slack.workspace import Workspace
from bot.sandbox.world import World
from bot.settings.database_place import DatabasePlace
from tests.support.effort import amount
from tests.support.engines import url_of
from tests.support.worlds import add

PRIYA = "priya.raman@acme.example"
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
KILLED, PATIENCE = amount(30, 3), 60.0


def now() -> datetime:
    return datetime.now(UTC)  # noqa: TID251 - the processes have the machine's clock


class Team:
    """A Neo, a Slack, and services that come and go."""

    def __init__(self, directory: Path, place: DatabasePlace, neo: NeoApi, slack: SlackApi) -> None:
        self.directory, self.place, self.neo, self.slack = directory, place, neo, slack
        self.random, self.count = Random(5), 0

    def fails(self, word: str) -> None:
        self.count += 1
        begun = now() - HOUR - timedelta(seconds=1)
        add(
            self.neo.world, f"failed-{self.count}", "1", email=PRIYA, model="opus", begun=begun, status="error",
            error_message=f"{word} broke at step {self.count}",
        )  # fmt: skip

    def write(self, neo_url: str) -> None:
        """What a service is started with; its digest was due some minutes ago."""
        workspace = self.slack.workspace
        environment = {
            "NEO_API_URL": neo_url, "NEO_API_KEY": self.neo.key, "SLACK_BOT_TOKEN": workspace.bot_token,
            "SLACK_APP_TOKEN": workspace.app_token, "SLACK_API_URL": f"{self.slack.url}/api/",
            "ADMINS": workspace.user("hannah").id, "ALERT_CHANNEL": "#neo-spend", "DIGEST_CHANNEL": "#neo-spend",
            "DATABASE_URL": url_of(self.place), "HTTP_PORT": "0",
            "HISTORY_DAYS": "3", "BYOK_UNIT": "credits", "DIGEST_AT": f"{now() - timedelta(minutes=5):%H:%M}",
        }  # fmt: skip
        (self.directory / "environment.json").write_text(json.dumps(environment), encoding="utf-8")

    @asynccontextmanager
    async def service(self) -> AsyncIterator[asyncio.subprocess.Process]:
        """A process, which is killed at the end."""
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.support.service_process", str(self.directory / "environment.json"),
            cwd=Path(__file__).parents[2], env=dict(os.environ),
        )  # fmt: skip
        try:
            yield process
        finally:
            process.send_signal(signal.SIGKILL)
            await process.wait()

    def told(self) -> Counter[str]:
        messages = [each for channel in self.slack.workspace.channels.values() for each in channel.messages]
        return Counter(each.metadata["event_payload"]["key"] for each in messages if each.metadata and not each.deleted)

    def rows(self, sql: str) -> list[tuple[object, ...]]:
        database = open_database(self.place)
        try:
            with database.transaction() as connection:
                return [tuple(row) for row in connection.exec_driver_sql(sql)]
        finally:
            database.close()


@pytest.fixture
async def team(tmp_path: Path, place: DatabasePlace, database: Database) -> AsyncIterator[Team]:
    world = World.empty(start=now())
    for back in range(1, 8):
        add(world, f"usual-{back}", "1", email=PRIYA, model="opus", begun=now() - back * DAY - HOUR)
    slack = SlackApi(Workspace.default(), now, now)
    team = Team(tmp_path, place, NeoApi(world, now), slack)
    async with NeoServer(team.neo) as neo, SlackServer(slack) as served:
        slack.url = served.url
        team.write(neo.url)
        with database.transaction() as connection:  # installed the day before yesterday
            since = str(to_us(now() - 2 * DAY))
            for key in ("digest_since", "digest_on:#neo-spend"):
                metadata.write(connection, key, since)
        yield team


async def settled(team: Team) -> None:
    """Wait until all that failed was read, nothing is owed, and what was doubted has been looked for."""
    sql = f"""SELECT (SELECT count(*) FROM notification WHERE state IN ('pending', 'sending', 'unsure')
      OR check_at IS NOT NULL) + (SELECT count(*) FROM failure_group WHERE state = 'waiting')
      + (SELECT CASE WHEN count(*) < {team.count} THEN 1 ELSE 0 END FROM failure WHERE grp IS NOT NULL)
      + (SELECT CASE WHEN count(*) = 0 THEN 1 ELSE 0 END FROM digest WHERE fate = 'owed')"""
    async with asyncio.timeout(PATIENCE):
        while (await asyncio.to_thread(team.rows, sql))[0][0]:  # noqa: ASYNC110 - other processes do it
            await asyncio.sleep(0.2)


@pytest.mark.long
@pytest.mark.timeout(amount(900, 180))
async def test_killed_again_and_again_it_tells_everything_once(team: Team) -> None:
    async with team.service():  # reads history, silently
        async with asyncio.timeout(PATIENCE):
            while not any(key.startswith("welcome:user:U0HANNAH:") for key in team.told()):  # noqa: ASYNC110 - another process does it
                await asyncio.sleep(0.1)
    words = ["alpha", "beta", "gamma", "delta", "epsilon"][:KILLED]
    for number in range(KILLED):
        for word in words[: 1 + number]:
            team.fails(word)
        async with team.service():
            await asyncio.sleep(team.random.uniform(0.9, 3.0))  # the random moment; it starts in one second or two
    async with team.service(), team.service():
        await settled(team)
    twice = {key: count for key, count in team.told().items() if count > 1}
    assert twice == {}
    failed = team.rows("SELECT count(*), count(DISTINCT grp) FROM failure WHERE grp IS NOT NULL")
    assert failed == [(team.count, len(words))]
    told = team.rows("SELECT count(*) FROM failure_group WHERE state = 'told'")
    assert told == [(len(words),)]
    parents = {str(row[0]) for row in team.rows("SELECT DISTINCT first FROM failure_group")}
    assert {key.split(":")[1] for key in team.told() if key.startswith("failures:")} == parents
    assert sum(key.startswith("digest:") for key in team.told()) == 1
