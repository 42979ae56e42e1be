"""The page's server: what a person sees and does, in one application with the simulated Slack."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

from aiohttp import ClientConnectionResetError, web

from bot.sandbox.clock import SimClock
from bot.sandbox.neo import NeoApi
from bot.sandbox.page.actions import PageActions
from bot.sandbox.page.neo_panel import NeoPanel
from bot.sandbox.page.security import add_security_headers, reject_foreign_requests
from bot.sandbox.page.user_view import UserView, view_json
from bot.sandbox.slack.delivery import Ack
from bot.sandbox.slack.models import View
from bot.sandbox.slack.server import SlackApi

__all__ = ["Page"]

Json = dict[str, Any]
STATIC = Path(__file__).parent / "static"
CONTENT_TYPES = {".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
TEXT_TYPES = {"text/csv", "text/plain", "application/json"}
ACTORS = ("hannah", "priya", "marcus", "gil")
HEARTBEAT_S = 15.0
DEBOUNCE_S = 0.02  # changes within this time are sent as one event


class Page:
    """The page over one workspace and one Neo team, together with Slack's routes.

    `actors`: the handles of the people the page can act as. `on_change`: awaited after the time or Neo's tasks changed.
    `is_ready`: while it is not set, the page waits to show the workspace.
    `actions`: the actions of its buttons; its `bot` may be set to one that can be killed.
    `timezone`: in which the page shows times and counts today.
    """

    def __init__(
        self,
        slack: SlackApi,
        neo: NeoApi,
        clock: SimClock,
        *,
        timezone: str = "UTC",
        actors: tuple[str, ...] = ACTORS,
    ) -> None:
        self.slack, self.neo, self.clock, self.timezone = slack, neo, clock, timezone
        self.actors = {slack.workspace.user(handle).id: handle for handle in actors}
        self.is_ready = asyncio.Event()
        self.is_ready.set()
        self.on_change: list[Callable[[], Awaitable[None]]] = []
        zone = ZoneInfo(timezone)
        self.panel, self._user_view = NeoPanel(neo, zone), UserView(slack.workspace)
        self.actions = PageActions(slack, neo, clock, self.panel, zone)

    def application(self) -> web.Application:
        """Return a new application with the routes of the page and of Slack."""
        app = self.slack.application()
        app.middlewares.append(reject_foreign_requests)
        app.on_response_prepare.append(add_security_headers)
        app.add_routes(self.routes())
        return app

    def routes(self) -> list[web.RouteDef]:
        """Return the page's own routes."""
        return [
            web.get("/", _index),
            web.get("/static/{name}", _static),
            web.get("/page/state", self._state),
            web.get("/page/messages", self._messages),
            web.get("/page/home", self._home),
            web.get("/page/stream", self._stream),
            web.post("/page/send", self._send),
            web.post("/page/click", self._click),
            web.post("/page/submit", self._submit),
            web.post("/page/close", self._close),
            web.post("/page/open-home", self._open_home),
            web.post("/page/world", self._world),
            web.get("/files/{id}/{name}", self._file),
        ]

    async def _state(self, request: web.Request) -> web.Response:
        """Answer with everything but the messages, once it is ready; without `as`, as the first actor sees it."""
        await self.is_ready.wait()
        me = self._actor(request.query if "as" in request.query else {"as": next(iter(self.actors))})
        now, workspace = self.clock(), self.slack.workspace
        return web.json_response(
            {
                "now": now.isoformat(),
                "timezone": self.timezone,
                "team": {"name": workspace.name, "domain": workspace.domain},
                "me": me,
                "bot": workspace.bot_user,
                "commands": sorted(workspace.commands),
                "actors": list(self.actors),
                "inbox": {actor: self._user_view.inbox(actor) for actor in self.actors},
                "people": self._user_view.people(),
                "conversations": self._user_view.conversations(me),
                "neo": self.panel.summary(now),
                "app": None if self.actions.bot is None else {"up": self.actions.bot.up},
                "slack": {"up": not self.slack.down, "sockets": len(self.slack.sockets)},
                "version": workspace.version,
            }
        )

    async def _messages(self, request: web.Request) -> web.Response:
        person = self._actor(request.query)
        try:
            messages = self._user_view.messages(person, request.query.get("channel", ""))
        except KeyError:
            raise web.HTTPNotFound(text="no such conversation") from None
        return web.json_response({"messages": messages})

    async def _home(self, request: web.Request) -> web.Response:
        return web.json_response({"view": self._user_view.home(self._actor(request.query))})

    async def _stream(self, request: web.Request) -> web.StreamResponse:
        """Send events: the version after each change, and the person's modal when it changed."""
        person = self._actor(request.query)
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        with suppress(ClientConnectionResetError):  # the browser left the page
            await self._send_events(person, response)
        return response

    async def _send_events(self, person: str, response: web.StreamResponse) -> None:
        version, modal = -1, None
        while True:
            if await self.slack.workspace.wait_change(version, HEARTBEAT_S) == version:
                await response.write(b": still here\n\n")
                continue
            await asyncio.sleep(DEBOUNCE_S)
            version = self.slack.workspace.version
            top = self.slack.workspace.view_on_top(person)
            for event in (*_modal_events(modal, top), {"version": version}):
                await response.write(f"data: {json.dumps(event)}\n\n".encode())
            modal = (top.id, top.hash) if top else None

    async def _send(self, request: web.Request) -> web.Response:
        given = await self._request_body(request)
        text, channel, thread = _text(given, "text").strip(), _text(given, "channel"), given.get("thread_ts")
        if text.startswith("/") and thread:
            return _error_response("Slash commands do not work in threads. Mention @neo-usage instead.")
        if text.startswith("/"):
            command, _, rest = text.partition(" ")
            return await _ack_response(self.slack.command(given["as"], channel, rest.strip(), command))
        return await _ack_response(self.slack.say(given["as"], channel, text, thread))

    async def _click(self, request: web.Request) -> web.Response:
        """Click in a message (`channel`, `ts`), or in a modal or home tab (`view_id`)."""
        given = await self._request_body(request)
        choice = {name: given.get(name) for name in ("value", "block_id")}
        action = _text(given, "action_id")
        if view_id := given.get("view_id"):
            return await _ack_response(self.slack.click_in_view(given["as"], view_id, action, **choice))
        channel, ts = _text(given, "channel"), _text(given, "ts")
        return await _ack_response(self.slack.click(given["as"], channel, ts, action, **choice))

    async def _submit(self, request: web.Request) -> web.Response:
        given = await self._request_body(request)
        values = given.get("values")
        return await _ack_response(self.slack.submit(given["as"], _text(given, "view_id"), values))

    async def _close(self, request: web.Request) -> web.Response:
        given = await self._request_body(request)
        return await _ack_response(self.slack.close_view(given["as"], _text(given, "view_id")))

    async def _open_home(self, request: web.Request) -> web.Response:
        given = await self._request_body(request)
        return await _ack_response(self.slack.open_home(given["as"]))

    async def _world(self, request: web.Request) -> web.Response:
        name = str((await _json(request)).get("do"))
        if name not in self.actions.names:
            raise web.HTTPBadRequest(text=f"the world cannot do {name!r}")
        outcome = await self.actions.run(name, self.on_change)
        return web.json_response({"ok": True, "text": outcome.text, "places": outcome.places})

    async def _file(self, request: web.Request) -> web.Response:
        file = self._user_view.file(self._actor(request.query), request.match_info["id"])
        if file is None:
            raise web.HTTPNotFound(text="no such file")
        kind = file.mimetype if file.mimetype in TEXT_TYPES else "application/octet-stream"
        disposition = f"attachment; filename*=UTF-8''{quote(file.name, safe='')}"
        headers = {"Content-Disposition": disposition}
        return web.Response(body=file.content, content_type=kind, charset="utf-8", headers=headers)

    async def _request_body(self, request: web.Request) -> Json:
        given = await _json(request)
        return given | {"as": self._actor(given)}

    def _actor(self, given: Mapping[str, Any]) -> str:
        """Return the id of the actor, given by id or handle. Raises HTTPForbidden if the page may not act as them."""
        for person, handle in self.actors.items():
            if given.get("as") in {person, handle}:
                return person
        raise web.HTTPForbidden(text="nobody to act as")


