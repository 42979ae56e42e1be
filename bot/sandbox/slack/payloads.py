"""The payloads that Slack sends to an app when people do something."""

from bot.sandbox.slack import elements
from bot.sandbox.slack.context import SlackContext
from bot.sandbox.slack.models import Channel, Json, Message, User, View
from bot.sandbox.slack.wire import message_json, view_json

TOKEN = "sandbox-verification-token"


def slash_command(context: SlackContext, user: User, channel: Channel, name: str, text: str) -> Json:
    """Return the form fields of a slash command."""
    return {
        "token": TOKEN,
        "team_id": context.workspace.team_id,
        "team_domain": context.workspace.domain,
        "channel_id": channel.id,
        "channel_name": _name(channel),
        "user_id": user.id,
        "user_name": user.handle,
        "command": name,
        "text": text,
        "api_app_id": context.workspace.app_id,
        "is_enterprise_install": "false",
        "response_url": context.tokens.new_response_url(channel.id, user.id),
        "trigger_id": context.tokens.new_trigger(user.id),
    }


def message_action(context: SlackContext, user: User, channel: Channel, message: Message, action: Json) -> Json:
    """Return the payload of an action in a message; an ephemeral message is not included."""
    container: Json = {
        "type": "message",
        "message_ts": message.ts,
        "channel_id": channel.id,
        "is_ephemeral": message.ephemeral_to is not None,
    }
    if message.thread_ts:
        container["thread_ts"] = message.thread_ts
    payload = {
        **_interaction(context, user, "block_actions"),
        "container": container,
        "trigger_id": context.tokens.new_trigger(user.id),
        "channel": {"id": channel.id, "name": _name(channel)},
        "state": {"values": elements.state_values(message.blocks, message.chosen)},
        "response_url": context.tokens.new_response_url(channel.id, user.id, message.ts),
        "actions": [action],
    }
    if message.ephemeral_to is None:
        payload["message"] = message_json(message, channel, context.workspace, with_metadata=True)
    return payload


def view_action(context: SlackContext, user: User, view: View, action: Json) -> Json:
    """Return the payload of an action in a modal or home tab."""
    return {
        **_interaction(context, user, "block_actions"),
        "container": {"type": "view", "view_id": view.id},
        "trigger_id": context.tokens.new_trigger(user.id, view.id),
        "view": _with_state(context, view),
        "actions": [action],
    }


def view_submission(context: SlackContext, user: User, view: View) -> Json:
    """Return the payload of a submitted modal with its state."""
    return {
        **_interaction(context, user, "view_submission"),
        "trigger_id": context.tokens.new_trigger(user.id, view.id),
        "view": _with_state(context, view),
        "response_urls": _response_urls(context, user, view),
    }


def view_closed(context: SlackContext, user: User, view: View, *, cleared: bool) -> Json:
    """Return the payload of a modal closed without submitting."""
    return {
        **_interaction(context, user, "view_closed"),
        "view": _with_state(context, view),
        "is_cleared": cleared,
    }


def event(context: SlackContext, inner: Json, *, shared: bool = False) -> Json:
    """Return the payload of an event of the Events API."""
    workspace = context.workspace
    return {
        "token": TOKEN,
        "team_id": workspace.team_id,
        "context_team_id": workspace.team_id,
        "api_app_id": workspace.app_id,
        "event": inner,
        "type": "event_callback",
        "event_id": workspace.new_id("Ev"),
        "event_time": int(context.clock().timestamp()),
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
        "event_context": context.tokens.new_token("context"),
    }


def _interaction(context: SlackContext, user: User, kind: str) -> Json:
    return {
        "type": kind,
        "user": {"id": user.id, "username": user.handle, "name": user.handle, "team_id": user.team_id},
        "api_app_id": context.workspace.app_id,
        "token": TOKEN,
        "team": {"id": context.workspace.team_id, "domain": context.workspace.domain},
        "enterprise": None,
        "is_enterprise_install": False,
    }


def _with_state(context: SlackContext, view: View) -> Json:
    return view_json(view, context.workspace) | {
        "state": {"values": elements.state_values(view.body["blocks"], view.chosen)}
    }


def _response_urls(context: SlackContext, user: User, view: View) -> list[Json]:
    """Return response URLs for the conversations chosen in the inputs for which the app requested them."""
    response_urls = []
    for block, element in elements.interactive_elements(view.body["blocks"]):
        state = view.chosen.get(block["block_id"], {}).get(element["action_id"], {})
        channel = state.get("selected_conversation") or state.get("selected_channel")
        if element.get("response_url_enabled") and channel:
            place = {"block_id": block["block_id"], "action_id": element["action_id"], "channel_id": channel}
            response_urls.append({**place, "response_url": context.tokens.new_response_url(channel, user.id)})
    return response_urls


def _name(channel: Channel) -> str:
    return {"im": "directmessage", "private": "privategroup"}.get(channel.kind, channel.name)
