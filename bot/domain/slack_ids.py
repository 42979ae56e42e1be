"""Ids of Slack as people type them."""

import re

_USER = re.compile(r"[UW][A-Z0-9]{2,}")
_CHANNEL = re.compile(r"[CGD][A-Z0-9]{2,}")


def is_user_id(text: str) -> bool:
    """Whether a text is written as the id of a user, such as U0123ABCD."""
    return _USER.fullmatch(text) is not None


def is_channel_id(text: str) -> bool:
    """Whether a text is written as the id of a channel, such as C0123ABCD, or of a conversation with the bot."""
    return _CHANNEL.fullmatch(text) is not None
