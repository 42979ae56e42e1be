"""Budgets in odd orders: quiet, limits that change meanwhile, joined members and clocks, told rightly all the same."""

from datetime import timedelta

import pytest

from bot.sandbox.world import World
from tests.service.conftest import Office, shown
from tests.service.test_budgets import PRIYA, spend, told

DAY = timedelta(days=1)


@pytest.fixture
def world() -> World:
    return World.empty()


@pytest.fixture
async def office(closed: Office) -> Office:
    """Priya has spent 10 dollars."""
    return await opened(closed)


async def opened(closed: Office, **settings: str) -> Office:
    closed.settings |= {"ALERT_CHANNEL": "#neo-spend", **settings}
    await closed.open()
    await spend(closed, PRIYA, 10)
    return closed


def im(office: Office, user: str) -> str:
    """The channel of somebody's direct messages with the bot."""
    return office.workspace.im_of(office.workspace.user(user).id).id


async def say(office: Office, user: str, *lines: str) -> str:
    """What the last of some commands answers."""
    answers = [shown(await office.ask(user, line)) for line in lines]
    await office.delivered()
    return answers[-1]


# --- quiet ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("line", ["snooze @priya 4h", f"snooze {PRIYA} today too noisy", "snooze team 4h"])
async def test_an_operator_snoozes_whoever_is_named(office: Office, line: str) -> None:
    assert "Quiet in the channel" in await say(office, "hannah", line)


async def test_an_operator_who_reads_of_a_member_directly_leaves_their_own_messages_alone(closed: Office) -> None:
    office = await opened(closed, ALERT_PRIVACY="operators")
    await say(office, "hannah", "budget @priya 10/month")
    (copy,) = [each for each in told(office.dm("hannah")) if "monthly budget" in shown(each)]
    before = len(told(office.dm("priya")))
    answer = await office.press("hannah", copy, "budget_snooze:today", im(office, "hannah"))
    assert "Quiet in the channel" in shown(answer)
    await spend(office, PRIYA, 6)
    assert len(told(office.dm("priya"))) == before + 1
