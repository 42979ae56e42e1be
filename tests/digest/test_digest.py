"""The digest through the front door: once a channel and local date, with the numbers that a report has."""

import re
from datetime import timedelta
from typing import Any

import pytest

from bot.domain.money import show_usd
from bot.sandbox.faults import Status
from bot.sandbox.slack.api_calls import Call
from bot.sandbox.slack.faults import Fault
from bot.sandbox.world import START, World
from tests.support.app import post_digest, report_of, reprice_ledger
from tests.support.engines import costly
from tests.support.harness import ServiceHarness
from tests.support.messages import digest_messages, notifications, text_of, visible_text
from tests.support.worlds import add, spent

pytestmark = pytest.mark.slow

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
PRIYA, MARCUS = "priya.raman@acme.example", "marcus.delgado@acme.example"


@pytest.fixture
def world() -> World:
    """Fourteen days of ten dollars each, Priya's and Marcus's in turn; it is Monday, 2 March, 21:00."""
    world = World.empty()
    for back in range(1, 15):
        email, model = ((PRIYA, "opus"), (MARCUS, "haiku"))[back % 2]
        add(world, f"day-{back}", "1", email=email, model=model, begun=START - back * DAY)
    return world


@pytest.fixture
async def harness(closed: ServiceHarness) -> ServiceHarness:
    closed.settings |= {"DIGEST_CHANNEL": "#neo-spend"}
    await closed.open()
    return closed


def spend(harness: ServiceHarness, email: str, usd: int, **others: Any) -> None:
    spent(harness.neo.world, harness.clock(), email, usd, **others)


async def goes_on(harness: ServiceHarness, by: timedelta, step: timedelta = 6 * HOUR) -> None:
    """Let time go on, with a look at each step."""
    until = harness.clock() + by
    while harness.clock() < until:
        harness.clock.advance(min(step, until - harness.clock()))
        await harness.sync()


async def test_after_an_install_the_first_is_due_the_next_morning(harness: ServiceHarness) -> None:
    assert digest_messages(harness.visible("marcus")) == []
    spend(harness, PRIYA, 30, model="opus", title="secret")
    spend(harness, MARCUS, 10, model="haiku")
    await goes_on(harness, 11 * HOUR)
    assert digest_messages(harness.visible("marcus")) == []
    await goes_on(harness, 2 * HOUR)
    (digest,) = digest_messages(harness.visible("marcus"))
    text = visible_text(digest)
    assert "Mon, Mar 2: $40.00* (4.00 credits) · 2 tasks by 2 members" in text
    assert "300% more than the day before ($10.00); 300% more than a typical Monday ($10.00)" in text
    assert "$30.00 (75%)  Priya Raman" in text
    assert "$10.00 (25%)  haiku" in text
    assert "secret" not in text_of(digest)
    await harness.service.end()
    await harness.start()
    await goes_on(harness, 10 * HOUR)
    assert len(digest_messages(harness.visible("marcus"))) == 1
    await goes_on(harness, DAY)
    assert len(digest_messages(harness.visible("marcus"))) == 2


async def test_its_numbers_are_those_of_a_report_of_yesterday(harness: ServiceHarness) -> None:
    for usd in (7, 13, 29):
        spend(harness, PRIYA, usd, llm_cost=None)
    await goes_on(harness, DAY)
    (digest,) = digest_messages(harness.visible("marcus"))
    report = report_of(harness.service.app, "yesterday by:member")
    assert f"{show_usd(report.spend_nanos)}* (" in visible_text(digest)
    assert report.spend_nanos == 49_000_000_000


async def test_ten_times_as_much_is_shown_as_the_amount_that_it_is_more(harness: ServiceHarness) -> None:
    spend(harness, PRIYA, 300)
    await goes_on(harness, 13 * HOUR)
    (digest,) = digest_messages(harness.visible("marcus"))
    said = "$290.00 more than the day before ($10.00); $290.00 more than a typical Monday ($10.00)"
    assert said in visible_text(digest)
    assert f"{said}." in digest.text


