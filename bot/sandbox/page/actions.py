"""The actions of the page's buttons on the simulated world, and the sentences that report them."""

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from itertools import cycle
from typing import NamedTuple, Protocol
from zoneinfo import ZoneInfo

from bot.sandbox.clock import SimClock
from bot.sandbox.error_messages import OVERLOADED, TOO_LONG, TOOL_ERRORS
from bot.sandbox.faults import Status
from bot.sandbox.neo import NeoApi
from bot.sandbox.page.bookings import shown_usd
from bot.sandbox.page.neo_panel import NeoPanel, task_cost
from bot.sandbox.slack.models import Message
from bot.sandbox.slack.server import SlackApi
from bot.sandbox.summary import Balance, SummaryOptions
from bot.sandbox.tasks import SimTask

SPIKES = (  # who overspends, and dollars; the page can act as the first of them
    ("marcus.delgado@acme.example", Decimal("247.35")),
    ("rafael.costa@acme.example", Decimal("198.20")),
    ("jonas.lindqvist@acme.example", Decimal("173.90")),
    ("mei.chen@acme.example", Decimal("161.45")),
    ("dana.whitfield@acme.example", Decimal("184.60")),
)
STORMS = (  # another kind each time, as more of one kind only changes its message: the error, and what the bot calls it
    (OVERLOADED, "rate limited"),
    (TOO_LONG, "context too long"),
    (TOOL_ERRORS["git"], "sign-in refused"),
)
HOUR = timedelta(hours=1)
DUE_TIMES = {time(0), time(9)}  # when a day is over, and when the bot posts its digest
BEFORE_DUE = timedelta(seconds=30)  # the bot reads every minute: so old is its data when something is due
STORM_TASKS = 9
TOO_NEW = "Neo has no task yet that is old enough."
SETTLED = timedelta(days=3)  # so old is the task that Neo's total leaves out: the bot compares days that are long over
PACE_DAYS, DAYS_LEFT, DAYS_FILLED = 28, 6, 120
_AT_NIGHT = "The bot asks after 03:00: press Next day, or type `reconcile` or `balance`."
_AT_ONCE = "Type `reconcile`: the bot reads that day again, and counts what it finds."
OLD_DATA = "The bot answers from what it has read. Once that is over 2 minutes old, its answers say so."
UNAVAILABLE = Status(503, detail="Neo is being maintained; please come back later.")


Observer = Callable[[], Awaitable[None]]


class Outcome(NamedTuple):
    """What came of an action: a sentence, and the ids of the conversations in which the bot has posted or edited."""

    text: str
    places: list[str]


class Killable(Protocol):
    """A bot that can be killed and started again."""

    @property
    def up(self) -> bool:
        """Whether it is running."""
        ...

    async def toggle(self) -> str:
        """Kill it, or start it again, and return a sentence that says so."""
        ...


