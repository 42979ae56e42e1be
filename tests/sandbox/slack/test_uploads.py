"""The methods files.* and the upload URLs."""

import aiohttp
import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox.slack.workspace import Workspace
from tests.support.sandbox import SPEND, Refused


async def test_a_file_is_uploaded_and_shared(client: AsyncWebClient, workspace: Workspace) -> None:
    parent = (await client.chat_postMessage(channel=SPEND, text="p"))["ts"]
    await client.files_upload_v2(
        channel=SPEND, content="a,b\n", filename="may.csv", title="May", initial_comment="here", thread_ts=parent
    )
    (file,) = workspace.files.values()
    message = workspace.channels[SPEND].messages[-1]
    assert (file.content, file.mimetype, file.title, file.shares) == (b"a,b\n", "text/csv", "May", [SPEND])
    assert (message.text, message.files, message.thread_ts) == ("here", [file.id], parent)
    info = (await client.files_info(file=file.id))["file"]
    assert (info["size"], info["shares"]["public"][SPEND]) == (4, [{"ts": message.ts}])


@pytest.mark.parametrize(("channel", "error"), [("C0SECURITY", "not_in_channel"), ("C0SECLEADS", "channel_not_found")])
async def test_a_file_is_not_shared_where_the_bot_may_not(
    client: AsyncWebClient, refused: Refused, channel: str, error: str
) -> None:
    assert await refused(client.files_upload_v2(channel=channel, content="x", filename="x.txt")) == error


async def test_what_was_never_uploaded_is_not_shared(client: AsyncWebClient, refused: Refused) -> None:
    given = await client.files_getUploadURLExternal(filename="x.csv", length=3)
    done = client.files_completeUploadExternal(files=[{"id": given["file_id"], "title": "x"}], channel_id=SPEND)
    assert await refused(done) == "file_not_found"


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
