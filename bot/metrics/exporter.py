"""The exporter: `/metrics` on a port of its own."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING

import structlog
from aiohttp import web
from prometheus_client import generate_latest
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from bot.cancellation import cancel_and_wait
from bot.database.engine import DATABASE_ERRORS
from bot.metrics.families import GaugeLabels, ServiceState, ledger_families, service_families
from bot.metrics.ledger_facts import FactsPolicy, LedgerFacts, ledger_facts
from bot.metrics.process_metrics import ProcessMetrics
from bot.slack.http_server import (
    READING,
    RefusedRequestError,
    refuse_browsers,
    require_method,
    require_own_host,
    serve_http,
    text_response,
)

if TYPE_CHECKING:
    from bot.database.engine import Database

log = structlog.get_logger(__name__)

PATH = "/metrics"
READ_SECONDS = 5.0  # that a scrape waits for the database: Prometheus waits ten


@dataclass(slots=True)
class Exporter:
    """What is exported of a service: what it counts, what it knows of itself, and what the ledger says.

    `host` is the name that the server listens on. The ledger is read at each scrape. Who scrapes while it is being read
    gets the same.
    """

    database: "Database"
    policy: FactsPolicy
    counted: ProcessMetrics
    state: Callable[[], Awaitable[ServiceState]]
    labels: GaugeLabels
    clock: Callable[[], datetime]
    host: str
    _scrape: "asyncio.Task[str] | None" = None

    async def text(self) -> str:
        """Return all metrics in Prometheus' text format."""
        if self._scrape is None or self._scrape.done():
            self._scrape = asyncio.create_task(self._text())
        return await asyncio.shield(self._scrape)

    async def end(self) -> None:
        """Break off a scrape that is under way."""
        if self._scrape is not None:
            await cancel_and_wait([self._scrape])

    async def _text(self) -> str:
        facts = await self._facts()
        return await asyncio.to_thread(self._rendered, facts, await self.state())

    async def _facts(self) -> LedgerFacts | None:
        """Return the facts of the ledger; None if it cannot be read in time."""
        try:
            async with asyncio.timeout(READ_SECONDS):
                return await self.database.read(partial(ledger_facts, policy=self.policy, now=self.clock()))
        except (*DATABASE_ERRORS, TimeoutError) as error:
            log.warning("could not read the ledger for metrics", why=type(error).__name__)
            return None

    def _rendered(self, facts: LedgerFacts | None, state: ServiceState) -> str:
        families = [*service_families(state, is_readable=facts is not None), *self.counted.families()]
        if facts is not None:
            families += ledger_families(facts, self.labels, names_members=self.policy.names_members)
        return generate_latest(_Families(families)).decode()

    # --- HTTP --------------------------------------------------------------------------------------

    async def answer(self, request: web.BaseRequest) -> web.Response:
        """Answer a request. Raises RefusedRequestError if it is not answered."""
        refuse_browsers(request)
        require_own_host(request, self.host)
        if request.path != PATH:
            raise RefusedRequestError(HTTPStatus.NOT_FOUND, "there is nothing at that path")
        require_method(request, READING)
        response = text_response(HTTPStatus.OK, await self.text(), "text/plain")
        response.headers["Content-Type"] = "text/plain; version=0.0.4; charset=utf-8"
        return response


@dataclass(frozen=True, slots=True)
class _Families(Collector):
    """Families as prometheus-client takes them, without a registry."""

    families: Iterable[Metric]

    def collect(self) -> Iterator[Metric]:
        """Yield them."""
        yield from self.families


@asynccontextmanager
async def serve_metrics(exporter: Exporter, port: int) -> AsyncIterator[int]:
    """Serve the metrics, and give the port. Raises OSError if the port is in use."""
    async with serve_http(exporter.answer, exporter.host, port) as served:
        try:
            yield served
        finally:
            await exporter.end()
