"""The keys of failures: notifications of groups of failed tasks, and the topics of their live messages."""

from dataclasses import dataclass
from typing import Self

from bot.domain.keys import NotificationKey, TopicKey, number, rest_of


@dataclass(frozen=True, slots=True)
class FailuresKey(NotificationKey):
    """The groups that one message reports, by the `first` of them."""

    kind = "failures"
    first: int

    def encode(self) -> str:
        """Return `failures:<first group>`."""
        return f"{self.kind}:{self.first}"

    @classmethod
    def decode(cls, text: str) -> Self:
        """Return the key of `failures:<first group>`."""
        return cls(number(rest_of(text, cls.kind)))


@dataclass(frozen=True, slots=True)
class FailureKey(NotificationKey):
    """One of many groups, in the thread of the message that reports all."""

    kind = "failure"
    group: int

    def encode(self) -> str:
        """Return `failure:<group>`."""
        return f"{self.kind}:{self.group}"

    @classmethod
    def decode(cls, text: str) -> Self:
        """Return the key of `failure:<group>`."""
        return cls(number(rest_of(text, cls.kind)))


@dataclass(frozen=True, slots=True)
class FailuresTopic(TopicKey):
    """The groups that one message reports, as they are now, by the `first` of them."""

    kind = "failures"
    first: int

    def encode(self) -> str:
        """Return `failures:<first group>`."""
        return f"{self.kind}:{self.first}"

    @classmethod
    def decode(cls, text: str) -> Self:
        """Return the topic of `failures:<first group>`."""
        return cls(number(rest_of(text, cls.kind)))
