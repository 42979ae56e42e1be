"""What Slack makes of what people type: mentions, channels, addresses and links, and the escapes around them."""

import re
from collections.abc import Callable

from bot.sandbox.slack.things import User
from bot.sandbox.slack.workspace import Workspace

SPECIAL = re.compile(
    r"(?P<url>https?://[^\s<>|]+)"
    r"|(?P<email>[\w.+'-]+@[\w-]+(?:\.[\w-]+)+)"
    r"|(?<![\w/])@(?P<handle>[\w.-]*\w)"
    r"|(?<![\w/&])\#(?P<channel>[\w-]+)"
)


def of_command(text: str, workspace: Workspace) -> str:
    """The text of a command, links with the name they had."""
    escaped = _escaped(text)
    if not workspace.escapes_links:
        return escaped
    return SPECIAL.sub(_marking(workspace, lambda user: f"<@{user.id}|{user.handle}>"), escaped)


def of_message(text: str, workspace: Workspace) -> str:
    """The text of a message, in which people are mentioned by id alone."""
    return SPECIAL.sub(_marking(workspace, lambda user: f"<@{user.id}>"), _escaped(text))


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _marking(workspace: Workspace, mention: Callable[[User], str]) -> Callable[[re.Match[str]], str]:
    def marked(found: re.Match[str]) -> str:
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

    return marked
