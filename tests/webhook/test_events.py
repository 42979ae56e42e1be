"""Which events the receiver is sent, and what they say: nothing about people that is not asked for."""

import re
from datetime import timedelta

import pytest

from bot.sandbox.faults import Status
from bot.sandbox.webhook import WebhookApi
from bot.sandbox.world import START, World
from tests.support.acts import fail_task
from tests.support.harness import ServiceHarness
from tests.support.webhook import events
from tests.support.worlds import MARCUS, PRIYA, add, spent

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def world() -> World:
    """Priya spends ten dollars on each of six days."""
    world = World.empty()
    for back in range(1, 7):
        add(world, f"usual-{back}", "1", email=PRIYA, model="opus", begun=START - back * DAY)
    return world


async def spend(harness: ServiceHarness, email: str, usd: float) -> None:
    spent(harness.neo.world, harness.clock(), email, usd, title="secret")  # type: ignore[arg-type]
    await harness.sync()


async def goes_on(harness: ServiceHarness, by: timedelta, step: timedelta = 3 * HOUR) -> None:
    """Let time go on, with a look at each step."""
    until = harness.clock() + by
    while harness.clock() < until:
        harness.clock.advance(min(step, until - harness.clock()))
        await harness.sync()


@pytest.mark.slow
async def test_each_higher_step_of_a_budget_is_an_event_about_the_same(hooked: ServiceHarness, api: WebhookApi) -> None:
    await hooked.open()
    await hooked.ask("hannah", f"budget {PRIYA} 100/day")
    await spend(hooked, PRIYA, 81.25)
    await spend(hooked, PRIYA, 1)
    await spend(hooked, PRIYA, 20)
    await hooked.restart()
    await hooked.sync()
    first, second = events(api)
    assert first["type"] == second["type"] == "budget.step_reached"
    assert first["data"]["summary"] == "A member: 81% of the daily budget is used ($81.25 of $100)."
    assert second["data"]["summary"] == "A member: 102% of the daily budget is used ($102.25 of $100)."
    assert [each["data"]["step_percent"] for each in (first, second)] == [80, 100]
    assert [each["data"]["sequence"] for each in (first, second)] == [1, 2]
    assert first["data"]["subject"] == second["data"]["subject"] == api.deliveries[0].id != api.deliveries[1].id
    assert second["data"]["spend"] == {"amount": "102.250000000", "unit": "USD"}
    assert second["data"]["limit"] == {"amount": "100.000000000", "unit": "USD"}
    assert second["data"]["period"]["unit"] == "day"


@pytest.mark.slow
async def test_members_are_codes_that_stay_the_same_unless_e_mails_are_asked_for(
    hooked: ServiceHarness, api: WebhookApi
) -> None:
    hooked.settings["SPIKE_ALERTS"] = "on"
    await hooked.open()
    await hooked.ask("hannah", "budget default 100/day")
    await spend(hooked, PRIYA, 60)
    await spend(hooked, MARCUS, 60)
    hooked.settings["WEBHOOK_MEMBERS"] = "on"
    await hooked.restart()
    await spend(hooked, PRIYA, 50)
    budgets = events(api, "budget")
    priya, marcus, named = (each["data"]["member"] for each in budgets)
    assert re.fullmatch("[0-9a-f]{16}", priya["id"])
    assert priya["id"] != marcus["id"]
    assert named == {"id": priya["id"], "email": PRIYA}
    assert budgets[2]["data"]["summary"].startswith(f"{PRIYA}: 110% of the daily budget is used")
    bodies = [each.body.decode() for each in api.deliveries]
    assert len([body for body in bodies if "@" in body]) == 1
    assert not [body for body in bodies if "secret" in body or "Raman" in body]


async def test_the_teams_budget_is_nobodys(hooked: ServiceHarness, api: WebhookApi) -> None:
    await hooked.open()
    await hooked.ask("hannah", "budget team 200/day")
    await spend(hooked, PRIYA, 100)
    (event,) = events(api, "budget")
    assert event["data"]["summary"] == "The team: 50% of the daily budget is used ($100.00 of $200)."
    assert event["data"]["scope"] == "team"
    assert event["data"]["member"] is None


async def test_a_snooze_holds_back_no_event(hooked: ServiceHarness, api: WebhookApi) -> None:
    await hooked.open()
    await hooked.ask("hannah", f"budget {PRIYA} 100/day")
    await hooked.ask("priya", "snooze today", hooked.workspace.im_of("U0PRIYA").id)
    await spend(hooked, PRIYA, 60)
    assert len(events(api, "budget")) == 1


