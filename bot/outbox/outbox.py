"""The outbox as the service runs it: its parts, and what they share."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from bot.measurements import UNMEASURED, Measurements
from bot.outbox.channel_queue import ChannelQueue
from bot.outbox.destinations import WEBHOOK_CHANNEL, Destinations
from bot.outbox.dispatcher import Dispatcher
from bot.outbox.editor import Editor
from bot.outbox.named_tasks import NamedTasks
from bot.outbox.pacing import Pacing
from bot.outbox.placer import Placer
from bot.outbox.receiver import Webhook
from bot.outbox.reconciler import Reconciler
from bot.outbox.renderers import Renderers
from bot.outbox.rules import STANDBY_WAIT, DeliveryTiming, QuietHours
from bot.outbox.sender import Sender
from bot.outbox.summary import SummaryRenderer
from bot.outbox.webhook_sender import WebhookSender

if TYPE_CHECKING:
    from bot.database.engine import Database
    from bot.slack.workspace import Workspace


@dataclass(slots=True)
class Outbox:
    """One process's part of the outbox; `clock` gives aware times, `quiet_hours` is None if none are set.

    Several processes may deliver from one outbox. One that stands by delivers what the others have left for a while.
    Until Slack is ready, the events of the `webhook` alone are delivered.
    `measurements` counts what this one has sent.
    """

    database: "Database"
    workspace: "Workspace"
    renderers: Renderers
    destinations: Destinations
    clock: Callable[[], datetime]
    timing: DeliveryTiming = field(default_factory=DeliveryTiming)
    quiet_hours: QuietHours | None = None
    stands_by: Callable[[], bool] = lambda: False
    webhook: Webhook | None = None
    is_slack_ready: Callable[[], bool] = lambda: True
    measurements: Measurements = UNMEASURED
    sender: Sender = field(init=False)
    editor: Editor = field(init=False)
    reconciler: Reconciler = field(init=False)
    _dispatcher: Dispatcher = field(init=False)
    _tasks: NamedTasks = field(init=False)

    def __post_init__(self) -> None:
        """Give each part what it needs."""
        database, clock, timing, measurements = self.database, self.clock, self.timing, self.measurements
        pacing, self._tasks = Pacing(timing.pace), NamedTasks()
        summaries = SummaryRenderer(database, self.renderers, self.renderers.templates)
        self.sender = Sender(database, self.workspace, self.renderers, summaries, pacing, clock, timing, measurements)
        self.editor = Editor(database, self.workspace, self.renderers, clock, timing)
        self.reconciler = Reconciler(database, self.workspace, clock, timing, measurements)
        events = None if self.webhook is None else WebhookSender(database, self.webhook, clock, timing, measurements)
        placer = Placer(database, self.destinations, clock, timing)
        queue = ChannelQueue(
            database, placer, self.sender, events, self.editor, pacing, clock, timing, self.quiet_hours, self._wait
        )
        self._dispatcher = Dispatcher(
            database, queue, placer, self.reconciler, self._tasks, clock, timing, self.quiet_hours, self._wait,
            self._serves,
        )  # fmt: skip

    def _wait(self) -> timedelta:
        return STANDBY_WAIT if self.stands_by() else timedelta(0)

    def _serves(self, name: str) -> bool:
        return self.webhook is not None if name == WEBHOOK_CHANNEL else self.is_slack_ready()

    async def tick(self) -> None:
        """Find what is due, and start the tasks that do it.

        Raises:
            LedgerError, SQLAlchemyError, sqlite3.Error: the database cannot be used, here or in a task since the last
                tick.
        """
        await self._dispatcher.tick()
        self._tasks.raise_database_error()

    async def wait_idle(self) -> None:
        """Wait until no task has anything to do."""
        await self._tasks.wait_idle()

    async def stop(self, seconds: float) -> None:
        """End the tasks within so many seconds: what is being sent may arrive, what is not sent waits."""
        await self._tasks.stop(seconds)
