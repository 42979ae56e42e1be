"""The page's server through its front door: what is shown to whom, and what acts do."""

import asyncio
from collections.abc import AsyncIterator

import aiohttp
import pytest
from aiohttp import web

from bot.sandbox.page.server import STATIC, Page
from bot.sandbox.slack import views
from bot.sandbox.slack.models import File, View
from bot.sandbox.slack.server import SlackApi
from tests.support.sandbox import Get, NextEvent, Post, PostAs, plain_text

FORM = {
    "type": "modal",
    "title": plain_text("Raise"),
    "submit": plain_text("Save"),
    "private_metadata": "the app's own",
    "blocks": [
        {
            "type": "input",
            "block_id": "amount",
            "label": plain_text("Amount"),
            "element": {"type": "plain_text_input", "action_id": "a"},
        }
    ],
}
PRESS = {
    "type": "actions",
    "block_id": "b",
    "elements": [{"type": "button", "text": plain_text("Go"), "action_id": "go"}],
}


@pytest.fixture
async def app(slack: SlackApi) -> AsyncIterator[list[str]]:
    """Something that acknowledges all it is told; the list holds the bodies."""
    received: list[str] = []

    async def acknowledge(request: web.Request) -> web.Response:
        received.append(await request.text())
        return web.Response()

    runner = web.AppRunner(application := web.Application())
    application.router.add_post("/", acknowledge)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    slack.delivery.events_url = f"http://127.0.0.1:{runner.addresses[0][1]}/"
    yield received
    await runner.cleanup()


def opened(slack: SlackApi, who: str = "U0HANNAH") -> View:
    return views.push_view(slack.context, who, FORM)


async def test_the_state_says_who_one_is_and_where_one_can_go(get: Get) -> None:
    state = await get("/page/state", **{"as": "U0PRIYA"})
    assert state["me"] == "U0PRIYA"
    assert state["actors"] == ["U0HANNAH", "U0PRIYA", "U0MARCUS", "U0GIL"]
    assert state["now"] == "2026-03-02T09:00:00+00:00"
    names = {one["name"]: one for one in state["conversations"]}
    assert list(names) == ["neo-spend", "security", "general", "shop-pentest", "sec-leads", "priya"]
    assert names["priya"]["with"] == "U0NEOUSAGE"
    assert names["sec-leads"]["kind"] == "private"


async def test_it_waits_until_it_is_ready(page: Page, get: Get) -> None:
    page.is_ready.clear()
    waiting = asyncio.ensure_future(get("/page/state"))
    assert (await asyncio.wait({waiting}, timeout=0.1))[0] == set()
    page.is_ready.set()
    assert (await waiting)["me"] == "U0HANNAH"


@pytest.mark.parametrize(
    ("who", "role"), [("hannah", "operator"), ("priya", "member"), ("gil", "guest"), ("neo-usage", "app")]
)
async def test_everybody_has_a_role(get: Get, who: str, role: str) -> None:
    people = (await get("/page/state"))["people"]
    assert {person["handle"]: person["role"] for person in people}[who] == role


async def test_a_guest_sees_the_guests_channel_only(get: Get) -> None:
    state = await get("/page/state", **{"as": "gil"})
    assert [one["name"] for one in state["conversations"]] == ["shop-pentest", "gil"]


async def test_what_only_one_may_see_nobody_else_gets(get: Get, post_as: PostAs) -> None:
    post_as("neo-spend", "neo-usage", "for Hannah", ephemeral_to="U0HANNAH")
    post_as("neo-spend", "neo-usage", "for all")
    hers = await get("/page/messages", **{"as": "hannah", "channel": "C0NEOSPEND"})
    his = await get("/page/messages", **{"as": "marcus", "channel": "C0NEOSPEND"})
    assert [(one["text"], one["ephemeral"]) for one in hers["messages"]] == [("for Hannah", True), ("for all", False)]
    assert [one["text"] for one in his["messages"]] == ["for all"]


async def test_a_conversation_of_others_does_not_exist(client: aiohttp.ClientSession) -> None:
    for channel in ("C0SECLEADS", "DU0HANNAH", "D0HANNAH", "C0NOWHERE", ""):
        params = {"as": "marcus", "channel": channel}
        async with client.get("/page/messages", params=params) as response:
            assert response.status == 404


async def test_a_thread_is_counted_at_its_root(get: Get, post_as: PostAs) -> None:
    root = post_as("general", "marcus", "who?")
    last = [post_as("general", who, "me", thread_ts=root.ts) for who in ("priya", "hannah", "priya")][-1]
    found = await get("/page/messages", **{"as": "hannah", "channel": "C0GENERAL"})
    shown = found["messages"][0]
    assert (shown["replies"], shown["repliers"], shown["last_reply"]) == (3, ["U0PRIYA", "U0HANNAH"], last.ts)