async def test_an_uneventful_day_is_one_line(harness: ServiceHarness) -> None:
    await goes_on(harness, 2 * DAY)
    digest = digest_messages(harness.visible("marcus"))[-1]
    assert "Tue, Mar 3: no spend." in visible_text(digest)
    assert len(visible_text(digest).splitlines()) == 2
    assert "Data as of" in visible_text(digest)


async def test_without_complete_data_it_waits_an_hour_then_says_so_and_is_edited_later(harness: ServiceHarness) -> None:
    spend(harness, PRIYA, 30)
    await goes_on(harness, 2 * HOUR)
    harness.neo.faults.always = Status(503)  # before midnight
    await goes_on(harness, 10 * HOUR - 4 * MINUTE, 10 * HOUR)
    for _ in range(16):  # from four to nine until ten, awake all the time
        assert digest_messages(harness.visible("marcus")) == []
        harness.clock.advance(4 * MINUTE)
        await harness.deliver()
    (digest,) = digest_messages(harness.visible("marcus"))
    assert "Not complete yet" in visible_text(digest)
    harness.neo.faults.clear()
    await goes_on(harness, HOUR)
    (digest,) = digest_messages(harness.visible("marcus"))
    assert "Not complete yet" not in visible_text(digest)
    assert "Mon, Mar 2: $30.00" in visible_text(digest)


async def test_one_missed_while_down_is_caught_up_or_skipped_and_mentioned_in_the_next(harness: ServiceHarness) -> None:
    spend(harness, PRIYA, 30)
    await harness.sync()
    await harness.service.end()
    harness.clock.advance(21 * HOUR)  # Tuesday, 18:00: nine hours late
    await harness.start()
    await harness.deliver()
    (digest,) = digest_messages(harness.visible("marcus"))
    assert "Mon, Mar 2: $30.00" in visible_text(digest)
    await harness.service.end()
    harness.clock.advance(2 * DAY + 4 * HOUR)  # Thursday, 22:00: Wednesday's and Thursday's are too late
    await harness.start()
    await harness.deliver()
    assert len(digest_messages(harness.visible("marcus"))) == 1
    await goes_on(harness, 12 * HOUR)
    _, digest = digest_messages(harness.visible("marcus"))
    assert "I couldn't post the digests of Wed, Mar 4 and Thu, Mar 5" in visible_text(digest)
    assert "Mar 3–5" in visible_text(digest)


async def test_the_days_left_out_are_in_the_next_and_monday_carries_the_week(closed: ServiceHarness) -> None:
    closed.settings |= {"DIGEST_CHANNEL": "#neo-spend", "DIGEST_DAYS": "mon,tue"}
    await closed.open()
    spend(closed, PRIYA, 20)
    await goes_on(closed, DAY)
    assert len(digest_messages(closed.visible("marcus"))) == 1
    spend(closed, MARCUS, 50)
    await goes_on(closed, 6 * DAY, 6 * HOUR)
    _, digest = digest_messages(closed.visible("marcus"))
    assert "Mar 3–8: $50.00" in visible_text(digest)
    assert "Week of Mar 2–8: $70.00" in visible_text(digest)


async def test_the_first_carries_the_month(harness: ServiceHarness) -> None:
    spend(harness, PRIYA, 20)
    await goes_on(harness, 13 * HOUR)  # then each morning, soon after it is due
    await goes_on(harness, 30 * DAY, DAY)
    found = [each for each in digest_messages(harness.visible("marcus")) if "*March: " in visible_text(each)]
    assert len(found) == 1
    assert "*March: $30.00* (3.00 credits) · 2 tasks" in visible_text(found[0])


async def test_charges_booked_late_are_in_the_next(harness: ServiceHarness) -> None:
    await goes_on(harness, DAY)
    add(harness.neo.world, "late", "0.5", email=PRIYA, begun=START + 2 * HOUR)
    await goes_on(harness, DAY)
    digest = digest_messages(harness.visible("marcus"))[-1]
    assert "*Late:* $5.00 added to Mon, Mar 2. Neo reported this after the last digest." in visible_text(digest)


