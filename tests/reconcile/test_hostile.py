"""Comparing with a summary that makes no sense: it ends, nothing is alarmed without a reason, and nothing breaks."""

import json
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from decimal import Decimal
from itertools import count
from typing import Any

import pytest
import structlog

from bot.sandbox.faults import Body, Fault, Redirect, Reshape
from bot.sandbox.neo import SUMMARY_PATH
from bot.sandbox.tasks import SimTask, Stream
from bot.sandbox.world import START
from tests.support.harness import ServiceHarness
from tests.support.messages import visible_text
from tests.support.neo_totals import DAY, HOUR, asked, night, reports
from tests.support.worlds import PRIYA

Summary = dict[str, Any]
UNREADABLE = "Neo's total is not available: I can't read Neo's answer."
AGREES = "Agrees with Neo through Mar 1."


@pytest.fixture
def logged() -> Iterator[list[Any]]:
    with structlog.testing.capture_logs() as logged:
        yield logged


def answer_with(harness: ServiceHarness, fault: Fault) -> None:
    harness.neo.faults.when(lambda request: fault if request.path == SUMMARY_PATH else None)


def has_broken(logged: list[Any]) -> bool:
    return any(each["log_level"] == "error" or each.get("exc_info") for each in logged)


# --- what cannot be read -------------------------------------------------------------------------

NUMBERS = (
    "NaN", "Infinity", "-Infinity", "1e400", "-1e400", "1e9999999", "1e99999999999999999999", '"1e9999999"', "-1",
    '"NaN"', '"-5"', '"1,5"', '"1.234,50"', '"$5"', '"5 credits"', "true", "null", "[]", "{}", '""', '"\u0665"',
)  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("name", ["total_neo_credits", "by_period"])
async def test_amounts_that_are_none_leave_neos_total_unavailable(
    harness: ServiceHarness, logged: list[Any], name: str
) -> None:
    for number in NUMBERS:
        total, day = (number, "1") if name == "total_neo_credits" else ("1", number)
        body = (
            f'{{"total_neo_credits": {total}, "total_tasks": 1, '
            f'"by_period": [{{"date": "2026-02-26", "neo_credits": {day}, "tasks": 1}}]}}'
        )
        answer_with(harness, Body(body.encode()))
        assert (await asked(harness, "reconcile")).startswith(f"*{UNREADABLE}*"), number
    await night(harness)
    assert UNREADABLE in await asked(harness, "status")
    assert (reports(harness), has_broken(logged)) == ([], False)


@pytest.mark.parametrize(
    ("fault", "why"),
    [
        (Body(b"<!doctype html><title>Sign in</title>"), UNREADABLE),
        (Body(b"\xff\xfe\x00"), UNREADABLE),
        (Body(b'{"total_neo_credits": 1, "total_tasks": 1, "by_period": ' + b"[" * 50_000), UNREADABLE),
        (Body(b" " * (5 * 2**20)), "Neo's total is not available: Neo's answer is too large."),
        (Redirect("http://169.254.169.254/latest/meta-data"), "Neo's total is not available: Neo can't be reached."),
        (Redirect(SUMMARY_PATH, 307), "Neo's total is not available: Neo can't be reached."),
    ],
)
async def test_what_is_no_summary_leaves_neos_total_unavailable(
    harness: ServiceHarness, logged: list[Any], fault: Fault, why: str
) -> None:
    answer_with(harness, fault)
    await night(harness)
    assert why in await asked(harness, "status")
    assert (reports(harness), has_broken(logged)) == ([], False)
    assert harness.service.wiring.context.scheduler.failure is None


# --- what can, and says the same in another way --------------------------------------------------


def as_texts(body: Summary) -> Summary:
    found: Summary = json.loads(json.dumps(body), parse_float=str, parse_int=str)
    return found


def days(body: Summary, change: Callable[[list[Summary]], list[Summary]]) -> Summary:
    return body | {"by_period": change(body["by_period"])} if "by_period" in body else body


def twice(body: Summary) -> Summary:
    return days(body, lambda rows: rows + rows)


def others(body: Summary) -> Summary:
    row = {"neo_credits": 5, "tasks": 5}
    return days(body, lambda rows: [{"date": "1999-01-01", **row}, *rows, {"date": "9999-12-31", **row}])


def of_another_zone(body: Summary) -> Summary:
    def a_day_later(row: Summary) -> Summary:
        return row | {"date": (date.fromisoformat(row["date"]) + timedelta(days=1)).isoformat()}

    return days(body, lambda rows: [a_day_later(row) for row in rows])


def without_days(body: Summary) -> Summary:
    return days(body, lambda _: [])


