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
from tests.support.harness import Office
from tests.support.messages import digests, shown, text_of, told
from tests.support.worlds import add, spent

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
async def office(closed: Office) -> Office:
    closed.settings |= {"DIGEST_CHANNEL": "#neo-spend"}
    await closed.open()
    return closed


def spend(office: Office, email: str, usd: int, **others: Any) -> None:
    spent(office.neo.world, office.clock(), email, usd, **others)


async def goes_on(office: Office, by: timedelta, step: timedelta = HOUR) -> None:
    """Let time go on, with a look at each step."""
    until = office.clock() + by
    while office.clock() < until:
        office.clock.advance(min(step, until - office.clock()))
        await office.sync()


async def test_after_an_install_the_first_is_due_the_next_morning(office: Office) -> None:
    assert digests(office.seen("marcus")) == []
    spend(office, PRIYA, 30, model="opus", title="secret")
    spend(office, MARCUS, 10, model="haiku")
    await goes_on(office, 11 * HOUR)
    assert digests(office.seen("marcus")) == []
    await goes_on(office, 2 * HOUR)
    (digest,) = digests(office.seen("marcus"))
    text = shown(digest)
    assert "Mon 2 Mar: $40.00* (4.00 credits), 2 tasks of 2 members" in text
    assert "+300 % against $10.00 the day before" in text
    assert f"$30.00 (75 %)  {PRIYA}" in text
    assert "$10.00 (25 %)  haiku" in text
    assert "secret" not in text_of(digest)
    await office.service.end()
    await office.start()
    await goes_on(office, 10 * HOUR)
    assert len(digests(office.seen("marcus"))) == 1
    await goes_on(office, DAY)
    assert len(digests(office.seen("marcus"))) == 2


async def test_its_numbers_are_those_of_a_report_of_yesterday(office: Office) -> None:
    for usd in (7, 13, 29):
        spend(office, PRIYA, usd, llm_cost=None)
    await goes_on(office, DAY)
    (digest,) = digests(office.seen("marcus"))
    report = report_of(office.service.app, "yesterday by:member")
    assert f"{show_usd(report.spend_nanos)}* (" in shown(digest)
    assert report.spend_nanos == 49_000_000_000


async def test_ten_times_as_much_is_shown_as_a_multiple(office: Office) -> None:
    spend(office, PRIYA, 300)
    await goes_on(office, 13 * HOUR)
    (digest,) = digests(office.seen("marcus"))
    said = "30 times the $10.00 of the day before; 30 times the $10.00 of a usual Monday (the median of 2)"
    assert said in shown(digest)


async def test_an_uneventful_day_is_one_line(office: Office) -> None:
    await goes_on(office, 2 * DAY)
    digest = digests(office.seen("marcus"))[-1]
    assert "Nothing was spent on Tue 3 Mar" in shown(digest)
    assert len(shown(digest).splitlines()) == 2
    assert "Data as of" in shown(digest)


async def test_without_complete_data_it_waits_an_hour_then_says_so_and_is_edited_later(office: Office) -> None:
    spend(office, PRIYA, 30)
    await goes_on(office, 2 * HOUR)
    office.neo.faults.always = Status(503)  # before midnight
    await goes_on(office, 10 * HOUR - 4 * MINUTE, 10 * HOUR)
    for _ in range(16):  # from four to nine until ten, awake all the time
        assert digests(office.seen("marcus")) == []
        office.clock.advance(4 * MINUTE)
        await office.delivered()
    (digest,) = digests(office.seen("marcus"))
    assert "Not complete yet" in shown(digest)
    office.neo.faults.clear()
    await goes_on(office, HOUR)
    (digest,) = digests(office.seen("marcus"))
    assert "Not complete yet" not in shown(digest)
    assert "Mon 2 Mar: $30.00" in shown(digest)


