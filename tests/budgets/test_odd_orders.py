"""Budgets in odd orders: snoozes, limits that change meanwhile, merged members and clocks, all notified rightly."""

from datetime import timedelta

import pytest

from bot.budgets.limits.revision_store import LimitSetting
from bot.budgets.rules import DEFAULT
from bot.budgets.scopes import scope_of
from bot.domain.periods import Unit
from bot.sandbox.world import World
from bot.sync.rules import PassKind, PlannedPass
from tests.support.acts import spend
from tests.support.app import budget_evaluator, merge, read_passes
from tests.support.harness import ServiceHarness
from tests.support.messages import notifications, table, text_of, visible_text
from tests.support.worlds import MARCUS, PRIYA, add

DAY, USD = timedelta(days=1), 10**9


@pytest.fixture
def world() -> World:
    return World.empty()


@pytest.fixture
async def harness(closed: ServiceHarness) -> ServiceHarness:
    """Priya has spent 10 dollars."""
    return await opened(closed)


async def opened(closed: ServiceHarness, **settings: str) -> ServiceHarness:
    closed.settings |= {"ALERT_CHANNEL": "#neo-spend", **settings}
    await closed.open()
    await spend(closed, PRIYA, 10)
    return closed


def im(harness: ServiceHarness, user: str) -> str:
    """Return the channel of somebody's direct messages with the bot."""
    return harness.workspace.im_of(harness.workspace.user(user).id).id


async def say(harness: ServiceHarness, user: str, *lines: str) -> str:
    """Return the answer to the last of some commands."""
    answers = [visible_text(await harness.ask(user, line)) for line in lines]
    await harness.deliver()
    return answers[-1]


# --- snoozes -------------------------------------------------------------------------------------


@pytest.mark.parametrize("line", ["snooze @priya 4h", f"snooze {PRIYA} today too noisy", "snooze team 4h"])
async def test_an_operator_snoozes_whoever_is_named(harness: ServiceHarness, line: str) -> None:
    assert "in the channel are snoozed until" in await say(harness, "hannah", line)


@pytest.mark.slow
async def test_an_operator_who_reads_of_a_member_in_direct_messages_snoozes_those_alone(
    closed: ServiceHarness,
) -> None:
    harness = await opened(closed, ALERT_PRIVACY="operators")
    await say(harness, "hannah", "budget @priya 10/month")
    (copy,) = [each for each in notifications(harness.dm("hannah")) if "monthly budget" in visible_text(each)]
    before = len(notifications(harness.dm("priya")))
    answer = await harness.press("hannah", copy, "budget_snooze:today", im(harness, "hannah"))
    assert "Budget alerts about Priya Raman in your DMs are snoozed" in visible_text(answer)
    await spend(harness, PRIYA, 6)
    assert len(notifications(harness.dm("priya"))) == before + 1


async def test_where_operators_alone_are_notified_of_members_the_channel_is_of_the_team(closed: ServiceHarness) -> None:
    harness = await opened(closed, ALERT_PRIVACY="operators")
    await say(harness, "hannah", "budget team 8/month")
    (message,) = notifications(harness.visible("marcus"))
    assert "The team is over its monthly budget" in visible_text(message)


async def ended(harness: ServiceHarness, hours: int = 2) -> None:
    """Let some hours and a minute pass."""
    harness.clock.advance(timedelta(hours=hours, minutes=1))
    await harness.deliver()


@pytest.mark.slow
async def test_the_end_of_a_snooze_notifies_of_the_limit_in_force_alone(harness: ServiceHarness) -> None:
    await say(harness, "hannah", "budget @priya 20/month")
    await say(harness, "priya", "snooze 2h")
    await spend(harness, PRIYA, 25)
    await say(harness, "hannah", "budget @priya 100/month")
    await spend(harness, PRIYA, 50)
    await ended(harness)
    steps = [visible_text(each) for each in notifications(harness.dm("priya")) if "% passed" in visible_text(each)]
    assert len(steps) == 1
    assert "80% passed:* $85.00 of $100" in steps[0]
    explained = await say(harness, "priya", "explain")
    assert "not sent in DMs: the limit changed during the snooze" in explained


