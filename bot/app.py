"""The composition root: wires the capabilities to the settings, and owns the clock."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from bot.database.timing import LEASE_LIFETIME
from bot.measurements import UNMEASURED, Measurements
from bot.settings.model import Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from contextlib import AbstractAsyncContextManager

    from bot.balance.facts import BalanceFacts
    from bot.capability import Capability, Clock, Context
    from bot.database.engine import Database
    from bot.ledger.booking_policy import Observer
    from bot.maintenance.ledger_access import LedgerAccess
    from bot.neo.client import NeoClient, RetryPolicy
    from bot.outbox.outbox import Outbox
    from bot.outbox.receiver import Webhook
    from bot.outbox.rules import DeliveryTiming
    from bot.reconcile.days_comparison import Comparison
    from bot.registry import Registry
    from bot.slack.workspace import Workspace
    from bot.sync.outcome import SyncOutcome, SyncProgress
    from bot.sync.runner import OnWait, SyncRunner


def system_clock() -> datetime:
    """Return the present moment, UTC; nothing else asks the machine."""
    return datetime.now(UTC)  # noqa: TID251 - the owner of the clock


def builders() -> "tuple[Callable[[Context], Capability], ...]":
    """Return what builds each capability there is; adding one is a line here."""
    from bot.balance.capability import balance
    from bot.budgets.capability import budgets
    from bot.digest.capability import digest
    from bot.failures.capability import failures
    from bot.home.capability import home
    from bot.incidents.capability import incidents
    from bot.linking.capability import linking
    from bot.reconcile.capability import reconcile
    from bot.spikes.capability import spikes
    from bot.subscriptions.capability import subscriptions
    from bot.usage.capability import usage
    from bot.webhook.capability import webhook

    # the webhook before whatever has events for it
    return (
        webhook,
        usage,
        linking,
        budgets,
        failures,
        spikes,
        reconcile,
        balance,
        incidents,
        digest,
        subscriptions,
        home,
    )


@dataclass(frozen=True, slots=True)
class Wiring:
    """What a running service consists of, besides its connections."""

    context: "Context"
    registry: "Registry"
    outbox: "Outbox"


@dataclass(frozen=True, slots=True)
class App:
    """The program with its settings. Nothing is opened before it is needed; `measurements` counts what happens."""

    settings: Settings
    clock: "Clock"
    retry_policy: "RetryPolicy | None" = None
    timing: "DeliveryTiming | None" = None
    lease_lifetime: timedelta = LEASE_LIFETIME
    measurements: Measurements = UNMEASURED

    @property
    def ledger(self) -> "LedgerAccess":
        """The place of the ledger, at which it is opened."""
        from bot.maintenance.ledger_access import LedgerAccess

        settings = self.settings
        return LedgerAccess(
            settings.database, settings.pricing_unit, self.clock, self.capabilities, settings.backup_dir
        )

    # --- a sync ------------------------------------------------------------------------------------

    async def sync(self, *, full: bool, progress: "Callable[[SyncProgress], None]", on_wait: "OnWait") -> "SyncOutcome":
        """Read from the upstream once, in a process of its own, and return what came of it.

        Args:
            full: read everything the upstream has, instead of what is recent and missing.
            progress: called after every page.
            on_wait: called once if another sync has to end first.

        Raises:
            SettingsError: there is no credential.
            NeoError: the upstream failed.
            LedgerError: the ledger cannot be written, or another sync took over.
        """
        import asyncio

        from bot.sync.planner import SyncPlanner

        self.settings.neo_credential()
        database = await asyncio.to_thread(self.ledger.open_for_booking)
        try:
            planner = SyncPlanner(self.settings.history_days, self.settings.timezone)
            passes = await database.read(lambda reader: planner.manual(reader, self.clock(), full=full))
            observers = [observer for each in self.capabilities(database) for observer in each.observers]
            return await self.sync_runner(database, observers).run(passes, progress, on_wait)
        finally:
            await asyncio.shield(asyncio.to_thread(database.close))

    async def reconcile(self, line: str) -> "Comparison":
        """Compare the ledger with Neo's own total in a process of its own, and keep and return what was found.

        `line` is a time in the query language; empty, the days of a nightly pass are compared.

        Raises:
            SettingsError: there is no credential.
            LedgerError: the ledger cannot be written, or nothing was read yet.
            QueryError: the line is no question.
            RefusedError: it holds more than a time, or none of its days can be compared yet.
        """
        import asyncio
        from functools import partial

        from bot.reconcile.job import ReconcileJob
        from bot.reconcile.reconciler import Reconciler

        self.settings.neo_credential()
        database = await asyncio.to_thread(self.ledger.open_for_booking)
        try:
            observers = [observer for each in self.capabilities(database) for observer in each.observers]
            heal = partial(self.sync_runner(database, observers).run, progress=lambda _: None, on_wait=lambda _: None)
            return await ReconcileJob(Reconciler(database, self.connect_neo, heal, self.clock)).compare(line)
        finally:
            await asyncio.shield(asyncio.to_thread(database.close))

    async def balance(self) -> "BalanceFacts":
        """Ask Neo how many credits are left, in a process of its own; keep it, and return what is known.

        Raises:
            SettingsError: there is no credential.
            LedgerError: the ledger cannot be written.
        """
        import asyncio

        from bot.balance.job import BalanceJob

        self.settings.neo_credential()
        database = await asyncio.to_thread(self.ledger.open_for_booking)
        try:
            return await BalanceJob(database, self.connect_neo, self.settings.timezone, self.clock).ask()
        finally:
            await asyncio.shield(asyncio.to_thread(database.close))

    def sync_runner(self, database: "Database", observers: "Sequence[Observer]") -> "SyncRunner":
        """Return what reads passes into this ledger; `observers` observe each booking."""
        from bot.ledger.booking_policy import BookingPolicy
        from bot.sync.runner import SyncRunner

        settings = self.settings
        policy = BookingPolicy(settings.pricing_unit, settings.solo_member, observers)
        poll = timedelta(seconds=settings.poll_seconds)
        return SyncRunner(database, self.connect_neo, policy, poll, self.clock, self.lease_lifetime, self.measurements)

    def connect_neo(self) -> "AbstractAsyncContextManager[NeoClient]":
        """Return a client of the upstream, to be entered. Raises SettingsError if there is no credential."""
        from bot.neo.client import connect

        credential = self.settings.neo_credential()
        return connect(self.settings.neo_api_url, credential, self.retry_policy, self.clock, self.measurements)

    # --- the service -------------------------------------------------------------------------------

    def capabilities(self, database: "Database") -> "list[Capability]":
        """Return the capabilities over a ledger alone, for what happens without Slack."""
        from bot.slack.workspace import offline_workspace

        context = self._context(database, offline_workspace(self.settings.slack_api_url), [])
        return [build_capability(context) for build_capability in builders()]

    def wire(self, database: "Database", workspace: "Workspace") -> Wiring:
        """Return what a service over this ledger and workspace consists of.

        Raises:
            WiringError: the capabilities do not fit together.
        """
        from bot.outbox.outbox import Outbox
        from bot.outbox.renderers import Renderers
        from bot.outbox.rules import DeliveryTiming, QuietHours
        from bot.registry import build_registry

        observers: list[Observer] = []
        context = self._context(database, workspace, observers)
        registry = build_registry([build_capability(context) for build_capability in builders()])
        observers.extend(registry.observers)  # the sync that capabilities ask for is observed by them
        renderers = Renderers(registry.event_renderers, registry.topic_renderers, context.templates)
        quiet = QuietHours.from_settings(self.settings)
        timing = self.timing or DeliveryTiming()
        outbox = Outbox(
            database, workspace, renderers, context.destinations, self.clock, timing, quiet_hours=quiet,
            webhook=self._webhook(registry), measurements=self.measurements,
        )  # fmt: skip
        return Wiring(context, registry, outbox)

    def _webhook(self, registry: "Registry") -> "Webhook | None":
        from bot.outbox.receiver import Webhook
        from bot.webhook.client import WebhookClient

        client = WebhookClient.from_settings(self.settings)
        return None if client is None else Webhook(client, registry.event_builders)

    def _context(self, database: "Database", workspace: "Workspace", observers: "Sequence[Observer]") -> "Context":
        from bot.capability import Context
        from bot.people.destination_resolver import ConfiguredChannels, DestinationResolver
        from bot.people.directory import Directory
        from bot.people.people import People
        from bot.shipped import shipped
        from bot.slack.connection import ConnectionState
        from bot.slack.templates import Templates
        from bot.sync.planner import SyncPlanner
        from bot.sync.scheduler import build_sync_scheduler

        settings = self.settings
        runner, planner = self.sync_runner(database, observers), SyncPlanner(settings.history_days, settings.timezone)
        people = People(Directory(workspace, self.clock), database, settings.admins)
        channels = ConfiguredChannels(settings.alert_channel, settings.ops_channel, settings.alert_privacy)
        return Context(
            settings=settings,
            clock=self.clock,
            database=database,
            people=people,
            destinations=DestinationResolver(people, workspace, channels),
            workspace=workspace,
            templates=Templates(shipped("templates"), settings.templates_dir),
            scheduler=build_sync_scheduler(runner, planner, database, self.clock),
            connect_neo=self.connect_neo,
            connection=ConnectionState(None if settings.slack_app_token is not None else ""),
        )


def build(
    settings: Settings,
    clock: "Clock" = system_clock,
    retry_policy: "RetryPolicy | None" = None,
    timing: "DeliveryTiming | None" = None,
    lease_lifetime: timedelta = LEASE_LIFETIME,
) -> App:
    """Return the app for these settings.

    `retry_policy` is how long to wait for the upstream, `timing` how long deliveries take, `lease_lifetime` how long a
    process may be held up before another takes over; all default to what suits people.
    """
    return App(settings, clock, retry_policy, timing, lease_lifetime)
