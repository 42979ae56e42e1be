"""The gauges: facts of the ledger and of the running service as Prometheus reads them."""

import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

from prometheus_client.metrics_core import GaugeMetricFamily, Metric

from bot import __version__
from bot.budgets.periods import UNITS
from bot.domain.money import NANOS_PER_CREDIT, NANOS_PER_USD
from bot.metrics.ledger_facts import LedgerFacts
from bot.metrics.process_metrics import PREFIX
from bot.outbox.rules import OPEN, NotificationState

_SCOPES = ("team", "default", "member")
_UNSENT = (*OPEN, NotificationState.DEAD)
Values = dict[tuple[str, ...], float]


@dataclass(frozen=True, slots=True)
class ServiceState:
    """What a running service knows of itself; `poll_seconds` is between two reads of Neo."""

    database_writable: bool
    slack_connected: bool
    runs_jobs: bool
    poll_seconds: int


@dataclass(frozen=True, slots=True)
class GaugeLabels:
    """The label values that are exported also where there is nothing to count."""

    notifications: Iterable[str]
    steps: Iterable[int]


def service_families(state: ServiceState, *, is_readable: bool) -> Iterator[Metric]:
    """Yield what the service knows of itself, and whether the database could be read just now."""
    version = f"{sys.version_info.major}.{sys.version_info.minor}.{sys.version_info.micro}"
    yield _labeled("build_info", "The version that runs; always 1.", {"version": __version__, "python": version}, 1)
    yield _gauge("database_readable", "1 if the database could be read for this scrape.", is_readable)
    yield _gauge(
        "database_writable", "1 if the database could be written when that was last tried.", state.database_writable
    )
    yield _gauge("slack_connected", "1 if people's requests reach the bot.", state.slack_connected)
    yield _gauge("jobs_running", "1 if this process reads Neo and sends digests, 0 if it stands by.", state.runs_jobs)
    yield _gauge("poll_interval_seconds", "The time between two reads of Neo (POLL_SECONDS).", state.poll_seconds)


def ledger_families(facts: LedgerFacts, labels: GaugeLabels, *, names_members: bool) -> Iterator[Metric]:
    """Yield the facts of the ledger; members are named by e-mail, and only if they are to be."""
    spend: Values = {(name,): nanos / NANOS_PER_USD for name, nanos in facts.spend.items()}
    yield _gauges("spend_usd", "What the team has spent in this day or month so far.", ["span"], spend)
    if names_members:
        by_member: Values = {key: nanos / NANOS_PER_USD for key, nanos in facts.member_spend.items()}
        yield _gauges("member_spend_usd", "What each member has spent so far.", ["span", "member"], by_member)
    age = float("inf") if facts.age is None else facts.age.total_seconds()
    yield _gauge("data_age_seconds", "The time since Neo was last read completely; +Inf before that.", age)
    yield _gauge("rejected_rows", "Rows of Neo that cannot be counted now.", facts.rejected_rows)
    yield from _neo_total_families(facts)
    yield from _balance_families(facts)
    yield from _message_families(facts, labels)
    yield from _budget_families(facts, labels)
    held: Values = {(name,): float(is_held) for name, is_held in facts.held_leases.items()}
    yield _gauges("lease_held", "1 if any process holds the lease.", ["lease"], held)
    yield _gauge("database_size_bytes", "The size of the database.", facts.bytes)
    if facts.free_bytes is not None:
        yield _gauge("database_free_bytes", "What is free on the disk of the database's file.", facts.free_bytes)
    if facts.backup_age is not None:
        what = "The time since the last scheduled backup was made; +Inf while there is none, though one was due."
        yield _gauge("backup_age_seconds", what, facts.backup_age)
    yield _gauge("schema_version", "The number of the database's schema.", facts.schema)


def _neo_total_families(facts: LedgerFacts) -> Iterator[Metric]:
    agreement = facts.agreement
    age = _age(facts, agreement.compared_at)
    yield _gauge(
        "neo_total_age_seconds", "The time since spend was compared with Neo's own total; +Inf before that.", age
    )
    what = "Days on which spend differs from Neo's own total, of all members or of one."
    yield _gauge("neo_total_differences", what, len(agreement.differing_days))
    if agreement.through is not None:
        what = "The end of the last UTC day through which spend agrees with Neo's own total, in seconds since 1970."
        end = datetime.combine(agreement.through + timedelta(days=1), time(), UTC)
        yield _gauge("neo_total_agrees_until_timestamp_seconds", what, end.timestamp())


def _balance_families(facts: LedgerFacts) -> Iterator[Metric]:
    balance = facts.balance.balance
    yield _gauge(
        "balance_age_seconds",
        "The time since Neo said how many credits are left; +Inf before that.",
        _age(facts, balance.said_at),
    )
    if balance.said_at is not None:
        yield _gauge(
            "balance_credits", "The Neo credits that were left then.", balance.available_nanos / NANOS_PER_CREDIT
        )
    if (lasts := balance.runway) is not None:
        what = "How long they last at the pace of the weeks before; +Inf for years."
        runway = float("inf") if lasts.days is None else timedelta(days=lasts.days).total_seconds()
        yield _gauge("balance_runway_seconds", what, runway)
    if (valid := facts.balance.expires_in_seconds) is not None:
        yield _gauge("balance_expires_in_seconds", "The time until they expire; 0 once they have.", valid)


def _age(facts: LedgerFacts, moment: datetime | None) -> float:
    return float("inf") if moment is None else max(0.0, (facts.at - moment).total_seconds())


def _message_families(facts: LedgerFacts, labels: GaugeLabels) -> Iterator[Metric]:
    counts: Values = {(state.name.lower(), kind): 0 for state in _UNSENT for kind in labels.notifications}
    counts |= {(state.name.lower(), kind): number for (state, kind), number in facts.unsent.items()}
    yield _gauges(
        "notifications", "Messages and events that are not sent, by state and kind.", ["state", "kind"], counts
    )
    wait = facts.longest_wait.total_seconds()
    yield _gauge("notification_wait_seconds", "How long the oldest message that could be sent waits.", wait)


def _budget_families(facts: LedgerFacts, labels: GaugeLabels) -> Iterator[Metric]:
    limits: Values = {(unit, scope): 0 for unit in UNITS for scope in _SCOPES}
    limits |= {(unit, scope): number for (unit, scope), number in facts.limits.items()}
    yield _gauges("budgets", "Budgets that are set, by period and whose they are.", ["period", "scope"], limits)
    passed: Values = {(unit, str(step)): 0 for unit in UNITS for step in labels.steps}
    passed |= {(unit, str(step)): number for (unit, step), number in facts.passed.items()}
    what = "Members, and the team, by the highest step of their budget that they have passed in this period."
    yield _gauges("budgets_passed", what, ["period", "step"], passed)


def _gauge(name: str, what: str, value: float) -> Metric:
    return GaugeMetricFamily(f"{PREFIX}_{name}", what, value=value)


def _labeled(name: str, what: str, labels: Mapping[str, str], value: float) -> Metric:
    return _gauges(name, what, list(labels), {tuple(labels.values()): value})


def _gauges(name: str, what: str, labels: list[str], values: Values) -> Metric:
    family = GaugeMetricFamily(f"{PREFIX}_{name}", what, labels=labels)
    for key, value in values.items():
        family.add_metric(key, value)
    return family
