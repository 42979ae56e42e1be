"""Every fault does what it says: to the answer, to the connection, and to whether the message is there."""

import asyncio
import time
from collections.abc import Awaitable
from typing import Any

import aiohttp
import pytest
from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncRespond
from slack_sdk.errors import SlackApiError, SlackRequestError
from slack_sdk.http_retry.builtin_async_handlers import AsyncRateLimitErrorRetryHandler
from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox.slack.faults import (
    Fault,
    Hang,
    Html,
    Late,
    Mangle,
    PostRateLimit,
    RateLimited,
    Refuse,
    Reset,
    Slow,
    Status,
)
from bot.sandbox.slack.server import SlackApi
from bot.sandbox.slack.workspace import Workspace
from tests.support.sandbox import SPEND, Refused

POST = "chat.postMessage"


def post(client: AsyncWebClient, text: str = "x") -> Awaitable[Any]:
    return client.chat_postMessage(channel=SPEND, text=text)


def texts(workspace: Workspace) -> list[str]:
    return [message.text for message in workspace.channels[SPEND].messages]


async def test_a_refusal_stores_nothing(
    client: AsyncWebClient, slack: SlackApi, workspace: Workspace, refused: Refused
) -> None:
    slack.faults.on(POST, Refuse("internal_error"), None)
    assert await refused(post(client)) == "internal_error"
    await post(client, "y")
    assert texts(workspace) == ["y"]
    assert [call.answer is None for call in slack.calls(POST)] == [True, False]


async def test_a_limit_says_when_to_come_back(client: AsyncWebClient, slack: SlackApi, workspace: Workspace) -> None:
    slack.faults.on(POST, RateLimited(7))
    with pytest.raises(SlackApiError) as caught:
        await post(client)
    response = caught.value.response
    assert (response.status_code, response["error"], response.headers["Retry-After"]) == (429, "ratelimited", "7")
    client.retry_handlers = [AsyncRateLimitErrorRetryHandler()]
    slack.faults.on(POST, RateLimited(0))
    await post(client, "y")
    assert texts(workspace) == ["y"]


@pytest.mark.parametrize(("fault", "status"), [(Status(503), 503), (Html(502), 502), (Html(200), 200)])
async def test_other_answers_come_instead(client: AsyncWebClient, slack: SlackApi, fault: Fault, status: int) -> None:
    slack.faults.on(POST, fault)
    with pytest.raises(SlackApiError) as caught:
        await post(client)
    response = caught.value.response
    assert (response["status"] if isinstance(response, dict) else response.status_code) == status
    assert texts(slack.workspace) == []


@pytest.mark.parametrize(
    ("fault", "left"), [(Reset(), []), (Reset(done=True), ["x"]), (Hang(), []), (Hang(done=True), ["x"])]
)
async def test_a_lost_answer_may_have_been_done(
    client: AsyncWebClient, slack: SlackApi, workspace: Workspace, fault: Fault, left: list[str]
) -> None:
    client.timeout = 0.1  # type: ignore[assignment]
    slack.faults.on(POST, fault)
    with pytest.raises((aiohttp.ClientError, TimeoutError)):
        await post(client)
    assert texts(workspace) == left


async def test_what_was_given_up_may_be_done_later(
    client: AsyncWebClient, slack: SlackApi, workspace: Workspace
) -> None:
    slack.faults.on(POST, Late(0.05))
    with pytest.raises(aiohttp.ClientError):
        await post(client)
    assert texts(workspace) == []
    await workspace.until(lambda: texts(workspace) == ["x"])


@pytest.mark.parametrize("done", [True, False])
async def test_a_slow_answer_comes_after_or_before_it_is_done(
    client: AsyncWebClient, slack: SlackApi, workspace: Workspace, *, done: bool
) -> None:
    slack.faults.on(POST, Slow(0.1, done=done))
    begun = time.perf_counter()
    posting = asyncio.ensure_future(post(client))
    await workspace.until(lambda: bool(slack.calls(POST)))
    assert (texts(workspace) == ["x"]) is done
    await posting
    assert time.perf_counter() - begun >= 0.1
    assert texts(workspace) == ["x"]


async def test_an_answer_may_lie_while_the_truth_stays(
    client: AsyncWebClient, slack: SlackApi, workspace: Workspace
) -> None:
    def forget(answer: dict[str, Any]) -> None:
        answer["messages"].clear()

    await post(client)
    slack.faults.on("conversations.history", Mangle(forget), Mangle(lambda _: {"ok": True}))
    assert (await client.conversations_history(channel=SPEND))["messages"] == []
    assert (await client.conversations_history(channel=SPEND)).data == {"ok": True}
    assert len((await client.conversations_history(channel=SPEND))["messages"]) == len(texts(workspace)) == 1


async def test_a_method_has_its_own_queue_before_the_common_one(
    client: AsyncWebClient, slack: SlackApi, refused: Refused
) -> None:
    slack.faults.push(Refuse("fatal_error"))
    slack.faults.on(POST, Refuse("internal_error"))
    assert await refused(post(client)) == "internal_error"
    assert await refused(client.auth_test()) == "fatal_error"
    slack.faults.when(lambda call: Refuse("ruled") if call.args.get("channel") == SPEND else None)
    assert await refused(post(client)) == "ruled"
    assert (await client.auth_test())["ok"]
    slack.faults.clear()
    assert (await post(client))["ok"]


@pytest.mark.usefixtures("connected")
async def test_response_addresses_and_uploads_fail_too(app: AsyncApp, client: AsyncWebClient, slack: SlackApi) -> None:
    statuses: list[int] = []
    responded = asyncio.Event()

    @app.command("/neo-usage")
    async def answer(ack: AsyncAck, respond: AsyncRespond) -> None:
        await ack()
        statuses.extend([(await respond("one")).status_code, (await respond("two")).status_code])
        responded.set()

    slack.faults.on("hook", Status(500))
    slack.faults.on("upload", Status(500))
    await slack.command("priya", SPEND)
    await slack.workspace.until(lambda: texts(slack.workspace) == ["two"])
    async with asyncio.timeout(10):
        await responded.wait()
    assert statuses == [500, 200]
    with pytest.raises(SlackRequestError, match="Failed to upload"):
        await client.files_upload_v2(channel=SPEND, content="x", filename="x.txt")
    assert slack.workspace.files == {}


async def test_a_pace_limits_each_channel_by_itself(client: AsyncWebClient, slack: SlackApi, refused: Refused) -> None:
    slack.faults.when(PostRateLimit(seconds=0.2, burst=2))
    for _ in range(2):
        await post(client)
    assert await refused(post(client)) == "ratelimited"
    assert (await client.chat_postMessage(channel="C0GENERAL", text="x"))["ok"]
    calls = slack.calls(POST)
    await asyncio.sleep(max(0.0, calls[0].at + 0.2 - asyncio.get_running_loop().time()))
    assert (await post(client))["ok"]
