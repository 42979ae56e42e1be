"""The upstream: a process that serves a listing on the loopback, each answer a set time after its question."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from time import perf_counter

from aiohttp import web

from benchmarks.listing import PAGE, Listing
from bot.sandbox.neo import KEY, PATH


@contextmanager
def served(listing: Listing, latency: float = 0.0) -> Iterator[str]:
    """Serve a listing from another process; gives the base address. It ends with its standard input."""
    asked = [listing.total, listing.histories, listing.span.total_seconds(), latency]
    command = [sys.executable, "-m", "benchmarks.upstream", json.dumps(asked)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) as process:  # noqa: S603 - our own command
        try:
            assert process.stdout
            url = process.stdout.readline().strip()
            assert url, "the upstream did not start"
            yield url
        finally:
            process.terminate()


class _Api:
    """Answers questions for pages, whatever their window; light pages are made before anybody asks."""

    def __init__(self, listing: Listing, latency: float) -> None:
        self._listing = listing
        self._latency = latency
        offsets = () if listing.histories else range(0, listing.total, PAGE)
        self._made = {offset: listing.page(offset) for offset in offsets}

    async def answer(self, request: web.Request) -> web.Response:
        due = perf_counter() + self._latency
        assert request.headers.get("X-Api-Key") == KEY
        offset, limit = int(request.query.get("offset", 0)), int(request.query["limit"])
        assert limit == PAGE
        body = self._made.get(offset) or self._listing.page(offset)
        await asyncio.sleep(due - perf_counter())
        return web.Response(body=body, content_type="application/json")


async def _serve(listing: Listing, latency: float) -> None:
    app = web.Application()
    app.router.add_get(PATH, _Api(listing, latency).answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    sys.stdout.write(f"http://127.0.0.1:{runner.addresses[0][1]}\n")
    sys.stdout.flush()
    await asyncio.to_thread(sys.stdin.read)
    await runner.cleanup()


if __name__ == "__main__":
    total, histories, span, latency = json.loads(sys.argv[1])
    asyncio.run(_serve(Listing(total, histories, timedelta(seconds=span)), latency))
