"""A request: what a person did in Slack that is to be answered, and how they are answered."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol

from bot.slack.blocks import Message


class RequestKind(StrEnum):
    """How a person addressed the bot."""

    COMMAND = "command"
    DIRECT = "direct"
    MENTION = "mention"
    BUTTON = "button"
    FORM = "form"
    HOME = "home"  # App Home was opened


class Responder(Protocol):
    """Answers the person who made a request; both methods raise SlackError."""

    async def respond(self, message: Message, *, replace: bool = False) -> None:
        """Answer them alone; `replace` the message whose button was pressed, where that is possible."""

    async def share(self, message: Message) -> None:
        """Post for everybody in the channel, on their behalf."""


@dataclass(frozen=True, slots=True)
class PressedMessage:
    """The message in which a button was pressed, as Slack sends it: to everybody's, not to one that one person sees."""

    channel: str
    ts: str
    body: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Request:
    """What a person did, and where. Only `user` is to be trusted: Slack vouches for it.

    `text` is what was typed, a button's value, or what a form was opened with. `action` is the id of the button or
    form, `fields` what was filled into the form. `trigger` opens a form within three seconds. `pressed` holds the
    button, None where Slack does not say. `in_everyday_words` says that `text` is the command that was understood.
    """

    kind: RequestKind
    user: str
    channel: str
    text: str
    responder: Responder
    action: str = ""
    trigger: str = ""
    fields: Mapping[str, str] = field(default_factory=dict)
    pressed: PressedMessage | None = None
    in_everyday_words: bool = False

    @property
    def in_dm(self) -> bool:
        """Whether it was made in a direct message."""
        return self.channel.startswith("D")
