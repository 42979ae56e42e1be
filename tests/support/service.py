"""What tests ask of a running service beyond what people can."""

import asyncio
import json
import urllib.error
import urllib.request
from collections.abc import Callable
from datetime import datetime

from bot.maintenance.prune import Pruning
from bot.service.service import Service
from tests.support.harness import ServiceHarness


def nightly_pruning(service: Service, clock: Callable[[], datetime] | None = None) -> Pruning:
    """The nightly pruning of its ledger."""
    app = service.app
    capabilities, settings = service.wiring.registry.capabilities, app.settings
    return Pruning(service.database, capabilities, settings.timezone, clock or app.clock, settings.retention)


async def ready(harness: ServiceHarness) -> tuple[int, str]:
    """What `/readyz` says of the database."""

    def ask() -> tuple[int, str]:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{harness.service.port}/readyz", timeout=5) as answer:
                return answer.status, ""
        except urllib.error.HTTPError as error:
            return error.code, json.loads(error.read())["problems"].get("database", "")

    return await asyncio.to_thread(ask)
