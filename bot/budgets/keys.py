"""The keys of budgets: notifications of crossings, limits and requests, and the topics of their live messages."""

from dataclasses import dataclass, replace
from typing import Self

from bot.budgets.rules import UNITS, BudgetPeriod
from bot.domain.keys import MalformedKeyError, NotificationKey, NumberedKey, TopicKey, number, rest_of
from bot.domain.periods import Unit


class CrossingKey(NumberedKey, NotificationKey):
    """A step that a subject has passed."""

    __slots__ = ()
    kind = "crossing"


@dataclass(frozen=True, slots=True)
class LimitKey(NotificationKey):
    """A new limit: for a subject that was notified before, or, by a period's name, for all who are above it."""

    kind = "limit"
    revision: int
    about: int | str

    def encode(self) -> str:
        """Return `limit:<revision>-<subject>` or `limit:<revision>-<unit>:<label>`."""
        return f"{self.kind}:{self.revision}-{self.about}"

    @classmethod
    def decode(cls, text: str) -> Self:
        """Return the key of either form."""
        revision, _, about = rest_of(text, cls.kind).partition("-")
        if not about:
            raise MalformedKeyError(f"{text!r} is about nothing")
        is_subject = about.isascii() and about.isdigit()
        return cls(number(revision), int(about) if is_subject else about)


class SummaryKey(NumberedKey, NotificationKey):
    """Many subjects who are above a limit that was just set."""

    __slots__ = ()
    kind = "summary"


class RequestKey(NumberedKey, NotificationKey):
    """A budget request, for operators to decide upon."""

    __slots__ = ()
    kind = "request"


class DecidedKey(NumberedKey, NotificationKey):
    """What was decided upon a budget request, for whoever made it."""

    __slots__ = ()
    kind = "decided"


@dataclass(frozen=True, slots=True)
class BudgetTopic(TopicKey):
    """A subject's budget in a period, by the period's label."""

    kind = "budget"
    subject: int
    unit: Unit
    label: str

    @classmethod
    def of(cls, subject: int, period: BudgetPeriod) -> Self:
        """Return the topic of a subject's budget in a period."""
        return cls(subject, period.unit, period.label)

    @property
    def zone(self) -> str:
        """The time zone whose period it is about, if that is another one than the period's label says by itself."""
        return self.label.partition("@")[2]

    def of_zone(self, zone: str) -> Self:
        """Return the topic with a time zone in its label; without one if that is empty."""
        label = self.label.partition("@")[0]
        return replace(self, label=f"{label}@{zone}" if zone else label)

    def encode(self) -> str:
        """Return `budget:<subject>:<unit>:<label>`."""
        return f"{self.kind}:{self.subject}:{self.unit}:{self.label}"

    @classmethod
    def decode(cls, text: str) -> Self:
        """Return the topic of `budget:<subject>:<unit>:<label>`."""
        subject, _, period = rest_of(text, cls.kind).partition(":")
        unit, _, label = period.partition(":")
        if unit not in set(UNITS) or not label:
            raise MalformedKeyError(f"{text!r} names no period")
        return cls(number(subject), Unit(unit), label)


class RequestTopic(NumberedKey, TopicKey):
    """A budget request as it stands."""

    __slots__ = ()
    kind = "request"
