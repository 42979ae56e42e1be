"""A request: somebody's act in Slack that wants an answer, and the way back to them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from bot.slack.blocks import Message


class RequestKind(StrEnum):
    """How somebody spoke to the bot."""

    COMMAND = "command"
    DIRECT = "direct"
    MENTION = "mention"
    BUTTON = "button"
    FORM = "form"
    HOME = "home"  # App Home was opened


class Responder(Protocol):
    """The way back to whoever asked; both raise SlackError."""

    async def say(self, message: Message, *, replace: bool = False) -> None:
        """Tell them alone; `replace` what a button was pressed on."""

    async def share(self, message: Message) -> None:
        """Tell everybody in the channel, on their behalf."""


@dataclass(frozen=True, slots=True)
class Request:
    """Who said what, where; nothing in it is to be trusted but `user`, which Slack vouches for.

    `text` is what was typed, a button's value, or what a form was opened with; `action` is the button's or form's id,
    `fields` what was filled in. `trigger` opens a form, within three seconds.
    """

    kind: RequestKind
    user: str
    channel: str
    text: str
    reply: Responder
    action: str = ""
    trigger: str = ""
    fields: Mapping[str, str] = field(default_factory=dict)

    @property
    def in_dm(self) -> bool:
        """Whether it was said in a direct message."""
        return self.channel.startswith("D")
