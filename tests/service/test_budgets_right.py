"""Budgets in odd orders: quiet, limits that change meanwhile, joined members and clocks, told rightly all the same."""

from datetime import timedelta

import pytest

from bot.budgets.changes import scope_of
from bot.budgets.rules import DEFAULT
from bot.budgets.store import Setting
from bot.domain.periods import Unit
from bot.sandbox.world import World
from tests.service.conftest import Office, shown, table
from tests.service.test_budgets import MARCUS, PRIYA, spend, told

DAY, USD = timedelta(days=1), 10**9


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


async def ended(office: Office, hours: int = 2) -> None:
    """So many hours pass, and a minute."""
    office.clock.advance(timedelta(hours=hours, minutes=1))
    await office.delivered()


async def test_the_end_of_a_snooze_tells_of_the_limit_in_force_alone(office: Office) -> None:
    await say(office, "hannah", "budget @priya 20/month")
    await say(office, "priya", "snooze 2h")
    await spend(office, PRIYA, 25)
    await say(office, "hannah", "budget @priya 100/month")
    await spend(office, PRIYA, 50)
    await ended(office)
    steps = [shown(each) for each in told(office.dm("priya")) if "% passed" in shown(each)]
    assert len(steps) == 1
    assert "80 % passed:* $85.00 of $100.00" in steps[0]
    explained = await say(office, "priya", "explain")
    assert "not told in direct messages, because the limit was replaced while quiet was asked for" in explained


@pytest.mark.parametrize("line", ["budget @priya 1000/month", "budget @priya remove month"])
async def test_a_limit_replaced_or_removed_in_quiet_leaves_nothing_to_tell(office: Office, line: str) -> None:
    await say(office, "hannah", "budget @priya 50/month", "snooze @priya 2h")
    await say(office, "priya", "snooze 2h")
    await spend(office, PRIYA, 45)
    await say(office, "hannah", line)
    await ended(office)
    assert told(office.dm("priya")) == []
    assert told(office.seen("marcus")) == []


async def test_what_was_passed_in_quiet_is_told_once_its_limit_is_back(office: Office) -> None:
    await say(office, "hannah", "budget @priya 50/month")
    await say(office, "priya", "snooze 2h")
    await spend(office, PRIYA, 32)
    await say(office, "hannah", "budget @priya 400/month until:today")
    await ended(office)
    assert told(office.dm("priya")) == []
    office.clock.advance(DAY)
    await office.delivered()
    (message,) = told(office.dm("priya"))
    assert "84 % of your monthly budget" in shown(message)


async def test_quiet_in_the_channel_alone_is_explained_as_such(office: Office) -> None:
    await say(office, "hannah", "budget @priya 100/month", "snooze @priya 2h")
    await spend(office, PRIYA, 75)
    explained = await say(office, "priya", "explain")
    assert "to the member: told" in explained
    assert "asked for quiet" not in explained
    await spend(office, PRIYA, 20)
    explained = await say(office, "priya", "explain")
    assert "not told in the channel yet, because somebody asked for quiet there" in explained
    assert "not told, because" not in explained.partition("100 % passed")[2]


async def test_the_lower_of_two_steps_passed_in_quiet_has_a_reason(office: Office) -> None:
    await say(office, "hannah", "budget @priya 100/month")
    await say(office, "priya", "snooze 2h")
    await spend(office, PRIYA, 45)
    await spend(office, PRIYA, 30)
    await ended(office)
    explained = await say(office, "priya", "explain")
    assert "at $55.00 of $100.00: not told, because a higher step was passed" in explained


async def test_what_quiet_outlasted_is_explained_in_the_next_period(office: Office) -> None:
    await say(office, "hannah", "budget @priya 40/day")
    await say(office, "priya", "snooze today")
    await spend(office, PRIYA, 25)
    await ended(office, 24)
    assert told(office.dm("priya")) == []
    explained = await say(office, "priya", "explain")
    assert "$35.00 of $40.00: not told, because its period had ended" in explained
    assert explained.count("day 20") == 2


async def test_a_day_on_its_way_past_its_limit_is_foretold(office: Office) -> None:
    office.clock.advance(timedelta(hours=9))
    await spend(office, PRIYA, 8)
    await say(office, "hannah", "budget @priya 20/day")
    assert "used up" in await say(office, "priya", "budgets")


# --- joined members ------------------------------------------------------------------------------

BEFORE = "priya.old@acme.example"


async def merged(office: Office, old: str, new: str) -> None:
    with office.service.database.transaction() as connection:
        office.service.app.merge(connection, old, new)
    await office.delivered()


async def test_a_member_whose_own_budget_was_removed_takes_over_the_olds_with_all_that_follows(office: Office) -> None:
    await spend(office, MARCUS, 1)
    await say(office, "hannah", f"budget {MARCUS} 500/month", f"budget {MARCUS} remove month")
    await say(office, "hannah", 'budget @priya 19/month reason:"pentest"', "budget @priya 400/month until:today")
    assert len(told(office.dm("priya"))) == 1
    await merged(office, PRIYA, MARCUS)
    listed = table(await office.ask("hannah", "budgets"))
    assert [row[2] for row in listed if row[0] == MARCUS] == ["$400.00"]
    office.clock.advance(DAY)
    await office.delivered()
    listed = table(await office.ask("hannah", "budgets"))
    (own,) = [row for row in listed if row[0] == MARCUS]
    assert own[2] == "$19.00"
    assert "two e-mails became one member: pentest" in own[6]
    assert told(office.dm("marcus")) == []  # the 50 % step was told to whom they were


async def test_joined_members_have_one_living_message(office: Office) -> None:
    await spend(office, BEFORE, 9)
    await say(office, "hannah", f"link @priya {BEFORE}", f"budget {BEFORE} 10/month")
    (parent,) = told(office.dm("priya"))
    await say(office, "hannah", "link @priya remove")
    await merged(office, BEFORE, PRIYA)
    parents = [each for each in told(office.dm("priya")) if not each.thread_ts]
    assert [each.ts for each in parents] == [parent.ts]
    assert "$19.00 of $10.00" in shown(parents[0])


async def test_what_is_owed_to_the_old_e_mail_is_told_to_the_new_one(office: Office) -> None:
    await spend(office, BEFORE, 9)
    with office.service.database.transaction() as connection:
        limit = Setting(scope_of(connection, BEFORE), Unit.MONTH, 18 * USD, "terminal")
        office.service.app.watch.set(connection, limit, office.clock())
    await merged(office, BEFORE, PRIYA)
    direct, channel = shown(told(office.dm("priya"))[0]), told(office.seen("marcus"))
    assert "You are over your monthly budget" in direct
    assert len([each for each in told(office.dm("priya")) if not each.thread_ts]) == 1
    assert all("over their monthly budget" in shown(each) for each in channel)
    assert len(channel) == 1


async def test_a_step_of_the_default_that_both_passed_is_told_once(office: Office) -> None:
    await spend(office, BEFORE, 10)
    with office.service.database.transaction() as connection:
        default = Setting(DEFAULT, Unit.MONTH, 18 * USD, "terminal")
        office.service.app.watch.set(connection, default, office.clock())
        office.service.app.merge(connection, BEFORE, PRIYA)
    await office.delivered()
    steps = [shown(each) for each in told(office.dm("priya"))]
    assert sum("50 % passed" in step for step in steps) <= 1
    assert sum("monthly budget" in step for step in steps) == 1
