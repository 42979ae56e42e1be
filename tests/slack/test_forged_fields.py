"""Buttons and forms that hold what the bot never put into them: answered at once, and nothing is done.

Slack shows an error of its own to whoever waits for more than three seconds (`Ack.ok`).
"""

import json
from collections.abc import AsyncIterator, Iterator
from itertools import count, product
from typing import Any

import pytest

from bot.failures.keys import SilenceForm
from bot.sandbox.slack.delivery import Ack, Payload
from bot.sandbox.world import World
from bot.settings.database_place import DatabasePlace
from tests.support.acts import spend
from tests.support.engines import always_on_both, costly, many_cases, rows_of
from tests.support.harness import ServiceHarness
from tests.support.slack_requests import action, form
from tests.support.worlds import PRIYA

LARGE = (str(2**31), str(2**63), "9" * 30, "9" * 1_500)  # for a row's id on one engine or the other
ODD: tuple[object, ...] = (True, 3, [], [1], "x" * 5_000, {"id": 3})
COMPLETE = {
    "budget_form": {"whose": "team", "amount": "1", "unit": "month"},
    "budget_wish": {"amount": "100", "unit": "month"},
    "failure_form": {"what": "kind:1", "for": "today"},
    "home_budget": {"whose": "team", "amount": "2", "unit": "month"},
    "budget_decline_form": {"reason": "not now"},
    "home_decline": {"reason": "not now"},
}
OPTIONAL = {"whose", "reason"}  # who names nobody asks for a budget of their own
AGAIN = {"could not answer", "cannot be read", "is malformed"}
triggers = (f"1.2.{number}" for number in count())


@pytest.fixture
def world() -> World:
    return World.empty()


@pytest.fixture
async def harness(closed: ServiceHarness, capsys: pytest.CaptureFixture[str]) -> AsyncIterator[ServiceHarness]:
    """A failed task and a budget that was passed; in the end nothing was logged that went wrong."""
    closed.settings["ALERT_CHANNEL"] = "#neo-spend"
    await closed.open()
    await closed.ask("hannah", "budget @priya 20/month")
    await spend(closed, PRIYA, 42, status="error", error_message="boom")
    capsys.readouterr()
    yield closed
    await closed.idle()
    logged = capsys.readouterr().out
    assert [each for each in AGAIN if each in logged] == []


async def sent(harness: ServiceHarness, body: dict[str, Any]) -> Ack:
    """What the bot answers to a click or a form; each is one of its own."""
    return await harness.slack.delivery.deliver(Payload("interactive", body | {"trigger_id": next(triggers)}))


def state(place: DatabasePlace) -> list[object]:
    """What buttons and forms could change."""
    tables = ("budget_revision", "budget_request", "snooze", "acknowledgement", "failure_silence")
    return [rows_of(place, f"SELECT * FROM {table}") for table in tables]


def values(id_: str) -> Iterator[str]:
    """What the value of a button may look like that is about such a row."""
    yield from (id_, f"{id_}:version", f"group:{id_}", f"first:{id_}", f"kind:{id_}", f"request:{id_}")
    yield from (f"budget:{id_}:month:2026-03", f"budget:{id_}:week:2026-W10", f"budget:{id_}:day:2026-03-02")


def clicks(kinds: list[str]) -> Iterator[tuple[str, str]]:
    """The id and the value of each button that is pressed."""
    broken = ("", "x", "budget:0:month:x", "budget:0:week:2026", "budget:0:day:2026-03-02@../x", "budget:0:year:2026")
    for kind in kinds:
        for large in LARGE:
            yield from product((kind,), values(large))
            yield from ((id_, large) for id_ in (f"{kind}:{large}", f"{kind}:lift:{large}", f"{kind}:{large}h"))
        yield from product((kind, f"{kind}:listen", f"{kind}:lift:x", "x"), broken)


