"""The facts of the card that `/neo-usage` alone shows: one's own month; for an operator also the team's."""

from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection

from bot.domain.access import Caller, Role
from bot.home.month_facts import MONTH, HomePolicy, MonthFacts, OwnFacts, Snapshot
from bot.usage.report import Report

_MODELS = replace(MONTH, by=("model",), top=3)


@dataclass(frozen=True, slots=True)
class OwnCard:
    """A member's own part of the card; `models` is the month by model, cut to the largest three."""

    facts: OwnFacts
    models: Report


@dataclass(frozen=True, slots=True)
class CardFacts:
    """What one person sees. `own` is None for whoever has no task, `team` for everybody but operators."""

    own: OwnCard | None
    team: MonthFacts | None
    as_of: datetime | None


def card_facts(connection: Connection, caller: Caller, policy: HomePolicy, now: datetime) -> CardFacts:
    """Return what a caller may see. Raises UnreadError if the ledger holds nothing yet."""
    snapshot = Snapshot(connection, caller, policy, now)
    member = snapshot.member()
    own = None if member is None else OwnCard(snapshot.own(member), snapshot.own_report(_MODELS))
    team = snapshot.team_month() if caller.role is Role.OPERATOR else None
    return CardFacts(own, team, snapshot.as_of)
