"""The methods views.*: modals and home tabs."""

from bot.sandbox.slack.api_calls import Call, RefusedError, error_messages
from bot.sandbox.slack.context import SlackContext
from bot.sandbox.slack.elements import with_ids
from bot.sandbox.slack.models import Json, View
from bot.sandbox.slack.validation import view_problems
from bot.sandbox.slack.wire import view_json

MAX_MODALS = 3  # on top of each other


def views_open(context: SlackContext, call: Call) -> Json:
    """Open a modal for the person of the trigger, in place of any other."""
    body = _body(context, call, "modal")
    trigger = context.tokens.redeem_trigger(call.required("trigger_id"))
    clear_views(context, trigger.user)
    return _answer(context, push_view(context, trigger.user, body))


def views_push(context: SlackContext, call: Call) -> Json:
    """Open a modal on top of the one in which the person of the trigger acted."""
    body = _body(context, call, "modal")
    trigger = context.tokens.redeem_trigger(call.required("trigger_id"))
    stack = context.workspace.modals.get(trigger.user, [])
    if trigger.view is None or trigger.view not in stack:
        raise RefusedError("not_found")
    if len(stack) >= MAX_MODALS:
        raise RefusedError("push_limit_reached")
    return _answer(context, push_view(context, trigger.user, body))


def views_update(context: SlackContext, call: Call) -> Json:
    """Replace the content of an open view, given by its id or external id."""
    view = _open_view(context, call)
    body = _body(context, call, view.kind)
    _require_hash(view, call)
    return _answer(context, replace_view(context, view, body))


def views_publish(context: SlackContext, call: Call) -> Json:
    """Publish the home tab of one person."""
    body = _body(context, call, "home")
    user_id = call.required("user_id")
    if user_id not in context.workspace.users or context.workspace.users[user_id].deleted:
        raise RefusedError("invalid_arguments", **error_messages(["[ERROR] invalid user_id"]))
    if home := context.workspace.home_of(user_id):
        _require_hash(home, call)
        return _answer(context, replace_view(context, home, body))
    view_id = context.workspace.new_id("V")
    home = View(view_id, _hash(context), user_id, "home", _with_ids(context, body), view_id)
    context.workspace.views[view_id] = home
    context.workspace.homes[user_id] = view_id
    context.workspace.touch()
    return _answer(context, home)


def push_view(context: SlackContext, user: str, body: Json) -> View:
    """Open a modal for the person, on top of those that are open."""
    workspace = context.workspace
    below = workspace.view_on_top(user)
    view_id = workspace.new_id("V")
    root, previous = (below.root, below.id) if below else (view_id, None)
    view = View(view_id, _hash(context), user, "modal", _with_ids(context, body), root, previous)
    workspace.views[view_id] = view
    workspace.modals.setdefault(user, []).append(view_id)
    workspace.touch()
    return view


def replace_view(context: SlackContext, view: View, body: Json) -> View:
    """Replace the content of the view; choices are kept for inputs whose block and action ids remain."""
    view.body, view.hash = _with_ids(context, body), _hash(context)
    inputs = {(block["block_id"], action) for block in view.body["blocks"] for action in _actions(block)}
    view.chosen = {
        block_id: kept
        for block_id, chosen in view.chosen.items()
        if (kept := {action: state for action, state in chosen.items() if (block_id, action) in inputs})
    }
    context.workspace.touch()
    return view


def close_view(context: SlackContext, view: View) -> None:
    """Close the modal and all modals on top of it."""
    stack = context.workspace.modals.get(view.user, [])
    if view.id in stack:
        closed = stack[stack.index(view.id) :]
        context.workspace.modals[view.user] = stack[: stack.index(view.id)]
        for view_id in closed:
            del context.workspace.views[view_id]
        context.workspace.touch()


def clear_views(context: SlackContext, user: str) -> None:
    """Close all modals of the person."""
    if stack := context.workspace.modals.get(user):
        close_view(context, context.workspace.views[stack[0]])


def validated_view(view: object, kind: str) -> Json:
    """Return the view. Raises RefusedError if it is no valid view of this kind."""
    problems = view_problems(view, kind)
    if problems or not isinstance(view, dict):
        raise RefusedError("invalid_arguments", **error_messages(f"[ERROR] {problem}" for problem in problems))
    return view


def _actions(block: Json) -> list[str]:
    elements = [*block.get("elements", []), block.get("element"), block.get("accessory")]
    return [element["action_id"] for element in elements if isinstance(element, dict) and "action_id" in element]


def _body(context: SlackContext, call: Call, kind: str) -> Json:
    body = validated_view(call.json("view", "invalid_arguments"), kind)
    external = body.get("external_id")
    for other in context.workspace.views.values():
        if external and other.body.get("external_id") == external and other.id != call.args.get("view_id"):
            if call.method == "views.update" and call.args.get("external_id") == external:
                continue
            raise RefusedError("duplicate_external_id")
    return body


def _with_ids(context: SlackContext, body: Json) -> Json:
    return {**body, "blocks": with_ids(body["blocks"], context.workspace.new_id)}


def _hash(context: SlackContext) -> str:
    return f"{int(context.clock().timestamp())}.{context.tokens.new_token('hash')[:8]}"


def _open_view(context: SlackContext, call: Call) -> View:
    view_id, external = call.text("view_id"), call.text("external_id")
    if not view_id and not external:
        raise RefusedError("invalid_arguments", **error_messages(["[ERROR] missing required field: view_id"]))
    for view in context.workspace.views.values():
        if view.id == view_id or (external and view.body.get("external_id") == external):
            return view
    raise RefusedError("not_found")


def _require_hash(view: View, call: Call) -> None:
    """Raise RefusedError if the call has the hash of an older version of the view."""
    if call.text("hash") not in {None, "", view.hash}:
        raise RefusedError("hash_conflict")


def _answer(context: SlackContext, view: View) -> Json:
    return {"ok": True, "view": view_json(view, context.workspace)}