async def test_failures_budgets_and_unusual_days_are_listed(harness: ServiceHarness) -> None:
    await harness.ask("hannah", "budget @priya 50/day")
    await harness.ask("hannah", "budget team 200/month")
    spend(harness, PRIYA, 45, model="opus")
    spend(harness, PRIYA, 10, model="opus", status="error", error_message="vault.acme.example is sealed")
    await goes_on(harness, DAY)
    text = visible_text(digest_messages(harness.visible("marcus"))[0])
    assert "*1 task failed.* It cost $10.00 in this period.\n• opus: 1 task, other error, $10.00" in text
    assert "vault" not in text
    assert "Over budget*\n• Priya Raman: $55.00 of $50 a day (110%)" in text
    assert "Unusual:* Priya Raman spent $55.00, 5 times their typical day ($10.00)" in text


@pytest.mark.parametrize("privacy", ["anonymous", "operators"])
async def test_no_member_is_named_where_privacy_says_so(closed: ServiceHarness, privacy: str) -> None:
    closed.settings |= {"DIGEST_CHANNEL": "#neo-spend", "ALERT_PRIVACY": privacy}
    await closed.open()
    await closed.ask("hannah", "budget @priya 50/day")
    spend(closed, PRIYA, 60)
    await goes_on(closed, DAY)
    (digest,) = digest_messages(closed.visible("marcus"))
    assert "@acme" not in text_of(digest)
    for told_of in ("Over budget*: 1 member", "a member"):
        assert (told_of in visible_text(digest)) is (privacy == "anonymous")


async def test_operators_alone_see_it_by_command_with_names(harness: ServiceHarness) -> None:
    spend(harness, PRIYA, 60)
    await harness.sync()
    harness.clock.advance(DAY)
    await harness.sync()
    assert "$60.00 (100%)  Priya Raman" in visible_text(await harness.ask("hannah", "digest"))
    assert "Only operators" in visible_text(await harness.ask("marcus", "digest"))
    assert "I don't know the date" in visible_text(await harness.ask("hannah", "digest soon"))
    assert "is in the future" in visible_text(await harness.ask("hannah", "digest 2999-01-01"))


async def test_two_names_of_one_channel_get_one_digest(closed: ServiceHarness) -> None:
    channel = closed.workspace.channel("neo-spend").id
    closed.settings |= {"DIGEST_CHANNEL": f"#neo-spend,{channel},#general"}
    await closed.open()
    await goes_on(closed, DAY)
    assert len(digest_messages(closed.visible("marcus"))) == 1
    assert len(digest_messages(closed.visible("marcus", "general"))) == 1


async def test_the_digest_of_a_channel_that_is_gone_is_posted_elsewhere(closed: ServiceHarness) -> None:
    closed.settings |= {"DIGEST_CHANNEL": "#nowhere"}
    await closed.open()
    await goes_on(closed, DAY)
    assert len(digest_messages(closed.dm("hannah"))) == 1
    await goes_on(closed, DAY)
    second = digest_messages(closed.dm("hannah"))[-1]
    assert "couldn't post" not in visible_text(second)


async def test_while_slack_is_down_it_waits_and_two_processes_post_it_once(harness: ServiceHarness) -> None:
    harness.slack.faults.always = Status(503)
    await goes_on(harness, 15 * HOUR, 5 * HOUR)
    harness.slack.faults.clear()
    other = await _another(harness)
    for _ in range(5):
        harness.clock.advance(timedelta(minutes=2))
        await harness.sync()
        await other.deliver()
    await other.end()
    assert len(digest_messages(harness.visible("marcus"))) == 1


