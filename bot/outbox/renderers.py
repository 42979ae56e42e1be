"""Renderers: what turns notifications and live messages into Slack messages, given by the capabilities.

A capability gives renderers of two sorts. An event renderer, by the kind of a notification's key, renders one that
stands alone or is a reply in the thread of a live message. A topic renderer, by the kind of a topic, renders a live
message; it also renders the notification that begins one, in place of the event renderer of that notification's key.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from bot.domain.keys import kind_of
from bot.outbox.destinations import Destination
from bot.outbox.keys import AgainKey, NewsKey
from bot.slack.blocks import Message
from bot.slack.templates import Templates


@dataclass(frozen=True, slots=True)
class RenderRequest:
    """What is to be rendered: a notification by its `dedup_key`, the live message's `topic`, and who will read it.

    Renderers decode both with the key classes of their capability. A `reply` goes to the thread of the live message;
    what is `listed` is a line among others in a summary, apart from the thread that says what it is about.
    """

    dedup_key: str
    destination: Destination
    channel: str
    topic: str | None = None
    reply: bool = False
    listed: bool = False

    @property
    def in_dm(self) -> bool:
        """Whether one person alone reads it."""
        return self.channel.startswith("D")


Renderer = Callable[[RenderRequest], Awaitable[Message | None]]
"""Returns a message; None if there is nothing to say any more. Raises SlackError if Slack does not say who is meant."""


class CatchingUpError(Exception):
    """A restored ledger does not know yet what a message is to show."""


class NoRendererError(Exception):
    """No capability renders notifications or topics of a kind."""


@dataclass(frozen=True, slots=True)
class Renderers:
    """The renderers of all capabilities: of `events` by the kind of a notification's key, of `topics` by theirs."""

    events: Mapping[str, Renderer]
    topics: Mapping[str, Renderer]
    templates: Templates

    async def render_event(self, request: RenderRequest) -> Message | None:
        """Return the message of a notification: what its topic currently shows, if it begins a live message.

        Raises:
            CatchingUpError: it waits, for the ledger was restored.
            NoRendererError: nobody renders notifications of that kind.
            SlackError: Slack does not say who is meant.
        """
        kind = kind_of(request.dedup_key)
        in_thread = request.reply or request.listed
        if request.topic is not None and (not in_thread or kind == NewsKey.kind):
            return await self.render_current(request)
        if kind == AgainKey.kind:  # another notification has become the parent meanwhile
            return None
        return await _renderer(self.events, kind, "notifications")(request)

    async def render_current(self, request: RenderRequest) -> Message | None:
        """Return what the topic of a live message currently shows; raises as `render_event`."""
        return await _renderer(self.topics, kind_of(request.topic or ""), "topics")(request)


def _renderer(renderers: Mapping[str, Renderer], kind: str, what: str) -> Renderer:
    if kind not in renderers:
        raise NoRendererError(f"nobody renders {what} of the kind {kind!r}")
    return renderers[kind]
