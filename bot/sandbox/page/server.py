"""The page's server: what a person sees and does, over the simulated Slack and Neo in one application."""

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
from bot.sandbox.page.deeds import Deeds
from bot.sandbox.page.guard import guarded, harden
from bot.sandbox.page.panel import Panel
from bot.sandbox.page.sight import Sight, view_seen
from bot.sandbox.slack.delivery import Ack
from bot.sandbox.slack.server import SlackApi
from bot.sandbox.slack.things import View

__all__ = ["Page"]

Json = dict[str, Any]
STATIC = Path(__file__).parent / "static"
TYPES = {".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
READABLE = {"text/csv", "text/plain", "application/json"}
ACTORS = ("hannah", "priya", "marcus", "gil")
HEARTBEAT_S = 15.0
GATHER_S = 0.02  # a burst of changes is told once


class Page:
    """The page over one workspace and one Neo team, with Slack's own addresses beside it.

    `actors`: whom one can act as, by handle. `on_change`: awaited after time was moved or trouble made.
    `deeds`: what its buttons do; its `bot` may be set, for one that can be killed.
    `timezone` is the one in which the page shows moments and counts today.
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
        self.on_change: list[Callable[[], Awaitable[None]]] = []
        zone = ZoneInfo(timezone)
        self._panel, self._sight = Panel(neo, zone), Sight(slack.workspace)
        self.deeds = Deeds(slack, neo, clock, self._panel, zone)

    def application(self) -> web.Application:
        """A fresh application with the page and all that Slack serves."""
        app = self.slack.application()
        app.middlewares.append(guarded)
        app.on_response_prepare.append(harden)
        app.add_routes(self.routes())
        return app

    def routes(self) -> list[web.RouteDef]:
        """The page's own addresses."""
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

    async def _state(self, asked: web.Request) -> web.Response:
        """Everything but what was said; without `as` through the eyes of the first who may act."""
        me = self._actor(asked.query if "as" in asked.query else {"as": next(iter(self.actors))})
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
                "inbox": {actor: self._sight.inbox(actor) for actor in self.actors},
                "people": self._sight.people(),
                "conversations": self._sight.conversations(me),
                "neo": self._panel.shown(now),
                "app": None if self.deeds.bot is None else {"up": self.deeds.bot.up},
                "slack": {"up": not self.slack.down, "sockets": len(self.slack.sockets)},
                "version": workspace.version,
            }
        )

    async def _messages(self, asked: web.Request) -> web.Response:
        person = self._actor(asked.query)
        try:
            found = self._sight.messages(person, asked.query.get("channel", ""))
        except KeyError:
            raise web.HTTPNotFound(text="no such conversation") from None
        return web.json_response({"messages": found})

    async def _home(self, asked: web.Request) -> web.Response:
        return web.json_response({"view": self._sight.home(self._actor(asked.query))})

    async def _stream(self, asked: web.Request) -> web.StreamResponse:
        """Server-sent events: the version after each change, and the person's modal when it is another."""
        person = self._actor(asked.query)
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(asked)
        with suppress(ClientConnectionResetError):  # the page was left
            await self._tell(person, response)
        return response

    async def _tell(self, person: str, response: web.StreamResponse) -> None:
        version, modal = -1, None
        while True:
            reached = await self.slack.workspace.wait_change(version, HEARTBEAT_S)
            if reached == version:
                await response.write(b": still here\n\n")
                continue
            await asyncio.sleep(GATHER_S)
            version = self.slack.workspace.version
            top = self.slack.workspace.view_on_top(person)
            for event in (*_modal_events(modal, top), {"version": version}):
                await response.write(f"data: {json.dumps(event)}\n\n".encode())
            modal = (top.id, top.hash) if top else None

    async def _send(self, asked: web.Request) -> web.Response:
        given = await self._given(asked)
        text, channel, thread = _text(given, "text").strip(), _text(given, "channel"), given.get("thread_ts")
        if text.startswith("/") and thread:
            return _refused("Slash commands do not work in threads. Mention @neo-usage instead.")
        if text.startswith("/"):
            command, _, rest = text.partition(" ")
            return await _acted(self.slack.command(given["as"], channel, rest.strip(), command))
        return await _acted(self.slack.say(given["as"], channel, text, thread))

    async def _click(self, asked: web.Request) -> web.Response:
        """In a message (`channel`, `ts`), or in a modal or home tab (`view_id`)."""
        given = await self._given(asked)
        chosen = {name: given.get(name) for name in ("value", "block_id", "selected_option")}
        action = _text(given, "action_id")
        if view_id := given.get("view_id"):
            return await _acted(self.slack.click_in_view(given["as"], view_id, action, **chosen))
        channel, ts = _text(given, "channel"), _text(given, "ts")
        return await _acted(self.slack.click(given["as"], channel, ts, action, **chosen))

    async def _submit(self, asked: web.Request) -> web.Response:
        given = await self._given(asked)
        values = given.get("values")
        return await _acted(self.slack.submit(given["as"], _text(given, "view_id"), values))

    async def _close(self, asked: web.Request) -> web.Response:
        given = await self._given(asked)
        return await _acted(self.slack.close_view(given["as"], _text(given, "view_id")))

    async def _open_home(self, asked: web.Request) -> web.Response:
        given = await self._given(asked)
        return await _acted(self.slack.open_home(given["as"]))

    async def _world(self, asked: web.Request) -> web.Response:
        what = str((await _json(asked)).get("do"))
        if what not in self.deeds.names:
            raise web.HTTPBadRequest(text=f"the world cannot do {what!r}")
        return web.json_response({"ok": True, "text": await self.deeds.do(what, self.on_change)})

    async def _file(self, asked: web.Request) -> web.Response:
        file = self._sight.file(self._actor(asked.query), asked.match_info["id"])
        if file is None:
            raise web.HTTPNotFound(text="no such file")
        kind = file.mimetype if file.mimetype in READABLE else "application/octet-stream"
        disposition = f"attachment; filename*=UTF-8''{quote(file.name, safe='')}"
        headers = {"Content-Disposition": disposition}
        return web.Response(body=file.content, content_type=kind, charset="utf-8", headers=headers)

    async def _given(self, asked: web.Request) -> Json:
        given = await _json(asked)
        return given | {"as": self._actor(given)}

    def _actor(self, given: Mapping[str, Any]) -> str:
        """The id of who acts, given by id or handle. Raises HTTPForbidden unless one may act as them."""
        for person, handle in self.actors.items():
            if given.get("as") in {person, handle}:
                return person
        raise web.HTTPForbidden(text="nobody to act as")