async def days_go_by(harness: ServiceHarness, days: int) -> None:
    """Let days go by on each of which Priya spends $20."""
    for _ in range(days):
        harness.clock.advance(DAY)
        spent(harness.neo.world, harness.clock(), PRIYA, 20, model="opus")
        await harness.sync()


@pytest.mark.slow
async def test_a_budget_that_is_expected_to_run_out_is_an_event_before_its_steps(
    hooked: ServiceHarness, api: WebhookApi
) -> None:
    hooked.settings["BUDGET_STEPS"] = "50"
    await hooked.open()
    await hooked.ask("hannah", f"budget {PRIYA} 240/month")
    await hooked.ask("hannah", "budget team 300/month model:opus")
    await days_go_by(hooked, 4)
    await hooked.restart()
    await days_go_by(hooked, 3)
    hers, teams = events(api, "budget.forecast")
    assert hers["data"]["summary"].startswith("A member: the monthly budget is expected to run out on ")
    assert re.search(r" \(\$90\.00 of \$240, forecast \$[\d,.]+ to \$[\d,.]+\)\.$", hers["data"]["summary"])
    assert teams["data"]["summary"].startswith("The team: the monthly model:opus budget is expected to run out on ")
    assert (hers["data"]["scope"], hers["data"]["period"]["unit"], hers["data"]["used_percent"]) == (
        "member", "month", 37
    )  # fmt: skip
    low, high = (float(hers["data"]["forecast"][end]["amount"]) for end in ("low", "high"))
    assert 240 <= low < high
    assert re.fullmatch("2026-03-[0-9]{2}", hers["data"]["runs_out_on"])
    assert (teams["data"]["counts"], teams["data"]["member"]) == ("model:opus", None)
    step = events(api, "budget.step")[0]
    assert (step["data"]["subject"], step["data"]["sequence"]) == (hers["data"]["subject"], 2)


@pytest.mark.slow
async def test_failures_are_opened_once_and_resolved_after_a_day(hooked: ServiceHarness, api: WebhookApi) -> None:
    await hooked.open()
    fail_task(hooked, PRIYA, "token of vault.acme.example expired", 3)
    await hooked.sync()
    fail_task(hooked, MARCUS, "token of vault.acme.example expired", 2)
    await hooked.sync()
    (opened,) = events(api, "failure")
    assert opened["type"] == "failure.opened"
    assert opened["data"]["summary"] == "1 task failed. Cost: $3.00."
    assert opened["data"]["groups"][0]["cause"] == "sign-in refused"
    assert "vault" not in api.deliveries[0].body.decode()
    await goes_on(hooked, DAY + HOUR)
    (_, resolved) = events(api, "failure")
    assert resolved["type"] == "failure.resolved"
    assert resolved["data"]["summary"] == "Resolved: 2 tasks failed. Cost: $5.00."
    assert resolved["data"]["subject"] == opened["data"]["subject"]
    assert resolved["data"]["sequence"] == 2
    assert len(resolved["data"]["groups"][0]["members"]) == 2


@pytest.mark.slow
async def test_an_unknown_cost_is_said_and_never_zero(hooked: ServiceHarness, api: WebhookApi) -> None:
    await hooked.open()
    fail_without_cost(hooked, "first", "planner gave up")
    await hooked.sync()
    fail_without_cost(hooked, "second", "vault is sealed")
    fail_task(hooked, PRIYA, "vault is sealed", 2)
    await hooked.sync()
    first, second = events(api, "failure")
    assert first["data"]["summary"] == "1 task failed. Cost: unknown."
    assert second["data"]["summary"] == "2 tasks failed. Cost: $2.00, and unknown for 1."
    assert second["data"]["tasks_without_cost"] == 1


def fail_without_cost(harness: ServiceHarness, name: str, error: str) -> None:
    begun = harness.clock() - HOUR - timedelta(seconds=1)
    add(harness.neo.world, name, None, email=PRIYA, model="opus", begun=begun, status="error", error_message=error)