async def test_what_was_shown_counts_as_read(get: Get, post_as: PostAs) -> None:
    async def unread() -> dict[str, int]:
        state = await get("/page/state", **{"as": "priya"})
        return {one["name"]: one["unread"] for one in state["conversations"]} | {"inbox": state["inbox"]["U0PRIYA"]}

    post_as("general", "priya", "my own")
    post_as("general", "hannah", "new")
    post_as("D0PRIYA", "neo-usage", "psst")
    assert (await unread())["general"] == 1
    assert (await unread())["inbox"] == 1
    await get("/page/messages", **{"as": "priya", "channel": "C0GENERAL"})
    await get("/page/messages", **{"as": "priya", "channel": "D0PRIYA"})
    assert (await unread())["general"] == 0
    assert (await unread())["inbox"] == 0


async def test_nobody_acts_as_somebody_else(client: aiohttp.ClientSession) -> None:
    for who in ("U0JONAS", "jonas", "U0NEOUSAGE", "", None):
        for path in ("send", "click", "submit", "close", "open-home"):
            async with client.post(f"/page/{path}", json={"as": who}) as response:
                assert response.status == 403
    async with client.get("/page/state", params={"as": "jonas"}) as response:
        assert response.status == 403


async def test_a_message_is_said_as_who_acts(get: Get, post: Post) -> None:
    assert (await post("/page/send", who="marcus", channel="C0GENERAL", text=" hi <all> & @priya "))["ok"]
    [message] = (await get("/page/messages", **{"as": "priya", "channel": "C0GENERAL"}))["messages"]
    assert (message["user"], message["text"]) == ("U0MARCUS", "hi &lt;all&gt; &amp; <@U0PRIYA>")


async def test_a_line_with_a_slash_is_a_command(post: Post, app: list[str]) -> None:
    assert (await post("/page/send", channel="C0NEOSPEND", text="/neo-usage team 7d"))["ok"]
    assert "command=%2Fneo-usage" in app[0]
    assert "text=team+7d" in app[0]


async def test_a_command_that_reaches_nobody_says_so_to_its_author(get: Get, post: Post) -> None:
    answer = await post("/page/send", channel="C0NEOSPEND", text="/neo-usage")
    assert (answer["ok"], answer["error"]) == (False, "dispatch_failed")
    [line] = (await get("/page/messages", **{"as": "hannah", "channel": "C0NEOSPEND"}))["messages"]
    assert line["ephemeral"]
    assert "dispatch_failed" in line["text"]


async def test_a_command_in_a_thread_is_refused_in_words(post: Post, post_as: PostAs) -> None:
    root = post_as("general", "marcus", "hm")
    answer = await post("/page/send", channel="C0GENERAL", text="/neo-usage", thread_ts=root.ts)
    assert not answer["ok"]
    assert "threads" in answer["error"]


async def test_what_a_person_cannot_do_is_an_error_in_words(post: Post) -> None:
    answer = await post("/page/send", who="gil", channel="C0SECURITY", text="hello")
    assert answer == {"ok": False, "error": "gil is not in security", "errors": {}}


async def test_a_button_reaches_the_app(post: Post, post_as: PostAs, app: list[str]) -> None:
    message = post_as("general", "neo-usage", "press", blocks=[PRESS])
    click = {"channel": "C0GENERAL", "ts": message.ts, "block_id": "b", "action_id": "go", "value": None}
    assert (await post("/page/click", **click))["ok"]
    assert "block_actions" in app[0]
    assert not (await post("/page/click", **click | {"action_id": "no"}))["ok"]


async def test_a_button_of_the_home_tab_reaches_the_app(get: Get, post: Post, slack: SlackApi, app: list[str]) -> None:
    assert (await get("/page/home", **{"as": "priya"})) == {"view": None}
    slack.workspace.views["V1"] = View("V1", "h", "U0PRIYA", "home", {"blocks": [PRESS]}, "V1")
    slack.workspace.homes["U0PRIYA"] = "V1"
    shown = (await get("/page/home", **{"as": "priya"}))["view"]
    assert shown["blocks"] == [PRESS]
    assert (await post("/page/click", who="priya", view_id="V1", block_id="b", action_id="go"))["ok"]
    assert len(app) == 1


async def test_looking_at_the_home_tab_tells_the_app(post: Post, app: list[str]) -> None:
    assert (await post("/page/open-home", who="marcus"))["ok"]
    assert "app_home_opened" in app[0]


