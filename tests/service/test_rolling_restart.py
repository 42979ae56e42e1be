"""Two services on one database take turns, over HTTP and over sockets: each question is answered once."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import closing
from http import HTTPStatus
from pathlib import Path

import pytest

from bot.database.engine import open_database
from bot.settings.postgres_address import PostgresAddress
from tests.support.effort import amount
from tests.support.nginx import nginx_before
from tests.support.replicas import Team, free_port, replicated_team

pytestmark = [pytest.mark.long, pytest.mark.timeout(amount(600, 180)), pytest.mark.slow]

END_SECONDS = 10.0


@pytest.fixture
async def team(tmp_path: Path, postgres_ledger: PostgresAddress) -> AsyncIterator[Team]:
    with closing(open_database(postgres_ledger)) as database:
        async with replicated_team(tmp_path, postgres_ledger, database) as team:
            yield team


class People:
    """People who run commands, each of which has an address of its own for its answer."""

    def __init__(self, team: Team) -> None:
        self.team = team
        self.asked = 0

    async def ask(self) -> None:
        """Ask; Slack must be told in time that the question has arrived."""
        ack = await self.team.slack.command("priya", "neo-spend", "7d")
        assert ack.ok, (ack.error, self.asked)
        self.asked += 1

    async def keep_asking(self, done: asyncio.Event) -> None:
        """Ask again and again until something is done."""
        while not done.is_set():
            await self.ask()
            await asyncio.sleep(0.05)

    async def wait_answered(self) -> None:
        """Wait until every question is answered; none was answered twice."""
        await self.team.slack.workspace.until(lambda: min(self._answers()) > 0, 60)
        await self.team.wait_settled()
        assert self._answers() == [1] * self.asked

    def _answers(self) -> list[int]:
        """How often each question was answered."""
        return [each.uses for each in self.team.slack.context.tokens.response_urls.values()]


async def test_updated_one_after_the_other_behind_a_proxy_they_answer_every_question_once(team: Team) -> None:
    ports = [free_port(), free_port()]
    replicas = [await team.start_at(port) for port in ports]
    async with nginx_before(ports, free_port(), team.directory) as proxy:
        team.slack.delivery.events_url = f"{proxy}/slack/events"
        people, done = People(team), asyncio.Event()
        asking = asyncio.create_task(people.keep_asking(done))
        for _ in range(amount(5, 1)):
            for number, port in enumerate(ports):
                assert await replicas[number].end(END_SECONDS) == 0
                replicas[number] = await team.start_at(port)
        done.set()
        await asking
        assert people.asked > len(ports)
        await people.wait_answered()


async def test_a_proxy_goes_on_with_the_other_where_one_is_killed_or_refuses(team: Team) -> None:
    ports = [free_port(), free_port()]
    one, _ = [await team.start_at(port) for port in ports]
    async with nginx_before(ports, free_port(), team.directory) as proxy:
        team.slack.delivery.events_url = f"{proxy}/slack/events"
        people = People(team)
        await one.kill()
        for _ in range(6):
            await people.ask()
        team.slack.down = True  # so that whoever starts now does not know yet who it is, and takes nothing
        await team.launch_at(ports[0])
        await team.wait_for_status(ports[0], "/healthz", HTTPStatus.OK)
        await team.wait_for_status(ports[0], "/readyz", HTTPStatus.SERVICE_UNAVAILABLE)
        team.slack.down = False
        for _ in range(6):
            await people.ask()
        await people.wait_answered()


async def test_the_questions_of_two_sockets_are_each_answered_once(team: Team) -> None:
    first, second = await team.start(), await team.start()
    await team.wait_until(lambda: len(team.slack.sockets) == 2)
    people, done = People(team), asyncio.Event()
    asking = asyncio.create_task(people.keep_asking(done))
    for replica in (first, second):
        other = await team.start()
        assert await replica.end(END_SECONDS) == 0
    assert other.process.is_alive()
    done.set()
    await asking
    await people.wait_answered()


async def test_what_slack_sends_again_because_one_was_frozen_is_answered_once(team: Team) -> None:
    frozen, _ = await team.start(), await team.start()
    await team.wait_until(lambda: len(team.slack.sockets) == 2)
    await team.wait_read()
    direct = team.slack.workspace.im_of(team.slack.workspace.user("priya").id).id
    team.slack.delivery.ack_timeout_s = 1.0
    frozen.freeze()
    asked = 12
    acks = await asyncio.gather(*(team.slack.say("priya", direct, f"{number}d") for number in range(1, asked + 1)))
    assert {ack.tries for ack in acks} > {1}  # some came to the frozen one first
    team.slack.delivery.ack_timeout_s = 3.0
    frozen.thaw()
    await team.slack.workspace.until(lambda: len(team.answers_to("priya", "")) >= asked, 60)
    await team.start()  # by then the one that was frozen has read what was sent to it
    await team.wait_settled()
    assert set(Counter(team.answers_to("priya", "")).values()) == {1}
    assert len(team.answers_to("priya", "")) == asked
