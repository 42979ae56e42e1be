"""Histories: what a team does with the bot over some days, the same each time, whichever engine keeps the ledger."""

from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

from sqlalchemy import Connection, text

from bot.app import system_clock
from bot.domain.timestamps import to_us
from bot.sandbox.faults import Status
from bot.sandbox.neo import NeoApi
from bot.sandbox.slack.faults import Refuse
from bot.sandbox.slack.server import SlackApi
from bot.sandbox.slack.workspace import Workspace
from bot.sandbox.world import START, World
from bot.settings.database_place import DatabasePlace
from tests.support.acts import submit_form
from tests.support.app_home import open_home
from tests.support.clock import AdjustableClock
from tests.support.harness import CHANNEL, HURRIED, NOON, ServiceHarness
from tests.support.messages import actions
from tests.support.random_work import RandomWork
from tests.support.worlds import MARCUS, PRIYA, add

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
HANNAH = "hannah.weiss@acme.example"
HISTORY_DAYS = 3  # so that a pass is one page, whose tasks come in one order
MORE = {
    "HISTORY_DAYS": str(HISTORY_DAYS),
    "ALERT_CHANNEL": "#neo-spend",
    "DIGEST_CHANNEL": "#neo-spend",
    "OPS_CHANNEL": "#neo-spend",
    "SPIKE_ALERTS": "on",
    "FORECAST_ALERTS": "on",
    "TIMEZONE": "Europe/Berlin",
}
# no answer counts as slow, however busy the machine is
PATIENT = replace(HURRIED, answer=30, connect=30)
_DUE = text(
    "SELECT (SELECT count(*) FROM notification WHERE state IN ('pending', 'sending') AND next_at <= :now)"
    " + (SELECT count(*) FROM living WHERE wanted > shown AND ts IS NOT NULL)"
)


@dataclass
class History:
    """What happens in a workspace: the same seed gives the same."""

    harness: ServiceHarness
    work: RandomWork

    # --- what people do --------------------------------------------------------------------------

    async def say(self, user: str, *lines: str) -> None:
        """Somebody types commands, one after the other."""
        for line in lines:
            await self.harness.ask(user, line)
            await self.harness.idle()

    async def press(self, user: str, action: str) -> None:
        """Somebody presses a button of that name in their direct messages, on the newest message that has it."""
        found = [each for each in self.harness.dm(user) if action in actions(each)]
        if found:
            await self.harness.press(
                user, found[-1], action, self.harness.workspace.im_of(self.harness.workspace.user(user).id).id
            )

    async def silence(self, user: str) -> None:
        """An operator silences, for a week, what the newest alert of failures in the channel is about."""
        harness, person = self.harness, self.harness.workspace.user(user).id
        alert = [each for each in harness.visible(user) if "failure_silence" in actions(each)][-1]
        ack = await harness.slack.click(user, CHANNEL, alert.ts, "failure_silence")
        assert ack.ok, ack
        await harness.workspace.until(lambda: harness.workspace.view_on_top(person) is not None)
        form = harness.workspace.view_on_top(person)
        assert form is not None
        first = form.body["blocks"][0]["element"]["options"][0]["value"]
        await submit_form(harness, user, **{"what": first, "for": "7d"})
        await harness.idle()

    def spend_steadily(self, days: int) -> None:
        """From some days ago on, Hannah and Marcus spend a little each day, as is known for so many days ahead."""
        for day in range(-HISTORY_DAYS, days):
            for email in (HANNAH, MARCUS):
                begun = START + day * DAY
                add(self.harness.neo.world, f"steady-{email}-{day}", "2.5", email=email, begun=begun, model="Opus 4")

    async def pass_time(self, by: timedelta, step: timedelta = HOUR) -> None:
        """Time goes on; every step is looked at what is new."""
        until = self.harness.clock() + by
        while self.harness.clock() < until:
            await self.deliver()
            self.harness.clock.advance(step)
            await self.harness.sync()
            await self.harness.service.jobs.run_every(5)
            await self.deliver()

    async def deliver(self) -> None:
        """Deliver what can be, whatever time that takes: on a busy machine one engine is slower than the other."""
        due = -1
        while due and due != (due := await self.harness.service.database.read(self._due)):
            await self.harness.deliver()

    def _due(self, connection: Connection) -> int:
        """Return how much is to be sent or edited by now."""
        return int(connection.execute(_DUE, {"now": to_us(self.harness.clock())}).scalar_one())

    # --- days ------------------------------------------------------------------------------------

    async def live(self) -> None:
        """Live some days with everything that leaves a trace in the ledger."""
        self.work.end(40)
        self.spend_steadily(10)
        await self.harness.open()
        await self.deliver()
        await self.say("priya", "notify errors on", "help", "status")
        await self.say(
            "hannah", "budget @priya 10/day", "budget team 100/week", "budget default 20/month", "budget @marcus 5/day",
            "budget marcus.delgado@acme.example 50/week until:tomorrow", "notify errors on", "spike on",
            "budget @hannah 300/month", "budget team 40/week model:opus", "budget default 15/day status:error",
        )  # fmt: skip
        for _ in range(3):
            self.work.end(16)
            self.work.change(8)
            await self.pass_time(HOUR)
        await self.say("priya", "snooze 3h", "budget request 900/month")
        await self.press("hannah", "budget_approve")
        await self.say("hannah", "subscribe team yesterday by:member every day", "subscribe 7d weekly", "unsubscribe 2")
        await self.say("hannah", "errors 7d", "budgets", "digest", "link @gil zoë.müller@acme.example")
        self.harness.neo.world.spike(PRIYA, Decimal(500), self.harness.clock())
        self.harness.neo.world.error_storm(8, self.harness.clock())
        await self.pass_time(20 * HOUR, 5 * HOUR)
        await self.press("priya", "budget_ack")
        await self.silence("hannah")
        self.harness.slack.faults.always = Refuse("token_expired")
        self.work.end(20)
        await self.pass_time(HOUR)
        self.harness.slack.faults.clear()
        await self.deliver()
        self.harness.neo.faults.always = Status(503)
        await self.pass_time(3 * HOUR)
        self.harness.neo.faults.clear()
        self.work.change(20)
        await self.pass_time(30 * HOUR, 10 * HOUR)
        await self.say("hannah", "budget @priya 1000/day", "budget default off", "snooze team period")
        await open_home(self.harness, "priya")
        await self.say("marcus", "snooze 300h")  # what his budget of a day would say on the days to come
        for _ in range(3):  # after which there are forecasts of the month
            self.work.end(4)
            await self.pass_time(DAY, DAY / 2)


def new_history(directory: Path, place: DatabasePlace, seed: int) -> History:
    """Return a workspace where nothing has happened, over the ledger at a place."""
    clock, world = AdjustableClock(lambda: START + NOON), World.empty(seed=seed)
    slack = SlackApi(Workspace.default(), clock, system_clock)
    harness = ServiceHarness(directory, place, NeoApi(world, clock), slack, clock)
    harness.settings |= MORE
    harness.retry_policy = PATIENT
    return History(harness, RandomWork(world, clock, seed))
