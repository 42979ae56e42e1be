"""Running: started in the order that makes it useful soonest, and ended without losing an answer."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from shutil import disk_usage

import structlog
from sqlalchemy import Connection

from bot.app import App, system_clock
from bot.database import metadata
from bot.database.engine import DATABASE_ERRORS, Database, replaced_file_error
from bot.database.errors import LedgerError, UnusableError
from bot.database.lease import LeaseHolder
from bot.database.reader import Reader
from bot.database.schema import newest_revision
from bot.incidents.monitor import IncidentMonitor, current_incidents
from bot.ledger.passes import freshness
from bot.service.health import SlackCheck, without_paths
from bot.service.log import without_locals
from bot.service.pruning import Pruning
from bot.service.rooms import Rooms, rooms
from bot.service.scheduler import BackgroundJob, Job, Scheduler
from bot.settings import Settings, SettingsError
from bot.slack import http
from bot.slack.blocks import paragraph
from bot.slack.connection import ConnectionState
from bot.slack.deduplication import RequestDeduplicator
from bot.slack.errors import LimitedBySlackError, RefusedBySlackError, SlackError
from bot.slack.listener import Listener
from bot.slack.socket import SocketConnection
from bot.slack.workspace import Account, Workspace, connect_workspace
from bot.sync import rate_limit
from bot.sync.rules import PlannedPass, SyncPlan
from bot.sync.runner import SyncOutcome, SyncProgress
from bot.sync.scheduler import SyncScheduler

log = structlog.get_logger(__name__)

DRAIN_SECONDS = 7.0  # of the ten between SIGTERM and the end
OUTBOX_SECONDS = 1.5  # for messages on their way; what is broken off is looked for at the next start
INCIDENT_SECONDS = 60  # between looks at the bot's own troubles
DELIVER_SECONDS = 1  # between looks at what is owed
DRAW_SECONDS = 5  # between looks at what App Home shows
PRUNE_SECONDS = 60  # between looks whether it is time to prune, which is once a night
COURTESY_SECONDS = 0.25  # for which a page to be booked lets people go first
LOCKED = timedelta(minutes=5)  # for which a lock of another's is waited for in silence
ASIDE_SECONDS = 1.0  # that a tick has for what may have to wait for Slack
DRAWING_SECONDS = 15.0  # that a reading has for App Home, before the next one
FILL_SECONDS = 3.0  # that messages wait for everybody's names; then people are asked about one by one
RETRY_SECONDS = 3.0  # between tries at a Slack that does not answer when starting


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why the database cannot be written, and since when."""

    why: str
    since: datetime


