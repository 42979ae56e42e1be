"""Roles: what a Slack user may do, decided from Slack's record of them."""

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from bot.domain.access import Caller, Role
from bot.domain.tasks import normalized_email

SLACKBOT = "USLACKBOT"  # Slack's own bot, whose record does not say that it is one


class DenialReason(StrEnum):
    """Why somebody may not use the bot at all."""

    GUEST = "guest"
    BOT = "bot"
    GONE = "gone"
    OUTSIDE = "outside"


@dataclass(frozen=True, slots=True)
class SlackUser:
    """What matters of a Slack user's record; `email` is None unless Slack has confirmed it."""

    id: str
    name: str
    email: str | None
    denial: DenialReason | None


def read_user(record: dict[str, Any], team: str, enterprise: str | None) -> SlackUser:
    """Return the user of Slack's record; `team` and `enterprise` are the bot's own."""
    profile = record.get("profile") or {}
    email = profile.get("email") if record.get("is_email_confirmed") is True else None
    name = profile.get("real_name") or profile.get("display_name") or record.get("name") or record["id"]
    address = normalized_email(email) if email else ""
    denial = _denial(record, team, enterprise)
    return SlackUser(record["id"], str(name), address if "@" in address else None, denial)


def _denial(record: dict[str, Any], team: str, enterprise: str | None) -> DenialReason | None:
    if record.get("deleted"):
        return DenialReason.GONE
    if record.get("is_bot") or record.get("is_workflow_bot") or record["id"] == SLACKBOT:
        return DenialReason.BOT
    if record.get("is_stranger") or not _is_colleague(record, team, enterprise):
        return DenialReason.OUTSIDE
    if record.get("is_restricted") or record.get("is_ultra_restricted"):
        return DenialReason.GUEST
    return None


def _is_colleague(record: dict[str, Any], team: str, enterprise: str | None) -> bool:
    users_enterprise = (record.get("enterprise_user") or {}).get("enterprise_id")
    return record.get("team_id") == team or (enterprise is not None and users_enterprise == enterprise)


def caller_of(user: SlackUser, admins: Collection[str], linked: str | None, *, taken: bool) -> Caller:
    """Return the role and the member of a user who is not denied.

    Args:
        user: the user.
        admins: the operators, by Slack id or e-mail.
        linked: the e-mail that an operator linked the user to. It makes nobody an operator.
        taken: whether the user's own e-mail is linked to somebody else.
    """
    operator = user.id in admins or (user.email is not None and user.email in admins)
    member = linked or (None if taken else user.email)
    return Caller(Role.OPERATOR if operator else Role.MEMBER, member)
