"""Ids of Slack as people type them, and mentions of users (`<@U1>`)."""

import re
from typing import Final

_USER = re.compile(r"[UW][A-Z0-9]{2,}")
_CHANNEL = re.compile(r"[CGD][A-Z0-9]{2,}")
_MENTION = re.compile(r"<@([UW][A-Z0-9]+)>")
TYPED_MENTION: Final = re.compile(r"<@([UW][A-Z0-9]+)(?:\|[^<>]*)?>")
"""The pattern of a mention as it was typed: Slack may hand over a name with it."""


def is_user_id(text: str) -> bool:
    """Whether a text is written as the id of a user, such as U0123ABCD."""
    return _USER.fullmatch(text) is not None


def is_channel_id(text: str) -> bool:
    """Whether a text is written as the id of a channel, such as C0123ABCD, or of a conversation with the bot."""
    return _CHANNEL.fullmatch(text) is not None


def format_mention(user: str) -> str:
    """Return the mention of a user, `<@U1>`."""
    return f"<@{user}>"


def is_mention(name: str) -> bool:
    """Whether a name that was typed is a mention, not a name such as `@ana` or an e-mail."""
    return name.startswith("<@")


def without_mentions(text: str) -> str:
    """Return a text with the plain id of each user that it mentions: `U1` for `<@U1>`."""
    return TYPED_MENTION.sub(r"\1", text)


def with_nobody_named(text: str) -> str:
    """Return a text with `@them` for each user that it mentions, for where Slack would show the id."""
    return TYPED_MENTION.sub("@them", text)


def parse_mention(text: str) -> str | None:
    """Return the id of the user that a text mentions; None if it is no mention of a user."""
    match = _MENTION.fullmatch(text)
    return match[1] if match else None
