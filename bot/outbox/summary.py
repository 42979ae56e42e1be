"""The summary of notifications that became too old to be sent by themselves."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import structlog
from sqlalchemy import Connection, bindparam, select

from bot.domain.keys import NotificationKey
from bot.outbox.keys import MissedKey
from bot.outbox.renderers import CatchingUpError, Renderers, RenderRequest
from bot.outbox.tables import live_message, notification
from bot.slack.blocks import Message, paragraph
from bot.slack.errors import SlackError
from bot.slack.mrkdwn import Trusted
from bot.slack.templates import Templates

if TYPE_CHECKING:
    from bot.database.engine import Database

log = structlog.get_logger(__name__)

_MOST_LINES = 15


@dataclass(frozen=True, slots=True)
class SummaryRenderer:
    """Renders a summary, each of whose lines another renderer makes."""

    database: "Database"
    renderers: Renderers
    templates: Templates

    async def render(self, key: MissedKey, request: RenderRequest) -> Message | None:
        """Return the summary; None if there is nothing to say any more. Raises as the renderers do."""
        covered = await self.database.read(lambda connection: summarized_notifications(connection, key))
        requests = [replace(request, dedup_key=each, topic=topic, listed=True) for each, topic in covered]
        lines = [line.text for each in requests if (line := await self._line(each)) is not None]
        return self._message(lines) if lines else None

    async def _line(self, request: RenderRequest) -> Message | None:
        """Return one line; one that cannot be rendered says so, and keeps none of the others back."""
        try:
            return await self.renderers.render_event(request)
        except CatchingUpError:
            raise  # so that the whole summary waits
        except SlackError:
            raise  # who is meant cannot be asked just now: the whole summary is postponed
        except Exception:
            log.exception("a line of a summary could not be rendered", key=request.dedup_key)
            return paragraph(self.templates.render("outbox/render_failure"))

    def _message(self, lines: list[str]) -> Message:
        shown = [Trusted(each) for each in lines[:_MOST_LINES]]
        return paragraph(
            self.templates.render("outbox/missed_summary", lines=shown, count=len(lines), more=len(lines) - len(shown))
        )


_summary = notification.alias("summary")
_SUMMARIZED = (
    select(notification.c.stem, live_message.c.thing)
    .select_from(notification.outerjoin(live_message, live_message.c.id == notification.c.living))
    .where(notification.c.covered_by.in_(select(_summary.c.id).where(_summary.c.stem == bindparam("key"))))
    .order_by(notification.c.id)
)


def summarized_notifications(connection: Connection, key: NotificationKey) -> list[tuple[str, str | None]]:
    """Return key and topic of what a summary stands for, at whichever destination."""
    return [(row.stem, row.thing) for row in connection.execute(_SUMMARIZED, {"key": key.encode()}).all()]