async def test_one_missed_while_down_is_caught_up_or_skipped_and_mentioned_in_the_next(office: Office) -> None:
    spend(office, PRIYA, 30)
    await office.sync()
    await office.service.end()
    office.clock.advance(21 * HOUR)  # Tuesday, 18:00: nine hours late
    await office.start()
    await office.delivered()
    (digest,) = digests(office.seen("marcus"))
    assert "Mon 2 Mar: $30.00" in shown(digest)
    await office.service.end()
    office.clock.advance(2 * DAY + 4 * HOUR)  # Thursday, 22:00: Wednesday's and Thursday's are too late
    await office.start()
    await office.delivered()
    assert len(digests(office.seen("marcus"))) == 1
    await goes_on(office, 12 * HOUR)
    _, digest = digests(office.seen("marcus"))
    assert "The digest of Wed 4 Mar and Thu 5 Mar was not told" in shown(digest)
    assert "Tue 3 Mar to Thu 5 Mar" in shown(digest)


async def test_the_days_left_out_are_in_the_next_and_monday_carries_the_week(closed: Office) -> None:
    closed.settings |= {"DIGEST_CHANNEL": "#neo-spend", "DIGEST_DAYS": "mon,tue"}
    await closed.open()
    spend(closed, PRIYA, 20)
    await goes_on(closed, DAY)
    assert len(digests(closed.seen("marcus"))) == 1
    spend(closed, MARCUS, 50)
    await goes_on(closed, 6 * DAY, 6 * HOUR)
    _, digest = digests(closed.seen("marcus"))
    assert "Tue 3 Mar to Sun 8 Mar: $50.00" in shown(digest)
    assert "The week 2026-W10: $70.00" in shown(digest)


async def test_the_first_carries_the_month(office: Office) -> None:
    spend(office, PRIYA, 20)
    await goes_on(office, 30 * DAY, 12 * HOUR)
    found = [each for each in digests(office.seen("marcus")) if "The month" in shown(each)]
    assert len(found) == 1
    assert "*The month 2026-03: $30.00* (3.00 credits), 2 tasks" in shown(found[0])


async def test_charges_booked_late_are_in_the_next(office: Office) -> None:
    await goes_on(office, DAY)
    add(office.neo.world, "late", "0.5", email=PRIYA, begun=START + 2 * HOUR)
    await goes_on(office, DAY)
    digest = digests(office.seen("marcus"))[-1]
    assert "Booked late* $5.00 onto Mon 2 Mar" in shown(digest)


async def test_failures_budgets_and_unusual_days_are_listed(office: Office) -> None:
    await office.ask("hannah", "budget @priya 50/day")
    await office.ask("hannah", "budget team 200/month")
    spend(office, PRIYA, 45, model="opus")
    spend(office, PRIYA, 10, model="opus", status="error", error_message="vault.acme.example is sealed")
    await goes_on(office, DAY)
    text = shown(digests(office.seen("marcus"))[0])
    assert "Failed* 1 task, $10.00 spent on it" in text
    assert "vault" not in text
    assert f"Over budget*\n• {PRIYA}: $55.00 of $50.00 a day (110 %)" in text
    assert f"Unusual* {PRIYA} spent $55.00, 5 times their usual $10.00" in text


@pytest.mark.parametrize("privacy", ["anonymous", "operators"])
async def test_no_member_is_named_where_privacy_says_so(closed: Office, privacy: str) -> None:
    closed.settings |= {"DIGEST_CHANNEL": "#neo-spend", "ALERT_PRIVACY": privacy}
    await closed.open()
    await closed.ask("hannah", "budget @priya 50/day")
    spend(closed, PRIYA, 60)
    await goes_on(closed, DAY)
    (digest,) = digests(closed.seen("marcus"))
    assert "@acme" not in text_of(digest)
    for told_of in ("Over budget* 1 member", "a member"):
        assert (told_of in shown(digest)) is (privacy == "anonymous")


async def test_operators_alone_see_it_by_command_with_names(office: Office) -> None:
    spend(office, PRIYA, 60)
    await office.sync()
    office.clock.advance(DAY)
    await office.sync()
    assert f"$60.00 (100 %)  {PRIYA}" in shown(await office.ask("hannah", "digest"))
    assert "for operators" in shown(await office.ask("marcus", "digest"))
    assert "no date" in shown(await office.ask("hannah", "digest soon"))
    assert "still to come" in shown(await office.ask("hannah", "digest 2999-01-01"))


