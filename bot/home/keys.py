"""The keys of App Home and of the card: their buttons, whose ids all begin with `home`."""

from dataclasses import dataclass
from typing import Self

from bot.budgets.keys import ApproveAction, DeclineAction, DeclineForm, LimitForm
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


@dataclass(frozen=True, slots=True)
class DecideFromHomeAction(ActionKey):
    """Approves or declines a budget request; the page shows that it is decided."""

    kind = KIND
    decision: ApproveAction | DeclineAction

    @property
    def action_id(self) -> str:
        """The action id, `home:approve:<request>` or `home:decline:<request>`."""
        verb = "approve" if isinstance(self.decision, ApproveAction) else "decline"
        return f"{self.kind}:{verb}:{self.decision.request}"

    @property
    def value(self) -> str:
        """The value of the decision."""
        return self.decision.value

    @classmethod
    def decode(cls, action_id: str, value: str) -> Self:
        """Return the key of the button. Raises MalformedKeyError if it is another one, or its parts disagree."""
        decision: type[ApproveAction | DeclineAction] = (
            DeclineAction if action_id.startswith(f"{cls.kind}:decline:") else ApproveAction
        )
        key = cls(decision.decode(decision.kind, value))
        if key.action_id != action_id:
            raise MalformedKeyError(f"{action_id!r} is not {key.action_id!r}")
        return key


HomeAction = ListenAction | BudgetFormAction | FailuresAction | LiftFromHomeAction | DecideFromHomeAction


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
        case "approve" | "decline":
            return DecideFromHomeAction.decode(action_id, value)
        case other:
            raise MalformedKeyError(f"App Home has no button {other!r}")


class HomeBudgetForm(LimitForm):
    """The form in which a budget is set or asked for, opened in App Home, which then shows what it has changed."""

    __slots__ = ()
    kind = "home_budget"


class HomeDeclineForm(DeclineForm):
    """The form in which a budget request is declined, opened in App Home."""

    __slots__ = ()
    kind = "home_decline"
