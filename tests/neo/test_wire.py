"""The wire: a page is decoded row by row where it must be; no bad row loses a good one, no text crashes it."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.money import AmountError
from bot.domain.pricing import ByokUnit, price
from bot.domain.tasks import Task, ToolUse
from bot.neo.page import NotAPageError, Page
from bot.neo.wire import decode_page, error_code
from tests.support.effort import examples

ROW: Mapping[str, Any] = {
    "task_id": "t1",
    "model": "opus",
    "status": "completed",
    "step_count": 3,
    "tool_calls": 2,
    "agent_triggers": 1,
    "created_at": "2026-11-20T09:00:00Z",
}
WHOLE: Mapping[str, Any] = {
    **ROW,
    "email": "Ana@Acme.dev",
    "is_byok": True,
    "neo_credits": 1.5,
    "llm_cost": 0.25,
    "neo_cost": 0,
    "stream_id": "0b6c2f1e-1111-2222-3333-444455556666",
    "stream_count": 2,
    "llm_time_ms": 100,
    "tool_time_ms": 200,
    "total_execution_ms": 300,
    "avg_step_latency_ms": 50,
    "task_title": "Scan acme.dev",
    "error_message": "boom",
    "tool_breakdown": {"nuclei": {"calls": 2, "total_duration_ms": 200}},
    "agent_breakdown": {"recon": 1},
    "tool_call_history": [{"tool_name": "nuclei", "duration_ms": 200}],
}
MONEY = ("task_id", "created_at")  # of the required fields, those that the money or its day rests on
NULLABLE = tuple(name for name in WHOLE if name not in ROW)


def row(**told: Any) -> dict[str, Any]:
    return {**ROW, **told}


GOOD = row(task_id="good", neo_credits=2)


def page_of(*rows: object) -> bytes:
    return json.dumps({"data": rows, "total": len(rows), "has_more": False}).encode()


def written(field: str, token: str, *others: object) -> bytes:
    """A page whose first row has the token, as it is, for the field."""
    return page_of(row(**{field: "@@"}), *others).replace(b'"@@"', token.encode(errors="surrogatepass"), 1)


def refusal(body: bytes) -> tuple[str, str]:
    """The key and reason of a page's only refused row, whose other row is the good one."""
    page = decode_page(body)
    assert [task.task_id for task in page.tasks] == ["good"]
    assert page.tasks[0].neo_credits == 2
    assert (page.rows, page.total) == (2, 2)
    [refused] = page.refused
    return refused.key, refused.reason


# --- good rows -----------------------------------------------------------------------------------


def test_a_row_with_every_field_becomes_a_task() -> None:
    [task] = decode_page(page_of(WHOLE)).tasks
    assert task.tools is not None
    assert msgspec.structs.asdict(task) == msgspec.structs.asdict(
        Task(
            task_id="t1",
            model="opus",
            status="completed",
            created_at=datetime(2026, 11, 20, 9, 0, tzinfo=UTC),
            email="ana@acme.dev",
            is_byok=True,
            neo_credits=Decimal("1.5"),
            llm_cost=Decimal("0.25"),
            neo_cost=Decimal(0),
            stream_id="0b6c2f1e-1111-2222-3333-444455556666",
            stream_count=2,
            step_count=3,
            tool_calls=2,
            agent_triggers=1,
            llm_time_ms=100,
            tool_time_ms=200,
            total_execution_ms=300,
            avg_step_latency_ms=50,
            title="Scan acme.dev",
            error_message="boom",
            agents={"recon": 1},
        )
    ) | {"tools": {"nuclei": task.tools["nuclei"]}}
    assert msgspec.structs.astuple(task.tools["nuclei"]) == (2, 200)


def test_a_row_with_the_required_fields_alone_leaves_the_rest_unknown() -> None:
    [task] = decode_page(page_of(ROW)).tasks
    assert (task.email, task.is_byok, task.neo_credits, task.llm_cost, task.neo_cost) == (None,) * 5
    assert (task.title, task.stream_id, task.llm_time_ms, task.tools, task.agents) == (None,) * 5


@pytest.mark.parametrize("field", NULLABLE)
def test_null_is_unknown_where_it_may_stand(field: str) -> None:
    without = {name: value for name, value in WHOLE.items() if name != field}
    assert decode_page(page_of({**WHOLE, field: None})) == decode_page(page_of(without))


