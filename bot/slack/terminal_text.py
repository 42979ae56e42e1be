"""A message as text for a terminal."""

import re
from typing import Any

from bot.slack.blocks import Block, Message

_REFERENCE = re.compile(r"<[@#!]?([^<>|]+)(?:\|([^<>]*))?>")  # a mention, a channel, a date or a link, with its label


def terminal_text(message: Message) -> str:
    """Return the texts of a message in order, without formatting; tables and charts as their plain replacements."""
    blocks = message.simpler_blocks[-1]() if message.simpler_blocks else message.blocks
    return "\n".join(_unformatted(text["text"]) for block in blocks for text in _texts(block))


def _texts(block: Block) -> list[dict[str, Any]]:
    in_context = block["elements"] if block["type"] == "context" else []
    return [*filter(None, [block.get("text")]), *block.get("fields", []), *in_context]


def _unformatted(mrkdwn: str) -> str:
    """Return rendered mrkdwn as plain text; untrusted parts were escaped, so every mark is the template's."""
    text = _REFERENCE.sub(lambda found: found[2] or found[1], mrkdwn)
    text = text.replace("*", "").replace("`", "").replace(":warning:", "WARNING:")
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
