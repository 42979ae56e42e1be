"""Parsers of people and channels: Slack ids, e-mails and the names of channels."""

import re

from bot.domain.slack_ids import is_channel_id, is_user_id
from bot.domain.tasks import normalized_email
from bot.settings.errors import InvalidValueError
from bot.settings.values import comma_separated

_EMAIL = re.compile(r"[^\s@<>()\[\]{}:;,=\\]+@[^\s@<>()\[\]{}:;,=\\]+")


def email(text: str) -> str | None:
    """Return an e-mail, normalized; None for an empty text."""
    if not text:
        return None
    if not _EMAIL.fullmatch(text):
        raise InvalidValueError(f"`{text}` isn't an e-mail address. Give the address of the key's owner.")
    return normalized_email(text)


def people(text: str) -> frozenset[str]:
    """Return Slack ids as they are written, and e-mails normalized."""
    return frozenset(map(_person, comma_separated(text)))


def _person(text: str) -> str:
    if is_user_id(text):
        return text
    if _EMAIL.fullmatch(text):
        return normalized_email(text)
    raise InvalidValueError(f"`{text}` is neither a Slack id (U0123ABCD) nor an e-mail. Separate several with commas.")


def channels(text: str) -> tuple[str, ...]:
    """Return the ids or `#names` of channels, each once, in their order."""
    return tuple(dict.fromkeys(map(_channel, comma_separated(text))))


def optional_channel(text: str) -> str | None:
    """Return the id or `#name` of a channel; None for an empty text."""
    return _channel(text) if text else None


def _channel(text: str) -> str:
    if is_channel_id(text):
        return text
    if re.fullmatch(r"#[^\s#,<>]{1,80}", text):
        return text.lower()
    raise InvalidValueError(f"`{text}` isn't a channel. Give its id (C0123ABCD) or #name.")
