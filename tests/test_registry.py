"""The registry refuses capabilities that do not fit together; those that there are do."""

from collections.abc import Collection, Mapping
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType

import pytest

from bot.app import build
from bot.budgets.keys import CrossingKey, RequestTopic
from bot.capability import Capability, Form, Timer
from bot.domain.access import Caller
from bot.domain.keys import ActionKey, FormKey, NotificationKey, TopicKey
from bot.failures.keys import LiftSilenceAction, SilenceForm
from bot.outbox.renderers import RenderRequest
from bot.registry import WiringError, build_registry
from bot.settings.database_place import DatabasePlace
from bot.settings.environment import load
from bot.slack.requests import Request
from tests.support.engines import url_of


async def handle(_request: Request, _caller: Caller) -> None: ...


async def answer(_request: Request, _caller: Caller, _commands: Collection[str]) -> None: ...


async def show_home(_request: Request) -> None: ...


async def run() -> None: ...


async def render(_request: RenderRequest) -> None: ...


def no_problem(_fields: Mapping[str, str]) -> Mapping[str, str]:
    return {}


BASE = Capability("base", question=answer, home=show_home)
FORM = Form(handle, no_problem)
TIMER = Timer("t", 1, run)


@pytest.mark.parametrize(
    ("capabilities", "why"),
    [
        ([BASE, BASE], "another capability has the name `base` too"),
        ([BASE, Capability("a", commands={"x": handle}), Capability("b", commands={"x": handle})], "the command `x`"),
        ([BASE, Capability("a", actions={"x": handle}), Capability("b", actions={"x": handle})], "the action `x`"),
        ([BASE, Capability("a", forms={"x": FORM}), Capability("b", forms={"x": FORM})], "the form `x`"),
        (
            [BASE, Capability("a", timers=[TIMER]), Capability("b", timers=[TIMER])],
            "timer `t`",
        ),
        ([BASE, Capability("a", keys=(CrossingKey,))], "a: `crossing` (NotificationKey) has no renderer"),
        ([BASE, Capability("a", event_renderers={"crossing": render})], "a: `crossing` (NotificationKey) has no key"),
        ([BASE, Capability("a", keys=(RequestTopic,))], "a: `request` (TopicKey) has no renderer"),
        ([BASE, Capability("a", topic_renderers={"request": render})], "a: `request` (TopicKey) has no key"),
        ([BASE, Capability("a", keys=(LiftSilenceAction,))], "a: `failure_lift` (ActionKey) has no handler"),
        ([BASE, Capability("a", actions={"failure_lift": handle})], "a: `failure_lift` (ActionKey) has no key"),
        ([BASE, Capability("a", keys=(SilenceForm,))], "a: `failure_form` (FormKey) has no handler"),
        ([BASE, Capability("a", forms={"failure_form": FORM})], "a: `failure_form` (FormKey) has no key"),
        ([Capability("a", home=show_home)], "questions: 0 capabilities handle it, not one"),
        ([BASE, Capability("a", question=answer)], "questions: 2 capabilities handle it, not one"),
        ([BASE, Capability("a", home=show_home)], "App Home: 2 capabilities handle it, not one"),
    ],
)
def test_what_does_not_fit_together_is_an_error_when_it_is_built(capabilities: list[Capability], why: str) -> None:
    with pytest.raises(WiringError) as raised:
        build_registry(capabilities)
    assert why in str(raised.value)


def test_a_capability_that_fits_is_found_by_its_ids() -> None:
    toy = Capability(
        "toy",
        keys=(CrossingKey, RequestTopic),
        commands={"toy": handle},
        event_renderers={CrossingKey.kind: render},
        topic_renderers={RequestTopic.kind: render},
        timers=[Timer("toy", 1, run)],
    )
    registry = build_registry([BASE, toy])
    assert registry.commands == {"toy": handle}
    assert (registry.event_renderers, registry.topic_renderers) == ({"crossing": render}, {"request": render})
    assert [timer.id for timer in registry.timers] == ["toy"]
    assert (registry.question, registry.home) == (answer, show_home)


def test_the_capabilities_there_are_list_every_key_of_theirs(place: DatabasePlace) -> None:
    app = build(load({"DATABASE_URL": url_of(place)}))
    with app.ledger.database() as database:
        capabilities = app.capabilities(database)
        build_registry(capabilities)
    listed = {key for each in capabilities for key in each.keys}
    modules = [import_module(f"bot.{each.name}.keys") for each in capabilities if find_spec(f"bot.{each.name}.keys")]
    defined = {each for module in modules for each in vars(module).values() if _is_key_of(each, module)}
    assert listed == defined


def _is_key_of(value: object, module: ModuleType) -> bool:
    is_key = isinstance(value, type) and issubclass(value, NotificationKey | TopicKey | ActionKey | FormKey)
    return is_key and value.__module__ == module.__name__ and hasattr(value, "kind")
