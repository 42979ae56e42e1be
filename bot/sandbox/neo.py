"""The simulated Neo API: the list of tasks and the summary of usage over a simulated world, with faults on demand."""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from itertools import count
from typing import Literal

from aiohttp import web

from bot.sandbox.fault_injection import alter_response, edit_page, send
from bot.sandbox.faults import Fault, Faults, Reshape
from bot.sandbox.listing import FiltersBy, Listing, ListingOptions, Order
from bot.sandbox.query import InvalidQueryError, Query
from bot.sandbox.responses import Page, Request, Response
from bot.sandbox.summary import SummaryOptions, summary_body
from bot.sandbox.tasks import Row, SimTask, history, row
from bot.sandbox.world import World

PATH = "/api/v1/usage/tasks"
SUMMARY_PATH = "/api/v1/usage/summary"
KEY = "neo_sk_" + ("sandbox" * 5)[:32]


class RefusedError(Exception):
    """A request is refused; carries the status, detail and headers of the error response."""

    def __init__(self, status: int, detail: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(detail)
        self.status, self.detail, self.headers = status, detail, headers or {}


class NeoApi:
    """The API of one Neo team. All attributes may be changed while it serves.

    filters_by, order: behaviour that upstream leaves undocumented, see `listing`; summary: that of the summary, which
    is independent of it, or None if there is no summary. hidden: the ids of tasks that are not listed.
    tier: the role of the key's owner; a "solo" key sees the tasks of `owner` (by default the world's first member)
    without e-mail.
    latency_s: the delay of each response. page_cap: the most rows of a page, whatever its limit.
    history_entries: entries of `tool_call_history` in each row; with 30, 200 rows weigh 0.6 MB.
    before_response: called with a request's number after its response is computed and before it is sent.
    on_rows: called with the rows of each page that is sent without a fault.
    """

    def __init__(self, world: World, clock: Callable[[], datetime], key: str = KEY) -> None:
        self.world, self.clock, self.key = world, clock, key
        self.filters_by: FiltersBy = "created"
        self.order: Order = "newest"
        self.summary: SummaryOptions | None = SummaryOptions()
        self.hidden: frozenset[str] = frozenset()
        self.tier: Literal["admin", "member", "solo"] = "admin"
        self.owner: str | None = world.members[0].email if world.members else None
        self.latency_s = 0.0
        self.page_cap: int | None = None
        self.history_entries = 0
        self.before_response: Callable[[int], None] | None = None
        self.on_rows: Callable[[list[Row]], None] | None = None
        self.faults = Faults()
        self.log: list[Request] = []
        self._listing = Listing()
        self._numbers = count(1)  # continues when the log is cleared

    def application(self) -> web.Application:
        """Return a new application. Several may serve the same API, one loop after the other."""
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._handle)
        return app

    async def _handle(self, http_request: web.Request) -> web.StreamResponse:
        request = self._log_request(http_request)
        fault = self.faults.take(request)
        response = alter_response(self._response(request, fault), fault, request.number)
        if self.before_response:
            self.before_response(request.number)
        if self.latency_s:
            await asyncio.sleep(self.latency_s)
        return await send(response, fault, http_request)

    def _log_request(self, http: web.Request) -> Request:
        query = {name: http.query[name] for name in http.query}  # the first value of a repeated parameter
        request = Request(next(self._numbers), http.method, http.path, query, http.headers)
        self.log.append(request)
        return request

    def _response(self, request: Request, fault: Fault | None) -> Response:
        try:
            self._authorize(request)
            if request.path == SUMMARY_PATH:
                return Response(200, self._summary(request, fault))
            page = self._page(Query.parse(request.query))
        except RefusedError as refused:
            return replace(Response.error(refused.status, refused.detail, request.number), headers=refused.headers)
        except InvalidQueryError as invalid:
            return Response.error(400, str(invalid), request.number)
        if fault is None and self.on_rows:
            self.on_rows(page.rows)
        return Response(200, edit_page(page, fault).to_json())

    def _authorize(self, request: Request) -> None:
        """Raise RefusedError unless path, method and key are right and the key's owner is entitled."""
        if request.path not in ({PATH} if self.summary is None else {PATH, SUMMARY_PATH}):
            raise RefusedError(404, f"no route for {request.path}")
        if request.method != "GET":
            raise RefusedError(405, f"{request.method} is not allowed here", {"Allow": "GET"})
        credentials = list(_credentials(request))
        if not credentials or any(given != self.key for given in credentials):
            raise RefusedError(401, "invalid or missing API key")
        if self.tier == "member":
            raise RefusedError(403, "usage data is available to team admins only")

    def _page(self, query: Query) -> Page:
        options = ListingOptions(self.filters_by, self.order, self.world.seed, self.tier == "solo", self.owner)
        tasks = self._listing.find(self.world.snapshot(self.clock()), options, query)
        limit = query.limit if self.page_cap is None else min(query.limit, self.page_cap)
        if self.hidden:
            tasks = [task for task in tasks if task.task_id not in self.hidden]
        page = tasks[query.offset : query.offset + limit]
        return Page([self._row(task) for task in page], len(tasks), query.offset + len(page) < len(tasks))

    def _summary(self, request: Request, fault: Fault | None) -> bytes:
        options = replace(self.summary or SummaryOptions(), owner=self.owner if self.tier == "solo" else None)
        reshape = fault.change if isinstance(fault, Reshape) else None
        now = self.clock()
        return summary_body(self.world.tasks(now), options, request.query, now, reshape)

    def _row(self, task: SimTask) -> Row:
        if not self.history_entries:
            return row(task)
        return row(task) | {"tool_call_history": history(task, self.history_entries)}


def _credentials(request: Request) -> Iterator[str]:
    """Yield all keys of the request; a scheme other than Bearer counts as a wrong key."""
    if "X-Api-Key" in request.headers:
        yield request.headers["X-Api-Key"]
    if "Authorization" in request.headers:
        scheme, _, key = request.headers["Authorization"].partition(" ")
        yield key if scheme == "Bearer" else ""
