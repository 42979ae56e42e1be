"""The faults that the simulated Neo API can be told to produce, and the schedule that says when."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, TypeVar

from bot.sandbox.responses import Request
from bot.sandbox.tasks import Row


@dataclass(frozen=True, slots=True)
class Status:
    """Send a JSON error instead. `retry_after` is in seconds, a time sent as an HTTP-date, or a text sent as it is."""

    status: int = 500
    code: str | None = None
    retry_after: int | datetime | str | None = None
    detail: str = "the sandbox was told to fail"


@dataclass(frozen=True, slots=True)
class Html:
    """Send an HTML page instead, as gateways (502) and login pages (200) do."""

    status: int = 502
    body: str = "<html><head><title>Bad Gateway</title></head><body><h1>Bad Gateway</h1></body></html>"


@dataclass(frozen=True, slots=True)
class Body:
    """Send these bytes instead, with status 200 and the content type of JSON."""

    body: bytes = b'{"data": null}'


@dataclass(frozen=True, slots=True)
class Redirect:
    """Redirect to `location` instead."""

    location: str
    status: int = 302


@dataclass(frozen=True, slots=True)
class Truncated:
    """Send a complete response whose JSON breaks off after this share."""

    share: float = 0.5


@dataclass(frozen=True, slots=True)
class Total:
    """Send a wrong `total`: a number, or a function of the true one. `has_more` stays correct."""

    value: int | Callable[[int], int]


@dataclass(frozen=True, slots=True)
class HasMore:
    """Send a wrong `has_more`, or a value of another type in its place."""

    value: object


@dataclass(frozen=True, slots=True)
class Duplicate:
    """Repeat the first `count` rows at the end of the page."""

    count: int = 1


@dataclass(frozen=True, slots=True)
class Mangle:
    """Send the rows after `change`, which may edit them in place (and return None) or return others.

    NaN and infinities are sent; a `msgspec.Raw` value is sent as it is.
    """

    change: Callable[[list[Row]], list[Row] | None]


@dataclass(frozen=True, slots=True)
class Reshape:
    """Send a summary after `change`, which returns any value in its place."""

    change: Callable[[dict[str, Any]], object]


@dataclass(frozen=True, slots=True)
class Hang:
    """Send nothing until the client disconnects or the server stops."""


@dataclass(frozen=True, slots=True)
class Reset:
    """Reset the connection, before any header or after half of the body."""

    mid_body: bool = False


@dataclass(frozen=True, slots=True)
class Slow:
    """Send the body in `pieces` over `seconds`."""

    seconds: float = 1.0
    pieces: int = 10


Fault = (
    Status | Html | Body | Redirect | Truncated  # of the response
    | Total | HasMore | Duplicate | Mangle  # of the page
    | Reshape  # of the summary
    | Hang | Reset | Slow  # of the connection
)  # fmt: skip
RequestT = TypeVar("RequestT")
FaultT = TypeVar("FaultT")


@dataclass(slots=True)
class Schedule(Generic[RequestT, FaultT]):
    """Chooses the fault of each request: from the queue, else from the first rule that gives one, else `always`."""

    always: FaultT | None = None
    _queue: deque[FaultT | None] = field(default_factory=deque)
    _rules: list[Callable[[RequestT], FaultT | None]] = field(default_factory=list)

    def push(self, *faults: FaultT | None) -> None:
        """Queue faults, one for each request; None lets one request pass without a fault."""
        self._queue.extend(faults)

    def when(self, rule: Callable[[RequestT], FaultT | None]) -> None:
        """Apply the rule to every request that finds the queue empty."""
        self._rules.append(rule)

    def clear(self) -> None:
        """Remove all faults."""
        self.always = None
        self._queue.clear()
        self._rules.clear()

    def take(self, request: RequestT) -> FaultT | None:
        """Return the fault of this request and remove it from the queue; None means no fault."""
        if self._queue:
            return self._queue.popleft()
        by_rule = (fault for rule in self._rules if (fault := rule(request)))
        return next(by_rule, self.always)


class Faults(Schedule[Request, Fault]):
    """The schedule of the Neo API's faults."""
