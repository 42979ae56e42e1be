"""The connection to Slack: made however long that takes, and kept; it brings people's requests to the router."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import structlog

from bot.app import system_clock
from bot.cancellation import cancel_and_wait
from bot.capability import Context, Stage
from bot.service.health import TokenCheck
from bot.service.router import Router
from bot.settings.errors import SettingsError
from bot.settings.model import Settings
from bot.slack.deduplication import RequestDeduplicator
from bot.slack.errors import IF_BOT_IS_REFUSED, RateLimitedError, RefusedBySlackError, SlackError
from bot.slack.listener import Listener
from bot.slack.socket import SocketConnection
from bot.slack.workspace import Workspace

log = structlog.get_logger(__name__)

DRAIN_SECONDS = 3.0  # for answers in flight when the service ends
FILL_SECONDS = 3.0  # that messages wait for everybody's names; then people are asked about one by one
RETRY_SECONDS = 3.0  # between tries at a Slack that does not answer when starting


@dataclass(slots=True)
class SlackConnection:
    """The connection to Slack. `on_change` is awaited when Slack begins or ceases to accept the app token.

    `connecting`, which `start` sets, ends when requests reach the router; `filling` when people's names are known.
    """

    context: Context
    router: Router
    deduplicator: RequestDeduplicator
    token_check: TokenCheck
    on_change: Callable[[], Awaitable[None]]
    listener: Listener | None = None
    socket: SocketConnection | None = None
    connecting: "asyncio.Task[None]" = field(init=False)
    filling: "asyncio.Task[None] | None" = None

    @property
    def stage(self) -> Stage:
        """How far the connection has come."""
        if self.listener is None:
            return Stage.STARTED
        return Stage.READY if self.filling is not None and self.filling.done() else Stage.CONNECTED

    @property
    def comes_over_http(self) -> bool:
        """Whether Slack sends its requests over HTTP."""
        return signing_secret(self.context.settings) is not None

    def start(self) -> None:
        """Begin to connect."""
        self.connecting = asyncio.create_task(self.connect())

    async def connect(self) -> None:
        """Reach Slack, however long that takes; raises SettingsError if it refuses the bot token."""
        settings, workspace = self.context.settings, self.context.workspace
        await _identify(workspace)
        await self.deduplicator.load()
        secret = signing_secret(settings)
        self.listener = Listener(
            workspace,
            serve=self.router.serve,
            validate=self.router.form_errors,
            signing_secret=secret,
            deduplicator=self.deduplicator,
        )
        self.filling = asyncio.create_task(self._fill())
        if settings.slack_app_token is not None:
            token, address = settings.slack_app_token.reveal(), settings.slack_api_url
            self.socket = SocketConnection(
                self.listener,
                token,
                address,
                self.context.connection,
                on_change=self.on_change,
                now=system_clock,
                measurements=workspace.clients.measurements,
            )
            await self.socket.start()

    async def _fill(self) -> None:
        """Load people's names and prepare the templates; no acknowledgement waits for either."""
        names = self.context.people.directory.start_filling(FILL_SECONDS)
        await asyncio.gather(names, asyncio.to_thread(self.context.templates.prepare))

    async def is_connected(self) -> bool:
        """Return whether people's requests reach the router now; over HTTP, whether Slack has answered once."""
        return self.listener is not None and (self.socket is None or await self.socket.is_connected())

    async def problem(self) -> str:
        """Return what is wrong with the connection, in words; empty if nothing is."""
        if self.listener is None:
            return "Slack has not answered yet"
        if problem := await self.token_check.problem():
            return problem
        if self.socket is None or await self.socket.is_connected():
            return ""
        if refusal := self.context.connection.refusal:
            return f"Slack rejects SLACK_APP_TOKEN ({refusal}). Create a new one in the Slack app, and restart."
        return "the connection is down; it is being renewed"

    async def stop(self) -> None:
        """Take no more requests, and finish those that are in flight, within seconds."""
        await cancel_and_wait([self.connecting, *([self.filling] if self.filling is not None else [])])
        await self.context.people.directory.stop_filling()
        if self.socket is not None:
            await self.socket.stop()
        if self.listener is not None:
            await self.listener.drain(DRAIN_SECONDS)


def signing_secret(settings: Settings) -> str | None:
    """Return what Slack's requests over HTTP are signed with; None in Socket Mode, which listens to none."""
    if settings.slack_app_token is not None or settings.slack_signing_secret is None:
        return None
    return settings.slack_signing_secret.reveal()


async def _identify(workspace: Workspace) -> None:
    """Ask Slack who the bot is, until it answers. Raises SettingsError if it refuses the bot token."""
    while True:
        try:
            await workspace.identify()
        except RefusedBySlackError as error:
            raise SettingsError([f"SLACK_BOT_TOKEN: Slack refuses it ({error.code}). {IF_BOT_IS_REFUSED}"]) from error
        except SlackError as error:
            log.warning("Slack does not answer; trying again", why=str(error))
            limited = error.seconds if isinstance(error, RateLimitedError) else 0
            await asyncio.sleep(max(RETRY_SECONDS, limited))
        else:
            return
