"""The service as a process of its own, hurried, until it is killed, or ends upon SIGTERM."""

import asyncio
import json
from datetime import timedelta
from pathlib import Path

from bot.app import build, system_clock
from bot.cli.signals import run_until_signal
from bot.database import postgres
from bot.neo.client import RetryPolicy
from bot.outbox.rules import DeliveryTiming
from bot.service.log import configure
from bot.service.service import serve
from bot.settings.environment import load
from bot.settings.model import LogFormat, LogLevel

HURRIED = RetryPolicy(answer=2, connect=5, deadline=0.5, longest_retry_after=2.0, first_wait=0.01)
# a tenth of the real ones and less; a request takes a moment at the most
TIMES = DeliveryTiming(
    request=1.5, lease=3.5, unconfirmed=1.0, checks=(1.0, 2.0), pace=0.02, first_wait=0.1, longest_wait=0.5, margin=30.0
)
LIFETIME = timedelta(seconds=3)  # of a lease
FROZEN_SECONDS = 10.0  # half of the real ones; a start on a loaded machine may think for some of them


def main(path: Path) -> None:
    """Serve until SIGTERM, or until this process is killed, in the environment that a file holds as JSON."""
    configure(LogLevel.ERROR, LogFormat.CONSOLE)
    postgres.FROZEN_SECONDS = FROZEN_SECONDS
    app = build(load(json.loads(path.read_text(encoding="utf-8")), path.parent), system_clock, HURRIED, TIMES, LIFETIME)
    asyncio.run(run_until_signal(lambda stop: serve(app, stop)))
