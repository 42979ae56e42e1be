"""Fixtures of the outbox's tests."""

from collections.abc import AsyncIterator

import pytest

from bot.database.engine import Database
from bot.outbox.outbox import Outbox
from bot.outbox.renderers import Renderers
from bot.outbox.rules import DeliveryTiming
from bot.sandbox.slack.server import SlackApi, SlackServer
from bot.sandbox.slack.workspace import Workspace
from bot.shipped import shipped
from bot.slack.templates import Templates
from bot.slack.workspace import connect_workspace
from tests.support.stepped_outbox import START, Channels, SteppedOutbox, SteppedRenderer


@pytest.fixture
async def outbox(database: Database) -> AsyncIterator[SteppedOutbox]:
    now = [START]
    slack = SlackApi(Workspace.default(), lambda: now[0])
    renderer = SteppedRenderer()
    renderers = Renderers(
        {"note": renderer.render_event}, {"topic": renderer.render_current}, Templates(shipped("templates"))
    )
    async with SlackServer(slack) as server, connect_workspace(slack.workspace.bot_token, server.api_url) as workspace:
        timing = DeliveryTiming(request=0.3)
        parts = Outbox(database, workspace, renderers, Channels(), lambda: now[0], timing)
        yield SteppedOutbox(parts, slack, now, renderer)
