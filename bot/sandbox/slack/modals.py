"""Sending off a modal: what Slack itself demands of its inputs, and what the app's ack does to it."""

from collections.abc import Iterator
from dataclasses import replace

from bot.sandbox.slack import elements, views
from bot.sandbox.slack.calls import RefusedError
from bot.sandbox.slack.delivery import Ack
from bot.sandbox.slack.desk import Desk
from bot.sandbox.slack.things import Json, View

REQUIRED = "Please complete this required field."


def unfinished(view: View) -> dict[str, str]:
    """What Slack objects to before it sends anything, by block id."""
    values = elements.values(view.body["blocks"], view.chosen)
    found: dict[str, str] = {}
    for block, element in elements.elements(view.body["blocks"]):
        if block["type"] == "input":
            state = values[block["block_id"]][element["action_id"]]
            if objection := next(_objections(block, element, state), None):
                found[block["block_id"]] = objection
    return found


def _objections(block: Json, element: Json, state: Json) -> Iterator[str]:
    if elements.is_empty(state):
        if not block.get("optional"):
            yield REQUIRED
    elif element["type"] == "plain_text_input":
        yield from _of_text(element, state["value"])
    elif element["type"] == "number_input":
        yield from _of_number(element, state["value"])


def _of_text(element: Json, text: str) -> Iterator[str]:
    if len(text) < (least := element.get("min_length", 0)):
        yield f"Must be at least {least} characters long."
    if len(text) > (most := element.get("max_length", 3000)):
        yield f"Must be at most {most} characters long."


def _of_number(element: Json, text: str) -> Iterator[str]:
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


def sent_off(desk: Desk, view: View, ack: Ack) -> Ack:
    """Do to the modal what the ack says; where Slack does not take it, the modal stays and the ack is an error."""
    if not ack.ok or view.id not in desk.workspace.views:  # the app may have closed it meanwhile
        return ack
    try:
        _obey(desk, view, ack.body or {})
    except RefusedError as refused:
        return replace(ack, ok=False, error=refused.error, body=refused.answer())
    return ack


def _obey(desk: Desk, view: View, body: Json) -> None:
    match body.get("response_action"):
        case None:
            views.close(desk, view)
        case "clear":
            views.clear(desk, view.user)
        case "update":
            views.replace(desk, view, views.checked(body.get("view"), "modal"))
        case "push":
            if len(desk.workspace.modals[view.user]) >= views.DEEPEST:
                raise RefusedError("push_limit_reached")
            views.put_on_top(desk, view.user, views.checked(body.get("view"), "modal"))
        case "errors":
            _check_errors(view, body.get("errors"))
        case _:
            raise RefusedError("invalid_response_action")


def _check_errors(view: View, errors: object) -> None:
    """Raise RefusedError unless every error stands at an input of the view."""
    inputs = {block["block_id"] for block in view.body["blocks"] if block["type"] == "input"}
    if not isinstance(errors, dict) or not errors or not errors.keys() <= inputs:
        raise RefusedError("invalid_errors")
