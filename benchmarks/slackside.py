"""Slack's side, as light as it can be: signed requests in, and the moment at which an answer's payload arrives."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from time import perf_counter
from urllib.parse import urlencode

from aiohttp import web
from slack_bolt.async_app import AsyncApp, AsyncBoltRequest
from slack_sdk.signature import SignatureVerifier

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


def _user(number: int) -> dict[str, object]:
    return {
        "id": person(number), "team_id": TEAM, "name": f"member.{number}", "is_email_confirmed": True,
        "profile": {"email": f"member.{number}@acme.example"},
    }  # fmt: skip


_USERS = {str(user["id"]): user for user in map(_user, range(1, PEOPLE + 1))}


@dataclass
class Side:
    """Takes answers at `url`; `arrived` has each one's moment (perf_counter) and size in bytes by its number."""

    url: str = ""
    arrived: dict[int, tuple[float, int]] = field(default_factory=dict)
    _numbers: "count[int]" = field(default_factory=lambda: count(1))

    def request(self, text: str, user: str = OPERATOR) -> tuple[int, str, dict[str, str]]:
        """A signed command: the number under which its answer will arrive, its body and its headers."""
        number = next(self._numbers)
        fields = {
            "command": "/neo-usage", "text": text, "user_id": user, "team_id": TEAM, "channel_id": "C0BENCH",
            "response_url": f"{self.url}/hook/{number}", "trigger_id": str(number), "api_app_id": "A0BENCH",
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

    async def receive(self, request: web.Request) -> web.Response:
        """Note when a payload arrives, and how long it is."""
        body = await request.read()
        assert json.loads(body)["blocks"]
        self.arrived[int(request.match_info["number"])] = perf_counter(), len(body)
        return web.Response(text="ok")


async def _test(_: web.Request) -> web.Response:
    return web.json_response({"ok": True, "team_id": TEAM, "user_id": "U0BOT", "bot_id": "B0BOT"})


async def _users(_: web.Request) -> web.Response:
    return web.json_response({"ok": True, "members": list(_USERS.values())})


async def _info(request: web.Request) -> web.Response:
    asked = {**request.query, **await request.post()}
    return web.json_response({"ok": True, "user": _USERS[str(asked["user"])]})


@asynccontextmanager
async def slack_side() -> AsyncIterator[Side]:
    """Serve it from the running loop."""
    side = Side()
    app = web.Application()
    app.add_routes([web.post("/hook/{number}", side.receive), web.post("/api/auth.test", _test)])
    app.add_routes([web.route("*", "/api/users.list", _users), web.route("*", "/api/users.info", _info)])
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    side.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield side
    finally:
        await runner.cleanup()


async def acknowledged(bolt: AsyncApp, body: str, headers: dict[str, str]) -> float:
    """Seconds from a request's arrival at the bot to its ack."""
    begun = perf_counter()
    answer = await bolt.async_dispatch(AsyncBoltRequest(body=body, headers={**headers}))
    taken = perf_counter() - begun
    assert answer.status == 200, answer.status  # noqa: PLR2004 - HTTP's OK
    return taken
