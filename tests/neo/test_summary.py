"""The summary: read leniently, its amounts exactly, and whatever else comes raises the client's errors."""

import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.usage_total import UsageTotal
from bot.neo.client import NeoClient, QueryWindow, RetryPolicy, connect
from bot.neo.errors import (
    ForbiddenError,
    GarbledError,
    NeoError,
    RejectedError,
    TooLargeError,
    UnauthorizedError,
    UnavailableError,
)
from bot.neo.summary import NOTHING, CreditBalance, NotASummaryError, Summary, decode_summary
from bot.sandbox.faults import Body, Fault, Hang, Html, Redirect, Reset, Reshape, Slow, Status, Truncated
from bot.sandbox.http_server import NeoServer
from bot.sandbox.tasks import SimTask, Stream
from bot.sandbox.world import START
from tests.support.effort import examples

WINDOW = QueryWindow(START - timedelta(days=7), START)
HASTY = RetryPolicy(answer=5.0, connect=2.0, deadline=5.0, summary=0.2)
LEAST = {"total_neo_credits": 1.5, "total_tasks": 2}
DAYS = [{"date": "2026-03-01", "neo_credits": 1.5, "tasks": 2}]


def summary_of(*, by_day: bool = False, **fields: object) -> Summary:
    return decode_summary(json.dumps(LEAST | fields).encode(), by_day=by_day)


def total(credits_text: str, tasks: int) -> UsageTotal:
    return UsageTotal(Decimal(credits_text), tasks)


# --- decimals ------------------------------------------------------------------------------------


def test_an_amount_is_as_exact_as_the_most_exact_one_of_the_answer() -> None:
    rows = [
        {"date": "2026-03-01", "neo_credits": 40, "tasks": 2},
        {"date": "2026-03-02", "neo_credits": 1.25, "tasks": 1},
    ]
    found = summary_of(by_day=True, by_period=rows, by_email=[{"email": "a@b.c", "neo_credits": 40.5, "tasks": 2}])
    amounts = [found.total, *(found.by_day or {}).values(), *(found.by_email or {}).values()]
    assert [str(each.credits) for each in amounts] == ["1.50", "40.00", "1.25", "40.50"]


def test_a_part_is_taken_away_of_all_totals_but_days() -> None:
    byok = {"total_llm_cost": 3, "total_neo_cost": 2, "total_tasks": 2}
    members = [{"email": "a@b.c", "neo_credits": 1, "tasks": 1}, {"email": "d@e.f", "neo_credits": 0.5, "tasks": 1}]
    whole = summary_of(by_day=True, by_period=DAYS, by_email=members, byok=byok)
    part = summary_of(total_neo_credits=0.5, total_tasks=1, by_email=members[1:], byok={**byok, "total_tasks": 1})
    left = whole.without(part)
    assert (left.total, left.by_day) == (total("1.0", 1), whole.by_day)
    assert left.by_email == {"a@b.c": total("1.0", 1)}
    assert left.byok is not None
    assert (left.byok.llm_cost, left.byok.tasks) == (Decimal(0), 1)
    assert whole.without(NOTHING) == whole


# --- what is read --------------------------------------------------------------------------------


def test_the_least_summary_is_a_total() -> None:
    assert summary_of() == Summary(total("1.5", 2))


@pytest.mark.parametrize(
    ("written", "amount"),
    [
        ("0.30000000000000004", "0.30000000000000004"),
        ("1e-9", "1E-9"),
        ("12345678901.123456789012345", "12345678901.123456789012345"),
        ('"41.23"', "41.23"),
        ("0", "0"),
        ("-0.0", "0"),
        ("0e9999999", "0"),
        ("0e-99999999999", "0"),
        ("1e-9999999", "0"),
        ('"1e-99999999999"', "0"),
        ("1." + 500 * "3", "1." + 40 * "3"),
    ],
)
def test_amounts_are_exact_to_forty_places_however_they_are_written(written: str, amount: str) -> None:
    body = f'{{"total_neo_credits": {written}, "total_tasks": 1}}'.encode()
    found = decode_summary(body, by_day=False).total.credits
    assert found == Decimal(amount)
    assert len(f"{found:f}") < 80  # as it is printed


@pytest.mark.parametrize(
    "written",
    [
        "2026-03-01",
        "2026-03-01T00:00:00Z",
        "2026-03-01T00:00:00.000Z",
        "2026-03-01 00:00:00 UTC",
        "2026-03-01T01:00:00+01:00",
    ],
)
def test_a_day_is_read_as_date_or_as_the_moment_it_begins(written: str) -> None:
    found = summary_of(by_day=True, by_period=[{"date": written, "neo_credits": 1, "tasks": 1}])
    assert found.by_day == {date(2026, 3, 1): total("1", 1)}


