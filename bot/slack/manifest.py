"""The manifest that the Slack app is created from, and why the bot needs each scope."""

from typing import Any

from bot.slack.listener import COMMAND

SCOPES = {  # with what does not work without each
    "app_mentions:read": "mentions are not heard",
    "channels:history": "a message that may have been posted cannot be looked for, so it is posted again",
    "channels:read": "channels cannot be looked at, so nothing can be shared",
    "chat:write": "nothing can be posted",
    "commands": f"{COMMAND} does not exist",
    "files:write": "CSV files cannot be sent",
    "groups:history": "as channels:history, for private channels",
    "groups:read": "as channels:read, for private channels",
    "im:history": "direct messages are not heard",
    "im:read": "direct messages cannot be looked at",
    "im:write": "nobody can be written to directly",
    "users:read": "nobody's rights can be checked, so nobody is answered",
    "users:read.email": "people cannot be matched to Neo by e-mail",
}
EVENTS = ("app_home_opened", "app_mention", "message.im")


def manifest(url: str | None = None) -> dict[str, Any]:
    """Return the app's manifest: for Socket Mode, or with the address that Slack is to send requests to."""
    address = {} if url is None else {"url": url}
    events = {} if url is None else {"request_url": url}
    command = {"command": COMMAND, "description": "What Neo costs", "usage_hint": "7d by:model | help", **address}
    return {
        "display_information": {
            "name": "neo-usage",
            "description": "What ProjectDiscovery Neo costs, to the cent",
            "background_color": "#0f2a26",
        },
        "features": {
            "app_home": {
                "home_tab_enabled": True,
                "messages_tab_enabled": True,
                "messages_tab_read_only_enabled": False,
            },
            "bot_user": {"display_name": "neo-usage", "always_online": True},
            "slash_commands": [{**command, "should_escape": True}],
        },
        "oauth_config": {"scopes": {"bot": list(SCOPES)}},
        "settings": {
            "event_subscriptions": {**events, "bot_events": list(EVENTS)},
            "interactivity": {"is_enabled": True, **events},
            "org_deploy_enabled": False,
            "socket_mode_enabled": url is None,
            "token_rotation_enabled": False,
        },
    }
