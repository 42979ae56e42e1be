"""The registry: the handlers of all capabilities by id; building it fails if an id has none, or two."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from bot.capability import Capability, Form, Handler, QuestionHandler, Timer
from bot.domain.keys import ActionKey, FormKey, NotificationKey, TopicKey
from bot.outbox.renderers import Renderer

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from bot.ledger.booking_policy import Observer
    from bot.outbox.events import EventBuilder
    from bot.slack.requests import Request

T = TypeVar("T")


class WiringError(Exception):
    """The capabilities do not fit together, which is a mistake of the program, found before anything runs."""


@dataclass(frozen=True, slots=True)
class Registry:
    """The handlers of all capabilities, by id; made by `build_registry`."""

    capabilities: Sequence[Capability]
    commands: Mapping[str, Handler]
    actions: Mapping[str, Handler]
    forms: Mapping[str, Form]
    event_renderers: Mapping[str, Renderer]
    topic_renderers: Mapping[str, Renderer]
    event_builders: "Mapping[str, EventBuilder]"
    question: QuestionHandler
    home: "Callable[[Request], Awaitable[None]]"

    def says_how_understood(self, command: str) -> bool:
        """Return whether the answers of a command say by themselves how everyday words were understood."""
        return any(command in each.says_how_understood for each in self.capabilities)

    @property
    def observers(self) -> "list[Observer]":
        """The observers of each booking, in the order of the capabilities."""
        return [observer for each in self.capabilities for observer in each.observers]

    @property
    def timers(self) -> list[Timer]:
        """The timers, in the order of the capabilities."""
        return [timer for each in self.capabilities for timer in each.timers]


def build_registry(capabilities: Sequence[Capability]) -> Registry:
    """Return the registry of these capabilities.

    Raises:
        WiringError: two have the same name, id or timer; a key has no renderer or handler, or one of those no key;
            nobody, or more than one, answers questions or shows App Home.
    """
    _merge(capabilities, "name", ({each.name: each} for each in capabilities))
    _merge(capabilities, "timer", ({timer.id: timer for timer in each.timers} for each in capabilities))
    registry = Registry(
        capabilities=capabilities,
        commands=_merge(capabilities, "command", (each.commands for each in capabilities)),
        actions=_merge(capabilities, "action", (each.actions for each in capabilities)),
        forms=_merge(capabilities, "form", (each.forms for each in capabilities)),
        event_renderers=_merge(capabilities, "notification", (each.event_renderers for each in capabilities)),
        topic_renderers=_merge(capabilities, "topic", (each.topic_renderers for each in capabilities)),
        event_builders=_merge(capabilities, "event", (each.event_builders for each in capabilities)),
        question=_single("questions", [each.question for each in capabilities if each.question is not None]),
        home=_single("App Home", [each.home for each in capabilities if each.home is not None]),
    )
    for each in capabilities:
        _check_keys(each)
    return registry


def _merge(capabilities: Sequence[Capability], what: str, several: Iterable[Mapping[str, T]]) -> dict[str, T]:
    """Return all entries in one mapping. Raises WiringError if two capabilities have the same id."""
    merged: dict[str, T] = {}
    for capability, entries in zip(capabilities, several, strict=True):
        for key, entry in entries.items():
            if key in merged:
                raise WiringError(f"{capability.name}: another capability has the {what} `{key}` too")
            merged[key] = entry
    return merged


def _single(what: str, handlers: Sequence[T]) -> T:
    """Return the only handler. Raises WiringError if there is none, or several."""
    if len(handlers) != 1:
        raise WiringError(f"{what}: {len(handlers)} capabilities handle it, not one")
    return handlers[0]


def _check_keys(capability: Capability) -> None:
    """Raise WiringError unless every key type has a renderer or handler, and every one of those a key type."""
    entries_of: Sequence[tuple[Any, str, Mapping[str, object]]] = (
        (NotificationKey, "renderer", {**capability.event_renderers, **capability.event_builders}),
        (TopicKey, "renderer", capability.topic_renderers),
        (ActionKey, "handler", capability.actions),
        (FormKey, "handler", capability.forms),
    )
    for base, entry, entries in entries_of:
        declared = {each.kind for each in capability.keys if issubclass(each, base)}
        for kind in sorted(declared ^ set(entries)):
            lacking = entry if kind in declared else "key"
            raise WiringError(f"{capability.name}: `{kind}` ({base.__name__}) has no {lacking}")
