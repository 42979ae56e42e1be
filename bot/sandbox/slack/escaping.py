"""How Slack escapes what people type: mentions, channels, e-mail addresses, links and the characters `&<>`."""

import re
from collections.abc import Callable

from bot.sandbox.slack.models import User
from bot.sandbox.slack.workspace import Workspace

SPECIAL = re.compile(
    r"(?P<url>https?://[^\s<>|]+)"
    r"|(?P<email>[\w.+'-]+@[\w-]+(?:\.[\w-]+)+)"
    r"|(?<![\w/])@(?P<handle>[\w.-]*\w)"
    r"|(?<![\w/&])\#(?P<channel>[\w-]+)"
)


def escape_command(text: str, workspace: Workspace) -> str:
    """Return the text of a command as the app receives it; mentions keep the handle."""
    escaped = _escape(text)
    if not workspace.escapes_links:
        return escaped
    return SPECIAL.sub(_replacement(workspace, lambda user: f"<@{user.id}|{user.handle}>"), escaped)


def escape_message(text: str, workspace: Workspace) -> str:
    """Return the text of a message as the app receives it; mentions have only the id."""
    return SPECIAL.sub(_replacement(workspace, lambda user: f"<@{user.id}>"), _escape(text))


def _escape(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _replacement(workspace: Workspace, mention: Callable[[User], str]) -> Callable[[re.Match[str]], str]:
    def replacement(found: re.Match[str]) -> str:
        if url := found["url"]:
            return f"<{url}>"
        if email := found["email"]:
            return f"<mailto:{email}|{email}>"
        try:
            if handle := found["handle"]:
                return mention(workspace.user(handle))
            channel = workspace.channel(found["channel"])
        except KeyError:
            return found[0]
        return f"<#{channel.id}|{channel.name if channel.kind == 'public' else ''}>"

    return replacement
