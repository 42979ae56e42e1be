"""Slack's side, as light as it can be: signed requests in, and the moment at which an answer's payload arrives."""

import asyncio
import json
from asyncio import StreamReader, StreamWriter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from time import perf_counter
from urllib.parse import parse_qs, urlencode

from slack_bolt.async_app import AsyncApp, AsyncBoltRequest
from slack_sdk.signature import SignatureVerifier

from benchmarks.plain_http import PlainRequest, json_answer, post, received
from bot.app import system_clock

SECRET = "0" * 32
TOKEN = "xoxb-benchmark"  # noqa: S105 - nobody's
TEAM = "T0BENCH"
OPERATOR = "U0BENCH"
PEOPLE = 100


def person(number: int) -> str:
    """The Slack id of the person whose e-mail is `member.<number>`; the operator is the seventh."""
    return OPERATOR if number == _OPERATORS_NUMBER else f"U0BENCH{number:03}"


_OPERATORS_NUMBER = 7
_OPERATORS_LINE = "team 30d by:member"
_LINES = ("this month by:model", "90d by:day", "30d rows top:20", "7d")


def typed(number: int) -> tuple[str, str]:
    """What the person of that number asks, and their Slack id."""
    user = person(number)
    return _OPERATORS_LINE if user == OPERATOR else _LINES[number % len(_LINES)], user


def _user(number: int) -> dict[str, object]:
    return {
        "id": person(number), "team_id": TEAM, "name": f"member.{number}", "is_email_confirmed": True,
        "profile": {"email": f"member.{number}@acme.example"},
    }  # fmt: skip


_USERS = {str(user["id"]): user for user in map(_user, range(1, PEOPLE + 1))}


def _method(**found: object) -> bytes:
    """What a method of the Web API answers."""
    return json_answer(json.dumps({"ok": True, **found}).encode())


_METHODS = {
    "/api/auth.test": _method(team_id=TEAM, user_id="U0BOT", bot_id="B0BOT"),
    "/api/users.list": _method(members=[*_USERS.values()]),
}
_HOOK = "/hook/"
_TAKEN = json_answer(b"ok")


@dataclass
class Side:
    """Takes answers at `url`; `arrived` has each one's moment (perf_counter) and size in bytes by its number."""

    url: str = ""
    arrived: dict[int, tuple[float, int]] = field(default_factory=dict)
    _numbers: "count[int]" = field(default_factory=lambda: count(1))
    _awaited: dict[int, asyncio.Event] = field(default_factory=dict)

    def request(self, text: str, user: str = OPERATOR) -> tuple[int, str, dict[str, str]]:
        """A signed command: the number under which its answer will arrive, its body and its headers."""
        number = next(self._numbers)
        fields = {
            "command": "/neo-usage", "text": text, "user_id": user, "team_id": TEAM, "channel_id": "C0BENCH",
            "response_url": f"{self.url}{_HOOK}{number}", "trigger_id": f"{self.url}.{number}", "api_app_id": "A0BENCH",
        }  # fmt: skip
        body, stamp = urlencode(fields), str(int(system_clock().timestamp()))
        signature = SignatureVerifier(SECRET).generate_signature(timestamp=stamp, body=body)
        return (
            number,
            body,
            {
                "content-type": "application/x-www-form-urlencoded",
                "x-slack-signature": signature or "",
                "x-slack-request-timestamp": stamp,
            },
        )

    async def ask(self, service: str, text: str, user: str) -> int:
        """Send a command to a service at that address; return the answer's number once it is acknowledged."""
        number, body, headers = self.request(text, user)
        await post(f"{service}/slack/events", headers, body)
        return number

    async def answered(self, number: int) -> None:
        """Wait until the answer of that number arrives; nobody else waits for it."""
        if number not in self.arrived:
            self._awaited[number] = event = asyncio.Event()
            await event.wait()

    async def serve(self, reader: StreamReader, writer: StreamWriter) -> None:
        """Answer what comes over one connection, until it ends."""
        async for request in received(reader):
            path = request.target.path
            writer.write(self._taken(path, request) if path.startswith(_HOOK) else _called(request))
        writer.close()

    def _taken(self, path: str, request: PlainRequest) -> bytes:
        """Note when a payload arrives, and how long it is."""
        assert b'"blocks"' in request.body, path
        number = int(path.removeprefix(_HOOK))
        self.arrived[number] = perf_counter(), len(request.body)
        if event := self._awaited.pop(number, None):
            event.set()
        return _TAKEN


def _called(request: PlainRequest) -> bytes:
    """The answer to a call of the Web API."""
    target = request.target
    if target.path == "/api/users.info":
        return _method(user=_USERS[parse_qs(target.query)["user"][0]])
    return _METHODS.get(target.path) or _method(ok=False, error="unknown_method")


@asynccontextmanager
async def slack_side() -> AsyncIterator[Side]:
    """Serve it from the running loop."""
    side = Side()
    async with await asyncio.start_server(side.serve, "127.0.0.1", 0) as server:
        side.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        yield side


async def acknowledged(bolt: AsyncApp, body: str, headers: dict[str, str]) -> float:
    """Seconds from a request's arrival at the bot to its ack."""
    begun = perf_counter()
    answer = await bolt.async_dispatch(AsyncBoltRequest(body=body, headers={**headers}))
    taken = perf_counter() - begun
    assert answer.status == 200, answer.status  # noqa: PLR2004 - HTTP's OK
    return taken
