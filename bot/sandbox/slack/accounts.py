"""Methods of who one is and who is there: auth.test, apps.connections.open, users.*."""

from bot.sandbox.slack.calls import Call, RefusedError
from bot.sandbox.slack.desk import Desk
from bot.sandbox.slack.pages import paged
from bot.sandbox.slack.things import Json, User
from bot.sandbox.slack.wire import user_json


def auth_test(desk: Desk, _: Call) -> Json:
    """Whose token it is."""
    workspace = desk.workspace
    return {
        "ok": True,
        "url": f"https://{workspace.domain}.slack.com/",
        "team": workspace.name,
        "user": workspace.bot_name,
        "team_id": workspace.team_id,
        "user_id": workspace.bot_user,
        "bot_id": workspace.bot_id,
        "is_enterprise_install": False,
    }


def connections_open(desk: Desk, call: Call) -> Json:
    """A ticket for one socket."""
    ticket = desk.secret("ticket")
    desk.tickets.add(ticket)
    base = call.origin.replace("http", "ws", 1)
    return {"ok": True, "url": f"{base}/link/?ticket={ticket}&app_id={desk.workspace.app_id}"}


def users_list(desk: Desk, call: Call) -> Json:
    """Everybody, the deactivated included."""
    users, following = paged(call, "user", list(desk.workspace.users.values()))
    return {"ok": True, "members": [_shown(desk, user) for user in users], "cache_ts": 0, **following}


def users_info(desk: Desk, call: Call) -> Json:
    """One, by id alone."""
    user = desk.workspace.users.get(call.need("user"))
    if user is None:
        raise RefusedError("user_not_found")
    return {"ok": True, "user": _shown(desk, user)}


def users_lookup_by_email(desk: Desk, call: Call) -> Json:
    """One of this workspace who is not deactivated."""
    email = call.need("email").casefold()
    for user in desk.workspace.users.values():
        if user.email.casefold() == email and not user.deleted and user.team_id == desk.workspace.team_id:
            return {"ok": True, "user": _shown(desk, user)}
    raise RefusedError("users_not_found")


def _shown(desk: Desk, user: User) -> Json:
    return user_json(user, with_email="users:read.email" in desk.workspace.scopes)
