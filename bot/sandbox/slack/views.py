"""Methods of modals and home tabs: views.*."""

from bot.sandbox.slack.calls import Call, RefusedError, messages
from bot.sandbox.slack.desk import Desk
from bot.sandbox.slack.rules import wrong_view
from bot.sandbox.slack.things import Json, View
from bot.sandbox.slack.wire import view_json

DEEPEST = 3  # modals on top of each other


def views_open(desk: Desk, call: Call) -> Json:
    """A modal in front of who acted just now, instead of any other."""
    body = _body(desk, call, "modal")
    trigger = desk.exchange(call.need("trigger_id"))
    clear(desk, trigger.user)
    return _answer(desk, put_on_top(desk, trigger.user, body))


def views_push(desk: Desk, call: Call) -> Json:
    """A modal on top of the one in which somebody acted just now."""
    body = _body(desk, call, "modal")
    trigger = desk.exchange(call.need("trigger_id"))
    stack = desk.workspace.modals.get(trigger.user, [])
    if trigger.view is None or trigger.view not in stack:
        raise RefusedError("not_found")
    if len(stack) >= DEEPEST:
        raise RefusedError("push_limit_reached")
    return _answer(desk, put_on_top(desk, trigger.user, body))


def views_update(desk: Desk, call: Call) -> Json:
    """Another content for an open view, known by its id or the app's own."""
    view = _open_view(desk, call)
    body = _body(desk, call, view.kind)
    _same(view, call)
    return _answer(desk, replace(desk, view, body))


def views_publish(desk: Desk, call: Call) -> Json:
    """The home tab of one person."""
    body = _body(desk, call, "home")
    user_id = call.need("user_id")
    if user_id not in desk.workspace.users or desk.workspace.users[user_id].deleted:
        raise RefusedError("invalid_arguments", **messages(["[ERROR] invalid user_id"]))
    if home := desk.workspace.home_of(user_id):
        _same(home, call)
        return _answer(desk, replace(desk, home, body))
    view_id = desk.workspace.new_id("V")
    home = View(view_id, _hash(desk), user_id, "home", _identified(desk, body), view_id)
    desk.workspace.views[view_id] = home
    desk.workspace.homes[user_id] = view_id
    desk.workspace.touch()
    return _answer(desk, home)


def put_on_top(desk: Desk, user: str, body: Json) -> View:
    """Let the person look at another modal, over those that are open."""
    workspace = desk.workspace
    below = workspace.view_on_top(user)
    view_id = workspace.new_id("V")
    root, previous = (below.root, below.id) if below else (view_id, None)
    view = View(view_id, _hash(desk), user, "modal", _identified(desk, body), root, previous)
    workspace.views[view_id] = view
    workspace.modals.setdefault(user, []).append(view_id)
    workspace.touch()
    return view


def replace(desk: Desk, view: View, body: Json) -> View:
    """Give the view another content; what was chosen stays where its block and action do."""
    view.body, view.hash = _identified(desk, body), _hash(desk)
    inputs = {(block["block_id"], action) for block in view.body["blocks"] for action in _actions(block)}
    view.chosen = {
        block_id: kept
        for block_id, chosen in view.chosen.items()
        if (kept := {action: state for action, state in chosen.items() if (block_id, action) in inputs})
    }
    desk.workspace.touch()
    return view


def close(desk: Desk, view: View) -> None:
    """Take away the modal, and what is over it."""
    stack = desk.workspace.modals.get(view.user, [])
    if view.id in stack:
        gone = stack[stack.index(view.id) :]
        desk.workspace.modals[view.user] = stack[: stack.index(view.id)]
        for view_id in gone:
            del desk.workspace.views[view_id]
        desk.workspace.touch()


def clear(desk: Desk, user: str) -> None:
    """Take away all modals of the person."""
    if stack := desk.workspace.modals.get(user):
        close(desk, desk.workspace.views[stack[0]])


def checked(view: object, kind: str) -> Json:
    """The view, if Slack takes it as one of this kind. Raises RefusedError."""
    if wrong := wrong_view(view, kind):
        raise RefusedError("invalid_arguments", **messages(f"[ERROR] {told}" for told in wrong))
    assert isinstance(view, dict)  # noqa: S101 wrong otherwise
    return view


def _actions(block: Json) -> list[str]:
    acting = [*block.get("elements", []), block.get("element"), block.get("accessory")]
    return [element["action_id"] for element in acting if isinstance(element, dict) and "action_id" in element]


def _body(desk: Desk, call: Call, kind: str) -> Json:
    body = checked(call.json("view", "invalid_arguments"), kind)
    external = body.get("external_id")
    for other in desk.workspace.views.values():
        if external and other.body.get("external_id") == external and other.id != call.args.get("view_id"):
            if call.method == "views.update" and call.args.get("external_id") == external:
                continue
            raise RefusedError("duplicate_external_id")
    return body


def _identified(desk: Desk, body: Json) -> Json:
    return {**body, "blocks": desk.identified(body["blocks"])}


def _hash(desk: Desk) -> str:
    return f"{int(desk.clock().timestamp())}.{desk.secret('hash')[:8]}"


def _open_view(desk: Desk, call: Call) -> View:
    view_id, external = call.text("view_id"), call.text("external_id")
    if not view_id and not external:
        raise RefusedError("invalid_arguments", **messages(["[ERROR] missing required field: view_id"]))
    for view in desk.workspace.views.values():
        if view.id == view_id or (external and view.body.get("external_id") == external):
            return view
    raise RefusedError("not_found")


def _same(view: View, call: Call) -> None:
    """Raise RefusedError when the app's idea of the view is out of date."""
    if call.text("hash") not in {None, "", view.hash}:
        raise RefusedError("hash_conflict")


def _answer(desk: Desk, view: View) -> Json:
    return {"ok": True, "view": view_json(view, desk.workspace)}