@dataclass(slots=True)
class Service:
    """What runs. `port` is where its health is told; `connecting` ends when acts in Slack reach it."""

    app: App
    database: Database
    keeper: SyncScheduler
    workspace: Workspace
    taken: RequestDeduplicator
    slack_check: SlackCheck
    port: int = 0
    door: Listener | None = None
    socket: SocketConnection | None = None
    rooms: Rooms | None = None
    connection: ConnectionState = field(default_factory=ConnectionState)
    connecting: "asyncio.Task[None] | None" = None
    filling: "asyncio.Task[None] | None" = None
    life: AsyncExitStack = field(default_factory=AsyncExitStack)  # what ends with it: ticks, and the ledger
    exchanged: asyncio.Event = field(default_factory=asyncio.Event)
    _cried_at: datetime | None = None
    _trouble: "Trouble | None" = None
    _at_work: asyncio.Lock = field(default_factory=asyncio.Lock)
    _cry: str = ""
    _digests: BackgroundJob = field(init=False)
    _drawing: BackgroundJob = field(init=False)
    _crying: BackgroundJob = field(init=False)

    def __post_init__(self) -> None:
        """What asks Slack beside the ticks, none of which waits for it."""
        self._digests = BackgroundJob("digests", self._decide_digests, ASIDE_SECONDS)
        self._drawing = BackgroundJob("home", self._draw, DRAWING_SECONDS)
        self._crying = BackgroundJob("trouble", self._tell_operators, ASIDE_SECONDS)

    async def connect(self) -> None:
        """Reach Slack, however long that takes; raises RefusedBySlackError when the token is not valid."""
        settings = self.app.settings
        account = await _account(self.workspace)
        self.rooms = rooms(self.app, self.database, self.keeper, self.workspace, account)
        await self.taken.load()
        desk = self.rooms.desk
        self.door = Listener(self.workspace, account, desk.serve, _signing_secret(settings), desk.check, self.taken)
        self.filling = asyncio.create_task(_fill(self.rooms))
        if settings.slack_app_token is not None:
            token, address = settings.slack_app_token.reveal(), settings.slack_api_url
            self.socket = SocketConnection(self.door, token, address, self.connection, self.look_after_itself)
            await self.socket.start()

    async def look(self) -> None:
        """Read what is due now, and welcome whoever is to be; what fails is logged, and tried at the next look."""
        async with self._at_work:
            if self._is_exchanged():
                return
            await self.deliver()  # what time has brought about comes before what is booked after it
            try:
                await self.keeper.tick()
                if self.rooms is not None and await self.database.read(self._is_read):
                    await self.rooms.welcome.once()
            except DATABASE_ERRORS as error:
                await self._cannot_use(error)
            await self.look_after_itself()
            await self.deliver()
            await self.draw()

    async def deliver(self) -> None:
        """See to what time brings about, and to the messages that are owed."""
        if self._is_exchanged():
            return
        try:
            now = self.app.clock()
            for watch in (self.app.watch, self.app.failures):
                if await self.database.read(partial(watch.due, now=now)):
                    await self.database.write(partial(watch.apply_due, now=now))
            if self.rooms is not None and self.filled:
                await self._digests.run()
                await self.rooms.outbox.tick()
        except DATABASE_ERRORS as error:
            await self._cannot_use(error)

    async def _decide_digests(self) -> None:
        assert self.rooms is not None  # noqa: S101 - whoever runs it has looked
        try:
            await self.rooms.digests.tick()
        except DATABASE_ERRORS as error:
            await self._cannot_use(error)

    def _is_exchanged(self) -> bool:
        """Whether the ledger's file is another's place now; then the service is to end."""
        if self.database.is_exchanged:
            self.exchanged.set()
        return self.exchanged.is_set()

    async def look_after_itself(self) -> None:
        """Tell operators what is wrong with the bot, and what no longer is."""
        await self._try_to_write()
        now, watch = self.app.clock(), IncidentMonitor(self.app.settings.timezone)
        try:
            free = disk_usage(self.app.settings.database_path.resolve().parent).free
            broken = self.rooms.desk.templates.broken if self.rooms is not None and self.filled else None
            wrong = await self.database.read(lambda reader: current_incidents(reader, free, broken, now, self._refusal))
            if await self.database.read(lambda reader: watch.due(reader, wrong, now)):
                await self.database.write(lambda connection: watch.apply_due(connection, wrong, now))
        except DATABASE_ERRORS as error:
            await self._cannot_use(error)

    async def _try_to_write(self) -> None:
        """Find out that the database is locked before something has to be written, and when it is over."""
        try:
            await self.database.write(_written_down if self._trouble is not None else _nothing)
            self._trouble = None
        except DATABASE_ERRORS as error:
            await self._cannot_use(error)

    async def draw(self) -> None:
        """Draw App Home anew for those to whom it would look different."""
        if self.rooms is not None and self.filled:
            await self._drawing.run()

    async def _draw(self) -> None:
        assert self.rooms is not None  # noqa: S101 - whoever runs it has looked
        try:
            await self.rooms.home.tick()
        except DATABASE_ERRORS as error:
            await self._cannot_use(error)

    async def prune(self) -> None:
        """Delete what nobody asks for any more, once a night."""
        try:
            await Pruning(self.database, self.app.settings.timezone, self.app.clock).tick()
        except DATABASE_ERRORS as error:
            await self._cannot_use(error)

    async def _cannot_use(self, error: Exception) -> None:
        """What cannot be put into the outbox is told directly, to the operators, once a day at most.

        A lock that is soon let go of is nobody's concern.
        """
        why, now = _why(error), self.app.clock()
        log.warning("cannot use the database", why=why)
        self._trouble = Trouble(why, min(self._trouble.since, now) if self._trouble is not None else now)
        # a moment in the future was dated by a clock that ran ahead, and holds nothing up
        rested = self._cried_at is None or not timedelta(0) <= now - self._cried_at <= timedelta(days=1)
        passing = isinstance(error, UnusableError) and error.locked and now - self._trouble.since < LOCKED
        if self.rooms is None or not rested or passing:
            return
        self._cried_at, self._cry = now, why
        await self._crying.run()

    async def _tell_operators(self) -> None:
        assert self.rooms is not None  # noqa: S101 - whoever runs it has looked
        message = paragraph(self.rooms.desk.templates.say("incidents/unwritable", why=self._cry))
        for user in self.rooms.desk.people.operators():
            try:
                await self.workspace.post(await self.workspace.dm(user), message)
            except SlackError as failure:
                log.warning("could not tell an operator", user=user, why=str(failure))

    @property
    def filled(self) -> bool:
        """Whether people's names are known and templates compiled, so that messages find them, and their words."""
        return self.filling is not None and self.filling.done()

    def _is_read(self, reader: Reader) -> bool:
        """Whether all the history that is wanted is in the ledger."""
        return freshness(reader, self.app.clock()).as_of is not None and not self.app.agenda(reader).history

    async def problems(self) -> Mapping[str, str]:
        """What stands in the way of being ready; never the upstream, and never history still to be read."""
        found: dict[str, str] = {}
        try:
            rows = await self.database.read(lambda reader: reader.rows("SELECT version_num FROM alembic_version"))
            if rows != [(newest_revision(),)]:
                found["database"] = f"it is at another schema than {newest_revision()}"
        except Exception as error:  # noqa: BLE001 - whatever it is, it is what stands in the way
            found["database"] = error.why if isinstance(error, UnusableError) else without_paths(_why(error))
        if self._trouble is not None:
            found.setdefault("database", self._trouble.why)
        if trouble := await self._slack_trouble():
            found["slack"] = trouble
        return found

    @property
    def _refusal(self) -> str | None:
        """Slack's word for not taking the app token; empty when it does or there is none, None while nobody knows."""
        if self.socket is not None:
            return self.connection.refusal
        return None if self.app.settings.slack_app_token is not None else ""

    async def _slack_trouble(self) -> str:
        if self.door is None:
            return "Slack has not answered yet"
        if self.socket is None:
            return await self.slack_check.trouble()
        if await self.socket.is_connected():
            return ""
        if refusal := self.connection.refusal:
            return f"Slack does not take SLACK_APP_TOKEN ({refusal}). Make another in the Slack app, and restart."
        return "the connection is down; it is being renewed"

    async def end(self) -> None:
        """Take nothing new, finish what is in flight, break off what can go on later."""
        for task in filter(None, (self.connecting, self.filling)):
            await _cancelled(task)
        if self.rooms is not None:
            await self.rooms.directory.end()
        if self.socket is not None:
            await self.socket.stop()
        if self.door is not None:
            await self.door.drain(DRAIN_SECONDS)
        if self.rooms is not None:
            await self.rooms.outbox.stop(OUTBOX_SECONDS)
            await self.rooms.addresses.end()
        for aside in (self._digests, self._drawing, self._crying):
            await aside.end()
        await self.life.aclose()


