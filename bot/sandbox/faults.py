"""Faults on demand: everything the API may do instead of, or to, a proper answer, and when."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Generic, TypeVar

from bot.sandbox.answers import Request
from bot.sandbox.tasks import Row


@dataclass(frozen=True, slots=True)
class Status:
    """A JSON error instead. `retry_after` is seconds, a moment sent as an HTTP-date, or any text as it is."""

    status: int = 500
    code: str | None = None
    retry_after: int | datetime | str | None = None
    detail: str = "the sandbox was told to fail"


@dataclass(frozen=True, slots=True)
class Html:
    """A page for people instead, as gateways (502) and login walls (200) send."""

    status: int = 502
    body: str = "<html><head><title>Bad Gateway</title></head><body><h1>Bad Gateway</h1></body></html>"


@dataclass(frozen=True, slots=True)
class Body:
    """These bytes instead, called JSON, with 200."""

    body: bytes = b'{"data": null}'


@dataclass(frozen=True, slots=True)
class Redirect:
    """To another place instead."""

    location: str
    status: int = 302


@dataclass(frozen=True, slots=True)
class Truncated:
    """A complete response of which the JSON breaks off after this share."""

    share: float = 0.5


@dataclass(frozen=True, slots=True)
class Total:
    """A lying `total`: a number, or made of the true one. `has_more` stays true."""

    lie: int | Callable[[int], int]


@dataclass(frozen=True, slots=True)
class More:
    """A lying `has_more`, or something else in its place."""

    lie: object


@dataclass(frozen=True, slots=True)
class Duplicate:
    """The first `count` rows appear once more at the end of the page."""

    count: int = 1


@dataclass(frozen=True, slots=True)
class Mangle:
    """The rows after `mangle`, which may change them in place (and return None) or return others.

    NaN and infinities reach the wire; a `msgspec.Raw` value goes out as it is.
    """

    mangle: Callable[[list[Row]], list[Row] | None]


@dataclass(frozen=True, slots=True)
class Hang:
    """No answer until the client leaves or the server stops."""


@dataclass(frozen=True, slots=True)
class Reset:
    """The connection is reset, before any header or after half of the body."""

    mid_body: bool = False


@dataclass(frozen=True, slots=True)
class Slow:
    """The body comes in `pieces` over `seconds`."""

    seconds: float = 1.0
    pieces: int = 10


Fault = (
    Status | Html | Body | Redirect | Truncated  # in the answer
    | Total | More | Duplicate | Mangle  # in the page
    | Hang | Reset | Slow  # in the connection
)  # fmt: skip
Asked = TypeVar("Asked")
Harm = TypeVar("Harm")


@dataclass(slots=True)
class Schedule(Generic[Asked, Harm]):
    """What to do wrong, and when: first the queue, then the first rule that applies, then `always`."""

    always: Harm | None = None
    _queue: deque[Harm | None] = field(default_factory=deque)
    _rules: list[Callable[[Asked], Harm | None]] = field(default_factory=list)

    def push(self, *faults: Harm | None) -> None:
        """Queue faults, used up one a request; None lets one request pass unharmed."""
        self._queue.extend(faults)

    def when(self, rule: Callable[[Asked], Harm | None]) -> None:
        """Ask the rule at every request that the queue does not decide."""
        self._rules.append(rule)

    def clear(self) -> None:
        """Behave again."""
        self.always = None
        self._queue.clear()
        self._rules.clear()

    def take(self, request: Asked) -> Harm | None:
        """What to do with this request; None does no harm."""
        if self._queue:
            return self._queue.popleft()
        ruled = (fault for rule in self._rules if (fault := rule(request)))
        return next(ruled, self.always)


class Faults(Schedule[Request, Fault]):
    """The schedule of the Neo API's faults."""