@pytest.mark.slow
@pytest.mark.parametrize("line", ["budget @priya 1000/month", "budget @priya remove month"])
async def test_a_limit_replaced_or_removed_while_snoozed_leaves_nothing_to_notify(
    harness: ServiceHarness, line: str
) -> None:
    await say(harness, "hannah", "budget @priya 50/month", "snooze @priya 2h")
    await say(harness, "priya", "snooze 2h")
    await spend(harness, PRIYA, 45)
    await say(harness, "hannah", line)
    await ended(harness)
    assert notifications(harness.dm("priya")) == []
    assert notifications(harness.visible("marcus")) == []


@pytest.mark.slow
async def test_a_step_passed_while_snoozed_is_notified_once_its_limit_is_back(harness: ServiceHarness) -> None:
    await say(harness, "hannah", "budget @priya 50/month")
    await say(harness, "priya", "snooze 2h")
    await spend(harness, PRIYA, 32)
    await say(harness, "hannah", "budget @priya 400/month until:today")
    await ended(harness)
    assert notifications(harness.dm("priya")) == []
    harness.clock.advance(DAY)
    await harness.deliver()
    (message,) = notifications(harness.dm("priya"))
    assert "84% of your monthly budget" in visible_text(message)


@pytest.mark.slow
async def test_a_snooze_of_the_channel_alone_is_explained_as_such(harness: ServiceHarness) -> None:
    await say(harness, "hannah", "budget @priya 100/month", "snooze @priya 2h")
    await spend(harness, PRIYA, 75)
    explained = await say(harness, "priya", "explain")
    assert "to the member: sent at" in explained
    assert "not sent in" not in explained
    await spend(harness, PRIYA, 20)
    explained = await say(harness, "priya", "explain")
    assert "not sent in the channel yet: snoozed" in explained
    assert "No alert:" not in explained.partition("100% passed")[2]


@pytest.mark.slow
async def test_the_lower_of_two_steps_passed_while_snoozed_has_a_reason(harness: ServiceHarness) -> None:
    await say(harness, "hannah", "budget @priya 100/month")
    await say(harness, "priya", "snooze 2h")
    await spend(harness, PRIYA, 45)
    await spend(harness, PRIYA, 30)
    await ended(harness)
    explained = await say(harness, "priya", "explain")
    assert "with $55.00 of $100. No alert: a higher step was passed" in explained


async def test_a_step_whose_snooze_outlasted_its_period_is_explained_in_the_next_one(harness: ServiceHarness) -> None:
    await say(harness, "hannah", "budget @priya 40/day")
    await say(harness, "priya", "snooze today")
    await spend(harness, PRIYA, 25)
    await ended(harness, 24)
    assert notifications(harness.dm("priya")) == []
    explained = await say(harness, "priya", "explain")
    assert "$35.00 of $40. No alert: its period had ended" in explained
    assert explained.count("Day (Mar ") == 2


# --- merged members ------------------------------------------------------------------------------

BEFORE = "priya.old@acme.example"


async def merged(harness: ServiceHarness, old: str, new: str) -> None:
    with harness.service.database.transaction() as connection:
        merge(harness.service.app, harness.service.database, connection, old, new)
    await harness.deliver()


@pytest.mark.slow
async def test_a_merged_member_without_a_budget_takes_over_the_other_ones_with_all_that_follows(
    harness: ServiceHarness,
) -> None:
    await spend(harness, MARCUS, 1)
    await say(harness, "hannah", f"budget {MARCUS} 500/month", f"budget {MARCUS} remove month")
    await say(harness, "hannah", 'budget @priya 19/month reason:"pentest"', "budget @priya 400/month until:today")
    assert len(notifications(harness.dm("priya"))) == 1
    await merged(harness, PRIYA, MARCUS)
    listed = table(await harness.ask("hannah", "budgets"))
    assert [row[3] for row in listed if row[0] == "Marcus Delgado"] == ["$400 a month"]
    harness.clock.advance(DAY)
    await harness.deliver()
    listed = table(await harness.ask("hannah", "budgets"))
    (own,) = [row for row in listed if row[0] == "Marcus Delgado"]
    assert own[3] == "$19 a month"
    assert "two e-mails became one member: pentest" in own[5]
    assert notifications(harness.dm("marcus")) == []  # the 50% step was told to whom they were


