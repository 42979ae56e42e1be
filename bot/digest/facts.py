"""The facts of a digest: spend, failures, budgets at risk, unusual days, and what was booked late."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import Connection

from bot.balance.facts import BalanceFacts, balance_facts
from bot.digest import store
from bot.digest.budget_facts import BudgetsAtRisk, budgets_at_risk
from bot.digest.keys import DigestTopic
from bot.digest.policy import DigestPolicy
from bot.digest.rules import DigestDays
from bot.digest.spend_facts import HeldTime, SpendFacts, SpendPart, holds_all
from bot.digest.store import DigestDecision
from bot.domain.money import median_nanos
from bot.domain.periods import Unit, Window, local_day
from bot.domain.timestamps import from_us
from bot.failures.error_lines import ErrorLine, error_lines
from bot.ledger.charge_queries import ChargeRange, late_charges
from bot.ledger.freshness import beginning, freshness
from bot.ledger.members import emails_by_id
from bot.ledger.neo_agreement import NeoAgreement, neo_agreement
from bot.ledger.scope import EVERYTHING
from bot.ledger.selection import Selection, conditions_of
from bot.spikes.facts import spikes_of
from bot.spikes.rules import Spike

_MOST_DAYS = 31  # the most days that are searched for spikes


@dataclass(frozen=True, slots=True)
class DigestFacts:
    """What a digest reports. Amounts are nanos.

    `usual_nanos` is the median of so many (`usual_of`) of the same days of the week before, None without any.
    `late` are the amounts booked since the digest before onto days that it or earlier ones reported. `agreement` is
    how spend compares with Neo's own total, `balance` what Neo says is left, `at` when it was all read.
    """

    span: DigestDays
    days: SpendPart
    usual_nanos: int | None
    usual_of: int
    failing: tuple[ErrorLine, ...]
    budgets: BudgetsAtRisk
    unusual: tuple[tuple[date, str, Spike], ...]
    late: tuple[tuple[date, int], ...]
    chart: tuple[tuple[date, int], ...]
    week: SpendPart | None
    month: SpendPart | None
    as_of: datetime | None
    complete: bool
    unit_assumed: bool
    agreement: NeoAgreement
    balance: BalanceFacts
    at: datetime

    @property
    def emails(self) -> set[str]:
        """The e-mails of the members in it, and the scopes of budgets that are no member's."""
        parts = [part for part in (self.days, self.week, self.month) if part is not None]
        budgets = (*self.budgets.over, *self.budgets.near, *self.budgets.ahead)
        return {
            *(group.key[0] for part in parts for group in part.members),
            *(line.scope for line in budgets),
            *(email for _, email, _ in self.unusual),
        }


def facts_of_day(connection: Connection, topic: DigestTopic, policy: DigestPolicy, now: datetime) -> DigestFacts:
    """Return the facts of a channel's digest of a date, posted or not; without a channel, of the day before."""
    decision = store.decision_of(connection, topic)
    span = decision.span if decision else store.span_of(connection, topic)
    return digest_facts(connection, span, store.last_posted_before(connection, topic), policy, now)


def digest_facts(
    connection: Connection, span: DigestDays, before: DigestDecision | None, policy: DigestPolicy, now: datetime
) -> DigestFacts:
    """Return the facts of a digest of some days, read in one snapshot; `before` is the digest before it, if any."""
    fresh = freshness(connection, now)
    spend = SpendFacts(connection, policy, HeldTime(fresh, beginning(connection, fresh, EVERYTHING)))
    days = spend.days(span)
    usual = list(spend.usual(span))
    where = conditions_of(connection, Selection(EVERYTHING, days.window))
    return DigestFacts(
        span=span,
        days=days,
        usual_nanos=median_nanos(usual) if usual else None,
        usual_of=len(usual),
        failing=tuple(error_lines(connection, where, policy.basis, policy.failing)),
        budgets=budgets_at_risk(connection, days.window, policy, now),
        unusual=tuple(_spikes(connection, span, policy)),
        late=tuple(_late_amounts(connection, span, before, policy)),
        chart=tuple(spend.chart(span)),
        week=spend.ended_period(span, Unit.WEEK),
        month=spend.ended_period(span, Unit.MONTH),
        as_of=fresh.as_of,
        complete=holds_all(connection, days.window, now),
        unit_assumed=days.total.by_unit and not policy.unit_is_set,
        agreement=neo_agreement(connection),
        balance=balance_facts(connection, now),
        at=now,
    )


def _spikes(connection: Connection, span: DigestDays, policy: DigestPolicy) -> Iterator[tuple[date, str, Spike]]:
    """Return the dates on which members spent unusually much by their own usual days, with their e-mails."""
    days = [span.first + timedelta(days=number) for number in range(span.count)][-_MOST_DAYS:]
    spikes = [(day, each) for day in days for each in spikes_of(connection, day, policy.spikes) if each.has_baseline]
    emails = emails_by_id(connection, {each.member for _, each in spikes})
    return ((day, emails[each.member], each) for day, each in spikes)


def _late_amounts(
    connection: Connection, span: DigestDays, before: DigestDecision | None, policy: DigestPolicy
) -> Iterator[tuple[date, int]]:
    """Return what was booked onto earlier days since the digest before, by date.

    What was read of the time before the ledger began is left out.
    """
    if before is None:
        return
    earlier = ChargeRange(Window(from_us(before.begins), span.window(policy.zone).start), after=before.last_charge)
    by_day: dict[date, int] = defaultdict(int)
    for each in late_charges(connection, earlier, store.rendered_at(connection, before)):
        by_day[local_day(each.start, policy.zone)] += policy.basis.spend(each.platform_nanos, each.provider_nanos)
    yield from sorted((day, nanos) for day, nanos in by_day.items() if nanos)
