"""The log at its most talkative, of a service that knows somebody in every way: it names her by her Slack id alone."""

import io
import re

import pytest

from tests.support.harness import ServiceHarness
from tests.support.life import HERS, live

pytestmark = pytest.mark.slow


async def test_the_log_names_nobody_but_by_a_slack_id(json_log: io.StringIO, closed: ServiceHarness) -> None:
    await live(closed)
    named = {word.upper() for word in re.findall(rf"\w*{HERS}[\w.@ ]*", json_log.getvalue(), re.IGNORECASE)}
    assert named == {"U0PRIYA"}
