"""Worlds filled by hand: who did what for how much, so that a test knows what nobody else may see."""

import itertools
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from bot.sandbox.tasks import SimTask, Stream
from bot.sandbox.world import START, World

HOUR = timedelta(hours=1)
PRIYA, MARCUS = "priya.raman@acme.example", "marcus.delgado@acme.example"
_NUMBERS = itertools.count()
_OF_STREAM = ("status", "error_message", "tools", "agents", "llm_cost", "neo_cost")


def generated_world() -> World:
    """Return what a whole team did in nine days, the same each time: more would take longer to read than most tests."""
    return World(seed=7, start=START, history_days=9)


def add(world: World, name: str, credits_used: str | None, **others: Any) -> None:
    """A task of a few hours ago with one stream; anything else of task or stream by name."""
    begun = others.pop("begun", START - 3 * HOUR)
    values: dict[str, Any] = {key: others.pop(key) for key in _OF_STREAM if key in others}
    amount = None if credits_used is None else Decimal(credits_used)
    world.add(SimTask.of(name, Stream(begun, begun + HOUR, credits=amount, **values), **others))


def spent(world: World, now: datetime, email: str, usd: int, **others: Any) -> None:
    """A task of an hour that has just ended."""
    begun = now - HOUR - timedelta(seconds=1)
    add(world, f"spent-{next(_NUMBERS)}", str(usd / 10), email=email, **{"begun": begun, **others})


def two_spenders() -> World:
    """Return a world in which Priya spent 40 dollars this month, and Marcus 10."""
    world = World.empty()
    add(world, "first", "4", email=PRIYA, title="port scan", model="opus")
    add(world, "other", "1", email=MARCUS, title="quiet", model="haiku")
    return world