class PageActions:
    """The actions by name: ten, and one for the `bot`, if there is one that can be killed."""

    def __init__(self, slack: SlackApi, neo: NeoApi, clock: SimClock, panel: NeoPanel, zone: ZoneInfo) -> None:
        self._slack, self._neo, self._clock, self._panel, self._zone = slack, neo, clock, panel, zone
        self._spikes, self._storms = cycle(SPIKES), cycle(STORMS)
        self._durations = {"hour": HOUR, "day": timedelta(days=1)}
        self._scenarios: dict[str, Callable[[], str]] = {"spike": self._spike, "storm": self._storm}
        self._accounting: dict[str, Callable[[], str]] = {
            "difference": self._toggle_difference,
            "restate": self._restate,
            "drain": self._drain,
            "fill": self._fill,
        }
        self._toggles: dict[str, Callable[[], str]] = {"neo": self._toggle_neo, "slack": self._toggle_slack}
        self.bot: Killable | None = None

    @property
    def names(self) -> set[str]:
        """The names of all actions."""
        return {*self._durations, *self._scenarios, *self._accounting, *self._toggles, *(["bot"] if self.bot else [])}

    async def run(self, name: str, observers: list[Observer]) -> Outcome:
        """Run an action and return what came of it. Raises KeyError if the name is unknown.

        The observers are awaited after each change of the time or of Neo's tasks.
        """
        before = self._messages()
        if name in self._durations:
            report = await self._advance(self._durations[name], observers)
        elif name == "bot" and self.bot is not None:
            report = await self.bot.toggle()
        else:
            report = (self._scenarios | self._accounting | self._toggles)[name]()
            if name in self._scenarios:
                await _notify(observers)
        if name in self._durations or name in self._scenarios:
            report += self._reason_for_silence()
        self._slack.workspace.touch()
        after = self._messages()
        return Outcome(report, [channel for channel in after if after[channel] - before.get(channel, set())])

    def _messages(self) -> dict[str, set[tuple[str, str | None]]]:
        """Return the bot's messages that everybody sees, by conversation; an edit makes another one."""
        bot, channels = self._slack.workspace.bot_user, self._slack.workspace.channels.values()
        return {
            channel.id: {(each.ts, each.edited_ts) for each in channel.messages if _is_public(each, bot)}
            for channel in channels
        }

    def _reason_for_silence(self) -> str:
        """Return a sentence that says why the bot posts nothing now; empty if it can."""
        if self.bot is not None and not self.bot.up:
            return " The bot is not running: it will see this when you start it again."
        if self._neo.faults.always is not None:
            return " Neo is down: the bot will see this when you bring it back."
        return " Slack is down: the bot will post when you bring it back." if self._slack.down else ""

    async def _advance(self, by: timedelta, observers: list[Observer]) -> str:
        """Advance the clock in steps, so that what the bot posts meanwhile bears about the time at which it is due."""
        start = self._clock()
        for moment in self._steps(start, start + by):
            self._clock.advance(max(moment - self._clock(), timedelta(0)))
            await _notify(observers)
        return self._advance_report(start, self._clock())

    def _steps(self, start: datetime, end: datetime) -> list[datetime]:
        """Return the full hours, moments just before something is due, and the end; few if each would take seconds."""
        hours = list(_full_hours(start.astimezone(self._zone), end))
        due = [hour for hour in hours if hour.time() in DUE_TIMES]
        before = {hour - BEFORE_DUE for hour in due if hour - BEFORE_DUE > start}
        return sorted({*(due if self._reason_for_silence() else hours), *before, end})

    def _advance_report(self, start: datetime, now: datetime) -> str:
        ended = self._panel.ended_tasks(start, now)
        costs = [cost for task in ended if (cost := task_cost(task)) is not None]
        spent = f" and cost {shown_usd(sum(costs, Decimal(0)))}" if costs else ""
        return f"It is {_local_time(now, self._zone)}. {_count(len(ended), 'task')} ended{spent}."

    def _spike(self) -> str:
        email, usd = next(self._spikes)
        tasks = self._neo.world.spike(email, usd, self._clock())
        name = next((member.name for member in self._neo.world.members if member.email == email), email)
        return f"{name} just spent {shown_usd(usd)} on {len(tasks)} tasks with {tasks[0].last_model}."

    def _storm(self) -> str:
        error, meaning = next(self._storms)
        tasks = self._neo.world.error_storm(STORM_TASKS, self._clock(), error)
        people = _count(len({task.email for task in tasks}), "member")
        return f"{_count(len(tasks), 'task')} of {people} just failed the same way: {meaning}."

    def _toggle_difference(self) -> str:
        """Have Neo's own total leave out a task of some days ago, or count it again."""
        options = self._neo.summary or SummaryOptions()
        if options.left_out:
            self._neo.summary = replace(options, left_out=frozenset())
            return f"Neo's total counts every task again. {_AT_NIGHT}"
        task = self._settled_task()
        if task is None:
            return TOO_NEW
        self._neo.summary = replace(options, left_out=frozenset({task.task_id}))
        local = task.created_at.astimezone(UTC)
        return f"Neo's total of {local:%b} {local.day} leaves out a task now. {_AT_NIGHT}"

    def _restate(self) -> str:
        """Have Neo double the cost of a task of some days ago, which the bot reads again only when it compares."""
        task = self._settled_task()
        if task is None:
            return TOO_NEW
        self._neo.world.restate(task.task_id, Decimal(2))
        local = task.created_at.astimezone(UTC)
        return f"Neo doubled the cost of a task of {local:%b} {local.day}. {_AT_ONCE}"

    def _settled_task(self) -> SimTask | None:
        """Return the last task that ended some days ago; None if there is none."""
        tasks = [each for each in self._neo.world.tasks(self._clock() - SETTLED) if each.cost]
        return max(tasks, key=lambda each: each.last.ended_at, default=None)

    def _drain(self) -> str:
        """Leave the team so many credits as it uses in some days."""
        balance = self._balance()
        used = Decimal(balance.used(self._neo.world.tasks(self._clock())))
        return self._issue(replace(balance, issued=used + self._daily_credits() * DAYS_LEFT), "are left")

    def _fill(self) -> str:
        return self._issue(Balance(self._daily_credits() * DAYS_FILLED, self._clock()), "were added")

    def _issue(self, balance: Balance, what: str) -> str:
        self._neo.summary = replace(self._neo.summary or SummaryOptions(), balance=balance)
        left = float(balance.issued) - balance.used(self._neo.world.tasks(self._clock()))
        return f"{left:,.2f} Neo credits {what}. {_AT_NIGHT}"

    def _balance(self) -> Balance:
        balance = self._neo.summary.balance if self._neo.summary else None
        return balance or Balance(Decimal(0), self._clock())

    def _daily_credits(self) -> Decimal:
        """Return what the team's tasks used a day in the last four weeks."""
        now = self._clock()
        used = Balance(Decimal(0), now - timedelta(days=PACE_DAYS)).used(self._neo.world.tasks(now))
        return Decimal(round(used, 2)) / PACE_DAYS

    def _toggle_neo(self) -> str:
        if self._neo.faults.always is None:
            self._neo.faults.always = UNAVAILABLE
            return f"Neo is down: its API answers 503 to every request. {OLD_DATA}"
        self._neo.faults.always = None
        return "Neo is back. The bot reads what is new within a minute."

    def _toggle_slack(self) -> str:
        self._slack.down = not self._slack.down
        if self._slack.down:
            return "Slack is down: no request gets through. Notifications wait."
        return "Slack is back. The bot reconnects and sends what waited."


async def _notify(observers: list[Observer]) -> None:
    for observer in observers:
        await observer()


def _is_public(message: Message, bot: str) -> bool:
    return message.user == bot and message.ephemeral_to is None and not message.deleted


def _full_hours(start: datetime, end: datetime) -> Iterator[datetime]:
    """Yield the full hours after a local time, until `end`."""
    zone, hour = start.tzinfo, start.replace(minute=0, second=0, microsecond=0).astimezone(UTC)
    while (hour := hour + HOUR) <= end:
        yield hour.astimezone(zone)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _local_time(moment: datetime, zone: ZoneInfo) -> str:
    local = moment.astimezone(zone)
    return f"{local:%a, %b} {local.day}, {local:%H:%M}"