def test_an_empty_page_has_no_rows_and_its_total() -> None:
    assert decode_page(b'{"data":[],"total":7,"has_more":true}') == Page((), (), 7, has_more=True)


@pytest.mark.parametrize(
    ("written_as", "others_follow"),
    [("true", True), ('"True"', True), ("1", True), ('"1"', True), ("0", False), ('"false"', False), ('"so"', None)],
)
def test_whether_others_follow_may_be_written_otherwise(written_as: str, others_follow: object) -> None:
    assert decode_page(f'{{"data":[],"total":7,"has_more":{written_as}}}'.encode()).has_more is others_follow


def test_unknown_fields_of_page_and_row_are_ignored() -> None:
    body = json.dumps({"data": [row(cost_center={"a": [1, None, "x"]})], "total": 1, "has_more": False, "next": "abc"})
    assert decode_page(body.encode()) == decode_page(page_of(ROW))


@pytest.mark.parametrize("status", ["paused", "COMPLETED", "needs review", "", "ничего"])
def test_an_unknown_status_is_kept_as_written(status: str) -> None:
    [task] = decode_page(page_of(row(status=status))).tasks
    assert task.status == status


@pytest.mark.parametrize(
    ("email", "member"),
    [("Ana@ACME.dev", "ana@acme.dev"), (" ana@acme.dev ", "ana@acme.dev"), ("", None), ("  ", None), (None, None)],
)
def test_an_email_is_lower_cased_and_an_empty_one_is_none(email: str | None, member: str | None) -> None:
    [task] = decode_page(page_of(row(email=email))).tasks
    assert task.email == member


CREATED = [
    ("2026-11-20T09:00:00Z", "2026-11-20T09:00:00+00:00"),
    ("2026-11-20T09:00:00.123456Z", "2026-11-20T09:00:00.123456+00:00"),
    ("2026-11-20T09:00:00.5Z", "2026-11-20T09:00:00.5+00:00"),
    ("2026-11-20T09:00:00.123456789Z", "2026-11-20T09:00:00.123456+00:00"),
    ("2026-11-20T23:59:59.9999995Z", "2026-11-20T23:59:59.999999+00:00"),
    ("2026-11-20T23:59:59.999999999Z", "2026-11-20T23:59:59.999999+00:00"),
    ("2026-12-31T23:59:59.99999999999999999999Z", "2026-12-31T23:59:59.999999+00:00"),
    ("2026-11-20T23:59:59.999999999+00:00", "2026-11-20T23:59:59.999999+00:00"),
    ("2026-11-21T05:29:59.999999789+05:30", "2026-11-20T23:59:59.999999+00:00"),
    ("2026-11-20T09:00:00+05:30", "2026-11-20T03:30:00+00:00"),
    ("2026-11-20T00:30:00+01:00", "2026-11-19T23:30:00+00:00"),
    ("2026-11-20T00:00:15+00:00:30", "2026-11-19T23:59:45+00:00"),
    ("2026-11-20T09:00:00-000030", "2026-11-20T09:00:30+00:00"),
    ("2026-11-20T09:00:00+0530", "2026-11-20T03:30:00+00:00"),
    ("2026-11-20 09:00:00+00", "2026-11-20T09:00:00+00:00"),
    ("2026-11-20 09:00:00.25 -0100", "2026-11-20T10:00:00.25+00:00"),
    ("2026-11-20 09:00:00 UTC", "2026-11-20T09:00:00+00:00"),
    ("2026-11-20t09:00:00.5z", "2026-11-20T09:00:00.5+00:00"),
    ("2026-11-20T09:00:00,123456789Z", "2026-11-20T09:00:00.123456+00:00"),
    ("2026-11-20T09:00Z", "2026-11-20T09:00:00+00:00"),
    ("2026-11-20T09:00:00.Z", "2026-11-20T09:00:00+00:00"),
    (" 2026-11-20T09:00:00Z\n", "2026-11-20T09:00:00+00:00"),
    ("2016-12-31T23:59:60Z", "2016-12-31T23:59:59.999999+00:00"),
    ("2017-01-01T08:59:60.75+09:00", "2016-12-31T23:59:59.999999+00:00"),
]


