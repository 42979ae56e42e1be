"""What members are told of the bot itself: how fresh it is, and never how much of the team's is behind that."""

import asyncio
from datetime import timedelta

import pytest

from bot.sandbox.faults import Status
from bot.sandbox.world import START, World
from tests.support.harness import ServiceHarness
from tests.support.messages import visible_text
from tests.support.worlds import HOUR, add

ME, OTHER = "priya.raman@acme.example", "marcus.delgado@acme.example"
DAY = timedelta(days=1)


@pytest.fixture
def world() -> World:
    world = World.empty()
    add(world, "mine", "1", email=ME, model="opus")
    for number in range(430):
        add(world, f"his-{number}", "1", email=OTHER, model="opus", begun=START - (number % 40 + 3) * HOUR)
    return world


@pytest.mark.slow
async def test_how_many_tasks_are_being_read_is_for_operators(closed: ServiceHarness) -> None:
    closed.neo.latency_s = 0.4
    opening = asyncio.create_task(closed.open())
    await closed.workspace.until(lambda: len(closed.slack.sockets) == 1)
    said = ""
    while "of 431 tasks so far" not in said:  # an answer takes a moment, a page of Neo much longer
        assert not opening.done()
        said = visible_text(await closed.ask("hannah", "status"))
    assert "I'm reading Neo now." in visible_text(await closed.ask("priya", "status"))
    for line in ("status", "", "errors"):
        told = visible_text(await closed.ask("priya", line))
        assert "431" not in told
        assert "tasks so far" not in told
    closed.neo.latency_s = 0
    await opening


@pytest.mark.slow
async def test_why_neo_could_not_be_read_is_for_operators(closed: ServiceHarness) -> None:
    await closed.open()
    closed.neo.faults.always = Status(503)
    closed.clock.advance(5 * HOUR)
    await closed.service.jobs.sync()
    assert "503" in visible_text(await closed.ask("hannah", "status"))
    for line in ("status", ""):
        told = visible_text(await closed.ask("priya", line))
        assert "503" not in told
        assert "I couldn't read Neo the last time" in told


async def test_how_much_a_weak_key_loses_is_for_operators(closed: ServiceHarness) -> None:
    await closed.open()
    closed.neo.tier = "solo"
    closed.clock.advance(HOUR)
    await closed.service.jobs.sync()
    assert "tasks came without the e-mail" in visible_text(await closed.ask("hannah", "status"))
    for line, warning in (("status", "*Warning:* Neo shows me less"), ("7d", "\nWarning: Neo shows me less")):
        told = visible_text(await closed.ask("priya", line))
        assert warning in told
        assert "came without" not in told


async def test_an_empty_ledger_of_ones_own_is_no_empty_bill(closed: ServiceHarness) -> None:
    """While nothing of a member's was read yet, it does not matter whether anything of others' was."""
    closed.neo.faults.always = Status(503)
    await closed.open()
    for line in ("", "7d"):
        assert "I haven't read anything from Neo yet" in visible_text(await closed.ask("priya", line))
    assert "$" not in visible_text(await closed.ask("priya", "errors"))


@pytest.mark.slow
async def test_a_forecast_rests_on_ones_own_days(closed: ServiceHarness) -> None:
    """Where all history is read, a member's month begins with their own first charge, not with somebody else's."""
    for day in range(4, 12):
        add(closed.neo.world, f"mine-{day}", "1", email=ME, begun=START + day * DAY)
    closed.neo.world.remove("mine")
    closed.clock.advance(13 * DAY)
    await closed.open()
    await closed.ask("hannah", "budget @priya 5000/month")
    await read_all(closed)
    before = visible_text(await closed.ask("priya", "budgets"))
    assert "$" in before
    add(closed.neo.world, "hers", "1", email="dana@acme.example", begun=START - 30 * DAY)
    await read_all(closed)
    assert visible_text(await closed.ask("priya", "budgets")) == before


async def read_all(harness: ServiceHarness) -> None:
    await harness.service.app.sync(full=True, progress=lambda _: None, on_wait=lambda _: None)


NAMED = (
    ("budget @priya 500/month", "Priya Raman's budget is now $500 a month"),
    ("budget @priya.raman 400/month", "Priya Raman's budget is now $400 a month"),
    ("budget @nobody 400/month", "I can't find @nobody in Neo"),
    ("snooze @priya 4h", "in the channel"),
    ("explain @priya.raman", "Priya Raman: alerts sent"),
    ("explain @nobody", "I can't find @nobody in Neo"),
    ("link @priya.raman priya@acme.dev", "pick the person from Slack's list"),
)


async def test_a_typed_name_is_understood_in_every_command_of_an_operator(closed: ServiceHarness) -> None:
    closed.workspace.escapes_links = False
    await closed.open()
    for line, said in NAMED:
        assert said.replace("*", "") in visible_text(await closed.ask("hannah", line)).replace("*", ""), line


async def test_a_member_who_names_anybody_learns_nothing(closed: ServiceHarness) -> None:
    closed.workspace.escapes_links = False
    await closed.open()
    for name in ("@marcus", "@nobody", OTHER, "nobody@acme.example", "team", "default", "<@U0MARCUS>"):
        await learns_nothing(closed, name)


async def learns_nothing(closed: ServiceHarness, name: str) -> None:
    for user in ("priya", "liam"):  # who has tasks, and who has none
        assert visible_text(await closed.ask(user, f"explain {name}")).startswith(
            "Only operators can see other people's spend."
        )
    assert "Only operators set budgets" in visible_text(await closed.ask("priya", f"budget {name} 5/month"))
    assert "Only operators can snooze the channel" in visible_text(await closed.ask("priya", f"snooze {name} 1h"))
