"""Slack's checks: the tokens and their scopes; and, with a token that works, of people and channels."""

from collections.abc import AsyncIterator, Iterator

import aiohttp

from bot.app import App
from bot.doctor import channels, people, templates
from bot.doctor.check import (
    REINSTALL,
    Check,
    clock_check,
    failure,
    guarded_checks,
    guarded_checks_async,
    ok,
    slack_failure,
)
from bot.settings.model import Settings
from bot.slack.account import Account
from bot.slack.errors import IF_BOT_IS_REFUSED, SlackError, translated_errors
from bot.slack.manifest import SCOPES
from bot.slack.transport import slack_session, web_client
from bot.slack.workspace import Workspace, connect_workspace

_IF_APP_IS_REFUSED = (
    "Copy it again from your Slack app: Basic Information, App-Level Tokens. It needs connections:write, and Socket"
    " Mode has to be on."
)


def setting_checks(settings: Settings) -> Iterator[Check]:
    """Yield the checks of what the settings hold for Slack."""
    if settings.slack_bot_token is None:
        remedy = "Copy it from your Slack app (OAuth & Permissions); `neo-usage manifest` makes the app."
        yield failure("slack bot token", "SLACK_BOT_TOKEN isn't set", remedy)
    if settings.slack_app_token is not None:
        yield ok("slack connection", "Socket Mode, by SLACK_APP_TOKEN")
    elif settings.slack_signing_secret is not None:
        address = f"{settings.http_host}:{settings.http_port}/slack/events"
        yield ok("slack connection", f"over HTTP at {address}, by SLACK_SIGNING_SECRET")
    else:
        remedy = "Create one in your Slack app (Basic Information, App-Level Tokens) with connections:write."
        yield failure("slack connection", "SLACK_APP_TOKEN isn't set", remedy)
    if not settings.admins:
        remedy = "Name operators by Slack id or e-mail, separated by commas."
        yield failure("operators", "ADMINS is empty: nobody sees more than their own spend", remedy)
    yield from channels.setting_checks(settings)


async def workspace_checks(app: App) -> AsyncIterator[Check]:
    """Ask Slack, if there is a token, and yield the checks of its answers."""
    settings = app.settings
    if settings.slack_bot_token is None:
        return
    async with connect_workspace(settings.slack_bot_token.reveal(), settings.slack_api_url) as slack:
        account = None
        try:
            account = await slack.identify()
        except SlackError as error:
            yield slack_failure("slack bot token", error, IF_BOT_IS_REFUSED)
        if settings.slack_app_token is not None:
            yield await _socket(settings.slack_app_token.reveal(), settings.slack_api_url)
        if account is not None:
            async for check in _within(app, slack, account):
                yield check


async def _within(app: App, slack: Workspace, account: Account) -> AsyncIterator[Check]:
    """Yield what the bot may do in its workspace, and the checks of people and channels."""
    yield ok("slack bot token", f"the bot is {account.user} in workspace {account.team}")
    for check in _scopes(account):
        yield check
    yield clock_check("Slack", account.time, app.clock())
    try:
        users = await people.everybody(slack, account)
    except SlackError as error:
        yield failure("people", f"the list of people can't be read: {error}", REINSTALL)
        users = []
    else:
        for check in guarded_checks("people", lambda: people.checks(app, users)):
            yield check
    async for check in guarded_checks_async("templates", templates.validation_checks(app.settings, slack)):
        yield check
    async for check in channels.checks(app.settings, slack, account, users):
        yield check


def _scopes(account: Account) -> Iterator[Check]:
    missing = [scope for scope in SCOPES if scope not in account.scopes]
    if not missing:
        yield ok("slack scopes", f"all {len(SCOPES)} are granted")
    for scope in missing:
        yield failure(f"scope {scope}", f"missing: {SCOPES[scope]}", REINSTALL)


async def _socket(token: str, address: str) -> Check:
    try:
        async with slack_session(address, aiohttp.ClientTimeout(total=10)) as session:
            with translated_errors():
                await web_client(None, address, session).apps_connections_open(app_token=token)
    except SlackError as error:
        return slack_failure("slack app token", error, _IF_APP_IS_REFUSED)
    return ok("slack app token", "opens a connection")
