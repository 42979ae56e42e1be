"""The keys of subscriptions: an answer of one date, the word that one has ended, and buttons."""

from dataclasses import dataclass
from datetime import date
from typing import Self

from bot.domain.keys import NotificationKey, NumberedAction, NumberedKey, iso_date, number, rest_of


@dataclass(frozen=True, slots=True)
class SubscriptionKey(NotificationKey):
    """The answer of a subscription, by its row, on a local date; if it is too late for it, the word that says so."""

    kind = "subscription"
    id: int
    day: date

    def encode(self) -> str:
        """Return `subscription:<id>:<date>`."""
        return f"{self.kind}:{self.id}:{self.day.isoformat()}"

    @classmethod
    def decode(cls, text: str) -> Self:
        """Return the key of `subscription:<id>:<date>`. Raises MalformedKeyError if the text is anything else."""
        id_, _, day = rest_of(text, cls.kind).partition(":")
        return cls(number(id_), iso_date(day))


class SubscriptionEndedKey(NumberedKey, NotificationKey):
    """The word to the owner that a subscription, by its row, has ended."""

    __slots__ = ()
    kind = "subscription_ended"


# --- buttons -------------------------------------------------------------------------------------


class RemoveAction(NumberedAction):
    """Ends a subscription of the list, by its row; the list shows the others."""

    __slots__ = ()
    kind = stem = "subscription_remove"


class StopAction(NumberedAction):
    """Ends the subscription, by its row, whose answer was posted."""

    __slots__ = ()
    kind = stem = "subscription_stop"
