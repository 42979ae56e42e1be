"""The Web API answers an unchanged client as Slack does, refusals included."""

from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox.slack.methods import METHODS
from bot.sandbox.slack.server import SlackApi, SlackServer
from bot.sandbox.slack.things import Channel, Message, User
from bot.sandbox.slack.workspace import SCOPES, Workspace
from bot.sandbox.world import START

Refused = Callable[[Awaitable[Any]], Awaitable[str]]
Raw = Callable[..., Awaitable[dict[str, Any]]]
SPEND = "C0NEOSPEND"


async def test_who_one_is_comes_with_the_scopes(client: AsyncWebClient) -> None:
    answer = await client.auth_test()
    assert (answer["user_id"], answer["bot_id"], answer["team_id"]) == ("U0NEOUSAGE", "B0NEOUSAGE", "T0ACME001")
    assert set(answer.headers["x-oauth-scopes"].split(",")) == SCOPES


@pytest.mark.parametrize(
    ("token", "method", "error"),
    [
        ("", "auth.test", "not_authed"),
        ("xoxb-other", "auth.test", "invalid_auth"),
        ("app", "auth.test", "not_allowed_token_type"),
        ("bot", "apps.connections.open", "not_allowed_token_type"),
        ("bot", "chat.shout", "unknown_method"),
        ("", "chat.shout", "unknown_method"),
    ],
)
async def test_the_wrong_token_is_refused(server: SlackServer, token: str, method: str, error: str) -> None:
    workspace = server.api.workspace
    token = {"app": workspace.app_token, "bot": workspace.bot_token}.get(token, token)
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    async with aiohttp.ClientSession(headers=headers) as session, session.post(server.api_url + method) as response:
        assert (response.status, (await response.json())["error"]) == (200, error)


async def test_a_token_may_stand_among_the_arguments(server: SlackServer) -> None:
    body = {"token": server.api.workspace.bot_token}
    async with aiohttp.ClientSession() as session, session.post(server.api_url + "auth.test", data=body) as response:
        assert (await response.json())["ok"]
    assert server.api.log[-1].args == {}


@pytest.mark.parametrize(("body", "error"), [("{", "invalid_json"), ("[]", "json_not_object")])
async def test_what_is_no_json_is_refused(server: SlackServer, body: str, error: str) -> None:
    headers = {"Content-Type": "application/json; charset=utf-8"}
    url = server.api_url + "chat.postMessage"
    async with aiohttp.ClientSession(headers=headers) as session, session.post(url, data=body) as response:
        assert (await response.json())["error"] == error


@pytest.mark.parametrize(
    ("scope", "method", "arguments"),
    [
        ("chat:write", "chat.postMessage", {"channel": SPEND, "text": "x"}),
        ("users:read", "users.list", {}),
        ("users:read.email", "users.lookupByEmail", {"email": "x@y.example"}),
        ("channels:read", "conversations.list", {}),
        ("groups:read", "conversations.list", {"types": "public_channel,private_channel"}),
        ("channels:history", "conversations.history", {"channel": SPEND}),
        ("im:history", "conversations.history", {"channel": "D0PRIYA"}),
        ("im:write", "conversations.open", {"users": "U0PRIYA"}),
        ("channels:join", "conversations.join", {"channel": "C0SECURITY"}),
        ("files:write", "files.getUploadURLExternal", {"filename": "x", "length": 1}),
    ],
)
async def test_a_missing_scope_is_named(
    raw: Raw, workspace: Workspace, scope: str, method: str, arguments: dict[str, Any]
) -> None:
    workspace.scopes.remove(scope)
    answer = await raw(method, **arguments)
    assert (answer["error"], answer["needed"]) == ("missing_scope", scope)
    assert scope not in answer["provided"].split(",")


async def test_people_come_in_pages(client: AsyncWebClient, workspace: Workspace) -> None:
    first = await client.users_list(limit=10)
    second = await client.users_list(limit=10, cursor=first["response_metadata"]["next_cursor"])
    found = [user["id"] for page in (first, second) for user in page["members"]]
    assert found == list(workspace.users)
    assert second["response_metadata"]["next_cursor"] == ""


async def test_a_person_is_found_by_email_in_any_case(client: AsyncWebClient) -> None:
    answer = await client.users_lookupByEmail(email="Priya.Raman@ACME.example")
    assert answer["user"]["profile"]["email"] == "priya.raman@acme.example"


async def test_nobody_deactivated_foreign_or_unknown_is_found_by_email(
    client: AsyncWebClient, workspace: Workspace, refused: Refused
) -> None:
    workspace.user("marcus").deleted = True
    for email in ("marcus.delgado@acme.example", "owen.blake@globex.example", "x@y.example"):
        assert await refused(client.users_lookupByEmail(email=email)) == "users_not_found"


async def test_profiles_carry_no_email_without_the_scope(client: AsyncWebClient, workspace: Workspace) -> None:
    workspace.scopes.remove("users:read.email")
    assert "email" not in (await client.users_info(user="U0PRIYA"))["user"]["profile"]


async def test_the_flags_of_a_person_are_told(client: AsyncWebClient, workspace: Workspace, refused: Refused) -> None:
    guest, stranger = [(await client.users_info(user=user))["user"] for user in ("U0GIL", "U0OWEN")]
    assert guest["is_ultra_restricted"]
    assert (stranger["is_stranger"], stranger["team_id"]) == (True, "T0GLOBEX1")
    workspace.user("dana").deleted = True
    gone = (await client.users_info(user="U0DANA"))["user"]
    assert (gone["deleted"], "is_restricted" in gone) == (True, False)
    assert await refused(client.users_info(user="U0NOBODY")) == "user_not_found"


