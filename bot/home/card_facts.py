"""The facts of cards: one's own month, which `/neo-usage` alone shows, for an operator also the team's; the team's."""

from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection

from bot.budgets.listing.lines import BudgetLine
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


@dataclass(frozen=True, slots=True)
class TeamCard:
    """The team's card; `models` is its month by model, cut to the largest three."""

    month: MonthFacts
    budgets: tuple[BudgetLine, ...]
    models: Report
    as_of: datetime | None


def team_card(connection: Connection, caller: Caller, policy: HomePolicy, now: datetime) -> TeamCard:
    """Return the team's card. Raises RefusedError unless the caller is an operator, and UnreadError as `card_facts`."""
    snapshot = Snapshot(connection, caller, policy, now)
    return TeamCard(snapshot.team_month(), snapshot.team_budgets(), snapshot.team_report(_MODELS), snapshot.as_of)


def card_facts(connection: Connection, caller: Caller, policy: HomePolicy, now: datetime) -> CardFacts:
    """Return what a caller may see. Raises UnreadError if the ledger holds nothing yet."""
    snapshot = Snapshot(connection, caller, policy, now)
    member = snapshot.member()
    own = None if member is None else OwnCard(snapshot.own(member), snapshot.own_report(_MODELS))
    team = snapshot.team_month() if caller.role is Role.OPERATOR else None
    return CardFacts(own, team, snapshot.as_of)
