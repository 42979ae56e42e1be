"""The rules of backtests: charges are evaluated in the order in which they were read, as bookings are."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from operator import itemgetter
from typing import NamedTuple

from bot.budgets.rules import CrossingDecision, crossing_decisions, reached_steps
from bot.ledger.charge_history import HistoricCharge

_SUBJECT, _READ_AT = itemgetter(0), itemgetter(2)  # of a charge


class PeriodEnds(NamedTuple):
    """When a period began, and until when its crossings are notified, in microseconds."""

    start_us: int
    notified_until_us: int


@dataclass(frozen=True, slots=True)
class BacktestAlert:
    """A step that would have been notified: of whom, in which period (by its number), when (microseconds)."""

    subject: int
    period: int
    step: int
    at_us: int
    spend_nanos: int


@dataclass(slots=True)
class _Case:
    """A subject in a period: what is spent so far, and the steps recorded."""

    spend_nanos: int = 0
    recorded: list[int] = field(default_factory=list)


def backtest_alerts(
    charges: Iterable[HistoricCharge], periods: Sequence[PeriodEnds], limit_nanos: int, steps: Sequence[int]
) -> Iterator[BacktestAlert]:
    """Yield the steps of a limit that would have been notified, of each subject in the order of their passing.

    Args:
        charges: those of each subject after the other, in the order in which they were read.
        periods: in order, without a gap; the first one holds the first charge.
        limit_nanos: the limit.
        steps: the steps, in percent, ascending.
    """
    for subject, number, at, case in _readings(charges, periods):
        reached = reached_steps(limit_nanos, case.spend_nanos, steps)
        if len(reached) <= len(case.recorded):
            continue
        decisions = crossing_decisions(reached, case.recorded, None)
        case.recorded.extend(decisions)
        for step, decision in decisions.items():
            if decision is CrossingDecision.NOTIFIED:
                yield BacktestAlert(subject, number, step, at, case.spend_nanos)


def peak_spends(charges: Iterable[HistoricCharge], periods: Sequence[PeriodEnds]) -> dict[int, int]:
    """Return the most that each subject had spent in any period while it was still notified of, in nanos.

    The arguments are the same.
    """
    peaks: dict[int, int] = {}
    for subject, _, _, case in _readings(charges, periods):
        peaks[subject] = max(peaks.get(subject, 0), case.spend_nanos)
    return peaks


def _readings(
    charges: Iterable[HistoricCharge], periods: Sequence[PeriodEnds]
) -> Iterator[tuple[int, int, int, _Case]]:
    """Yield subject, number of the period, moment and case, for each moment at which charges of it were read.

    Of a period that is not notified of any more nothing is yielded.
    """
    starts = [each.start_us for each in periods]
    for subject, of_subject in groupby(charges, _SUBJECT):
        cases: dict[int, _Case] = {}
        for at, read in groupby(of_subject, _READ_AT):
            touched: dict[int, _Case] = {}
            for _, booked_at, _, nanos in read:
                number = bisect_right(starts, booked_at) - 1
                case = cases.get(number)
                if case is None:
                    case = cases[number] = _Case()
                case.spend_nanos += nanos
                touched[number] = case
            for number, case in touched.items():
                if at < periods[number].notified_until_us:
                    yield subject, number, at, case
