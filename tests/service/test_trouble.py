"""Trouble: Slack or Neo down, slow or lying, and the service answers as soon and as truly as it can."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from html import unescape
from typing import Any

import httpx
import pytest

from bot.app import system_clock
from bot.database.readers import ReaderPool
from bot.sandbox.faults import Status as NeoStatus
from bot.sandbox.slack.faults import Hang, Html, Mangle, RateLimited, Refuse, Reset, Slow, Status
from bot.slack import socket as sockets
from tests.support.harness import Office
from tests.support.messages import shown, text_of

HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    "faults", [(Status(500),), (RateLimited(1),), (Reset(),), (Html(502),), (Reset(), Status(503))], ids=str
)
async def test_an_answer_comes_although_slack_stumbles(office: Office, faults: tuple[object, ...]) -> None:
    office.slack.faults.on("hook", *faults)  # type: ignore[arg-type]
    assert shown(await office.ask("priya", "7d")).startswith("You")


@pytest.mark.parametrize("error", ["expired_url", "used_url"])
async def test_whoever_can_no_longer_be_answered_there_is_answered_in_their_dm(office: Office, error: str) -> None:
    office.slack.faults.on("hook", Refuse(error))
    before = len(office.dm("priya"))
    await office.slack.command("priya", "neo-spend", "7d")
    await office.idle()
    assert shown(office.dm("priya")[before]).startswith("You")
    assert office.seen("priya") == []


async def test_where_tables_are_refused_the_numbers_come_as_text(office: Office) -> None:
    usual = await office.ask("hannah", "team 7d by:member")
    office.slack.faults.on("hook", Refuse("invalid_blocks"))
    plain = await office.ask("hannah", "team 7d by:member")
    assert "table" not in {block["type"] for block in plain.blocks}
    for row in next(block for block in usual.blocks if block["type"] == "table")["rows"][1:]:
        assert all(cell["text"] in unescape(shown(plain)) for cell in row)
    office.slack.faults.on("hook", Refuse("invalid_blocks"), Refuse("invalid_blocks"))
    bare = await office.ask("hannah", "team 7d by:member")
    assert bare.blocks == []
    assert bare.text.startswith("The whole team: $")


async def test_a_slack_that_answers_nobody_hangs_nothing(closed: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.slack.transport.ANSWER_SECONDS", 0.3)
    monkeypatch.setattr("bot.slack.responders.WAITS", (0.1,))
    await closed.open()
    closed.slack.faults.on("hook", Hang(), Hang())
    await closed.slack.command("priya", "neo-spend", "7d")
    async with asyncio.timeout(8):
        await closed.idle()
    closed.slack.faults.clear()
    assert shown(await closed.ask("priya", "7d")).startswith("You")


async def test_the_socket_comes_back_by_itself(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sockets, "WATCH_SECONDS", 0.05)
    for _ in range(2):
        office.slack.sockets.drop()
        await office.workspace.until(lambda: len(office.slack.sockets) == 0)
        await office.workspace.until(lambda: len(office.slack.sockets) >= 1, 15)
    assert shown(await office.ask("priya", "7d")).startswith("You")


async def test_slack_asks_for_a_new_connection_now_and_then(office: Office) -> None:
    await office.slack.sockets.refresh("warning")
    await office.slack.sockets.refresh()
    await office.workspace.until(lambda: len(office.slack.sockets) == 0)
    await office.workspace.until(lambda: len(office.slack.sockets) >= 1, 15)
    assert shown(await office.ask("priya", "7d")).startswith("You")


async def test_slack_goes_down_and_comes_back(office: Office) -> None:
    office.slack.down = True
    office.slack.sockets.drop()
    await asyncio.sleep(0.3)  # a while of being down, not luck
    office.slack.down = False
    await office.workspace.until(lambda: len(office.slack.sockets) >= 1, 20)
    assert shown(await office.ask("priya", "7d")).startswith("You")


async def test_when_slack_does_not_say_who_asks_nothing_is_shown(office: Office) -> None:
    office.clock.advance(HOUR)
    office.slack.faults.on("users.info", *[Status(500)] * 9)
    assert shown(await office.ask("priya", "7d")) == (
        "I cannot ask Slack who you are just now. Please try again in a minute."
    )


# --- Neo -----------------------------------------------------------------------------------------


async def test_old_data_is_read_anew_before_the_answer(office: Office) -> None:
    reads = len(office.neo.log)
    office.clock.advance(3 * HOUR)
    assert "just now" in shown(await office.ask("hannah", "team"))
    assert len(office.neo.log) > reads


async def test_when_neo_is_down_the_answer_comes_and_says_how_old_it_is(office: Office) -> None:
    office.clock.advance(3 * HOUR)
    office.neo.faults.always = NeoStatus(503)
    answer = shown(await office.ask("hannah", "team"))
    assert "older than it should be" in answer
    assert "503" in answer
    tries = len(office.neo.log)
    assert "older than it should be" in shown(await office.ask("hannah", "team"))
    assert len(office.neo.log) == tries  # a failure is not asked for again by everybody


@pytest.mark.parametrize("status", [429, 503])
async def test_a_wait_that_neo_asks_for_is_kept_by_polls_questions_and_a_restart(office: Office, status: int) -> None:
    office.clock.advance(3 * HOUR)
    office.neo.faults.always = NeoStatus(status, retry_after=3_600)
    office.neo.log.clear()
    await office.service.jobs.sync()
    assert len(office.neo.log) == 1
    until = f"asked to wait until {office.clock() + HOUR:%Y-%m-%d %H:%M} UTC"
    for _ in range(3):
        office.clock.advance(timedelta(minutes=10))
        await office.service.jobs.sync()
        answer = shown(await office.ask("hannah", "team"))
    assert until in answer
    await office.close()
    await office.open()
    office.clock.advance(timedelta(minutes=29))
    await office.service.jobs.sync()
    assert len(office.neo.log) == 1
    office.neo.faults.clear()
    office.clock.advance(timedelta(minutes=2))
    await office.service.jobs.sync()
    assert len(office.neo.log) > 1
    assert "just now" in shown(await office.ask("hannah", "team"))


@pytest.mark.parametrize("asked_for", [10**12, "999999999999999999999"])
async def test_no_wait_is_kept_for_longer_than_a_day(office: Office, asked_for: int | str) -> None:
    office.neo.faults.always = NeoStatus(429, retry_after=asked_for)
    office.clock.advance(3 * HOUR)
    await office.service.jobs.sync()
    office.neo.faults.clear()
    office.neo.log.clear()
    office.clock.advance(timedelta(hours=23, minutes=59))
    await office.service.jobs.sync()
    assert office.neo.log == []
    office.clock.advance(timedelta(minutes=2))
    await office.service.jobs.sync()
    assert office.neo.log


async def test_a_slow_neo_is_not_waited_for(office: Office) -> None:
    office.clock.advance(3 * HOUR)
    office.neo.latency_s = 1.9
    answer = shown(await office.ask("hannah", "team"))
    assert "(3 h ago), older than it should be." in answer


async def test_before_anything_was_read_it_says_so(closed: Office) -> None:
    closed.neo.faults.always = NeoStatus(503)
    await closed.open()
    for line in ("team", "team by:model csv"):
        answer = shown(await closed.ask("hannah", line))
        assert "I have read nothing from Neo yet" in answer
        assert "503" in answer


async def test_an_operator_reaches_back_before_the_ledger_begins(office: Office) -> None:
    begins = office.clock() - timedelta(days=40)
    before = len(office.seen("hannah"))
    await office.slack.command("hannah", "neo-spend", f"team from:{begins:%Y-%m-%d}")
    await office.workspace.until(lambda: len(office.seen("hannah")) == before + 2, 15)
    said, answer = office.seen("hannah")[before:]
    assert "reaches back before the ledger begins" in shown(said)
    assert "not complete" not in shown(answer)


async def test_a_member_does_not_reach_back(office: Office) -> None:
    begins = office.clock() - timedelta(days=40)
    answer = shown(await office.ask("priya", f"from:{begins:%Y-%m-%d}"))
    assert "The ledger is not complete for this window: it begins" in answer


# --- health and the end --------------------------------------------------------------------------


async def test_it_says_whether_it_is_ready(office: Office) -> None:
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{office.service.port}") as client:
        assert (await client.get("/healthz")).status_code == 200
        assert (await client.get("/readyz")).json() == {"ok": True, "problems": {}}
        office.neo.faults.always = NeoStatus(503)
        assert (await client.get("/readyz")).status_code == 200
        office.slack.down = True
        office.slack.sockets.drop()
        await office.workspace.until(lambda: len(office.slack.sockets) == 0)
        answer = await client.get("/readyz")
        assert (answer.status_code, list(answer.json()["problems"])) == (503, ["slack"])
        assert (await client.get("/healthz")).status_code == 200
        assert (await client.post("/slack/events", json={})).status_code in {401, 404}


async def test_slack_is_asked_for_strangers_once_every_few_seconds(
    closed: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.service.health.FRESH_SECONDS", 3600.0)
    await closed.open(over_http=True)
    before = len(closed.slack.calls("auth.test"))
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{closed.service.port}") as client:
        answers = await asyncio.gather(*(client.get("/readyz") for _ in range(20)))
        assert {answer.status_code for answer in answers} == {200}
        assert len(closed.slack.calls("auth.test")) == before + 1
        monkeypatch.setattr("bot.service.health.FRESH_SECONDS", 0.0)
        closed.slack.faults.on("auth.test", Refuse("token_revoked"))
        assert "token_revoked" in (await client.get("/readyz")).json()["problems"]["slack"]


async def test_what_is_wrong_with_the_database_names_no_file(closed: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    await closed.open()
    missing = ReaderPool(closed.directory / "no-ledger.db")
    monkeypatch.setattr(closed.service.database, "read", missing.read)
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{closed.service.port}") as client:
        answer = await client.get("/readyz")
    missing.close()
    said = answer.json()["problems"]["database"]
    assert said
    assert str(closed.directory) not in answer.text
    assert ".db" not in answer.text


async def test_a_forged_request_is_turned_away(closed: Office) -> None:
    await closed.open(over_http=True)
    body = (
        "command=%2Fneo-usage&text=team&user_id=U0HANNAH&channel_id=C1&response_url=http://127.0.0.1:1/x&trigger_id=1"
    )
    headers = {"x-slack-request-timestamp": str(int(system_clock().timestamp())), "x-slack-signature": "v0=00"}
    async with httpx.AsyncClient() as client:
        answer = await client.post(closed.slack.delivery.events_url or "", content=body, headers=headers)
    assert answer.status_code == 401
    assert closed.slack.calls("hook") == []


async def test_what_is_in_flight_is_finished_before_the_end(closed: Office) -> None:
    await closed.open()
    closed.slack.faults.on("hook", Slow(0.5))
    await closed.slack.command("priya", "neo-spend", "7d")
    async with asyncio.timeout(10):
        await closed.close()
    assert shown(closed.seen("priya")[0]).startswith("You")


async def test_who_waits_for_a_long_reading_is_told_at_the_end(closed: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.service.connection.DRAIN_SECONDS", 0.3)
    await closed.open()
    closed.neo.latency_s = 30
    await closed.slack.command("hannah", "neo-spend", "team from:2025-01-01")
    await closed.answer("hannah", "neo-spend", 0)
    async with asyncio.timeout(10):
        await closed.close()
    assert "being restarted" in text_of(closed.seen("hannah")[-1])


# --- answers that are none of Slack's ------------------------------------------------------------


LIES: tuple[Callable[[dict[str, Any]], Any], ...] = (
    lambda _: [], lambda _: [1], lambda _: "maintenance", lambda _: 3, lambda _: False, lambda _: {},
    lambda body: body | {"ok": None}, lambda _: {"ok": True}, lambda body: body | {"user_id": 3},
    lambda body: body | {"team_id": []}, lambda body: body | {"bot_id": None},
)  # fmt: skip


async def test_whatever_slacks_address_says_at_the_start_the_service_goes_on_asking(
    closed: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.service.connection.RETRY_SECONDS", 0.01)
    closed.slack.faults.on("auth.test", Html(200), Html(404), *map(Mangle, LIES))
    await closed.open()
    assert len(closed.slack.calls("auth.test")) == 2 + len(LIES) + 1
    assert shown(await closed.ask("priya", "7d")).startswith("You")


async def test_an_answer_that_makes_no_sense_costs_that_answer_alone(office: Office) -> None:
    office.clock.advance(HOUR)
    office.slack.faults.on("users.info", Html(200), Mangle(lambda _: {"ok": True, "user": {"id": 3}}))
    for _ in range(2):
        assert "I cannot ask Slack who you are" in shown(await office.ask("priya", "7d"))
    assert shown(await office.ask("priya", "7d")).startswith("You")


async def test_a_socket_is_opened_at_slacks_own_addresses_alone(
    office: Office, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sockets, "WATCH_SECONDS", 0.05)
    monkeypatch.setattr(sockets, "CONNECT_SECONDS", 0.2)
    heard = []

    async def hear(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.read(100))
        writer.close()

    async with await asyncio.start_server(hear, "127.0.0.1", 0) as stranger:
        elsewhere = f"ws://127.0.0.1:{stranger.sockets[0].getsockname()[1]}/link/?ticket=s3cr3t"
        named: list[object] = [elsewhere, None, [], "x", "ws://evil.example/link/"]
        faults = [Mangle(lambda body, url=url: body | {"url": url}) for url in named]  # type: ignore[misc]
        office.slack.faults.on("apps.connections.open", *faults, Html(200), Mangle(lambda _: {"ok": True}))
        office.slack.sockets.drop()
        await office.workspace.until(lambda: len(office.slack.sockets) == 0)
        await office.workspace.until(lambda: len(office.slack.sockets) >= 1, 30)
    assert heard == []
    assert "s3cr3t" not in capsys.readouterr().out
    assert shown(await office.ask("priya", "7d")).startswith("You")
