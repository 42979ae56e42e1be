"""The manual's receiver: genuine events reach PagerDuty, a phone and a directory, each once."""

import json
import threading
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from bot.sandbox.webhook import Delivery, WebhookApi, WebhookFault, WebhookServer
from tests.support.acts import fail_task
from tests.support.engines import sqlite_only
from tests.support.harness import ServiceHarness
from tests.support.webhook import SECRET, receiver_of_the_manual
from tests.support.worlds import PRIYA

HOUR = timedelta(hours=1)
KEY = "0123456789abcdef0123456789abcdef"
pytestmark = [pytest.mark.slow, sqlite_only("what a receiver gets is the same for both")]


@pytest.fixture
def elsewhere() -> Iterator[WebhookServer]:
    """PagerDuty and ntfy: whatever takes requests."""
    with WebhookServer(WebhookApi()) as server:
        yield server


@pytest.fixture
def url(
    closed: ServiceHarness, elsewhere: WebhookServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[str]:
    """Where the manual's receiver listens, with all recipes."""
    for name, value in {
        "WEBHOOK_SECRET": SECRET, "PAGERDUTY_KEY": KEY, "PAGERDUTY_URL": elsewhere.hook_url,
        "NTFY_URL": elsewhere.hook_url, "DIGEST_DIR": str(tmp_path),
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    names = receiver_of_the_manual()
    names["time"] = SimpleNamespace(time=lambda: closed.clock().timestamp())
    receiver: type[BaseHTTPRequestHandler] = names["Receiver"]
    with ThreadingHTTPServer(("127.0.0.1", 0), receiver) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


def alerts(elsewhere: WebhookServer) -> list[dict[str, Any]]:
    """What PagerDuty took."""
    taken = [each for each in elsewhere.api.deliveries if "title" not in each.headers]
    return [json.loads(each.body) for each in taken]


def notes(elsewhere: WebhookServer) -> list[Delivery]:
    """What ntfy took."""
    return [each for each in elsewhere.api.deliveries if "title" in each.headers]


async def test_a_failure_is_an_alert_and_a_digest_a_file(
    closed: ServiceHarness, elsewhere: WebhookServer, url: str, tmp_path: Path
) -> None:
    elsewhere.api.faults.append(WebhookFault(503))  # PagerDuty is down at first, so the event comes again
    closed.settings |= {"WEBHOOK_URL": url, "WEBHOOK_SECRET": SECRET}
    await closed.open()
    fail_task(closed, PRIYA, "no route to host")
    for _ in range(30):
        closed.clock.advance(HOUR)
        await closed.sync()
    opened, resolved = alerts(elsewhere)
    assert (opened["event_action"], resolved["event_action"]) == ("trigger", "resolve")
    assert opened["dedup_key"] == resolved["dedup_key"]
    assert opened["routing_key"] == KEY
    assert opened["payload"].keys() == {"summary", "source", "severity"}
    titles = [each.headers["title"] for each in notes(elsewhere)]
    assert titles.count("failure.opened") == titles.count("failure.resolved") == 1
    assert kept_types(tmp_path) == ["digest"] * titles.count("digest")


def kept_types(directory: Path) -> list[str]:
    """The types of the events that were kept as files."""
    return [json.loads(each.read_text())["type"] for each in directory.glob("evt_*.json")]


async def test_what_nobody_has_signed_is_refused(closed: ServiceHarness, elsewhere: WebhookServer, url: str) -> None:
    other = "whsec_" + "A" * 32
    closed.settings |= {"WEBHOOK_URL": url, "WEBHOOK_SECRET": other}
    await closed.open()
    fail_task(closed, PRIYA, "no route to host")
    await closed.sync()
    assert elsewhere.api.attempts == []
