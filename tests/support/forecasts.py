"""A member who spends the same each day, so that it is known when a limit will be passed, and the alerts of that."""

from datetime import timedelta

from bot.sandbox.slack.models import Message
from bot.sandbox.world import START, World
from tests.support.harness import ServiceHarness
from tests.support.messages import notification_keys, notifications
from tests.support.worlds import PRIYA, add, spent

DAY = timedelta(days=1)


def daily_world() -> World:
    """It is Monday, 2 March, 21:00. Priya has spent $20 on each day since February."""
    world = World.empty()
    for back in range(30):
        add(world, f"hers-{back}", "2", email=PRIYA, begun=START - back * DAY, model="opus")
    return world


async def live(harness: ServiceHarness, days: int, usd: int = 20) -> None:
    """Let days go by on each of which Priya spends so much; an alert is due on the fourth."""
    for _ in range(days):
        harness.clock.advance(DAY)
        spent(harness.neo.world, harness.clock(), PRIYA, usd, model="opus")
        await harness.sync()


def alerts(harness: ServiceHarness, user: str) -> list[Message]:
    """The forecast alerts that somebody has in their direct messages."""
    there = notifications(harness.dm(user))
    return [each for each in there if notification_keys([each])[0].startswith("forecast:")]
