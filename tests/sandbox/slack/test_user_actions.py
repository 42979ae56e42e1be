"""What people do reaches an unchanged Bolt app, and what it answers reaches them."""

import asyncio
from typing import Any

import pytest
from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncSay
from slack_sdk.socket_mode.response import SocketModeResponse
from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox.slack.server import SlackApi
from tests.support.sandbox import SPEND, Json, button_block, capture, visible

pytestmark = pytest.mark.usefixtures("connected")


@pytest.mark.parametrize(
    ("channel", "name"),
    [(SPEND, "neo-spend"), ("#sec-leads", "privategroup"), ("D0PRIYA", "directmessage"), ("#security", "security")],
)
async def test_a_command_says_where_it_was_given(app: AsyncApp, slack: SlackApi, channel: str, name: str) -> None:
    payloads = capture(app, "command", "/neo-usage")
    await slack.command("priya", channel)
    assert (payloads[0]["channel_name"], payloads[0]["user_id"], payloads[0]["text"]) == (name, "U0PRIYA", "")


async def test_the_ack_of_a_command_is_shown_to_its_giver(app: AsyncApp, slack: SlackApi) -> None:
    @app.command("/neo-usage")
    async def answer(ack: AsyncAck) -> None:
        await ack(text="here", blocks=[button_block()])

    ack = await slack.command("priya", SPEND)
    (message,) = visible(slack)
    assert (ack.body or {})["text"] == "here"
    assert (message.text, message.ephemeral_to, message.blocks[0]["block_id"]) == ("here", "U0PRIYA", "b")
    assert visible(slack, "marcus") == []


async def test_an_ack_in_channel_is_shown_to_all(app: AsyncApp, slack: SlackApi) -> None:
    @app.command("/neo-usage")
    async def answer(ack: AsyncAck) -> None:
        await ack(text="here", response_type="in_channel")

    await slack.command("priya", "#security")
    assert [message.text for message in visible(slack, "marcus", "#security")] == ["here"]


async def test_a_command_nobody_acknowledges_times_out(app: AsyncApp, slack: SlackApi) -> None:
    @app.command("/neo-usage")
    async def silent() -> None:
        await asyncio.sleep(0)

    slack.delivery.ack_timeout_s = 0.05
    ack = await slack.command("priya", SPEND)
    (line,) = visible(slack)
    assert (ack.ok, ack.error, ack.tries) == (False, "operation_timeout", 1)
    assert line.text == '/neo-usage failed with the error "operation_timeout"'
    assert (line.user, line.ephemeral_to) == ("USLACKBOT", "U0PRIYA")


async def test_an_ack_that_slack_does_not_take_is_an_error(app: AsyncApp, slack: SlackApi) -> None:
    @app.command("/neo-usage")
    async def answer(ack: AsyncAck) -> None:
        await ack(text="here", blocks=[{"type": "header"}])

    ack = await slack.command("priya", SPEND)
    assert ack.error == "invalid_blocks"
    assert "invalid_blocks" in visible(slack)[0].text


async def test_a_command_slack_does_not_know_never_arrives(app: AsyncApp, slack: SlackApi) -> None:
    payloads = capture(app, "command", "/neo")
    ack = await slack.command("priya", SPEND, command="/neo")
    assert (ack.error, payloads) == ("invalid_command", [])


@pytest.mark.parametrize(("user", "channel"), [("gil", "#general"), ("marcus", "#sec-leads"), ("priya", "D0MARCUS")])
async def test_nobody_acts_where_they_are_not(slack: SlackApi, user: str, channel: str) -> None:
    with pytest.raises(ValueError, match="is not in"):
        await slack.command(user, channel)


async def test_nobody_acts_who_is_gone_or_no_person(slack: SlackApi) -> None:
    slack.workspace.user("dana").deleted = True
    for user in ("dana", "neo-usage", "USLACKBOT"):
        with pytest.raises(ValueError, match="does nothing"):
            await slack.say(user, SPEND, "x")


async def test_a_click_carries_the_whole_message(app: AsyncApp, slack: SlackApi, client: AsyncWebClient) -> None:
    payloads = capture(app, "action", "go")
    ts = (await client.chat_postMessage(channel=SPEND, text="x", blocks=[button_block(value="v")]))["ts"]
    assert (await slack.click("marcus", SPEND, ts, "go")).ok
    (body,) = payloads
    assert body["container"] == {"type": "message", "message_ts": ts, "channel_id": "C0NEOSPEND", "is_ephemeral": False}
    assert (body["message"]["ts"], body["user"]["id"], body["channel"]["name"]) == (ts, "U0MARCUS", "neo-spend")
    (action,) = body["actions"]
    assert (action["type"], action["block_id"], action["value"], action["text"]["text"]) == ("button", "b", "v", "Go")


