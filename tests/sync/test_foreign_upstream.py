"""A server that knows the API page and nothing else: whatever its schemas allow, a sync ends, and tells no untruth."""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from pathlib import Path
from random import Random
from typing import Any
from uuid import UUID

import pytest
import yaml
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.app import App, build
from bot.database.errors import LedgerError
from bot.ledger.verification import verify
from bot.neo.client import RetryPolicy
from bot.neo.errors import NeoError
from bot.sandbox.world import START
from bot.settings.database_place import DatabasePlace
from bot.settings.environment import load
from bot.sync.outcome import SyncOutcome
from bot.usage.report_csv import to_csv
from bot.usage.report_document import to_json
from tests.support.app import report_of
from tests.support.engines import costly, many_cases, url_of

PATH = "/api/v1/usage/tasks"
KEY = "neo_sk_" + "foreign0" * 4
ONCE = RetryPolicy(answer=2.0, connect=2.0, deadline=0.0, longest_retry_after=0.0)  # nothing is asked again: no waits
ENOUGH_SECONDS, ENOUGH_REQUESTS = 5, 600
DATE_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", re.ASCII)
QUESTIONS = ("", "by:member", "by:model,day", "by:tool", "by:agent", "rows", "-status:completed")

INTEGERS = [0, 1, 7, 5_000, 10**9] * 30 + [-1, 2**53 + 1, 2**64, -(10**30)]
NUMBERS = [0, 0.1, 1e-9, 2.5, 1234.5678] * 10 + [-0.5, 1e9, 3.4028234663852886e38, 1e308]

Schema = dict[str, Any]
Answer = Callable[[], dict[str, Any]]


@cache
def page() -> dict[str, Any]:
    text = (Path(__file__).parents[1] / "sandbox" / "neo-openapi.yaml").read_text(encoding="utf-8")
    found: dict[str, Any] = yaml.safe_load(text)
    return found


def named(name: str) -> Schema:
    found: Schema = page()["components"]["schemas"][name]
    return found


def resolved(schema: Schema) -> Schema:
    return named(schema["$ref"].rsplit("/", 1)[1]) if "$ref" in schema else schema


# --- values from schemas -------------------------------------------------------------------------

PLAIN: dict[str, Any] = {"integer": 0, "number": 0.0, "boolean": True, "string": "string"}
FORMATS = {"date-time": "2019-08-24T14:15:22Z", "uuid": "173fd1b7-72c4-44c4-9244-55a0a167a352"}


def example(schema: Schema) -> Any:
    """The value that a static mock shows: the schema's example, else the plainest there is."""
    schema = resolved(schema)
    match schema["type"]:
        case "object":
            more = {"property1": schema["additionalProperties"]} if "additionalProperties" in schema else {}
            return {name: example(part) for name, part in (schema.get("properties", {}) | more).items()}
        case "array":
            return [example(schema["items"])]
    return (
        schema.get("example") or schema.get("enum", [None])[0] or FORMATS.get(schema.get("format", ""), _plain(schema))
    )


def _plain(schema: Schema) -> Any:
    return PLAIN[schema["type"]]


