"""What a test reads of messages: their texts, tables, buttons and dedup keys."""

import json
from typing import Any

from bot.sandbox.slack.models import Message

TEXT_TYPES = {"mrkdwn", "plain_text", "raw_text", "raw_number"}
TABLE_TYPES = {"table", "data_table"}


def text_of(message: Message) -> str:
    """Return everything a message shows or carries, as one text."""
    return json.dumps([message.text, message.blocks], ensure_ascii=False)


def visible_text(message: Message) -> str:
    """Return what a person reads of a message: its blocks' texts and cells, in order."""
    parts: list[str] = []

    def walk(part: Any) -> None:
        if isinstance(part, dict):
            if isinstance(part.get("text"), str) and part.get("type") in TEXT_TYPES:
                parts.append(part["text"])
            for name, value in part.items():
                if name not in {"value", "confirm"}:
                    walk(value)
        elif isinstance(part, list):
            for each in part:
                walk(each)

    walk(message.blocks)
    return "\n".join(parts) or message.text


def table(message: Message) -> list[list[str]]:
    """Return the rows of a message's table, its header among them."""
    block = next(block for block in message.blocks if block["type"] in TABLE_TYPES)
    return [[cell["text"] for cell in row] for row in block["rows"]]


def actions(message: Message) -> list[str]:
    """Return the ids of a message's buttons."""
    rows = (block for block in message.blocks if block["type"] == "actions")
    return [element["action_id"] for row in rows for element in row["elements"]]


def notifications(messages: list[Message]) -> list[Message]:
    """Return the messages that carry a key: those that the outbox sent."""
    return [each for each in messages if each.metadata]


def notification_keys(messages: list[Message]) -> list[str]:
    """Return the keys of those messages that the outbox sent."""
    return [each.metadata["event_payload"]["key"] for each in notifications(messages) if each.metadata]


def digest_messages(messages: list[Message]) -> list[Message]:
    """Return those messages that are digests."""
    return [each for each in notifications(messages) if each.metadata["event_payload"]["key"].startswith("digest:")]  # type: ignore[index]
