"""The transport: sessions and clients that speak to Slack alone, follow no redirect, and use a proxy only as told."""

import aiohttp
from aiohttp.client_middlewares import ClientHandlerType
from slack_sdk.http_retry.async_handler import AsyncRetryHandler
from slack_sdk.web.async_client import AsyncWebClient

from bot.settings import proxy_for
from bot.slack.errors import StrayError
from bot.slack.origin import is_slacks

_REDIRECTS = range(300, 400)


def session(address: str, limits: aiohttp.ClientTimeout) -> aiohttp.ClientSession:
    """A session for the Slack of that API address; whoever asks closes it. A request that strays raises StrayError."""

    async def to_slack(request: aiohttp.ClientRequest, send: ClientHandlerType) -> aiohttp.ClientResponse:
        if not is_slacks(str(request.url), address):
            raise StrayError("Slack named an address that is not its own")
        response = await send(request)
        if response.status in _REDIRECTS:  # it would carry token and message along
            response.close()
            raise StrayError(f"Slack's address answered with a redirect ({response.status}); is SLACK_API_URL right?")
        return response

    return aiohttp.ClientSession(timeout=limits, middlewares=(to_slack,))


def web_client(
    token: str | None,
    address: str,
    over: aiohttp.ClientSession | None = None,
    retry_handlers: list[AsyncRetryHandler] | None = None,
) -> AsyncWebClient:
    """A client of Slack's Web API over a session of `session`'s."""
    client = AsyncWebClient(token, address, session=over, retry_handlers=retry_handlers)
    client.proxy = proxy_for(address)  # slack-sdk's own choice knows neither loopback nor NO_PROXY
    return client