@dataclass(slots=True)
class Inventor:
    """Seeded values of a schema: mostly sensible ones, and some that it merely does not forbid."""

    random: Random
    totals: tuple[int, ...] = (0, 250, 10**6, 10**30)

    def value(self, schema: Schema) -> Any:
        schema = resolved(schema)
        if schema.get("nullable") and self.random.random() < 0.2:
            return None
        makers: dict[str, Callable[[Schema], Any]] = {
            "object": self._object,
            "array": lambda each: [self.value(each["items"]) for _ in range(self.random.randint(0, 4))],
            "boolean": lambda _: self.random.random() < 0.5,
            "integer": lambda _: self.random.choice(INTEGERS),
            "number": lambda _: self.random.choice(NUMBERS),
            "string": self._text,
        }
        return makers[schema["type"]](schema)

    def _object(self, schema: Schema) -> dict[str, Any]:
        required = schema.get("required", ())
        made = {
            name: self.value(part)
            for name, part in schema.get("properties", {}).items()
            if name in required or self.random.random() < 0.7
        }
        if "additionalProperties" in schema:
            made |= {self._word(): self.value(schema["additionalProperties"]) for _ in range(self.random.randint(0, 3))}
        return made

    def _text(self, schema: Schema) -> str:
        if "enum" in schema:
            return str(self.random.choice(schema["enum"]))
        match schema.get("format"):
            case "uuid":
                return str(UUID(int=self.random.getrandbits(128)))
            case "date-time":
                return self._moment()
        return self._word()

    def _moment(self) -> str:
        moment = START - timedelta(seconds=self.random.choice([0, 3_600, 10**6, 10**7] * 6 + [10**9, 3 * 10**9]))
        return moment.isoformat() if self.random.random() < 0.3 else f"{moment:%Y-%m-%dT%H:%M:%S.123Z}"

    def _word(self) -> str:
        odd = ["", " ", "\u00e9\u4e16\U0001f600", "a\nb", "\x1b[31m", "\u202e", '"\\\u0000', "=1+1", "x" * 3_000, "%_'"]
        return self.random.choice([f"word{self.random.getrandbits(10)}"] * 20 + odd)

    def list(self) -> dict[str, Any]:
        """A page whose total is right, a little wrong, or anything."""
        made: dict[str, Any] = self.value(named("TaskUsageListResponse"))
        rows = len(made["data"])
        made["total"] = self.random.choice([rows] * 6 + [rows + 1, *self.totals])
        return made


# --- the server ----------------------------------------------------------------------------------


@dataclass(slots=True)
class Foreign:
    """Serves pages made by `answer`, and keeps what was asked and answered."""

    answer: Answer
    asked: list[dict[str, str]] = field(default_factory=list)
    sweeps: list[list[tuple[int, list[str]]]] = field(default_factory=list)

    async def handle(self, request: web.Request) -> web.Response:
        if request.path != PATH or request.headers.get("X-Api-Key") != KEY:
            return web.json_response(example(named("ErrorResponse")), status=401)
        query = dict(request.query)
        self.asked.append(query)
        made = self.answer()
        if "task_id" not in query and made["total"] >= 0:
            self._note(made, begins=query["offset"] == "0")
        return web.Response(text=json.dumps(made), content_type="application/json")

    def _note(self, made: dict[str, Any], *, begins: bool) -> None:
        if begins or not self.sweeps:
            self.sweeps.append([])
        self.sweeps[-1].append((made["total"], [row["task_id"] for row in made["data"]]))

    @property
    def added_up(self) -> bool:
        """Whether the last reading of a list held as many rows, and as many different ones, as it announced."""
        totals = {total for total, _ in self.sweeps[-1]}
        ids = [each for _, some in self.sweeps[-1] for each in some]
        return totals == {len(ids)} == {len(set(ids))}


@asynccontextmanager
async def served(foreign: Foreign, place: DatabasePlace) -> AsyncIterator[App]:
    application = web.Application()
    application.router.add_route("*", "/{path:.*}", foreign.handle)
    async with TestServer(application) as server:
        environment = {
            "NEO_API_URL": str(server.make_url("")).rstrip("/"),
            "NEO_API_KEY": KEY,
            "DATABASE_URL": url_of(place),
            "HISTORY_DAYS": "10",
        }
        yield build(load(environment), lambda: START, ONCE)


async def synced(app: App, *, full: bool) -> SyncOutcome | None:
    """What a sync did; None if it failed in one of the ways it may."""
    try:
        async with asyncio.timeout(ENOUGH_SECONDS):
            return await app.sync(full=full, progress=lambda _: None, on_wait=lambda _: None)
    except (NeoError, LedgerError) as error:
        said = str(error)
    assert KEY not in said
    assert len(said.splitlines()) == 1
    return None