async def _another(harness: ServiceHarness) -> Any:
    """A second service on the same database and workspace."""
    from contextlib import AsyncExitStack

    from bot.service.service import running_service

    stack = AsyncExitStack()
    service = await stack.enter_async_context(running_service(harness.app()))
    await service.slack.connecting
    assert service.slack.filling is not None
    await service.slack.filling

    class Other:
        async def deliver(self) -> None:
            await service.jobs.sync()
            await service.jobs.run_every(1)

        async def end(self) -> None:
            await stack.aclose()

    return Other()


async def test_a_chart_has_its_numbers_in_text(harness: ServiceHarness) -> None:
    spend(harness, PRIYA, 60)
    await goes_on(harness, DAY)
    (digest,) = digest_messages(harness.visible("marcus"))
    assert [each["type"] for each in digest.blocks].count("data_visualization") == 1
    assert re.search(
        r"Spend of the last 14 days: \$\d+\.\d\d in all, highest on Mon, Mar 2 \(\$60\.00\)", visible_text(digest)
    )


# --- in odd orders ---------------------------------------------------------------------------------


def unposted(call: Call) -> Fault | None:
    return Status(503) if call.method == "chat.postMessage" else None


async def test_what_came_late_but_was_in_a_digest_that_waited_is_not_in_the_next(harness: ServiceHarness) -> None:
    spend(harness, PRIYA, 10)
    await goes_on(harness, 11 * HOUR)
    harness.slack.faults.when(unposted)
    await goes_on(harness, 90 * MINUTE, 30 * MINUTE)
    add(harness.neo.world, "late", "0.5", email=PRIYA, begun=START + 2 * HOUR)
    await goes_on(harness, HOUR)
    harness.slack.faults.clear()
    await goes_on(harness, 2 * HOUR)
    assert "$15.00" in visible_text(digest_messages(harness.visible("marcus"))[0])
    await goes_on(harness, DAY, 4 * HOUR)
    assert "Late" not in visible_text(digest_messages(harness.visible("marcus"))[-1])


async def test_what_was_priced_again_is_not_late(closed: ServiceHarness) -> None:
    closed.settings["DIGEST_CHANNEL"] = "#neo-spend"
    await closed.open()
    spend(closed, PRIYA, 0, is_byok=True, llm_cost=3, neo_cost=1)
    await goes_on(closed, DAY, 4 * HOUR)
    await closed.service.end()
    closed.settings["BYOK_UNIT"] = "usd"
    reprice_ledger(closed.app())
    await closed.start()
    await goes_on(closed, DAY, 4 * HOUR)
    assert "Late" not in visible_text(digest_messages(closed.visible("marcus"))[-1])


async def test_one_that_was_never_posted_can_be_requested(harness: ServiceHarness) -> None:
    spend(harness, PRIYA, 10)
    await goes_on(harness, 11 * HOUR)
    harness.slack.faults.when(unposted)
    await goes_on(harness, 16 * HOUR, 4 * HOUR)
    harness.slack.faults.clear()
    await goes_on(harness, HOUR)
    assert digest_messages(harness.visible("marcus")) == []
    assert "the service will post it" in (await post_digest(harness.service.app, "2026-03-03"))[0]
    await harness.sync()
    assert len(digest_messages(harness.visible("marcus"))) == 1
    assert "already posted" in (await post_digest(harness.service.app, "2026-03-03"))[0]


async def test_a_channel_that_was_renamed_is_the_same_channel(harness: ServiceHarness) -> None:
    await goes_on(harness, 13 * HOUR)
    assert len(digest_messages(harness.visible("marcus"))) == 1
    await harness.service.end()
    harness.workspace.channel("neo-spend").name = "neo-costs"
    await harness.start()
    await goes_on(harness, DAY, 4 * HOUR)
    assert digest_messages(harness.dm("hannah")) == []
    assert len(digest_messages(harness.visible("marcus", "neo-costs"))) == 2


