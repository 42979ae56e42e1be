"""Whatever comes to a port, and however slowly: nothing is done, nothing is quoted, and others are served meanwhile."""

import asyncio
import gc
import io
import os
import re
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from random import Random

import pytest
from aiohttp import web

from benchmarks.hostile import MARK, Attack, Ending, answer_to, answers_to, attack_until_killed
from bot.database.engine import Database
from bot.service.heap import TRIM_SECONDS
from bot.settings.database_place import DatabasePlace
from bot.slack.http_server import serve_http
from tests.support.effort import THOROUGH, amount
from tests.support.forked import forked, kill
from tests.support.harness import ServiceHarness
from tests.support.messages import visible_text
from tests.support.metrics import ON
from tests.support.replicas import Replica, Team, free_port, replicated_team, status
from tests.support.slack_requests import as_form, command, posted, signed, state

SERVER = "bot.slack.http_server"


@pytest.fixture
async def open_ports(closed: ServiceHarness, monkeypatch: pytest.MonkeyPatch) -> ServiceHarness:
    """A service with both ports, which is soon tired of who is slow."""
    monkeypatch.setattr(f"{SERVER}.TIMEOUT_SECONDS", 0.3)
    closed.settings |= ON
    await closed.open(over_http=True)
    return closed


def ports_of(harness: ServiceHarness) -> list[int]:
    assert harness.service.metrics_port is not None
    return [harness.service.port, harness.service.metrics_port]


def held() -> tuple[int, int]:
    """How many files and tasks there are."""
    return len(os.listdir("/proc/self/fd")), len(asyncio.all_tasks())  # noqa: PTH208 - only their number


async def settled(before: tuple[int, int]) -> None:
    """Wait until there are no more of them than before."""
    async with asyncio.timeout(30):
        while not all(now <= then for now, then in zip(held(), before, strict=True)):
            gc.collect()
            await asyncio.sleep(0.05)


@pytest.mark.slow
@pytest.mark.long
@pytest.mark.timeout(amount(900, 120))
async def test_whatever_is_sent_is_refused_in_a_line_that_quotes_nothing(
    open_ports: ServiceHarness, json_log: io.StringIO
) -> None:
    before, then = state(open_ports), held()
    random = Random(17)
    for port in ports_of(open_ports):
        answers = await answers_to(port, random, amount(20_000, 250))
        statuses = Counter(match[1] for each in answers if (match := re.match(rb"HTTP/1\.[01] (\d\d\d) ", each)))
        assert {each for each in statuses if not each.startswith(b"4")} <= {b"200", b"503"}
        assert statuses.keys() >= {b"400", b"403", b"404"}
        assert all(MARK.encode() not in each for each in answers)
        assert not any(each and not each.startswith(b"HTTP/1.") for each in answers)
    await settled(then)
    logged = json_log.getvalue()
    assert "Traceback" not in logged
    assert '"level": "error"' not in logged
    assert MARK not in logged
    assert max(map(len, logged.splitlines())) < 500
    assert state(open_ports) == before
    assert visible_text(await open_ports.ask("hannah", "team")).startswith("The whole team")


@pytest.mark.parametrize("version", ["0.9", "1.0", "1.1", "2.0", "9.9"])
async def test_no_version_of_http_is_claimed_that_is_not_spoken(open_ports: ServiceHarness, version: str) -> None:
    sent = Attack((f"GET /healthz HTTP/{version}\r\nHost: localhost\r\n\r\n".encode(),), 0, Ending.LISTEN)
    for port in ports_of(open_ports):
        assert re.match(rb"HTTP/1\.[01] (200|4\d\d) ", await answer_to(port, sent))


@pytest.mark.slow
@pytest.mark.parametrize("sent", ["", "half of it"])
async def test_a_body_that_is_cut_off_is_refused_like_any_other(
    open_ports: ServiceHarness, monkeypatch: pytest.MonkeyPatch, json_log: io.StringIO, sent: str
) -> None:
    monkeypatch.setattr(f"{SERVER}.TIMEOUT_SECONDS", 60.0)
    attack = Attack(
        (f"POST /slack/events HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{sent}".encode(),), 0.05, Ending.HANG_UP
    )
    then = held()
    assert await answer_to(open_ports.service.port, attack) == b""
    await settled(then)
    assert "its connection broke off" in json_log.getvalue()
    assert '"level": "error"' not in json_log.getvalue()


