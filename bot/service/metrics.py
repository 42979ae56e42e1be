"""The metrics of a running service: what it counts, and where it is served, if METRICS_PORT is set."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from bot.outbox.keys import AgainKey, MissedKey, NewsKey

if TYPE_CHECKING:
    from bot.metrics.families import ServiceState
    from bot.metrics.process_metrics import ProcessMetrics
    from bot.service.service import Service
    from bot.settings.model import Settings


def process_metrics(settings: "Settings") -> "ProcessMetrics | None":
    """Return what counts what happens in this process; None if metrics are off."""
    if settings.metrics_port is None:
        return None
    from bot.metrics.process_metrics import ProcessMetrics

    return ProcessMetrics()


@asynccontextmanager
async def metrics_served(service: "Service", counted: "ProcessMetrics | None") -> AsyncIterator[int | None]:
    """Serve the metrics of a service, and give the port; None if metrics are off. Raises OSError if it is in use."""
    if counted is None:
        yield None
        return
    from bot.metrics.exporter import Exporter, serve_metrics
    from bot.metrics.families import GaugeLabels
    from bot.metrics.ledger_facts import FactsPolicy

    settings = service.app.settings
    outbox, registry = service.wiring.outbox, service.wiring.registry
    messages = {*registry.event_renderers, MissedKey.kind, NewsKey.kind, AgainKey.kind}
    events = set() if outbox.webhook is None else set(registry.event_builders)
    policy = FactsPolicy(
        zone=settings.timezone,
        basis=settings.spend_basis,
        place=settings.database,
        quiet_hours=outbox.quiet_hours,
        lease_lifetime=service.app.lease_lifetime,
        names_members=settings.metrics_members,
        backs_up=settings.backup_dir is not None,
    )
    labels = GaugeLabels(notifications=sorted(messages | events), steps=settings.budget_steps)
    counted.expect_deliveries("slack", sorted(messages))
    counted.expect_deliveries("webhook", sorted(events))
    exporter = Exporter(
        service.database,
        policy,
        counted,
        lambda: _state(service),
        labels,
        clock=service.app.clock,
        host=settings.metrics_host,
    )
    async with serve_metrics(exporter, settings.metrics_port or 0) as port:
        yield port


async def _state(service: "Service") -> "ServiceState":
    from bot.metrics.families import ServiceState

    return ServiceState(
        database_writable=service.alarm.problem is None,
        slack_connected=await service.slack.is_connected(),
        runs_jobs=service.jobs.lease.held is not None,
        poll_seconds=service.app.settings.poll_seconds,
    )