def check(app: App, foreign: Foreign) -> None:
    """Whatever was served, the ledger keeps its laws, answers, and the questions were those of the page."""
    assert {law: found for law, found in verify(app.settings.database).items() if found} == {}
    assert len(foreign.asked) < ENOUGH_REQUESTS
    for query in foreign.asked:
        check_question(query)
    for words in QUESTIONS:
        try:
            report = report_of(app, f"2000-01-01..2026-12-31 {words}")
        except LedgerError:
            continue  # an empty ledger is no empty bill
        json.loads(to_json(report))
        assert to_csv(report)


def check_question(query: dict[str, str]) -> None:
    known = {each["name"]: each["schema"] for each in page()["paths"][PATH]["get"]["parameters"]}
    for name, text in query.items():
        schema = known[name]
        if schema["type"] == "integer":
            assert schema["minimum"] <= int(text) <= schema.get("maximum", 10**9)
        elif schema.get("format") == "date-time":
            assert DATE_TIME.fullmatch(text)


# --- what must hold ------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("full", [False, True], ids=["tail", "full"])
@costly
async def test_the_examples_of_the_page_never_make_a_complete_pass(place: DatabasePlace, full: bool) -> None:  # noqa: FBT001
    foreign = Foreign(lambda: example(named("TaskUsageListResponse")))  # one row, and a total of 0
    async with served(foreign, place) as app:
        outcome = await synced(app, full=full)
        assert outcome is not None
        assert not outcome.complete
        check(app, foreign)
        assert report_of(app, "2019-08").complete is False


async def test_an_example_with_the_right_total_is_a_complete_pass(place: DatabasePlace) -> None:
    foreign = Foreign(lambda: example(named("TaskUsageListResponse")) | {"total": 1, "has_more": False})
    async with served(foreign, place) as app:
        outcome = await synced(app, full=True)
        assert outcome is not None
        assert outcome.complete
        check(app, foreign)
        assert report_of(app, "2019-08").complete is True


@costly
@pytest.mark.parametrize("seed", range(16))
@many_cases
async def test_invented_values_end_soon_and_never_pass_for_complete(place: DatabasePlace, seed: int) -> None:
    foreign = Foreign(Inventor(Random(seed), (-1,) if seed % 4 == 3 else (0, 250, 10**6, 10**30)).list)
    async with served(foreign, place) as app:
        for full in (seed % 2 == 0, True):
            outcome = await synced(app, full=full)
            check(app, foreign)
            if full and outcome is not None and outcome.complete:
                assert foreign.added_up


@pytest.mark.slow
async def test_invented_rows_are_booked_or_set_aside(place: DatabasePlace) -> None:
    rows: list[dict[str, Any]] = [Inventor(Random(seed)).value(named("TaskUsage")) for seed in range(150)]
    for number, each in enumerate(rows):
        each["task_id"] = f"{number}-{each['task_id']}"
        each.pop("stream_id", None)  # a row of a stream is read again alone, and here nothing can be
    foreign = Foreign(lambda: {"data": rows, "total": len(rows), "has_more": False})
    async with served(foreign, place) as app:
        outcome = await synced(app, full=True)
        assert outcome is not None
        assert outcome.complete
        assert outcome.tally.new + outcome.tally.quarantined == len(rows)
        assert min(outcome.tally.new, outcome.tally.quarantined) > 20
        check(app, foreign)


@pytest.mark.parametrize("moment", ["9999-12-31T23:59:59-12:00", "0001-01-01T00:00:00+14:00"])
async def test_a_date_at_the_edge_of_time_is_set_aside(place: DatabasePlace, moment: str) -> None:
    only = example(named("TaskUsage")) | {"created_at": moment}
    foreign = Foreign(lambda: {"data": [only], "total": 1, "has_more": False})
    async with served(foreign, place) as app:
        outcome = await synced(app, full=True)
        assert outcome is not None
        assert (outcome.tally.new, outcome.tally.quarantined) == (0, 1)
        check(app, foreign)
