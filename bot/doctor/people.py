"""The checks of people: that operators can be answered, and that Slack knows the members of the ledger."""

from collections.abc import Iterator, Mapping, Sequence

from sqlalchemy import Connection

from bot.app import App
from bot.doctor.check import Check, failure, ok, warning
from bot.doctor.ledger import read_unchanged
from bot.ledger.members import member_summaries
from bot.people.links import users_by_email
from bot.people.roles import DenialReason, SlackUser, read_user
from bot.slack.account import Account
from bot.slack.workspace import Workspace

_MOST_NAMED = 5
_DENIED = {
    DenialReason.GUEST: "a guest",
    DenialReason.BOT: "a bot",
    DenialReason.GONE: "deactivated",
    DenialReason.OUTSIDE: "from outside",
}


async def everybody(slack: Workspace, account: Account) -> list[SlackUser]:
    """Return everybody in the workspace. Raises SlackError."""
    return [read_user(record, account.team, account.enterprise) async for record in slack.users.everybody()]


def checks(app: App, users: Sequence[SlackUser]) -> Iterator[Check]:
    """Yield the check of each operator and one of the members; `users` is everybody in the workspace."""
    for admin in sorted(app.settings.admins):
        yield _operator(admin, users)
    if (members := read_unchanged(app, _members)) is not None:
        yield _check_of_members(members, users)


def _operator(admin: str, users: Sequence[SlackUser]) -> Check:
    user = next((user for user in users if admin in {user.id, user.email}), None)
    if user is None:
        remedy = (
            "Use the id or e-mail of somebody in this workspace; an e-mail counts only once Slack has confirmed it."
        )
        return failure("operator", f"{admin} isn't in this workspace", remedy)
    if user.denial:
        finding = f"{admin} is {_DENIED[user.denial]}, so the bot doesn't answer them"
        return failure("operator", finding, "Name somebody else in ADMINS.")
    return ok("operator", f"{admin} is {user.name}")


def _members(connection: Connection) -> dict[str, bool]:
    """Return the e-mails of all members who have tasks, each with whether it is linked to a Slack user."""
    links = users_by_email(connection)
    emails = [each.email for each in member_summaries(connection) if each.tasks and "@" in each.email]
    return {email: email in links for email in emails}


def _check_of_members(emails: Mapping[str, bool], users: Sequence[SlackUser]) -> Check:
    """Return whether Slack knows every one of these members."""
    known_emails = {user.email for user in users}
    strangers = [email for email, is_linked in emails.items() if not is_linked and email not in known_emails]
    if not strangers:
        return ok("members", f"all {len(emails)} are known in Slack")
    named = ", ".join(strangers[:_MOST_NAMED]) + ("" if len(strangers) <= _MOST_NAMED else " and others")
    remedy = "Run `neo-usage member link E-MAIL SLACK_ID` to say who they are."
    return warning("members", f"no Slack user for {named} ({len(strangers)} of {len(emails)} members)", remedy)
