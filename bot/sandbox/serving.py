"""Serving the sandbox on the loopback: in a thread of its own, or in a loop that already runs."""

import asyncio
import threading
import weakref
from typing import Generic, Protocol, Self, TypeVar

from aiohttp import web

from bot.sandbox.neo import NeoApi
from bot.sandbox.page.guard import guarded

HOST = "127.0.0.1"
TURNS = 4  # of the loop, in which whoever was let in while the door closed comes to the fore
GRACE_S = 0.05  # for handlers when stopping, whose connections are gone by then


class Served(Protocol):
    """Whatever makes an application, a fresh one at each call."""

    def application(self) -> web.Application:
        """All its routes."""


Api = TypeVar("Api", bound=Served)


class Server(Generic[Api]):
    """Serves an API at `url`, port 0 meaning any free one.

    `with Server(api)` (or `open` and `close`) serves from a daemon thread; `async with` (or `start`
    and `stop`) from the running loop. Stopping cuts off whoever still waits for an answer.
    """

    def __init__(self, api: Api, port: int = 0) -> None:
        self.api = api
        self._port = port
        self._runner: web.AppRunner | None = None
        self._beside: tuple[asyncio.AbstractEventLoop, threading.Thread] | None = None
        self.loop: asyncio.AbstractEventLoop | None = None  # the one it serves from, while it does
        self._answered: weakref.WeakSet[asyncio.Transport] = weakref.WeakSet()

    @property
    def url(self) -> str:
        """The base address, without a slash at its end; known once it serves."""
        return f"http://{HOST}:{self._port}"

    async def start(self) -> None:
        """Serve from the running loop. Raises OSError when the port is taken, RuntimeError when serving."""
        if self._runner:
            raise RuntimeError(f"already serving at {self.url}")
        application = self.api.application()
        application.on_response_prepare.append(self._remember)
        if guarded not in application.middlewares:
            application.middlewares.append(guarded)
        self._runner = web.AppRunner(
            application,
            access_log=None,
            handler_cancellation=True,  # a client that leaves ends a hanging request
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
        """Stop serving; nothing happens when it does not serve."""
        runner, self._runner = self._runner, None
        self.loop = None
        if runner:
            await self._cut_off(runner)
            await runner.cleanup()

    async def _remember(self, request: web.Request, _: web.StreamResponse) -> None:
        # a connection that is being closed forgets its transport, which stays open until all of the answer is read
        if request.transport:
            self._answered.add(request.transport)

    async def _cut_off(self, runner: web.AppRunner) -> None:
        """Close the door, then drop who is inside: neither waiting nor unread answers keep a transport open."""
        for site in list(runner.sites):
            await site.stop()
        for _ in range(TURNS):
            inside = {each.transport for each in runner.server.connections} if runner.server else set()
            for transport in inside | set(self._answered):
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
            _end(loop, thread)
            raise
        self._beside = loop, thread

    def close(self) -> None:
        """Stop serving from the thread, and end it; nothing happens when it does not serve."""
        beside, self._beside = self._beside, None
        if beside:
            asyncio.run_coroutine_threadsafe(self.stop(), beside[0]).result()
            _end(*beside)

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


def _end(loop: asyncio.AbstractEventLoop, thread: threading.Thread) -> None:
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()