@pytest.mark.slow
@costly
@always_on_both
async def test_a_button_about_no_row_that_can_be_is_one_about_none(harness: ServiceHarness) -> None:
    before = state(harness.place)
    kinds = [kind for kind in harness.service.wiring.registry.actions if not kind.startswith(("ask", "share", "csv"))]
    assert len(kinds) > 8
    for id_, value in clicks(kinds):
        assert (await sent(harness, action(harness, "hannah", id_, value))).ok, (id_, value)
    await harness.idle()
    assert state(harness.place) == before


def filled(harness: ServiceHarness, kind: str, fields: dict[str, str]) -> dict[str, Any]:
    """What Slack sends of a form that somebody who may have filled it in."""
    return form(harness, "priya" if kind == "budget_wish" else "hannah", kind, fields)


@pytest.mark.slow
async def test_every_form_is_tried(harness: ServiceHarness) -> None:
    assert set(COMPLETE) == set(harness.service.wiring.registry.forms)
    for kind, fields in COMPLETE.items():
        body = filled(harness, kind, fields)
        if "decline" in kind:
            await harness.ask("priya", "budget request 77/week")
            ((request,),) = rows_of(harness.place, "SELECT max(id) FROM budget_request")
            body["view"]["private_metadata"] = f"C1 {request}:"
        before = state(harness.place)
        ack = await sent(harness, body)
        assert (ack.ok, ack.errors) == (True, {})
        await harness.idle()
        assert state(harness.place) != before


@pytest.mark.slow
@pytest.mark.parametrize("kind", COMPLETE)
@many_cases
async def test_a_form_without_what_it_needs_says_at_its_field_what_is_missing(
    harness: ServiceHarness, kind: str
) -> None:
    before = state(harness.place)
    for name in COMPLETE[kind].keys() - OPTIONAL:
        fields = {each: value for each, value in COMPLETE[kind].items() if each != name}
        for given in (fields, fields | {name: ""}, fields | {name: "no such thing"}):
            ack = await sent(harness, filled(harness, kind, given))
            assert (ack.ok, set(ack.errors)) == (True, {name}), given
            assert "`" not in ack.errors[name]
    await harness.idle()
    assert state(harness.place) == before


@costly
@pytest.mark.parametrize("kind", COMPLETE)
async def test_a_field_of_another_type_is_to_be_filled_in_again(harness: ServiceHarness, kind: str) -> None:
    before = state(harness.place)
    for name, odd in product(COMPLETE[kind], ODD):
        for part in ("value", "selected_option", "selected_date"):
            body = filled(harness, kind, COMPLETE[kind])
            body["view"]["state"]["values"][name]["e"] = {part: odd}
            ack = await sent(harness, body)
            assert ack.ok
            assert name in ack.errors or odd == {"id": 3} or (part, odd) == ("selected_option", []), (name, part, odd)
    await harness.idle()
    assert [each for each, was in zip(state(harness.place), before, strict=True) if each != was] == []


@pytest.mark.parametrize("kept", ["", "x", "[]", "{}", '{"scope": 3, "unit": "month", "revision": null}'])
async def test_a_form_that_keeps_something_else_does_nothing(harness: ServiceHarness, kept: str) -> None:
    before = state(harness.place)
    body = filled(harness, "budget_form", COMPLETE["budget_form"])
    body["view"]["private_metadata"] = f"C1 {kept}"
    assert (await sent(harness, body)).ok
    await harness.idle()
    assert state(harness.place) == before


@pytest.mark.slow
@costly
@always_on_both
@pytest.mark.parametrize("large", LARGE)
async def test_a_form_about_no_row_that_can_be_does_nothing(harness: ServiceHarness, large: str) -> None:
    before = state(harness.place)
    body = filled(harness, "budget_form", COMPLETE["budget_form"])
    body["view"]["private_metadata"] = "C1 " + json.dumps({"scope": "team", "unit": "month", "revision": 1}).replace(
        ": 1}", f": {large}}}"
    )
    assert (await sent(harness, body)).ok
    for word in ("kind", "member"):
        fields = COMPLETE["failure_form"] | {"what": f"{word}:{large}"}
        assert (await sent(harness, filled(harness, SilenceForm.kind, fields))).errors.keys() == {"what"}
    await harness.idle()
    assert state(harness.place) == before
