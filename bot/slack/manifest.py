"""The manifest that the Slack app is created from, and why the bot needs each scope."""

from typing import Any

from bot.slack.listener import COMMAND

SCOPES = {  # with what does not work without each
    "app_mentions:read": "the bot can't see mentions",
    "channels:history": "the bot can't check whether a message arrived, so it may post one twice",
    "channels:read": "the bot can't look up channels, so nothing can be shared",
    "chat:write": "the bot can't post anything",
    "commands": f"there is no {COMMAND}",
    "files:write": "the bot can't send CSV files",
    "groups:history": "the same as channels:history, in private channels",
    "groups:read": "the same as channels:read, for private channels",
    "im:history": "the bot can't read what people send it in DMs",
    "im:read": "the bot can't look up DMs",
    "im:write": "the bot can't start DMs",
    "users:read": "the bot can't check who someone is, so it answers nobody",
    "users:read.email": "the bot can't match people to Neo by e-mail",
}
EVENTS = ("app_home_opened", "app_mention", "message.im")


def manifest(url: str | None = None) -> dict[str, Any]:
    """Return the app's manifest: for Socket Mode, or with the address that Slack is to send requests to."""
    address = {} if url is None else {"url": url}
    events = {} if url is None else {"request_url": url}
    command = {
        "command": COMMAND,
        "description": "See what Neo costs",
        "usage_hint": "last week by:model | help",
        **address,
    }
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
