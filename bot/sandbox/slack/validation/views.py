"""Validation of modals and home tabs."""

import json
from functools import partial

from bot.sandbox.slack.models import Json
from bot.sandbox.slack.validation.blocks import block_problems
from bot.sandbox.slack.validation.checks import (
    Problems,
    check_field,
    check_object,
    check_plain_text,
    check_string,
    problem,
)

FIELDS = {
    "modal": (
        ("title", "blocks"),
        (
            "submit",
            "close",
            "private_metadata",
            "callback_id",
            "external_id",
            "clear_on_close",
            "notify_on_close",
            "submit_disabled",
        ),
    ),
    "home": (("blocks",), ("private_metadata", "callback_id", "external_id")),
}
MAX_BYTES = 250_000  # bytes


def view_problems(view: object, kind: str) -> list[str]:
    """Return the problems of a view of this kind; empty if Slack accepts it."""
    return list(_view(view, kind))


def _view(view: object, kind: str) -> Problems:
    if not isinstance(view, dict) or view.get("type") != kind:
        yield problem(f"must be a view of type {kind}", "/view/type")
        return
    yield from check_object(view, "/view", *FIELDS[kind])
    for name in ("title", "submit", "close"):
        yield from check_field(view, name, "/view", partial(check_plain_text, most=24))
    for name, most in (("private_metadata", 3000), ("callback_id", 255), ("external_id", 255)):
        yield from check_field(view, name, "/view", partial(check_string, most=most, least=0))
    if isinstance(view.get("blocks"), list):
        yield from block_problems(view["blocks"], kind, "/view/blocks")
        yield from _whole_view(view)
    elif "blocks" in view:
        yield problem("must provide an array", "/view/blocks")


def _whole_view(view: Json) -> Problems:
    inputs = any(isinstance(block, dict) and block.get("type") == "input" for block in view["blocks"])
    if inputs and view["type"] == "modal" and "submit" not in view:
        yield problem("submit is required when an input block is within blocks", "/view/submit")
    if len(json.dumps(view)) > MAX_BYTES:
        yield problem("view_too_large", "/view")
