"""What a destination turns out to be: a channel, other destinations, or nowhere."""

from dataclasses import dataclass
from typing import Protocol

from bot.outbox.destinations import Destination


@dataclass(frozen=True, slots=True)
class ResolvedChannel:
    """A destination's channel, by its id."""

    channel: str


@dataclass(frozen=True, slots=True)
class Redirect:
    """Other destinations that the notification goes to instead, and why."""

    destinations: tuple[Destination, ...]
    why: str


@dataclass(frozen=True, slots=True)
class Undeliverable:
    """A destination that can never be reached, and why."""

    why: str


Resolution = ResolvedChannel | Redirect | Undeliverable


class Destinations(Protocol):
    """Finds destinations in Slack."""

    async def find(self, destination: Destination) -> Resolution:
        """Return what a destination is now. Raises SlackError if Slack does not answer, or keeps the bot out."""