async def test_two_names_of_one_channel_get_one_digest(closed: Office) -> None:
    channel = closed.workspace.channel("neo-spend").id
    closed.settings |= {"DIGEST_CHANNEL": f"#neo-spend,{channel},#general"}
    await closed.open()
    await goes_on(closed, DAY)
    assert len(digests(closed.seen("marcus"))) == 1
    assert len(digests(closed.seen("marcus", "general"))) == 1


async def test_the_digest_of_a_channel_that_is_gone_is_posted_elsewhere(closed: Office) -> None:
    closed.settings |= {"DIGEST_CHANNEL": "#nowhere"}
    await closed.open()
    await goes_on(closed, DAY)
    assert len(digests(closed.dm("hannah"))) == 1
    await goes_on(closed, DAY)
    second = digests(closed.dm("hannah"))[-1]
    assert "was not told" not in shown(second)


async def test_while_slack_is_down_it_waits_and_two_processes_post_it_once(office: Office) -> None:
    office.slack.faults.always = Status(503)
    await goes_on(office, 15 * HOUR, 5 * HOUR)
    office.slack.faults.clear()
    other = await _another(office)
    for _ in range(5):
        office.clock.advance(timedelta(minutes=2))
        await office.sync()
        await other.deliver()
    await other.end()
    assert len(digests(office.seen("marcus"))) == 1


async def _another(office: Office) -> Any:
    """A second service on the same database and workspace."""
    from contextlib import AsyncExitStack

    from bot.service.service import running_service

    stack = AsyncExitStack()
    service = await stack.enter_async_context(running_service(office.app()))
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


async def test_a_chart_has_its_numbers_in_text(office: Office) -> None:
    spend(office, PRIYA, 60)
    await goes_on(office, DAY)
    (digest,) = digests(office.seen("marcus"))
    assert [each["type"] for each in digest.blocks].count("data_visualization") == 1
    assert re.search(r"Spend of 14 days: \$\d+\.\d\d in all, the most \$60\.00 on Mon 2 Mar", shown(digest))


# --- in odd orders ---------------------------------------------------------------------------------


def unposted(call: Call) -> Fault | None:
    return Status(503) if call.method == "chat.postMessage" else None


async def test_what_came_late_but_was_in_a_digest_that_waited_is_not_in_the_next(office: Office) -> None:
    spend(office, PRIYA, 10)
    await goes_on(office, 11 * HOUR)
    office.slack.faults.when(unposted)
    await goes_on(office, 90 * MINUTE, 30 * MINUTE)
    add(office.neo.world, "late", "0.5", email=PRIYA, begun=START + 2 * HOUR)
    await goes_on(office, HOUR)
    office.slack.faults.clear()
    await goes_on(office, 2 * HOUR)
    assert "$15.00" in shown(digests(office.seen("marcus"))[0])
    await goes_on(office, DAY, 4 * HOUR)
    assert "Booked late" not in shown(digests(office.seen("marcus"))[-1])


async def test_what_was_priced_again_is_not_late(closed: Office) -> None:
    closed.settings["DIGEST_CHANNEL"] = "#neo-spend"
    await closed.open()
    spend(closed, PRIYA, 0, is_byok=True, llm_cost=3, neo_cost=1)
    await goes_on(closed, DAY, 4 * HOUR)
    await closed.service.end()
    closed.settings["BYOK_UNIT"] = "usd"
    reprice_ledger(closed.app())
    await closed.start()
    await goes_on(closed, DAY, 4 * HOUR)
    assert "Booked late" not in shown(digests(closed.seen("marcus"))[-1])


async def test_one_that_was_never_posted_can_be_requested(office: Office) -> None:
    spend(office, PRIYA, 10)
    await goes_on(office, 11 * HOUR)
    office.slack.faults.when(unposted)
    await goes_on(office, 16 * HOUR, 4 * HOUR)
    office.slack.faults.clear()
    await goes_on(office, HOUR)
    assert digests(office.seen("marcus")) == []
    assert "owed" in (await post_digest(office.service.app, "2026-03-03"))[0]
    await office.sync()
    assert len(digests(office.seen("marcus"))) == 1
    assert "told already" in (await post_digest(office.service.app, "2026-03-03"))[0]


