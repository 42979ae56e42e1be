"""What Slack refuses in modals and home tabs."""

import json
from functools import partial
from typing import Any

from bot.sandbox.slack.rules.blocks import wrong_blocks
from bot.sandbox.slack.rules.checks import Wrong, a_string, an_object, given, plain, told

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
LARGEST = 250_000  # bytes


def wrong_view(view: Any, kind: str) -> list[str]:  # noqa: ANN401 whatever came
    """What is wrong with a view that is to be of this kind; nothing if Slack takes it."""
    return list(_view(view, kind))


def _view(view: Any, kind: str) -> Wrong:  # noqa: ANN401 whatever came
    if not isinstance(view, dict) or view.get("type") != kind:
        yield told(f"must be a view of type {kind}", "/view/type")
        return
    yield from an_object(view, "/view", *FIELDS[kind])
    for name in ("title", "submit", "close"):
        yield from given(view, name, "/view", partial(plain, most=24))
    for name, most in (("private_metadata", 3000), ("callback_id", 255), ("external_id", 255)):
        yield from given(view, name, "/view", partial(a_string, most=most, least=0))
    if isinstance(view.get("blocks"), list):
        yield from wrong_blocks(view["blocks"], kind, "/view/blocks")
        yield from _together(view)
    elif "blocks" in view:
        yield told("must provide an array", "/view/blocks")


def _together(view: Any) -> Wrong:  # noqa: ANN401 whatever came
    inputs = any(isinstance(block, dict) and block.get("type") == "input" for block in view["blocks"])
    if inputs and view["type"] == "modal" and "submit" not in view:
        yield told("submit is required when an input block is within blocks", "/view/submit")
    if len(json.dumps(view)) > LARGEST:
        yield told("view_too_large", "/view")
