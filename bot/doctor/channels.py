"""The checks of channels: that the bot can post in each that the settings name, and read its history."""

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.doctor.check import REINSTALL, Check, failure, guarded_checks_async, ok, slack_failure, warning
from bot.domain.formatting import count
from bot.people.roles import DenialReason, SlackUser
from bot.settings.model import Settings
from bot.slack.account import Account
from bot.slack.channels import is_shared_outside
from bot.slack.errors import RefusedBySlackError, SlackError
from bot.slack.workspace import Workspace

_MOST_NAMED = 5


def setting_checks(settings: Settings) -> Iterator[Check]:
    """Yield for each setting of a channel that is not set what then happens."""
    if not settings.digest_channel:
        remedy = "Set it to a channel, and invite the bot."
        yield warning("DIGEST_CHANNEL", "it isn't set, so no digest is posted", remedy)
    if settings.alert_channel is None:
        where = "OPS_CHANNEL" if settings.ops_channel else "a DM to each operator"
        finding = f"it isn't set, so budget and failure alerts for a channel go to {where}"
        yield warning("ALERT_CHANNEL", finding, "Set it to a channel, and invite the bot.")
    if settings.ops_channel is None:
        where = "ALERT_CHANNEL" if settings.alert_channel else "a DM to each operator"
        yield ok("OPS_CHANNEL", f"it isn't set, so problems of the bot go to {where}")


async def checks(
    settings: Settings, slack: Workspace, account: Account, users: Sequence[SlackUser]
) -> AsyncIterator[Check]:
    """Ask Slack for each channel that the settings name, and yield its checks; `users` is everybody, if known."""
    examiner = _Examiner(slack, account, {user.id: user for user in users})
    for what, channel in _channels(settings):
        async for check in guarded_checks_async(what, examiner.channel_checks(what, channel)):
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


@dataclass(frozen=True, slots=True)
class _Examiner:
    """Looks at channels with the bot's account; `users` are the people of the workspace by id, none if not known."""

    slack: Workspace
    account: Account
    users: Mapping[str, SlackUser]

    async def channel_checks(self, what: str, channel: str) -> AsyncIterator[Check]:
        """Yield whether the bot can post in a channel and read it, and who else reads there."""
        try:
            info = await self.slack.channels.find(channel)
            if info is None:
                remedy = "Check the spelling, or invite the bot if the channel is private."
                yield failure(what, "the bot can't see such a channel", remedy)
                return
            if obstacle := _obstacle(info):
                yield failure(what, *obstacle)
                return
            await self.slack.history.check_readable(info["id"])
            guests = await self._guests(info["id"])
        except RefusedBySlackError as error:
            remedy = REINSTALL if error.needed else "Invite the bot: /invite @neo-usage"
            yield failure(what, f"its history can't be read ({error.code})", remedy)
        except SlackError as error:
            yield slack_failure(what, error)
        else:
            yield ok(what, f"#{info['name']}: the bot {self.account.user} is a member and can read its history")
            if guests:
                yield _readers(what, guests)

    async def _guests(self, channel: str) -> list[str]:
        """Return the names of those in a channel who are guests or from outside. Raises SlackError."""
        if not self.users:
            return []
        members = [self.users.get(user) async for user in self.slack.channels.member_ids(channel)]
        return [
            "somebody from outside" if user is None else user.name
            for user in members
            if user is None or user.denial in {DenialReason.GUEST, DenialReason.OUTSIDE}
        ]


def _readers(what: str, guests: Sequence[str]) -> Check:
    named = ", ".join(guests[:_MOST_NAMED]) + ("" if len(guests) <= _MOST_NAMED else " and others")
    finding = f"{count(len(guests), 'guest')} can read what is posted there: {named}"
    return warning(what, finding, "Remove them from the channel, or name another one.")


def _obstacle(info: dict[str, Any]) -> tuple[str, str] | None:
    """Return why nothing can be posted in a channel, and the remedy; None if it can."""
    if info.get("is_archived"):
        return "it is archived", "Name another channel."
    if is_shared_outside(info):
        return "it is shared with another organization, so nothing is posted there", "Name a channel of your own."
    if not info.get("is_member"):
        return "the bot is not in it", "Invite the bot: /invite @neo-usage"
    return None
