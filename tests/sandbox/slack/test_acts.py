"""What people do reaches an unchanged Bolt app, and what it answers reaches them."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncRespond, AsyncSay
from slack_sdk.socket_mode.response import SocketModeResponse
from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox.clock import SimClock
from bot.sandbox.slack.server import SlackApi
from bot.sandbox.slack.things import Message

pytestmark = pytest.mark.usefixtures("connected")
SPEND = "#neo-spend"
Json = dict[str, Any]


def button(**more: Any) -> Json:
    text = {"type": "plain_text", "text": "Go"}
    return {
        "type": "actions",
        "block_id": "b",
        "elements": [{"type": "button", "action_id": "go", "text": text, **more}],
    }


def seen(slack: SlackApi, user: str = "priya", channel: str = SPEND) -> list[Message]:
    return slack.workspace.visible_messages(slack.workspace.channel(channel).id, slack.workspace.user(user).id)


def keep(app: AsyncApp, kind: str, name: str) -> list[Json]:
    """Acknowledge everything of this kind and keep its payload."""
    kept: list[Json] = []

    async def listener(ack: AsyncAck, body: Json) -> None:
        kept.append(body)
        await ack()

    getattr(app, kind)(name)(listener)
    return kept


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
    kept = keep(app, "command", "/neo-usage")
    ack = await slack.command("priya", SPEND, typed)
    assert (ack.ok, ack.error, kept[0]["text"]) == (True, None, text)


@pytest.mark.parametrize(
    ("channel", "name"),
    [(SPEND, "neo-spend"), ("#sec-leads", "privategroup"), ("D0PRIYA", "directmessage"), ("#security", "security")],
)
async def test_a_command_says_where_it_was_given(app: AsyncApp, slack: SlackApi, channel: str, name: str) -> None:
    kept = keep(app, "command", "/neo-usage")
    await slack.command("priya", channel)
    assert (kept[0]["channel_name"], kept[0]["user_id"], kept[0]["text"]) == (name, "U0PRIYA", "")


async def test_links_come_as_typed_when_escaping_is_off(app: AsyncApp, slack: SlackApi) -> None:
    kept = keep(app, "command", "/neo-usage")
    slack.workspace.escapes_links = False
    await slack.command("priya", SPEND, "@hannah <x")
    assert kept[0]["text"] == "@hannah &lt;x"


async def test_the_ack_of_a_command_is_shown_to_its_giver(app: AsyncApp, slack: SlackApi) -> None:
    @app.command("/neo-usage")
    async def told(ack: AsyncAck) -> None:
        await ack(text="here", blocks=[button()])

    ack = await slack.command("priya", SPEND)
    (message,) = seen(slack)
    assert (ack.body or {})["text"] == "here"
    assert (message.text, message.ephemeral_to, message.blocks[0]["block_id"]) == ("here", "U0PRIYA", "b")
    assert seen(slack, "marcus") == []


async def test_an_ack_in_channel_is_shown_to_all(app: AsyncApp, slack: SlackApi) -> None:
    @app.command("/neo-usage")
    async def told(ack: AsyncAck) -> None:
        await ack(text="here", response_type="in_channel")

    await slack.command("priya", "#security")
    assert [message.text for message in seen(slack, "marcus", "#security")] == ["here"]


async def test_a_command_nobody_acknowledges_times_out(app: AsyncApp, slack: SlackApi) -> None:
    @app.command("/neo-usage")
    async def silent() -> None:
        await asyncio.sleep(0)

    slack.delivery.patience_s = 0.05
    ack = await slack.command("priya", SPEND)
    (line,) = seen(slack)
    assert (ack.ok, ack.error, ack.tries) == (False, "operation_timeout", 1)
    assert line.text == '/neo-usage failed with the error "operation_timeout"'
    assert (line.user, line.ephemeral_to) == ("USLACKBOT", "U0PRIYA")


async def test_an_ack_that_slack_does_not_take_is_an_error(app: AsyncApp, slack: SlackApi) -> None:
    @app.command("/neo-usage")
    async def told(ack: AsyncAck) -> None:
        await ack(text="here", blocks=[{"type": "header"}])

    ack = await slack.command("priya", SPEND)
    assert ack.error == "invalid_blocks"
    assert "invalid_blocks" in seen(slack)[0].text


async def test_a_command_slack_does_not_know_never_arrives(app: AsyncApp, slack: SlackApi) -> None:
    kept = keep(app, "command", "/neo")
    ack = await slack.command("priya", SPEND, command="/neo")
    assert (ack.error, kept) == ("invalid_command", [])


@pytest.mark.parametrize(("user", "channel"), [("gil", "#general"), ("marcus", "#sec-leads"), ("priya", "D0MARCUS")])
async def test_nobody_acts_where_they_are_not(slack: SlackApi, user: str, channel: str) -> None:
    with pytest.raises(ValueError, match="is not in"):
        await slack.command(user, channel)


async def test_nobody_acts_who_is_gone_or_no_person(slack: SlackApi) -> None:
    slack.workspace.user("dana").deleted = True
    for user in ("dana", "neo-usage", "USLACKBOT"):
        with pytest.raises(ValueError, match="does nothing"):
            await slack.say(user, SPEND, "x")


async def test_a_response_address_serves_five_times(app: AsyncApp, slack: SlackApi) -> None:
    statuses: list[int] = []

    @app.command("/neo-usage")
    async def told(ack: AsyncAck, respond: AsyncRespond) -> None:
        await ack()
        for number in range(6):
            statuses.append((await respond(f"{number}")).status_code)  # noqa: PERF401 one after the other

    await slack.command("priya", SPEND)
    await slack.workspace.until(lambda: len(slack.calls("hook")) == 6)
    assert [message.text for message in seen(slack)] == ["0", "1", "2", "3", "4"]
    assert slack.calls("hook")[-1].answer == {"ok": False, "error": "used_url"}


async def test_a_response_address_expires_after_half_an_hour(app: AsyncApp, slack: SlackApi, clock: SimClock) -> None:
    kept = keep(app, "command", "/neo-usage")
    await slack.command("priya", SPEND)
    respond = AsyncRespond(response_url=kept[0]["response_url"])
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
    kept = keep(app, "command", "/neo-usage")
    await slack.command("priya", SPEND)
    response = await AsyncRespond(response_url=kept[0]["response_url"])(answer)
    assert (response.status_code, error in response.body) == (400, True)
    assert seen(slack) == []


async def test_a_click_carries_the_whole_message(app: AsyncApp, slack: SlackApi, client: AsyncWebClient) -> None:
    kept = keep(app, "action", "go")
    ts = (await client.chat_postMessage(channel=SPEND, text="x", blocks=[button(value="v")]))["ts"]
    assert (await slack.click("marcus", SPEND, ts, "go")).ok
    (body,) = kept
    assert body["container"] == {"type": "message", "message_ts": ts, "channel_id": "C0NEOSPEND", "is_ephemeral": False}
    assert (body["message"]["ts"], body["user"]["id"], body["channel"]["name"]) == (ts, "U0MARCUS", "neo-spend")
    (action,) = body["actions"]
    assert (action["type"], action["block_id"], action["value"], action["text"]["text"]) == ("button", "b", "v", "Go")


async def test_a_click_on_an_ephemeral_message_does_not(app: AsyncApp, slack: SlackApi, client: AsyncWebClient) -> None:
    kept = keep(app, "action", "go")
    answer = await client.chat_postEphemeral(channel=SPEND, user="U0PRIYA", text="x", blocks=[button()])
    await slack.click("priya", SPEND, answer["message_ts"], "go")
    assert (kept[0]["container"]["is_ephemeral"], "message" in kept[0]) == (True, False)
    with pytest.raises(ValueError, match="sees no message"):
        await slack.click("marcus", SPEND, answer["message_ts"], "go")


async def test_there_is_nothing_to_click_but_what_is_there(slack: SlackApi, client: AsyncWebClient) -> None:
    ts = (await client.chat_postMessage(channel=SPEND, text="x", blocks=[button()]))["ts"]
    with pytest.raises(ValueError, match="there is: go"):
        await slack.click("priya", SPEND, ts, "stay")


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
    async def told(ack: AsyncAck) -> None:
        await ack(text="old", blocks=[button()])

    @app.action("go")
    async def clicked(ack: AsyncAck, respond: AsyncRespond) -> None:
        await ack()
        await respond(answer)

    await slack.command("priya", SPEND)
    await slack.click("priya", SPEND, seen(slack)[0].ts, "go")
    await slack.workspace.until(lambda: [message.text for message in seen(slack)] == left)
    for_all = [message.text for message in seen(slack, "marcus")]
    assert for_all == (["new"] if "response_type" in answer else [])


async def test_a_choice_in_a_message_is_told_and_kept(app: AsyncApp, slack: SlackApi, client: AsyncWebClient) -> None:
    kept = keep(app, "action", "pick")
    options = [{"text": {"type": "plain_text", "text": word}, "value": word} for word in ("day", "week")]
    select = {"type": "static_select", "action_id": "pick", "options": options}
    blocks = [{"type": "actions", "block_id": "b", "elements": [select]}]
    ts = (await client.chat_postMessage(channel=SPEND, text="x", blocks=blocks))["ts"]
    await slack.click("priya", SPEND, ts, "pick", selected_option="week")
    assert kept[0]["actions"][0]["selected_option"] == options[1]
    assert kept[0]["state"]["values"]["b"]["pick"] == {"type": "static_select", "selected_option": options[1]}
    with pytest.raises(ValueError, match="does not offer 'year'"):
        await slack.click("priya", SPEND, ts, "pick", value="year")


async def test_the_bot_hears_what_it_is_told_in_person(app: AsyncApp, slack: SlackApi) -> None:
    @app.event("message")
    async def heard(event: Json, say: AsyncSay) -> None:
        await say(f"{event['channel_type']}: {event['text']}")

    assert (await slack.say("priya", "D0PRIYA", "a & b")).ok
    await slack.workspace.until(lambda: len(seen(slack, channel="D0PRIYA")) == 2)
    assert seen(slack, channel="D0PRIYA")[1].text == "im: a &amp; b"


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
        await client.views_publish(user_id=event["user"], view={"type": "home", "blocks": [button()]})

    kept = keep(app, "action", "go")
    await slack.open_home("priya")
    await slack.workspace.until(lambda: slack.workspace.home_of("U0PRIYA") is not None)
    home = slack.workspace.home_of("U0PRIYA")
    assert home
    await slack.open_home("priya")
    await slack.click_in_view("priya", home.id, "go")
    assert (views[0], views[1]["id"], kept[0]["container"]) == (None, home.id, {"type": "view", "view_id": home.id})


async def test_the_same_may_be_delivered_twice(app: AsyncApp, slack: SlackApi) -> None:
    kept = keep(app, "command", "/neo-usage")
    ack = await slack.command("priya", SPEND, "today")
    assert (await slack.redeliver(ack)).ok
    assert kept[0] == kept[1]


async def test_an_event_delivered_twice_says_so(app: AsyncApp, slack: SlackApi) -> None:
    retries: list[Any] = []

    @app.event("message")
    async def heard(request: Any) -> None:
        retries.append(request.headers.get("x-slack-retry-num"))

    ack = await slack.say("priya", "D0PRIYA", "x")
    await slack.redeliver(ack)
    assert retries[1] == ["1"]
    assert retries[0] in (None, ["0"])


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
    slack.delivery.patience_s = 0.05
    ack = await slack.say("priya", "D0PRIYA", "x")
    assert (ack.ok, ack.tries, numbers) == (True, 3, [0, 1, 2])
