"""The transport: sessions and clients that connect to Slack alone, follow no redirect, and use a proxy only if set."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp
from aiohttp.client_middlewares import ClientHandlerType
from slack_sdk.http_retry.async_handler import AsyncRetryHandler
from slack_sdk.http_retry.builtin_async_handlers import (
    AsyncConnectionErrorRetryHandler,
    AsyncRateLimitErrorRetryHandler,
    AsyncServerErrorRetryHandler,
)
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bot.measurements import UNMEASURED, Measurements
from bot.settings.proxy import proxy_for
from bot.slack.errors import ForeignAddressError, measured_request
from bot.slack.origin import is_slack_address

ANSWER_SECONDS = 10.0  # to connect, and to wait for each part of an answer
_REDIRECTS = range(300, 400)


@dataclass(frozen=True, slots=True)
class SlackClients:
    """Clients of Slack's Web API at `address`, by what each repeats and waits for.

    `reading` repeats a request after a dropped connection, but never waits out a rate limit: its callers have other
    people to serve meanwhile. `posting` never repeats a request, or people would see a message twice, but waits out
    rate limits; it is for answers to somebody. `once` does neither. `patient` does both, for what somebody waits for.
    `session` is that of `posting` and `once`. Each request is counted by `measurements`.
    """

    reading: AsyncWebClient
    posting: AsyncWebClient
    once: AsyncWebClient
    patient: AsyncWebClient
    session: aiohttp.ClientSession | None
    address: str
    measurements: Measurements = UNMEASURED


@asynccontextmanager
async def connect_clients(token: str, address: str, measurements: Measurements) -> AsyncIterator[SlackClients]:
    """Give the clients for a bot token. Reading has connections of its own, so that no post waits for one."""
    # slack-sdk does not apply its own timeout to a session that it is given
    limits = aiohttp.ClientTimeout(total=6 * ANSWER_SECONDS, sock_connect=ANSWER_SECONDS, sock_read=ANSWER_SECONDS)
    async with slack_session(address, limits) as writing, slack_session(address, limits) as reading:
        rate_limit = AsyncRateLimitErrorRetryHandler(max_retry_count=3)
        repeat = [AsyncConnectionErrorRetryHandler(max_retry_count=2), AsyncServerErrorRetryHandler()]
        yield SlackClients(
            reading=web_client(token, address, reading, [*repeat], measurements),
            posting=web_client(token, address, writing, [rate_limit], measurements),
            once=web_client(token, address, writing, [], measurements),
            patient=web_client(token, address, reading, [rate_limit, *repeat], measurements),
            session=writing,
            address=address,
            measurements=measurements,
        )


def slack_session(address: str, limits: aiohttp.ClientTimeout) -> aiohttp.ClientSession:
    """Return a session for the Slack at that API address, to be closed by the caller.

    Its requests raise ForeignAddressError if they would go elsewhere, or are redirected.
    """

    async def to_slack(request: aiohttp.ClientRequest, send: ClientHandlerType) -> aiohttp.ClientResponse:
        if not is_slack_address(str(request.url), address):
            raise ForeignAddressError("Slack named an address that is not its own")
        response = await send(request)
        if response.status in _REDIRECTS:  # following it would send token and message along
            response.close()
            why = f"Slack's address answered with a redirect ({response.status}); is SLACK_API_URL right?"
            raise ForeignAddressError(why)
        return response

    return aiohttp.ClientSession(timeout=limits, middlewares=(to_slack,))


class _MeasuredClient(AsyncWebClient):
    """A client of the Web API that counts its requests; what it repeats by itself counts once."""

    measurements: Measurements = UNMEASURED

    async def api_call(self, api_method: str, **arguments: Any) -> AsyncSlackResponse:  # noqa: ANN401 - the client's own
        """Make a request, as the client of slack-sdk does."""
        with measured_request(self.measurements):
            return await super().api_call(api_method, **arguments)


def web_client(
    token: str | None,
    address: str,
    session: aiohttp.ClientSession | None = None,
    retry_handlers: list[AsyncRetryHandler] | None = None,
    measurements: Measurements = UNMEASURED,
) -> AsyncWebClient:
    """Return a client of the Web API at that address, over a session of `slack_session`."""
    client = _MeasuredClient(token, address, session=session, retry_handlers=retry_handlers)
    client.measurements = measurements
    client.proxy = proxy_for(address)  # slack-sdk's own choice knows neither loopback nor NO_PROXY
    return client
