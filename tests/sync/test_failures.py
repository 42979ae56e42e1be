"""When the upstream fails: one clear sentence, no false zero, no key in it, and the next good pass heals it."""

import asyncio
import json
import logging
import traceback
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from sqlalchemy import text

from bot.app import App
from bot.database.errors import LedgerError
from bot.neo.errors import NeoError
from bot.sandbox.clock import SimClock
from bot.sandbox.faults import (  # fmt: skip
    Body,
    Duplicate,
    Fault,
    Hang,
    HasMore,
    Html,
    Mangle,
    Redirect,
    Reset,
    Slow,
    Status,
    Total,
    Truncated,
)
from bot.sandbox.http_server import NeoServer
from bot.sandbox.neo import NeoApi
from bot.sandbox.tasks import SimTask, Stream, row
from bot.sandbox.world import START, World
from bot.sync.outcome import SyncOutcome
from bot.usage.report_document import to_json
from tests.support.app import report_of
from tests.support.engines import many_cases
from tests.support.fixtures import HURRIED, Wire

HOUR = timedelta(hours=1)


@pytest.fixture
def app(wire: Wire) -> App:
    """An app that waits for an answer no longer than the tests of those that do not come can bear."""
    return replace(wire(), retry_policy=replace(HURRIED, answer=0.4))


def sync(app: App) -> SyncOutcome:
    return asyncio.run(app.sync(full=False, progress=lambda _: None, on_wait=lambda _: None))


def spend(app: App, line: str = "7d") -> str:
    found: str = json.loads(to_json(report_of(app, line)))["total"]["spend_usd"]
    return found


def fill(world: World, count: int = 5) -> None:
    for number in range(count):
        start = START - timedelta(hours=3 + number)
        end = start + timedelta(minutes=9)
        world.add(SimTask.of(f"task-{number:03}", Stream(started_at=start, ended_at=end, credits=Decimal(1))))


@pytest.fixture(autouse=True)
def _five_tasks(world: World) -> None:
    fill(world)


LASTING = [
    (Status(401), "does not accept the key (401)"),
    (Status(403), "does not let this key see usage (403)"),
    (Status(404), "does not accept the question (404"),
    (Status(429, retry_after=1), "limiting requests (429)"),
    (Status(429, retry_after=3_600), "asks to wait 3600 s"),
    (Status(429), "limiting requests (429)"),
    (Status(500), "Neo is failing (500"),
    (Status(503), "Neo is failing (503"),
    (Status(504), "could not give so large an answer (504"),
    (Status(413), "could not give so large an answer (413"),
    (Html(502), "Neo is failing (502"),
    (Html(200), "isn't a page of tasks: it is HTML"),
    (Truncated(), "isn't a page of tasks: it is broken or cut JSON"),
    (Body(b'{"data": null}'), "isn't a page of tasks: it has no `data` and `total`"),
    (Body(b'{"data": [], "total": -1, "has_more": false}'), "isn't a page of tasks: its total is negative"),
    (Body(b""), "isn't a page of tasks"),
    (Hang(), "no answer within"),
    (Slow(5.0), "no answer within"),
    (Reset(), "cannot be reached"),
    (Reset(mid_body=True), "cannot be reached"),
    (Redirect("http://127.0.0.1:9/stolen"), "redirect (302), which is not followed"),
]


