"""The methods conversations.*."""

from typing import Any

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox.slack.models import Channel, Message, User
from bot.sandbox.slack.workspace import Workspace
from bot.sandbox.world import START
from tests.support.sandbox import SPEND, Raw, Refused


async def test_channels_the_bot_is_not_in_are_known_when_public(client: AsyncWebClient) -> None:
    answer = await client.conversations_list(types="public_channel,private_channel,im")
    found = {channel["id"]: channel for channel in answer["channels"]}
    assert found["C0SECURITY"]["is_member"] is False
    assert found["C0GLOBEX"]["is_ext_shared"] is True
    assert found["D0PRIYA"]["user"] == "U0PRIYA"
    assert "C0SECLEADS" not in found


async def test_a_channel_tells_its_members(client: AsyncWebClient, refused: Refused) -> None:
    members = (await client.conversations_members(channel=SPEND))["members"]
    assert "U0PRIYA" in members
    assert "U0GIL" not in members
    assert (await client.conversations_info(channel=SPEND))["channel"]["name"] == "neo-spend"
    assert await refused(client.conversations_info(channel="C0SECLEADS")) == "channel_not_found"


async def test_the_bot_joins_public_channels_only(
    client: AsyncWebClient, workspace: Workspace, refused: Refused
) -> None:
    await client.conversations_join(channel="C0SECURITY")
    again = await client.conversations_join(channel="C0SECURITY")
    assert again["warning"] == "already_in_channel"
    workspace.add_channel(Channel("C0OLD", "old", is_archived=True))
    assert await refused(client.conversations_join(channel="C0OLD")) == "is_archived"
    assert await refused(client.conversations_join(channel="D0PRIYA")) == "method_not_supported_for_channel_type"


async def test_direct_messages_are_opened(client: AsyncWebClient, workspace: Workspace, refused: Refused) -> None:
    workspace.add_user(User("U0NEW", "newcomer", "New Comer"))
    assert (await client.conversations_open(users="U0NEW"))["channel"]["id"] == "D0NEW"
    assert (await client.conversations_open(users=["U0NEW"]))["already_open"]
    workspace.user("U0NEW").deleted = True
    errors = [await refused(client.conversations_open(users=user)) for user in ("U0NEW", "U0NEOUSAGE", "U0NOBODY")]
    assert errors == ["user_disabled", "cannot_dm_bot", "user_not_found"]


async def test_history_has_parents_newest_first_and_replies_have_the_thread(
    client: AsyncWebClient, workspace: Workspace
) -> None:
    parent = (await client.chat_postMessage(channel=SPEND, text="parent", metadata=metadata("a")))["ts"]
    reply = await client.chat_postMessage(channel=SPEND, text="reply", thread_ts=parent, metadata=metadata("b"))
    await client.chat_postMessage(channel=SPEND, text="later")
    workspace.post(SPEND, Message(workspace.stamp(START), "U0NEOUSAGE", "hush", ephemeral_to="U0PRIYA"))
    history = (await client.conversations_history(channel=SPEND, include_all_metadata=True))["messages"]
    assert [seen["text"] for seen in history] == ["later", "parent"]
    assert (history[1]["reply_count"], history[1]["metadata"]) == (1, metadata("a"))
    thread = (await client.conversations_replies(channel=SPEND, ts=parent, include_all_metadata=True))["messages"]
    assert [(seen["text"], seen["metadata"]["event_payload"]["key"]) for seen in thread] == [
        ("parent", "a"),
        ("reply", "b"),
    ]
    assert reply["message"]["thread_ts"] == parent
    plain = (await client.conversations_history(channel=SPEND))["messages"]
    assert not any("metadata" in seen for seen in plain)


def metadata(key: str) -> dict[str, Any]:
    return {"event_type": "told", "event_payload": {"key": key}}


async def test_history_comes_in_pages_that_new_messages_do_not_disturb(client: AsyncWebClient) -> None:
    for number in range(5):
        await client.chat_postMessage(channel=SPEND, text=str(number))
    first = await client.conversations_history(channel=SPEND, limit=2)
    await client.chat_postMessage(channel=SPEND, text="new")
    seen = first["messages"]
    cursor = first["response_metadata"]["next_cursor"]
    while cursor:
        page = await client.conversations_history(channel=SPEND, limit=2, cursor=cursor)
        seen, cursor = seen + page["messages"], page["response_metadata"]["next_cursor"]
    assert [message["text"] for message in seen] == ["4", "3", "2", "1", "0"]


async def test_long_threads_come_in_pages_too(client: AsyncWebClient) -> None:
    parent = (await client.chat_postMessage(channel=SPEND, text="p"))["ts"]
    for number in range(3):
        await client.chat_postMessage(channel=SPEND, text=str(number), thread_ts=parent)
    first = await client.conversations_replies(channel=SPEND, ts=parent, limit=2)
    cursor = first["response_metadata"]["next_cursor"]
    rest = await client.conversations_replies(channel=SPEND, ts=parent, limit=2, cursor=cursor)
    assert [seen["text"] for seen in first["messages"]] == ["p", "0", "1"]
    assert [seen["text"] for seen in rest["messages"]] == ["p", "2"]


@pytest.mark.parametrize(("inclusive", "texts"), [(True, ["3", "2", "1"]), (False, ["2"])])
async def test_history_ends_are_exclusive_unless_said(
    client: AsyncWebClient, *, inclusive: bool, texts: list[str]
) -> None:
    stamps = [(await client.chat_postMessage(channel=SPEND, text=str(number)))["ts"] for number in range(5)]
    page = await client.conversations_history(channel=SPEND, oldest=stamps[1], latest=stamps[3], inclusive=inclusive)
    assert [seen["text"] for seen in page["messages"]] == texts


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"channel": "C0SECURITY"}, "not_in_channel"),
        ({"channel": "C0SECLEADS"}, "channel_not_found"),
        ({"channel": SPEND, "cursor": "x"}, "invalid_cursor"),
        ({"channel": SPEND, "limit": -1}, "invalid_limit"),
        ({"channel": "D0PRIYA", "oldest": "x"}, "invalid_ts_oldest"),
        ({}, "invalid_arguments"),
    ],
)
async def test_history_that_cannot_be_told_is_refused(raw: Raw, arguments: dict[str, Any], error: str) -> None:
    assert (await raw("conversations.history", **arguments))["error"] == error
