"""Backtests of charges: the steps that bookings would have notified, in their order."""

from bot.budgets.backtest.rules import BacktestAlert, PeriodEnds, backtest_alerts, peak_spends
from bot.ledger.charge_history import HistoricCharge

STEPS = (50, 80, 100)
PERIODS = [PeriodEnds(0, 1300), PeriodEnds(1000, 2300)]


def charge(subject: int, booked_at: int, nanos: int, read_at: int | None = None) -> HistoricCharge:
    return subject, booked_at, booked_at if read_at is None else read_at, nanos


def found(*charges: HistoricCharge, limit: int = 100) -> list[BacktestAlert]:
    return list(backtest_alerts(charges, PERIODS, limit, STEPS))


def test_each_step_is_notified_once_a_period() -> None:
    assert found(charge(1, 1, 49), charge(1, 2, 1), charge(1, 3, 1), charge(1, 4, 29), charge(1, 1000, 50)) == [
        BacktestAlert(1, 0, 50, 2, 50),
        BacktestAlert(1, 0, 80, 4, 80),
        BacktestAlert(1, 1, 50, 1000, 50),
    ]


def test_of_several_steps_at_once_the_highest_is_notified() -> None:
    assert found(charge(1, 1, 60), charge(1, 2, 60)) == [
        BacktestAlert(1, 0, 50, 1, 60),
        BacktestAlert(1, 0, 100, 2, 120),
    ]
    assert found(charge(1, 1, 60, 5), charge(1, 2, 60, 5)) == [BacktestAlert(1, 0, 100, 5, 120)]


def test_a_step_that_was_notified_is_not_again_after_a_restatement() -> None:
    assert found(charge(1, 1, 60), charge(1, 2, -30), charge(1, 3, 30)) == [BacktestAlert(1, 0, 50, 1, 60)]


def test_a_late_charge_counts_in_its_own_period() -> None:
    assert found(charge(1, 1000, 40), charge(1, 900, 60, 1100)) == [BacktestAlert(1, 0, 50, 1100, 60)]


def test_what_is_read_long_after_a_period_counts_and_notifies_nobody() -> None:
    assert found(charge(1, 900, 49), charge(1, 900, 60, 1300)) == []
    assert found(charge(1, 900, 49), charge(1, 900, 60, 1299)) == [BacktestAlert(1, 0, 100, 1299, 109)]
    assert peak_spends([charge(1, 900, 49), charge(1, 900, 60, 1300)], PERIODS) == {1: 49}


def test_subjects_are_apart() -> None:
    charges = [charge(1, 1, 40), charge(1, 2, 40), charge(2, 1, 40)]
    assert [each.subject for each in found(*charges)] == [1]
    assert peak_spends(charges, PERIODS) == {1: 80, 2: 40}


def test_a_peak_is_the_most_of_any_period_at_any_time() -> None:
    assert peak_spends([charge(1, 1, 60), charge(1, 2, -30), charge(1, 1000, 50)], PERIODS) == {1: 60}
    assert peak_spends([], PERIODS) == {}
