"""Keys: values that travel as strings, as frozen dataclasses; nothing else builds such a string or takes one apart.

A key's string is its `kind`, alone or followed by a colon and the rest. Strings that were stored or posted by earlier
versions are decoded as they are: a kind and its format never change.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from datetime import date
from typing import ClassVar, Self

from bot.domain.numbers import whole_number

LARGEST_ID = 2**31 - 1  # of a row, on either engine: none is larger, and one could not even be asked for


class MalformedKeyError(ValueError):
    """A string is no key of the kind it was taken for."""


class Key(ABC):
    """A value with a string form; every concrete subclass is a frozen dataclass and sets `kind`."""

    __slots__ = ()
    kind: ClassVar[str]

    @abstractmethod
    def encode(self) -> str:
        """Return the string form."""

    @classmethod
    @abstractmethod
    def decode(cls, text: str) -> Self:
        """Return the key of a string form. Raises MalformedKeyError if it is none of this kind."""


class NotificationKey(Key):
    """What one notification is about; the same whenever the same is meant, so that it is sent once.

    It must not hold an e-mail: other apps in the workspace can read it.
    """

    __slots__ = ()
    is_ledger_independent: ClassVar[bool] = False
    """Whether it means the same in every ledger, such as a date: then another ledger may have posted it too."""


class TopicKey(Key):
    """What a live message shows, which is edited as that changes; one message a topic and destination."""

    __slots__ = ()


class DestinationKey(Key):
    """Where a notification goes."""

    __slots__ = ()


class FormKey(Key):
    """What a form is about: `kind` opens its callback id, and the string form is kept in it while it is open."""

    __slots__ = ()


class ActionKey(ABC):
    """What a button does, and to what; every concrete subclass is a frozen dataclass and sets `kind`.

    It travels as two strings: an action id, unique within a message, and a value.
    """

    __slots__ = ()
    kind: ClassVar[str]

    @property
    def action_id(self) -> str:
        """The action id: the kind, alone or followed by a colon and what tells it from the message's other buttons."""
        return self.kind

    @property
    @abstractmethod
    def value(self) -> str:
        """The value."""

    @classmethod
    @abstractmethod
    def decode(cls, action_id: str, value: str) -> Self:
        """Return the key of a button that was pressed. Raises MalformedKeyError if it is none of this kind."""


@dataclass(frozen=True, slots=True)
class SingletonKey(Key):
    """A key of which there is only one: its form is its kind."""

    def encode(self) -> str:
        """Return the kind."""
        return self.kind

    @classmethod
    def decode(cls, text: str) -> Self:
        """Return the key. Raises MalformedKeyError if the text is anything but the kind."""
        check_kind(text, cls.kind)
        return cls()


@dataclass(frozen=True, slots=True)
class NumberedKey(Key):
    """A key of the form `kind:<id>`, where the id is that of a row, such as a crossing's."""

    id: int

    def encode(self) -> str:
        """Return `kind:<id>`."""
        return f"{self.kind}:{self.id}"

    @classmethod
    def decode(cls, text: str) -> Self:
        """Return the key of `kind:<id>`. Raises MalformedKeyError if the text is anything else."""
        return cls(number(rest_of(text, cls.kind)))


@dataclass(frozen=True, slots=True)
class NumberedAction(ActionKey):
    """A button about a row, by its id; `stem` is the kind, or begins with it and a colon."""

    stem: ClassVar[str]
    id: int

    @property
    def action_id(self) -> str:
        """The action id, `<stem>:<id>`."""
        return f"{self.stem}:{self.id}"

    @property
    def value(self) -> str:
        """The value, the id."""
        return str(self.id)

    @classmethod
    def decode(cls, action_id: str, value: str) -> Self:
        """Return the key of the button. Raises MalformedKeyError if it is another one, or its parts disagree."""
        key = cls(number(value))
        if key.action_id != action_id:
            raise MalformedKeyError(f"{action_id!r} is not {key.action_id!r}")
        return key


_NO_WORDS = " "  # the value of a button whose line is empty, since Slack refuses empty values


@dataclass(frozen=True, slots=True)
class LineAction(ActionKey):
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


@dataclass(frozen=True, slots=True)
class NamedLineAction(ActionKey):
    """Asks a line of the query language; `name` tells the button from the others of its message."""

    name: str
    line: str

    @property
    def action_id(self) -> str:
        """The action id, `<kind>:<name>`."""
        return f"{self.kind}:{self.name}"

    @property
    def value(self) -> str:
        """The value: the line."""
        return self.line or _NO_WORDS

    @classmethod
    def decode(cls, action_id: str, value: str) -> Self:
        """Return the key of the button. Raises MalformedKeyError if it is another one."""
        return cls(rest_of(action_id, cls.kind), _line(value))


def _line(value: str) -> str:
    return "" if value == _NO_WORDS else value


def kind_of(text: str) -> str:
    """Return the kind that a key's string form, an action id or a callback id begins with."""
    return text.partition(":")[0]


def rest_of(text: str, kind: str) -> str:
    """Return what follows the kind in a string form. Raises MalformedKeyError if it is of another kind."""
    prefix, _, rest = text.partition(":")
    if prefix != kind:
        raise MalformedKeyError(f"{text!r} is no key of the kind {kind!r}")
    return rest


def check_kind(text: str, kind: str) -> None:
    """Raise MalformedKeyError unless a string form, or an action id, is the kind alone."""
    if text != kind:
        raise MalformedKeyError(f"{text!r} is not {kind!r}")


def numbers(text: str, count: int, separator: str = "-") -> tuple[int, ...]:
    """Return so many whole numbers of a text. Raises MalformedKeyError if it holds anything else, or no row's id."""
    read = [whole_number(part, 0, LARGEST_ID) for part in text.split(separator)]
    found = tuple(each for each in read if each is not None)
    if not len(found) == len(read) == count:
        raise MalformedKeyError(f"{text!r:.100} is not the ids of {count} rows")
    return found


def number(text: str) -> int:
    """Return the whole number that a text is. Raises MalformedKeyError if it is anything else."""
    return numbers(text, 1)[0]


def iso_date(text: str) -> date:
    """Return the date of an ISO 8601 text such as `2026-03-02`. Raises MalformedKeyError if it is anything else."""
    try:
        day = date.fromisoformat(text)
    except ValueError as error:
        raise MalformedKeyError(f"{text!r} is no date") from error
    if day.isoformat() != text:
        raise MalformedKeyError(f"{text!r} is no date as keys have it")
    return day
