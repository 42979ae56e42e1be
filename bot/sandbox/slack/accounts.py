"""The methods auth.test, apps.connections.open and users.*."""

from bot.sandbox.slack.api_calls import Call, RefusedError
from bot.sandbox.slack.context import SlackContext
from bot.sandbox.slack.models import Json, User
from bot.sandbox.slack.pagination import page_of
from bot.sandbox.slack.wire import user_json


def auth_test(context: SlackContext, _: Call) -> Json:
    """Return the workspace and the bot of the token."""
    workspace = context.workspace
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


def connections_open(context: SlackContext, call: Call) -> Json:
    """Issue the URL of one Socket Mode connection."""
    ticket = context.tokens.new_token("ticket")
    context.tokens.tickets.add(ticket)
    base = call.origin.replace("http", "ws", 1)
    return {"ok": True, "url": f"{base}/link/?ticket={ticket}&app_id={context.workspace.app_id}"}


def users_list(context: SlackContext, call: Call) -> Json:
    """Return a page of all users, including deactivated ones."""
    users, metadata = page_of(call, "user", list(context.workspace.users.values()))
    return {"ok": True, "members": [_user_json(context, user) for user in users], "cache_ts": 0, **metadata}


def users_info(context: SlackContext, call: Call) -> Json:
    """Return one user, by id only."""
    user = context.workspace.users.get(call.required("user"))
    if user is None:
        raise RefusedError("user_not_found")
    return {"ok": True, "user": _user_json(context, user)}


def users_lookup_by_email(context: SlackContext, call: Call) -> Json:
    """Return the active user of this workspace with that e-mail."""
    email = call.required("email").casefold()
    for user in context.workspace.users.values():
        if user.email.casefold() == email and not user.deleted and user.team_id == context.workspace.team_id:
            return {"ok": True, "user": _user_json(context, user)}
    raise RefusedError("users_not_found")


def _user_json(context: SlackContext, user: User) -> Json:
    return user_json(user, with_email="users:read.email" in context.workspace.scopes)
