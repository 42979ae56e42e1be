"""The demo: from the command to a page that shows a workspace in which the bot has lived for a day."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

from benchmarks.bars import Bar
from benchmarks.timing import shown

_SECONDS = 3.0
_COMMAND = (str(Path(sys.executable).with_name("neo-usage")), "demo", "--port", "0", "--no-browser")
_PATIENCE_S = 60.0


def measure(*, quick: bool) -> Iterator[Bar]:
    """The page is filled within 3 s."""
    seconds = [_filled() for _ in range(1 if quick else 7)]
    note = f"{shown(min(seconds))} to {shown(max(seconds))}"
    yield Bar("the demo's page is filled", median(seconds), _SECONDS, unit="s", note=note)


def _filled() -> float:
    """Return the seconds from the start of the demo until its page has loaded what the operator sees first."""
    began = perf_counter()
    with subprocess.Popen(_COMMAND, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 - our own command
        assert process.stdout is not None
        [port] = re.findall(r"http://127.0.0.1:(\d+)", process.stdout.readline())
        page = HTTPConnection("127.0.0.1", int(port), timeout=_PATIENCE_S)
        state = _get(page, "/page/state?as=hannah")
        channel = next(each["id"] for each in state["conversations"] if each["name"] == "neo-spend")
        messages = _get(page, f"/page/messages?as=hannah&channel={channel}")["messages"]
        seconds = perf_counter() - began
        page.close()
        process.terminate()
    assert any(message["replies"] for message in messages), "an alert with its thread"
    assert len(messages) >= 4, "a digest, alerts and a shared answer"  # noqa: PLR2004 - what was lived through
    return seconds


def _get(page: HTTPConnection, path: str) -> dict[str, Any]:
    page.request("GET", path)
    found: dict[str, Any] = json.loads(page.getresponse().read())
    return found