@pytest.mark.slow
async def test_merged_members_have_one_live_message(harness: ServiceHarness) -> None:
    await spend(harness, BEFORE, 9)
    await say(harness, "hannah", f"link @priya {BEFORE}", f"budget {BEFORE} 10/month")
    (parent,) = notifications(harness.dm("priya"))
    await say(harness, "hannah", "link @priya remove")
    await merged(harness, BEFORE, PRIYA)
    parents = [each for each in notifications(harness.dm("priya")) if not each.thread_ts]
    assert [each.ts for each in parents] == [parent.ts]
    assert "$19.00 of $10" in visible_text(parents[0])


@pytest.mark.slow
async def test_what_waits_for_the_old_e_mail_is_sent_to_the_new_one(harness: ServiceHarness) -> None:
    await spend(harness, BEFORE, 9)
    with harness.service.database.transaction() as connection:
        limit = LimitSetting(scope_of(connection, BEFORE), Unit.MONTH, 18 * USD, "terminal")
        budget_evaluator(harness.service.app).set_limit(connection, limit, harness.clock())
    await merged(harness, BEFORE, PRIYA)
    direct, channel = visible_text(notifications(harness.dm("priya"))[0]), notifications(harness.visible("marcus"))
    assert "You are over your monthly budget" in direct
    assert len([each for each in notifications(harness.dm("priya")) if not each.thread_ts]) == 1
    assert all("over their monthly budget" in visible_text(each) for each in channel)
    assert len(channel) == 1


async def test_a_step_of_the_default_that_both_passed_is_notified_once(harness: ServiceHarness) -> None:
    await spend(harness, BEFORE, 10)
    with harness.service.database.transaction() as connection:
        default = LimitSetting(DEFAULT, Unit.MONTH, 18 * USD, "terminal")
        budget_evaluator(harness.service.app).set_limit(connection, default, harness.clock())
        merge(harness.service.app, harness.service.database, connection, BEFORE, PRIYA)
    await harness.deliver()
    steps = [visible_text(each) for each in notifications(harness.dm("priya"))]
    assert sum("50% passed" in step for step in steps) <= 1
    assert sum("monthly budget" in step for step in steps) == 1


# --- limits that change --------------------------------------------------------------------------


async def test_a_full_sync_notifies_of_what_happens_now(harness: ServiceHarness) -> None:
    await say(harness, "hannah", "budget @priya 100/month")
    begun = harness.clock() - timedelta(hours=1, seconds=1)
    add(harness.neo.world, "big", "8", email=PRIYA, begun=begun)
    await harness.app().sync(full=True, progress=lambda _: None, on_wait=lambda _: None)
    await harness.deliver()
    (message,) = notifications(harness.dm("priya"))
    assert "90% of your monthly budget" in visible_text(message)


async def test_nobody_is_notified_of_history_read_as_a_limit_for_a_while_ends(harness: ServiceHarness) -> None:
    await say(harness, "hannah", "budget @priya 50/month", "budget @priya 400/month until:today")
    harness.clock.advance(DAY)
    add(harness.neo.world, "old", "6", email=PRIYA, begun=harness.clock() - timedelta(hours=2))
    everything = [PlannedPass(PassKind.FULL, None, harness.clock())]
    await read_passes(harness.app(), everything, is_backfill=True)
    await harness.deliver()
    assert notifications(harness.dm("priya")) == []
    assert "it comes from history" in await say(harness, "priya", "explain")


@pytest.mark.slow
async def test_the_end_of_a_default_for_a_while_over_many_is_one_summary(harness: ServiceHarness) -> None:
    await say(harness, "hannah", "budget default 50/month", "budget default 3000/month until:today")
    for each in range(7):
        await spend(harness, f"m{each}@acme.example", 40 + 5 * each)
    before = len(notifications(harness.visible("marcus")))
    harness.clock.advance(DAY)
    await harness.deliver()
    await harness.sync()
    (summary,) = notifications(harness.visible("marcus"))[before:]
    assert "The default budget is $50 a month again" in visible_text(summary)
    assert "7 members are already past a step of it, 5 of them over the limit" in visible_text(summary)


async def test_a_clock_that_ran_ahead_ends_no_limit_for_good(harness: ServiceHarness) -> None:
    await say(harness, "hannah", "budget @priya 50/month", "budget @priya 400/month until:today")
    watch, now = budget_evaluator(harness.service.app), harness.clock()
    for moment, limit in [(now + DAY, "$50 a month"), (now, "$400 a month"), (now + DAY, "$50 a month")]:
        with harness.service.database.transaction() as connection:
            watch.due_work.apply_due(connection, moment)
        assert limit in await say(harness, "hannah", "budgets")


