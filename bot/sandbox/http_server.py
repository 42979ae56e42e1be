"""Serves the sandbox on the loopback interface, from its own thread or from the running event loop."""

import asyncio
import threading
import weakref
from typing import Generic, Protocol, Self, TypeVar

from aiohttp import web

from bot.sandbox.neo import NeoApi
from bot.sandbox.page.security import reject_foreign_requests

HOST = "127.0.0.1"
LOOP_TURNS = 4  # turns of the loop in which connections accepted while the server stopped become visible
GRACE_S = 0.05  # for handlers when stopping; their connections are gone by then


class ApplicationFactory(Protocol):
    """An API that can be served."""

    def application(self) -> web.Application:
        """Return a new application with all routes of the API."""


Api = TypeVar("Api", bound=ApplicationFactory)


class Server(Generic[Api]):
    """Serves an API at `url`; port 0 means any free one.

    `with Server(api)` (or `open` and `close`) serves from a daemon thread; `async with` (or `start`
    and `stop`) from the running loop. Stopping aborts all connections, also those of requests without a response.
    """

    def __init__(self, api: Api, port: int = 0) -> None:
        self.api = api
        self._port = port
        self._runner: web.AppRunner | None = None
        self._thread: tuple[asyncio.AbstractEventLoop, threading.Thread] | None = None
        self.loop: asyncio.AbstractEventLoop | None = None  # from which it serves, None when stopped
        self._transports: weakref.WeakSet[asyncio.Transport] = weakref.WeakSet()

    @property
    def url(self) -> str:
        """The base address without a trailing slash; port 0 is replaced by the real one once it serves."""
        return f"http://{HOST}:{self._port}"

    async def start(self) -> None:
        """Serve from the running loop. Raises OSError if the port is taken, RuntimeError if it serves already."""
        if self._runner:
            raise RuntimeError(f"already serving at {self.url}")
        application = self.api.application()
        application.on_response_prepare.append(self._remember_transport)
        if reject_foreign_requests not in application.middlewares:
            application.middlewares.append(reject_foreign_requests)
        self._runner = web.AppRunner(
            application,
            access_log=None,
            handler_cancellation=True,  # so that a hanging request ends when its client disconnects
            shutdown_timeout=GRACE_S,
        )
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, HOST, self._port).start()
        except OSError:
            await self.stop()
            raise
        self._port = self._runner.addresses[0][1]
        self.loop = asyncio.get_running_loop()

    async def stop(self) -> None:
        """Stop serving, if it serves."""
        runner, self._runner = self._runner, None
        self.loop = None
        if runner:
            await self._abort_connections(runner)
            await runner.cleanup()

    async def _remember_transport(self, request: web.Request, _: web.StreamResponse) -> None:
        # a connection that is closing forgets its transport, which stays open until the whole response is read
        if request.transport:
            self._transports.add(request.transport)

    async def _abort_connections(self, runner: web.AppRunner) -> None:
        """Stop accepting connections, then abort the open ones, whether they wait or have unread responses."""
        for site in list(runner.sites):
            await site.stop()
        for _ in range(LOOP_TURNS):
            connected = {each.transport for each in runner.server.connections} if runner.server else set()
            for transport in connected | set(self._transports):
                if transport:
                    transport.abort()
            await asyncio.sleep(0)  # the loop closes aborted sockets in its next turn

    def open(self) -> None:
        """Serve from a daemon thread with its own loop. Raises what `start` raises."""
        loop = asyncio.new_event_loop()
        thread = threading.Thread(target=loop.run_forever, name="sandbox", daemon=True)
        thread.start()
        try:
            asyncio.run_coroutine_threadsafe(self.start(), loop).result()
        except BaseException:
            _stop_thread(loop, thread)
            raise
        self._thread = loop, thread

    def close(self) -> None:
        """Stop serving and end the thread, if it serves from one."""
        thread, self._thread = self._thread, None
        if thread:
            asyncio.run_coroutine_threadsafe(self.stop(), thread[0]).result()
            _stop_thread(*thread)

    def __enter__(self) -> Self:
        self.open()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()


class NeoServer(Server[NeoApi]):
    """Serves a NeoApi."""


def _stop_thread(loop: asyncio.AbstractEventLoop, thread: threading.Thread) -> None:
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()
