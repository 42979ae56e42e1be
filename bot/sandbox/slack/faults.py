"""The faults that the simulated Slack can be told to produce, and the schedule that says when."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from math import ceil

from bot.sandbox.faults import Html, Schedule, Status
from bot.sandbox.slack.api_calls import Call
from bot.sandbox.slack.models import Json
from bot.sandbox.slack.validation.checks import kind_of

__all__ = [
    "Fault",
    "Faults",
    "Hang",
    "Html",
    "Late",
    "Mangle",
    "PostRateLimit",
    "RateLimited",
    "Refuse",
    "Reset",
    "Slow",
    "Status",
    "UnknownBlocks",
]


@dataclass(frozen=True, slots=True)
class Refuse:
    """Answer `{"ok": false, "error": …}` instead."""

    error: str
    more: Json = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RateLimited:
    """Answer 429 `ratelimited` instead, with Retry-After in seconds."""

    retry_after: int = 1


@dataclass(frozen=True, slots=True)
class Hang:
    """Send nothing until the client disconnects or the server stops; with `done`, the request is carried out before."""

    done: bool = False


@dataclass(frozen=True, slots=True)
class Reset:
    """Reset the connection; with `done`, the request is carried out before, so that the message exists."""

    done: bool = False


@dataclass(frozen=True, slots=True)
class Late:
    """Reset the connection at once, and carry out the request after so many seconds of real time."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Slow:
    """Answer after so many seconds of real time; with `done`, the request is carried out before the wait."""

    seconds: float
    done: bool = True


@dataclass(frozen=True, slots=True)
class Mangle:
    """Carry out the request, and send the answer as `change` edits it in place (returning None) or replaces it."""

    change: Callable[[Json], Json | None]


@dataclass(slots=True)
class PostRateLimit:
    """A rule for `Faults.when` like Slack's: at most `burst` posts to a channel within `seconds` of real time."""

    seconds: float = 1.0
    burst: int = 1
    method: str = "chat.postMessage"
    _taken: dict[str, list[float]] = field(default_factory=dict)

    def __call__(self, call: Call) -> RateLimited | None:
        """Return the fault of a call over the limit; such a call does not count."""
        if call.method != self.method:
            return None
        taken = self._taken.setdefault(str(call.args.get("channel")), [])
        taken[:] = [at for at in taken if call.at - at < self.seconds]
        if len(taken) >= self.burst:
            return RateLimited(ceil(self.seconds))
        taken.append(call.at)
        return None


@dataclass(frozen=True, slots=True)
class UnknownBlocks:
    """A rule for `Faults.when` of a workspace that does not have some types of blocks yet: messages with one fail."""

    types: frozenset[str]

    def __call__(self, call: Call) -> Refuse | None:
        """Return the refusal of a call whose blocks are not all known."""
        blocks = call.json("blocks", "invalid_blocks_format")
        sent = {kind_of(block) for block in blocks} if isinstance(blocks, list) else set()
        return Refuse("invalid_blocks") if sent & self.types else None


Fault = Refuse | RateLimited | Status | Html | Hang | Reset | Late | Slow | Mangle


@dataclass(slots=True)
class Faults(Schedule[Call, Fault]):
    """A schedule that also has a queue for each method, which comes first.

    Methods are those of the Web API, `upload` for upload URLs and `hook` for response URLs.
    """

    _methods: dict[str, deque[Fault | None]] = field(default_factory=dict)

    def on(self, method: str, *faults: Fault | None) -> None:
        """Queue faults for the next calls of this method."""
        self._methods.setdefault(method, deque()).extend(faults)

    def clear(self) -> None:
        """Remove all faults."""
        Schedule.clear(self)
        self._methods.clear()

    def take(self, request: Call) -> Fault | None:
        """Return the fault of this call and remove it from its queue; None means no fault."""
        if queue := self._methods.get(request.method):
            return queue.popleft()
        return Schedule.take(self, request)
