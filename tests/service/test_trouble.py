"""Trouble: Slack or Neo down, slow or lying, and the service answers as soon and as truly as it can."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from html import unescape
from typing import Any

import httpx
import pytest

from bot.app import system_clock
from bot.database.read_engine import reader_pool
from bot.sandbox import faults
from bot.sandbox.slack.faults import Hang, Html, Mangle, RateLimited, Refuse, Reset, Slow, Status, UnknownBlocks
from bot.sandbox.slack.models import Message
from bot.slack import socket
from tests.support.engines import many_cases, refuse, sqlite_only
from tests.support.harness import ServiceHarness
from tests.support.messages import table, text_of, visible_text

HOUR = timedelta(hours=1)


@pytest.mark.slow
@pytest.mark.parametrize(
    "faults", [(Status(500),), (RateLimited(1),), (Reset(),), (Html(502),), (Reset(), Status(503))], ids=str
)
@many_cases
async def test_an_answer_comes_although_slack_stumbles(harness: ServiceHarness, faults: tuple[object, ...]) -> None:
    harness.slack.faults.on("hook", *faults)  # type: ignore[arg-type]
    assert visible_text(await harness.ask("priya", "7d")).startswith("You")


@pytest.mark.parametrize("error", ["expired_url", "used_url"])
async def test_whoever_can_no_longer_be_answered_there_is_answered_in_their_dm(
    harness: ServiceHarness, error: str
) -> None:
    harness.slack.faults.on("hook", Refuse(error))
    before = len(harness.dm("priya"))
    await harness.slack.command("priya", "neo-spend", "7d")
    await harness.idle()
    assert visible_text(harness.dm("priya")[before]).startswith("You")
    assert harness.visible("priya") == []


async def test_where_a_block_is_refused_a_simpler_one_has_the_same_numbers(harness: ServiceHarness) -> None:
    usual = await harness.ask("hannah", "team 7d by:day")
    assert {"data_table", "data_visualization"} <= kinds(usual)
    harness.slack.faults.when(UnknownBlocks(frozenset({"data_table"})))
    older = await harness.ask("hannah", "team 7d by:day")
    assert kinds(older) == kinds(usual) - {"data_table"} | {"table"}
    assert table(older) == table(usual)
    harness.slack.faults.when(UnknownBlocks(frozenset({"table"})))
    plain = await harness.ask("hannah", "team 7d by:day")
    assert kinds(plain) == kinds(usual) - {"data_table", "data_visualization"}
    lines = unescape(visible_text(plain)).replace(" ", "")
    assert all("".join(row).replace(" ", "") in lines for row in table(usual))
    harness.slack.faults.when(UnknownBlocks(frozenset({"section"})))
    bare = await harness.ask("hannah", "team 7d by:day")
    assert bare.blocks == []
    assert bare.text.startswith("The whole team: $")


def kinds(message: Message) -> set[str]:
    return {block["type"] for block in message.blocks}


async def test_a_message_in_a_direct_message_falls_back_as_well(harness: ServiceHarness) -> None:
    harness.slack.faults.when(UnknownBlocks(frozenset({"data_table"})))
    await harness.slack.say(
        "hannah", harness.workspace.im_of(harness.workspace.user("hannah").id).id, "team 7d by:model"
    )
    await harness.idle()
    assert "table" in kinds(harness.dm("hannah")[-1])


async def test_a_slack_that_answers_nobody_hangs_nothing(
    closed: ServiceHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.slack.transport.ANSWER_SECONDS", 0.3)
    monkeypatch.setattr("bot.slack.responders.WAITS", (0.1,))
    await closed.open()
    closed.slack.faults.on("hook", Hang(), Hang())
    await closed.slack.command("priya", "neo-spend", "7d")
    async with asyncio.timeout(8):
        await closed.idle()
    closed.slack.faults.clear()
    assert visible_text(await closed.ask("priya", "7d")).startswith("You")


@pytest.mark.slow
async def test_the_socket_comes_back_by_itself(harness: ServiceHarness, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "WATCH_SECONDS", 0.05)
    for _ in range(2):
        harness.slack.sockets.drop()
        await harness.workspace.until(lambda: len(harness.slack.sockets) == 0)
        await harness.workspace.until(lambda: len(harness.slack.sockets) >= 1, 15)
    assert visible_text(await harness.ask("priya", "7d")).startswith("You")


async def test_slack_asks_for_a_new_connection_now_and_then(harness: ServiceHarness) -> None:
    await harness.slack.sockets.refresh("warning")
    await harness.slack.sockets.refresh()
    await harness.workspace.until(lambda: len(harness.slack.sockets) == 0)
    await harness.workspace.until(lambda: len(harness.slack.sockets) >= 1, 15)
    assert visible_text(await harness.ask("priya", "7d")).startswith("You")


@pytest.mark.slow
async def test_slack_goes_down_and_comes_back(harness: ServiceHarness) -> None:
    harness.slack.down = True
    harness.slack.sockets.drop()
    await asyncio.sleep(0.3)  # a while of being down, not luck
    harness.slack.down = False
    await harness.workspace.until(lambda: len(harness.slack.sockets) >= 1, 20)
    assert visible_text(await harness.ask("priya", "7d")).startswith("You")


async def test_when_slack_does_not_say_who_asks_nothing_is_shown(harness: ServiceHarness) -> None:
    harness.clock.advance(HOUR)
    harness.slack.faults.on("users.info", *[Status(500)] * 9)
    assert visible_text(await harness.ask("priya", "7d")) == (
        "I can't check with Slack who you are right now. Please try again in a minute."
    )


# --- Neo -----------------------------------------------------------------------------------------


@pytest.mark.slow
async def test_old_data_is_read_anew_before_the_answer(harness: ServiceHarness) -> None:
    reads = len(harness.neo.log)
    harness.clock.advance(3 * HOUR)
    assert f"Data as of {harness.clock():%H:%M} (UTC)" in visible_text(await harness.ask("hannah", "team"))
    assert len(harness.neo.log) > reads


@pytest.mark.slow
async def test_when_neo_is_down_the_answer_comes_and_says_how_old_it_is(harness: ServiceHarness) -> None:
    harness.clock.advance(3 * HOUR)
    harness.neo.faults.always = faults.Status(503)
    answer = visible_text(await harness.ask("hannah", "team"))
    assert "Out of date: I last read Neo 3 h ago." in answer
    assert "503" in answer
    tries = len(harness.neo.log)
    assert "Out of date: I last read Neo 3 h ago." in visible_text(await harness.ask("hannah", "team"))
    assert len(harness.neo.log) == tries  # a failure is not asked for again by everybody


@pytest.mark.slow
@pytest.mark.parametrize("status", [429, 503])
async def test_a_wait_that_neo_asks_for_is_kept_by_polls_questions_and_a_restart(
    harness: ServiceHarness, status: int
) -> None:
    harness.clock.advance(3 * HOUR)
    harness.neo.faults.always = faults.Status(status, retry_after=3_600)
    harness.neo.log.clear()
    await harness.service.jobs.sync()
    assert len(harness.neo.log) == 1
    until = f"asked to wait until {harness.clock() + HOUR:%Y-%m-%d %H:%M} UTC"
    for _ in range(3):
        harness.clock.advance(timedelta(minutes=10))
        await harness.service.jobs.sync()
        answer = visible_text(await harness.ask("hannah", "team"))
    assert until in answer
    await harness.close()
    await harness.open()
    harness.clock.advance(timedelta(minutes=29))
    await harness.service.jobs.sync()
    assert len(harness.neo.log) == 1
    harness.neo.faults.clear()
    harness.clock.advance(timedelta(minutes=2))
    await harness.service.jobs.sync()
    assert len(harness.neo.log) > 1
    assert f"Data as of {harness.clock():%H:%M} (UTC)" in visible_text(await harness.ask("hannah", "team"))


@pytest.mark.slow
@pytest.mark.parametrize("asked_for", [10**12, "999999999999999999999"])
async def test_no_wait_is_kept_for_longer_than_a_day(harness: ServiceHarness, asked_for: int | str) -> None:
    harness.neo.faults.always = faults.Status(429, retry_after=asked_for)
    harness.clock.advance(3 * HOUR)
    await harness.service.jobs.sync()
    harness.neo.faults.clear()
    harness.neo.log.clear()
    harness.clock.advance(timedelta(hours=23, minutes=59))
    await harness.service.jobs.sync()
    assert harness.neo.log == []
    harness.clock.advance(timedelta(minutes=2))
    await harness.service.jobs.sync()
    assert harness.neo.log


async def test_a_slow_neo_is_not_waited_for(harness: ServiceHarness) -> None:
    harness.clock.advance(3 * HOUR)
    harness.neo.latency_s = 1.9
    answer = visible_text(await harness.ask("hannah", "team"))
    assert "Out of date: I last read Neo 3 h ago." in answer


async def test_before_anything_was_read_it_says_so(closed: ServiceHarness) -> None:
    closed.neo.faults.always = faults.Status(503)
    await closed.open()
    for line in ("team", "team by:model csv"):
        answer = visible_text(await closed.ask("hannah", line))
        assert "I haven't read anything from Neo yet" in answer
        assert "503" in answer


async def test_an_operator_reaches_back_before_the_ledger_begins(harness: ServiceHarness) -> None:
    begins = harness.clock() - timedelta(days=40)
    before = len(harness.visible("hannah"))
    await harness.slack.command("hannah", "neo-spend", f"team from:{begins:%Y-%m-%d}")
    await harness.workspace.until(lambda: len(harness.visible("hannah")) == before + 2, 15)
    said, answer = harness.visible("hannah")[before:]
    assert "I'm reading the rest from Neo" in visible_text(said)
    assert "not complete" not in visible_text(answer)


async def test_an_operator_is_answered_although_what_is_read_of_the_past_cannot_be_recorded(
    harness: ServiceHarness,
) -> None:
    with harness.service.database.transaction() as connection:
        refuse(connection, "INSERT", "pass", "disk is full")
    begins = harness.clock() - timedelta(days=40)
    before = len(harness.visible("hannah"))
    await harness.slack.command("hannah", "neo-spend", f"team from:{begins:%Y-%m-%d}")
    await harness.workspace.until(lambda: len(harness.visible("hannah")) == before + 2, 15)
    _, answer = harness.visible("hannah")[before:]
    assert "Incomplete: the history I have starts" in visible_text(answer)


async def test_a_member_does_not_reach_back(harness: ServiceHarness) -> None:
    begins = harness.clock() - timedelta(days=40)
    answer = visible_text(await harness.ask("priya", f"from:{begins:%Y-%m-%d}"))
    assert "Incomplete: the history I have starts" in answer
    unread = visible_text(await harness.ask("priya", f"{begins:%Y-%m-%d}"))
    assert "*You: cost unknown* · 0 tasks\nI haven't read this period from Neo yet.\n" in unread


# --- health and the end --------------------------------------------------------------------------


async def test_it_says_whether_it_is_ready(harness: ServiceHarness) -> None:
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{harness.service.port}") as client:
        assert (await client.get("/healthz")).status_code == 200
        assert (await client.get("/readyz")).json() == {"ok": True, "problems": {}}
        harness.neo.faults.always = faults.Status(503)
        assert (await client.get("/readyz")).status_code == 200
        harness.slack.down = True
        harness.slack.sockets.drop()
        await harness.workspace.until(lambda: len(harness.slack.sockets) == 0)
        answer = await client.get("/readyz")
        assert (answer.status_code, list(answer.json()["problems"])) == (503, ["slack"])
        assert (await client.get("/healthz")).status_code == 200
        assert (await client.post("/slack/events", json={})).status_code in {401, 404}


@pytest.mark.parametrize("over_http", [True, False])
async def test_a_revoked_bot_token_is_known_at_the_next_look_and_slack_is_asked_every_few_seconds_at_most(
    closed: ServiceHarness, monkeypatch: pytest.MonkeyPatch, *, over_http: bool
) -> None:
    monkeypatch.setattr("bot.service.health.FRESH_SECONDS", 3600.0)
    await closed.open(over_http=over_http)
    before = len(closed.slack.calls("auth.test"))
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{closed.service.port}") as client:
        answers = await asyncio.gather(*(client.get("/readyz") for _ in range(20)))
        assert {answer.status_code for answer in answers} == {200}
        assert len(closed.slack.calls("auth.test")) == before + 1
        monkeypatch.setattr("bot.service.health.FRESH_SECONDS", 0.0)
        closed.slack.faults.on("auth.test", Refuse("token_revoked"), RateLimited())
        remedy = "Copy it again from your Slack app: OAuth & Permissions. Then restart."
        refusal = f"Slack rejects SLACK_BOT_TOKEN (token_revoked). {remedy} Asked 0 s ago."
        for _ in range(2):  # being asked too often says nothing of the token
            answer = await client.get("/readyz")
            assert answer.status_code == 503
            assert answer.json()["problems"] == {"slack": refusal}
        assert (await client.get("/readyz")).json() == {"ok": True, "problems": {}}
        closed.slack.faults.on("auth.test", RateLimited())
        assert (await client.get("/readyz")).json() == {"ok": True, "problems": {}}


async def test_whoever_looks_at_the_health_does_not_wait_for_a_slack_that_hangs(
    harness: ServiceHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.service.health.ANSWER_SECONDS", 0.1)
    harness.slack.faults.on("auth.test", Hang())
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{harness.service.port}") as client:
        answer = await client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["problems"] == {"slack": "no answer from Slack. Asked 0 s ago."}


@sqlite_only("a server has no file")
async def test_what_is_wrong_with_the_database_names_no_file(
    closed: ServiceHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    await closed.open()
    missing = reader_pool(closed.directory / "no-ledger.db", 1)
    monkeypatch.setattr(closed.service.database, "read", missing.read)
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{closed.service.port}") as client:
        answer = await client.get("/readyz")
    missing.close()
    said = answer.json()["problems"]["database"]
    assert said
    assert str(closed.directory) not in answer.text
    assert ".db" not in answer.text


async def test_a_forged_request_is_turned_away(closed: ServiceHarness) -> None:
    await closed.open(over_http=True)
    body = (
        "command=%2Fneo-usage&text=team&user_id=U0HANNAH&channel_id=C1&response_url=http://127.0.0.1:1/x&trigger_id=1"
    )
    headers = {"x-slack-request-timestamp": str(int(system_clock().timestamp())), "x-slack-signature": "v0=00"}
    async with httpx.AsyncClient() as client:
        answer = await client.post(closed.slack.delivery.events_url or "", content=body, headers=headers)
    assert answer.status_code == 401
    assert closed.slack.calls("hook") == []


async def test_what_is_in_flight_is_finished_before_the_end(closed: ServiceHarness) -> None:
    await closed.open()
    closed.slack.faults.on("hook", Slow(0.5))
    await closed.slack.command("priya", "neo-spend", "7d")
    async with asyncio.timeout(10):
        await closed.close()
    assert visible_text(closed.visible("priya")[0]).startswith("You")


async def test_the_end_does_not_wait_for_a_slack_that_answers_no_more(closed: ServiceHarness) -> None:
    await closed.open()
    closed.slack.sockets.freeze()
    async with asyncio.timeout(5):
        await closed.close()


async def test_who_waits_for_a_long_reading_is_told_at_the_end(
    closed: ServiceHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.service.connection.DRAIN_SECONDS", 0.3)
    await closed.open()
    closed.neo.latency_s = 30
    await closed.slack.command("hannah", "neo-spend", "team from:2025-01-01")
    await closed.answer("hannah", "neo-spend", 0)
    async with asyncio.timeout(10):
        await closed.close()
    assert "I'm restarting" in text_of(closed.visible("hannah")[-1])


# --- answers that are none of Slack's ------------------------------------------------------------


LIES: tuple[Callable[[dict[str, Any]], Any], ...] = (
    lambda _: [], lambda _: [1], lambda _: "maintenance", lambda _: 3, lambda _: False, lambda _: {},
    lambda body: body | {"ok": None}, lambda _: {"ok": True}, lambda body: body | {"user_id": 3},
    lambda body: body | {"team_id": []}, lambda body: body | {"bot_id": None},
)  # fmt: skip


@pytest.mark.slow
async def test_whatever_slacks_address_says_at_the_start_the_service_goes_on_asking(
    closed: ServiceHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.service.connection.RETRY_SECONDS", 0.01)
    closed.slack.faults.on("auth.test", Html(200), Html(404), *map(Mangle, LIES))
    await closed.open()
    assert len(closed.slack.calls("auth.test")) == 2 + len(LIES) + 1
    assert visible_text(await closed.ask("priya", "7d")).startswith("You")


async def test_an_answer_that_makes_no_sense_costs_that_answer_alone(harness: ServiceHarness) -> None:
    harness.clock.advance(HOUR)
    harness.slack.faults.on("users.info", Html(200), Mangle(lambda _: {"ok": True, "user": {"id": 3}}))
    for _ in range(2):
        assert "I can't check with Slack who you are" in visible_text(await harness.ask("priya", "7d"))
    assert visible_text(await harness.ask("priya", "7d")).startswith("You")


@pytest.mark.slow
async def test_a_socket_is_opened_at_slacks_own_addresses_alone(
    harness: ServiceHarness, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(socket, "WATCH_SECONDS", 0.05)
    monkeypatch.setattr(socket, "CONNECT_SECONDS", 0.2)
    heard = []

    async def hear(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.read(100))
        writer.close()

    async with await asyncio.start_server(hear, "127.0.0.1", 0) as stranger:
        elsewhere = f"ws://127.0.0.1:{stranger.sockets[0].getsockname()[1]}/link/?ticket=s3cr3t"
        named: list[object] = [elsewhere, None, [], "x", "ws://evil.example/link/"]
        faults = [Mangle(lambda body, url=url: body | {"url": url}) for url in named]  # type: ignore[misc]
        harness.slack.faults.on("apps.connections.open", *faults, Html(200), Mangle(lambda _: {"ok": True}))
        harness.slack.sockets.drop()
        await harness.workspace.until(lambda: len(harness.slack.sockets) == 0)
        await harness.workspace.until(lambda: len(harness.slack.sockets) >= 1, 30)
    assert heard == []
    assert "s3cr3t" not in capsys.readouterr().out
    assert visible_text(await harness.ask("priya", "7d")).startswith("You")
