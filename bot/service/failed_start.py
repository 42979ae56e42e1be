"""The failed start: operators are told by DM why the service could not open its ledger, once a day at most."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path

import structlog

from bot.database.errors import UNNAMED, LedgerError, UnusableError
from bot.database.file_lock import InUseError
from bot.settings.credentials import Secret
from bot.settings.model import Settings
from bot.shipped import shipped
from bot.slack.blocks import Message, paragraph
from bot.slack.errors import SlackError
from bot.slack.templates import Templates
from bot.slack.workspace import Workspace, connect_workspace

log = structlog.get_logger(__name__)

BETWEEN = timedelta(days=1)  # two messages about it
MAX_SECONDS = 8.0  # that the end of the process waits for Slack
_KEY = "not_started"  # in the metadata of the message; no notification of the outbox has it


async def report_failed_start(error: Exception, settings: Settings, bot_token: Secret, now: datetime) -> None:
    """Tell operators why the service cannot start, unless that is probably over soon, or their DM says so already.

    There is no ledger that could say who was told, and the service is started again and again. So whoever's history
    Slack does not show is not told.
    """
    if _may_pass(error):
        return
    message, since = _message(error, settings), (now - BETWEEN).timestamp()
    slack = connect_workspace(bot_token.reveal(), settings.slack_api_url)
    try:
        async with asyncio.timeout(MAX_SECONDS), slack as workspace:
            async for user in _operators(workspace, settings):
                await _tell(workspace, user, message, since)
    except (SlackError, TimeoutError) as failure:
        log.warning("could not tell every operator that the service does not start", why=str(failure) or "no answer")


def _may_pass(error: Exception) -> bool:
    """Return whether the next start may well succeed: the ledger is locked, being restored, or out of reach."""
    return isinstance(error, InUseError) or (isinstance(error, UnusableError) and (error.locked or error.unreachable))


def _message(error: Exception, settings: Settings) -> Message:
    why = error.why if isinstance(error, LedgerError) else UNNAMED
    templates = Templates(shipped("templates"), settings.templates_dir)
    several = not isinstance(settings.database, Path)  # a server's ledger may be that of another service, too
    return paragraph(templates.render("incidents/not_started", why=why, several=several))


async def _operators(workspace: Workspace, settings: Settings) -> AsyncIterator[str]:
    """Yield the Slack ids of the operators. Raises SlackError."""
    for each in sorted(settings.admins):
        if "@" not in each:
            yield each
        elif (user := await workspace.users.by_email(each)) is not None:
            yield str(user["id"])


async def _tell(workspace: Workspace, user: str, message: Message, since: float) -> None:
    """Send an operator the message, unless they have got one `since` then."""
    try:
        channel = await workspace.channels.open_dm(user)
        if not await workspace.history.messages_with_key(channel, _KEY, since):
            await workspace.messages.post_notification(channel, message, _KEY)
    except SlackError as failure:
        log.warning("could not notify an operator", user=user, why=str(failure))
