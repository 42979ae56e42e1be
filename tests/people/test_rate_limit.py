"""One person's acts and what others get of them: one message of a request, and no more in an hour than people do."""

from datetime import timedelta

import pytest

from bot.people.rate_limit import MOST
from bot.sandbox.slack.faults import Status
from bot.sandbox.slack.models import Message
from bot.sandbox.world import World
from tests.support.app import merge
from tests.support.harness import ServiceHarness
from tests.support.messages import actions, visible_text
from tests.support.worlds import add

PRIYA, MARCUS = "priya.raman@acme.example", "marcus.delgado@acme.example"
ENOUGH = "in the last hour, so I didn't send this one."


@pytest.fixture
def world() -> World:
    world = World.empty()
    add(world, "first", "4", email=PRIYA)
    add(world, "other", "1", email=MARCUS)
    return world


def requests(harness: ServiceHarness) -> list[Message]:
    return [each for each in harness.dm("hannah") if "asks for" in visible_text(each)]


@pytest.mark.slow
async def test_many_requests_of_one_person_are_one_message_and_end_for_the_hour(harness: ServiceHarness) -> None:
    for number in range(MOST):
        answer = visible_text(await harness.ask("priya", f"budget request {100 + number}/month"))
        assert "asked" in answer.lower(), answer
        if number % 4 == 0:  # some are sent, some not yet
            await harness.deliver()
    for number in range(3):
        answer = visible_text(await harness.ask("priya", f"budget request {900 + number}/week"))
        assert f"You've sent {MOST} requests or messages" in answer
        assert ENOUGH in answer
    await harness.deliver()
    (request,) = requests(harness)
    assert f"asks for a budget of ${100 + MOST - 1} a month" in visible_text(request)
    harness.clock.advance(timedelta(minutes=61))
    assert ENOUGH not in visible_text(await harness.ask("priya", "budget request 30/week"))
    assert ENOUGH not in visible_text(await harness.ask("marcus", "budget request 30/week"))  # who is not her
    await harness.deliver()
    assert len(requests(harness)) == 3


@pytest.mark.slow
async def test_a_request_that_was_never_sent_is_sent_as_it_is_in_the_end(harness: ServiceHarness) -> None:
    harness.slack.faults.when(lambda call: Status(503) if call.method == "chat.postMessage" else None)
    for amount in (100, 200, 300):
        await harness.ask("priya", f"budget request {amount}/month")
        await harness.deliver()
    harness.slack.faults.clear()
    for _ in range(5):
        harness.clock.advance(timedelta(minutes=2))
        await harness.deliver()
    (request,) = requests(harness)
    assert "$300 a month" in visible_text(request)


async def test_what_has_changed_meanwhile_is_not_approved_unseen(harness: ServiceHarness) -> None:
    await harness.ask("priya", "budget request 100/month")
    await harness.deliver()
    (request,) = requests(harness)
    im = harness.workspace.im_of(harness.workspace.user("hannah").id).id
    harness.clock.advance(timedelta(seconds=5))
    await harness.ask("priya", "budget request 9000/month")  # not delivered yet: the old amount still stands there
    assert "This request was changed to $9,000 a month, so nothing was done" in visible_text(
        await harness.press("hannah", request, "budget_approve", im)
    )
    assert "$9,000" not in visible_text(await harness.ask("priya", "budgets"))
    await harness.deliver()
    (request,) = requests(harness)
    await harness.press("hannah", request, "budget_approve", im)
    assert "$9,000 a month" in visible_text(await harness.ask("priya", "budgets"))
    await harness.deliver()
    assert actions(requests(harness)[0]) == []
    await harness.ask(
        "priya", "budget request 9500/month"
    )  # what is decided is done: another one is a message of its own
    await harness.deliver()
    assert len(requests(harness)) == 2


@pytest.mark.slow
async def test_answers_are_shared_with_a_channel_so_often_in_an_hour(harness: ServiceHarness) -> None:
    answers = [await harness.ask("priya", "7d") for _ in range(MOST + 1)]
    before = len(harness.visible("jonas"))
    for answer in answers[:-1]:
        await harness.press("priya", answer, "share")
    said = visible_text(await harness.press("priya", answers[-1], "share"))
    assert ENOUGH in said
    assert len(harness.visible("jonas")) == before + MOST
    assert ENOUGH in visible_text(await harness.ask("priya", "budget request 5/day"))  # it is one limit for all of it
    assert requests(harness) == []


async def test_of_two_requests_of_members_who_are_one_the_later_goes_on(harness: ServiceHarness) -> None:
    await harness.ask("priya", "budget request 100/month")
    harness.clock.advance(timedelta(minutes=1))
    await harness.ask("marcus", "budget request 200/month")
    await harness.deliver()
    with harness.service.database.transaction() as connection:
        merge(harness.service.app, harness.service.database, connection, PRIYA, MARCUS)
    await harness.deliver()
    first, second = requests(harness)
    assert "Replaced by a newer request" in visible_text(first)
    assert actions(first) == []
    assert "$200 a month" in visible_text(second)
    assert len(actions(second)) == 2
