"""The HTTP server: whether the service lives and is ready, and (without Socket Mode) Slack's requests."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager

from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response, to_bolt_request
from slack_bolt.async_app import AsyncApp

EVENTS = "/slack/events"
_TURNS = 4  # of the loop, in which whoever was let in while the door closed comes to the fore

Ready = Callable[[], Awaitable[Mapping[str, str]]]
"""What stands in the way of being ready, by what it concerns; empty when all is well."""


def application(ready: Ready, bolt: Callable[[], AsyncApp | None]) -> web.Application:
    """`/healthz` and `/readyz`, and Slack's one path, which is not found until there is an app for it."""

    async def healthz(_: web.Request) -> web.Response:
        return web.json_response({"ok": True})

    async def readyz(_: web.Request) -> web.Response:
        problems = dict(await ready())
        return web.json_response({"ok": not problems, "problems": problems}, status=503 if problems else 200)

    async def events(request: web.Request) -> web.Response:
        app = bolt()
        if app is None:
            raise web.HTTPNotFound
        return await to_aiohttp_response(await app.async_dispatch(await to_bolt_request(request)))

    app = web.Application()
    app.add_routes([web.get("/healthz", healthz), web.get("/readyz", readyz), web.post(EVENTS, events)])
    return app


@asynccontextmanager
async def served(app: web.Application, host: str, port: int) -> AsyncIterator[int]:
    """Serve, and give the port; raises OSError when it is taken."""
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
        yield runner.addresses[0][1]
    finally:
        for site in list(runner.sites):
            await site.stop()
        for _ in range(_TURNS):
            await asyncio.sleep(0)
        await runner.cleanup()