def _why(error: Exception) -> str:
    return error.why if isinstance(error, UnusableError) else str(getattr(error, "orig", error))


def _nothing(_: Connection) -> None:
    """Take the lock for writing, and give it back."""


def _written_down(connection: Connection) -> None:
    metadata.write(connection, metadata.WRITE_TEST, "yes")


async def _fill(rooms: Rooms) -> None:
    """Learn people's names and compile every template, neither of which an acknowledgement waits for."""
    await asyncio.gather(rooms.directory.begin(FILL_SECONDS), asyncio.to_thread(rooms.desk.templates.warm))


def _signing_secret(settings: Settings) -> str | None:
    """What Slack's requests over HTTP are signed with; None in Socket Mode, which listens to none."""
    if settings.slack_app_token is not None or settings.slack_signing_secret is None:
        return None
    return settings.slack_signing_secret.reveal()


def check(settings: Settings) -> None:
    """Raise SettingsError for what a service cannot do without."""
    problems = []
    if settings.slack_bot_token is None:
        problems.append("SLACK_BOT_TOKEN: it is not set. Copy it from your Slack app: OAuth & Permissions.")
    if settings.slack_app_token is None and settings.slack_signing_secret is None:
        where = "Basic Information, App-Level Tokens"
        problems.append(f"SLACK_APP_TOKEN: it is not set. Make one in your Slack app: {where}.")
    if not settings.has_neo_credential:
        problems.append("NEO_API_KEY: it is not set. Make a key in Neo (Settings, API keys) as a team admin.")
    if problems:
        raise SettingsError(problems)


