"""The upstream: a process that serves a listing on the loopback, each answer a set time after its question."""

import asyncio
import json
import subprocess
import sys
from asyncio import StreamReader, StreamWriter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from time import perf_counter
from urllib.parse import parse_qs

from benchmarks.listing import PAGE, Listing
from benchmarks.plain_http import PlainRequest, json_answer, received
from bot.sandbox.neo import KEY, PATH

_COARSE = 0.0015  # how late a sleep may end, in seconds


@contextmanager
def served(listing: Listing, latency: float = 0.0, module: str = "benchmarks.upstream", *more: object) -> Iterator[str]:
    """Serve a listing from another process; gives the base address. It ends with its standard input.

    `more` is for the module, whose `main` is run with it.
    """
    asked = [listing.total, listing.histories, listing.span.total_seconds(), listing.mixed, latency, *more]
    command = [sys.executable, "-m", module, json.dumps(asked)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) as process:  # noqa: S603 - our own command
        try:
            assert process.stdout
            url = process.stdout.readline().strip()
            assert url, "the upstream did not start"
            yield url
        finally:
            process.terminate()


class PagesApi:
    """Answers questions for pages, whatever their window; light pages are made before anybody asks."""

    def __init__(self, listing: Listing, latency: float) -> None:
        self.listing = listing
        self._latency = latency
        offsets = () if listing.histories else range(0, listing.total, PAGE)
        self._made = {offset: json_answer(listing.page(offset)) for offset in offsets}

    async def serve(self, reader: StreamReader, writer: StreamWriter) -> None:
        """Answer what comes over one connection, until it ends."""
        async for request in received(reader):
            due = perf_counter() + self._latency
            answer = self.answer(request)
            await _until(due)
            writer.write(answer)
            await writer.drain()
        writer.close()

    def answer(self, request: PlainRequest) -> bytes:
        """Return the whole answer to a request."""
        assert f"x-api-key: {KEY}" in request.head.decode().replace("X-Api-Key", "x-api-key")
        target = request.target
        assert target.path == PATH
        query = parse_qs(target.query)
        assert query["limit"] == [str(PAGE)]
        offset = int(query["offset"][0])
        return self._made.get(offset) or json_answer(self.listing.page(offset))


async def _until(due: float) -> None:
    await asyncio.sleep(due - perf_counter() - _COARSE)
    while perf_counter() < due:  # noqa: ASYNC110 - it is time that is waited for, to a tenth of a millisecond
        await asyncio.sleep(0)


async def serve(api: PagesApi) -> None:
    """Serve at a free port, whose address is printed, until standard input ends."""
    server = await asyncio.start_server(api.serve, "127.0.0.1", 0)
    sys.stdout.write(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await asyncio.to_thread(sys.stdin.read)


def listing_of(total: int, histories: int, span: float, mixed: bool) -> Listing:  # noqa: FBT001 - as `served` sends it
    """Return the listing that `served` was given."""
    return Listing(total, histories, timedelta(seconds=span), mixed)


if __name__ == "__main__":
    *given, seconds = json.loads(sys.argv[1])
    asyncio.run(serve(PagesApi(listing_of(*given), seconds)))
