"""The keys of digests: a notification and a live message, each of one channel and local date, of the same form."""

from dataclasses import dataclass
from datetime import date
from typing import Self

from bot.domain.keys import Key, MalformedKeyError, NotificationKey, TopicKey, iso_date, rest_of


@dataclass(frozen=True, slots=True)
class _ChannelDayKey(Key):
    """A key of the form `digest:<channel>:<date>`."""

    kind = "digest"
    channel: str
    day: date

    def encode(self) -> str:
        """Return `digest:<channel>:<date>`."""
        return f"{self.kind}:{self.channel}:{self.day.isoformat()}"

    @classmethod
    def decode(cls, text: str) -> Self:
        """Return the key of `digest:<channel>:<date>`. Raises MalformedKeyError if the text is anything else."""
        channel, _, day = rest_of(text, cls.kind).rpartition(":")
        if not channel:
            raise MalformedKeyError(f"{text!r} names no channel")
        return cls(channel, iso_date(day))


class DigestKey(_ChannelDayKey, NotificationKey):
    """A channel's digest of a local date, to be posted."""

    __slots__ = ()
    is_ledger_independent = True


class DigestCompletedKey(_ChannelDayKey, NotificationKey):
    """The event that a digest which was sent with incomplete data is complete."""

    __slots__ = ()
    kind = "digest_complete"
    is_ledger_independent = True


class DigestTopic(_ChannelDayKey, TopicKey):
    """A channel's digest of a local date as it is now."""

    __slots__ = ()
