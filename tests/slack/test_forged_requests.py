"""Forged requests: whoever can reach the port can make the bot do nothing, say nothing and ask Slack nothing."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlencode

import pytest

from bot.app import build
from bot.demo.runner import demo
from bot.sandbox.clock import SimClock
from bot.sandbox.slack.delivery import Payload
from bot.sandbox.world import World
from bot.service.service import running_service
from bot.settings.database_place import DatabasePlace
from bot.settings.environment import load
from tests.support.engines import url_of
from tests.support.harness import CHANNEL, ServiceHarness
from tests.support.messages import visible_text
from tests.support.slack_requests import (
    FORM,
    JSON,
    action,
    as_form,
    command,
    event,
    form,
    posted,
    signed,
    state,
    stranger,
    well_formed,
)
from tests.support.worlds import generated_world

EVIL = "https://evil.example"


@pytest.fixture
def world() -> World:
    return generated_world()


async def test_in_socket_mode_there_is_no_way_in_over_http(harness: ServiceHarness) -> None:
    before = state(harness)
    for sent in well_formed(harness):
        for headers in ({}, {"Origin": EVIL, "Host": "rebound.evil.example:8080"}, signed(harness, sent.body)):
            answer = await posted(harness, sent.body, {**headers, "Content-Type": sent.kind})
            assert answer.status_code in {403, 404}
    await harness.idle()
    assert state(harness) == before


async def test_over_http_nothing_is_done_without_a_signature(closed: ServiceHarness) -> None:
    await closed.open(over_http=True)
    before = state(closed)
    for sent in well_formed(closed):
        for headers in ({}, {"X-Slack-Bolt-Lazy-Only": "1"}, {"Content-Type": JSON}):
            assert (await posted(closed, sent.body, {"Content-Type": sent.kind, **headers})).status_code == 401
    assert (await posted(closed, b"ssl_check=1&token=x", {"Content-Type": FORM})).status_code == 401
    challenge = json.dumps({"type": "url_verification", "challenge": "c"}).encode()
    assert (await posted(closed, challenge, {"Content-Type": JSON})).status_code == 401
    await closed.idle()
    assert state(closed) == before


@pytest.mark.slow
async def test_the_very_same_requests_are_obeyed_when_slack_signs_them(closed: ServiceHarness) -> None:
    await closed.open(over_http=True)
    before = state(closed)
    for sent in well_formed(closed):
        answer = await posted(closed, sent.body, signed(closed, sent.body, kind=sent.kind))
        assert (answer.status_code, answer.text) == (200, "")
    await closed.idle()
    after = state(closed)
    assert len(after["budget_revision"]) == len(before["budget_revision"]) + 2
    assert len(after["slack_link"]) == len(before["slack_link"]) + 1
    assert after["calls"].count("hook") == before["calls"].count("hook") + 4
    challenge = json.dumps({"type": "url_verification", "challenge": "c"}).encode()
    assert (await posted(closed, challenge, signed(closed, challenge, kind=JSON))).text == '{"challenge": "c"}'


@pytest.mark.slow
async def test_bolt_itself_takes_nothing_unsigned_in_either_mode(closed: ServiceHarness) -> None:
    from slack_bolt.async_app import AsyncBoltRequest

    await closed.open()
    assert closed.service.slack.listener is not None
    before = state(closed)
    for sent in well_formed(closed):
        request = AsyncBoltRequest(body=sent.body.decode(), headers={"content-type": [sent.kind]})
        assert (await closed.service.slack.listener.bolt.async_dispatch(request)).status == 401
    await closed.idle()
    assert state(closed) == before


@pytest.mark.slow
@pytest.mark.long
async def test_the_demos_bot_takes_nothing_either(harness: ServiceHarness, tmp_path: Path) -> None:
    async with demo(0, 7, tmp_path) as shown_:
        port = listening(shown_.bot.pid or 0)
        calls = len(shown_.page.slack.log)
        async with stranger() as client:
            for sent in well_formed(harness):
                url = f"http://127.0.0.1:{port}/slack/events"
                answer = await client.post(url, content=sent.body, headers={"Content-Type": sent.kind})
                assert answer.status_code == 404
            assert (await client.get(f"http://127.0.0.1:{port}/healthz", headers={"Host": "evil"})).status_code == 403
            foreign = await client.get(f"{shown_.url}/page/state", headers={"Host": "rebound.evil.example"})
            assert foreign.status_code == 403
        assert not [call for call in shown_.page.slack.log[calls:] if call.method in {"hook", "views.open"}]


def listening(pid: int) -> int:
    """The port on which a process listens."""
    held = {str(each.readlink()) for each in Path(f"/proc/{pid}/fd").iterdir() if each.is_symlink()}
    for line in Path("/proc/net/tcp").read_text(encoding="ascii").splitlines()[1:]:
        fields = line.split()
        if fields[3] == "0A" and f"socket:[{fields[9]}]" in held:
            return int(fields[1].rpartition(":")[2], 16)
    raise AssertionError("it listens nowhere")


# --- where answers go ----------------------------------------------------------------------------


FOREIGN = (
    "http://evil.example/x", "https://evil.example/x", "https://hooks.slack.com.evil.example/x", "//hooks.slack.com/x",
    "http://hooks.slack.com/commands/x", "https://hooks.slack.com@evil.example/x", "file:///etc/passwd", "x", "",
    "https://hooks.slack.com:444/x", "https://evil.example\\@hooks.slack.com/x", "http://127.0.0.1:1/steal",
    "https://user:pw@hooks.slack.com/x", "http://169.254.169.254/latest", "https://hooks.slack.com\r\nX: y/",
    "https://evilslack.com/x", "wss://hooks.slack.com/x", "https://hooks.slack.com\u3002evil.example/x",
)  # fmt: skip


@pytest.mark.slow
async def test_an_answer_goes_nowhere_but_to_slack(closed: ServiceHarness, capsys: pytest.CaptureFixture[str]) -> None:
    await closed.open(over_http=True)
    for number, url in enumerate(FOREIGN):
        acts = (
            command(closed, "hannah", "team rows", response_url=url),
            {
                **action(closed, "hannah", "ask:model", "team 7d by:model"),
                "response_url": url or "x",
                "trigger_id": f"{number}",
            },
        )
        for act in acts:
            capsys.readouterr()
            assert (await posted(closed, as_form(act), signed(closed, as_form(act)))).status_code == 400
            await closed.idle()
            (line,) = capsys.readouterr().out.splitlines()
            assert "`response_url` is not Slack's" in line
            assert "evil" not in line
    assert not closed.visible("hannah")


# --- who may talk to the port --------------------------------------------------------------------


PROBES = (
    {"Host": "localhost:8080"}, {"Host": "127.0.0.1"}, {"Host": "[::1]:8080"}, {"Host": "10.2.3.4:8080"},
    {"Sec-Fetch-Site": "none"},
)  # fmt: skip
STRANGERS = (
    {"Host": "evil.example"}, {"Host": "127.0.0.1.evil.example:8080"}, {"Host": "evil"}, {"Host": "localhost.evil"},
    {"Host": "127.0.0.1@evil.example"}, {"Host": "127.0.0.1/x"}, {"Origin": EVIL}, {"Origin": "null"},
    {"Origin": "http://127.0.0.1"}, {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"},
)  # fmt: skip


async def test_health_is_for_this_machine_and_probes(port: int) -> None:
    statuses = {"/healthz": 200, "/readyz": 503}  # its Slack never answers
    async with stranger() as client:
        for path, status in statuses.items():
            for headers, expected in [*((each, status) for each in PROBES), *((each, 403) for each in STRANGERS)]:
                answer = await client.get(f"http://127.0.0.1:{port}{path}", headers=headers)
                assert answer.status_code == expected, (path, headers)
                assert answer.headers["Server"] == "neo-usage"


@pytest.fixture
async def port(place: DatabasePlace, clock: SimClock) -> AsyncIterator[int]:
    """The port of a service whose Slack never answers."""
    environment = {
        "NEO_API_URL": "http://127.0.0.1:1", "NEO_API_KEY": "neo_sk_" + "x" * 32, "SLACK_BOT_TOKEN": "xoxb-1",
        "SLACK_APP_TOKEN": "xapp-1", "SLACK_API_URL": "http://127.0.0.1:1/api/", "HTTP_PORT": "0",
        "DATABASE_URL": url_of(place),
    }  # fmt: skip
    async with running_service(build(load(environment), clock)) as service:
        yield service.port


async def test_slacks_own_request_comes_under_any_name_but_from_no_page(closed: ServiceHarness) -> None:
    await closed.open(over_http=True)
    body = as_form(command(closed, "hannah", "team"))
    public = {"Host": "bot.acme.example", "X-Forwarded-For": "54.1.2.3", "X-Forwarded-Proto": "https"}
    pages: tuple[dict[str, str], ...] = ({"Origin": EVIL}, {"Sec-Fetch-Site": "cross-site"})
    for page in pages:
        assert (await posted(closed, body, signed(closed, body) | public | page)).status_code == 403
    assert (await posted(closed, body, signed(closed, body) | public)).status_code == 200
    await closed.idle()
    assert visible_text(closed.visible("hannah", CHANNEL)[-1]).startswith("The whole team")


async def test_another_method_is_answered_with_those_there_are(closed: ServiceHarness) -> None:
    await closed.open(over_http=True)
    async with stranger() as client:
        for path, allowed in (("/slack/events", "POST"), ("/healthz", "GET, HEAD"), ("/readyz", "GET, HEAD")):
            answer = await client.put(f"http://127.0.0.1:{closed.service.port}{path}")
            assert (answer.status_code, answer.headers["Allow"]) == (405, allowed)


async def test_a_setting_that_names_a_host_is_a_name_of_this_machine(closed: ServiceHarness) -> None:
    closed.settings["HTTP_HOST"] = "localhost"
    await closed.open()
    async with stranger() as client:
        url = f"http://127.0.0.1:{closed.service.port}/healthz"
        assert (await client.get(url, headers={"Host": "localhost"})).status_code == 200


# --- broken requests -----------------------------------------------------------------------------


def broken(harness: ServiceHarness) -> dict[str, tuple[bytes, dict[str, str], int]]:
    """Requests by what is wrong with them, and the status that each gets."""
    body = as_form(command(harness, "hannah", "team"))
    good = signed(harness, body)
    now, deep = int(good["X-Slack-Request-Timestamp"]), b'{"a":' + b"[" * 100_000
    stamps = (
        "",
        "abc",
        "-1",
        "1e9",
        "9" * 400,
        "\u0661\u0662\u0663",
        f"{now} x",
        f"{now}.5",
        str(now - 301),
        str(now + 400),
        "0",
    )
    signatures = (
        "",
        "v0=",
        "v0=00",
        "v1=" + "0" * 64,
        "v0=" + "g" * 64,
        "v0=\u00e9",
        "V0=" + good["X-Slack-Signature"][3:],
        "v0=" + "0" * 64,
    )
    cases = {f"timestamp {each!r:.20}": (body, {**good, "X-Slack-Request-Timestamp": each}, 401) for each in stamps}
    cases |= {f"signature {each!r:.20}": (body, {**good, "X-Slack-Signature": each}, 401) for each in signatures}
    cases |= {
        f"without {name}": (body, {k: v for k, v in good.items() if k != name}, 401) for name in good if name[0] == "X"
    }
    cases["another body"] = (body + b"&x=1", good, 401)

    def proven(content: bytes, kind: str = FORM) -> tuple[bytes, dict[str, str], int]:
        return content, signed(harness, content, kind=kind), 400

    cases |= {
        f"json {each[:20]!r}": proven(each, JSON)
        for each in (b"", b"[1]", b"null", b"3", b'"x"', b"{", b'{"a":1', deep, b"\xff\xfe", b"NaN", b"1" * 5_000)
    }
    cases |= {
        f"form {each[:20]!r}": proven(each)
        for each in (
            b"",
            b"x",
            b"payload=",
            b"payload=[1]",
            b"payload=%FF",
            b"\xff=1",
            b"a=1&a=2",
            b"payload=null",
            b"&".join([b"x=1"] * 200),
        )
    }
    cases["charset"] = proven(body, f"{FORM}; charset=bogus")
    cases["utf-16"] = proven(body.decode().encode("utf-16"), f"{FORM}; charset=utf-16")
    cases["no kind"] = proven(body, "text/plain")
    cases["no kind at all"] = proven(body, "")
    for name in ("user_id", "channel_id", "response_url"):
        fields = command(harness, "hannah", "team", trigger_id=name)
        del fields[name]
        cases[f"without {name}"] = proven(as_form(fields))
    cases["long text"] = proven(as_form(command(harness, "hannah", "x" * 41_000)))
    cases["odd user"] = proven(as_form(command(harness, "hannah", "team", user_id="<!channel>")))
    cases["long user"] = proven(as_form(command(harness, "hannah", "team", user_id="U" * 500)))
    return cases


@pytest.mark.slow
async def test_whatever_is_malformed_is_a_status_and_one_line(
    closed: ServiceHarness, capsys: pytest.CaptureFixture[str]
) -> None:
    await closed.open(over_http=True)
    before = state(closed)
    for name, (body, headers, status) in broken(closed).items():
        capsys.readouterr()
        encoded = [(key.encode(), value.encode()) for key, value in headers.items()]
        async with stranger() as client:
            url = f"http://127.0.0.1:{closed.service.port}/slack/events"
            answer = await client.post(url, content=body, headers=encoded)
        lines = capsys.readouterr().out.splitlines()
        assert (name, answer.status_code, len(lines)) == (name, status, 1)
    await closed.idle()
    assert state(closed) == before


ODD: tuple[object, ...] = (None, True, 3, "", [], [1], {}, {"id": 3}, "x" * 5_000, "\ud800")


@pytest.mark.slow
@pytest.mark.long
async def test_a_payload_of_the_wrong_shape_ends_nothing(
    closed: ServiceHarness, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each field of each act, replaced by whatever it cannot be."""
    await closed.open(over_http=True)
    acts = (
        action(closed, "hannah", "ask:model", "team"),
        form(closed, "hannah", "budget_form", {"amount": "1", "unit": "month"}),
        event(closed, "hannah", "team"),
        {"type": "event_callback", "event": {"type": "app_home_opened", "user": "U0HANNAH", "tab": "home"}},
    )
    capsys.readouterr()
    sent = 0
    for act in acts:
        for path in paths(act):
            bodies = [json.dumps(replaced(act, path, odd)).encode() for odd in ODD]
            answers = await asyncio.gather(*(posted(closed, each, signed(closed, each, kind=JSON)) for each in bodies))
            assert {answer.status_code for answer in answers} <= {200, 400, 401, 404}, path
            sent += len(answers)
    await closed.idle()
    assert sent > 500
    logged = capsys.readouterr().out
    assert "Traceback" not in logged.replace("could not answer", "")
    assert "x" * 1_000 not in logged
    assert closed.service.slack.listener is not None
    assert visible_text(await closed.ask("hannah", "team")).startswith("The whole team")