async def test_a_channel_that_was_renamed_is_the_same_channel(office: Office) -> None:
    await goes_on(office, 13 * HOUR)
    assert len(digests(office.seen("marcus"))) == 1
    await office.service.end()
    office.workspace.channel("neo-spend").name = "neo-costs"
    await office.start()
    await goes_on(office, DAY, 4 * HOUR)
    assert digests(office.dm("hannah")) == []
    assert len(digests(office.seen("marcus", "neo-costs"))) == 2


async def test_a_clock_that_ran_ahead_leaves_no_gap(office: Office) -> None:
    office.clock.advance(10 * DAY)
    await goes_on(office, DAY, 6 * HOUR)
    before = len(digests(office.seen("marcus")))
    office.clock.set_back(10 * DAY)
    await goes_on(office, 2 * DAY, 6 * HOUR)
    assert len(digests(office.seen("marcus"))) == before + 2


async def test_what_is_older_than_the_ledger_is_not_late(closed: Office) -> None:
    closed.settings |= {"ALERT_CHANNEL": "#neo-spend"}  # of the month before, twenty days are read
    for number in range(3):
        add(
            closed.neo.world, f"old-{number}", "5", email=PRIYA, begun=START - (22 + number) * DAY, status="error",
            error_message=f"{'abc'[number] * 3} broke",
        )  # fmt: skip
    await closed.open()
    await goes_on(closed, 12 * HOUR, 3 * HOUR)
    assert told(closed.seen("marcus")) == []


# --- switched off and on, and another zone ----------------------------------------------------------


async def restarted(office: Office, after: timedelta, **settings: str) -> None:
    """The bot is stopped, and started again after a while with other settings."""
    await office.service.end()
    office.clock.advance(after)
    office.settings |= settings
    await office.start()
    await office.sync()


async def test_a_digest_enabled_again_starts_anew_and_missed_nothing(office: Office) -> None:
    await goes_on(office, 14 * HOUR)
    assert len(digests(office.seen("marcus"))) == 1
    await restarted(office, HOUR, DIGEST_CHANNEL="")
    await goes_on(office, 21 * DAY, 12 * HOUR)
    spend(office, PRIYA, 40)
    await office.sync()
    await restarted(office, HOUR, DIGEST_CHANNEL="#neo-spend")
    assert len(digests(office.seen("marcus"))) == 1  # none until the next morning
    await goes_on(office, DAY)
    *_, last = digests(office.seen("marcus"))
    assert len(digests(office.seen("marcus"))) == 2
    assert "not told" not in shown(last)
    assert " to " not in last.text.partition(":")[0]  # it tells of one day
    await goes_on(office, DAY)
    assert len(digests(office.seen("marcus"))) == 3


async def test_a_channel_added_later_starts_with_the_next_morning(office: Office) -> None:
    await goes_on(office, 5 * DAY, 6 * HOUR)
    before = len(digests(office.seen("marcus")))
    await restarted(office, HOUR, DIGEST_CHANNEL="#neo-spend,#general")
    await goes_on(office, DAY)
    assert len(digests(office.seen("marcus"))) == before + 1
    assert len(digests(office.seen("marcus", "general"))) == 1
    assert "not told" not in shown(digests(office.seen("marcus", "general"))[0])


@pytest.mark.parametrize("zone", ["America/Los_Angeles", "Asia/Tokyo", "Europe/Berlin"])
async def test_in_another_zone_each_hour_is_in_one_digest(office: Office, zone: str) -> None:
    await goes_on(office, 14 * HOUR)
    assert len(digests(office.seen("marcus"))) == 1
    spends = {5: 7, 9: 11, 22: 13}
    for hours, usd in spends.items():  # on the day that has begun, after the first one's days
        begun = START.replace(hour=0) + DAY + hours * HOUR
        add(office.neo.world, f"at-{hours}", str(usd / 10), email=PRIYA, begun=begun)
    await restarted(office, HOUR, TIMEZONE=zone)
    await goes_on(office, 3 * DAY, 3 * HOUR)
    later = digests(office.seen("marcus"))[1:]
    amounts = [float(found[1]) for each in later if (found := re.search(r"\$([\d.]+)", each.text))]
    assert sum(amounts) == sum(spends.values())
