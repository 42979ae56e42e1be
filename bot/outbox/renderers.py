"""What the outbox is told by the rooms above it: where a destination is, and what a message says."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from bot.slack.blocks import Message, paragraph
from bot.slack.mrkdwn import Trusted
from bot.slack.templates import Templates

_MOST_LINES = 15  # of a summary


@dataclass(frozen=True, slots=True)
class RenderRequest:
    """A message to be worded: what it is about, and who will read it. `thing` is the living message it belongs to.

    `listed` says that it is a line among others, which do not stand in the thread that says what it is about.
    """

    dedup_key: str
    destination: str
    channel: str
    topic: str | None = None
    listed: bool = False

    @property
    def in_dm(self) -> bool:
        """Whether one person alone reads it."""
        return self.channel.startswith("D")


Renderer = Callable[[RenderRequest], Awaitable[Message | None]]
"""A room's words for a message; None if there is nothing to say any more."""


@dataclass(frozen=True, slots=True)
class ResolvedChannel:
    """A destination's channel."""

    channel: str


@dataclass(frozen=True, slots=True)
class Redirect:
    """A destination that is told by telling others, and why."""

    destinations: tuple[str, ...]
    why: str


@dataclass(frozen=True, slots=True)
class Undeliverable:
    """A destination that cannot be told at all."""

    why: str


class Destinations(Protocol):
    """Where destinations are."""

    async def find(self, destination: str) -> ResolvedChannel | Redirect | Undeliverable:
        """Where that is; raises SlackError where Slack does not say."""


@dataclass(frozen=True, slots=True)
class Renderers:
    """The rooms' words, by what a notification's stem or a living message's thing begins with."""

    says: Mapping[str, Renderer]
    shows: Mapping[str, Renderer]
    templates: Templates

    async def word(self, request: RenderRequest, *, reply: bool) -> Message | None:
        """A notification's message: a living one begins as what it shows, and its thread holds what is said later."""
        kind = request.dedup_key.partition(":")[0]
        if request.topic is not None and (not reply or kind == "news"):
            return await self.show(request)
        return await self.says[kind](request) if kind in self.says else None

    async def missed(self, said: list[str]) -> Message | None:
        """The summary of what became too old to be told by itself."""
        if not said:
            return None
        lines = [Trusted(each) for each in said[:_MOST_LINES]]
        return paragraph(
            self.templates.render("outbox/missed_summary", lines=lines, count=len(said), more=len(said) - len(lines))
        )

    async def show(self, request: RenderRequest) -> Message | None:
        """A living message."""
        return await self.shows[(request.topic or "").partition(":")[0]](request)
