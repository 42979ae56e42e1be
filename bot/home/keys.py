"""The keys of App Home and of the card: their buttons, whose ids all begin with `home`."""

from dataclasses import dataclass
from typing import Self

from bot.domain.keys import ActionKey, MalformedKeyError, NumberedAction, rest_of

KIND = "home"
_ON, _OFF = "on", "off"
_FORMS = {"home:ask": "ask", "home:set": "set"}  # values by action id


@dataclass(frozen=True, slots=True)
class ListenAction(ActionKey):
    """Turns the direct messages about one's own failed tasks on or off."""

    kind = KIND
    on: bool

    @property
    def action_id(self) -> str:
        """The action id, `home:listen`."""
        return f"{self.kind}:listen"

    @property
    def value(self) -> str:
        """The value, `on` or `off`."""
        return _ON if self.on else _OFF

    @classmethod
    def decode(cls, action_id: str, value: str) -> Self:
        """Return the key of `home:listen`. Raises MalformedKeyError if it is another button."""
        if action_id != f"{cls.kind}:listen" or value not in {_ON, _OFF}:
            raise MalformedKeyError(f"{action_id!r} with {value!r} turns nothing on or off")
        return cls(value == _ON)


@dataclass(frozen=True, slots=True)
class BudgetFormAction(ActionKey):
    """Opens the form to `ask` for a budget, or to `set` one: the same form, which suits the role of whoever presses."""

    kind = KIND
    verb: str

    @property
    def action_id(self) -> str:
        """The action id, `home:ask` or `home:set`."""
        return f"{self.kind}:{self.verb}"

    @property
    def value(self) -> str:
        """The value, the verb again."""
        return self.verb

    @classmethod
    def decode(cls, action_id: str, value: str) -> Self:
        """Return the key of `home:ask` or `home:set`. Raises MalformedKeyError if it is another button."""
        if _FORMS.get(action_id) != value:
            raise MalformedKeyError(f"{action_id!r} with {value!r} opens no form")
        return cls(value)


@dataclass(frozen=True, slots=True)
class FailuresAction(ActionKey):
    """Answers with the failures that a line asks for, such as `errors 7d`."""

    kind = KIND
    line: str

    @property
    def action_id(self) -> str:
        """The action id, `home:failures`."""
        return f"{self.kind}:failures"

    @property
    def value(self) -> str:
        """The value, the line."""
        return self.line

    @classmethod
    def decode(cls, action_id: str, value: str) -> Self:
        """Return the key of `home:failures`. Raises MalformedKeyError if it is another button."""
        if action_id != f"{cls.kind}:failures":
            raise MalformedKeyError(f"{action_id!r} asks for no failures")
        return cls(value)


class LiftFromHomeAction(NumberedAction):
    """Ends a silence, by its id; the page shows that it is over."""

    __slots__ = ()
    kind = KIND
    stem = f"{KIND}:lift"


HomeAction = ListenAction | BudgetFormAction | FailuresAction | LiftFromHomeAction


def home_action(action_id: str, value: str) -> HomeAction:
    """Return the key of a button that was pressed. Raises MalformedKeyError for an unknown one."""
    match rest_of(action_id, KIND).partition(":")[0]:
        case "listen":
            return ListenAction.decode(action_id, value)
        case "ask" | "set":
            return BudgetFormAction.decode(action_id, value)
        case "failures":
            return FailuresAction.decode(action_id, value)
        case "lift":
            return LiftFromHomeAction.decode(action_id, value)
        case other:
            raise MalformedKeyError(f"App Home has no button {other!r}")
