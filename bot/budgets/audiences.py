"""The audiences of budgets: who is notified of a crossing, and for whom a budget can be snoozed."""

from dataclasses import dataclass
from enum import StrEnum

from bot.budgets.rules import FULL, TEAM
from bot.outbox.destinations import AlertDestination, Destination, MemberDestination, OperatorsDestination

_OPERATOR = "operator="


class Audience(StrEnum):
    """Where a crossing is notified: to the member (or the operators, for the team), or in the alert channel."""

    DM = "dm"
    CHANNEL = "channel"


@dataclass(frozen=True, slots=True)
class OperatorAudience:
    """One operator's own direct messages. Snoozing them affects no other operator."""

    user: str


SnoozeAudience = Audience | OperatorAudience
"""For whom a budget can be snoozed."""


def encode_audience(audience: SnoozeAudience) -> str:
    """Return `dm`, `channel` or `operator=<Slack id>`."""
    return f"{_OPERATOR}{audience.user}" if isinstance(audience, OperatorAudience) else audience.value


def decode_audience(text: str) -> SnoozeAudience:
    """Return the audience that a string stands for. Raises ValueError if there is none."""
    if text.startswith(_OPERATOR):
        return OperatorAudience(text.removeprefix(_OPERATOR))
    return Audience(text)


def crossing_audiences(subject: int, step: int) -> tuple[Audience, ...]:
    """Return who is notified of a step.

    A member: their direct messages, from 100% on the channel too. The team: operators' direct messages, from 100% on
    the channel instead.
    """
    if subject == TEAM:
        return (Audience.DM,) if step < FULL else (Audience.CHANNEL,)
    return (Audience.DM,) if step < FULL else (Audience.DM, Audience.CHANNEL)


def audience_destination(subject: int, audience: Audience) -> Destination:
    """Return where an audience is notified of a subject's budgets."""
    if audience is Audience.CHANNEL:
        return AlertDestination(team=subject == TEAM)
    return OperatorsDestination() if subject == TEAM else MemberDestination(subject)
