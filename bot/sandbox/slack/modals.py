"""Submitting a modal: what Slack itself requires of its inputs, and what the app's ack does to the modal."""

from collections.abc import Iterator
from dataclasses import replace

from bot.sandbox.slack import elements, views
from bot.sandbox.slack.api_calls import RefusedError
from bot.sandbox.slack.context import SlackContext
from bot.sandbox.slack.delivery import Ack
from bot.sandbox.slack.models import Json, View

REQUIRED = "Please complete this required field."


def input_errors(view: View) -> dict[str, str]:
    """Return the inputs that Slack rejects before it sends anything: the error of each, by block id."""
    values = elements.state_values(view.body["blocks"], view.chosen)
    errors: dict[str, str] = {}
    for block, element in elements.interactive_elements(view.body["blocks"]):
        if block["type"] == "input":
            state = values[block["block_id"]][element["action_id"]]
            if error := next(_errors(block, element, state), None):
                errors[block["block_id"]] = error
    return errors


def _errors(block: Json, element: Json, state: Json) -> Iterator[str]:
    if elements.is_empty(state):
        if not block.get("optional"):
            yield REQUIRED
    elif element["type"] == "plain_text_input":
        yield from _text_errors(element, state["value"])
    elif element["type"] == "number_input":
        yield from _number_errors(element, state["value"])


def _text_errors(element: Json, text: str) -> Iterator[str]:
    if len(text) < (least := element.get("min_length", 0)):
        yield f"Must be at least {least} characters long."
    if len(text) > (most := element.get("max_length", 3000)):
        yield f"Must be at most {most} characters long."


def _number_errors(element: Json, text: str) -> Iterator[str]:
    try:
        number = float(text)
    except ValueError:
        yield "Must be a number."
        return
    if not element.get("is_decimal_allowed") and not number.is_integer():
        yield "Must be a whole number."
    if "min_value" in element and number < float(element["min_value"]):
        yield f"Must be at least {element['min_value']}."
    if "max_value" in element and number > float(element["max_value"]):
        yield f"Must be at most {element['max_value']}."


def apply_ack(context: SlackContext, view: View, ack: Ack) -> Ack:
    """Apply the ack to the modal and return it; if Slack rejects it, keep it and return an ack with the error."""
    if not ack.ok or view.id not in context.workspace.views:  # the app may have closed it meanwhile
        return ack
    try:
        _apply_response_action(context, view, ack.body or {})
    except RefusedError as refused:
        return replace(ack, ok=False, error=refused.error, body=refused.answer())
    return ack


def _apply_response_action(context: SlackContext, view: View, body: Json) -> None:
    match body.get("response_action"):
        case None:
            views.close_view(context, view)
        case "clear":
            views.clear_views(context, view.user)
        case "update":
            views.replace_view(context, view, views.validated_view(body.get("view"), "modal"))
        case "push":
            if len(context.workspace.modals[view.user]) >= views.MAX_MODALS:
                raise RefusedError("push_limit_reached")
            views.push_view(context, view.user, views.validated_view(body.get("view"), "modal"))
        case "errors":
            _check_errors(view, body.get("errors"))
        case _:
            raise RefusedError("invalid_response_action")


def _check_errors(view: View, errors: object) -> None:
    """Raise RefusedError unless every error belongs to an input of the view."""
    inputs = {block["block_id"] for block in view.body["blocks"] if block["type"] == "input"}
    if not isinstance(errors, dict) or not errors or not errors.keys() <= inputs:
        raise RefusedError("invalid_errors")
