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
    text = one_line(str(value), LONGEST).translate(_ENTITIES)
    text = _MARKS.sub(lambda mark: mark[0].translate(_LOOKALIKES), text)
    text = _EMOJI.sub("\ua789", text)
    return _SCHEME.sub(lambda scheme: f"{scheme[1] or scheme[2]}\ua789", text)


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
        self._environment.globals["mention"] = mention

    def say(self, name: str, **values: Any) -> str:  # noqa: ANN401 - a template's values
        """The template of that name (such as `usage/help`) with these values, without blank ends."""
        return self._environment.get_template(f"{name}.txt").render(values).strip()

    def warm(self) -> None:
        """Compile every template, so that nobody's question waits for it."""
        for name in self._environment.list_templates():
            self._environment.get_template(name)