@pytest.mark.slow
async def test_a_cost_of_which_nothing_is_known_is_null(hooked: ServiceHarness, api: WebhookApi) -> None:
    await hooked.open()
    begun = hooked.clock() - HOUR - MINUTE
    others = {"model": "opus", "status": "error", "error_message": "broke"}
    add(hooked.neo.world, "unknown", None, email=PRIYA, begun=begun, **others)
    await hooked.sync()
    (opened,) = events(api, "failure")
    assert (opened["data"]["cost"], opened["data"]["tasks_without_cost"]) == (None, 1)
    assert [each["cost"] for each in opened["data"]["groups"]] == [None]
    await goes_on(hooked, 13 * HOUR)
    (digest,) = events(api, "digest")
    assert digest["data"]["summary"] == "Mar 2: cost unknown, 1 task, 1 failed."
    assert (digest["data"]["spend"], digest["data"]["failed_spend"]) == (None, None)


@pytest.mark.slow
async def test_a_storm_of_failures_is_one_event(hooked: ServiceHarness, api: WebhookApi) -> None:
    await hooked.open()
    for word in ("alpha", "beta", "gamma", "delta", "epsilon"):
        fail_task(hooked, PRIYA, f"{word} broke", 2)
    await hooked.sync()
    (event,) = events(api)
    assert event["data"]["summary"] == "5 tasks failed in 5 different ways. Cost: $10.00."
    assert len(event["data"]["groups"]) == 5
    await goes_on(hooked, DAY + HOUR)
    assert [each["type"] for each in events(api, "failure")] == ["failure.opened", "failure.resolved"]


@pytest.mark.slow
async def test_an_incident_is_opened_resolved_and_opened_again(hooked: ServiceHarness, api: WebhookApi) -> None:
    await hooked.open()
    for _ in range(2):
        hooked.neo.faults.always = Status(503)
        for _ in range(3):
            await hooked.sync()
        hooked.neo.faults.clear()
        await hooked.sync()
    found = events(api, "incident")
    assert [each["type"] for each in found] == ["incident.opened", "incident.resolved"] * 2
    assert [each["data"]["sequence"] for each in found] == [1, 2, 3, 4]
    assert len({each["data"]["subject"] for each in found}) == 1
    assert found[0]["data"]["incident"] == "upstream"
    assert [each["data"]["summary"] for each in found[:2]] == ["Neo doesn't answer.", "Neo answers again."]


async def test_a_spike_is_an_event_if_that_is_on(hooked: ServiceHarness, api: WebhookApi) -> None:
    hooked.settings |= {"SPIKE_ALERTS": "on", "WEBHOOK_MEMBERS": "on"}
    await hooked.open()
    await spend(hooked, PRIYA, 40)
    await spend(hooked, PRIYA, 10)
    (event,) = events(api)
    assert event["type"] == "spike.detected"
    assert event["data"]["summary"] == f"{PRIYA} spent $40.00 on Mon, Mar 2. A typical day costs $10.00."
    assert event["data"]["typical_spend"] == {"amount": "10.000000000", "unit": "USD"}


@pytest.mark.slow
async def test_the_digest_comes_without_a_channel_and_again_when_it_is_complete(
    hooked: ServiceHarness, api: WebhookApi
) -> None:
    await hooked.open()
    await spend(hooked, PRIYA, 30)
    await spend(hooked, MARCUS, 10)
    await goes_on(hooked, 11 * HOUR)
    assert events(api) == []
    await goes_on(hooked, 2 * HOUR)
    (digest,) = events(api, "digest")
    data = digest["data"]
    assert data["summary"] == "Mar 2: $40.00, 2 tasks."
    assert (data["date"], data["complete"]) == ("2026-03-03", True)
    assert data["previous_spend"] == {"amount": "10.000000000", "unit": "USD"}
    assert [each["spend"]["amount"] for each in data["top_members"]] == ["30.000000000", "10.000000000"]
    hooked.neo.faults.always = Status(503)
    hooked.clock.advance(23 * HOUR)
    for _ in range(20):  # more than the hour that it waits for data, in which the machine does not sleep
        hooked.clock.advance(4 * MINUTE)
        await hooked.deliver()
    _, stale = events(api, "digest")
    assert stale["data"]["complete"] is False
    assert stale["data"]["summary"] == "Mar 3: unknown. I couldn't read these days from Neo yet."
    assert stale["data"]["spend"] is None  # never a false zero
    hooked.neo.faults.clear()
    await goes_on(hooked, HOUR, HOUR)
    stale, complete = events(api, "digest")[1:]
    assert complete["data"]["complete"] is True
    assert complete["data"]["summary"] == "Mar 3: $0.00, 0 tasks."
    assert (complete["data"]["subject"], complete["data"]["sequence"]) == (stale["data"]["subject"], 2)
