"""Tokens, scopes, arguments and the log of the Web API."""

from typing import Any

import aiohttp
import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox.slack.methods import METHODS
from bot.sandbox.slack.server import SlackApi, SlackServer
from bot.sandbox.slack.workspace import Workspace
from tests.support.sandbox import SPEND, Raw, Refused


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


async def test_every_call_is_logged_with_its_answer(client: AsyncWebClient, slack: SlackApi, refused: Refused) -> None:
    await client.chat_postMessage(
        channel=SPEND, text="x", metadata={"event_type": "told", "event_payload": {"key": "a"}}
    )
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