@pytest.mark.parametrize(("fault", "sentence"), LASTING, ids=lambda value: repr(value)[:40])
@many_cases
def test_a_lasting_failure_is_one_sentence_and_never_a_zero(
    neo: NeoServer, app: App, fault: Fault, sentence: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    neo.api.faults.always = fault
    with pytest.raises(NeoError) as failure:
        sync(app)
    assert sentence in str(failure.value)
    assert "\n" not in str(failure.value)
    shown = "".join(traceback.format_exception(failure.value)) + caplog.text
    assert neo.api.key not in shown
    with pytest.raises(LedgerError, match="nothing has been read from Neo yet"):
        spend(app)
    neo.api.faults.clear()
    assert sync(app).complete
    assert spend(app) == "50.000000000"


@pytest.mark.parametrize(("fault", "sentence"), LASTING, ids=lambda value: repr(value)[:40])
@many_cases
def test_a_failure_after_a_good_pass_leaves_what_is_known(
    neo: NeoServer, app: App, clock: SimClock, fault: Fault, sentence: str
) -> None:
    sync(app)
    clock.advance(timedelta(hours=1))
    neo.api.faults.always = fault
    with pytest.raises(NeoError):
        sync(app)
    document = json.loads(to_json(report_of(app, "7d")))
    assert document["total"]["spend_usd"] == "50.000000000"
    assert document["data_as_of"] == "2026-03-02T09:00:00Z"
    assert document["complete"] is False
    with app.ledger.reader() as reader:
        assert sentence in reader.execute(text("SELECT error FROM pass ORDER BY id DESC LIMIT 1")).all()[0][0]


@pytest.mark.parametrize(
    "fault",
    [
        Status(429, retry_after=0), Status(429, retry_after=START), Status(500), Html(502), Html(200), Truncated(),
        Body(b"[]"), Reset(), Reset(mid_body=True), Hang(),
    ],
    ids=lambda value: repr(value)[:40],
)  # fmt: skip
@many_cases
def test_a_passing_failure_is_asked_again(neo: NeoServer, app: App, fault: Fault) -> None:
    neo.api.faults.push(fault)
    assert sync(app).complete
    assert spend(app) == "50.000000000"


def test_a_redirect_does_not_carry_the_key(neo: NeoServer, app: App, world: World, clock: SimClock) -> None:
    with NeoServer(NeoApi(world, clock)) as thief:
        neo.api.faults.always = Redirect(f"{thief.url}/api/v1/usage/tasks")
        with pytest.raises(NeoError):
            sync(app)
        assert thief.api.log == []


def test_exactly_one_credential_is_sent_and_times_end_in_z(neo: NeoServer, app: App, wire: Wire) -> None:
    sync(app)
    sync(wire(NEO_API_KEY="", NEO_BEARER_TOKEN=neo.api.key))
    for request in neo.api.log:
        assert ("X-Api-Key" in request.headers) != ("Authorization" in request.headers)
        assert all(value.endswith("Z") for name, value in request.query.items() if name in {"from", "to"})
        assert "" not in request.query.values()


def test_too_large_pages_are_asked_for_in_smaller_ones(neo: NeoServer, app: App, world: World) -> None:
    fill(world, 130)

    def too_large(request: Any) -> Fault | None:
        return Status(504) if int(request.query.get("limit", 0)) > 20 else None

    neo.api.faults.when(too_large)
    assert sync(app).complete
    limits = [int(each.query["limit"]) for each in neo.api.log if "limit" in each.query]
    assert limits[:3] == [200, 50, 20]
    assert set(limits[2:]) == {20}
    with app.ledger.reader() as reader:
        assert reader.execute(text("SELECT count(*) FROM task")).all() == [(130,)]


def spoil(change: Callable[[dict[str, Any]], None]) -> Mangle:
    def mangle(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        for each in rows:
            if each["task_id"] == "task-002":
                change(each)
        return rows

    return Mangle(mangle)


@pytest.mark.parametrize(
    "change",
    [
        lambda row: row.update(neo_credits=float("nan")),
        lambda row: row.update(neo_credits=float("inf")),
        lambda row: row.update(neo_credits=-1),
        lambda row: row.update(neo_credits=10**12),
        lambda row: row.update(neo_credits="twelve"),
        lambda row: row.pop("created_at"),
        lambda row: row.update(created_at="yesterday"),
        lambda row: row.update(created_at="2026-03-01T24:30:00Z"),
        lambda row: row.update(neo_credits=1e30),
        lambda row: row.update(email=["someone@acme.example"]),
        lambda row: row.update(is_byok="perhaps"),
    ],
)
def test_a_row_that_is_no_task_is_set_aside_and_the_rest_is_kept(
    neo: NeoServer, app: App, clock: SimClock, change: Callable[[dict[str, Any]], None]
) -> None:
    neo.api.faults.always = spoil(change)
    outcome = sync(app)
    assert outcome.complete
    assert outcome.tally.quarantined == 1
    assert spend(app) == "40.000000000"
    with app.ledger.reader() as reader:
        assert reader.execute(text("SELECT key FROM quarantine")).all() == [("task-002",)]
    neo.api.faults.clear()
    clock.advance(timedelta(minutes=5))
    sync(app)
    assert spend(app) == "50.000000000"
    with app.ledger.reader() as reader:
        assert reader.execute(text("SELECT key FROM quarantine")).all() == []


@pytest.mark.parametrize(
    "change",
    [
        lambda row: row.pop("status"),
        lambda row: row.update(status="error", total_execution_ms=1_764_000_000_000_000),
        lambda row: row.update(status="failed", error_message={"code": 137}, model=None),
        lambda row: row.update(step_count=None, tool_calls=10**40, stream_count=2**63),
        lambda row: row.update(
            task_title=msgspec.Raw(b'"Scan \\ud83d"'), tool_breakdown=[], agent_breakdown={"a": None}
        ),
        lambda row: row.update(avg_step_latency_ms=812.5, llm_time_ms="12", is_byok="false"),
        lambda row: row.update(created_at="2026-03-01T23:59:59.999999789Z"),
    ],
)
def test_a_row_whose_money_is_sound_counts_whatever_is_wrong_beside_it(
    neo: NeoServer, app: App, change: Callable[[dict[str, Any]], None]
) -> None:
    neo.api.faults.always = spoil(change)
    outcome = sync(app)
    assert outcome.complete
    assert outcome.tally.quarantined == 0
    assert spend(app, "2026-03-01..2026-03-02") == "50.000000000"
    assert spend(app, "task:task-002") == "10.000000000"


def test_the_last_nanosecond_of_a_day_belongs_to_it(neo: NeoServer, app: App) -> None:
    neo.api.faults.always = spoil(lambda row: row.update(created_at="2026-03-01T23:59:59.999999789Z"))
    sync(app)
    assert (spend(app, "2026-03-01"), spend(app, "2026-03-02")) == ("10.000000000", "40.000000000")


@pytest.mark.parametrize(
    "fault", [Total(lambda real: real + 3), Duplicate(), Total(lambda _: 0)], ids=("three more", "a copy", "none")
)
def test_a_list_that_does_not_add_up_is_never_called_complete(neo: NeoServer, app: App, fault: Fault) -> None:
    neo.api.faults.always = fault
    outcome = sync(app)
    assert not outcome.complete
    assert json.loads(to_json(report_of(app, "7d")))["complete"] is False
    neo.api.faults.clear()
    assert sync(app).complete
    assert spend(app) == "50.000000000"


def test_a_list_that_claims_to_be_endless_is_given_up_soon(neo: NeoServer, app: App) -> None:
    neo.api.faults.always = Total(10**9)
    assert not sync(app).complete
    assert len(neo.api.log) < 1_000
    with pytest.raises(LedgerError, match="nothing has been read"):
        spend(app)


def answers(lie: Callable[[int], Fault | None]) -> Callable[[Any], Fault | None]:
    """A rule for lists by their offset; a task asked for alone is answered truly."""
    return lambda request: lie(int(request.query["offset"])) if "offset" in request.query else None


@pytest.mark.parametrize(
    ("lie", "complete"),
    [
        (lambda real: min(real, 40), True),  # cut, each part is below the cap
        (lambda real: min(real, 20), True),
        (lambda real: max(0, real - 50), False),
        (lambda _: 0, False),
        (lambda _: 1, False),
        (lambda real: real + 1, False),
        (lambda real: 2 * real, False),
    ],
    ids=["capped", "capped at a page", "old", "none", "one", "one more", "twice"],
)
@many_cases
def test_a_list_is_read_to_its_end_whatever_its_total_says(
    neo: NeoServer, app: App, world: World, lie: Callable[[int], int], complete: object
) -> None:
    fill(world, 90)
    neo.api.page_cap = 20
    neo.api.faults.always = Total(lie)
    assert sync(app).complete is complete
    assert spend(app) == "900.000000000" if complete else spent(app) == 900 * 10**9
    assert len(neo.api.log) < 400


def spent(app: App) -> int:
    """What is booked, of an app that has never read a list completely."""
    with app.ledger.reader() as reader:
        return int(reader.execute(text("SELECT sum(platform_nanos) FROM charge")).all()[0][0])


@pytest.mark.parametrize("lie", [True, False, None, "true", "false", "perhaps", 0, [], 7], ids=repr)
def test_what_has_more_says_beside_a_true_total_changes_nothing(
    neo: NeoServer, app: App, world: World, lie: object
) -> None:
    fill(world, 60)
    neo.api.page_cap = 20
    neo.api.faults.always = HasMore(lie)
    assert sync(app).complete
    assert spend(app) == "600.000000000"
    assert len(neo.api.log) < 17


def test_a_list_without_has_more_ends_where_its_total_says(neo: NeoServer, app: App, world: World) -> None:
    fill(world, 60)
    page = json.dumps({"data": [row(task) for task in world.tasks(START)], "total": 60}, default=float)
    neo.api.faults.always = Body(page.encode())
    assert sync(app).complete
    assert spend(app) == "600.000000000"


@pytest.mark.parametrize("status", [400, 404, 413, 414, 416, 422, 431, 504])
def test_an_upstream_that_refuses_deep_offsets_is_read_in_shorter_windows(
    neo: NeoServer, app: App, world: World, status: int
) -> None:
    fill(world, 90)
    neo.api.page_cap = 20
    neo.api.faults.when(answers(lambda offset: Status(status) if offset >= 40 else None))
    assert sync(app).complete
    assert spend(app) == "900.000000000"
    assert len(neo.api.log) < 60


def test_an_upstream_that_is_too_slow_at_deep_offsets_is_read_in_shorter_windows(
    neo: NeoServer, app: App, world: World
) -> None:
    fill(world, 60)
    neo.api.page_cap = 20
    neo.api.faults.when(answers(lambda offset: Hang() if offset >= 40 else None))
    assert sync(app).complete
    assert spend(app) == "600.000000000"


@pytest.mark.parametrize("status", [400, 422, 413, 504])
def test_an_upstream_that_refuses_long_windows_is_read_in_shorter_ones(
    neo: NeoServer, app: App, world: World, status: int
) -> None:
    def too_long(request: Any) -> Fault | None:
        if "task_id" in request.query:
            return None
        start, end = (
            datetime.fromisoformat(request.query.get(name, "2025-12-01T00:00:00Z")) for name in ("from", "to")
        )
        return Status(status) if end - start > timedelta(days=6) else None

    for days in (5, 30, 80):
        start = START - timedelta(days=days)
        world.add(SimTask.of(f"old-{days}", Stream(start, start + HOUR, credits=Decimal(1))))
    neo.api.faults.when(too_long)
    assert sync(app).complete
    assert spend(app, "2025-12-01..2026-03-02") == "80.000000000"


@pytest.mark.slow
def test_a_deep_list_that_cannot_be_cut_is_kept_and_said_to_be_incomplete(
    neo: NeoServer, app: App, world: World
) -> None:
    for number in range(60):
        world.add(SimTask.of(f"same-{number:03}", Stream(START - HOUR, START - HOUR / 2, credits=Decimal(1))))
    neo.api.page_cap = 20
    neo.api.faults.when(answers(lambda offset: Status(400) if offset >= 40 else None))
    assert not sync(app).complete
    assert spent(app) >= 400 * 10**9


@pytest.mark.parametrize("fault", [Status(400), Status(404), Status(414), Status(422)], ids=repr)
def test_a_task_that_cannot_be_asked_for_alone_costs_itself_alone(neo: NeoServer, app: App, fault: Fault) -> None:
    def streamed(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return [each | {"stream_id": "s1"} if each["task_id"] == "task-002" else each for each in rows]

    neo.api.faults.when(lambda request: fault if "task_id" in request.query else Mangle(streamed))
    outcome = sync(app)
    assert outcome.complete
    assert outcome.tally.quarantined == 1
    assert spend(app) == "40.000000000"
    with app.ledger.reader() as reader:
        [(key, reason)] = reader.execute(text("SELECT key, reason FROM quarantine")).all()
    assert key == "task-002"
    assert reason.startswith("asked for alone: Neo does not accept the question")


@pytest.mark.parametrize(
    "said", [0, START, START - timedelta(days=1), "-1", "-3600", "0.0", "soon", "1e9", "", "\u0663", "NaN"], ids=str
)
@pytest.mark.parametrize("status", [429, 503])
@many_cases
def test_a_wait_of_nothing_or_of_nonsense_is_no_hot_loop(
    neo: NeoServer, app: App, said: int | datetime | str, status: int
) -> None:
    neo.api.faults.always = Status(status, retry_after=said)
    with pytest.raises(NeoError):
        sync(app)
    assert 1 < len(neo.api.log) < 20
    neo.api.faults.clear()
    assert sync(app).complete


def test_a_row_of_the_future_is_set_aside_until_it_is_right(neo: NeoServer, app: App) -> None:
    neo.api.faults.always = spoil(lambda row: row.update(created_at="2099-01-01T00:00:00Z"))
    assert sync(app).tally.quarantined == 1
    assert spend(app) == "40.000000000"
    neo.api.faults.always = spoil(lambda row: row.update(created_at="2026-03-02T19:00:00Z"))  # a clock ten hours ahead
    assert sync(app).tally.quarantined == 0
    neo.api.faults.clear()


@pytest.mark.slow
def test_rows_with_a_stream_id_are_read_again_alone(neo: NeoServer, app: App, world: World) -> None:
    start = START - timedelta(hours=2)
    streams = [Stream(start, start + timedelta(minutes=n + 1), credits=Decimal(1)) for n in range(3)]
    world.add(SimTask.of("split", *streams))

    def split(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        whole = next((each for each in rows if each["task_id"] == "split"), None)
        parts = [whole | {"stream_id": f"s{n}", "neo_credits": 1, "stream_count": 1} for n in range(3)] if whole else []
        return [each for each in rows if each["task_id"] != "split"] + parts

    neo.api.faults.when(lambda request: None if "task_id" in request.query else Mangle(split))
    sync(app)
    assert spend(app) == "80.000000000"
    alone = [each.query["task_id"] for each in neo.api.log if "task_id" in each.query]
    assert set(alone) == {"split"}


def test_a_key_that_lost_its_view_of_the_team_is_said_loudly(
    neo: NeoServer, app: App, world: World, clock: SimClock
) -> None:
    fill(world, 40)
    sync(app)

    def nameless(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return [{name: value for name, value in each.items() if name != "email"} for each in rows]

    neo.api.faults.always = Mangle(nameless)
    clock.advance(timedelta(minutes=5))
    outcome = sync(app)
    assert "lost admin rights" in outcome.warnings[0]
    groups = json.loads(to_json(report_of(app, "7d by:member")))["groups"]
    assert [each["key"] for each in groups] == [["someone@acme.example"]]
    neo.api.faults.clear()
    for number in range(5, 40):
        world.remove(f"task-{number:03}")
    clock.advance(timedelta(minutes=5))
    assert any("no longer listed" in each for each in sync(app).warnings)
    with app.ledger.reader() as reader:
        assert reader.execute(text("SELECT count(*) FROM task WHERE missed_at IS NOT NULL")).all() == [(0,)]


def test_without_a_team_the_rows_are_the_solo_members_or_nobodys(neo: NeoServer, wire: Wire) -> None:
    neo.api.tier, neo.api.owner = "solo", "someone@acme.example"
    app = wire()
    sync(app)
    assert json.loads(to_json(report_of(app, "7d by:member")))["groups"][0]["key"] == ["unattributed"]


def test_a_solo_member_gets_the_rows_without_e_mail(neo: NeoServer, wire: Wire) -> None:
    neo.api.tier, neo.api.owner = "solo", "someone@acme.example"
    app = wire(SOLO_MEMBER="Me@Acme.Example")
    sync(app)
    assert json.loads(to_json(report_of(app, "7d by:member")))["groups"][0]["key"] == ["me@acme.example"]


@pytest.mark.slow
def test_a_lost_view_of_the_team_stays_said_until_e_mails_are_back(
    neo: NeoServer, app: App, world: World, clock: SimClock
) -> None:
    sync(app)
    neo.api.tier, neo.api.owner = "solo", "nobody@acme.example"
    for number in range(12):
        start = START - timedelta(hours=1, minutes=number)
        world.add(SimTask.of(f"later-{number}", Stream(start, start + timedelta(minutes=1), credits=Decimal(1))))
    neo.api.tier = "admin"
    clock.advance(timedelta(minutes=5))
    sync(app)
    neo.api.tier = "solo"
    for _ in range(6):
        clock.advance(timedelta(days=1))
        sync(app)
        document = json.loads(to_json(report_of(app, "7d")))
        assert document["complete"] is False
    neo.api.tier = "admin"
    start = clock() - timedelta(hours=2)
    world.add(SimTask.of("back", Stream(start, start + timedelta(minutes=1), credits=Decimal(1))))
    sync(app)
    assert json.loads(to_json(report_of(app, "today")))["complete"] is True


def test_a_row_that_is_listed_and_not_found_alone_is_named(neo: NeoServer, app: App) -> None:
    def streamed(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return [each | {"stream_id": "s1"} for each in rows]

    neo.api.faults.when(lambda r: Mangle(lambda _: []) if "task_id" in r.query else Mangle(streamed))
    assert sync(app).tally.quarantined == 5
    with app.ledger.reader() as reader:
        reasons = {row[0] for row in reader.execute(text("SELECT reason FROM quarantine")).all()}
    assert reasons == {"listed, but not found when asked for alone"}
