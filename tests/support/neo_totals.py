"""Neo's own total and the team's credits as tests change them, nights that pass, and what operators read of both."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from bot.capability import After
from bot.sandbox.slack.models import Message
from bot.sandbox.summary import Balance, SummaryOptions
from bot.sandbox.tasks import SimTask, Stream
from bot.sandbox.world import START, World
from tests.support.harness import ServiceHarness
from tests.support.messages import notification_keys, notifications, visible_text
from tests.support.worlds import MARCUS, PRIYA

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
PACE = 3  # credits a day


def paired_world() -> World:
    """Two tasks on each of ten days before, the last of which is February 28: `priya-4` is of the 26th."""
    world = World.empty()
    for back in range(2, 12):
        for email in (PRIYA, MARCUS):
            begun = START - back * DAY + (email == MARCUS) * HOUR / 6
            task_id = f"{email[:5]}-{back}"
            world.add(SimTask.of(task_id, Stream(begun, begun + HOUR, Decimal("0.1") * back), email=email))
    return world


def steady_world() -> World:
    """Three credits on each of 30 days before and 60 days after."""
    world = World.empty()
    for day in range(-30, 60):
        begun = START + day * DAY
        world.add(SimTask.of(f"day-{day}", Stream(begun, begun + HOUR, Decimal(PACE)), email=PRIYA))
    return world


def leave_out(harness: ServiceHarness, *task_ids: str) -> None:
    """Let Neo's total lack these tasks, and no others."""
    options = harness.neo.summary or SummaryOptions()
    harness.neo.summary = replace(options, left_out=frozenset(task_ids))


def move(harness: ServiceHarness, moved: Mapping[str, str]) -> None:
    """Let Neo count these tasks for members with other e-mails, and no others."""
    harness.neo.summary = replace(harness.neo.summary or SummaryOptions(), moved=moved)


def issue(harness: ServiceHarness, amount: int, expires_in: timedelta | None = None) -> None:
    """Let the team have so many credits from now on."""
    now = harness.clock()
    balance = Balance(Decimal(amount), now, None if expires_in is None else now + expires_in)
    harness.neo.summary = replace(harness.neo.summary or SummaryOptions(), balance=balance)


async def asked(harness: ServiceHarness, line: str = "reconcile") -> str:
    """Return what an operator is answered."""
    return visible_text(await harness.ask("hannah", line))


async def night(harness: ServiceHarness, days: int = 1) -> None:
    """Let days pass, with their nightly passes and what follows from them."""
    for _ in range(days):
        harness.clock.advance(DAY)
        await harness.sync()
        await harness.service.jobs.wait_background()
        await harness.service.jobs.run_after(After.SYNC)
        await harness.deliver()


def reports(harness: ServiceHarness) -> list[Message]:
    """The notifications of incidents that the operators' channel holds."""
    return _of_kind(harness, "ops")


def warnings(harness: ServiceHarness) -> list[Message]:
    """The warnings about credits that it holds."""
    return _of_kind(harness, "balance")


def _of_kind(harness: ServiceHarness, kind: str) -> list[Message]:
    there = notifications(harness.visible("hannah"))
    return [each for each in there if notification_keys([each])[0].startswith(f"{kind}:")]
