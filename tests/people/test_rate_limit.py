"""One person's acts and what others get of them: one message of a request, and no more in an hour than people do."""

from datetime import timedelta

import pytest

from bot.people.rate_limit import MOST
from bot.sandbox.slack.faults import Status
from bot.sandbox.slack.models import Message
from bot.sandbox.world import World
from tests.support.app import merge
from tests.support.harness import Office
from tests.support.messages import actions, shown
from tests.support.worlds import add

PRIYA, MARCUS = "priya.raman@acme.example", "marcus.delgado@acme.example"
ENOUGH = "in the last hour. Nothing was sent."


@pytest.fixture
def world() -> World:
    world = World.empty()
    add(world, "first", "4", email=PRIYA)
    add(world, "other", "1", email=MARCUS)
    return world


def requests(office: Office) -> list[Message]:
    return [each for each in office.dm("hannah") if "asks for" in shown(each)]


async def test_many_requests_of_one_person_are_one_message_and_end_for_the_hour(office: Office) -> None:
    for number in range(MOST):
        answer = shown(await office.ask("priya", f"budget request {100 + number}/month"))
        assert "asked" in answer.lower(), answer
        if number % 4 == 0:  # some are sent, some not yet
            await office.delivered()
    for number in range(3):
        answer = shown(await office.ask("priya", f"budget request {900 + number}/week"))
        assert f"You have sent {MOST} requests or messages" in answer
        assert ENOUGH in answer
    await office.delivered()
    (request,) = requests(office)
    assert f"asks for ${100 + MOST - 1}.00 a month" in shown(request)
    office.clock.advance(timedelta(minutes=61))
    assert ENOUGH not in shown(await office.ask("priya", "budget request 30/week"))
    assert ENOUGH not in shown(await office.ask("marcus", "budget request 30/week"))  # who is not her
    await office.delivered()
    assert len(requests(office)) == 3


async def test_a_request_that_was_never_sent_is_sent_as_it_is_in_the_end(office: Office) -> None:
    office.slack.faults.when(lambda call: Status(503) if call.method == "chat.postMessage" else None)
    for amount in (100, 200, 300):
        await office.ask("priya", f"budget request {amount}/month")
        await office.delivered()
    office.slack.faults.clear()
    for _ in range(5):
        office.clock.advance(timedelta(minutes=2))
        await office.delivered()
    (request,) = requests(office)
    assert "$300.00 a month" in shown(request)


async def test_what_has_changed_meanwhile_is_not_approved_unseen(office: Office) -> None:
    await office.ask("priya", "budget request 100/month")
    await office.delivered()
    (request,) = requests(office)
    im = office.workspace.im_of(office.workspace.user("hannah").id).id
    office.clock.advance(timedelta(seconds=5))
    await office.ask("priya", "budget request 9000/month")  # not delivered yet: the old amount still stands there
    assert "Nothing was done: this request has changed" in shown(
        await office.press("hannah", request, "budget_approve", im)
    )
    assert "$9,000" not in shown(await office.ask("priya", "budgets"))
    await office.delivered()
    (request,) = requests(office)
    await office.press("hannah", request, "budget_approve", im)
    assert "$9,000.00" in shown(await office.ask("priya", "budgets"))
    await office.delivered()
    assert actions(requests(office)[0]) == []
    await office.ask(
        "priya", "budget request 9500/month"
    )  # what is decided is done: another one is a message of its own
    await office.delivered()
    assert len(requests(office)) == 2


async def test_answers_are_shared_with_a_channel_so_often_in_an_hour(office: Office) -> None:
    answer = await office.ask("priya", "7d")
    before = len(office.seen("jonas"))
    for _ in range(MOST):
        await office.press("priya", answer, "share")
    said = shown(await office.press("priya", answer, "share"))
    assert ENOUGH in said
    assert len(office.seen("jonas")) == before + MOST
    assert ENOUGH in shown(await office.ask("priya", "budget request 5/day"))  # it is one limit for all of it
    assert requests(office) == []


async def test_of_two_requests_of_members_who_are_one_the_later_goes_on(office: Office) -> None:
    await office.ask("priya", "budget request 100/month")
    office.clock.advance(timedelta(minutes=1))
    await office.ask("marcus", "budget request 200/month")
    await office.delivered()
    with office.service.database.transaction() as connection:
        merge(office.service.app, office.service.database, connection, PRIYA, MARCUS)
    await office.delivered()
    first, second = requests(office)
    assert "Replaced by a newer request" in shown(first)
    assert actions(first) == []
    assert "$200.00 a month" in shown(second)
    assert len(actions(second)) == 2