@pytest.mark.parametrize("beside", [[], [row(model=None)]], ids=["quick", "row by row"])
@pytest.mark.parametrize(("created_at", "utc"), CREATED)
def test_a_creation_time_is_read_however_it_is_written_and_never_into_the_next_day(
    created_at: str, utc: str, beside: list[object]
) -> None:
    task = decode_page(page_of(row(created_at=created_at), *beside)).tasks[0]
    assert task.created_at == datetime.fromisoformat(utc)
    assert task.created_at.utcoffset() == timedelta()


@given(
    st.integers(0, 3 * 10**9).map(lambda seconds: datetime(2000, 1, 2, tzinfo=UTC) + timedelta(seconds=seconds)),
    st.integers(0, 10**9 - 1),
    st.integers(-86_399, 86_399),
)
def test_a_fraction_of_any_length_stays_within_its_second(second: datetime, nanos: int, offset: int) -> None:
    sign, seconds = "-" if offset < 0 else "+", abs(offset)
    written_offset = f"{sign}{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
    text = f"{second:%Y-%m-%dT%H:%M:%S}.{nanos:09}{written_offset}"
    [task] = decode_page(page_of(row(created_at=text))).tasks
    expected = second.replace(microsecond=nanos // 1000) - timedelta(seconds=offset)
    assert task.created_at == expected


@pytest.mark.parametrize(
    "created_at",
    [
        "2026-11-20T24:00:00Z", "2026-11-20T09:00:60Z", "2026-11-20T23:59:60+01:00", "2026-11-20T23:59:61Z",
        "2026-11-20T09:60:00Z", "2026-02-29T09:00:00Z", "2026-13-01T09:00:00Z", "0000-01-01T00:00:00Z",
        "2026-11-20T09:00:00+24:00", "2026-11-20T09:00:00+01:60", "2026-11-20T09:00:00+01:00:60",
        "2026-11-20T09:00.5Z", "2026-11-20T09Z", "2026-11-20T09:00:00 CET", "20261120T090000Z",
        "2026-W47-5T09:00:00Z", "2026-W47-5T09:00:00+00:00", "2026-11-20T09:00:00Z+01:00", "٢٠٢٦-11-20T09:00:00Z",
        "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", "1764150000", "",
    ],
)  # fmt: skip
def test_a_creation_time_that_leaves_a_doubt_sets_its_row_aside(created_at: str) -> None:
    key, reason = refusal(page_of(row(created_at=created_at), GOOD))
    assert key == "t1"
    assert "created_at" in reason


EXACT = ["0", "3", "1.50", "0.30000000000000004", "0.1", "1e-9", "1E+3", "123456.7890123456789012345", "0." + "3" * 500]


@pytest.mark.parametrize("beside", [[], [row(model=None)]], ids=["quick", "row by row"])
@pytest.mark.parametrize("field", ["neo_credits", "llm_cost", "neo_cost"])
@pytest.mark.parametrize("amount", EXACT)
def test_an_amount_keeps_every_digit_it_came_with(amount: str, field: str, beside: list[object]) -> None:
    task = decode_page(written(field, amount, *beside)).tasks[0]
    got = getattr(task, field)
    assert got == Decimal(amount)
    assert got.as_tuple() == Decimal(amount).as_tuple()


@pytest.mark.parametrize("amount", ["1e-400", "0e-6176", "1e-99999", "1e-99999999999", "0e-99999999999", "-0", "-0.0"])
def test_amounts_too_small_for_a_float_cost_nothing_and_are_small_for_a_database_too(amount: str) -> None:
    [task] = decode_page(written("neo_credits", amount)).tasks
    assert price(task, ByokUnit.CREDITS).platform_nanos == 0
    assert task.neo_credits is not None
    assert len(f"{task.neo_credits:f}") < 500


@pytest.mark.parametrize("amount", ["1e400", "9" * 5000, "1e99999999"])
def test_absurd_amounts_pass_the_wire_and_are_refused_when_priced(amount: str) -> None:
    [task, good] = decode_page(written("neo_credits", amount, GOOD)).tasks
    assert good.task_id == "good"
    with pytest.raises(AmountError):
        price(task, ByokUnit.CREDITS)


def test_a_long_title_and_error_are_cut() -> None:
    [task] = decode_page(page_of(row(task_title="x" * 1_001, error_message="y" * 10_001))).tasks
    assert (task.title, task.error_message) == ("x" * 1_000, "y" * 10_000)


def test_titles_and_errors_may_hold_anything_that_is_text() -> None:
    text = "two\nlines \u202e and \x07 😀"
    [task] = decode_page(page_of(row(task_title=text, error_message=text))).tasks
    assert (task.title, task.error_message) == (text, text)


# --- bad rows, each beside a good one ------------------------------------------------------------


@pytest.mark.parametrize("field", MONEY)
def test_a_row_that_lacks_its_id_or_day_is_set_aside(field: str) -> None:
    key, reason = refusal(page_of({name: value for name, value in ROW.items() if name != field}, GOOD))
    assert reason == f"Object missing required field `{field}`"
    assert key.startswith("row ") if field == "task_id" else key == "t1"


@pytest.mark.parametrize("field", MONEY)
def test_a_row_with_null_for_its_id_or_day_is_set_aside(field: str) -> None:
    _, reason = refusal(page_of(row(**{field: None}), GOOD))
    assert "got `null`" in reason
    assert field in reason


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("task_id", 5),
        ("created_at", 1_700_000_000),
        ("created_at", "yesterday"),
        ("created_at", "2026-11-20"),
        ("created_at", "2026-02-30T09:00:00Z"),
        ("email", 7),
        ("email", ["ana@acme.dev"]),
        ("email", "x" * 1_001),
        ("is_byok", 1),
        ("is_byok", "yes"),
        ("is_byok", []),
        ("neo_credits", "a lot"),
        ("neo_credits", True),
        ("llm_cost", []),
        ("neo_cost", {"usd": 1}),
    ],
)
def test_a_row_whose_money_day_or_member_cannot_be_read_is_set_aside_with_the_field_named(
    field: str, value: object
) -> None:
    key, reason = refusal(page_of(row(**{field: value}), GOOD))
    assert f"$.{field}" in reason
    assert key.startswith("row ") if field == "task_id" else key == "t1"


