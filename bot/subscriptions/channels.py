"""Channels: whether an answer can be posted in one, and may be."""

from bot.slack.channels import is_shared_outside
from bot.slack.errors import RefusedBySlackError
from bot.slack.workspace import Workspace

UNSEEN = "I can't see this channel. Invite me with `/invite @neo-usage`, and try again."


async def obstacle(workspace: Workspace, channel: str) -> str:
    """Return in a sentence why nothing can be posted in a channel, given by its id; empty if it can.

    Raises:
        SlackError: Slack does not answer, or keeps the bot out.
    """
    try:
        record = await workspace.channels.by_id(channel)
    except RefusedBySlackError as refusal:
        if refusal.refuses_the_bot:
            raise
        return UNSEEN
    if is_shared_outside(record):
        return "I can't post answers here: people from outside your company are in this channel."
    if record.get("is_archived"):
        return "I can't post answers here: this channel is archived."
    return UNSEEN if record.get("is_member") is False else ""