def test_days_and_members_that_come_twice_are_added() -> None:
    found = summary_of(
        by_day=True,
        by_period=DAYS * 2,
        by_email=[{"email": name, "neo_credits": 1, "tasks": 1} for name in ("Ana@acme.example", " ana@acme.example")],
    )
    assert found.by_day == {date(2026, 3, 1): total("3.0", 4)}
    assert found.by_email == {"ana@acme.example": total("2", 2)}


def test_the_balance_is_read_as_far_as_it_is_given() -> None:
    assert summary_of(total_available_neo_credits=-0.5).balance == CreditBalance(Decimal("-0.5"))
    assert summary_of(
        total_available_neo_credits=12,
        total_issued_neo_credits=100,
        total_neo_credits_post_reset=88,
        last_credit_reset="2026-03-01T00:00:00Z",
        neo_credits_expires_at="2026-04-01T00:00:00Z",
        neo_credits_is_expired=False,
    ).balance == CreditBalance(
        Decimal(12), Decimal(100), Decimal(88), datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 4, 1, tzinfo=UTC)
    )


@pytest.mark.parametrize("odd", [None, "soon", 5, [], "2026-13-45T00:00:00Z", "1999-01-01T00:00:00Z", "\ud800"])
def test_a_moment_of_the_balance_that_cannot_be_read_is_left_out(odd: object) -> None:
    balance = summary_of(total_available_neo_credits=1, neo_credits_expires_at=odd, last_credit_reset=odd).balance
    assert balance == CreditBalance(Decimal(1))


@pytest.mark.parametrize(
    "odd", [None, 5, {}, "x", [5], [None], [{}], [{"email": 5, "neo_credits": 1, "tasks": 1}],
            [{"email": "a", "neo_credits": None, "tasks": 1}], [{"email": "a", "neo_credits": 1, "tasks": 1.5}]]
)  # fmt: skip
def test_members_that_cannot_be_read_are_left_out_together(odd: object) -> None:
    assert summary_of(by_email=odd).by_email is None


@pytest.mark.parametrize("odd", [None, 5, [], {"total_llm_cost": 1}, {"total_llm_cost": "x", "total_neo_cost": 1}])
def test_costs_of_own_keys_that_cannot_be_read_are_left_out(odd: object) -> None:
    assert summary_of(byok=odd).byok is None


def test_what_is_not_used_may_hold_anything() -> None:
    assert summary_of(by_model=5, by_status=[None], total_steps="many", future={"x": 1}).total == total("1.5", 2)


# --- what is refused -----------------------------------------------------------------------------

NO_TOTAL = "it has no `total_neo_credits` and `total_tasks`"


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"", "it is broken or cut JSON"),
        (b"<html>", "it is HTML"),
        (b"[]", "it is no object"),
        (b"null", "it is no object"),
        (b'"x"', "it is no object"),
        (b"{}", NO_TOTAL),
        (b'{"total_neo_credits": 1}', NO_TOTAL),
        (b'{"total_neo_credits": null, "total_tasks": 1}', NO_TOTAL),
        (b'{"total_neo_credits": true, "total_tasks": 1}', NO_TOTAL),
        (b'{"total_neo_credits": NaN, "total_tasks": 1}', NO_TOTAL),
        (b'{"total_neo_credits": 1e999, "total_tasks": 1}', NO_TOTAL),
        (b'{"total_neo_credits": -1, "total_tasks": 1}', NO_TOTAL),
        (b'{"total_neo_credits": 1e9999999, "total_tasks": 1}', NO_TOTAL),
        (b'{"total_neo_credits": -1e9999999, "total_tasks": 1}', NO_TOTAL),
        (b'{"total_neo_credits": "1e999999999999", "total_tasks": 1}', NO_TOTAL),
        (b'{"total_neo_credits": 1e99999999999999999999, "total_tasks": 1}', NO_TOTAL),
        (b'{"total_neo_credits": "sNaN", "total_tasks": 1}', NO_TOTAL),
        (b'{"total_neo_credits": 1, "total_tasks": -1}', NO_TOTAL),
        (b'{"total_neo_credits": 1, "total_tasks": 1.5}', NO_TOTAL),
        (b'{"total_neo_credits": 1, "total_tasks": "many"}', NO_TOTAL),
        (b'{"total_neo_credits": {"amount": 1}, "total_tasks": [1]}', NO_TOTAL),
        (b"[" * 100_000, "it is nested too deeply"),
    ],
)
def test_without_a_total_it_is_no_summary(body: bytes, why: str) -> None:
    with pytest.raises(NotASummaryError, match=f"^{why}$"):
        decode_summary(body, by_day=False)


