"""The running process: started in the order that makes it useful soonest, and ended without losing an answer."""

import asyncio
import errno
import os
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import structlog

from bot.app import App, Wiring, system_clock
from bot.capability import After, Stage, Timer
from bot.database import metadata
from bot.database.engine import DATABASE_ERRORS, Database
from bot.database.errors import UnusableError
from bot.database.schema import current_revision, newest_revision
from bot.maintenance.prune import Pruning
from bot.maintenance.scheduled_backups import ScheduledBackups
from bot.measurements import UNMEASURED
from bot.service.connection import SlackConnection, signing_secret
from bot.service.database_alarm import DatabaseAlarm, reason
from bot.service.failed_start import report_failed_start
from bot.service.health import TokenCheck, without_paths
from bot.service.heap import TRIM_SECONDS, return_unused_memory, share_one_heap
from bot.service.jobs import Jobs
from bot.service.jobs_lease import JobsLease
from bot.service.log import hide_local_variables
from bot.service.metrics import metrics_served, process_metrics
from bot.service.router import Router
from bot.service.scheduler import Scheduler, SingleTask
from bot.service.shared_clock import SharedClock
from bot.service.start_report import log_database, log_start
from bot.settings.credentials import Secret
from bot.settings.database_place import place_code
from bot.settings.errors import SettingsError
from bot.settings.model import Settings
from bot.slack import http
from bot.slack.deduplication import RequestDeduplicator
from bot.slack.http_server import serve_http
from bot.slack.workspace import connect_workspace

log = structlog.get_logger(__name__)

BACKUP_SECONDS = 60  # between looks whether a backup is due
BACKUP_WAIT_SECONDS = 2.0  # that other jobs wait for it
CLOCK_SECONDS = 60  # between looks by how much this machine's clock is off from the database's
END_SECONDS = 7.5  # of the ten between SIGTERM and the end, to finish what is in flight; the rest is for the jobs
LEAVING_SECONDS = 2.0  # that Slack's requests over HTTP are still taken, while a proxy finds that this is not ready
OUTBOX_SECONDS = 1.0  # for messages on their way; what is broken off is looked for at the next start
PRUNE_SECONDS = 60  # between looks whether it is time to prune, which is once a night
TEST_SECONDS = 60  # between tests whether the database can be written
AGAIN_SECONDS = 5  # between them while it can't be: a proxy sends nothing here until it can again


@dataclass(slots=True)
class Service:
    """What runs. `port` is where its health is served, `metrics_port` where metrics are, None if they are not.

    `ledger_id` is that of its ledger.

    `life` ends with it: the jobs, and the ledger.

    `first_sync` begins as soon as it runs. `ends_at` is set once it is to end: by then (in the loop's time) it has.
    """

    app: App
    database: Database
    wiring: Wiring
    slack: SlackConnection
    alarm: DatabaseAlarm
    jobs: Jobs
    ledger_id: str = ""
    port: int = 0
    metrics_port: int | None = None
    life: AsyncExitStack = field(default_factory=AsyncExitStack)
    ends_at: float | None = None
    first_sync: SingleTask = field(init=False)

    def __post_init__(self) -> None:
        self.first_sync = SingleTask("first sync", self.jobs.sync)

    def identity(self) -> Mapping[str, object]:
        """Return what tells this service from other programs, and from a service of another ledger."""
        database = place_code(self.app.settings.database)
        return {
            "service": "neo-usage", "ledger": self.ledger_id, "database": database, "metrics_port": self.metrics_port,
        }  # fmt: skip

    async def problems(self) -> Mapping[str, str]:
        """Return what keeps the service from being ready: never the upstream, and never history still to be read."""
        if self.ends_at is not None:
            return {"service": "it is being stopped"}
        found: dict[str, str] = {}
        try:
            if await self.database.read(current_revision) != newest_revision():
                found["database"] = f"it is at another schema than {newest_revision()}"
        except Exception as error:  # noqa: BLE001 - whatever it is, it keeps the service from being ready
            found["database"] = error.why if isinstance(error, UnusableError) else without_paths(reason(error))
        if self.alarm.problem is not None:
            found.setdefault("database", self.alarm.problem.why)
        if problem := await self.slack.problem():
            found["slack"] = problem
        return found

    async def leave(self) -> None:
        """Be no longer ready, and take Slack's requests over HTTP until a proxy sends them elsewhere."""
        self.ends_at = self._end_time()
        if self.slack.comes_over_http:
            await asyncio.sleep(LEAVING_SECONDS)

    async def end(self) -> None:
        """Accept nothing new, finish what is in flight, break off what can go on later."""
        self.ends_at = self.ends_at or self._end_time()
        try:
            async with asyncio.timeout_at(self.ends_at):
                await self.slack.stop()
                await self.wiring.outbox.stop(OUTBOX_SECONDS)
                await self.wiring.context.destinations.end()
                await self.jobs.end()
                await self.alarm.end()
        except TimeoutError:
            log.warning("stopped before every request and message was finished")
        await self.life.aclose()

    @staticmethod
    def _end_time() -> float:
        return asyncio.get_running_loop().time() + END_SECONDS


