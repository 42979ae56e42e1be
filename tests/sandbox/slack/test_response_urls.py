"""What an app responds to an interaction is posted, replaced or deleted."""

import asyncio
from datetime import timedelta

import pytest
from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncRespond

from bot.sandbox.clock import SimClock
from bot.sandbox.slack.server import SlackApi
from tests.support.sandbox import SPEND, Json, button_block, capture, visible

pytestmark = pytest.mark.usefixtures("connected")


async def test_a_response_address_serves_five_times(app: AsyncApp, slack: SlackApi) -> None:
    statuses: list[int] = []
    all_answered = asyncio.Event()

    @app.command("/neo-usage")
    async def answer(ack: AsyncAck, respond: AsyncRespond) -> None:
        await ack()
        for number in range(6):
            statuses.append((await respond(f"{number}")).status_code)  # noqa: PERF401 one after the other
        all_answered.set()

    await slack.command("priya", SPEND)
    await asyncio.wait_for(all_answered.wait(), 10)
    assert statuses == [200, 200, 200, 200, 200, 404]
    assert [message.text for message in visible(slack)] == ["0", "1", "2", "3", "4"]
    assert slack.calls("hook")[-1].answer == {"ok": False, "error": "used_url"}


async def test_a_response_address_expires_after_half_an_hour(app: AsyncApp, slack: SlackApi, clock: SimClock) -> None:
    payloads = capture(app, "command", "/neo-usage")
    await slack.command("priya", SPEND)
    respond = AsyncRespond(response_url=payloads[0]["response_url"])
    clock.advance(timedelta(minutes=30))
    assert (await respond("in time")).status_code == 200
    clock.advance(timedelta(seconds=1))
    late = await respond("late")
    assert (late.status_code, late.body) == (404, '{"ok": false, "error": "expired_url"}')


@pytest.mark.parametrize(
    ("answer", "error"), [({"text": ""}, "no_text"), ({"text": "x", "blocks": [{"type": "table"}]}, "invalid_blocks")]
)
async def test_a_response_slack_does_not_take_is_refused(
    app: AsyncApp, slack: SlackApi, answer: Json, error: str
) -> None:
    payloads = capture(app, "command", "/neo-usage")
    await slack.command("priya", SPEND)
    response = await AsyncRespond(response_url=payloads[0]["response_url"])(answer)
    assert (response.status_code, error in response.body) == (400, True)
    assert visible(slack) == []


@pytest.mark.parametrize(
    ("answer", "left"),
    [
        ({"text": "new", "replace_original": True}, ["new"]),
        ({"text": "", "delete_original": True}, []),
        ({"text": "new"}, ["old", "new"]),
        ({"text": "new", "response_type": "in_channel"}, ["old", "new"]),
    ],
)
async def test_a_response_may_replace_or_delete(app: AsyncApp, slack: SlackApi, answer: Json, left: list[str]) -> None:
    @app.command("/neo-usage")
    async def acknowledge(ack: AsyncAck) -> None:
        await ack(text="old", blocks=[button_block()])

    @app.action("go")
    async def clicked(ack: AsyncAck, respond: AsyncRespond) -> None:
        await ack()
        await respond(answer)

    await slack.command("priya", SPEND)
    await slack.click("priya", SPEND, visible(slack)[0].ts, "go")
    await slack.workspace.until(lambda: [message.text for message in visible(slack)] == left)
    for_all = [message.text for message in visible(slack, "marcus")]
    assert for_all == (["new"] if "response_type" in answer else [])
