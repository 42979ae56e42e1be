"""A month of tasks up to now, of which some are today's: in the first minutes of a month there would be none else."""

from datetime import datetime
from decimal import Decimal

from bot.sandbox.team import TEAM
from bot.sandbox.world import World


def todays_world(now: datetime) -> World:
    """Return the tasks of thirty days, the same in every run, and $20 that each of two members has spent today."""
    world = World(seed=5, start=now, history_days=30)
    for member in TEAM[:2]:
        world.spike(member.email, Decimal(20), now)
    return world
