"""Which days are compared, what is the same, and what is kept of earlier comparisons."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from bot.domain.usage_total import UsageTotal
from bot.ledger.neo_agreement import (
    Counted,
    CreditReading,
    DayDifference,
    NeoAgreement,
    TaskDifference,
    TaskProblem,
    agreement_text,
    difference_text,
)
from bot.ledger.neo_totals import LedgerTotal
from bot.reconcile.days_comparison import Comparison
from bot.reconcile.rules import Days, closed_days, credit_reading, merged_agreement, nightly_start, runs

NOW = datetime(2026, 11, 28, 9, tzinfo=UTC)
DAY, HOUR = timedelta(days=1), timedelta(hours=1)


def total(amount: str, tasks: int) -> UsageTotal:
    return UsageTotal(Decimal(amount), tasks)


def nov(day: int) -> date:
    return date(2026, 11, day)


def differs(day: int, *tasks: TaskDifference) -> DayDifference:
    return DayDifference(nov(day), total("1", 1), total("1234.5", 2), NOW, tasks)


# --- credits -------------------------------------------------------------------------------------


def test_which_credits_neo_counts_is_what_fits_the_most_days() -> None:
    plain = LedgerTotal(2, Decimal(5), 0, Decimal(0), Decimal(0), Decimal(0))
    own = LedgerTotal(2, Decimal(5), 1, Decimal(2), Decimal(1), Decimal("0.5"))
    for reading, amount in (("all", "5.0"), ("without_byok", "3.0"), ("with_costs", "6.5")):
        neos = {nov(1): total("5.0", 2), nov(2): total(amount, 2)}
        assert credit_reading({nov(1): plain, nov(2): own}, neos, CreditReading.ALL) == reading
    former = CreditReading.WITHOUT_BYOK
    assert credit_reading({nov(1): plain}, {nov(1): total("5.0", 2)}, former) is former


# --- days ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("start", "end", "first", "last"),
    [
        (datetime(2026, 11, 1, tzinfo=UTC), NOW, 1, 26),
        (datetime(2026, 11, 1, 0, 0, 1, tzinfo=UTC), NOW, 2, 26),
        (datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 11, 4, tzinfo=UTC), 1, 3),
        (datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 11, 4, 12, tzinfo=UTC), 1, 3),
    ],
)
def test_days_are_compared_once_they_have_been_over_for_a_day(
    start: datetime, end: datetime, first: int, last: int
) -> None:
    assert closed_days(start, end, NOW) == Days(nov(first), nov(last))


def test_without_a_whole_day_there_is_nothing_to_compare() -> None:
    assert closed_days(NOW - 2 * DAY, NOW, NOW) is None
    assert closed_days(NOW - 3 * DAY, NOW, NOW) == Days(nov(26), nov(26))


@pytest.mark.parametrize(
    ("former", "found", "days", "through"),
    [
        (None, 26, (1, 26), 26),
        (None, None, (1, 26), None),
        (26, 27, (1, 27), 27),
        (26, 10, (1, 27), 10),
        (26, None, (1, 27), date(2026, 10, 31)),
        (26, 12, (10, 12), 26),
        (26, 11, (10, 12), 11),
        (26, None, (10, 12), 9),
        (10, 26, (20, 26), 10),
        (10, 26, (11, 26), 26),
    ],
)
def test_the_day_through_which_all_agree_moves_without_a_gap(
    former: int | None, found: int | None, days: tuple[int, int], through: int | date | None
) -> None:
    before, after = (NeoAgreement(through=None if day is None else nov(day)) for day in (former, found))
    expected = nov(through) if isinstance(through, int) else through
    assert merged_agreement(before, after, Days(*map(nov, days))).through == expected


def test_differences_of_other_days_are_kept() -> None:
    former = NeoAgreement(differences=(differs(2), differs(20)))
    found = NeoAgreement(differences=(differs(22),))
    merged = merged_agreement(former, found, Days(nov(10), nov(26)))
    assert [each.day for each in merged.differences] == [nov(2), nov(22)]


def unnamed(day: int, neos: str = "20") -> DayDifference:
    return DayDifference(nov(day), total("2", 1), total(neos, 1), NOW)


A, B = (TaskDifference(name, TaskProblem.NOT_COUNTED) for name in "ab")


@pytest.mark.parametrize(
    ("known", "found", "is_news", "tasks"),
    [
        (differs(2, A), differs(2, A), False, (A,)),
        (differs(2, A, B), differs(2, A), False, (A,)),
        (differs(2, A), differs(2, A, B), True, (A, B)),
        (differs(2, A), differs(2, B), True, (B,)),
        (differs(2, A), differs(2), False, (A,)),
        (unnamed(2), unnamed(2), False, ()),
        (unnamed(2, "20"), unnamed(2, "15"), False, ()),
        (unnamed(2, "20"), unnamed(2, "25"), True, ()),
        (replace(unnamed(2), tasks=(A,)), unnamed(2, "25"), True, (A,)),  # the known one is wrong still
        (differs(2, A), replace(differs(2, A), counted=Counted.OWN_KEYS), True, (A,)),
    ],
)
def test_what_is_more_than_was_known_of_a_day_is_news(
    known: DayDifference, found: DayDifference, *, is_news: bool, tasks: tuple[TaskDifference, ...]
) -> None:
    days = Days(nov(1), nov(26))
    merged = merged_agreement(NeoAgreement(differences=(known,)), NeoAgreement(differences=(later(found),)), days)
    (difference,) = merged.differences
    assert (difference.since, difference.tasks) == (NOW + DAY if is_news else NOW, tasks)


def later(difference: DayDifference) -> DayDifference:
    return replace(difference, since=NOW + DAY)


def test_two_sums_of_a_day_differ_each_on_its_own() -> None:
    own = replace(differs(2, B), counted=Counted.OWN_KEYS)
    former = NeoAgreement(differences=(differs(2, A), own))
    merged = merged_agreement(
        former, NeoAgreement(differences=(later(own), later(differs(2, A)))), Days(nov(1), nov(26))
    )
    assert merged.differences == former.differences


def test_one_day_more_of_what_differs_everywhere_is_no_news() -> None:
    former = NeoAgreement(differences=tuple(map(unnamed, range(2, 6))))
    found = NeoAgreement(differences=tuple(map(later, map(unnamed, range(2, 7)))))
    merged = merged_agreement(former, found, Days(nov(1), nov(26)))
    assert {each.since for each in merged.differences} == {NOW}


def test_which_day_agrees_again_is_known_for_two_days_while_others_differ() -> None:
    days = Days(nov(1), nov(26))
    former = NeoAgreement(differences=(differs(2), differs(20)))
    found = NeoAgreement(differences=(differs(20),), compared_at=NOW)
    merged = merged_agreement(former, found, days)
    assert merged.over == {nov(2): NOW}
    for after, over in ((DAY, {nov(2): NOW}), (2 * DAY, {})):
        assert merged_agreement(merged, replace(found, compared_at=NOW + after), days).over == over
    assert merged_agreement(merged, NeoAgreement(compared_at=NOW), days).over == {}


@pytest.mark.parametrize(
    ("through", "differing", "start"),
    [
        (None, (), date(2026, 10, 1)),
        (26, (), date(2026, 10, 1)),
        (date(2026, 8, 14), (), date(2026, 8, 15)),
        (date(2026, 8, 14), (20,), date(2026, 8, 15)),
        (None, (date(2026, 9, 3), 20), date(2026, 9, 3)),
    ],
)
def test_a_night_compares_what_differed_and_what_was_never_compared(
    through: int | date | None, differing: tuple[int | date, ...], start: date
) -> None:
    agreement = NeoAgreement(
        through=nov(through) if isinstance(through, int) else through,
        differences=tuple(replace(differs(2), day=nov(each) if isinstance(each, int) else each) for each in differing),
    )
    assert nightly_start(agreement, datetime(2026, 10, 1, tzinfo=UTC)).date() == start


def test_days_that_do_not_differ_are_compared_in_runs() -> None:
    found = runs(Days(nov(1), nov(10)), [nov(3), nov(9)])
    assert found == [Days(nov(4), nov(8)), Days(nov(1), nov(2)), Days(nov(10), nov(10))]
    assert runs(Days(nov(1), nov(2)), [nov(1), nov(2)]) == []


def test_it_does_not_agree_where_people_or_own_keys_differ_in_a_way_of_neos_own() -> None:
    agreement, both = NeoAgreement(through=nov(26)), (total("5", 5), total("0", 0))
    assert Comparison(agreement).agrees
    assert not Comparison(agreement, members={"ana@acme.example": both}).agrees
    assert not Comparison(agreement, own_keys={Counted.OWN_KEYS: both}).agrees


# --- words ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("days", "text"),
    [
        ((), "Agrees with Neo through Nov 26"),
        ((2,), "Differs from Neo's total on Nov 2"),
        ((2, 3), "Differs from Neo's total on Nov 2 and Nov 3"),
        ((2, 3, 5), "Differs from Neo's total on Nov 2, Nov 3 and Nov 5"),
        ((2, 3, 5, 7, 9), "Differs from Neo's total on Nov 2, Nov 3, Nov 5 and 2 more"),
    ],
)
def test_it_is_said_through_which_day_they_agree_or_where_they_differ(days: tuple[int, ...], text: str) -> None:
    agreement = NeoAgreement(through=nov(26), differences=tuple(map(differs, days)))
    assert agreement_text(agreement, NOW.date()) == text


def test_nothing_is_said_before_the_first_comparison_and_why_there_was_none() -> None:
    assert agreement_text(NeoAgreement(), NOW.date()) == ""
    unavailable = replace(NeoAgreement(through=nov(2)), unavailable="Neo doesn't answer")
    assert agreement_text(unavailable, NOW.date()) == "Neo's total is not available: Neo doesn't answer"


def test_costs_on_own_keys_are_no_credits() -> None:
    own = replace(differs(2, TaskDifference("t0", TaskProblem.COUNTED_TWICE)), counted=Counted.OWN_KEYS)
    assert difference_text(own, NOW.date()) == (
        "Nov 2, tasks on your own model keys: Neo counts costs of 1,234.50 in 2 tasks, I count costs of 1.00 in 1 task;"
        " task t0 is in Neo's total twice"
    )


def test_a_task_that_neo_does_not_list_has_no_name() -> None:
    assert difference_text(differs(2, TaskDifference("", TaskProblem.NOT_LISTED)), NOW.date()).endswith(
        "; a task is in Neo's total, but Neo doesn't list it"
    )


def test_a_difference_names_both_totals_and_some_of_its_tasks() -> None:
    tasks = [TaskDifference(f"t{number}", TaskProblem.NOT_COUNTED) for number in range(5)]
    both = "Nov 2: Neo counts 1,234.50 credits in 2 tasks, I count 1.00 credits in 1 task"
    assert difference_text(differs(2), NOW.date()) == both
    assert difference_text(differs(2, tasks[0]), NOW.date()) == f"{both}; task t0 isn't in Neo's total"
    assert difference_text(differs(2, *tasks), NOW.date()).endswith("task t2 isn't in Neo's total; and 2 more tasks")
