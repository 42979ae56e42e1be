"""The keys of the outbox: its own notifications, those of others as they are stored, and what a message carries."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Self

from bot.domain.keys import Key, NotificationKey, NumberedKey, TopicKey, kind_of, numbers, rest_of

# --- the outbox's own notifications --------------------------------------------------------------


class MissedKey(NumberedKey, NotificationKey):
    """The summary of notifications that became too old, by the row of the oldest."""

    __slots__ = ()
    kind = "missed"


@dataclass(frozen=True, slots=True)
class NewsKey(NotificationKey):
    """What a live message that cannot be edited would show, in its thread: once after each `step` there."""

    kind = "news"
    live: int
    step: int

    def encode(self) -> str:
        """Return `news:<live message>-<notification>`."""
        return f"{self.kind}:{self.live}-{self.step}"

    @classmethod
    def decode(cls, text: str) -> Self:
        """Return the key of `news:<live message>-<notification>`."""
        return cls(*numbers(rest_of(text, cls.kind), 2))


class AgainKey(NumberedKey, NotificationKey):
    """A live message that was deleted, posted once more."""

    __slots__ = ()
    kind = "again"


# --- keys of others ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class StoredKey(NotificationKey):
    """The key of a stored notification, whatever capability it belongs to."""

    kind = "*"
    text: str

    def encode(self) -> str:
        """Return the key as it is stored."""
        return self.text

    @classmethod
    def decode(cls, text: str) -> Self:
        """Return any key as it is stored."""
        return cls(text)


@dataclass(frozen=True, slots=True)
class StoredTopic(TopicKey):
    """The topic of a stored live message, whatever capability it belongs to."""

    kind = "*"
    text: str

    def encode(self) -> str:
        """Return the topic as it is stored."""
        return self.text

    @classmethod
    def decode(cls, text: str) -> Self:
        """Return any topic as it is stored."""
        return cls(text)


@dataclass(frozen=True, slots=True)
class KeyRange:
    """The keys from `low` on and before `high`, in the order of their bytes."""

    low: str
    high: str

    @classmethod
    def around(cls, prefix: str, day: date, days: int) -> Self:
        """Return the keys of a prefix and then the ISO date of a day, or of one of so many before or after it."""
        first, beyond = day - timedelta(days=days), day + timedelta(days=days + 1)
        return cls(f"{prefix}{first.isoformat()}", f"{prefix}{beyond.isoformat()}")


def is_of(key_class: type[Key], text: str) -> bool:
    """Return whether a string form is of the kind of a class."""
    return kind_of(text) == key_class.kind


def message_key(dedup_key: str, destination: str, ledger: str) -> str:
    """Return what the metadata of a message carries. The ledger's id keeps apart what two ledgers number alike."""
    return ":".join(filter(None, (dedup_key, destination, ledger)))
