"""The Neo API's double: `GET /api/v1/usage/tasks` over a simulated world, with faults on demand."""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from itertools import count
from typing import Literal

from aiohttp import web

from bot.sandbox.answers import Answer, Page, Request
from bot.sandbox.damage import altered, edited, sent
from bot.sandbox.faults import Fault, Faults
from bot.sandbox.listing import FiltersBy, Listing, Manner, Order
from bot.sandbox.query import MalformedError, Query
from bot.sandbox.tasks import Row, SimTask, history, row
from bot.sandbox.world import World

PATH = "/api/v1/usage/tasks"
KEY = "neo_sk_" + ("sandbox" * 5)[:32]


class RefusedError(Exception):
    """A request that gets an error response: its status, what it says, and headers that belong to it."""

    def __init__(self, status: int, detail: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(detail)
        self.status, self.detail, self.headers = status, detail, headers or {}


class NeoApi:
    """One Neo team's API. All attributes may be changed while it serves.

    filters_by, order: what upstream leaves undocumented, see `listing`. tier: whose key it is; a
    "solo" key sees the tasks of `owner` (by default the world's first member) without e-mail.
    latency_s: waited before each answer. page_cap: no page has more rows, whatever the limit.
    histories: entries of `tool_call_history` in each row; 30 make 200 rows weigh 0.6 MB.
    between: called with a request's number once its answer is made and before it leaves.
    """

    def __init__(self, world: World, clock: Callable[[], datetime], key: str = KEY) -> None:
        self.world, self.clock, self.key = world, clock, key
        self.filters_by: FiltersBy = "created"
        self.order: Order = "newest"
        self.tier: Literal["admin", "member", "solo"] = "admin"
        self.owner: str | None = world.members[0].email if world.members else None
        self.latency_s = 0.0
        self.page_cap: int | None = None
        self.histories = 0
        self.between: Callable[[int], None] | None = None
        self.faults = Faults()
        self.log: list[Request] = []
        self._listing = Listing()
        self._numbers = count(1)  # goes on when the log is cleared

    def application(self) -> web.Application:
        """A fresh application to serve; several may share one API, one loop after the other."""
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._handle)
        return app

    async def _handle(self, asked: web.Request) -> web.StreamResponse:
        request = self._note(asked)
        fault = self.faults.take(request)
        answer = altered(self._answer(request, fault), fault, request.number)
        if self.between:
            self.between(request.number)
        if self.latency_s:
            await asyncio.sleep(self.latency_s)
        return await sent(answer, fault, asked)

    def _note(self, asked: web.Request) -> Request:
        query = {name: asked.query[name] for name in asked.query}  # of repeated ones the first
        request = Request(next(self._numbers), asked.method, asked.path, query, asked.headers)
        self.log.append(request)
        return request

    def _answer(self, request: Request, fault: Fault | None) -> Answer:
        try:
            self._admit(request)
            page = self._page(Query.parse(request.query))
        except RefusedError as refused:
            return replace(Answer.error(refused.status, refused.detail, request.number), headers=refused.headers)
        except MalformedError as malformed:
            return Answer.error(400, str(malformed), request.number)
        return Answer(200, edited(page, fault).encoded())

    def _admit(self, request: Request) -> None:
        """Raise RefusedError unless it is the known path, asked rightly, by somebody entitled."""
        if request.path != PATH:
            raise RefusedError(404, f"no route for {request.path}")
        if request.method != "GET":
            raise RefusedError(405, f"{request.method} is not allowed here", {"Allow": "GET"})
        credentials = list(_credentials(request))
        if not credentials or any(given != self.key for given in credentials):
            raise RefusedError(401, "invalid or missing API key")
        if self.tier == "member":
            raise RefusedError(403, "usage data is available to team admins only")

    def _page(self, query: Query) -> Page:
        manner = Manner(self.filters_by, self.order, self.world.seed, self.tier == "solo", self.owner)
        found = self._listing.find(self.world.snapshot(self.clock()), manner, query)
        limit = query.limit if self.page_cap is None else min(query.limit, self.page_cap)
        shown = found[query.offset : query.offset + limit]
        return Page([self._row(task) for task in shown], len(found), query.offset + len(shown) < len(found))

    def _row(self, task: SimTask) -> Row:
        if not self.histories:
            return row(task)
        return row(task) | {"tool_call_history": history(task, self.histories)}


def _credentials(request: Request) -> Iterator[str]:
    """All keys given, in either way; another scheme than Bearer is no key, so a wrong one."""
    if "X-Api-Key" in request.headers:
        yield request.headers["X-Api-Key"]
    if "Authorization" in request.headers:
        scheme, _, key = request.headers["Authorization"].partition(" ")
        yield key if scheme == "Bearer" else ""