async def test_a_click_on_an_ephemeral_message_does_not(app: AsyncApp, slack: SlackApi, client: AsyncWebClient) -> None:
    payloads = capture(app, "action", "go")
    answer = await client.chat_postEphemeral(channel=SPEND, user="U0PRIYA", text="x", blocks=[button_block()])
    await slack.click("priya", SPEND, answer["message_ts"], "go")
    assert (payloads[0]["container"]["is_ephemeral"], "message" in payloads[0]) == (True, False)
    with pytest.raises(ValueError, match="sees no message"):
        await slack.click("marcus", SPEND, answer["message_ts"], "go")


async def test_there_is_nothing_to_click_but_what_is_there(slack: SlackApi, client: AsyncWebClient) -> None:
    ts = (await client.chat_postMessage(channel=SPEND, text="x", blocks=[button_block()]))["ts"]
    with pytest.raises(ValueError, match="there is: go"):
        await slack.click("priya", SPEND, ts, "stay")


async def test_a_choice_in_a_message_is_told_and_kept(app: AsyncApp, slack: SlackApi, client: AsyncWebClient) -> None:
    payloads = capture(app, "action", "pick")
    options = [{"text": {"type": "plain_text", "text": word}, "value": word} for word in ("day", "week")]
    select = {"type": "static_select", "action_id": "pick", "options": options}
    blocks = [{"type": "actions", "block_id": "b", "elements": [select]}]
    ts = (await client.chat_postMessage(channel=SPEND, text="x", blocks=blocks))["ts"]
    await slack.click("priya", SPEND, ts, "pick", value="week")
    assert payloads[0]["actions"][0]["selected_option"] == options[1]
    assert payloads[0]["state"]["values"]["b"]["pick"] == {"type": "static_select", "selected_option": options[1]}
    with pytest.raises(ValueError, match="does not offer 'year'"):
        await slack.click("priya", SPEND, ts, "pick", value="year")


async def test_the_bot_hears_what_it_is_told_in_person(app: AsyncApp, slack: SlackApi) -> None:
    @app.event("message")
    async def heard(event: Json, say: AsyncSay) -> None:
        await say(f"{event['channel_type']}: {event['text']}")

    assert (await slack.say("priya", "D0PRIYA", "a & b")).ok
    await slack.workspace.until(lambda: len(visible(slack, channel="D0PRIYA")) == 2)
    assert visible(slack, channel="D0PRIYA")[1].text == "im: a &amp; b"


async def test_the_bot_hears_its_name_where_it_is(app: AsyncApp, slack: SlackApi) -> None:
    heard: list[str] = []

    @app.event("app_mention")
    async def mentioned(event: Json) -> None:
        heard.append(event["text"])

    for channel, text in ((SPEND, "@neo-usage help"), (SPEND, "no mention"), ("#security", "@neo-usage help")):
        assert (await slack.say("priya", channel, text)).ok
    assert heard == ["<@U0NEOUSAGE> help"]


async def test_home_is_published_and_found_again(app: AsyncApp, slack: SlackApi) -> None:
    views: list[Any] = []

    @app.event("app_home_opened")
    async def opened(event: Json, client: AsyncWebClient) -> None:
        views.append(event.get("view"))
        await client.views_publish(user_id=event["user"], view={"type": "home", "blocks": [button_block()]})

    payloads = capture(app, "action", "go")
    await slack.open_home("priya")
    await slack.workspace.until(lambda: slack.workspace.home_of("U0PRIYA") is not None)
    home = slack.workspace.home_of("U0PRIYA")
    assert home
    await slack.open_home("priya")
    await slack.click_in_view("priya", home.id, "go")
    assert (views[0], views[1]["id"], payloads[0]["container"]) == (None, home.id, {"type": "view", "view_id": home.id})


async def test_the_same_may_be_delivered_twice(app: AsyncApp, slack: SlackApi) -> None:
    payloads = capture(app, "command", "/neo-usage")
    ack = await slack.command("priya", SPEND, "today")
    assert (await slack.redeliver(ack)).ok
    assert payloads[0] == payloads[1]


async def test_an_event_delivered_twice_says_so(app: AsyncApp, slack: SlackApi) -> None:
    retries: list[Any] = []

    @app.event("message")
    async def heard(request: Any) -> None:
        retries.append(request.headers.get("x-slack-retry-num"))

    ack = await slack.say("priya", "D0PRIYA", "x")
    await slack.redeliver(ack)
    assert retries == [["0"], ["1"]]


async def test_what_was_never_told_cannot_be_told_again(slack: SlackApi) -> None:
    ack = await slack.say("priya", SPEND, "x")
    with pytest.raises(ValueError, match="nothing was told"):
        await slack.redeliver(ack)


async def test_an_event_is_told_again_until_it_is_acknowledged(
    slack: SlackApi, connected: AsyncSocketModeHandler
) -> None:
    numbers: list[Any] = []

    async def first_unheard(client: Any, request: Any) -> None:
        numbers.append(request.retry_attempt)
        if len(numbers) == 3:
            await client.send_socket_mode_response(SocketModeResponse(request.envelope_id))

    connected.client.socket_mode_request_listeners = [first_unheard]
    slack.delivery.ack_timeout_s = 0.05
    ack = await slack.say("priya", "D0PRIYA", "x")
    assert (ack.ok, ack.tries, numbers) == (True, 3, [0, 1, 2])
