"""What the page's buttons do to the simulated world, and how they say it."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import cycle
from typing import Protocol
from zoneinfo import ZoneInfo

from bot.sandbox.clock import SimClock
from bot.sandbox.faults import Status
from bot.sandbox.neo import NeoApi
from bot.sandbox.page.panel import Panel
from bot.sandbox.slack.server import SlackApi
from bot.sandbox.streams import CREDIT_USD

SPIKES = (  # who overspends and by how much (dollars): whom the page can act as, so that the DM can be read
    ("priya.raman@acme.example", Decimal("184.60")),
    ("marcus.delgado@acme.example", Decimal("247.35")),
)
STRIDE = timedelta(hours=4)  # of time that is let go on
STORM = 9  # tasks that fail
UNAVAILABLE = Status(503, detail="Neo is being maintained; please come back later.")


class Mortal(Protocol):
    """A bot that can be killed, and started again."""

    @property
    def up(self) -> bool:
        """Whether it lives."""
        ...

    async def toggle(self) -> str:
        """Kill it, or start it again; what happened, in words."""
        ...


class Deeds:
    """The buttons: six, and one for the `bot`, if there is one to kill. Each deed returns what happened, in words."""

    def __init__(self, slack: SlackApi, neo: NeoApi, clock: SimClock, panel: Panel, zone: ZoneInfo) -> None:
        self._slack, self._neo, self._clock, self._panel, self._zone = slack, neo, clock, panel, zone
        self._spikes = cycle(SPIKES)
        self.passing = {"hour": timedelta(hours=1), "day": timedelta(days=1)}
        self.causing: dict[str, Callable[[], str]] = {"spike": self._spike, "storm": self._storm}
        self.toggling: dict[str, Callable[[], str]] = {"neo": self._toggle_neo, "slack": self._toggle_slack}
        self.bot: Mortal | None = None

    @property
    def names(self) -> set[str]:
        """What can be done."""
        return {*self.passing, *self.causing, *self.toggling, *(["bot"] if self.bot else [])}

    async def do(self, what: str, looks: list[Callable[[], Awaitable[None]]]) -> str:
        """Do it, and after what moves the world let everybody look. Raises KeyError on an unknown deed."""
        if what in self.passing:
            words = await self._pass(self.passing[what], looks)
        elif what == "bot" and self.bot is not None:
            words = await self.bot.toggle()
        else:
            words = (self.causing | self.toggling)[what]()
            if what in self.causing:
                await _all(looks)
        self._slack.workspace.touch()
        return words

    async def _pass(self, by: timedelta, looks: list[Callable[[], Awaitable[None]]]) -> str:
        """Let time go on, with looks on the way: who runs all day does not wake up the next."""
        before = now = self._clock()
        while now < before + by:
            now = self._clock.advance(min(STRIDE, before + by - now))
            await _all(looks)
        return self._passed(before, now)

    def _passed(self, before: datetime, now: datetime) -> str:
        ended = self._panel.ended(before, now)
        spent = sum((amount for s in ended for amount in (s.credits, s.llm_cost, s.neo_cost) if amount), Decimal(0))
        runs = "1 run" if len(ended) == 1 else f"{len(ended)} runs"
        return f"It is {_told(now, self._zone)}. {runs} ended meanwhile and cost ${spent * CREDIT_USD:,.2f}."

    def _spike(self) -> str:
        email, usd = next(self._spikes)
        tasks = self._neo.world.spike(email, usd, self._clock())
        name = next((member.name for member in self._neo.world.members if member.email == email), email)
        return f"{name} just spent ${usd:,.2f} on {len(tasks)} tasks with {tasks[0].last_model}."

    def _storm(self) -> str:
        tasks = self._neo.world.error_storm(STORM, self._clock())
        people = len({task.email for task in tasks})
        return f"{len(tasks)} tasks of {people} members just failed the same way: {tasks[0].last.error_message}"

    def _toggle_neo(self) -> str:
        if self._neo.faults.always is None:
            self._neo.faults.always = UNAVAILABLE
            return "Neo is down: its API answers 503 to every request. What the bot says is as old as its last look."
        self._neo.faults.always = None
        return "Neo is back. The bot catches up at its next look."

    def _toggle_slack(self) -> str:
        self._slack.down = not self._slack.down
        if self._slack.down:
            return "Slack is down: sockets are cut and no request gets through. Notifications wait."
        return "Slack is back. The bot reconnects by itself and delivers what waited."


async def _all(looks: list[Callable[[], Awaitable[None]]]) -> None:
    for look in looks:
        await look()


def _told(moment: datetime, zone: ZoneInfo) -> str:
    local = moment.astimezone(zone)
    return f"{local:%A}, {local.day} {local:%B}, {local:%H:%M}"
