"""Other sites' pages get nothing and do nothing, however they ask."""

import aiohttp
import pytest

from bot.sandbox.http_server import NeoServer
from bot.sandbox.page.server import Page
from bot.sandbox.slack.server import SlackServer

CROSS = "cross-site"


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example:80", "localhost.evil.example", "", "[::1]:1"])
async def test_a_foreign_name_is_refused(client: aiohttp.ClientSession, host: str) -> None:
    for path in ("/", "/page/state", "/static/main.js", "/api/auth.test"):
        async with client.get(path, headers={"Host": host}) as response:
            assert response.status == 403


@pytest.mark.parametrize("host", ["localhost", "localhost:8811", "127.0.0.1:1"])
async def test_its_own_names_are_taken(client: aiohttp.ClientSession, host: str) -> None:
    async with client.get("/page/state", headers={"Host": host}) as response:
        assert response.status == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://localhost:1"},
        {"Sec-Fetch-Site": CROSS},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
async def test_another_sites_page_does_nothing(client: aiohttp.ClientSession, headers: dict[str, str]) -> None:
    body = {"as": "hannah", "channel": "C0GENERAL", "text": "forged", "do": "day"}
    for path in ("/page/send", "/page/world", "/api/chat.postMessage"):
        async with client.post(path, json=body, headers=headers) as response:
            assert response.status == 403
    async with client.get("/page/state", headers=headers) as response:
        assert response.status == 403


async def test_its_own_page_acts(client: aiohttp.ClientSession) -> None:
    headers = {"Host": "localhost:8811", "Origin": "http://localhost:8811", "Sec-Fetch-Site": "same-origin"}
    body = {"as": "hannah", "channel": "C0GENERAL", "text": "mine"}
    async with client.post("/page/send", json=body, headers=headers) as response:
        assert (await response.json())["ok"]


async def test_a_link_from_elsewhere_leads_to_the_page(client: aiohttp.ClientSession) -> None:
    async with client.get("/", headers={"Sec-Fetch-Site": CROSS}) as response:
        assert response.status == 200


@pytest.mark.parametrize("path", ["/", "/page/state", "/static/main.js", "/nowhere"])
async def test_browsers_run_the_pages_own_files_only(client: aiohttp.ClientSession, path: str) -> None:
    async with client.get(path) as response:
        policy = response.headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'self';")
        assert "unsafe" not in policy
        assert response.headers["X-Content-Type-Options"] == "nosniff"


async def test_the_embedded_slack_and_neo_are_guarded_where_they_are_served_alone(page: Page) -> None:
    async with SlackServer(page.slack) as slack, NeoServer(page.neo) as neo, aiohttp.ClientSession() as session:
        for url in (f"{slack.url}/api/auth.test", f"{slack.url}/hooks/x", f"{neo.url}/api/v1/usage/tasks"):
            for headers in ({"Host": "evil.example"}, {"Origin": "https://evil.example"}, {"Sec-Fetch-Site": CROSS}):
                async with session.post(url, headers=headers) as response:
                    assert response.status == 403