async def test_a_clock_that_ran_ahead_leaves_no_gap(harness: ServiceHarness) -> None:
    harness.clock.advance(10 * DAY)
    await goes_on(harness, DAY, 6 * HOUR)
    before = len(digest_messages(harness.visible("marcus")))
    harness.clock.set_back(10 * DAY)
    await goes_on(harness, 2 * DAY, 6 * HOUR)
    assert len(digest_messages(harness.visible("marcus"))) == before + 2


async def test_what_is_older_than_the_ledger_is_not_late(closed: ServiceHarness) -> None:
    closed.settings |= {"ALERT_CHANNEL": "#neo-spend"}  # of the month before, twenty days are read
    for number in range(3):
        add(
            closed.neo.world, f"old-{number}", "5", email=PRIYA, begun=START - (22 + number) * DAY, status="error",
            error_message=f"{'abc'[number] * 3} broke",
        )  # fmt: skip
    await closed.open()
    await goes_on(closed, 12 * HOUR, 3 * HOUR)
    assert notifications(closed.visible("marcus")) == []


# --- switched off and on, and another zone ----------------------------------------------------------


async def restarted(harness: ServiceHarness, after: timedelta, **settings: str) -> None:
    """The bot is stopped, and started again after a while with other settings."""
    await harness.service.end()
    harness.clock.advance(after)
    harness.settings |= settings
    await harness.start()
    await harness.sync()


async def test_a_digest_enabled_again_starts_anew_and_missed_nothing(harness: ServiceHarness) -> None:
    await goes_on(harness, 14 * HOUR)
    assert len(digest_messages(harness.visible("marcus"))) == 1
    await restarted(harness, HOUR, DIGEST_CHANNEL="")
    await goes_on(harness, 21 * DAY, 12 * HOUR)
    spend(harness, PRIYA, 40)
    await harness.sync()
    await restarted(harness, HOUR, DIGEST_CHANNEL="#neo-spend")
    assert len(digest_messages(harness.visible("marcus"))) == 1  # none until the next morning
    await goes_on(harness, DAY)
    *_, last = digest_messages(harness.visible("marcus"))
    assert len(digest_messages(harness.visible("marcus"))) == 2
    assert "couldn't post" not in visible_text(last)
    assert "–" not in last.text.partition(":")[0]  # it tells of one day
    await goes_on(harness, DAY)
    assert len(digest_messages(harness.visible("marcus"))) == 3


async def test_a_channel_added_later_starts_with_the_next_morning(harness: ServiceHarness) -> None:
    await goes_on(harness, 5 * DAY, 6 * HOUR)
    before = len(digest_messages(harness.visible("marcus")))
    await restarted(harness, HOUR, DIGEST_CHANNEL="#neo-spend,#general")
    await goes_on(harness, DAY)
    assert len(digest_messages(harness.visible("marcus"))) == before + 1
    assert len(digest_messages(harness.visible("marcus", "general"))) == 1
    assert "couldn't post" not in visible_text(digest_messages(harness.visible("marcus", "general"))[0])


@costly
@pytest.mark.parametrize("zone", ["America/Los_Angeles", "Asia/Tokyo", "Europe/Berlin"])
async def test_in_another_zone_each_hour_is_in_one_digest(harness: ServiceHarness, zone: str) -> None:
    await goes_on(harness, 14 * HOUR)
    assert len(digest_messages(harness.visible("marcus"))) == 1
    spends = {5: 7, 9: 11, 22: 13}
    for hours, usd in spends.items():  # on the day that has begun, after the first one's days
        begun = START.replace(hour=0) + DAY + hours * HOUR
        add(harness.neo.world, f"at-{hours}", str(usd / 10), email=PRIYA, begun=begun)
    await restarted(harness, HOUR, TIMEZONE=zone)
    await goes_on(harness, 3 * DAY, 3 * HOUR)
    later = digest_messages(harness.visible("marcus"))[1:]
    amounts = [float(found[1]) for each in later if (found := re.search(r"\$([\d.]+)", each.text))]
    assert sum(amounts) == sum(spends.values())