async def test_channels_the_bot_is_not_in_are_known_when_public(client: AsyncWebClient) -> None:
    answer = await client.conversations_list(types="public_channel,private_channel,im")
    found = {channel["id"]: channel for channel in answer["channels"]}
    assert found["C0SECURITY"]["is_member"] is False
    assert found["C0GLOBEX"]["is_ext_shared"] is True
    assert found["D0PRIYA"]["user"] == "U0PRIYA"
    assert "C0SECLEADS" not in found


async def test_a_channel_tells_its_members(client: AsyncWebClient, refused: Refused) -> None:
    assert "U0GIL" in (await client.conversations_members(channel=SPEND))["members"]
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


async def test_history_has_parents_newest_first_and_replies_have_the_thread(
    client: AsyncWebClient, workspace: Workspace
) -> None:
    parent = (await client.chat_postMessage(channel=SPEND, text="parent", metadata=told("a")))["ts"]
    reply = await client.chat_postMessage(channel=SPEND, text="reply", thread_ts=parent, metadata=told("b"))
    await client.chat_postMessage(channel=SPEND, text="later")
    workspace.post(SPEND, Message(workspace.stamp(START), "U0NEOUSAGE", "hush", ephemeral_to="U0PRIYA"))
    history = (await client.conversations_history(channel=SPEND, include_all_metadata=True))["messages"]
    assert [seen["text"] for seen in history] == ["later", "parent"]
    assert (history[1]["reply_count"], history[1]["metadata"]) == (1, told("a"))
    thread = (await client.conversations_replies(channel=SPEND, ts=parent, include_all_metadata=True))["messages"]
    assert [(seen["text"], seen["metadata"]["event_payload"]["key"]) for seen in thread] == [
        ("parent", "a"),
        ("reply", "b"),
    ]
    assert reply["message"]["thread_ts"] == parent
    plain = (await client.conversations_history(channel=SPEND))["messages"]
    assert not any("metadata" in seen for seen in plain)


def told(key: str) -> dict[str, Any]:
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


async def test_a_file_is_uploaded_and_shared(client: AsyncWebClient, workspace: Workspace) -> None:
    parent = (await client.chat_postMessage(channel=SPEND, text="p"))["ts"]
    await client.files_upload_v2(
        channel=SPEND, content="a,b\n", filename="may.csv", title="May", initial_comment="here", thread_ts=parent
    )
    (file,) = workspace.files.values()
    message = workspace.channels[SPEND].messages[-1]
    assert (file.content, file.mimetype, file.title, file.shares) == (b"a,b\n", "text/csv", "May", [SPEND])
    assert (message.text, message.files, message.thread_ts) == ("here", [file.id], parent)
    told = (await client.files_info(file=file.id))["file"]
    assert (told["size"], told["shares"]["public"][SPEND]) == (4, [{"ts": message.ts}])


@pytest.mark.parametrize(("channel", "error"), [("C0SECURITY", "not_in_channel"), ("C0SECLEADS", "channel_not_found")])
async def test_a_file_is_not_shared_where_the_bot_may_not(
    client: AsyncWebClient, refused: Refused, channel: str, error: str
) -> None:
    assert await refused(client.files_upload_v2(channel=channel, content="x", filename="x.txt")) == error


async def test_what_was_never_uploaded_is_not_shared(client: AsyncWebClient, refused: Refused) -> None:
    given = await client.files_getUploadURLExternal(filename="x.csv", length=3)
    done = client.files_completeUploadExternal(files=[{"id": given["file_id"], "title": "x"}], channel_id=SPEND)
    assert await refused(done) == "file_not_found"


async def test_every_call_is_logged_with_its_answer(client: AsyncWebClient, slack: SlackApi, refused: Refused) -> None:
    await client.chat_postMessage(channel=SPEND, text="x", metadata=told("a"))
    await refused(client.chat_postMessage(channel="C0SECURITY", text="y"))
    posts = slack.calls("chat.postMessage")
    assert [(call.number, call.token, call.args["text"]) for call in posts] == [(1, "bot", "x"), (2, "bot", "y")]
    assert [(call.answer or {}).get("error") for call in posts] == [None, "not_in_channel"]


ODD: list[Any] = [None, 0, -1, True, "", "x", [], [None], {}, {"id": []}, "[]", "{}", "[7]"]


@pytest.mark.parametrize("odd", ODD, ids=repr)
async def test_whatever_comes_is_answered(raw: Raw, slack: SlackApi, odd: Any) -> None:
    usual = {"channel": SPEND, "user": "U0PRIYA", "users": "U0PRIYA", "user_id": "U0PRIYA", "ts": "1.0", "text": "x"}
    for name in ("channel", "text", "blocks", "metadata", "attachments", "thread_ts", "ts", "user", "files", "view"):
        for method in METHODS:
            answer = await raw(method, **{**usual, name: odd})
            assert answer == slack.log[-1].answer


async def test_bytes_may_come_in_a_form(client: AsyncWebClient, workspace: Workspace) -> None:
    given = await client.files_getUploadURLExternal(filename="may.md", length=3)
    form = aiohttp.FormData()
    form.add_field("file", b"abc", filename="may.md")
    async with aiohttp.ClientSession() as session, session.post(given["upload_url"], data=form) as response:
        assert await response.text() == "OK - 3"
    await client.files_completeUploadExternal(files=[{"id": given["file_id"], "title": "May"}], channel_id="U0PRIYA")
    assert (workspace.files[given["file_id"]].content, workspace.files[given["file_id"]].mimetype) == (
        b"abc",
        "text/markdown",
    )
    assert workspace.channels["D0PRIYA"].messages[0].files == [given["file_id"]]