@pytest.mark.parametrize(
    "odd",
    [
        None, {}, [5], [{"neo_credits": 1, "tasks": 1}], [{"date": None, "neo_credits": 1, "tasks": 1}],
        [{"date": "2026-W10", "neo_credits": 1, "tasks": 1}], [{"date": "2026-02-30", "neo_credits": 1, "tasks": 1}],
        [{"date": "2026-03-01T00:00:00", "neo_credits": 1, "tasks": 1}], [*DAYS, {"date": "2026-03-02"}],
    ],
)  # fmt: skip
def test_days_that_were_asked_for_must_all_be_there(odd: object) -> None:
    with pytest.raises(NotASummaryError, match=r"^it has no `by_period` by day$"):
        summary_of(by_day=True, by_period=odd)
    assert summary_of(by_period=odd).by_day is None


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters(), max_size=8)
    | st.from_regex(r"\A-?\d{1,3}(\.\d{1,3})?(e-?\d{1,12})?\Z"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
FIELDS = (
    "total_neo_credits", "total_tasks", "by_email", "by_period", "byok", "total_available_neo_credits",
    "last_credit_reset", "neo_credits_is_expired",
)  # fmt: skip


@examples(300)
@given(
    st.binary(max_size=100) | st.dictionaries(st.sampled_from(FIELDS), JSON).map(lambda told: json.dumps(told).encode())
)
def test_random_text_is_a_summary_or_none_and_never_a_crash(body: bytes) -> None:
    try:
        found = decode_summary(body, by_day=True)
    except NotASummaryError:
        return
    assert found.total.credits >= 0
    assert found.total.tasks >= 0


# --- asked for over the wire ---------------------------------------------------------------------


async def asked(neo: NeoServer, *, by_day: bool = False, header: str = "X-Api-Key", **changed: Any) -> Summary:
    key = changed.get("key", neo.api.key)
    credential = {header: key if header == "X-Api-Key" else f"Bearer {key}"}
    async with connect(neo.url, credential, HASTY) as client:
        return await client.summary(WINDOW, by_day=by_day)


@pytest.fixture
def _one_task(neo: NeoServer) -> None:
    ended = START - timedelta(days=1)
    neo.api.world.add(SimTask.of("t1", Stream(ended, ended, Decimal("0.1")), email="ana@acme.example"))


@pytest.mark.usefixtures("_one_task")
@pytest.mark.parametrize("header", ["X-Api-Key", "Authorization"])
async def test_the_summary_is_asked_for_with_the_credential_there_is(neo: NeoServer, header: str) -> None:
    found = await asked(neo, by_day=True, header=header)
    assert found.total == total("0.1", 1)
    assert found.by_day == {date(2026, 3, 1): total("0.1", 1)}
    assert found.by_email == {"ana@acme.example": total("0.1", 1)}
    assert neo.api.log[-1].query == {"from": "2026-02-23T09:00:00Z", "to": "2026-03-02T09:00:00Z", "group_by": "day"}


@pytest.mark.parametrize(
    ("fault", "error", "why"),
    [
        (Status(401), UnauthorizedError, "does not accept the key"),
        (Status(403), ForbiddenError, "does not let this key see usage"),
        (Status(404), RejectedError, "404"),
        (Status(429, retry_after=60), NeoError, "asks to wait 60 s"),
        (Status(500), UnavailableError, "is failing"),
        (Redirect("https://elsewhere.example/"), NeoError, "redirect"),
        (Html(502), UnavailableError, "502"),
        (Html(200), GarbledError, "isn't a summary: it is HTML"),
        (Truncated(), GarbledError, "isn't a summary: it is broken or cut JSON"),
        (Body(b'{"data": [], "total": 0}'), GarbledError, "isn't a summary: it has no `total_neo_credits`"),
        (Reshape(lambda body: {"summary": body}), GarbledError, "isn't a summary: it has no `total_neo_credits`"),
        (Reset(), UnavailableError, "cannot be reached"),
        (Reset(mid_body=True), UnavailableError, "cannot be reached"),
        (Slow(5.0), TooLargeError, "no answer within 0 s"),
        (Hang(), TooLargeError, "no answer within 0 s"),
    ],
)
async def test_what_is_no_summary_raises_the_clients_error_after_one_request(
    neo: NeoServer, fault: Fault, error: type[NeoError], why: str
) -> None:
    neo.api.faults.always = fault
    with pytest.raises(error, match=why):
        await asked(neo)
    assert len(neo.api.log) == 1


async def test_a_team_without_a_summary_is_told_apart_by_its_status(neo: NeoServer) -> None:
    neo.api.summary = None
    with pytest.raises(RejectedError) as raised:
        await asked(neo)
    assert raised.value.status == 404


async def test_a_client_whose_summary_failed_still_lists_tasks(neo: NeoServer) -> None:
    neo.api.faults.push(Hang())
    async with connect(neo.url, {"X-Api-Key": neo.api.key}, HASTY) as client:
        with pytest.raises(TooLargeError):
            await client.summary(WINDOW)
        assert (await _listed(client)) == 0


async def _listed(client: NeoClient) -> int:
    return (await client.page(WINDOW, limit=20, offset=0)).total