def with_tiny_amounts(body: Summary) -> Summary:
    return days(body, lambda rows: [*rows, {"date": "2026-02-26", "neo_credits": "1e-99999999999", "tasks": 0}])


def with_strange_members(body: Summary) -> Summary:
    row = {"neo_credits": 1e11, "tasks": 10**9}
    strange = [{"email": email, **row} for email in ("<!channel>", "\u202e", "x" * 9_000, " removed", "", None)]
    return body | {"by_email": [*body.get("by_email", []), *strange]}


def with_broken_members(body: Summary) -> Summary:
    return body | {"by_email": {"priya": 5}}


@pytest.mark.slow
@pytest.mark.parametrize(
    "change",
    [
        as_texts, twice, others, of_another_zone, without_days, with_tiny_amounts, with_strange_members,
        with_broken_members,
    ],
)  # fmt: skip
async def test_what_says_the_same_otherwise_is_no_difference(
    harness: ServiceHarness, logged: list[Any], change: Callable[[Summary], Summary]
) -> None:
    answer_with(harness, Reshape(change))
    await night(harness)
    assert AGREES in await asked(harness, "status")
    assert (await asked(harness, "reconcile")).startswith("*Agrees with Neo through Mar 1.*")
    assert (reports(harness), has_broken(logged)) == ([], False)


# --- what says something else --------------------------------------------------------------------


def in_another_currency(body: Summary) -> Summary:
    scaled = {"total_neo_credits": 10 * body["total_neo_credits"]}
    return days(body | scaled, lambda rows: [row | {"neo_credits": 10 * row["neo_credits"]} for row in rows])


def the_same_always(body: Summary) -> Summary:
    return body | {"total_neo_credits": 77.7, "total_tasks": 7}


@pytest.mark.slow
async def test_a_sum_of_all_that_contradicts_its_own_days_is_alarmed_for_none(
    harness: ServiceHarness, logged: list[Any]
) -> None:
    answer_with(harness, Reshape(the_same_always))
    await night(harness, 2)
    assert (reports(harness), has_broken(logged)) == ([], False)
    assert "people and your own model keys can't be compared" in await asked(harness, "status")


@pytest.mark.slow
async def test_what_differs_everywhere_is_one_difference_reported_once_and_when_it_is_gone(
    harness: ServiceHarness, logged: list[Any]
) -> None:
    await night(harness)
    answer_with(harness, Reshape(in_another_currency))
    begun = START + 2 * DAY
    harness.neo.world.add(SimTask.of("new", Stream(begun, begun + HOUR, Decimal(3)), email=PRIYA))
    await night(harness, 4)
    (report,) = reports(harness)
    assert (
        "10 days from Feb 19 to Feb 28: Neo counts 130.00 credits in 20 tasks, I count 13.00 credits in 20 tasks;"
        " I can't tell which tasks differ" in visible_text(report)
    )
    assert "Differs from Neo's total on Feb 19, Feb 20, Feb 21 and 8 more." in await asked(harness, "status")
    harness.neo.faults.clear()
    await night(harness, 2)
    assert "Resolved" in visible_text(reports(harness)[-1])
    assert has_broken(logged) is False


def a_little_more_each_time() -> Callable[[Summary], Summary]:
    numbers = count(1)

    def change(body: Summary) -> Summary:
        more = next(numbers)
        changed = days(body, lambda rows: [row | {"tasks": row["tasks"] + more} for row in rows])
        return changed | {"total_tasks": body["total_tasks"] + more}

    return change


@pytest.mark.slow
async def test_days_that_change_while_they_are_read_are_no_difference_and_do_not_agree(
    harness: ServiceHarness, logged: list[Any]
) -> None:
    answer_with(harness, Reshape(a_little_more_each_time()))
    await night(harness)
    found = await asked(harness)
    assert "I couldn't compare Feb 19, Feb 20, Feb 21 and 7 more, because Neo's answers changed meanwhile" in found
    assert "*Agrees with Neo through Feb 18, but people and your own model keys can't be compared.*" in found
    assert (reports(harness), has_broken(logged)) == ([], False)


def of_all_there_could_be(body: Summary) -> Summary:
    return days(body | {"total_tasks": 2**53}, lambda rows: [row | {"tasks": 2**53} for row in rows])


@pytest.mark.slow
async def test_any_number_of_tasks_can_be_compared(harness: ServiceHarness, logged: list[Any]) -> None:
    answer_with(harness, Reshape(of_all_there_could_be))
    await night(harness, 2)
    answer = await asked(harness, "reconcile")
    assert answer.startswith("*")
    assert len(reports(harness)) <= 1
    assert not has_broken(logged)