@pytest.mark.parametrize(
    ("field", "value", "reason"),
    [
        ("task_id", "", "Expected `str` of length >= 1 - at `$.task_id`"),
        ("task_id", "x" * 501, "Expected `str` of length <= 500 - at `$.task_id`"),
        ("task_id", "a\nb", "`task_id` holds control characters"),
        ("neo_credits", -0.5, "`neo_credits` is negative"),
        ("llm_cost", -1, "`llm_cost` is negative"),
        ("neo_cost", -1e-300, "`neo_cost` is negative"),
        ("created_at", "2026-11-20T09:00:00", "Expected `datetime` with a timezone component - at `$.created_at`"),
        ("created_at", "1999-12-31T23:59:59Z", "`created_at` is outside the years 2000 to 2099"),
        ("created_at", "2100-01-01T00:00:00Z", "`created_at` is outside the years 2000 to 2099"),
    ],
)
def test_a_row_with_a_value_that_cannot_be_is_set_aside_with_the_reason(field: str, value: object, reason: str) -> None:
    assert refusal(page_of(row(**{field: value}), GOOD))[1] == reason


@pytest.mark.parametrize("field", ["neo_credits", "llm_cost", "neo_cost"])
@pytest.mark.parametrize("token", ["NaN", "Infinity", "-Infinity", '"NaN"', '"Infinity"'])
def test_an_amount_that_is_no_number_sets_its_row_aside(field: str, token: str) -> None:
    assert refusal(written(field, token, GOOD)) == ("t1", f"`{field}` is not a number")


@pytest.mark.parametrize(
    ("field", "token"),
    [
        ("neo_credits", "-" + "9" * 5_000),
        ("neo_credits", "-1e99999"),
        ("email", r'"\ud800@acme.dev"'),
        ("task_id", r'"t\ud83d"'),
        ("created_at", r'"2026-11-20T09:00:00\ud83dZ"'),
        ("is_byok", "9" * 5_000),
    ],
)
def test_a_token_that_cannot_be_stored_sets_its_row_aside(field: str, token: str) -> None:
    key, reason = refusal(written(field, token, GOOD))
    assert key == ("t?" if field == "task_id" else "t1")
    assert reason


