"""A day of a service, with everything that recurs in it: by seconds, minutes, bookings, messages, and at night."""

from collections import deque
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

from benchmarks.years import Years
from bot.app import system_clock
from bot.capability import After
from bot.domain.timestamps import to_us
from bot.sandbox.faults import Status
from bot.sandbox.neo import NeoApi
from bot.sandbox.slack.faults import Refuse, Reset
from bot.sandbox.slack.server import SlackApi
from bot.sandbox.slack.workspace import Workspace
from bot.sandbox.webhook import WebhookApi, WebhookFault, WebhookServer
from bot.sandbox.world import START, World
from bot.settings.database_place import DatabasePlace
from tests.support.acts import decline, fail_task, spend
from tests.support.aged import age
from tests.support.clock import AdjustableClock
from tests.support.engines import execute
from tests.support.harness import NOON, ServiceHarness
from tests.support.messages import notifications, visible_text
from tests.support.metrics import WITH_MEMBERS, scrape
from tests.support.service import nightly_pruning
from tests.support.webhook import webhook_settings
from tests.support.worlds import MARCUS, PRIYA, spent

SECOND, MINUTE, HOUR, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
END = datetime(2026, 1, 25, tzinfo=UTC)  # of the years that were lived: before what a nightly pass reads again
EMAILS = (PRIYA, MARCUS, *(f"old.{n}@acme.example" for n in range(8)))

# what a team adds to day by day, or by each of its budgets; other tables are as large as the team is
GROWING = {
    "task", "task_detail", "charge", "charge_quarter", "pass", "notification", "living", "failure", "failure_group",
    "crossing", "deferral", "budget_revision", "budget_request", "acknowledgement", "digest", "incident", "home_viewer",
    "slack_link_change", "subscription", "forecast_alert",
}  # fmt: skip
# indexes of what is open, which holds few rows however old the ledger is: all of them may be looked through
OPEN = {
    "ix_budget_request_open",
    "ix_living_behind",
    "ix_deferral_waiting",
    "ix_failure_group_open",
    "ix_forecast_alert_open",
    "ix_failure_group_waiting",
    "ix_incident_open",
    "ix_subscription_active",
}
# so that neither is due: what was lived is not in the upstream that goes on from there
_LATELY = """INSERT INTO pass (kind, window_from, window_to, started_at, finished_at, complete, pages, tasks, new,
grown, restated, quarantined) VALUES (:kind, 0, :end, :at, :at, true, 1, 1, 0, 0, 0, 0)"""


class Watch(Protocol):
    """Keeps what a database is asked."""

    def kept(self) -> AbstractContextManager[None]:
        """Keep what is asked meanwhile."""


def live_until_noon(place: DatabasePlace, days: int, tasks: int) -> None:
    """Fill an empty ledger with what so many days, of so many tasks each, have left in it."""
    channel = Workspace.default().channel("neo-spend").id
    age(place, Years(END, EMAILS, channel, tasks=tasks * days, days=days))
    at = to_us(START + NOON - MINUTE)
    execute(place, _LATELY, *({"kind": kind, "end": to_us(END), "at": at} for kind in ("nightly", "weekly")))
    execute(place, "INSERT INTO note (key, value) VALUES ('pruned_at', :at)", {"at": str(at)})


async def a_day(place: DatabasePlace, directory: Path, watch: Watch) -> None:
    """Let a service with that ledger live for a day, and keep what is asked for whatever recurs."""
    clock, world = AdjustableClock(lambda: START + NOON), World.empty()
    slack = SlackApi(Workspace.default(), clock, system_clock)
    harness = ServiceHarness(directory, place, NeoApi(world, clock), slack, clock)
    harness.settings |= {
        "ALERT_CHANNEL": "#neo-spend",
        "DIGEST_CHANNEL": "#neo-spend",
        "SPIKE_ALERTS": "on",
        **WITH_MEMBERS,
    }
    async with WebhookServer(WebhookApi(deque([WebhookFault(503), WebhookFault(400)]))) as receiver:
        harness.settings |= webhook_settings(receiver)
        try:
            await harness.open()
            await _live_on(harness, watch)
        finally:
            await harness.close()


async def _live_on(harness: ServiceHarness, watch: Watch) -> None:
    await harness.ask("priya", "notify errors on")
    for line in ("budget @priya 100/month", "budget @priya 50/day", "budget team 1000/week"):
        await harness.ask("hannah", line)
    with watch.kept():
        await _looks_and_spends(harness)
    await harness.ask("priya", "snooze 2h")
    await harness.ask("priya", "budget request 900/month")
    with watch.kept():
        await _is_lost_and_found(harness)
    for member in range(8):
        spent(harness.neo.world, harness.clock(), f"old.{member}@acme.example", 30)
    await harness.sync()
    await harness.ask("hannah", "budget default 10/month")
    with watch.kept():
        await harness.deliver()
        await _goes_on(harness, 10 * HOUR, 5 * HOUR)  # to the digest, the night between
        await _is_away(harness)


async def _looks_and_spends(harness: ServiceHarness) -> None:
    """App Home is opened, tasks end well and fail, steps are passed, messages are posted and edited."""
    for user in ("priya", "hannah"):
        await harness.slack.open_home(user)
        await harness.idle()
    for usd in (42, 20, 30):
        fail_task(harness, PRIYA, f"the vault of {usd} is sealed")
        fail_task(harness, MARCUS, "the vault is sealed")
        await spend(harness, PRIYA, usd)
        await harness.service.alarm.test()
        await scrape(harness)
        await harness.service.jobs.run_after(After.CONNECTION_CHANGE)
        await nightly_pruning(harness.service).tick()  # which looks whether it is time
        harness.clock.advance(MINUTE + SECOND)
        await harness.service.jobs.run_every(5)


async def _is_lost_and_found(harness: ServiceHarness) -> None:
    """What was asked for is decided, a message may have arrived and is looked for, one was deleted, a snooze ends."""
    await harness.deliver()
    (request,) = [each for each in notifications(harness.dm("hannah")) if "asks for" in visible_text(each)]
    await decline(harness, "hannah", request)
    (first, *_) = notifications(harness.visible("marcus"))
    first.deleted = True
    harness.slack.faults.on("chat.postMessage", Reset(done=True))
    await spend(harness, PRIYA, 60)
    for _ in range(10):
        harness.clock.advance(15 * SECOND)
        await harness.deliver()
    await _goes_on(harness, 3 * HOUR, 3 * HOUR)


async def _is_away(harness: ServiceHarness) -> None:
    """Slack lets nobody in until what is owed is too old, then Neo is away until it is an incident."""
    harness.slack.faults.always = Refuse("token_expired")
    await spend(harness, PRIYA, 90)
    harness.clock.advance(5 * DAY)
    await harness.service.jobs.run_every(1)
    harness.slack.faults.clear()
    harness.neo.faults.always = Status(503)
    await _goes_on(harness, 3 * HOUR)
    harness.neo.faults.clear()
    await _goes_on(harness, HOUR)
    await harness.service.jobs.run_every(5)


async def _goes_on(harness: ServiceHarness, by: timedelta, step: timedelta = HOUR) -> None:
    until = harness.clock() + by
    while harness.clock() < until:
        harness.clock.advance(step)
        await harness.sync()