async def _index(_: web.Request) -> web.Response:
    return await _file(STATIC / "index.html")


async def _static(asked: web.Request) -> web.Response:
    path = STATIC / asked.match_info["name"]
    if path.suffix not in TYPES or path not in STATIC.iterdir():
        raise web.HTTPNotFound
    return await _file(path)


async def _file(path: Path) -> web.Response:
    """A small file, read at once: a browser that leaves midway leaves nothing open."""
    body = await asyncio.to_thread(path.read_bytes)
    return web.Response(body=body, content_type=TYPES[path.suffix], charset="utf-8")


async def _json(asked: web.Request) -> Json:
    """The body, an object called JSON: a form of another site cannot send one."""
    if asked.content_type != "application/json":
        raise web.HTTPUnsupportedMediaType(text="JSON only")
    try:
        given = await asked.json()
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


async def _acted(act: Awaitable[Ack]) -> web.Response:
    """How an act went; what a person cannot do is an error in words."""
    try:
        ack = await act
    except (KeyError, ValueError) as impossible:
        return _refused(str(impossible))
    return web.json_response({"ok": ack.ok and not ack.errors, "error": ack.error, "errors": ack.errors})


def _refused(words: str) -> web.Response:
    return web.json_response({"ok": False, "error": words, "errors": {}})


def _modal_events(before: tuple[str, str] | None, top: View | None) -> list[Json]:
    if top is None:
        return [{"modal_closed": before[0]}] if before else []
    return [{"modal": view_seen(top)}] if before != (top.id, top.hash) else []
