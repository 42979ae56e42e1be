"""Rendering: templates into Slack's mrkdwn; the environment itself makes whatever it is given inert."""

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import structlog
from jinja2 import FileSystemLoader, StrictUndefined

from bot.domain.text import one_line
from bot.slack.template_limits import BoundedEnvironment, measured

log = structlog.get_logger(__name__)

LONGEST = 300  # characters of one untrusted text in a message

_ENTITIES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
# Slack has no escape for its marks, and takes their wide forms for them; these look the same and mark nothing
_LOOKALIKES = str.maketrans("*\uff0a~\uff5e`\uff40_\uff3f", "\u2217\u2217\u223c\u223c\u02cb\u02cb\u02cd\u02cd")
# an underscore inside a word, as in `error_storm`, formats nothing and stays
_MARKS = re.compile(r"[*\uff0a~\uff5e`\uff40\uff3f]|(?<![^\W_])_|_(?![^\W_])")
_TICKS = str.maketrans("`\uff40", "\u02cb\u02cb")
# a name between colons is a picture, whatever it is made of, and the second may be the template's, behind the text
_EMOJI = re.compile(r"[:\uff1a](?=[^\s:\uff1a]+[:\uff1a])|(?<![^\W_])[:\uff1a](?=[^\s:\uff1a]*$)")
_SCHEME = re.compile(r"(?i)\b([a-z][a-z0-9+.-]*):(?=//)|\b(mailto|tel|javascript):")
_EVERYBODY = re.compile(r"(?i)(?<![\w.+-])@(?=(?:channel|here|everyone|group)\b)")
# what begins a line: a quotation, an item of a list
_QUOTE = re.compile(r"^(?:&gt;|[\uff1e\ufe65]|\s)*(?:&gt;|[\uff1e\ufe65])")
_ITEM = re.compile(r"^(?:([\u2022\u25e6\u25aa\u2023\u2043-])|(\d{1,3})[.)])(?=\s)")


_COLON = "\ua789"  # looks like one; `words` reads it as one where it is typed back


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
    if isinstance(value, int):
        return f"{value:,}"
    return _unled(_unmarked(one_line(str(value), LONGEST).translate(_ENTITIES)))


def _unmarked(text: str) -> str:
    """The text without anything that formats, stands for a picture, or becomes a link by itself."""
    text = _MARKS.sub(lambda mark: mark[0].translate(_LOOKALIKES), text)
    text = _EMOJI.sub(_COLON, text)
    text = _EVERYBODY.sub("\uff20", text)
    return _SCHEME.sub(lambda scheme: f"{scheme[1] or scheme[2]}{_COLON}", text)


def _unled(text: str) -> str:
    """The text without a beginning that Slack takes for a quotation or for an item of a list."""
    text = _QUOTE.sub(lambda quote: re.sub(r"&gt;|[\uff1e\ufe65]", "\u203a", quote[0]), text)
    return _ITEM.sub(lambda item: f"{item[2]}\u2024" if item[2] else "\u2010" if item[1] == "-" else "\u00b7", text)


_MENTION = re.compile(r"&lt;@([UW][A-Z0-9]+)&gt;")
_CODE = re.compile(r"(`[^`\s](?:[^`]*[^`\s])?`)")  # as Slack pairs them; any other backtick is a mark like others


def verbatim(line: str) -> str:
    """A line for a preformatted block, where nothing but the three entities and a backtick means anything."""
    return line.translate(_TICKS).translate(_ENTITIES)


def code(value: object) -> Trusted:
    """A value as inline code, which can be copied as it is (but for backticks, which would end it)."""
    text = verbatim(one_line(str(value), 4 * LONGEST))
    return Trusted(f"`{text}`") if text else Trusted("")


def readable_text(sentence: str) -> Trusted:
    """A sentence of this program's that names words of whoever reads it: inert, but for `code` and mentions.

    What stands in code is left as it is, so that it can be copied; Slack formats nothing there.
    """
    parts = _CODE.split(one_line(sentence, 4 * LONGEST).translate(_ENTITIES))
    parts[::2] = [_MENTION.sub(r"<@\1>", _unmarked(part)) for part in parts[::2]]
    parts[1::2] = [f"`{part[1:-1].translate(_TICKS)}`" for part in parts[1::2]]
    return Trusted(_unled("".join(parts)))


class Templates:
    """The templates of a directory; an operator's `own` ones, by the same names, come first.

    An own one that cannot be used is left alone and the shipped one taken; `broken` says which, and why.
    """

    def __init__(self, directory: Path, own: Path | None = None) -> None:
        self._shipped = _shipped(directory)
        self._directory, self._own = own, None if own is None else _environment(own, directory)
        self._broken: dict[str, str] = {}
        self._is_compiled = False

    @property
    def broken(self) -> Mapping[str, str] | None:
        """Own templates that cannot be used, each with why; None until `warm` has looked at all of them."""
        return self._broken if self._is_compiled else None

    def say(self, template: str, /, **values: Any) -> str:  # noqa: ANN401 - a template's values
        """The template of that name (such as `usage/help`) with these values, without blank ends."""
        name = f"{template}.txt"
        shipped = _rendered(self._shipped, name, values)
        if self._own is None or self._directory is None or not (self._directory / name).is_file():
            return shipped
        try:
            said = _rendered(self._own, name, values)
        except Exception as error:  # noqa: BLE001 - an operator's template may do anything wrong
            self._is_broken(name, _why(error))
            return shipped
        if shipped and not said:
            self._is_broken(name, "it says nothing")
            return shipped
        self._broken.pop(name, None)
        return said

    def _is_broken(self, name: str, why: str) -> None:
        if self._broken.get(name) != why:
            log.warning("a template of TEMPLATES_DIR cannot be used; the shipped one is", template=name, why=why)
        self._broken[name] = why

    def warm(self) -> None:
        """Compile every template, so that nobody's question waits for it, and what is broken is known."""
        for name in self._shipped.list_templates():
            self._shipped.get_template(name)
        for path in self._directory.rglob("*.txt") if self._directory else ():
            self._look_at(path.relative_to(self._directory or path).as_posix())
        self._is_compiled = True

    def _look_at(self, name: str) -> None:
        assert self._own is not None  # noqa: S101 - whose templates are looked at
        try:
            self._own.get_template(name)
        except Exception as error:  # noqa: BLE001 - an operator's file may hold anything
            self._is_broken(name, _why(error))
        else:
            if name not in self._shipped.list_templates():
                self._is_broken(name, "no message is called so")


def _rendered(environment: BoundedEnvironment, name: str, values: Mapping[str, Any]) -> str:
    with environment.rendering():
        return environment.text(environment.get_template(name), values).strip()


def _why(error: Exception) -> str:
    line = getattr(error, "lineno", None)
    return f"{error}{f' (line {line})' if line else ''}"


@cache
def _shipped(directory: Path) -> BoundedEnvironment:
    """The environment of shipped templates, which stay as they are: each is compiled once a process."""
    return _environment(directory)


def _environment(*directories: Path) -> BoundedEnvironment:
    made = BoundedEnvironment(
        loader=FileSystemLoader(directories),  # the first that has it
        undefined=StrictUndefined,
        finalize=lambda value: inert(measured(value)),
        autoescape=False,  # finalize escapes for mrkdwn; HTML's escapes would show
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals |= {"mention": mention, "code": code}
    made.filters["spoken"] = readable_text
    return made
