"""The methods chat.*."""

from typing import Any

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox.slack.models import Channel
from bot.sandbox.slack.server import SlackApi
from bot.sandbox.slack.workspace import Workspace
from tests.support.sandbox import SPEND, Raw, Refused


@pytest.mark.parametrize(
    ("channel", "error"),
    [
        ("C0SECURITY", "not_in_channel"),
        ("#security", "not_in_channel"),
        ("C0SECLEADS", "channel_not_found"),
        ("C0NOWHERE", "channel_not_found"),
        ("U0NOBODY", "channel_not_found"),
        ("U0NEOUSAGE", "cannot_dm_bot"),
        ("C0OLD", "is_archived"),
    ],
)
async def test_posting_where_the_bot_may_not_is_refused(
    client: AsyncWebClient, workspace: Workspace, refused: Refused, channel: str, error: str
) -> None:
    workspace.add_channel(Channel("C0OLD", "old", members={workspace.bot_user}, is_archived=True))
    assert await refused(client.chat_postMessage(channel=channel, text="x")) == error


@pytest.mark.parametrize(
    ("message", "error"),
    [
        ({"text": ""}, "no_text"),
        ({"text": "  "}, "no_text"),
        ({"text": "x" * 40_001}, "msg_too_long"),
        ({"text": "x", "blocks": "["}, "invalid_blocks_format"),
        ({"text": "x", "blocks": [{"type": "shout"}]}, "invalid_blocks"),
        ({"text": "x", "metadata": {"event_type": "told"}}, "invalid_metadata_schema"),
    ],
)
async def test_a_message_slack_does_not_take_is_refused(
    raw: Raw, workspace: Workspace, message: dict[str, Any], error: str
) -> None:
    assert (await raw("chat.postMessage", channel=SPEND, **message))["error"] == error
    assert workspace.channels[SPEND].messages == []


@pytest.mark.parametrize(("channel", "place"), [(SPEND, SPEND), ("#neo-spend", SPEND), ("U0PRIYA", "D0PRIYA")])
async def test_a_message_is_posted_by_id_name_and_person(client: AsyncWebClient, channel: str, place: str) -> None:
    answer = await client.chat_postMessage(channel=channel, text="hello")
    assert (answer["channel"], answer["message"]["text"]) == (place, "hello")


async def test_blocks_get_ids_where_they_had_none(client: AsyncWebClient, workspace: Workspace) -> None:
    button = {"type": "button", "text": {"type": "plain_text", "text": "Go"}}
    given: list[dict[str, Any]] = [{"type": "divider", "block_id": "mine"}, {"type": "actions", "elements": [button]}]
    await client.chat_postMessage(channel=SPEND, text="x", blocks=given)
    mine, actions = workspace.channels[SPEND].messages[0].blocks
    assert mine["block_id"] == "mine"
    assert actions["block_id"]
    assert actions["elements"][0]["action_id"]


async def test_a_reply_to_a_deleted_parent_stands_alone(client: AsyncWebClient, refused: Refused) -> None:
    parent = (await client.chat_postMessage(channel=SPEND, text="parent"))["ts"]
    await client.chat_delete(channel=SPEND, ts=parent)
    assert await refused(client.conversations_replies(channel=SPEND, ts=parent)) == "thread_not_found"
    assert "thread_ts" not in (await client.chat_postMessage(channel=SPEND, text="r", thread_ts=parent))["message"]


async def test_a_reply_to_a_reply_joins_the_thread(client: AsyncWebClient) -> None:
    parent = (await client.chat_postMessage(channel=SPEND, text="p"))["ts"]
    reply = (await client.chat_postMessage(channel=SPEND, text="r", thread_ts=parent))["ts"]
    answer = await client.chat_postMessage(channel=SPEND, text="s", thread_ts=reply)
    assert answer["message"]["thread_ts"] == parent


async def test_a_deleted_parent_of_replies_leaves_a_tombstone(client: AsyncWebClient) -> None:
    parent = (await client.chat_postMessage(channel=SPEND, text="p"))["ts"]
    await client.chat_postMessage(channel=SPEND, text="r", thread_ts=parent)
    await client.chat_delete(channel=SPEND, ts=parent)
    history = (await client.conversations_history(channel=SPEND))["messages"]
    assert [(seen["subtype"], seen["reply_count"]) for seen in history] == [("tombstone", 1)]


async def test_an_update_changes_what_is_given(client: AsyncWebClient, workspace: Workspace) -> None:
    ts = (await client.chat_postMessage(channel=SPEND, text="one", blocks=[{"type": "divider"}]))["ts"]
    await client.chat_update(channel=SPEND, ts=ts, text="two")
    message = workspace.channels[SPEND].messages[0]
    assert (message.text, len(message.blocks), message.edited) == ("two", 1, True)
    await client.chat_update(channel=SPEND, ts=ts, text="three", blocks=[])
    assert (message.text, message.blocks) == ("three", [])


async def test_only_own_messages_are_changed(client: AsyncWebClient, slack: SlackApi, refused: Refused) -> None:
    await slack.say("priya", SPEND, "mine")
    ts = slack.workspace.channels[SPEND].messages[0].ts
    assert await refused(client.chat_update(channel=SPEND, ts=ts, text="x")) == "cant_update_message"
    assert await refused(client.chat_delete(channel=SPEND, ts=ts)) == "cant_delete_message"
    assert await refused(client.chat_update(channel=SPEND, ts="1.0", text="x")) == "message_not_found"
    assert await refused(client.chat_delete(channel=SPEND, ts="1.0")) == "message_not_found"


async def test_an_ephemeral_message_goes_to_one_who_is_there(
    client: AsyncWebClient, workspace: Workspace, refused: Refused
) -> None:
    ts = (await client.chat_postEphemeral(channel=SPEND, user="U0PRIYA", text="hush"))["message_ts"]
    assert workspace.channels[SPEND].messages[0].ephemeral_to == "U0PRIYA"
    assert await refused(client.chat_update(channel=SPEND, ts=ts, text="x")) == "message_not_found"
    outside = client.chat_postEphemeral(channel=SPEND, user="U0OWEN", text="hush")
    assert await refused(outside) == "user_not_in_channel"


async def test_a_permalink_names_message_and_thread(client: AsyncWebClient) -> None:
    parent = (await client.chat_postMessage(channel=SPEND, text="p"))["ts"]
    reply = (await client.chat_postMessage(channel=SPEND, text="r", thread_ts=parent))["ts"]
    link = (await client.chat_getPermalink(channel=SPEND, message_ts=reply))["permalink"]
    assert link.endswith(f"/archives/{SPEND}/p{reply.replace('.', '')}?thread_ts={parent}&cid={SPEND}")