def check_settings(settings: Settings) -> Secret:
    """Return the bot token. Raises SettingsError if anything is not set that a service cannot do without."""
    problems, token = [], settings.slack_bot_token
    if token is None:
        problems.append("SLACK_BOT_TOKEN: it isn't set. Copy it from your Slack app: OAuth & Permissions.")
    if settings.slack_app_token is None and settings.slack_signing_secret is None:
        where = "Basic Information, App-Level Tokens"
        problems.append(f"SLACK_APP_TOKEN: it isn't set. Make one in your Slack app: {where}.")
    if not settings.has_neo_credential:
        problems.append("NEO_API_KEY: it isn't set. Create a key in Neo (Settings, API keys) as a team admin.")
    if token is None or problems:
        raise SettingsError(problems)
    return token


def _log_kept(copy: Path) -> None:
    log.info("upgrading the database; a copy of the former one is kept", file=str(copy))


@asynccontextmanager
async def running_service(app: App) -> AsyncIterator[Service]:
    """Start the service, and end it within ten seconds.

    It is given as soon as it runs; it becomes ready by itself, once Slack answers.

    Raises:
        LedgerError: the ledger cannot be written, or is priced in another unit.
        SettingsError: something that is needed is not set, or a port is in use.
    """
    settings = app.settings
    hide_local_variables()
    bot_token = check_settings(settings)
    async with AsyncExitStack() as stack:
        life = await stack.enter_async_context(AsyncExitStack())
        database = await _open_ledger(app, bot_token)
        life.callback(database.close)
        await database.read(lambda connection: log_database(connection, settings))
        clock = SharedClock(database, app.clock)
        await clock.adjust()
        counted = process_metrics(settings)
        app = replace(app, clock=clock, measurements=counted or UNMEASURED)
        workspace = await stack.enter_async_context(
            connect_workspace(bot_token.reveal(), settings.slack_api_url, app.measurements)
        )
        service = _service(app, clock, database, app.wire(database, workspace), life)
        service.ledger_id = await database.write(metadata.ledger_id)
        http_server = await stack.enter_async_context(AsyncExitStack())
        with _address_of("HTTP", settings.http_host, settings.http_port):
            service.port = await http_server.enter_async_context(_serve_http(service))
        with _address_of("METRICS", settings.metrics_host, settings.metrics_port):
            service.metrics_port = await stack.enter_async_context(metrics_served(service, counted))
        await life.enter_async_context(_jobs_running(service))
        stack.push_async_callback(service.end)  # before the jobs end: what is in flight may wait for a sync
        stack.push_async_callback(http_server.aclose)  # before that: whatever was received is answered
        service.slack.start()
        yield service


async def _open_ledger(app: App, bot_token: Secret) -> Database:
    """Return the ledger. If it cannot be used, operators get to know that before the error is raised."""
    try:
        return await asyncio.to_thread(app.ledger.open_for_booking, _log_kept)
    except DATABASE_ERRORS as error:  # an upgrade that fails, for example
        await report_failed_start(error, app.settings, bot_token, app.clock())
        raise


