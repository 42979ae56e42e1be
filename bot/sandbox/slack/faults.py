"""Faults on demand: everything Slack may do instead of, or to, a proper answer, and when."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from math import ceil

from bot.sandbox.faults import Html, Schedule, Status
from bot.sandbox.slack.calls import Call
from bot.sandbox.slack.things import Json

__all__ = [
    "Fault",
    "Faults",
    "Hang",
    "Html",
    "Late",
    "Limited",
    "Mangle",
    "Pace",
    "Refuse",
    "Reset",
    "Slow",
    "Status",
]


@dataclass(frozen=True, slots=True)
class Refuse:
    """`{"ok": false, "error": …}` instead."""

    error: str
    more: Json = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Limited:
    """429 `ratelimited` instead, with Retry-After."""

    retry_after: int = 1


@dataclass(frozen=True, slots=True)
class Hang:
    """No answer until the client leaves or the server stops; `done`: what was asked is done before."""

    done: bool = False


@dataclass(frozen=True, slots=True)
class Reset:
    """The connection is reset; `done`: what was asked is done before, so the message is there."""

    done: bool = False


@dataclass(frozen=True, slots=True)
class Late:
    """The connection is reset at once, and what was asked is done so many real seconds later."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Slow:
    """The answer comes after so many real seconds; `done`: what was asked is done at their beginning."""

    seconds: float
    done: bool = True


@dataclass(frozen=True, slots=True)
class Mangle:
    """What was asked is done; the answer lies: `change` edits it in place (and returns None) or gives another."""

    change: Callable[[Json], Json | None]


@dataclass(slots=True)
class Pace:
    """A rule for `Faults.when`: more than `burst` posts to a channel within `seconds` are limited, as Slack does."""

    seconds: float = 1.0
    burst: int = 1
    method: str = "chat.postMessage"
    _taken: dict[str, list[float]] = field(default_factory=dict)

    def __call__(self, call: Call) -> Limited | None:
        """The limit, or None while there is room; a limited call takes none."""
        if call.method != self.method:
            return None
        taken = self._taken.setdefault(str(call.args.get("channel")), [])
        taken[:] = [at for at in taken if call.at - at < self.seconds]
        if len(taken) >= self.burst:
            return Limited(ceil(self.seconds))
        taken.append(call.at)
        return None


Fault = Refuse | Limited | Status | Html | Hang | Reset | Late | Slow | Mangle


@dataclass(slots=True)
class Faults(Schedule[Call, Fault]):
    """A schedule that also keeps one queue a method, which comes first.

    Methods are the Web API's, and `upload` and `hook` for the two other addresses.
    """

    _methods: dict[str, deque[Fault | None]] = field(default_factory=dict)

    def on(self, method: str, *faults: Fault | None) -> None:
        """Queue faults for the next calls of this method."""
        self._methods.setdefault(method, deque()).extend(faults)

    def clear(self) -> None:
        """Behave again."""
        Schedule.clear(self)
        self._methods.clear()

    def take(self, request: Call) -> Fault | None:
        """What to do with this call; None does no harm."""
        if queue := self._methods.get(request.method):
            return queue.popleft()
        return Schedule.take(self, request)
