"""The keys of usage: the welcome's notification, and the buttons under an answer and the help."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Self

from bot.domain.keys import ActionKey, MalformedKeyError, NotificationKey, check_kind, rest_of

_NO_WORDS = " "  # the value of a button whose question is the empty line, since Slack refuses empty values


@dataclass(frozen=True, slots=True)
class WelcomeKey(NotificationKey):
    """What an operator reads once, when the history is in the ledger."""

    kind = "welcome"
    is_ledger_independent = True

    def encode(self) -> str:
        """Return `welcome`."""
        return self.kind

    @classmethod
    def decode(cls, text: str) -> Self:
        """Return the key of `welcome`."""
        check_kind(text, cls.kind)
        return cls()


@dataclass(frozen=True, slots=True)
class AskAction(ActionKey):
    """Asks a question, a line of the query language; `name` tells the button from the others of its message."""

    kind = "ask"
    name: str
    line: str

    @property
    def action_id(self) -> str:
        """The action id, `ask:<name>`."""
        return f"{self.kind}:{self.name}"

    @property
    def value(self) -> str:
        """The value: the line."""
        return self.line or _NO_WORDS

    @classmethod
    def decode(cls, action_id: str, value: str) -> Self:
        """Return the key of a button that asks. Raises MalformedKeyError if it is another one."""
        return cls(rest_of(action_id, cls.kind), _line(value))


@dataclass(frozen=True, slots=True)
class _LineAction(ActionKey):
    """Does something with the answer to a line of the query language; one button a message."""

    line: str

    @property
    def value(self) -> str:
        """The value: the line."""
        return self.line or _NO_WORDS

    @classmethod
    def decode(cls, action_id: str, value: str) -> Self:
        """Return the key of the button. Raises MalformedKeyError if it is another one."""
        check_kind(action_id, cls.kind)
        return cls(_line(value))


class ShareAction(_LineAction):
    """Shares the answer with the channel."""

    __slots__ = ()
    kind = "share"


class CsvAction(_LineAction):
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


def _line(value: str) -> str:
    return "" if value == _NO_WORDS else value
