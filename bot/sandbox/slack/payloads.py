"""The payloads Slack sends to an app about what people do."""

from bot.sandbox.slack import elements
from bot.sandbox.slack.desk import Desk
from bot.sandbox.slack.things import Channel, Json, Message, User, View
from bot.sandbox.slack.wire import message_json, view_json

TOKEN = "sandbox-verification-token"


def command(desk: Desk, user: User, channel: Channel, name: str, text: str) -> Json:
    """A slash command, as the fields of a form."""
    return {
        "token": TOKEN,
        "team_id": desk.workspace.team_id,
        "team_domain": desk.workspace.domain,
        "channel_id": channel.id,
        "channel_name": _name(channel),
        "user_id": user.id,
        "user_name": user.handle,
        "command": name,
        "text": text,
        "api_app_id": desk.workspace.app_id,
        "is_enterprise_install": "false",
        "response_url": desk.new_hook(channel.id, user.id),
        "trigger_id": desk.new_trigger(user.id),
    }


def in_message(desk: Desk, user: User, channel: Channel, message: Message, action: Json) -> Json:
    """An act on a message; the message itself is not shown when it was ephemeral."""
    container: Json = {
        "type": "message",
        "message_ts": message.ts,
        "channel_id": channel.id,
        "is_ephemeral": message.ephemeral_to is not None,
    }
    if message.thread_ts:
        container["thread_ts"] = message.thread_ts
    payload = {
        **_interaction(desk, user, "block_actions"),
        "container": container,
        "trigger_id": desk.new_trigger(user.id),
        "channel": {"id": channel.id, "name": _name(channel)},
        "state": {"values": elements.values(message.blocks, message.chosen)},
        "response_url": desk.new_hook(channel.id, user.id, message.ts),
        "actions": [action],
    }
    if message.ephemeral_to is None:
        payload["message"] = message_json(message, channel, desk.workspace, with_metadata=True)
    return payload


def in_view(desk: Desk, user: User, view: View, action: Json) -> Json:
    """An act in a modal or home tab."""
    return {
        **_interaction(desk, user, "block_actions"),
        "container": {"type": "view", "view_id": view.id},
        "trigger_id": desk.new_trigger(user.id, view.id),
        "view": _with_state(desk, view),
        "actions": [action],
    }


def submission(desk: Desk, user: User, view: View) -> Json:
    """A modal sent off with what was chosen in it."""
    return {
        **_interaction(desk, user, "view_submission"),
        "trigger_id": desk.new_trigger(user.id, view.id),
        "view": _with_state(desk, view),
        "response_urls": _response_urls(desk, user, view),
    }


def closing(desk: Desk, user: User, view: View, *, cleared: bool) -> Json:
    """A modal closed without sending."""
    return {
        **_interaction(desk, user, "view_closed"),
        "view": _with_state(desk, view),
        "is_cleared": cleared,
    }


def event(desk: Desk, happened: Json, *, shared: bool = False) -> Json:
    """An event of the Events API."""
    workspace = desk.workspace
    return {
        "token": TOKEN,
        "team_id": workspace.team_id,
        "context_team_id": workspace.team_id,
        "api_app_id": workspace.app_id,
        "event": happened,
        "type": "event_callback",
        "event_id": workspace.new_id("Ev"),
        "event_time": int(desk.clock().timestamp()),
        "authorizations": [
            {
                "enterprise_id": None,
                "team_id": workspace.team_id,
                "user_id": workspace.bot_user,
                "is_bot": True,
                "is_enterprise_install": False,
            }
        ],
        "is_ext_shared_channel": shared,
        "event_context": desk.secret("context"),
    }


def _interaction(desk: Desk, user: User, kind: str) -> Json:
    return {
        "type": kind,
        "user": {"id": user.id, "username": user.handle, "name": user.handle, "team_id": user.team_id},
        "api_app_id": desk.workspace.app_id,
        "token": TOKEN,
        "team": {"id": desk.workspace.team_id, "domain": desk.workspace.domain},
        "enterprise": None,
        "is_enterprise_install": False,
    }


def _with_state(desk: Desk, view: View) -> Json:
    return view_json(view, desk.workspace) | {"state": {"values": elements.values(view.body["blocks"], view.chosen)}}


def _response_urls(desk: Desk, user: User, view: View) -> list[Json]:
    """Response addresses for the conversations chosen where the app asked for them."""
    found = []
    for block, element in elements.elements(view.body["blocks"]):
        state = view.chosen.get(block["block_id"], {}).get(element["action_id"], {})
        channel = state.get("selected_conversation") or state.get("selected_channel")
        if element.get("response_url_enabled") and channel:
            place = {"block_id": block["block_id"], "action_id": element["action_id"], "channel_id": channel}
            found.append({**place, "response_url": desk.new_hook(channel, user.id)})
    return found


def _name(channel: Channel) -> str:
    return {"im": "directmessage", "private": "privategroup"}.get(channel.kind, channel.name)
