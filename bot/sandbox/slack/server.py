"""The HTTP side of the simulated Slack: the Web API, response URLs, uploads and sockets, with faults on demand."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from datetime import datetime
from itertools import count
from typing import Any, TypeVar

from aiohttp import web

from bot.sandbox.http_server import Server
from bot.sandbox.slack.api_calls import Call, RefusedError, read_arguments
from bot.sandbox.slack.context import SlackContext
from bot.sandbox.slack.fault_injection import Reply, reset, respond
from bot.sandbox.slack.faults import Faults
from bot.sandbox.slack.methods import METHODS
from bot.sandbox.slack.models import Json
from bot.sandbox.slack.response_urls import apply_response
from bot.sandbox.slack.uploads import store_upload
from bot.sandbox.slack.user_actions import UserActions
from bot.sandbox.slack.workspace import Workspace

__all__ = ["SlackApi", "SlackServer"]

T = TypeVar("T")
Handler = Callable[[web.Request], Coroutine[Any, Any, web.StreamResponse]]
MAX_REQUEST_BYTES = 64 * 1024**2  # bytes of one request
NOT_FOUND, BAD_REQUEST = 404, 400


class SlackApi(UserActions):
    """Slack with one workspace: the actions of people, and the API for the app. May be changed while it serves.

    Messages are stamped by `clock`; triggers expire and signatures are dated by `real`, by default also `clock`.
    log: all calls in order of arrival: methods of the Web API, `upload` and `hook` (a response URL).
    faults: their faults. down: while true, every request is reset and no socket stays open.
    """

    def __init__(
        self, workspace: Workspace, clock: Callable[[], datetime], real: Callable[[], datetime] | None = None
    ) -> None:
        super().__init__(SlackContext(workspace, clock, real or clock))
        self.faults = Faults()
        self.log: list[Call] = []
        self._numbers = count(1)  # continues when the log is cleared

    @property
    def url(self) -> str:
        """The address of the server; known when it serves, or from the first request on."""
        return self.context.tokens.url

    @url.setter
    def url(self, url: str) -> None:
        self.context.tokens.url = url

    def application(self) -> web.Application:
        """Return a new application. Several may serve the same API, one loop after the other."""
        app = web.Application(client_max_size=MAX_REQUEST_BYTES)
        app.add_routes(self.routes())
        return app

    def routes(self) -> list[web.RouteDef]:
        """Return all routes, for an application that has others besides."""
        return [
            web.route("*", "/api/{method}", self._unless_down(self._serve_method)),
            web.get("/link/", self._unless_down(self.sockets.serve)),
            web.post("/hooks/{token}", self._unless_down(self._serve_response_url)),
            web.post("/upload/v1/{token}", self._unless_down(self._serve_upload)),
        ]

    def calls(self, method: str) -> list[Call]:
        """Return the logged calls of one method."""
        return [call for call in self.log if call.method == method]

    def _unless_down(self, handler: Handler) -> Handler:
        async def handle(request: web.Request) -> web.StreamResponse:
            if self.down:
                return reset(request)
            self.url = self.url or str(request.url.origin())
            return await handler(request)

        return handle

    async def _serve_method(self, request: web.Request) -> web.StreamResponse:
        args, malformed = await _arguments(request)
        token = _token(request, args)
        call = self._log_call(request.match_info["method"], args, self._token_kind(token), request)
        return await respond(self.faults.take(call), lambda: self._method_reply(call, malformed), request)

    def _log_call(self, method: str, args: Json, token: str, request: web.Request) -> Call:
        at = asyncio.get_running_loop().time()
        call = Call(next(self._numbers), method, args, token, str(request.url.origin()), at)
        self.log.append(call)
        self.workspace.touch()  # a test may wait for the call itself
        return call

    def _token_kind(self, token: str) -> str:
        kinds = {self.workspace.bot_token: "bot", self.workspace.app_token: "app", "": "none"}
        return kinds.get(token, "unknown")

    def _method_reply(self, call: Call, malformed: RefusedError | None) -> Reply:
        try:
            if malformed:
                raise malformed
            call.answer = self._run(call)
        except RefusedError as refused:
            call.answer = refused.answer()
        return Reply(call.answer, headers=dict(self._headers(call)))

    def _run(self, call: Call) -> Json:
        """Run the method and return its answer.

        Raises RefusedError if the method is unknown, or the token is wrong or lacks the scope.
        """
        method = METHODS.get(call.method)
        if method is None:
            raise RefusedError("unknown_method", req_method=call.method)
        if call.token in {"none", "unknown"}:
            raise RefusedError({"none": "not_authed"}.get(call.token, "invalid_auth"))
        if call.token != method.token:
            raise RefusedError("not_allowed_token_type")
        if method.scope:
            self.context.require(method.scope)
        return method.run(self.context, call)

    def _headers(self, call: Call) -> Iterator[tuple[str, str]]:
        yield "x-slack-req-id", f"{call.number:032x}"
        if call.token == "bot":
            yield "x-oauth-scopes", ",".join(sorted(self.workspace.scopes))
            accepted = METHODS[call.method].scope if call.method in METHODS else ""
            yield "x-accepted-oauth-scopes", accepted

    async def _serve_response_url(self, request: web.Request) -> web.StreamResponse:
        args, malformed = await _arguments(request)
        call = self._log_call("hook", args, "none", request)
        token = request.match_info["token"]
        return await respond(self.faults.take(call), lambda: self._response_reply(call, token, malformed), request)

    def _response_reply(self, call: Call, token: str, malformed: RefusedError | None) -> Reply:
        try:
            response_url = self.context.tokens.use_response_url(token)
            if malformed:
                raise malformed
            apply_response(self.context, response_url, call)
        except RefusedError as refused:
            call.answer = refused.answer()
            return Reply(call.answer, NOT_FOUND if refused.error in {"expired_url", "used_url"} else BAD_REQUEST)
        call.answer = {"ok": True}
        return Reply("ok")

    async def _serve_upload(self, request: web.Request) -> web.StreamResponse:
        content = await _content(request)
        call = self._log_call("upload", {"size": len(content)}, "none", request)
        token = request.match_info["token"]
        return await respond(self.faults.take(call), lambda: self._upload_reply(call, token, content), request)

    def _upload_reply(self, call: Call, token: str, content: bytes) -> Reply:
        try:
            store_upload(self.context, token, content)
        except RefusedError as refused:
            call.answer = refused.answer()
            return Reply(refused.error, NOT_FOUND)
        call.answer = {"ok": True}
        return Reply(f"OK - {len(content)}")


class SlackServer(Server[SlackApi]):
    """Serves a SlackApi; `api_url` is the base URL of a Web API client."""

    @property
    def api_url(self) -> str:
        """The Web API's address, with a trailing slash."""
        return f"{self.url}/api/"

    async def start(self) -> None:
        """Serve from the running loop."""
        await super().start()
        self.api.url = self.url

    async def act(self, action: Coroutine[Any, Any, T]) -> T:
        """Run an action in the loop that serves, from any loop, and return its result."""
        if self.loop is asyncio.get_running_loop():
            return await action
        if self.loop is None:
            action.close()
            raise RuntimeError("not serving")
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(action, self.loop))


async def _arguments(request: web.Request) -> tuple[Json, RefusedError | None]:
    try:
        return await read_arguments(request), None
    except RefusedError as malformed:
        return dict(request.query), malformed


def _token(request: web.Request, args: Json) -> str:
    """Return the token from the header, else from the arguments, and remove it from these."""
    argument = str(args.pop("token", "") or "")
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme == "Bearer" else argument


async def _content(request: web.Request) -> bytes:
    """Return the body, or the first file of a multipart form."""
    if not request.content_type.startswith("multipart/"):
        return await request.read()
    for field in (await request.post()).values():
        if isinstance(field, web.FileField):
            return field.file.read()
    return b""