def test_a_codecs_own_words_are_no_reason() -> None:
    assert refusal(page_of(row(email="a\ud800"), GOOD))[1] == "text or a number that cannot be stored"


# --- bad decoration, which costs no row its money ------------------------------------------------

HUGE = "9" * 5_000
ODD = ["null", "true", "[]", "{}", "-1", "1e400", "NaN", "-Infinity", HUGE, '"many"', '"-3"', r'"\ud800"']
NO_NUMBER = [(token, None) for token in ODD]
NUMBERS = [("3.0", 3), ("812.5", 812), ('"3"', 3), ('"812.5"', 812), ("1e3", 1000), ("0", 0), ("-0.0", 0)]
COUNTS = [*NO_NUMBER, *NUMBERS, ("1000000000", 10**9), ("1000000001", None), ("1764000000000000", None)]
TIMES = [*NO_NUMBER, *NUMBERS, ("316224000000", 316_224_000_000), ("316224000001", None), ("1800000000000000", None)]
NAMES = [
    *((token, "unknown") for token in ODD[:9]),
    ('"opus\\u00a04"', "opus 4"), ('"opus\\u202e"', "opus"), ('"do\\u0000ne"', "done"), ('"a\\nb"', "a b"),
    (r'"\ud83d x"', "\ufffd x"), ('"\\u0007"', "unknown"), (f'"{"x" * 501}"', "x" * 500), ('""', ""),
]  # fmt: skip
TEXTS = [
    *((token, None) for token in ODD[:9]),
    (r'"Scan \ud83d"', "Scan \ufffd"),
    (r'"half \udc00 a pair"', "half \ufffd a pair"), (f'"{"x" * 20_000}"', "x" * 1_000),
    ("[" * 300 + "]" * 300, None),
]  # fmt: skip
TOOLS = [
    *((token, None) for token in ODD if token != "{}"),
    ("{}", {}),
    ('{"nuclei": null, "git": {"calls": 1}}', {"git": (1, 0)}),
    ('{"nuclei": 3, "git": []}', {}),
    ('{"nuclei": {"calls": "2", "total_duration_ms": 7.9}}', {"nuclei": (2, 7)}),
    ('{"nuclei": {"calls": -1, "total_duration_ms": null}}', {"nuclei": (0, 0)}),
    ('{"nuclei": {"calls": 1e10, "total_duration_ms": 1800000000000000}}', {"nuclei": (0, 0)}),
    (r'{"\ud800": {"calls": 1}}', {"\ufffd": (1, 0)}),
    (f'{{"{"x" * 501}": {{"calls": 1}}}}', {"x" * 500: (1, 0)}),
]
AGENTS = [
    *((token, None) for token in ODD if token != "{}"),
    ('{"recon": "1", "web": null, "git": 2.0, "x": -1, "y": [], "z": true}', {"recon": 1, "git": 2}),
    (f'{{"recon": {HUGE}}}', {}),
]
DECORATION: Mapping[str, tuple[str, list[tuple[str, Any]]]] = {
    "model": ("model", NAMES),
    "status": ("status", NAMES),
    "stream_id": ("stream_id", [*((token, "unknown") for token in ODD[1:9]), (r'"\ud800"', "\ufffd")]),
    "task_title": ("title", TEXTS),
    "error_message": ("error_message", [*TEXTS[:-2], (f'"{"x" * 20_000}"', "x" * 10_000)]),
    "tool_breakdown": ("tools", TOOLS),
    "agent_breakdown": ("agents", AGENTS),
    "stream_count": ("stream_count", COUNTS),
    **{name: (name, [(t, n or 0) for t, n in COUNTS]) for name in ("step_count", "tool_calls", "agent_triggers")},
    **{name: (name, TIMES) for name in ("llm_time_ms", "tool_time_ms", "total_execution_ms", "avg_step_latency_ms")},
}


