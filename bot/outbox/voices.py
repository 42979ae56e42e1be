"""What the outbox is told by the rooms above it: where a destination is, and what a message says."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from bot.slack.message import Message, paragraph
from bot.slack.rendering import Trusted, Words

_MOST_LINES = 15  # of a summary


@dataclass(frozen=True, slots=True)
class Told:
    """A message to be worded: what it is about, and who will read it. `thing` is the living message it belongs to.

    `listed` says that it is a line among others, which do not stand in the thread that says what it is about.
    """

    stem: str
    destination: str
    channel: str
    thing: str | None = None
    listed: bool = False

    @property
    def in_dm(self) -> bool:
        """Whether one person alone reads it."""
        return self.channel.startswith("D")


Worded = Callable[[Told], Awaitable[Message | None]]
"""A room's words for a message; None if there is nothing to say any more."""


@dataclass(frozen=True, slots=True)
class Found:
    """A destination's channel."""

    channel: str


@dataclass(frozen=True, slots=True)
class Instead:
    """A destination that is told by telling others, and why."""

    destinations: tuple[str, ...]
    why: str


@dataclass(frozen=True, slots=True)
class Nowhere:
    """A destination that cannot be told at all."""

    why: str


class Addresses(Protocol):
    """Where destinations are."""

    async def find(self, destination: str) -> Found | Instead | Nowhere:
        """Where that is; raises SlackError where Slack does not say."""


@dataclass(frozen=True, slots=True)
class Voices:
    """The rooms' words, by what a notification's stem or a living message's thing begins with."""

    says: Mapping[str, Worded]
    shows: Mapping[str, Worded]
    words: Words

    async def word(self, told: Told, *, reply: bool) -> Message | None:
        """A notification's message: a living one begins as what it shows, and its thread holds what is said later."""
        kind = told.stem.partition(":")[0]
        if told.thing is not None and (not reply or kind == "news"):
            return await self.show(told)
        return await self.says[kind](told) if kind in self.says else None

    async def missed(self, said: list[str]) -> Message | None:
        """The summary of what became too old to be told by itself."""
        if not said:
            return None
        lines = [Trusted(each) for each in said[:_MOST_LINES]]
        return paragraph(self.words.say("outbox/missed", lines=lines, count=len(said), more=len(said) - len(lines)))

    async def show(self, told: Told) -> Message | None:
        """A living message."""
        return await self.shows[(told.thing or "").partition(":")[0]](told)
