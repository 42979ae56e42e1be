"""The checks of channels: that the bot can post in each that the settings name, and read its history."""

from collections.abc import AsyncIterator, Iterator
from typing import Any

from bot.doctor.check import REINSTALL, Check, failure, guarded_checks_async, ok, slack_failure
from bot.settings.model import Settings
from bot.slack.account import Account
from bot.slack.channels import is_shared_outside
from bot.slack.errors import RefusedBySlackError, SlackError
from bot.slack.workspace import Workspace


async def checks(settings: Settings, slack: Workspace, account: Account) -> AsyncIterator[Check]:
    """Ask Slack for each channel that the settings name, and yield its check."""
    for what, channel in _channels(settings):
        async for check in guarded_checks_async(what, _channel(slack, account, what, channel)):
            yield check


def _channels(settings: Settings) -> Iterator[tuple[str, str]]:
    """Yield each channel, with what its check is about: the setting and the channel."""
    named = {
        "DIGEST_CHANNEL": settings.digest_channel,
        "ALERT_CHANNEL": (settings.alert_channel,),
        "OPS_CHANNEL": (settings.ops_channel,),
    }
    for setting, channels in named.items():
        for channel in filter(None, channels):
            yield f"{setting} {channel}", channel


async def _channel(slack: Workspace, account: Account, what: str, channel: str) -> AsyncIterator[Check]:
    try:
        info = await slack.channels.find(channel)
        if info is None:
            remedy = "Check the spelling, or invite the bot if the channel is private."
            yield failure(what, "the bot can't see such a channel", remedy)
            return
        if obstacle := _obstacle(info):
            yield failure(what, *obstacle)
            return
        await slack.history.check_readable(info["id"])
    except RefusedBySlackError as error:
        remedy = REINSTALL if error.needed else "Invite the bot: /invite @neo-usage"
        yield failure(what, f"its history can't be read ({error.code})", remedy)
    except SlackError as error:
        yield slack_failure(what, error)
    else:
        yield ok(what, f"#{info['name']}: the bot {account.user} is a member and can read its history")


def _obstacle(info: dict[str, Any]) -> tuple[str, str] | None:
    """Return why nothing can be posted in a channel, and the remedy; None if it can."""
    if info.get("is_archived"):
        return "it is archived", "Name another channel."
    if is_shared_outside(info):
        return "it is shared with another organization, so nothing is posted there", "Name a channel of your own."
    if not info.get("is_member"):
        return "the bot is not in it", "Invite the bot: /invite @neo-usage"
    return None