@pytest.mark.parametrize(
    ("field", "token", "kept"),
    [(field, token, kept) for field, (_, cases) in DECORATION.items() for token, kept in cases],
    ids=lambda value: str(value)[:20],
)
def test_bad_decoration_is_set_right_or_dropped_and_the_money_of_its_row_kept(
    field: str, token: str, kept: object
) -> None:
    odd = row(neo_credits=7, email="ana@acme.dev") | {field: "@@"}
    body = page_of(odd, GOOD).replace(b'"@@"', token.encode(), 1)
    page = decode_page(body)
    assert page.refused == ()
    task, good = page.tasks
    assert (task.task_id, task.neo_credits, task.email) == ("t1", Decimal(7), "ana@acme.dev")
    assert task.created_at == datetime(2026, 11, 20, 9, tzinfo=UTC)
    got = getattr(task, DECORATION[field][0])
    assert (uses(got) if field == "tool_breakdown" else got) == kept
    assert good.task_id == "good"


def uses(tools: Mapping[str, ToolUse] | None) -> dict[str, tuple[int, int]] | None:
    return None if tools is None else {name: (use.calls, use.total_duration_ms) for name, use in tools.items()}


def test_every_field_that_a_task_keeps_is_money_or_decoration() -> None:
    money = {"task_id", "created_at", "email", "is_byok", "neo_credits", "llm_cost", "neo_cost"}
    assert money.isdisjoint(DECORATION)
    assert money | {name for name, _ in DECORATION.values()} == set(Task.__struct_fields__)


@pytest.mark.parametrize("field", [name for name in ROW if name not in MONEY])
def test_decoration_may_be_missing(field: str) -> None:
    [task] = decode_page(page_of({name: value for name, value in row(neo_credits=7).items() if name != field})).tasks
    assert task.neo_credits == 7
    assert getattr(task, field) == ("unknown" if field in {"model", "status"} else 0)


@pytest.mark.parametrize("field", ["llm_cost", "neo_cost"])
@pytest.mark.parametrize("token", ["NaN", "-Infinity", "-1", "-1e-17", '"n/a"', '"-1"', '"NaN"', "{}", "[1]", "true"])
@pytest.mark.parametrize("is_byok", [False, "false"])
def test_what_nobody_pays_for_on_neos_key_costs_no_row_its_money(field: str, token: str, is_byok: object) -> None:
    body = json.dumps({"data": [row(is_byok=is_byok, neo_credits=7, **{field: "@@"})], "total": 1, "has_more": False})
    [task] = decode_page(body.replace('"@@"', token).encode()).tasks
    assert task.is_byok is False
    assert task.neo_credits == 7
    assert getattr(task, field) is None


def test_what_is_sound_is_kept_beside_what_is_not() -> None:
    [task] = decode_page(page_of(row(is_byok=False, neo_credits=7, llm_cost="0.25", neo_cost="n/a"))).tasks
    assert (task.llm_cost, task.neo_cost) == (Decimal("0.25"), None)


@pytest.mark.parametrize(
    ("written_as", "is_byok"), [("true", True), ("false", False), ("True", True), ("FALSE", False), (None, None)]
)
def test_true_and_false_may_be_written_as_text(written_as: str | None, is_byok: object) -> None:
    [task] = decode_page(page_of(row(is_byok=written_as))).tasks
    assert task.is_byok is is_byok


@pytest.mark.parametrize("field", ["neo_credits", "llm_cost", "neo_cost"])
def test_an_amount_may_be_written_as_text(field: str) -> None:
    [task] = decode_page(page_of(row(**{field: "12.50"}))).tasks
    assert getattr(task, field) == Decimal("12.50")


@pytest.mark.parametrize(
    ("place", "reason"), [("opus", None), ("t1", "cannot be stored"), ("2026", "cannot be stored")]
)
def test_a_byte_that_is_no_text_costs_no_more_than_the_field_it_is_in(place: str, reason: str | None) -> None:
    page = decode_page(page_of(row(neo_credits=7), GOOD).replace(place.encode(), place[:-1].encode() + b"\xff", 1))
    assert page.tasks[-1].task_id == "good"
    if reason is None:
        assert (page.tasks[0].model, page.tasks[0].neo_credits) == ("opu\ufffd", Decimal(7))
    else:
        [refused] = page.refused
        assert reason in refused.reason


def test_a_byte_order_mark_changes_nothing() -> None:
    assert decode_page(b"\xef\xbb\xbf" + page_of(ROW)) == decode_page(page_of(ROW))


