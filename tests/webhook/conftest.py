"""Fixtures of the webhook's tests: a receiver, and a service that sends events to it."""

from collections.abc import AsyncIterator

import pytest

from bot.sandbox.webhook import WebhookApi, WebhookServer
from bot.sandbox.world import World
from tests.support.harness import ServiceHarness
from tests.support.webhook import events, webhook_settings


@pytest.fixture
def world() -> World:
    return World.empty()


@pytest.fixture
async def receiver() -> AsyncIterator[WebhookServer]:
    """A receiver; in the end, whatever it took is as the schema says."""
    async with WebhookServer(WebhookApi()) as server:
        yield server
        events(server.api)


@pytest.fixture
def api(receiver: WebhookServer) -> WebhookApi:
    return receiver.api


@pytest.fixture
async def hooked(closed: ServiceHarness, receiver: WebhookServer) -> ServiceHarness:
    """A service, not started yet, that sends events to the receiver."""
    closed.settings |= webhook_settings(receiver)
    return closed
