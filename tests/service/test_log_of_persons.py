"""The log at its most talkative, of a service that knows somebody in every way: it names her nowhere."""

import io
import json

import pytest

from tests.support.harness import ServiceHarness
from tests.support.life import HERS, live

pytestmark = pytest.mark.slow


async def test_the_log_names_nobody_and_tells_people_apart(json_log: io.StringIO, closed: ServiceHarness) -> None:
    await live(closed)
    assert HERS not in json_log.getvalue().lower()
    lines = [json.loads(line) for line in json_log.getvalue().splitlines()]
    assert len({line["user"] for line in lines if line.get("event") == "request"}) == 2  # hers, and the operator's
