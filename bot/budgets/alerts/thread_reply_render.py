"""The steps of an alert, as they are posted in the thread of its live message.

The notification that starts a thread is rendered as the live message instead: see `live_message_render`.
"""

from dataclasses import dataclass

from sqlalchemy import Connection

from bot.budgets.alerts.context import AlertContext, topic_of
from bot.budgets.alerts.spend_drivers import notified_step
from bot.budgets.keys import CrossingKey
from bot.budgets.snoozes.store import is_snoozed_by
from bot.outbox.destinations import OperatorDestination
from bot.outbox.keys import is_of
from bot.outbox.live_store import live_messages
from bot.outbox.renderers import RenderRequest
from bot.slack import blocks
from bot.slack.blocks import Message


@dataclass(frozen=True, slots=True)
class ThreadReplyRenderer:
    """Renders the notifications of crossings."""

    context: AlertContext

    async def render_event(self, request: RenderRequest) -> Message | None:
        """Return a step that was passed; None if there is no such crossing any more, or the reader has snoozed it."""
        crossing = CrossingKey.decode(request.dedup_key).id
        if await is_snoozed_for(self.context, request):
            return None
        policy = self.context.policy
        notified = await self.context.database.read(lambda connection: notified_step(connection, crossing, policy))
        if notified is None:
            return None
        values = {"about": await self.context.heading(request), **self.context.driver_values(notified.drivers, request)}
        return blocks.paragraph(self.context.step_text(notified.step, notified.period.unit, values))


async def is_snoozed_for(context: AlertContext, request: RenderRequest, *, unless_posted: bool = False) -> bool:
    """Return whether the operator who would read a step has snoozed the budget.

    A live message that is posted already is kept up to date, if `unless_posted`.
    """
    destination = request.destination
    is_step = is_of(CrossingKey, request.dedup_key) and not request.listed
    if not isinstance(destination, OperatorDestination) or not is_step:
        return False
    topic, now = topic_of(request), context.clock()

    def is_snoozed(connection: Connection) -> bool:
        if unless_posted and (topic, destination) in live_messages(connection, [topic]):
            return False
        return is_snoozed_by(connection, destination.user, topic.subject, topic.unit, now)

    return await context.database.read(is_snoozed)
