"""Digests in the terminal: shown as text, or enqueued for the running service to post."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from bot.database.engine import Database
from bot.digest.commands import date_of
from bot.digest.facts import facts_of_day
from bot.digest.keys import DigestTopic
from bot.digest.planner import DigestPlanner
from bot.digest.policy import DigestPolicy
from bot.digest.render import DigestMessage
from bot.digest.rules import DigestSchedule
from bot.digest.view import DigestView
from bot.domain.visibility import Privacy
from bot.settings.errors import SettingsError
from bot.settings.model import Settings
from bot.shipped import shipped
from bot.slack.templates import Templates
from bot.slack.terminal_text import terminal_text
from bot.slack.workspace import connect_workspace


def digest_text(connection: Connection, settings: Settings, day: str | None, now: datetime) -> str:
    """Return a morning's digest (of an ISO date, or today) as text, with everybody's e-mails.

    Raises:
        RefusedError: it is no date, or still to come.
    """
    policy = DigestPolicy.from_settings(settings)
    facts = facts_of_day(connection, DigestTopic("", date_of(day or "", now, settings.timezone)), policy, now)
    templates = Templates(shipped("templates"), settings.templates_dir)
    return terminal_text(DigestMessage(facts, DigestView(templates, policy, Privacy.NAMED)).message())


async def channels(settings: Settings) -> Mapping[str, str]:
    """Return the ids of the channels that get digests, by their names in the settings, or the name of an unknown one.

    Raises:
        SettingsError: there is no token to look channels up with.
        SlackError: Slack does not say which channels are meant.
    """
    if settings.slack_bot_token is None:
        raise SettingsError(["SLACK_BOT_TOKEN: it isn't set. Copy it from your Slack app: OAuth & Permissions."])
    async with connect_workspace(settings.slack_bot_token.reveal(), settings.slack_api_url) as workspace:
        channels_by_name = {name: await workspace.channels.find(name) for name in settings.digest_channel}
    return {name: str(channel["id"]) if channel else name for name, channel in channels_by_name.items()}


@dataclass(frozen=True, slots=True)
class DigestRequests:
    """Enqueues digests that are requested in the terminal."""

    settings: Settings
    database: Database
    connection: Connection

    def enqueue(self, ids: Mapping[str, str], day: str | None, now: datetime) -> Iterator[str]:
        """Enqueue a morning's digest (of an ISO date, or today) for each channel, and yield a line about each.

        Raises:
            RefusedError: it is no date, or still to come.
        """
        planner = DigestPlanner(DigestSchedule.from_settings(self.settings))
        date = date_of(day or "", now, self.settings.timezone)
        for name, channel in ids.items():
            decision = planner.requested_decision(self.connection, DigestTopic(channel, date), now)
            with self.database.transaction() as connection:
                is_new = planner.enqueue_requested(connection, decision, now)
            outcome = "the service will post it" if is_new else "already posted; a channel gets one digest a date"
            yield f"{name}: {outcome}"
