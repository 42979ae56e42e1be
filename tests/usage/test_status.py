"""The command `status`: how fresh the data is, to operators also what is pending, sent, and rejected."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.domain.timestamps import to_us
from bot.outbox.queries import OutboxSummary
from bot.sandbox.faults import Status
from bot.sandbox.world import World
from bot.usage.status import message_counts_text
from tests.support.harness import ServiceHarness
from tests.support.messages import visible_text
from tests.support.worlds import add

NOW = datetime(2026, 11, 28, 21, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("counts", "since", "words"),
    [
        ({}, None, "0 messages pending, 0 sent"),
        ({"sent": 22}, None, "0 messages pending, 22 sent"),
        ({"pending": 1, "sent": 2}, timedelta(minutes=5), "1 message pending (since 21:00), 2 sent"),
        ({"pending": 1, "unsure": 1}, timedelta(days=1), "2 messages pending (since Nov 27, 21:05), 0 sent"),
        ({"sent": 4_321, "dead": 1}, None, "0 messages pending, 4,321 sent, 1 couldn't be sent"),
        ({"missed": 3}, None, "0 messages pending, 0 sent, 3 expired before they could be sent"),
    ],
)
def test_what_became_of_messages(counts: dict[str, int], since: timedelta | None, words: str) -> None:
    oldest = None if since is None else to_us(NOW - since)
    assert message_counts_text(OutboxSummary(counts, oldest, []), ZoneInfo("UTC"), NOW) == words


@pytest.fixture
def world() -> World:
    world = World.empty()
    add(world, "hers", "1", email="priya.raman@acme.example")
    return world


async def test_an_operator_reads_what_is_known_and_sent(harness: ServiceHarness) -> None:
    lines = visible_text(await harness.ask("hannah", "status")).splitlines()
    assert lines[0] == "Data as of 21:00 (UTC), just now. History starts Feb 10."
    assert lines[1] == "1 task of 1 member. 0 messages pending, 1 sent. No rejected rows."
    assert lines[-1].startswith("Operators: <@U0HANNAH> · Database: ")


async def test_a_member_reads_how_fresh_the_data_is(harness: ServiceHarness) -> None:
    first, version = visible_text(await harness.ask("priya", "status")).splitlines()
    assert first == "Data as of 21:00 (UTC), just now. History starts Feb 10."
    assert version.startswith("neo-usage ")


async def test_old_data_says_so(harness: ServiceHarness) -> None:
    harness.neo.faults.always = Status(503)
    harness.clock.advance(timedelta(hours=5))
    assert "Data as of Mar 2, 21:00 (UTC), 5 h ago: out of date." in visible_text(await harness.ask("priya", "status"))


async def test_rejected_rows_are_listed(harness: ServiceHarness) -> None:
    add(harness.neo.world, "broken", "-1", email="priya.raman@acme.example")
    await harness.sync()
    text = visible_text(await harness.ask("hannah", "status"))
    assert "sent. 1 rejected row.\n\n*Rejected rows*\n`broken` " in text


async def test_the_welcome_says_what_was_read_what_to_try_and_who_is_unknown(harness: ServiceHarness) -> None:
    text = visible_text(harness.dm("hannah")[0])
    assert text.startswith("*I'm ready.* I've read Neo's tasks since Feb 10: *1 task* of 1 member, *$10.00* in total.")
    assert "`/neo-usage team last week by:member`  who spent most" in text
    assert "`/neo-usage budget default 20/month`  twice what a typical member spent" in text
    assert "Needs attention" not in text


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({}, "everyone else only about themselves.\n"),
        ({"ALERT_CHANNEL": "#neo-spend"}, "themselves. My posts in #neo-spend name people.\n"),
        (
            {"DIGEST_CHANNEL": "#general,#neo-spend", "ALERT_CHANNEL": "#neo-spend", "SHOW_TITLES": "channel"},
            "themselves. My posts in #general, #neo-spend name people and show task titles.\n",
        ),
        (
            {"DIGEST_CHANNEL": "#neo-spend", "ALERT_PRIVACY": "anonymous"},
            "themselves. My posts in #neo-spend don't name people.\n",
        ),
        (
            {"ALERT_CHANNEL": "#neo-spend", "ALERT_PRIVACY": "operators"},
            "don't name people. What is about one person goes to operators as a DM.\n",
        ),
    ],
)
async def test_the_welcome_says_who_sees_what(closed: ServiceHarness, settings: dict[str, str], said: str) -> None:
    closed.settings |= settings
    await closed.open()
    text = visible_text(closed.dm("hannah")[0])
    assert "*Who sees what:* <@U0HANNAH> can ask about everyone, " in text
    assert said in text


async def test_the_welcome_names_who_is_unknown(closed: ServiceHarness) -> None:
    add(closed.neo.world, "stranger", "1", email="nobody@elsewhere.example")
    await closed.open()
    assert "*Needs attention:* no Slack user for nobody@elsewhere.example." in visible_text(closed.dm("hannah")[0])