@pytest.mark.slow
@pytest.mark.parametrize("minutes", [0, 1])
async def test_a_request_that_would_lower_what_was_set_since_is_not_approved(
    harness: ServiceHarness, minutes: int
) -> None:
    await say(harness, "hannah", "budget @priya 10/month")
    await say(harness, "priya", "budget request 11/month")
    harness.clock.advance(timedelta(minutes=minutes))
    await say(harness, "hannah", "budget @priya 500/month")
    (request,) = [each for each in notifications(harness.dm("hannah")) if "asks for" in visible_text(each)]
    assert "of $500" in visible_text(request)
    answer = visible_text(await harness.press("hannah", request, "budget_approve", im(harness, "hannah")))
    assert "The limit is $500 a month by now" in answer
    assert "$500 a month" in await say(harness, "hannah", "budgets")


async def test_less_may_be_asked_for_and_approved(harness: ServiceHarness) -> None:
    await say(harness, "hannah", "budget @priya 100/month")
    harness.clock.advance(timedelta(minutes=1))
    await say(harness, "priya", "budget request 60/month")
    (request,) = [each for each in notifications(harness.dm("hannah")) if "asks for" in visible_text(each)]
    await harness.press("hannah", request, "budget_approve", im(harness, "hannah"))
    assert "$60 a month" in await say(harness, "hannah", "budgets")


@pytest.mark.slow
async def test_an_approved_request_leaves_no_name_in_an_anonymous_channel(closed: ServiceHarness) -> None:
    harness = await opened(closed, ALERT_PRIVACY="anonymous")
    await say(harness, "hannah", "budget @priya 10/month")
    await say(harness, "priya", "budget request 11/month")
    (request,) = [each for each in notifications(harness.dm("hannah")) if "asks for" in visible_text(each)]
    await harness.press("hannah", request, "budget_approve", im(harness, "hannah"))
    await harness.deliver()
    messages = notifications(harness.visible("marcus"))
    assert any("Limit raised to $11" in visible_text(each) for each in messages)
    assert not any("U0PRIYA" in text_of(each) for each in messages)


async def test_an_own_budget_removed_names_the_default_that_holds(harness: ServiceHarness) -> None:
    await say(harness, "hannah", "budget default 1000/month", "budget @priya 15/month")
    await say(harness, "hannah", "budget @priya remove month")
    text = "\n".join(visible_text(each) for each in notifications(harness.dm("priya")))
    assert "Personal limit removed" in text
    assert "The default of $1,000 a month applies now. $10.00 is already spent (1%)" in text


@pytest.mark.slow
async def test_what_follows_a_limit_for_a_while_is_what_comes_back(harness: ServiceHarness) -> None:
    await say(harness, "hannah", "budget @priya 50/month")
    first = await say(harness, "hannah", "budget @priya 400/month until:today")
    assert "then $50 again" in first
    assert "then $50 again" in await say(harness, "hannah", "budget @priya 300/month until:tomorrow")
    assert "then $300 again" in await say(harness, "hannah", "budget @priya 200/month until:today")


# --- whose snooze it is ----------------------------------------------------------------------------


def of_team(harness: ServiceHarness, user: str) -> list[str]:
    """Return what somebody was sent in direct messages about the team's budget, in order."""
    return [
        visible_text(each)
        for each in notifications(harness.dm(user))
        if "used" in visible_text(each) or "passed" in visible_text(each)
    ]


