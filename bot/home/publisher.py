"""The publisher of App Home: publishes a viewer's page in Slack if its content has changed, once a minute at most."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.database.engine import Database
from bot.home import store
from bot.home.pages import HomePages
from bot.home.viewers import Viewers
from bot.slack.blocks import Message
from bot.slack.errors import RateLimitedError, RefusedBySlackError
from bot.slack.workspace import Workspace

_LONGEST_PAUSE = timedelta(hours=1)


@dataclass(slots=True)
class HomePublisher:
    """Publishes pages; `pending` are the viewers whose page is still to be published. `clock` gives aware times."""

    database: Database
    workspace: Workspace
    viewers: Viewers
    pages: HomePages
    clock: Callable[[], datetime]
    pending: set[str] = field(default_factory=set)
    _paused_until: datetime | None = None

    async def publish(self, user: str, *, at_once: bool = False) -> None:
        """Publish a viewer's page if its content has changed; `at_once` publishes it in any case, and now.

        If it is too early, or if it fails, the viewer is pending; what Slack refuses is not tried again.

        Raises:
            SlackError: it may not have been published.
            UnverifiedError: Slack does not say who the viewer is.
        """
        now = self.clock()
        self.pending.add(user)
        if not await self.database.write(
            lambda connection: store.claim_publication(connection, user, now, at_once=at_once)
        ):
            return
        self.pending.discard(user)  # a later change makes the viewer pending again
        try:
            await self._publish(user, at_once=at_once)
        except RefusedBySlackError:
            raise
        except RateLimitedError as limit:
            self.pause(timedelta(seconds=limit.seconds), now)
            self.pending.add(user)
            raise
        except BaseException:
            self.pending.add(user)
            raise

    async def publish_unrecorded(self, user: str) -> None:
        """Publish a viewer's page while the database cannot be written. Raises as `publish`."""
        page = await self.pages.page(await self.viewers.access(user))
        await self.workspace.views.publish_home(user, page)

    def pause(self, length: timedelta, now: datetime) -> None:
        """Have `is_paused` say for a while, an hour at most, that nothing is to be published."""
        self._paused_until = now + min(length, _LONGEST_PAUSE)

    def is_paused(self, now: datetime) -> bool:
        """Return whether publishing is paused; a pause that was set while the clock ran ahead does not count."""
        return self._paused_until is not None and now < self._paused_until <= now + _LONGEST_PAUSE

    async def _publish(self, user: str, *, at_once: bool) -> None:
        access = await self.viewers.access(user)
        page = await self.pages.page(access)
        self.viewers.record_published(user, access)
        content = _content_hash(page)
        if at_once or content != await self.database.read(lambda connection: store.published_hash(connection, user)):
            # until Slack answers, it is unknown which content is shown
            await self._record(user, store.UNKNOWN)
            await self.workspace.views.publish_home(user, page)
            await self._record(user, content)

    async def _record(self, user: str, content_hash: str) -> None:
        await self.database.write(lambda connection: store.record_published(connection, user, content_hash))


def _content_hash(page: Message) -> str:
    """Return a hash of a page without its last block, which says how fresh it is."""
    return hashlib.blake2b(json.dumps(page.blocks[:-1] or page.blocks).encode(), digest_size=12).hexdigest()
