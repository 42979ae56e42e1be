"""The harness of the running service: an embedded Neo and Slack, and the real service connected to them."""

from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from bot.app import App, build
from bot.capability import After
from bot.database.errors import ClosedError
from bot.neo.client import RetryPolicy
from bot.outbox.conditions import Moment
from bot.outbox.due_work import NOTHING_DUE, due_work
from bot.outbox.rules import DeliveryTiming
from bot.sandbox.http_server import NeoServer
from bot.sandbox.neo import NeoApi
from bot.sandbox.slack.models import Message
from bot.sandbox.slack.server import SlackApi, SlackServer
from bot.sandbox.slack.workspace import Workspace
from bot.service.service import Service, running_service
from bot.settings.database_place import DatabasePlace
from bot.settings.environment import load
from tests.support.clock import AdjustableClock
from tests.support.engines import url_of
from tests.support.messages import text_of

HURRIED = RetryPolicy(answer=2, connect=5, deadline=0.2, longest_retry_after=2.0, first_wait=0.01)
# a request that ends late on a busy machine would be looked for at a time that a clock which stands still never reaches
PROMPT = DeliveryTiming(request=20, lease=50, unconfirmed=0.2, checks=(0.2,), pace=0, first_wait=0.05, longest_wait=0.2)
CHANNEL = "neo-spend"
GUEST_CHANNEL = "shop-pentest"  # the only one that the guest is in
NOON = timedelta(hours=12)
PATIENCE = 60  # seconds


@dataclass(repr=False)  # asyncio tells a test's task, with all that it holds, whenever it sets a signal's handler
class ServiceHarness:
    """A workspace with the bot in it, whose ledger is at `place`. `settings` are given on top of the usual."""

    directory: Path
    place: DatabasePlace
    neo: NeoApi
    slack: SlackApi
    clock: AdjustableClock
    settings: dict[str, str] = field(default_factory=dict)
    retry_policy: RetryPolicy = HURRIED
    timing: DeliveryTiming = PROMPT
    _stack: AsyncExitStack = field(default_factory=AsyncExitStack)
    _bot: AsyncExitStack = field(default_factory=AsyncExitStack)
    neo_url: str = ""
    running: Service | None = None

    def _repr_pretty_(self, printer: Any, _cycle: object) -> None:
        printer.text("a harness")  # for hypothesis, which would tell everything that is in it

    @property
    def workspace(self) -> Workspace:
        return self.slack.workspace

    @property
    def service(self) -> Service:
        assert self.running is not None
        return self.running

    async def open(self, *, over_http: bool = False) -> None:
        """Serve Neo and Slack, start the bot, and wait until it has read everything."""
        self.neo_url = (await self._stack.enter_async_context(NeoServer(self.neo))).url
        self.slack.url = (await self._stack.enter_async_context(SlackServer(self.slack))).url
        await self.start(over_http=over_http)
        await self.deliver()  # the welcome, so that it comes between nothing

    async def start(self, *, over_http: bool = False) -> None:
        """Start the bot alone."""
        self._bot = await self._stack.enter_async_context(AsyncExitStack())
        self.running = await self._bot.enter_async_context(running_service(self.app(over_http=over_http)))
        await self.service.slack.connecting
        await self.service.first_sync.wait(PATIENCE)
        await self.service.jobs.run_after(After.SYNC)  # what needs Slack, for which the sync did not wait
        if over_http:
            self.slack.delivery.events_url = f"http://127.0.0.1:{self.service.port}/slack/events"
        else:
            await self.workspace.until(lambda: len(self.slack.sockets) == 1)

    def app(self, *, over_http: bool = False) -> App:
        """The bot's app, wired to this Neo and this Slack."""
        return build(
            load(self.environment(over_http=over_http), self.directory), self.clock, self.retry_policy, self.timing
        )

    def environment(self, *, over_http: bool = False) -> dict[str, str]:
        """The variables that wire the bot to this Neo and this Slack."""
        workspace = self.workspace
        door = {"SLACK_SIGNING_SECRET": workspace.signing_secret}
        return {
            "NEO_API_URL": self.neo_url,
            "NEO_API_KEY": self.neo.key,
            "SLACK_BOT_TOKEN": workspace.bot_token,
            "SLACK_API_URL": f"{self.slack.url}/api/",
            "ADMINS": workspace.user("hannah").id,
            "DATABASE_URL": url_of(self.place),
            "HTTP_PORT": "0",
            "POLL_SECONDS": "3600",
            "HISTORY_DAYS": "20",
            "BYOK_UNIT": "credits",
            **(door if over_http else {"SLACK_APP_TOKEN": workspace.app_token}),
            **self.settings,
        }

    async def close(self) -> None:
        await self._stack.aclose()

    async def stop(self) -> None:
        """End the bot alone."""
        await self._bot.aclose()

    async def restart(self, *, over_http: bool = False) -> None:
        """End the bot alone, and start it again over what it left."""
        await self.stop()
        await self.start(over_http=over_http)

    def hold_jobs(self) -> None:
        """Let no job begin any more; the scheduler would begin some each second."""
        self.service.jobs.final_error = ClosedError()

    # --- acting ----------------------------------------------------------------------------------

    def visible(self, user: str, channel: str = CHANNEL) -> list[Message]:
        """What somebody sees in a channel."""
        return self.workspace.visible_messages(self.workspace.channel(channel).id, self.workspace.user(user).id)

    def dm(self, user: str) -> list[Message]:
        """What somebody sees in their direct messages with the bot."""
        return self.visible(user, self.workspace.im_of(self.workspace.user(user).id).id)

    async def ask(self, user: str, text: str = "", channel: str = CHANNEL) -> Message:
        """The answer to a command."""
        before = len(self.visible(user, channel))
        ack = await self.slack.command(user, channel, text)
        assert ack.ok, ack
        return await self.answer(user, channel, before)

    async def answer(self, user: str, channel: str, before: int, timeout: float = 15) -> Message:  # noqa: ASYNC109 - as until
        """The first message that somebody sees beyond so many."""
        await self.workspace.until(lambda: len(self.visible(user, channel)) > before, timeout)
        return self.visible(user, channel)[before]

    async def press(self, user: str, message: Message, action: str, channel: str = CHANNEL) -> Message:
        """What a message, or a new one, says after a button was pressed."""
        messages = self.visible(user, channel)
        before, was = len(messages), text_of(message)
        ack = await self.slack.click(user, channel, message.ts, action)
        assert ack.ok, ack
        place = messages.index(message)

        def changed() -> bool:
            now = self.visible(user, channel)
            return len(now) != before or text_of(now[place]) != was

        await self.workspace.until(changed)
        now = self.visible(user, channel)
        return now[-1] if len(now) > before else now[place]

    async def sync(self) -> None:
        """Read what is new, and deliver what follows from it."""
        await self.service.jobs.sync()
        await self.service.wiring.outbox.wait_idle()
        if await self._is_owed():
            await self.deliver()

    async def deliver(self) -> None:
        """See to everything that is owed now."""
        assert self.service.slack.filling is not None
        await self.service.slack.filling
        for _ in range(3):  # a destination may be several, whose messages are owed then
            await self.service.jobs.run_every(1)
            await self.service.wiring.outbox.wait_idle()
            if not await self._is_owed():
                break

    async def _is_owed(self) -> bool:
        moment = Moment(self.clock())
        return await self.service.database.read(lambda connection: due_work(connection, moment)) != NOTHING_DUE

    async def idle(self) -> None:
        """Wait until nothing is in flight."""
        assert self.service.slack.listener is not None
        await self.service.slack.listener.wait_idle()