async def test_an_odd_envelope_is_a_line_and_ends_nothing(
    harness: ServiceHarness, capsys: pytest.CaptureFixture[str]
) -> None:
    acts = (
        action(harness, "hannah", "ask:model", "secret-value"),
        form(harness, "hannah", "budget_form", {"amount": "secret-value"}),
        {**command(harness, "hannah", "secret-value"), "user_id": ["secret-value"]},
        {**command(harness, "hannah", "secret-value"), "response_url": "http://evil.example/secret-value"},
        {"type": "event_callback", "event": ["secret-value"]},
        {"type": ["secret-value"], "authorizations": {"secret-value": 1}, "team": 3},
    )
    acts[0]["actions"] = "secret-value"
    acts[1]["view"]["state"] = ["secret-value"]
    harness.slack.delivery.ack_timeout_s = 0.2
    for kind, act in zip(("interactive", "interactive", "slash_commands", "slash_commands") * 2, acts, strict=False):
        capsys.readouterr()
        assert not (await harness.slack.delivery.deliver(Payload(kind, act))).ok  # type: ignore[arg-type]
        (line,) = capsys.readouterr().out.splitlines()
        assert "secret" not in line
        assert "evil" not in line
    harness.slack.delivery.ack_timeout_s = 3
    assert visible_text(await harness.ask("hannah", "team")).startswith("The whole team")


