"""The facts of a digest: the days' spend against others, who and what it went to, failures, budgets, what came late."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from bot.budgets.evaluator import BudgetPolicy
from bot.budgets.listing import BudgetLine, budget_lines
from bot.budgets.rules import FULL, NEAR, UNITS, budget_period
from bot.database.reader import Reader
from bot.digest.planner import DigestPlanner
from bot.digest.rules import DigestDays
from bot.digest.store import Decided, shown_at
from bot.domain.money import median_nanos
from bot.domain.periods import Unit, Window, local_day, period
from bot.domain.pricing import SpendBasis
from bot.domain.tasks import FAILED_STATUSES
from bot.domain.timestamps import from_us, to_us
from bot.failures.report import ErrorLine, error_lines
from bot.ledger.freshness import Freshness, beginning, freshness, is_complete
from bot.ledger.members import emails_by_id
from bot.ledger.quarter_hour_totals import QUARTER_US
from bot.ledger.rules import EntryKind
from bot.ledger.scope import EVERYTHING
from bot.ledger.selection import Selection
from bot.ledger.spend import Group, Sums, groups, sums, team_daily
from bot.spikes.rules import Spike, SpikePolicy
from bot.spikes.store import spikes

if TYPE_CHECKING:
    from bot.settings.model import Settings

WEEKS = 4  # before, of which the median is what is usual
CHART = 14  # days
_TOP = 5
_ONE = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class DigestPolicy:
    """What every digest rests on."""

    budgets: BudgetPolicy
    spikes: SpikePolicy
    unit_is_set: bool
    failing: tuple[str, ...] = FAILED_STATUSES

    @classmethod
    def from_settings(cls, settings: "Settings") -> "DigestPolicy":
        """Return the policy that the settings ask for."""
        budgets, spikes = BudgetPolicy.from_settings(settings), SpikePolicy.from_settings(settings)
        return cls(budgets, spikes, settings.byok_unit is not None, settings.failure_statuses)

    @property
    def basis(self) -> SpendBasis:
        """What spend adds up."""
        return self.budgets.basis


@dataclass(frozen=True, slots=True)
class Part:
    """Some days, or a week or month, called `label`: what they cost (nanos), and to whom and what it went.

    `before_nanos` is the span before, None if the ledger does not hold it.
    """

    label: str
    window: Window
    total: Sums
    spend_nanos: int
    before_nanos: int | None
    members: tuple[Group, ...]
    models: tuple[Group, ...]
    active: int  # members that it was spent by
    kinds: int  # models that it went to


@dataclass(frozen=True, slots=True)
class DigestFacts:
    """What a digest tells. Amounts are nanos.

    `usual_nanos` is the median of so many (`usual_of`) of the same days of the week before, None without any.
    `late` are the amounts booked since the digest before onto days that it or earlier ones told of.
    """

    span: DigestDays
    days: Part
    usual_nanos: int | None
    usual_of: int
    failing: tuple[ErrorLine, ...]
    over: tuple[BudgetLine, ...]
    near: tuple[BudgetLine, ...]
    ahead: tuple[BudgetLine, ...]
    unusual: tuple[tuple[date, str, Spike], ...]
    late: tuple[tuple[date, int], ...]
    chart: tuple[tuple[date, int], ...]
    week: Part | None
    month: Part | None
    as_of: datetime | None
    complete: bool
    unit_assumed: bool


@dataclass(frozen=True, slots=True)
class _Held:
    """What the ledger holds."""

    fresh: Freshness
    begins: datetime | None

    def all_of(self, window: Window) -> bool:
        """Whether it holds all of a window, which it is not older than."""
        return self.begins is not None and window.start >= self.begins and is_complete(self.fresh, window, self.begins)


def digest_facts(  # noqa: PLR0917 - all that it rests on
    reader: Reader,
    span: DigestDays,
    before: Decided | None,
    planner: DigestPlanner,
    policy: DigestPolicy,
    now: datetime,
) -> DigestFacts:
    """Gather them in one snapshot.

    Args:
        reader: the ledger.
        span: the days it tells of.
        before: the digest before it, if there was one.
        planner: who knows when data is complete.
        policy: what it rests on.
        now: the moment.
    """
    with reader:
        fresh = freshness(reader, now)
        held = _Held(fresh, beginning(reader, fresh, EVERYTHING))
        days = _part(
            reader, "", span.window(policy.budgets.zone), span.before().window(policy.budgets.zone), policy, held
        )
        usual = list(_alike(reader, span, policy, held))
        over, near, ahead = _pressing(list(_budgets(reader, days.window, policy, now)), now)
        return DigestFacts(
            span=span,
            days=days,
            usual_nanos=median_nanos(usual) if usual else None,
            usual_of=len(usual),
            failing=tuple(error_lines(reader, Selection(EVERYTHING, days.window), policy.basis, policy.failing)),
            over=over,
            near=near,
            ahead=ahead,
            unusual=tuple(_unusual(reader, span, policy)),
            late=tuple(_late(reader, span, before, policy)),
            chart=tuple(_chart(reader, span, policy)),
            week=_ended(reader, span, Unit.WEEK, policy, held),
            month=_ended(reader, span, Unit.MONTH, policy, held),
            as_of=fresh.as_of,
            complete=planner.holds_all(reader, span, now),
            unit_assumed=days.total.by_unit and not policy.unit_is_set,
        )


# --- spend ---------------------------------------------------------------------------------------


def _part(  # noqa: PLR0917 - private, and each is one thing
    reader: Reader, label: str, window: Window, before: Window, policy: DigestPolicy, held: _Held
) -> Part:
    selection, zone = Selection(EVERYTHING, window), policy.budgets.zone
    total = sums(reader, selection, policy.failing)
    members = _dearest(groups(reader, selection, ("member",), zone), policy)
    models = _dearest(groups(reader, selection, ("model",), zone), policy)
    return Part(
        label=label,
        window=window,
        total=total,
        spend_nanos=total.spend(policy.basis),
        before_nanos=team_daily(reader, [before], policy.basis)[0] if held.all_of(before) else None,
        members=tuple(members[:_TOP]),
        models=tuple(models[:_TOP]),
        active=len(members),
        kinds=len(models),
    )


def _dearest(found: Sequence[Group], policy: DigestPolicy) -> list[Group]:
    return sorted(found, key=lambda group: (-group.spend(policy.basis), group.key))


def _alike(reader: Reader, days: DigestDays, policy: DigestPolicy, held: _Held) -> Iterator[int]:
    """What the same days of the week cost in the weeks before, as far as the ledger holds them."""
    for weeks in range(1, WEEKS + 1):
        window = days.earlier(weeks).window(policy.budgets.zone)
        if held.all_of(window):
            yield team_daily(reader, [window], policy.basis)[0]


def _ended(reader: Reader, days: DigestDays, unit: Unit, policy: DigestPolicy, held: _Held) -> Part | None:
    """The week or month that ended with one of these days."""
    first = days.ended(unit)
    if first is None:
        return None
    zone = policy.budgets.zone
    before = period(unit, unit.shift(first, -1), zone)
    return _part(reader, unit.label(first), period(unit, first, zone), before, policy, held)


def _chart(reader: Reader, span: DigestDays, policy: DigestPolicy) -> Iterator[tuple[date, int]]:
    days = [span.day - timedelta(days=back) for back in range(CHART, 0, -1)]
    windows = [period(Unit.DAY, day, policy.budgets.zone) for day in days]
    return zip(days, team_daily(reader, windows, policy.basis), strict=True)


# --- what presses --------------------------------------------------------------------------------


def _budgets(reader: Reader, window: Window, policy: DigestPolicy, now: datetime) -> Iterator[BudgetLine]:
    """The budgets of the periods that the last of the days lay in: as they are, or as they were when one ended."""
    zone = policy.budgets.zone
    then = window.end - timedelta(microseconds=1)
    going_on = [unit for unit in UNITS if budget_period(unit, then, zone).name == budget_period(unit, now, zone).name]
    yield from budget_lines(reader, policy.budgets, now, units=going_on)
    yield from budget_lines(reader, policy.budgets, then, units=[unit for unit in UNITS if unit not in going_on])


Three = tuple[tuple[BudgetLine, ...], tuple[BudgetLine, ...], tuple[BudgetLine, ...]]


def _pressing(budgets: Sequence[BudgetLine], now: datetime) -> Three:
    """The budgets that are over, near their limit, and on pace to pass it; each once, the most used first."""
    used = sorted((each for each in budgets if each.spend_nanos is not None), key=lambda each: -each.percent)
    over = tuple(each for each in used if each.percent >= FULL)
    near = tuple(each for each in used if NEAR <= each.percent < FULL)
    ahead = tuple(
        each for each in used if each.percent < NEAR and each.pace.passes is not None and now in each.span.window
    )
    return over, near, tuple(sorted(ahead, key=lambda each: each.pace.passes or date.max))


def _unusual(reader: Reader, span: DigestDays, policy: DigestPolicy) -> Iterator[tuple[date, str, Spike]]:
    days = [span.first + timedelta(days=number) for number in range(span.count)][-_MOST_DAYS:]
    found = [(day, each) for day in days for each in spikes(reader, day, policy.spikes)]
    names = emails_by_id(reader, {each.member for _, each in found})
    return ((day, names[each.member], each) for day, each in found)


_MOST_DAYS = 31  # whose unusual ones are looked for


def _late(reader: Reader, days: DigestDays, before: Decided | None, policy: DigestPolicy) -> Iterator[tuple[date, int]]:
    """What was booked onto earlier days since the digest before; what was read of the time before the ledger is not."""
    if before is None:
        return
    zone, basis = policy.budgets.zone, policy.basis
    sql = f"""
SELECT booked_at / {QUARTER_US}, sum(platform_nanos), sum(provider_nanos) FROM charge
WHERE id > :last AND observed_at > :shown AND +booked_at >= :begins AND +booked_at < :until AND kind <> :repriced
GROUP BY 1"""  # noqa: S608 - a number of ours; by key, for what was booked since is little and all before is much
    values: dict[str, int | str] = {
        "last": before.last_charge,
        "shown": shown_at(reader, before),
        "begins": before.begins,
        "until": to_us(days.window(zone).start),
        "repriced": EntryKind.REPRICED,
    }
    by_day: dict[date, int] = defaultdict(int)
    for quarter, platform, provider in reader.rows(sql, values):
        by_day[local_day(from_us(quarter * QUARTER_US), zone)] += basis.spend(platform, provider)
    yield from sorted((day, nanos) for day, nanos in by_day.items() if nanos)
