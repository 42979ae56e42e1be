"""Rendering: templates into Slack's mrkdwn; the environment itself makes whatever it is given inert."""

import re
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from bot.domain.text import one_line

LONGEST = 300  # characters of one untrusted text in a message

_ENTITIES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
# Slack has no escape for its formatting marks; these look the same and mark nothing
_LOOKALIKES = str.maketrans({"*": "\u2217", "~": "\u223c", "`": "\u02cb", "_": "\uff3f"})
# an underscore inside a word, as in `error_storm`, formats nothing and stays
_MARKS = re.compile(r"[*~`]|(?<![^\W_])_|_(?![^\W_])")
_EMOJI = re.compile(r":(?=[a-z0-9_+'-]*[a-z][a-z0-9_+'-]*:)", re.IGNORECASE)
_SCHEME = re.compile(r"(?i)\b([a-z][a-z0-9+.-]*):(?=//)|\b(mailto|tel|javascript):")


class Trusted(str):
    """Mrkdwn that this program wrote itself, such as a mention; it passes as it is."""

    __slots__ = ()


def mention(user_id: str) -> Trusted:
    """A Slack user by id, as a mention; anything that is no id is shown inert."""
    return Trusted(f"<@{user_id}>") if re.fullmatch(r"[UW][A-Z0-9]+", user_id) else Trusted(inert(user_id))


def inert(value: object) -> str:
    """A value as mrkdwn that mentions, links, formats and reorders nothing."""
    if isinstance(value, Trusted):
        return value
    return _unmarked(one_line(str(value), LONGEST).translate(_ENTITIES))


def _unmarked(text: str) -> str:
    """The text without anything that formats, stands for a picture, or becomes a link by itself."""
    text = _MARKS.sub(lambda mark: mark[0].translate(_LOOKALIKES), text)
    text = _EMOJI.sub("\ua789", text)
    return _SCHEME.sub(lambda scheme: f"{scheme[1] or scheme[2]}\ua789", text)


_MENTION = re.compile(r"&lt;@([UW][A-Z0-9]+)&gt;")


def verbatim(line: str) -> str:
    """A line for a preformatted block, where nothing but the three entities and a backtick means anything."""
    return line.replace("`", "\u02cb").translate(_ENTITIES)


def code(value: object) -> Trusted:
    """A value as inline code, which can be copied as it is (but for backticks, which would end it)."""
    text = verbatim(one_line(str(value), 4 * LONGEST))
    return Trusted(f"`{text}`") if text else Trusted("")


def spoken(sentence: str) -> Trusted:
    """A sentence of this program's that names words of whoever reads it: inert, but for `code` and mentions.

    What stands in code is left as it is, so that it can be copied; Slack formats nothing there.
    """
    parts = one_line(sentence, 4 * LONGEST).translate(_ENTITIES).split("`")
    parts[::2] = [_MENTION.sub(r"<@\1>", _unmarked(part)) for part in parts[::2]]
    return Trusted("`".join(parts))


class Words:
    """The templates of a directory."""

    def __init__(self, directory: Path) -> None:
        self._environment = Environment(
            loader=FileSystemLoader(directory),
            undefined=StrictUndefined,
            finalize=inert,
            autoescape=False,  # noqa: S701 - finalize escapes for mrkdwn; HTML's escapes would show
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.globals |= {"mention": mention, "code": code}
        self._environment.filters["spoken"] = spoken

    def say(self, template: str, /, **values: Any) -> str:  # noqa: ANN401 - a template's values
        """The template of that name (such as `usage/help`) with these values, without blank ends."""
        return self._environment.get_template(f"{template}.txt").render(values).strip()

    def warm(self) -> None:
        """Compile every template, so that nobody's question waits for it."""
        for name in self._environment.list_templates():
            self._environment.get_template(name)