def paths(part: object, *, above: tuple[object, ...] = ()) -> list[tuple[object, ...]]:
    """Every place in a payload."""
    found = [above] if above else []
    inside = part.items() if isinstance(part, dict) else enumerate(part) if isinstance(part, list) else ()
    for name, value in inside:
        found += paths(value, above=(*above, name))
    return found


def replaced(part: object, path: tuple[object, ...], odd: object) -> object:
    """The payload with something else at a place."""
    if not path:
        return odd
    if isinstance(part, dict):
        return {name: replaced(value, path[1:], odd) if name == path[0] else value for name, value in part.items()}
    assert isinstance(part, list)
    return [replaced(value, path[1:], odd) if place == path[0] else value for place, value in enumerate(part)]


# --- size, time, bytes that are no HTTP ----------------------------------------------------------


async def test_a_body_larger_than_slacks_is_not_read(closed: ServiceHarness) -> None:
    await closed.open(over_http=True)
    huge = b"text=" + b"x" * 900_000
    assert (await posted(closed, huge, signed(closed, huge))).status_code == 413
    async with stranger() as client:

        async def endless() -> AsyncIterator[bytes]:
            for _ in range(40):
                yield b"x" * 10_000

        url = f"http://127.0.0.1:{closed.service.port}/slack/events"
        assert (await client.post(url, content=endless(), headers={"Content-Type": FORM})).status_code == 413
    squeezed = {"Content-Encoding": "gzip"}
    assert (await posted(closed, b"x", signed(closed, b"x") | squeezed)).status_code == 415