@pytest.mark.slow
async def test_an_operators_snooze_is_theirs_alone_and_ends_with_the_highest_step(closed: ServiceHarness) -> None:
    both = ",".join(closed.workspace.user(each).id for each in ("hannah", "marcus"))
    harness = await opened(closed, ADMINS=both)
    await say(harness, "hannah", "budget team 20/month")  # 50%: both hear of it
    (message,) = [each for each in notifications(harness.dm("hannah")) if "monthly budget" in visible_text(each)]
    said = visible_text(await harness.press("hannah", message, "budget_snooze:today", im(harness, "hannah")))
    assert "Budget alerts about the team in your DMs are snoozed until" in said
    before = len(of_team(harness, "hannah"))
    await spend(harness, PRIYA, 7)  # 85%
    assert len(of_team(harness, "hannah")) == before
    assert "80% passed" in of_team(harness, "marcus")[-1]
    (mine,) = [each for each in notifications(harness.dm("hannah")) if "monthly budget" in visible_text(each)]
    assert "Snoozed in DMs until" in visible_text(mine)
    (theirs,) = [each for each in notifications(harness.dm("marcus")) if "monthly budget" in visible_text(each)]
    assert "Snoozed" not in visible_text(theirs)
    await ended(harness, 24)
    assert "80% passed" in of_team(harness, "hannah")[-1]
    assert len(of_team(harness, "hannah")) == before + 1
    await ended(harness, 24)
    assert len(of_team(harness, "hannah")) == before + 1


@pytest.mark.slow
async def test_where_members_are_operators_business_one_of_them_silences_nobody_else(closed: ServiceHarness) -> None:
    both = ",".join(closed.workspace.user(each).id for each in ("hannah", "marcus"))
    harness = await opened(closed, ADMINS=both, ALERT_PRIVACY="operators")
    await say(harness, "hannah", "budget @priya 10/month")
    (copy,) = [each for each in notifications(harness.dm("hannah")) if "monthly budget" in visible_text(each)]
    await harness.press("hannah", copy, "budget_snooze:today", im(harness, "hannah"))
    await spend(harness, PRIYA, 6)  # 160%
    assert not [each for each in notifications(harness.dm("hannah")) if "150% passed" in visible_text(each)]
    assert [each for each in notifications(harness.dm("marcus")) if "150% passed" in visible_text(each)]
    assert [each for each in notifications(harness.dm("priya")) if "150% passed" in visible_text(each)]


@pytest.mark.slow
async def test_a_late_step_that_was_snoozed_is_notified_at_the_end(harness: ServiceHarness) -> None:
    await say(harness, "hannah", "budget @priya 40/day")
    harness.clock.advance(DAY)
    await say(harness, "priya", "snooze 2h")
    add(harness.neo.world, "late", "3", email=PRIYA, begun=harness.clock() - DAY)
    await harness.sync()
    assert notifications(harness.dm("priya")) == []
    await ended(harness)
    (message,) = notifications(harness.dm("priya"))
    assert "Part of it came in after the day had ended" in visible_text(message)
    assert "No alert:" not in await say(harness, "priya", "explain")


async def test_a_late_step_is_not_notified_more_than_three_days_after_its_period(harness: ServiceHarness) -> None:
    await say(harness, "hannah", "budget @priya 40/day")
    harness.clock.advance(DAY)
    await say(harness, "priya", "snooze 72h")
    add(harness.neo.world, "late", "3", email=PRIYA, begun=harness.clock() - DAY)
    await harness.sync()
    await ended(harness, 72)
    assert notifications(harness.dm("priya")) == []


@pytest.mark.slow
async def test_a_snooze_set_by_a_clock_that_ran_ahead_is_none(harness: ServiceHarness) -> None:
    await say(harness, "hannah", "budget @priya 100/month")
    harness.clock.advance(20 * DAY)
    await say(harness, "priya", "snooze 744h")
    harness.clock.set_back(20 * DAY)
    await harness.sync()
    await spend(harness, PRIYA, 45)
    assert len(notifications(harness.dm("priya"))) == 1
    assert "Snoozed" not in await say(harness, "priya", "explain")


async def test_a_budget_is_set_in_everyday_words_and_never_for_two(harness: ServiceHarness) -> None:
    await harness.ask("hannah", "set budget for priya to $500")
    assert "*Priya Raman's budget is already $500 a month.*" in visible_text(
        await harness.ask("hannah", "budget priya 500 per month")
    )
    assert "$500 a month" in visible_text(await harness.ask("priya", "what is my budget?"))
    refused = visible_text(await harness.ask("priya", "set budget for marcus to 1"))
    assert refused == "Only operators set budgets. To ask for a higher limit, type `budget request 800/month`."
    harness.workspace.user("marcus").name = "Priya Delgado"
    await harness.service.wiring.context.people.directory.fill()
    assert "2 people are called priya" in visible_text(await harness.ask("hannah", "budget priya 900"))