def _service(app: App, clock: SharedClock, database: Database, wiring: Wiring, life: AsyncExitStack) -> Service:
    context = wiring.context
    # the real time, whatever the service's clock says: Slack dates its signatures by it
    deduplicator = RequestDeduplicator(database.write, system_clock)
    router = Router(context.people, context.templates, wiring.registry, app.clock, app.measurements)
    slack = SlackConnection(
        context, router, deduplicator, TokenCheck(context.workspace), lambda: jobs.run_after(After.CONNECTION_CHANGE)
    )
    lease = JobsLease(database, app.clock, app.lease_lifetime)
    alarm = DatabaseAlarm(context, lambda: slack.stage >= Stage.CONNECTED, lambda: lease.held is None)
    capabilities, settings = wiring.registry.capabilities, app.settings
    pruning = Pruning(database, capabilities, settings.timezone, app.clock, settings.retention)
    backups = ScheduledBackups.from_settings(app.settings, database, app.clock)
    timers = [
        # whenever incidents are looked for, and before that: an old backup is no incident while a new one is due
        Timer("backup", BACKUP_SECONDS, backups.tick, frozenset(After), max_wait=BACKUP_WAIT_SECONDS),
        Timer("database", TEST_SECONDS, alarm.test, frozenset({After.SYNC}), everywhere=True),
        Timer("database again", AGAIN_SECONDS, alarm.test_again, everywhere=True),
        *wiring.registry.timers,
        Timer("clock", CLOCK_SECONDS, clock.adjust, everywhere=True),
        Timer("outbox", 1, wiring.outbox.tick, everywhere=True),
        Timer("prune", PRUNE_SECONDS, pruning.tick),
        Timer("memory", TRIM_SECONDS, return_unused_memory, everywhere=True),
    ]
    wiring.outbox.stands_by = lambda: lease.held is None
    wiring.outbox.is_slack_ready = lambda: slack.stage >= Stage.READY
    jobs = Jobs(database, context.scheduler, timers, alarm, lease, lambda: slack.stage)
    return Service(app, database, wiring, slack, alarm, jobs, life=life)


@contextmanager
def _address_of(settings: str, host: str, port: int | None) -> Iterator[None]:
    """Say which setting is wrong if an address cannot be listened at; `settings` is how their names begin."""
    try:
        yield
    except OSError as error:
        if error.errno in {errno.EADDRINUSE, errno.EACCES}:
            why = os.strerror(error.errno).lower()
            remedy = "Choose another one, or stop the program that uses it."
            raise SettingsError([f"{settings}_PORT: port {port} can't be used ({why}). {remedy}"]) from None
        why = "The bot can't listen there. Use an address of this machine, such as 127.0.0.1."
        raise SettingsError([f"{settings}_HOST: {host} isn't this machine. {why}"]) from None


@asynccontextmanager
async def _serve_http(service: Service) -> AsyncIterator[int]:
    """Serve health, and Slack's requests if there is no Socket Mode; yield the port."""
    settings, slack = service.app.settings, service.slack
    secret = signing_secret(settings)
    events = http.EventsEndpoint(secret, slack.deduplicator, system_clock) if secret else None
    endpoints = http.HttpEndpoints(
        service.identity, service.problems, lambda: slack.listener, events, settings.http_host
    )
    async with serve_http(endpoints.answer, settings.http_host, settings.http_port) as port:
        yield port


@asynccontextmanager
async def _jobs_running(service: Service) -> AsyncIterator[None]:
    """Sync now, and run the jobs; a sync under way is broken off at the end, and loses nothing."""
    scheduler = Scheduler(service.jobs.table(service.app.settings.poll_seconds))
    scheduler.start()
    await service.first_sync.start()
    try:
        yield
    finally:
        await scheduler.end()
        await service.first_sync.end()
        await service.jobs.scheduler.stop()
        await service.jobs.lease.release()


async def serve(app: App, stop: asyncio.Event) -> None:
    """Run until `stop` is set. Raises as `running_service`, and SettingsError if Slack refuses the bot token."""
    share_one_heap()
    log_start(app.settings)
    if not app.settings.admins:
        log.warning("ADMINS is empty: nobody sees more than their own spend")
    async with running_service(app) as service:
        metrics = (
            {}
            if service.metrics_port is None
            else {"metrics": f"http://{app.settings.metrics_host}:{service.metrics_port}/metrics"}
        )
        log.info("started", health=f"http://{app.settings.http_host}:{service.port}/readyz", **metrics)
        connecting, jobs = service.slack.connecting, service.jobs
        ending = [asyncio.create_task(each.wait()) for each in (stop, jobs.ended)]
        await asyncio.wait({*ending, connecting}, return_when=asyncio.FIRST_COMPLETED)
        if connecting.done():
            connecting.result()
        await asyncio.wait(ending, return_when=asyncio.FIRST_COMPLETED)
        for each in ending:
            each.cancel()
        if jobs.final_error is not None:
            raise jobs.final_error
        log.info("stopping: finishing requests and messages")
        await service.leave()
    log.info("stopped")
