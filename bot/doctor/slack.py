"""Slack's checks: the tokens, their scopes, the operators, and each channel that is named in the settings."""

from collections.abc import AsyncIterator, Awaitable, Iterator
from typing import Any

import aiohttp

from bot.app import App
from bot.database.errors import LedgerError
from bot.doctor.check import Check, State, guarded_async
from bot.ledger.members import people
from bot.people.links import users_by_email
from bot.people.roles import Denied, SlackUser, read_user
from bot.settings.model import Settings
from bot.slack.account import Account
from bot.slack.channels import is_shared_outside
from bot.slack.errors import RefusedBySlackError, SlackError, SlackUnavailableError, translated_errors
from bot.slack.manifest import SCOPES
from bot.slack.transport import slack_session, web_client
from bot.slack.workspace import Workspace, connect_workspace

_REINSTALL = "Add it in your Slack app (OAuth & Permissions), then install the app again."
_MOST_NAMED = 5


def tokens(settings: Settings) -> Iterator[Check]:
    """Look at what is set."""
    if settings.slack_bot_token is None:
        mend = "Copy it from your Slack app (OAuth & Permissions); `neo-usage manifest` makes the app."
        yield Check(State.FAIL, "slack bot token", "SLACK_BOT_TOKEN is not set", mend)
    if settings.slack_app_token is not None:
        yield Check(State.OK, "slack connection", "Socket Mode, by SLACK_APP_TOKEN")
    elif settings.slack_signing_secret is not None:
        where = f"{settings.http_host}:{settings.http_port}/slack/events"
        yield Check(State.OK, "slack connection", f"over HTTP at {where}, by SLACK_SIGNING_SECRET")
    else:
        mend = "Make one in your Slack app (Basic Information, App-Level Tokens) with connections:write."
        yield Check(State.FAIL, "slack connection", "SLACK_APP_TOKEN is not set", mend)
    if not settings.admins:
        mend = "Name operators by Slack id or e-mail, separated by commas."
        yield Check(State.FAIL, "operators", "ADMINS is empty: nobody sees more than their own spend", mend)


async def workspace(app: App) -> AsyncIterator[Check]:
    """Ask Slack."""
    settings = app.settings
    if settings.slack_bot_token is None:
        return
    async with connect_workspace(settings.slack_bot_token.reveal(), settings.slack_api_url) as slack:
        account = None
        try:
            account = await slack.account()
        except SlackError as error:
            yield _unusable("slack bot token", error)
        if settings.slack_app_token is not None:
            yield await _socket(settings.slack_app_token.reveal(), settings.slack_api_url)
        if account is not None:
            async for check in _within(app, slack, account):
                yield check


async def _within(app: App, slack: Workspace, account: Account) -> AsyncIterator[Check]:
    """What the bot may do in its workspace, who is in it, and the channels."""
    yield Check(State.OK, "slack bot token", f"the bot is {account.user} in workspace {account.team}")
    for check in _scopes(account):
        yield check
    async for check in guarded_async("people", _people(app, slack, account)):
        yield check
    for name, channels in _channels(app.settings).items():
        for channel in channels:
            async for check in guarded_async(f"{name} {channel}", _only(_channel(slack, account, name, channel))):
                yield check


async def _only(check: Awaitable[Check]) -> AsyncIterator[Check]:
    yield await check


def _unusable(what: str, error: SlackError) -> Check:
    if isinstance(error, RefusedBySlackError):
        return Check(State.FAIL, what, str(error), "Copy the token again, whole, from the app that is installed.")
    mend = error.remedy if isinstance(error, SlackUnavailableError) else ""
    return Check(State.FAIL, what, str(error), mend or "Check this machine's way to Slack (DNS, proxy, firewall).")


def _scopes(account: Account) -> Iterator[Check]:
    missing = [scope for scope in SCOPES if scope not in account.scopes]
    if not missing:
        yield Check(State.OK, "slack scopes", f"all {len(SCOPES)} are there")
    for scope in missing:
        yield Check(State.FAIL, f"scope {scope}", f"missing: {SCOPES[scope]}", _REINSTALL)