async def test_a_modal_is_told_to_its_person_alone_and_without_the_apps_own(
    next_event: NextEvent, slack: SlackApi
) -> None:
    await next_event("hannah", "version")
    opened(slack, "U0PRIYA")
    hers = opened(slack)
    shown = (await next_event("hannah", "modal"))["modal"]
    assert shown["id"] == hers.id
    assert "private_metadata" not in shown


async def test_a_closed_modal_is_told(next_event: NextEvent, slack: SlackApi, post: Post) -> None:
    view = opened(slack)
    await next_event("hannah", "modal")
    assert (await post("/page/close", view_id=view.id))["ok"]
    assert await next_event("hannah", "modal_closed") == {"modal_closed": view.id}


async def test_a_form_is_sent_off_once_it_is_complete(post: Post, slack: SlackApi, app: list[str]) -> None:
    view = opened(slack)
    answer = await post("/page/submit", view_id=view.id, values={"amount": {"a": None}})
    assert (answer["ok"], list(answer["errors"])) == (False, ["amount"])
    assert not app
    assert (await post("/page/submit", view_id=view.id, values={"amount": {"a": "80"}}))["ok"]
    assert slack.workspace.view_on_top("U0HANNAH") is None


async def test_changes_are_told_as_they_happen(next_event: NextEvent, post_as: PostAs) -> None:
    before = (await next_event("hannah", "version"))["version"]
    post_as("general", "priya", "news")
    assert (await next_event("hannah", "version"))["version"] > before


async def test_a_file_goes_to_those_who_see_its_message(
    client: aiohttp.ClientSession, slack: SlackApi, post_as: PostAs
) -> None:
    slack.workspace.files["F1"] = File("F1", 'a "b".csv', "A", "text/csv", b"x,y\r\n1,2\r\n", "U0NEOUSAGE")
    post_as("D0PRIYA", "neo-usage", "here", files=["F1"])
    async with client.get("/files/F1/x.csv", params={"as": "priya"}) as response:
        assert (response.status, await response.read()) == (200, b"x,y\r\n1,2\r\n")
        assert response.headers["Content-Disposition"] == "attachment; filename*=UTF-8''a%20%22b%22.csv"
        assert response.content_type == "text/csv"
    for who in ("hannah", "gil"):
        async with client.get("/files/F1/x.csv", params={"as": who}) as response:
            assert response.status == 404


async def test_a_file_that_browsers_would_run_is_only_bytes(
    client: aiohttp.ClientSession, slack: SlackApi, post_as: PostAs
) -> None:
    slack.workspace.files["F1"] = File("F1", "a.html", "A", "text/html", b"<script>", "U0NEOUSAGE")
    post_as("general", "neo-usage", "here", files=["F1"])
    async with client.get("/files/F1/a.html", params={"as": "priya"}) as response:
        assert response.content_type == "application/octet-stream"


async def test_the_page_and_its_files_are_served(client: aiohttp.ClientSession) -> None:
    async with client.get("/") as response:
        assert response.content_type == "text/html"
        index = await response.text()
    for path in STATIC.iterdir():
        async with client.get(f"/static/{path.name}") as response:
            assert response.status == 200
            assert (path.suffix == ".js") == (response.content_type == "text/javascript")
    assert "<script>" not in index
    assert " style=" not in index


@pytest.mark.parametrize("name", ["nothing.js", "..%2Fserver.py", "%2e%2e%2fserver.py", "..%5Cserver.py", "."])
async def test_nothing_else_is_served(client: aiohttp.ClientSession, name: str) -> None:
    async with client.get(f"/static/{name}") as response:
        assert response.status in {403, 404}


@pytest.mark.parametrize("body", [b"", b"nonsense", b"[]", b'"x"'])
async def test_only_json_objects_are_taken(client: aiohttp.ClientSession, body: bytes) -> None:
    headers = {"Content-Type": "application/json"}
    async with client.post("/page/send", data=body, headers=headers) as response:
        assert response.status == 400
    async with client.post("/page/send", data={"as": "hannah", "channel": "C0GENERAL", "text": "x"}) as response:
        assert response.status == 415
    async with client.post("/page/send", json={"as": "hannah", "channel": 1, "text": "x"}) as response:
        assert response.status == 400


async def test_slacks_own_addresses_are_beside_it(client: aiohttp.ClientSession, page: Page) -> None:
    headers = {"Authorization": f"Bearer {page.slack.workspace.bot_token}"}
    async with client.post("/api/auth.test", headers=headers) as response:
        assert (await response.json())["ok"]