def test_of_a_key_that_comes_twice_the_last_counts() -> None:
    for beside in ((), (row(model=None),)):
        body = page_of(row(neo_credits=7), *beside).replace(
            b'"neo_credits": 7', b'"neo_credits": 9, "neo_credits": 7', 1
        )
        assert decode_page(body).tasks[0].neo_credits == 7


@pytest.mark.parametrize("bad", [None, 5, "row", [], [ROW], True, {}, {"task_id": None}, {"task_id": ["t1"]}])
def test_what_is_no_row_at_all_is_set_aside_under_a_digest(bad: object) -> None:
    key, reason = refusal(page_of(bad, GOOD))
    assert key.startswith("row ")
    assert reason
    assert refusal(page_of(bad, GOOD)) == (key, reason)


def test_refused_rows_are_told_apart() -> None:
    page = decode_page(page_of({"a": 1}, {"a": 2}, GOOD, row(email=1)))
    assert len({refused.key for refused in page.refused}) == 3
    assert [task.task_id for task in page.tasks] == ["good"]


def test_a_page_of_bad_rows_is_still_a_page() -> None:
    page = decode_page(page_of(1, 2, 3))
    assert (page.tasks, page.rows, page.total) == ((), 3, 3)


def test_a_reason_does_not_quote_what_came() -> None:
    secret = "neo_sk_0123456789"
    for bad in (row(is_byok=secret), row(created_at=secret), row(email=f"{secret}\ud800"), [secret]):
        assert secret not in refusal(page_of(bad, GOOD))[1]


# --- not a page ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "what"),
    [
        (b"", "broken or cut"),
        (b"   ", "broken or cut"),
        (b"<html><body>502</body></html>", "HTML"),
        (b"\r\n  <!DOCTYPE html>", "HTML"),
        (b"upstream connect error", "broken or cut"),
        (page_of(ROW)[:-1], "broken or cut"),
        (page_of(ROW)[:40], "broken or cut"),
        (page_of(ROW) + b"{}", "broken or cut"),
        (b"\x1f\x8b\x08\x00", "broken or cut"),
        (b"[" * 100_000, "nested too deeply"),
        (b'{"data":' + b"[" * 100_000 + b"]" * 100_000 + b',"total":0}', "nested too deeply"),
        (b'{"a":' * 100_000, "nested too deeply"),
        (b"null", "no `data` and `total`"),
        (b"NaN", "no `data` and `total`"),
        (b"[]", "no `data` and `total`"),
        (b"{}", "no `data` and `total`"),
        (b'"data"', "no `data` and `total`"),
        (b'{"data": null}', "no `data` and `total`"),
        (b'{"data": null, "total": 0, "has_more": false}', "no `data` and `total`"),
        (b'{"data": {}, "total": 0, "has_more": false}', "no `data` and `total`"),
        (b'{"data": []}', "no `data` and `total`"),
        (b'{"data": [], "total": null, "has_more": false}', "no `data` and `total`"),
        (b'{"data": [], "total": "0", "has_more": false}', "no `data` and `total`"),
        (b'{"data": [], "total": true, "has_more": false}', "no `data` and `total`"),
        (b'{"data": [], "total": 1.5, "has_more": false}', "no `data` and `total`"),
        (b'{"data": [], "total": NaN, "has_more": false}', "no `data` and `total`"),
        (b'{"data": [], "total": ' + b"9" * 5000 + b', "has_more": false}', "no `data` and `total`"),
        (b'{"data": [], "total": -1, "has_more": false}', "negative"),
        (b'{"data": [5], "total": -1, "has_more": false}', "negative"),
        (b'{"error": "Bad request", "code": "invalid_request"}', "no `data` and `total`"),
    ],
)
def test_what_is_no_page_is_said_to_be_none_without_quoting_it(body: bytes, what: str) -> None:
    with pytest.raises(NotAPageError, match=what) as raised:
        decode_page(body)
    assert len(str(raised.value)) < 50


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b'{"error":"no","code":"forbidden","kind":"x"}', "forbidden"),
        (b'{"error":"no"}', None),
        (b'{"error":"no","code":null}', None),
        (b'{"code":5}', None),
        (b"", None),
        (b"<html>", None),
        (b"[]", None),
        (b'"forbidden"', None),
        (b"[" * 100_000, None),
        (b'{"code":"\\ud800"}', None),
        (b'{"code":"\xff"}', None),
    ],
)
def test_the_code_of_an_error_is_read_where_there_is_one(body: bytes, code: str | None) -> None:
    assert error_code(body) == code