@pytest.mark.slow
async def test_half_a_request_is_not_waited_for(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.slack.http_server.TIMEOUT_SECONDS", 0.3)
    halves = {
        b"": b"", b"POST /slack": b"", b"POST /slack/events HTTP/1.1\r\nHost: x\r\nX-A: ": b"",
        b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\nabc": b"HTTP/1.1 200",
    }  # fmt: skip
    async with asyncio.timeout(8):
        for half, status in halves.items():
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(half)
            answer = await reader.read()  # to the end, which the bot makes
            assert answer[: len(b"HTTP/1.1 200")] == status
            writer.close()


async def test_half_a_body_is_not_waited_for(closed: ServiceHarness, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.slack.http_server.TIMEOUT_SECONDS", 0.3)
    await closed.open(over_http=True)
    async with asyncio.timeout(8):
        reader, writer = await asyncio.open_connection("127.0.0.1", closed.service.port)
        writer.write(b"POST /slack/events HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nabc")
        assert (await reader.read()).startswith(b"HTTP/1.1 408")
        writer.close()


async def test_what_is_no_http_is_a_line_and_no_more(port: int, capsys: pytest.CaptureFixture[str]) -> None:
    garbage = (
        b"\x16\x03\x01\x02\x00\x01", b"GET /\x1b[2J HTTP/9.9\r\n\r\n", b"\r\n\r\n\r\nfoo\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", b"GET " + b"a" * 20_000,
        b"POST /slack/events HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\n evil@acme.example\r\n\r\n", b"POST / HTTP/1.1\r\nContent-Length: -5\r\n\r\n",
    )  # fmt: skip
    for each in garbage:
        capsys.readouterr()
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(each)
        writer.write_eof()
        async with asyncio.timeout(15):
            answer = await reader.read()
        writer.close()
        assert answer == b"", each
        assert b"aiohttp" not in answer
        logged = capsys.readouterr().out
        assert logged.count("is no HTTP") == 1
        assert not [part for part in ("evil", "\x1b", "Traceback") if part in logged]


# --- replays -------------------------------------------------------------------------------------


@pytest.mark.slow
async def test_a_recorded_request_is_refused_also_after_a_restart(closed: ServiceHarness) -> None:
    await closed.open(over_http=True)
    fields = command(closed, "hannah", "budget team 5/month")
    without = urlencode({name: value for name, value in fields.items() if name != "trigger_id"}).encode()
    recorded = [(body, signed(closed, body)) for body in (as_form(fields), without)]
    for body, headers in recorded:
        assert (await posted(closed, body, headers)).status_code == 200
    await closed.idle()
    before = len(state(closed)["budget_revision"]), len(closed.slack.calls("hook"))
    for body, headers in recorded:
        assert (await posted(closed, body, headers)).status_code == 401
    await closed.restart(over_http=True)
    for body, headers in recorded:
        assert (await posted(closed, body, headers)).status_code == 401
    await closed.idle()
    assert (len(state(closed)["budget_revision"]), len(closed.slack.calls("hook"))) == before


@pytest.mark.slow
async def test_slacks_own_repetition_is_taken_and_not_answered_again_also_after_a_restart(
    closed: ServiceHarness,
) -> None:
    await closed.open(over_http=True)
    said = json.dumps(event(closed, "hannah", "team")).encode()
    assert (await posted(closed, said, signed(closed, said, kind=JSON))).status_code == 200
    await closed.idle()
    posts = len(closed.slack.calls("chat.postMessage"))
    await closed.restart(over_http=True)
    again = json.dumps({**json.loads(said), "event_id": "Ev2"}).encode()
    assert (await posted(closed, again, signed(closed, again, kind=JSON))).status_code == 200
    await closed.idle()
    assert len(closed.slack.calls("chat.postMessage")) == posts
