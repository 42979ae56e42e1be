"""The text that people type comes escaped."""

import pytest
from slack_bolt.async_app import AsyncApp

from bot.sandbox.slack.server import SlackApi
from tests.support.sandbox import SPEND, capture

pytestmark = pytest.mark.usefixtures("connected")


@pytest.mark.parametrize(
    ("typed", "text"),
    [
        ("today", "today"),
        ("@hannah this week", "<@U0HANNAH|hannah> this week"),
        ("by @nobody", "by @nobody"),
        ("in #neo-spend", "in <#C0NEOSPEND|neo-spend>"),
        ("in #sec-leads", "in <#C0SECLEADS|>"),
        ("#404", "#404"),
        ("mei.chen@acme.example", "<mailto:mei.chen@acme.example|mei.chen@acme.example>"),
        ("https://a.example/?b=1&c", "<https://a.example/?b=1&amp;c>"),
        ("a < b & c > d", "a &lt; b &amp; c &gt; d"),
    ],
)
async def test_a_command_comes_escaped(app: AsyncApp, slack: SlackApi, typed: str, text: str) -> None:
    payloads = capture(app, "command", "/neo-usage")
    ack = await slack.command("priya", SPEND, typed)
    assert (ack.ok, ack.error, payloads[0]["text"]) == (True, None, text)


async def test_links_come_as_typed_when_escaping_is_off(app: AsyncApp, slack: SlackApi) -> None:
    payloads = capture(app, "command", "/neo-usage")
    slack.workspace.escapes_links = False
    await slack.command("priya", SPEND, "@hannah <x")
    assert payloads[0]["text"] == "@hannah &lt;x"
