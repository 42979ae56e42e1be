"""The keys of digests: the notification and the live message of a channel's digest of a date have the same form."""

from dataclasses import dataclass
from datetime import date
from typing import Self

from bot.domain.keys import MalformedKeyError, NotificationKey, TopicKey, iso_date, rest_of


@dataclass(frozen=True, slots=True)
class DigestKey(NotificationKey):
    """A channel's digest of a local date, to be posted."""

    kind = "digest"
    is_ledger_independent = True
    channel: str
    day: date

    def encode(self) -> str:
        """Return `digest:<channel>:<date>`."""
        return f"{self.kind}:{self.channel}:{self.day.isoformat()}"

    @classmethod
    def decode(cls, text: str) -> Self:
        """Return the key of `digest:<channel>:<date>`."""
        return cls(*_parts(text, cls.kind))


@dataclass(frozen=True, slots=True)
class DigestTopic(TopicKey):
    """A channel's digest of a local date as it is now."""

    kind = "digest"
    channel: str
    day: date

    def encode(self) -> str:
        """Return `digest:<channel>:<date>`."""
        return f"{self.kind}:{self.channel}:{self.day.isoformat()}"

    @classmethod
    def decode(cls, text: str) -> Self:
        """Return the topic of `digest:<channel>:<date>`."""
        return cls(*_parts(text, cls.kind))


def _parts(text: str, kind: str) -> tuple[str, date]:
    channel, _, day = rest_of(text, kind).rpartition(":")
    if not channel:
        raise MalformedKeyError(f"{text!r} names no channel")
    return channel, iso_date(day)
