"""The facts of silences: those in force, by name, and what can be silenced in an alert."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from bot.domain.pricing import SpendBasis
from bot.failures.alert_facts import NOBODY, facts_of, kind_name
from bot.failures.keys import ReportedGroups, SilenceTarget, TargetType
from bot.failures.silence_form import Choice
from bot.failures.silence_store import active_silences
from bot.ledger.members import emails_by_id, ids_by_email, stored_email
from bot.ledger.scope import EVERYTHING
from bot.people.member_names import MemberNames

_OFFERED = 30  # the most kinds, models and members each that the form offers; Slack takes 100 options in all


@dataclass(frozen=True, slots=True)
class ActiveSilence:
    """A silence in force when it was listed: its id, what it is about, until when, why, and by whom (a Slack id)."""

    id: int
    name: str
    until: datetime
    reason: str | None
    by: str
    listed_at: datetime


def named_silences(connection: Connection, now: datetime, names: MemberNames) -> list[ActiveSilence]:
    """Return the silences in force, those that end first at the beginning, from one snapshot."""
    return [
        ActiveSilence(each.id, target_name(connection, each.target, names), each.until, each.reason, each.by, now)
        for each in active_silences(connection, now)
    ]


def target_name(connection: Connection, target: SilenceTarget, names: MemberNames) -> str:
    """Return what a silence is about, in words."""
    match target.type:
        case TargetType.MODEL:
            return f"all failures of {target.value}"
        case TargetType.MEMBER:
            member = int(target.value)
            email = emails_by_id(connection, [member]).get(member, NOBODY)
            return f"all failures of {names(connection, [email])[email]}"
        case TargetType.KIND:
            return kind_name(connection, int(target.value))


def silence_choices(
    connection: Connection, groups: ReportedGroups, basis: SpendBasis, names: MemberNames
) -> list[Choice]:
    """Return what can be silenced in an alert, from one snapshot."""
    groups_facts = facts_of(connection, groups, basis, EVERYTHING)
    return [
        *_kinds(connection, (each.kind for each in groups_facts)),
        *_models(each.model for each in groups_facts),
        *_members(connection, (email for each in groups_facts for email in each.members), names),
    ]


def _kinds(connection: Connection, kinds: Iterable[int]) -> list[Choice]:
    return [
        Choice(SilenceTarget(TargetType.KIND, str(kind)), f"This error: {kind_name(connection, kind)}")
        for kind in list(dict.fromkeys(kinds))[:_OFFERED]
    ]


def _models(models: Iterable[str]) -> list[Choice]:
    return [
        Choice(SilenceTarget(TargetType.MODEL, model), f"All failures of {model}")
        for model in list(dict.fromkeys(models))[:_OFFERED]
    ]


def _members(connection: Connection, emails: Iterable[str], names: MemberNames) -> list[Choice]:
    offered = list(dict.fromkeys(emails))[:_OFFERED]
    called = names(connection, offered)
    ids = ids_by_email(connection, [stored_email(email) for email in offered])
    return [
        Choice(SilenceTarget(TargetType.MEMBER, str(ids[stored_email(email)])), f"All failures of {called[email]}")
        for email in offered
        if stored_email(email) in ids
    ]