async def test_of_too_many_connections_the_oldest_ones_are_closed(
    open_ports: ServiceHarness, monkeypatch: pytest.MonkeyPatch, json_log: io.StringIO
) -> None:
    monkeypatch.setattr(f"{SERVER}.MOST_CONNECTIONS", 20)
    monkeypatch.setattr(f"{SERVER}.TIMEOUT_SECONDS", 60.0)
    for port in ports_of(open_ports):
        slow = [await asyncio.open_connection("127.0.0.1", port) for _ in range(60)]
        assert await status(port, "/") == 404
        for reader, _ in slow[:39]:
            assert await reader.read() == b""  # closed
        assert not any(reader.at_eof() for reader, _ in slow[-15:])
        for _, writer in slow:
            writer.close()
    assert json_log.getvalue().count("too many connections") == 2  # once a port
    assert visible_text(await open_ports.ask("hannah", "team")).startswith("The whole team")


@pytest.mark.slow
async def test_what_slack_has_signed_is_never_closed_for_others(
    open_ports: ServiceHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(f"{SERVER}.MOST_CONNECTIONS", 5)
    listener, crowd = open_ports.service.slack.listener, asyncio.Event()
    assert listener is not None
    dispatch = listener.dispatch

    async def late(*given: object) -> object:
        await crowd.wait()
        return await dispatch(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(listener, "dispatch", late)
    bodies = [as_form(command(open_ports, "hannah", line)) for line in ("team", "7d", "team 7d")]
    asked = [asyncio.create_task(posted(open_ports, each, signed(open_ports, each))) for each in bodies]
    for _ in range(50):
        _, writer = await asyncio.open_connection("127.0.0.1", open_ports.service.port)
        await status(open_ports.service.port, "/healthz")
        writer.close()
    crowd.set()
    assert [each.status_code for each in await asyncio.gather(*asked)] == [200, 200, 200]


@pytest.mark.slow
async def test_who_takes_no_answer_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(f"{SERVER}.LONGEST_SECONDS", 0.5)

    async def much(_: web.BaseRequest) -> web.Response:
        return web.Response(body=bytes(50_000_000))

    async with serve_http(much, "127.0.0.1", 0) as port:
        files, tasks = held()
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1)
        writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        assert await reader.read(1)  # it has begun to answer
        assert held() > (files + 1, tasks)
        await settled((files + 1, tasks))  # what is left is this end of the connection
        writer.close()


# --- a process of its own, whose memory is measured -------------------------------------


@pytest.fixture
async def team(tmp_path: Path, place: DatabasePlace, database: Database) -> AsyncIterator[Team]:
    async with replicated_team(tmp_path, place, database) as team:
        yield team


async def sizes_under_attack(team: Team, replica: Replica, ports: list[int]) -> AsyncIterator[float]:
    """Yield how much memory a service holds (MB) while others attack its ports and somebody asks it things."""
    attackers = forked(attack_until_killed, ports, 17)
    slow = [await asyncio.open_connection("127.0.0.1", each) for each in ports for _ in range(300)]
    try:
        for _ in range(400):
            assert (await team.slack.command("priya", "neo-spend", "7d")).ok
            yield replica.resident_mb()
            await asyncio.sleep(0.05)
    finally:
        await asyncio.to_thread(kill, attackers)
        for _, writer in slow:
            writer.close()


async def least_held(replica: Replica) -> float:
    """Return the least memory that a service holds (MB) within the time after which it returns what it doesn't use."""
    sizes = []
    for _ in range(TRIM_SECONDS + 10):
        await asyncio.sleep(1)
        sizes.append(replica.resident_mb())
    return min(sizes)


@pytest.mark.skipif(not THOROUGH, reason="it measures memory")
@pytest.mark.timeout(600)
async def test_others_are_unharmed_and_memory_comes_back(team: Team) -> None:
    port, metrics = free_port(), free_port()
    replica = await team.start_at(port, METRICS_PORT=str(metrics))
    team.slack.delivery.events_url = f"http://127.0.0.1:{port}/slack/events"
    held_after = []
    for _ in range(2):
        sizes = [size async for size in sizes_under_attack(team, replica, [port, metrics])]
        assert max(sizes) < 256  # MB, half of what compose.yaml allows
        held_after.append(await least_held(replica))
    assert held_after[1] - held_after[0] < 25  # what it holds lies scattered: 140 to 160, whatever came before
    await team.slack.workspace.until(
        lambda: all(each.uses for each in team.slack.context.tokens.response_urls.values())
    )
