"""Digests in the terminal: shown as text, or enqueued for the running service to post."""

from collections.abc import Iterator, Mapping
from datetime import datetime

from bot.database.engine import Database
from bot.database.reader import Reader
from bot.digest.commands import date_of
from bot.digest.facts import DigestPolicy
from bot.digest.planner import DigestPlanner
from bot.digest.render import DigestMessage, requested_digest
from bot.digest.rules import DigestSchedule
from bot.domain.visibility import Privacy
from bot.settings.errors import SettingsError
from bot.settings.model import Settings
from bot.shipped import shipped
from bot.slack.templates import Templates
from bot.slack.terminal_text import terminal_text
from bot.slack.workspace import connect_workspace


def digest_text(reader: Reader, settings: Settings, day: str | None, now: datetime) -> str:
    """Return a morning's digest (of an ISO date, or today) as text, with everybody's names.

    Raises:
        RefusedError: it is no date, or still to come.
    """
    planner, policy = _planner(settings), DigestPolicy.from_settings(settings)
    found = requested_digest(reader, "", date_of(day or "", now, planner), planner, policy, now)
    templates = Templates(shipped("templates"), settings.templates_dir)
    return terminal_text(DigestMessage(found, templates, policy, Privacy.NAMED).message())


async def channels(settings: Settings) -> Mapping[str, str]:
    """Return the ids of the channels that get digests, by their names in the settings, or the name of an unknown one.

    Raises:
        SettingsError: there is no token to look channels up with.
        SlackError: Slack does not say which channels are meant.
    """
    if settings.slack_bot_token is None:
        raise SettingsError(["SLACK_BOT_TOKEN: it is not set. Copy it from your Slack app: OAuth & Permissions."])
    async with connect_workspace(settings.slack_bot_token.reveal(), settings.slack_api_url) as workspace:
        found = {named: await workspace.channels.find(named) for named in settings.digest_channel}
    return {named: str(channel["id"]) if channel else named for named, channel in found.items()}


def enqueue_digest(  # noqa: PLR0917 - what a digest is made of
    database: Database, reader: Reader, settings: Settings, ids: Mapping[str, str], day: str | None, now: datetime
) -> Iterator[str]:
    """Enqueue a morning's digest for each channel, and yield a line about each.

    Raises:
        RefusedError: it is no date, or still to come.
    """
    planner = _planner(settings)
    date = date_of(day or "", now, planner)
    for named, channel in ids.items():
        decided = planner.asked(reader, channel, date, now)
        with database.transaction() as connection:
            is_new = planner.tell(connection, decided, now)
        outcome = "owed; the service posts it" if is_new else "told already; a channel gets one a date"
        yield f"{named}: {outcome}"


def _planner(settings: Settings) -> DigestPlanner:
    return DigestPlanner(DigestSchedule.from_settings(settings))
