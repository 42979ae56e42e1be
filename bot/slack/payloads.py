"""Payloads of Slack's requests, read field by field; what is missing or of the wrong type raises MalformedError."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import parse_qsl

Body = Mapping[str, Any]

LONGEST_TEXT = 40_000  # characters of a message, beyond which Slack cuts it
LONGEST_VALUE = 3_000  # characters of an input, or of a form's metadata
LONGEST_NAME = 2_000  # characters of an id, a trigger, a button's value or an address
_MOST_FIELDS = 100
_ID = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)


class MalformedError(Exception):
    """A request is not as Slack sends them; the message names the field, and quotes nothing of the request."""


def decode_payload(body: bytes, content_type: str, charset: str | None) -> dict[str, Any]:
    """Return the payload of a request over HTTP: JSON, a form, or JSON in a form.

    Raises:
        MalformedError: it is none of these.
    """
    if charset is not None and charset.lower() not in {"utf-8", "utf8"}:
        raise MalformedError("its charset is not UTF-8")
    try:
        text = body.decode()
        if content_type == "application/json":
            return _json_object(text)
        if content_type != "application/x-www-form-urlencoded":
            raise MalformedError("it is neither JSON nor a form")
        form = _form(text)
        return _json_object(form["payload"]) if "payload" in form else form
    except UnicodeError:
        raise MalformedError("it is not UTF-8") from None


def _json_object(text: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        raise MalformedError("it is no JSON") from None
    if not isinstance(value, dict):
        raise MalformedError("its JSON is no object")
    return value


def _form(text: str) -> dict[str, Any]:
    try:
        fields = parse_qsl(
            text, keep_blank_values=True, strict_parsing=True, errors="strict", max_num_fields=_MOST_FIELDS
        )
    except UnicodeError:  # a ValueError too, with an answer of its own
        raise
    except ValueError:
        raise MalformedError("it is no form") from None
    if not fields:
        raise MalformedError("it is empty")
    if len(dict(fields)) != len(fields):
        raise MalformedError("a field of the form comes twice")
    return dict(fields)


# --- fields --------------------------------------------------------------------------------------


def object_field(body: Body, name: str) -> Body:
    """Return an object; an empty one if there is none."""
    value = body.get(name)
    if value is None or value == []:  # Slack sometimes sends an empty list for an empty object
        return {}
    if not isinstance(value, dict):
        raise MalformedError(f"`{name}` is no object")
    return value


def object_list(body: Body, name: str) -> list[Body]:
    """Return a list of objects; an empty one if there is none."""
    value = body.get(name)
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
        raise MalformedError(f"`{name}` is no list of objects")
    return value


def text_field(body: Body, name: str, longest: int = LONGEST_NAME) -> str:
    """Return a text; "" if there is none. Raises MalformedError if it is longer than Slack allows."""
    value = body.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise MalformedError(f"`{name}` is no text")
    if len(value) > longest:
        raise MalformedError(f"`{name}` is longer than {longest:,} characters")
    return value.encode(errors="replace").decode()  # a lone surrogate can be neither stored nor sent


def identifier(body: Body, name: str) -> str:
    """Return an id of Slack's, such as a user's. Raises MalformedError if it is missing or no id."""
    value = text_field(body, name)
    if not _ID.fullmatch(value):
        raise MalformedError(f"`{name}` is missing or no id")
    return value


def form_fields(view: Body) -> Iterator[tuple[str, str | None]]:
    """Yield the fields of a form, each as its block's id and what was entered or selected; None if that is unreadable.

    For the form is still open: whoever filled it in can be told what is wrong with it.
    """
    values = object_field(object_field(view, "state"), "values")
    for block in values:
        try:
            elements = object_field(values, block)
            entered = [_entered(object_field(elements, name)) for name in elements]
        except MalformedError:
            yield block, None
        else:
            yield from ((block, unescape(each).strip()) for each in entered)


def _entered(element: Body) -> str:
    option = object_field(element, "selected_option")
    typed = text_field(element, "value", LONGEST_VALUE)
    chosen = text_field(element, "selected_date") or text_field(element, "selected_user")
    return typed or text_field(option, "value") or chosen


def unescape(text: str) -> str:
    """Return what was typed, undoing Slack's escapes of three characters."""
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