# --- faults found --------------------------------------------------------------------------------


@pytest.mark.parametrize("others", [[], [GOOD], [row(model=None)]])
@pytest.mark.parametrize("token", ["1e99999999999999999999", "-1e99999999999999999999", "1e-99999999999999999999"])
def test_an_exponent_beyond_any_decimal_does_not_crash_the_page(token: str, others: list[object]) -> None:
    page = decode_page(written("neo_credits", token, *others))
    assert page.rows == 1 + len(others)


@pytest.mark.parametrize("extra", [{"trace": 10**25}, {"note": "\ud800"}, {"tool_call_history": [{"args": "\ud83d"}]}])
def test_a_bad_row_does_not_lose_another_for_a_field_that_nothing_uses(extra: dict[str, Any]) -> None:
    assert refusal(page_of(row(created_at=None), {**GOOD, **extra}))[0] == "t1"


def test_the_key_of_a_refused_row_can_be_stored() -> None:
    key, _ = refusal(page_of(row(task_id="t\ud800"), GOOD))
    assert key.encode().decode() == key


@pytest.mark.parametrize("bad", [row(task_id="x" * 100_000), row(task_id="a\nb\x1b[2J")])
def test_the_key_of_a_refused_row_is_short_and_printable(bad: dict[str, Any]) -> None:
    key, _ = refusal(page_of(bad, GOOD))
    assert len(key) <= 200
    assert key.isprintable()


@pytest.mark.parametrize("created_at", ["2000-01-01T00:00:00+14:00", "2099-12-31T23:00:00-10:00"])
def test_the_year_of_creation_is_the_one_in_utc(created_at: str) -> None:
    assert "2000 to 2099" in refusal(page_of(row(created_at=created_at), GOOD))[1]


def test_an_amount_that_passes_the_wire_can_be_priced_or_refused() -> None:
    [task] = decode_page(written("neo_credits", "1e99999999").replace(b"{", b'{"is_byok": true, "llm_cost": 5,')).tasks
    with pytest.raises(AmountError):
        price(task, ByokUnit.CREDITS)


# --- laws ----------------------------------------------------------------------------------------

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(min_value=10**18, max_value=10**40)
    | st.floats()
    | st.text(st.characters(), max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=8,
)
ROWS = st.dictionaries(st.sampled_from(tuple(WHOLE)), JSON, max_size=4).map(lambda told: {**WHOLE, **told})


def decoded(body: bytes) -> Page | None:
    try:
        return decode_page(body)
    except NotAPageError:
        return None


@examples(300)
@given(st.binary(max_size=200))
def test_random_bytes_are_a_page_or_none_and_never_a_crash(body: bytes) -> None:
    page = decoded(body)
    assert page is None or page.total >= 0
    error_code(body)


@examples(200)
@given(JSON | st.fixed_dictionaries({"data": JSON, "total": JSON, "has_more": JSON}))
def test_random_json_is_a_page_or_none_and_never_a_crash(value: object) -> None:
    body = json.dumps(value).encode()
    page = decoded(body)
    assert page is None or page.rows >= 0
    error_code(body)


@examples(300)
@given(st.lists(ROWS | JSON, max_size=3), st.integers(0, 3), st.integers(0, 10**6))
def test_whatever_the_other_rows_are_a_good_row_is_kept_and_every_row_counted(
    others: list[object], place: int, total: int
) -> None:
    rows = [*others[:place], GOOD, *others[place:]]
    body = json.dumps({"data": rows, "total": total, "has_more": False}).encode()
    page = decode_page(body)
    assert (page.rows, page.total) == (len(rows), total)
    assert "good" in {task.task_id for task in page.tasks}
    assert all(refused.key and refused.reason for refused in page.refused)


@examples(200)
@given(st.integers(0, len(page_of(WHOLE))), st.binary(max_size=4))
def test_a_damaged_page_is_a_page_or_none_and_never_a_crash(place: int, damage: bytes) -> None:
    whole = page_of(WHOLE)
    for body in (whole[:place] + damage + whole[place + len(damage) :], whole[:place] + damage):
        page = decoded(body)
        assert page is None or page.rows >= 0