async def _socket(token: str, address: str) -> Check:
    try:
        async with slack_session(address, aiohttp.ClientTimeout(total=10)) as over:
            with translated_errors():
                await web_client(None, address, over).apps_connections_open(app_token=token)
    except RefusedBySlackError as error:
        mend = "Turn Socket Mode on, and give the app-level token connections:write (Basic Information)."
        return Check(State.FAIL, "slack app token", str(error), mend)
    except SlackError as error:
        return _unusable("slack app token", error)
    return Check(State.OK, "slack app token", "opens a connection")


# --- people --------------------------------------------------------------------------------------


async def _people(app: App, slack: Workspace, account: Account) -> AsyncIterator[Check]:
    try:
        users = [read_user(record, account.team, account.enterprise) async for record in slack.users.everybody()]
    except SlackError as error:
        yield Check(State.FAIL, "people", f"the list of people cannot be read: {error}", _REINSTALL)
        return
    for admin in sorted(app.settings.admins):
        yield _operator(admin, users)
    yield _matched(app, users)


_WHY = {
    Denied.GUEST: "a guest",
    Denied.BOT: "a bot",
    Denied.GONE: "deactivated",
    Denied.OUTSIDE: "from another workspace",
}


def _operator(admin: str, users: list[SlackUser]) -> Check:
    found = next((user for user in users if admin in {user.id, user.email}), None)
    if found is None:
        mend = "Name somebody of this workspace; an e-mail counts only once Slack has confirmed it."
        return Check(State.FAIL, "operator", f"{admin} is nobody here", mend)
    if found.denied:
        why = {Denied.GUEST: "a guest", Denied.GONE: "deactivated", Denied.BOT: "a bot"}.get(
            found.denied, "from outside"
        )
        return Check(State.FAIL, "operator", f"{admin} is {why}, and is not answered", "Name somebody else in ADMINS.")
    return Check(State.OK, "operator", f"{admin} is {found.name}")


def _matched(app: App, users: list[SlackUser]) -> Check:
    """Whether the members of the ledger are known in Slack."""
    try:
        with app.reader() as reader:
            links = users_by_email(reader)
            members = [each.email for each in people(reader) if each.tasks and "@" in each.email]
    except LedgerError:
        return Check(State.WARN, "members", "no ledger yet to match with Slack", "`neo-usage sync` makes it")
    known = {user.email for user in users} | set(links)
    strangers = [email for email in members if email not in known]
    if not strangers:
        return Check(State.OK, "members", f"all {len(members)} are known in Slack")
    named = ", ".join(strangers[:_MOST_NAMED]) + ("" if len(strangers) <= _MOST_NAMED else " and others")
    mend = "`neo-usage member link E-MAIL SLACK_ID` tells who they are."
    return Check(State.WARN, "members", f"{len(strangers)} of {len(members)} have no Slack user: {named}", mend)


# --- channels ------------------------------------------------------------------------------------


def _channels(settings: Settings) -> dict[str, tuple[str, ...]]:
    alert = (settings.alert_channel,) if settings.alert_channel else ()
    ops = (settings.ops_channel,) if settings.ops_channel else ()
    return {"DIGEST_CHANNEL": settings.digest_channel, "ALERT_CHANNEL": alert, "OPS_CHANNEL": ops}


async def _channel(slack: Workspace, account: Account, name: str, channel: str) -> Check:
    what = f"{name} {channel}"
    try:
        found = await slack.channels.find(channel)
        if found is None:
            mend = "Check the spelling, or invite the bot if the channel is private."
            return Check(State.FAIL, what, "there is no such channel that the bot can see", mend)
        if trouble := _trouble(found):
            return Check(State.FAIL, what, *trouble)
        await slack.history.check_readable(found["id"])
    except RefusedBySlackError as error:
        mend = _REINSTALL if error.needed else "Invite the bot: /invite @neo-usage"
        return Check(State.FAIL, what, f"its history cannot be read ({error.code})", mend)
    except SlackError as error:
        return _unusable(what, error)
    return Check(State.OK, what, f"#{found['name']}: the bot {account.user} is in it and can read its history")


def _trouble(found: dict[str, Any]) -> tuple[str, str] | None:
    if found.get("is_archived"):
        return "it is archived", "Name another channel."
    if is_shared_outside(found):
        return "it is shared with another company, so nothing is posted there", "Name a channel of your own."
    if not found.get("is_member"):
        return "the bot is not in it", "Invite the bot: /invite @neo-usage"
    return None
