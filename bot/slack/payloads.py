"""Payloads: what Slack's requests carry, read field by field; whatever is missing or of another kind is named."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import parse_qsl

Body = Mapping[str, Any]

LONGEST_TEXT = 40_000  # characters of a message, as Slack cuts them
LONGEST_VALUE = 3_000  # of an input, or of what a form carries along
LONGEST_NAME = 2_000  # of an id, a trigger, a button's value or an address
_MOST_FIELDS = 100
_ID = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)


class MalformedError(Exception):
    """A request is not what Slack sends; the message names the field, and quotes nothing of it."""


def decoded(body: bytes, content_type: str, charset: str | None) -> dict[str, Any]:
    """The payload of a request over HTTP: JSON itself, or a form, or JSON in a form.

    Raises:
        MalformedError: it is none of these.
    """
    if charset is not None and charset.lower() not in {"utf-8", "utf8"}:
        raise MalformedError("its charset is not UTF-8")
    try:
        text = body.decode()
        if content_type == "application/json":
            return _object(text)
        if content_type != "application/x-www-form-urlencoded":
            raise MalformedError("it is neither JSON nor a form")
        form = _form(text)
        return _object(form["payload"]) if "payload" in form else form
    except UnicodeError:
        raise MalformedError("it is not UTF-8") from None


def _object(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        raise MalformedError("it is no JSON") from None
    if not isinstance(found, dict):
        raise MalformedError("its JSON is no object")
    return found


def _form(text: str) -> dict[str, Any]:
    try:
        fields = parse_qsl(
            text, keep_blank_values=True, strict_parsing=True, errors="strict", max_num_fields=_MOST_FIELDS
        )
    except UnicodeError:
        raise
    except ValueError:
        raise MalformedError("it is no form") from None
    if not fields:
        raise MalformedError("it is empty")
    if len(dict(fields)) != len(fields):
        raise MalformedError("a field of the form comes twice")
    return dict(fields)


# --- fields --------------------------------------------------------------------------------------


def part(body: Body, name: str) -> Body:
    """An object in a payload, empty when there is none; raises MalformedError if it is something else."""
    found = body.get(name)
    if found is None or found == []:  # so Slack writes an empty object at times
        return {}
    if not isinstance(found, dict):
        raise MalformedError(f"`{name}` is no object")
    return found


def parts(body: Body, name: str) -> list[Body]:
    """The objects of a list, empty when there is none; raises MalformedError if it is something else."""
    found = body.get(name)
    if found is None:
        return []
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
        raise MalformedError(f"`{name}` is no list of objects")
    return found


def text(body: Body, name: str, longest: int = LONGEST_NAME) -> str:
    """A text, empty when there is none; raises MalformedError if it is something else, or longer than Slack allows."""
    found = body.get(name)
    if found is None:
        return ""
    if not isinstance(found, str):
        raise MalformedError(f"`{name}` is no text")
    if len(found) > longest:
        raise MalformedError(f"`{name}` is longer than {longest:,} characters")
    return found.encode(errors="replace").decode()  # half an emoji can be neither stored nor sent


def identifier(body: Body, name: str) -> str:
    """An id of Slack's, such as a user's; raises MalformedError if it is missing or none."""
    found = text(body, name)
    if not _ID.fullmatch(found):
        raise MalformedError(f"`{name}` is missing or no id")
    return found


def filled_in(view: Body) -> Iterator[tuple[str, str]]:
    """A form's fields, by block: each has one element; raises MalformedError if they are none."""
    values = part(part(view, "state"), "values")
    for block in values:
        elements = part(values, block)
        for name in elements:
            element = part(elements, name)
            option = part(element, "selected_option")
            chosen = text(element, "value", LONGEST_VALUE) or text(option, "value") or text(element, "selected_date")
            yield block, unescaped(chosen).strip()


def unescaped(typed: str) -> str:
    """What was typed, of the three characters that Slack escapes."""
    return typed.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