@asynccontextmanager
async def running(app: App) -> AsyncIterator[Service]:
    """Start the service, and end it within ten seconds.

    It is given as soon as it lives; it becomes ready by itself, whenever Slack answers.

    Raises:
        SettingsError: something necessary is not set.
        LedgerError: the ledger cannot be written, or is priced in another unit.
        OSError: the port is taken.
    """
    settings = app.settings
    without_locals()
    check(settings)
    assert settings.slack_bot_token is not None  # noqa: S101 - just checked
    async with AsyncExitStack() as stack:
        life = await stack.enter_async_context(AsyncExitStack())
        database = await asyncio.to_thread(app.opened_to_book)
        life.callback(database.close)
        workspace = await stack.enter_async_context(
            connect_workspace(settings.slack_bot_token.reveal(), settings.slack_api_url)
        )
        # the real present, whatever the service's clock says: it is what Slack signs by
        taken = RequestDeduplicator(database.write, system_clock)
        slack_check = SlackCheck(workspace)
        service = Service(app, database, _keeper(app, database), workspace, taken, slack_check, life=life)
        secret = _signing_secret(settings)
        events = http.EventsEndpoint(secret, taken, system_clock) if secret else None
        endpoints = http.HttpEndpoints(service.problems, lambda: service.door, events, settings.http_host)
        service.port = await stack.enter_async_context(
            http.serve_http(endpoints, settings.http_host, settings.http_port)
        )
        await life.enter_async_context(_ticking(service))
        stack.push_async_callback(service.end)  # before the ticks end: what is in flight may wait for a sync
        service.connecting = asyncio.create_task(service.connect())
        yield service


async def serve(app: App, stop: asyncio.Event) -> None:
    """Run until `stop` is set; errors as of `running`, and RefusedBySlackError when the bot's token is not valid."""
    if not app.settings.admins:
        log.warning("ADMINS is empty: nobody sees more than their own spend")
    async with running(app) as service:
        log.info("started", health=f"http://{app.settings.http_host}:{service.port}/readyz")
        assert service.connecting is not None  # noqa: S101 - it is while it runs
        ending = [asyncio.create_task(each.wait()) for each in (stop, service.exchanged)]
        await asyncio.wait({*ending, service.connecting}, return_when=asyncio.FIRST_COMPLETED)
        if service.connecting.done():
            service.connecting.result()
        await asyncio.wait(ending, return_when=asyncio.FIRST_COMPLETED)
        for each in ending:
            each.cancel()
        if service.exchanged.is_set():
            raise replaced_file_error(app.settings.database_path)
        log.info("stopping: finishing what is in flight")
    log.info("stopped")


def _keeper(app: App, database: Database) -> SyncScheduler:
    async def read(planned: Sequence[PlannedPass], progress: Callable[[SyncProgress], None]) -> SyncOutcome:
        await database.read(lambda reader: rate_limit.check(reader, app.clock()))
        return await app.read(planned, progress, _waiting, courtesy=people_first)

    async def people_first() -> None:
        await database.yield_to_readers(COURTESY_SECONDS)

    async def agenda() -> SyncPlan:
        return await database.read(app.agenda)

    return SyncScheduler(read, agenda, app.clock)


def _waiting(held: LeaseHolder) -> None:
    log.info("waiting for another sync to end", holder=held.who)


@asynccontextmanager
async def _ticking(service: Service) -> AsyncIterator[None]:
    """Look now, and again at every tick; a sync under way is broken off at the end, and loses nothing."""
    ticks = Scheduler(
        [
            Job("sync", service.app.settings.poll_seconds, service.look),
            Job("deliver", DELIVER_SECONDS, service.deliver),
            Job("home", DRAW_SECONDS, service.draw),
            Job("incidents", INCIDENT_SECONDS, service.look_after_itself),
            Job("prune", PRUNE_SECONDS, service.prune),
        ]
    )
    ticks.start()
    first = asyncio.create_task(service.look())
    try:
        yield
    finally:
        await ticks.end()
        await _cancelled(first)
        await service.keeper.stop()


async def _account(workspace: Workspace) -> Account:
    """Who the bot is, asked until Slack answers."""
    while True:
        try:
            return await workspace.account()
        except RefusedBySlackError:
            raise
        except SlackError as error:
            log.warning("Slack does not answer; trying again", why=str(error))
            limited = error.seconds if isinstance(error, LimitedBySlackError) else 0
            await asyncio.sleep(max(RETRY_SECONDS, limited))


async def _cancelled(task: "asyncio.Task[None]") -> None:
    task.cancel()
    with suppress(asyncio.CancelledError, SlackError, LedgerError):
        await task
