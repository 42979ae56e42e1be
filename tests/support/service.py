"""What tests ask of a running service beyond what people can."""

from collections.abc import Callable
from datetime import datetime

from bot.maintenance.prune import Pruning
from bot.service.service import Service


def nightly_pruning(service: Service, clock: Callable[[], datetime] | None = None) -> Pruning:
    """The nightly pruning of its ledger."""
    app = service.app
    return Pruning(service.database, service.wiring.registry.capabilities, app.settings.timezone, clock or app.clock)
