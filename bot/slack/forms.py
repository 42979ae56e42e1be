"""Forms: modals with inputs as Slack's JSON, and what one keeps while it is open."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Self

from bot.slack.blocks import Block, plain_text

View = dict[str, Any]
"""A view as Slack's JSON."""


@dataclass(frozen=True, slots=True)
class FormMetadata:
    """A view's `private_metadata`: the channel that the form answers to, and the text that its handler is given."""

    channel: str
    text: str = ""

    def encode(self) -> str:
        """Return `<channel>` or `<channel> <text>`."""
        return f"{self.channel} {self.text}" if self.text else self.channel

    @classmethod
    def decode(cls, encoded: str) -> Self:
        """Return the metadata of a string form."""
        channel, _, text = encoded.partition(" ")
        return cls(channel, text)


@dataclass(frozen=True, slots=True)
class FormOpening:
    """How a form is opened, if not for the first time or not by its own kind.

    `callback` is the callback id (empty: the form's kind), `problem` says in rendered mrkdwn why it is opened again,
    and `entered` is what was filled in then.
    """

    callback: str = ""
    problem: str = ""
    entered: Mapping[str, str] = field(default_factory=dict)


FIRST_OPENING = FormOpening()


def modal(callback_id: str, metadata: FormMetadata, title: str, submit: str, blocks: Sequence[Block]) -> View:
    """Return a form with these blocks; `submit` is the label of the button that submits it."""
    return {
        "type": "modal",
        "callback_id": callback_id,
        "private_metadata": metadata.encode(),
        "title": plain_text(title),
        "submit": plain_text(submit),
        "close": plain_text("Cancel"),
        "blocks": list(blocks),
    }


def text_input(
    name: str, label: str, longest: int, *, example: str = "", initial: str = "", hint: str = "", optional: bool = False
) -> Block:
    """Return an input of one line of at most that many characters.

    `example` is shown while it is empty, `hint` below it.
    """
    placeholder = {"placeholder": plain_text(example)} if example else {}
    filled = {"initial_value": initial} if initial else {}
    element = {"type": "plain_text_input", **placeholder, **filled, "max_length": longest}
    return _input(name, label, element, hint, optional=optional)


def person_input(name: str, label: str, *, initial: str = "", hint: str = "", optional: bool = False) -> Block:
    """Return an input in which somebody of the workspace is picked; what is entered is their Slack id."""
    picked = {"initial_user": initial} if initial else {}
    return _input(name, label, {"type": "users_select", **picked}, hint, optional=optional)


def select_input(name: str, label: str, choices: Mapping[str, str], initial: str) -> Block:
    """Return an input in which one of the choices is selected, whose labels are given by their values."""
    options = {value: {"text": plain_text(text), "value": value} for value, text in choices.items()}
    element = {"type": "static_select", "options": list(options.values()), "initial_option": options[initial]}
    return _input(name, label, element, optional=False)


def date_input(name: str, label: str, *, initial: date | None = None, hint: str = "", optional: bool = False) -> Block:
    """Return an input of a date; `hint` is shown below it."""
    selected = {} if initial is None else {"initial_date": initial.isoformat()}
    return _input(name, label, {"type": "datepicker", **selected}, hint, optional=optional)


def _input(name: str, label: str, element: dict[str, Any], hint: str = "", *, optional: bool) -> Block:
    return {
        "type": "input",
        "block_id": name,
        "label": plain_text(label),
        "element": {**element, "action_id": name},
        **({"hint": plain_text(hint)} if hint else {}),
        "optional": optional,
    }