async def _index(_: web.Request) -> web.Response:
    return await _file(STATIC / "index.html")


async def _static(request: web.Request) -> web.Response:
    path = STATIC / request.match_info["name"]
    if path.suffix not in CONTENT_TYPES or path not in STATIC.iterdir():
        raise web.HTTPNotFound
    return await _file(path)


async def _file(path: Path) -> web.Response:
    """Serve a small file, read as a whole, so that nothing stays open when the browser disconnects."""
    body = await asyncio.to_thread(path.read_bytes)
    return web.Response(body=body, content_type=CONTENT_TYPES[path.suffix], charset="utf-8")


async def _json(request: web.Request) -> Json:
    """Return the body, a JSON object with that content type, which a form of another site cannot send."""
    if request.content_type != "application/json":
        raise web.HTTPUnsupportedMediaType(text="JSON only")
    try:
        given = await request.json()
    except ValueError:
        raise web.HTTPBadRequest(text="no JSON") from None
    if not isinstance(given, dict):
        raise web.HTTPBadRequest(text="no object")
    return given


def _text(given: Json, name: str) -> str:
    value = given.get(name)
    if not isinstance(value, str):
        raise web.HTTPBadRequest(text=f"{name} is missing")
    return value


async def _ack_response(action: Awaitable[Ack]) -> web.Response:
    """Answer with the outcome of an action; what a person cannot do is an error with a sentence."""
    try:
        ack = await action
    except (KeyError, ValueError) as impossible:
        return _error_response(str(impossible))
    return web.json_response({"ok": ack.ok and not ack.errors, "error": ack.error, "errors": ack.errors})


def _error_response(message: str) -> web.Response:
    return web.json_response({"ok": False, "error": message, "errors": {}})


def _modal_events(before: tuple[str, str] | None, top: View | None) -> list[Json]:
    if top is None:
        return [{"modal_closed": before[0]}] if before else []
    return [{"modal": view_json(top)}] if before != (top.id, top.hash) else []
