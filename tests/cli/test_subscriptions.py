"""The commands `subscription list`, `add` and `remove`."""

import asyncio
import json
import os
from subprocess import CompletedProcess

import pytest

from bot.sandbox.world import World
from tests.support.command import run_command
from tests.support.engines import costly
from tests.support.harness import ServiceHarness
from tests.support.messages import notification_keys, notifications, visible_text
from tests.support.worlds import PRIYA, add

pytestmark = costly
USAGE = 2  # the exit code of wrong use
WORDS = ("subscription", "add", "team", "last", "week", "by:member", "every", "monday", "09:00")


@pytest.fixture
def world() -> World:
    world = World.empty()
    add(world, "hers", "3", email=PRIYA)
    return world


async def run(harness: ServiceHarness, *words: str, **settings: str) -> CompletedProcess[str]:
    environment = {**os.environ, **harness.environment(), **settings}
    return await asyncio.to_thread(run_command, words, environment, harness.directory)


async def test_one_is_added_listed_and_removed_and_its_owner_is_told(harness: ServiceHarness) -> None:
    assert (await run(harness, "subscription", "list")).stdout == "No subscriptions.\n"
    added = await run(harness, *WORDS, "--channel", "#neo-spend")
    described = "team last week by:member, every Monday at 09:00, to the channel C0NEOSPEND"
    assert added.stdout == f"Added subscription 1 of U0HANNAH: {described}\n", added.stderr
    listed = await run(harness, "subscription", "list")
    assert listed.stdout.startswith(f"U0HANNAH 1: {described}. Next: ")
    (document,) = json.loads((await run(harness, "subscription", "list", "--json")).stdout)
    assert document["next_at"].endswith("T09:00:00Z")
    del document["next_at"]
    assert document == {
        "owner": "U0HANNAH",
        "number": 1,
        "question": "team last week by:member",
        "schedule": "every monday 09:00",
        "destination": "channel:C0NEOSPEND",
    }
    refused = await run(harness, "subscription", "add", "7d", "--channel", "#neo-spend")
    assert refused.stderr.endswith(" Try `neo-usage subscription add 7d every monday 09:00`.\n")
    assert "`team last week by:member`" in visible_text(await harness.ask("hannah", "subscriptions"))
    assert "No subscriptions" not in (await run(harness, "subscription", "remove", "1")).stdout
    await harness.deliver()
    told = notifications(harness.dm("hannah"))[-1]
    assert notification_keys([told])[0].startswith("subscription_ended:1:")
    assert "An operator stopped your subscription 1" in visible_text(told)
    assert "There is no subscription 1" in (await run(harness, "subscription", "remove", "1")).stderr


async def test_somebody_mentioned_in_a_question_is_listed_by_their_id(harness: ServiceHarness) -> None:
    await harness.ask("hannah", "subscribe @priya last week every monday 09:00")
    listed = (await run(harness, "subscription", "list")).stdout
    assert listed.startswith("U0HANNAH 1: ")
    assert "U0PRIYA" in listed
    assert "<@" not in listed


async def test_one_for_a_person_shows_what_that_person_may_see(harness: ServiceHarness) -> None:
    refused = await run(harness, *WORDS, "--to", PRIYA)
    assert (refused.returncode, refused.stdout) == (USAGE, "")
    assert "Only operators can see other people's spend" in refused.stderr
    added = await run(harness, "subscription", "add", "last week daily at 8", "--to", PRIYA, "--owner", "U0HANNAH")
    assert added.stdout == (
        "Added subscription 1 of U0HANNAH: last week, every day at 08:00, to the DM of U0PRIYA\n"
    ), added.stderr


async def test_what_cannot_be_is_explained(harness: ServiceHarness) -> None:
    for words, said in (
        ((*WORDS,), "Say where to post it: either --channel '#name' or --to E-MAIL."),
        ((*WORDS, "--channel", "#a", "--to", PRIYA), "Say where to post it"),
        ((*WORDS, "--channel", "#nowhere"), "I can't see a channel #nowhere."),
        ((*WORDS, "--channel", "#acme-x-globex"), "people from outside your company"),
        ((*WORDS, "--to", "nobody@acme.example"), "I know nobody in Slack with the e-mail nobody@acme.example."),
        ((*WORDS, "--channel", "#neo-spend", "--owner", PRIYA), "is no operator, so they can't own it."),
        (("subscription", "add", "team", "7d", "--channel", "#neo-spend"), "How often?"),
        (("subscription", "remove", "7"), "There is no subscription 7."),
    ):
        ended = await run(harness, *words)
        assert ended.returncode == USAGE, words
        assert said in ended.stderr, words


async def test_of_several_people_one_is_named(harness: ServiceHarness) -> None:
    harness.settings["ADMINS"] = "U0HANNAH,U0JONAS"
    for owner in ("U0HANNAH", "jonas.lindqvist@acme.example"):
        await run(harness, *WORDS, "--channel", "#neo-spend", "--owner", owner)
    unclear = await run(harness, "subscription", "remove", "1")
    assert "Several people have a subscription 1: U0HANNAH, U0JONAS. Add `--owner U0HANNAH`." in unclear.stderr
    assert "of U0JONAS" in (await run(harness, "subscription", "remove", "1", "--owner", "U0JONAS")).stdout
