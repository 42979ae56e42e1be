"""The keys of failures: notifications of groups of failed tasks, topics of their live messages, buttons and a form."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Self

from bot.domain.keys import (
    ActionKey,
    FormKey,
    MalformedKeyError,
    NamedLineAction,
    NotificationKey,
    NumberedAction,
    NumberedKey,
    SingletonKey,
    TopicKey,
    check_kind,
    number,
)


class FailuresKey(NumberedKey, NotificationKey):
    """The groups that one message reports, by the first of them."""

    __slots__ = ()
    kind = "failures"


class FailureKey(NumberedKey, NotificationKey):
    """One of many groups, in the thread of the message that reports all."""

    __slots__ = ()
    kind = "failure"


class FailuresOpenedKey(NumberedKey, NotificationKey):
    """The event that the groups which one message reports have been found, by the first of them."""

    __slots__ = ()
    kind = "failures_opened"


class FailuresResolvedKey(NumberedKey, NotificationKey):
    """The event that all of those groups are closed."""

    __slots__ = ()
    kind = "failures_resolved"


class FailuresTopic(NumberedKey, TopicKey):
    """The groups that one message reports, as they are now, by the first of them."""

    __slots__ = ()
    kind = "failures"


# --- buttons -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ReportedGroups:
    """What an alert's button is about: one group by its id, or all that one message reports by the `first` of them."""

    id: int
    is_first: bool

    def encode(self) -> str:
        """Return `group:<id>` or `first:<id>`."""
        return f"{'first' if self.is_first else 'group'}:{self.id}"

    @classmethod
    def decode(cls, text: str) -> Self:
        """Return the groups of either form. Raises MalformedKeyError if the text is neither."""
        word, _, key = text.partition(":")
        if word not in {"group", "first"}:
            raise MalformedKeyError(f"{text!r} names no groups of failures")
        return cls(number(key), word == "first")


@dataclass(frozen=True, slots=True)
class _GroupsAction(ActionKey):
    """A button of an alert; `kind` is its whole action id."""

    groups: ReportedGroups

    @property
    def value(self) -> str:
        """The value: `group:<id>` or `first:<id>`."""
        return self.groups.encode()

    @classmethod
    def decode(cls, action_id: str, value: str) -> Self:
        """Return the key of the button. Raises MalformedKeyError if it is another one, or about no groups."""
        check_kind(action_id, cls.kind)
        return cls(ReportedGroups.decode(value))


class ShowTasksAction(_GroupsAction):
    """Lists the tasks of the groups."""

    __slots__ = ()
    kind = "failure_tasks"


class StopNotifyingAction(_GroupsAction):
    """Ends the direct messages about one's own failures; the groups are those of the message it stands in."""

    __slots__ = ()
    kind = "failure_off"


class SilenceAction(_GroupsAction):
    """Opens the form that silences what the groups have in common."""

    __slots__ = ()
    kind = "failure_silence"


class AcknowledgeAction(_GroupsAction):
    """Records that an operator has seen the alert."""

    __slots__ = ()
    kind = "failure_ack"


@dataclass(frozen=True, slots=True)
class LiftSilenceAction(NumberedAction):
    """Ends a silence, by its id; `line` asked `errors` for the answer that it stands in, None if that is unknown."""

    kind = stem = "failure_lift"
    line: str | None = None

    @property
    def value(self) -> str:
        """`<id>:<line>`, or `<id>` as earlier versions of the bot posted it."""
        return str(self.id) if self.line is None else f"{self.id}:{self.line}"

    @classmethod
    def decode(cls, action_id: str, value: str) -> Self:
        """Return the key of the button. Raises MalformedKeyError if it is another one, or its parts disagree."""
        silence, colon, line = value.partition(":")
        key = cls(number(silence), line if colon else None)
        if key.action_id != action_id:
            raise MalformedKeyError(f"{action_id!r} is not {key.action_id!r}")
        return key


class AskErrorsAction(NamedLineAction):
    """Asks what failed, in the words that follow `errors`."""

    __slots__ = ()
    kind = "errors"


# --- the form ------------------------------------------------------------------------------------


class SilenceForm(SingletonKey, FormKey):
    """The form that silences failures."""

    __slots__ = ()
    kind = "failure_form"


class TargetType(StrEnum):
    """What the failures that a silence is about have in common."""

    KIND = "kind"
    MODEL = "model"
    MEMBER = "member"


@dataclass(frozen=True, slots=True)
class SilenceTarget:
    """What a silence is about; `value` is the kind's id, the model's name, or the member's id."""

    type: TargetType
    value: str

    def encode(self) -> str:
        """Return the value of a choice in the form, `<type>:<value>`."""
        return f"{self.type}:{self.value}"

    @classmethod
    def decode(cls, text: str) -> Self:
        """Return the target of `<type>:<value>`. Raises MalformedKeyError if the text is anything else."""
        word, colon, value = text.partition(":")
        if word not in set(TargetType) or not colon:
            raise MalformedKeyError(f"{text!r} is nothing to silence")
        if word != TargetType.MODEL:
            number(value)
        return cls(TargetType(word), value)
