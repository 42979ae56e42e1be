"""Slack's front: the Web API, response addresses, uploads and sockets over one workspace, with faults on demand."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from datetime import datetime
from itertools import count
from typing import Any, TypeVar

from aiohttp import web

from bot.sandbox.serving import Server
from bot.sandbox.slack.calls import Call, RefusedError, arguments
from bot.sandbox.slack.desk import Desk
from bot.sandbox.slack.faults import Faults
from bot.sandbox.slack.harm import Reply, cut, suffered
from bot.sandbox.slack.hooks import answered
from bot.sandbox.slack.methods import METHODS
from bot.sandbox.slack.people import People
from bot.sandbox.slack.things import Json
from bot.sandbox.slack.uploads import put
from bot.sandbox.slack.workspace import Workspace

__all__ = ["SlackApi", "SlackServer"]

T = TypeVar("T")
Handler = Callable[[web.Request], Coroutine[Any, Any, web.StreamResponse]]
LARGEST = 64 * 1024**2  # bytes of one request
GONE, BAD = 404, 400


class SlackApi(People):
    """One workspace's Slack: what people do (see People), and what an app asks. All may be changed while it serves.

    Messages go by `clock`; triggers expire and signatures are dated by `real`, which is `clock` unless given.
    log: every call in the order of arrival, the Web API's by their names, `upload` and `hook`.
    faults: what goes wrong with them. down: while true, every request is cut and no socket lives.
    """

    def __init__(
        self, workspace: Workspace, clock: Callable[[], datetime], real: Callable[[], datetime] | None = None
    ) -> None:
        super().__init__(Desk(workspace, clock, real or clock))
        self.faults = Faults()
        self.log: list[Call] = []
        self._numbers = count(1)  # goes on when the log is cleared

    @property
    def url(self) -> str:
        """Where it is served; known once it is, or from the first request."""
        return self.desk.url

    @url.setter
    def url(self, url: str) -> None:
        self.desk.url = url

    @property
    def down(self) -> bool:
        """Whether Slack is out of reach."""
        return self._down

    @down.setter
    def down(self, down: bool) -> None:
        self._down = down
        if down:
            self.sockets.drop()
        self.workspace.touch()

    def application(self) -> web.Application:
        """A fresh application to serve; several may share one API, one loop after the other."""
        app = web.Application(client_max_size=LARGEST)
        app.add_routes(self.routes())
        return app

    def routes(self) -> list[web.RouteDef]:
        """Everything it serves, for an application that serves more."""
        return [
            web.route("*", "/api/{method}", self._up(self._method)),
            web.get("/link/", self._up(self.sockets.serve)),
            web.post("/hooks/{token}", self._up(self._hook)),
            web.post("/upload/v1/{token}", self._up(self._upload)),
        ]

    def calls(self, method: str) -> list[Call]:
        """The logged calls of one method."""
        return [call for call in self.log if call.method == method]

    def _up(self, handler: Handler) -> Handler:
        async def reached(asked: web.Request) -> web.StreamResponse:
            if self._down:
                return cut(asked)
            self.desk.url = self.desk.url or str(asked.url.origin())
            return await handler(asked)

        return reached

    async def _method(self, asked: web.Request) -> web.StreamResponse:
        given, malformed = await _given(asked)
        token = _token(asked, given)
        call = self._note(asked.match_info["method"], given, self._kind(token), asked)
        return await suffered(self.faults.take(call), lambda: self._answered(call, malformed), asked)

    def _note(self, method: str, args: Json, token: str, asked: web.Request) -> Call:
        at = asyncio.get_running_loop().time()
        call = Call(next(self._numbers), method, args, token, str(asked.url.origin()), at)
        self.log.append(call)
        self.workspace.touch()  # somebody may wait for the call itself
        return call

    def _kind(self, token: str) -> str:
        known = {self.workspace.bot_token: "bot", self.workspace.app_token: "app", "": "none"}
        return known.get(token, "unknown")

    def _answered(self, call: Call, malformed: RefusedError | None) -> Reply:
        try:
            if malformed:
                raise malformed
            call.answer = self._run(call)
        except RefusedError as refused:
            call.answer = refused.answer()
        return Reply(call.answer, headers=dict(self._headers(call)))

    def _run(self, call: Call) -> Json:
        """Raises RefusedError unless the method is known, and the token is the right one and has the scope."""
        method = METHODS.get(call.method)
        if method is None:
            raise RefusedError("unknown_method", req_method=call.method)
        if call.token in {"none", "unknown"}:
            raise RefusedError({"none": "not_authed"}.get(call.token, "invalid_auth"))
        if call.token != method.token:
            raise RefusedError("not_allowed_token_type")
        if method.scope:
            self.desk.require(method.scope)
        return method.run(self.desk, call)

    def _headers(self, call: Call) -> Iterator[tuple[str, str]]:
        yield "x-slack-req-id", f"{call.number:032x}"
        if call.token == "bot":
            yield "x-oauth-scopes", ",".join(sorted(self.workspace.scopes))
            accepted = METHODS[call.method].scope if call.method in METHODS else ""
            yield "x-accepted-oauth-scopes", accepted

    async def _hook(self, asked: web.Request) -> web.StreamResponse:
        given, malformed = await _given(asked)
        call = self._note("hook", given, "none", asked)
        token = asked.match_info["token"]
        return await suffered(self.faults.take(call), lambda: self._hooked(call, token, malformed), asked)

    def _hooked(self, call: Call, token: str, malformed: RefusedError | None) -> Reply:
        try:
            hook = self.desk.use_hook(token)
            if malformed:
                raise malformed
            answered(self.desk, hook, call)
        except RefusedError as refused:
            call.answer = refused.answer()
            return Reply(call.answer, GONE if refused.error in {"expired_url", "used_url"} else BAD)
        call.answer = {"ok": True}
        return Reply("ok")

    async def _upload(self, asked: web.Request) -> web.StreamResponse:
        content = await _bytes(asked)
        call = self._note("upload", {"size": len(content)}, "none", asked)
        token = asked.match_info["token"]
        return await suffered(self.faults.take(call), lambda: self._uploaded(call, token, content), asked)

    def _uploaded(self, call: Call, token: str, content: bytes) -> Reply:
        try:
            put(self.desk, token, content)
        except RefusedError as refused:
            call.answer = refused.answer()
            return Reply(refused.error, GONE)
        call.answer = {"ok": True}
        return Reply(f"OK - {len(content)}")


class SlackServer(Server[SlackApi]):
    """Serves a SlackApi; `api_url` is what a web client calls its base."""

    @property
    def api_url(self) -> str:
        """The Web API's address, with a slash at its end."""
        return f"{self.url}/api/"

    async def start(self) -> None:
        """Serve from the running loop."""
        await super().start()
        self.api.url = self.url

    async def act(self, doing: Coroutine[Any, Any, T]) -> T:
        """Do something in the loop that serves, from whatever loop this is."""
        if self.loop is asyncio.get_running_loop():
            return await doing
        if self.loop is None:
            doing.close()
            raise RuntimeError("not serving")
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(doing, self.loop))


async def _given(asked: web.Request) -> tuple[Json, RefusedError | None]:
    try:
        return await arguments(asked), None
    except RefusedError as malformed:
        return dict(asked.query), malformed


def _token(asked: web.Request, given: Json) -> str:
    """From the header, else from the arguments, where it does not stay."""
    argument = str(given.pop("token", "") or "")
    scheme, _, token = asked.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme == "Bearer" else argument


async def _bytes(asked: web.Request) -> bytes:
    """The body, or the first file of a form."""
    if not asked.content_type.startswith("multipart/"):
        return await asked.read()
    for field in (await asked.post()).values():
        if isinstance(field, web.FileField):
            return field.file.read()
    return b""
