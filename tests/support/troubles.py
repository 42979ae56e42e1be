"""What goes wrong for a team and the bot: Neo, Slack, the webhook's receiver, the machine, its clock, its processes."""

import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from random import Random

from bot.sandbox.faults import Body, Duplicate, Hang, HasMore, Html, Mangle, Reset, Slow, Status, Total, Truncated
from bot.sandbox.faults import Fault as NeoFault
from bot.sandbox.responses import Request
from bot.sandbox.slack.api_calls import Call
from bot.sandbox.slack.faults import Fault as SlackFault
from bot.sandbox.tasks import Row
from bot.sandbox.webhook import WebhookApi, WebhookFault
from tests.support.clock import ServicesClock
from tests.support.processes import Processes
from tests.support.service_process import TIMES
from tests.support.slack_trouble import slack_trouble
from tests.support.surroundings import Surroundings

QUIET, STORMY = 0.05, 0.5  # of requests that fail: at any time, and while there is trouble
LATE = 1.5 * TIMES.unconfirmed  # seconds after which a request arrives that was given up
ALL_AT_ONCE = 1 / 32  # the chance of it at each step
HOUR = timedelta(hours=1)
CLOCKS = (2 * HOUR, 25 * HOUR, -2 * HOUR)  # by which the services' clock is off for a while
RECEIVER_FAULTS = (
    WebhookFault(500), WebhookFault(400), WebhookFault(429, {"Retry-After": "1"}), WebhookFault(cut=True),
    WebhookFault(cut=True, taken=True),
)  # fmt: skip


def _reject(rows: list[Row]) -> None:
    for row in rows[:2]:
        row["neo_credits"] = float("nan")


NEO_FAULTS: tuple[NeoFault, ...] = (
    Status(500), Status(503), Status(429, retry_after=1), Html(), Html(status=200), Body(), Truncated(), Hang(),
    Reset(), Reset(mid_body=True), Slow(0.5), Total(lambda total: total + 1), Total(lambda total: max(0, total - 1)),
    Duplicate(2), HasMore(value=False), HasMore(value="perhaps"), Mangle(_reject),
)  # fmt: skip


async def _nothing() -> None:
    pass


@dataclass
class Trouble:
    """Something that goes wrong for some steps, or at once."""

    begin: Callable[[], Awaitable[None]]
    end: Callable[[], Awaitable[None]] = _nothing
    steps: int = 0


@dataclass
class Troubles:
    """Whatever can go wrong, each in turn, in an order that follows from `random`; sometimes all at once."""

    processes: Processes
    surroundings: Surroundings
    receiver: WebhookApi
    clock: ServicesClock
    random: Random
    happened: Counter[str] = field(default_factory=Counter)
    _chances: dict[str, float] = field(default_factory=lambda: {"Neo": QUIET, "Slack": QUIET})
    _last_fault: float = 0.0
    _bag: list[str] = field(default_factory=list)
    _going_on: dict[str, Trouble] = field(default_factory=dict)

    def begin(self) -> None:
        """Let a few requests fail from now on, and many while there is trouble."""
        fate = Random(self.random.random())
        rules = {chance: slack_trouble(fate, chance, LATE) for chance in (0.0, QUIET, STORMY)}

        def neo(_: Request) -> NeoFault | None:
            return fate.choice(NEO_FAULTS) if fate.random() < self._chances["Neo"] else None

        def slack(call: Call) -> SlackFault | None:
            fault = rules[self._chances["Slack"]](call)
            if fault is not None:
                self._last_fault = time.monotonic()
            return fault

        self.processes.team.neo.faults.when(neo)
        self.processes.team.slack.faults.when(slack)

    async def change(self) -> None:
        """End what has lasted long enough, and begin something else."""
        for name, trouble in list(self._going_on.items()):
            trouble.steps -= 1
            if trouble.steps <= 0:
                await self._going_on.pop(name).end()
        for _ in range(self.random.choice((0, 1, 1, 2))):
            if not self._bag:
                self._bag = self.random.sample(names := sorted(self._all()), len(names))
            await self._start(self._bag.pop())
        if self.random.random() < ALL_AT_ONCE:
            for name in sorted(self._all()):
                await self._start(name)

    async def end(self) -> None:
        """End whatever goes wrong now."""
        while self._going_on:
            await self._going_on.popitem()[1].end()

    async def end_for_good(self) -> None:
        """Let everything work from now on."""
        await self.end()
        self._chances = dict.fromkeys(self._chances, 0.0)
        self.receiver.faults.clear()

    def seconds_until_landed(self) -> float:
        """How long it takes until no request is late any more: a jump in time would make it look lost for good."""
        return max(0.0, self._last_fault + LATE + 0.1 - time.monotonic())

    async def _start(self, name: str) -> None:
        if name not in self._going_on:
            self.happened[name] += 1
            trouble = self._going_on[name] = self._all()[name]
            trouble.steps = self.random.choice((1, 1, 2, 3))
            await trouble.begin()

    def _all(self) -> dict[str, Trouble]:
        return self._of_others() | self._of_machine() | self._of_processes()

    def _of_others(self) -> dict[str, Trouble]:
        neo, slack = self.processes.team.neo.faults, self.processes.team.slack
        channel = slack.workspace.channel("neo-spend")
        return {
            "Neo fails": self._often("Neo"),
            "Neo down": _set(neo, "always", Status(503), None),
            "Neo's key refused": _set(neo, "always", Status(401), None),
            "Slack fails": self._often("Slack"),
            "Slack down": Trouble(self.processes.lose_slack, self.processes.regain_slack),
            "channel archived": _set(channel, "is_archived", True, False),  # noqa: FBT003 - the values of a field
            "receiver down": _set(self.receiver, "lasting", WebhookFault(503), None),
            "receiver fails": Trouble(self._upset_receiver),
        }

    def _of_machine(self) -> dict[str, Trouble]:
        around, ids = self.surroundings, self.processes.ids
        return {
            "disk full": Trouble(lambda: around.fill_disk(ids()), lambda: around.empty_disk(ids())),
            "locked": Trouble(around.lock, around.unlock),
            "connections cut": Trouble(around.cut),
            "clock off": Trouble(self._step_clock, self._right_clock),
        }

    def _of_processes(self) -> dict[str, Trouble]:
        processes = self.processes
        return {
            "killed": Trouble(partial(processes.replace, killed=True)),
            "updated": Trouble(partial(processes.replace, killed=False)),
            "frozen": Trouble(processes.freeze, processes.thaw),
            "joined": Trouble(processes.join),
            "left": Trouble(processes.leave),
        }

    def _often(self, whose: str) -> Trouble:
        async def set_chance(chance: float) -> None:
            self._chances[whose] = chance

        return Trouble(partial(set_chance, STORMY), partial(set_chance, QUIET))

    async def _upset_receiver(self) -> None:
        self.receiver.faults.extend(self.random.choice(RECEIVER_FAULTS) for _ in range(5))

    async def _step_clock(self) -> None:
        self.clock.set_off(self.random.choice(CLOCKS))

    async def _right_clock(self) -> None:
        self.clock.set_off(timedelta(0))


def _set(holder: object, name: str, wrong: object, right: object) -> Trouble:
    async def set_to(value: object) -> None:
        setattr(holder, name, value)

    return Trouble(partial(set_to, wrong), partial(set_to, right))
