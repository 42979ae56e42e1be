"""An outbox whose every step and whose clock a test moves."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.outbox import live_store, store
from bot.outbox.conditions import Moment
from bot.outbox.destinations import ChannelDestination, Destination, ResolvedChannel
from bot.outbox.due_work import mark_abandoned_unconfirmed
from bot.outbox.keys import StoredKey, StoredTopic, message_key
from bot.outbox.live_store import ClaimedEdit
from bot.outbox.lookup_store import unchecked_targets, unconfirmed_targets
from bot.outbox.outbox import Outbox
from bot.outbox.placement_store import set_channel
from bot.outbox.renderers import RenderRequest
from bot.outbox.store import ClaimedNotification, NewNotification
from bot.sandbox.slack.models import Message
from bot.sandbox.slack.server import SlackApi
from bot.sandbox.slack.workspace import Workspace
from bot.slack import blocks

START = datetime(2026, 3, 2, 12, tzinfo=UTC)
WHERE = Workspace.default().channel("neo-spend").id
DESTINATION = ChannelDestination(WHERE)


class SteppedRenderer:
    """Renders a notification as its key, a live message as the text that the test sets."""

    text = "as it is"

    async def render_event(self, request: RenderRequest) -> blocks.Message | None:
        return blocks.paragraph(request.dedup_key)

    async def render_current(self, request: RenderRequest) -> blocks.Message | None:
        return blocks.paragraph(self.text if request.topic else "")


class Channels:
    """Every destination is a channel by its id."""

    async def find(self, destination: Destination) -> ResolvedChannel:
        assert isinstance(destination, ChannelDestination)
        return ResolvedChannel(destination.name)


class SteppedOutbox:
    """An outbox over the real times, whose parts and clock the test moves."""

    def __init__(self, parts: Outbox, slack: SlackApi, now: list[datetime], renderer: SteppedRenderer) -> None:
        self.parts, self.slack, self._now, self.renderer = parts, slack, now, renderer
        self.lease = timedelta(seconds=parts.timing.lease)

    def now(self) -> datetime:
        return self._now[0]

    def later(self, seconds: float) -> None:
        self._now[0] += timedelta(seconds=seconds)

    async def write(self, work: Callable[..., Any]) -> Any:
        return await self.parts.database.write(work)

    async def enqueue(self, *keys: str, topic: str | None = None, urgent: bool = True) -> None:
        about = None if topic is None else StoredTopic(topic)
        new = [NewNotification(StoredKey(key), DESTINATION, about, urgent=urgent) for key in keys]
        await self.write(lambda c: store.enqueue(c, new, self._now[0]))
        await self.write(lambda c: set_channel(c, DESTINATION.encode(), WHERE))

    async def claim(self, token: str) -> ClaimedNotification:
        job = await self.write(lambda c: store.claim(c, WHERE, token, self._now[0], self.lease))
        assert job is not None
        return job  # type: ignore[no-any-return]

    async def claim_edit(self, token: str) -> ClaimedEdit:
        edit = await self.write(lambda c: live_store.claim_edit(c, WHERE, token, self._now[0], self.lease))
        assert edit is not None
        return edit  # type: ignore[no-any-return]

    async def look(self) -> None:
        """What a tick does about what may have arrived and second copies now."""
        database, reconciler = self.parts.database, self.parts.reconciler
        await self.write(lambda c: mark_abandoned_unconfirmed(c, self._now[0]))
        for target in await database.read(lambda r: unconfirmed_targets(r, self.moment())):
            await reconciler.look_up(target)
        for target in await database.read(lambda r: unchecked_targets(r, self._now[0])):
            await reconciler.delete_second_copies(target)

    def moment(self) -> Moment:
        return Moment(self._now[0], timedelta(seconds=self.parts.timing.unconfirmed))

    async def look_for(self, seconds: int) -> None:
        for _ in range(seconds // 10):
            self.later(10)
            await self.look()

    def key(self, dedup_key: str) -> str:
        with self.parts.database.transaction() as connection:
            sql = "SELECT value FROM note WHERE key = 'ledger_id'"
            return message_key(dedup_key, DESTINATION.encode(), connection.exec_driver_sql(sql).scalar_one())

    def copies(self, dedup_key: str) -> list[Message]:
        key = self.key(dedup_key)
        found = self.slack.workspace.channel(WHERE).messages
        return [m for m in found if not m.deleted and m.metadata and m.metadata["event_payload"]["key"] == key]

    def store_late(self, dedup_key: str, thread: str | None = None) -> None:
        """Slack stores now what it took before the connection dropped."""
        key = {"event_type": "neo_usage_notification", "event_payload": {"key": self.key(dedup_key)}}
        workspace = self.slack.workspace
        late = Message(workspace.stamp(self._now[0]), workspace.bot_user, text=dedup_key, metadata=key)
        late.thread_ts, late.bot_id = thread, workspace.bot_id
        workspace.post(WHERE, late)
