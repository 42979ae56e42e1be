"""The keys of usage: the welcome's notification, and the buttons under an answer and the help."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Self

from bot.domain.keys import (
    ActionKey,
    LineAction,
    MalformedKeyError,
    NamedLineAction,
    NotificationKey,
    SingletonKey,
    rest_of,
)


class WelcomeKey(SingletonKey, NotificationKey):
    """What an operator reads once, when the history is in the ledger."""

    __slots__ = ()
    kind = "welcome"
    is_ledger_independent = True


class AskAction(NamedLineAction):
    """Asks a question."""

    __slots__ = ()
    kind = "ask"


class ShareAction(LineAction):
    """Shares the answer with the channel."""

    __slots__ = ()
    kind = "share"


class CsvAction(LineAction):
    """Sends the answer as a CSV file to whoever presses."""

    __slots__ = ()
    kind = "csv"


class HelpTopic(StrEnum):
    """A page of the help: examples, or what can be asked about a topic."""

    EXAMPLES = "examples"
    TIME = "time"
    FILTERS = "filters"
    BUDGETS = "budgets"
    FAILURES = "failures"
    FILES = "files"
    SUBSCRIPTIONS = "subscriptions"
    TEAM = "team"


@dataclass(frozen=True, slots=True)
class HelpAction(ActionKey):
    """Shows a page of the help."""

    kind = "help"
    topic: HelpTopic

    @property
    def action_id(self) -> str:
        """The action id, `help:<topic>`."""
        return f"{self.kind}:{self.topic}"

    @property
    def value(self) -> str:
        """The value, the topic."""
        return self.topic

    @classmethod
    def decode(cls, action_id: str, value: str) -> Self:
        """Return the key of a button of the help. Raises MalformedKeyError if it is another one, or of no page."""
        rest_of(action_id, cls.kind)
        topic = next((each for each in HelpTopic if each == value), None)
        if topic is None:
            raise MalformedKeyError(f"the help has no page {value!r}")
        return cls(topic)
