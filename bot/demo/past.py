"""What happened before the demo's page opens: a day of a simulated team, lived through by the real bot in moments."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from decimal import ROUND_CEILING, Decimal
from typing import NamedTuple

from bot.demo.bot_process import BotProcess
from bot.sandbox.clock import SimClock
from bot.sandbox.error_messages import NO_HEARTBEAT
from bot.sandbox.slack.models import Message
from bot.sandbox.slack.server import SlackApi
from bot.sandbox.streams import CREDIT_USD
from bot.sandbox.world import World

DIGEST_AT = time(9)
TEAM_BUDGET, DEFAULT_BUDGET = "4000/month", "150/day"
PRIYA = "priya.raman@acme.example"
FAILED_TASKS = 6
REQUEST = 'budget request 600/day until the end of the week reason:"Globex pentest"'
_MINUTE, _HOUR, _DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
_ANSWER_S = 30.0  # for the bot to answer, also on a slow machine
_ROUND_USD = Decimal(50)  # a limit is a multiple of it


class _Event(NamedTuple):
    """Something that happens at a moment, and that the bot learns of."""

    at: datetime
    happen: Callable[[], Awaitable[None]]


@dataclass(slots=True)
class Past:
    """The past of a demo that begins at `end`. `bot` answers and notifies as it would have done."""

    slack: SlackApi
    world: World
    clock: SimClock
    bot: BotProcess
    end: datetime
    _limit: Decimal = Decimal(0)  # of Priya's own budget, in dollars a day

    async def live(self) -> None:
        """Let it happen, until the clock is at the end. The bot is running and has just been installed."""
        await self.slack.workspace.until(lambda: len(self.slack.sockets) > 0, _ANSWER_S)
        await self.bot.catch_up()
        await self._set_budgets()
        for event in self._events():
            self._advance(event.at)
            await event.happen()
        self._advance(self.end)
        await self.bot.catch_up()

    async def open_homes(self) -> None:
        """Let Hannah and Priya open App Home, and wait until theirs are filled."""
        workspace, people = self.slack.workspace, ["hannah", "priya"]
        for who in people:
            await self.slack.open_home(who)
        ids = [workspace.user(who).id for who in people]
        await workspace.until(lambda: all(workspace.home_of(each) for each in ids), _ANSWER_S)

    def _events(self) -> list[_Event]:
        begun, digest, overspent = beginning(self.end), _last_digest(self.end), _overspent(self.end)
        read_for_digest = [_Event(digest - _MINUTE / 2, self.bot.catch_up)] if begun < digest - _MINUTE / 2 else []
        return sorted(
            [
                *read_for_digest,
                _Event(digest, self.bot.catch_up),
                _Event(overspent, self._pass_limit),
                _Event(overspent + 25 * _MINUTE, self._pass_next_step),
                _Event(overspent + 40 * _MINUTE, self._share_answer),
                _Event(self.end - 2 * _HOUR, self._fail_tasks),
                _Event(self.end - 20 * _MINUTE, self._request_budget),
            ],
            key=lambda event: event.at,
        )

    def _advance(self, to: datetime) -> None:
        self.clock.advance(max(to - self.clock(), timedelta(0)))

    # --- what people do ------------------------------------------------------------------------------

    async def _set_budgets(self) -> None:
        """Hannah sets three budgets. Priya's own is one that her tasks today and a spike exceed."""
        self._limit = _rounded_up(self._spent_today(_overspent(self.end)) + _ROUND_USD)
        await self._say("hannah", f"budget team {TEAM_BUDGET}")
        await self._say("hannah", f"budget default {DEFAULT_BUDGET}")
        await self._say("hannah", f"budget @priya {self._limit}/day")

    async def _share_answer(self) -> None:
        await self.bot.catch_up()
        channel = self.slack.workspace.channel("neo-spend").id
        answer = await self._answer("priya", channel, lambda: self.slack.command("priya", channel, "7d by:day"))
        await self._answer("priya", channel, lambda: self.slack.click("priya", channel, answer.ts, "share"))

    async def _request_budget(self) -> None:
        await self.bot.catch_up()
        await self._say("priya", REQUEST)

    async def _say(self, who: str, line: str) -> None:
        """Write to the bot, and wait for its answer."""
        channel = self.slack.workspace.im_of(who).id
        await self._answer(who, channel, lambda: self.slack.say(who, channel, line))

    async def _answer(self, who: str, channel: str, act: Callable[[], Awaitable[object]]) -> Message:
        """Do something, and return the bot's next message in a channel."""
        workspace, person = self.slack.workspace, self.slack.workspace.user(who).id

        def answers() -> list[Message]:
            messages = workspace.visible_messages(channel, person)
            return [message for message in messages if message.user == workspace.bot_user]

        before = len(answers())
        await act()
        await workspace.until(lambda: len(answers()) > before, _ANSWER_S)
        return answers()[before]

    # --- what happens in Neo -------------------------------------------------------------------------

    async def _pass_limit(self) -> None:
        missing = self._limit * Decimal("1.04") - self._spent_today(self.clock())
        self.world.spike(PRIYA, _cents(missing), self.clock())
        await self.bot.catch_up()

    async def _pass_next_step(self) -> None:
        self.world.spike(PRIYA, _cents(self._limit / 2), self.clock())
        await self.bot.catch_up()

    async def _fail_tasks(self) -> None:
        self.world.error_storm(FAILED_TASKS, self.clock(), NO_HEARTBEAT)
        await self.bot.catch_up()

    def _spent_today(self, at: datetime) -> Decimal:
        """Return what Priya's tasks of the UTC day of `at` have cost by then, in dollars."""
        tasks = [task for task in self.world.tasks(at) if task.email == PRIYA and task.created_at.date() == at.date()]
        return sum((task.cost for task in tasks), Decimal(0)) * CREDIT_USD


def beginning(end: datetime) -> datetime:
    """Return when the bot is installed, so that all events lie between that and `end`."""
    return min(_last_digest(end) - _MINUTE / 2, _overspent(end) - 10 * _MINUTE)


def _last_digest(end: datetime) -> datetime:
    """Return the last time a digest was due before `end`, and a minute before it."""
    due = datetime.combine((end - _MINUTE).date(), DIGEST_AT, UTC)
    return due if due <= end - _MINUTE else due - _DAY


def _overspent(end: datetime) -> datetime:
    """Return when Priya passes her limit, some hours before `end` and early enough to pass another step that day."""
    at = end - 4 * _HOUR
    midnight = datetime.combine(at.date() + _DAY, time(), UTC)
    return min(at, midnight - 50 * _MINUTE)


def _rounded_up(usd: Decimal) -> Decimal:
    return (usd / _ROUND_USD).to_integral_value(ROUND_CEILING) * _ROUND_USD


def _cents(usd: Decimal) -> Decimal:
    return usd.quantize(Decimal("0.01"))
