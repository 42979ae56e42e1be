"""What goes over the wire: the request as it came, the page, its JSON, and errors in upstream's shape."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from math import isfinite
from typing import Self
from uuid import NAMESPACE_URL, uuid5

import msgspec
from aiohttp import web

from bot.sandbox.tasks import Row

ENCODER = msgspec.json.Encoder(decimal_format="number")
KINDS = {
    400: ("invalid_request", "invalid request"),
    401: ("unauthorized", "unauthorized request"),
    403: ("forbidden", "forbidden request"),
    404: ("not_exists", "not exists"),
    405: ("method_not_allowed", "invalid request"),
    408: ("timeout", "request timeout"),
    413: ("too_large", "request too large"),
    422: ("invalid_request", "invalid request"),
    429: ("rate_limited", "too many requests"),
    500: ("internal", "internal error"),
    503: ("unavailable", "service unavailable"),
    504: ("timeout", "gateway timeout"),
}


@dataclass(frozen=True, slots=True)
class Request:
    """One request as it came, for assertions; `number` counts from 1, header names in any case."""

    number: int
    method: str
    path: str
    query: dict[str, str]
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Page:
    """A page before it is encoded."""

    rows: list[Row]
    total: int
    has_more: object  # a fault may put anything there

    def encoded(self) -> bytes:
        """The page as JSON; NaN and infinities, which JSON has not, go out as Python would write them."""
        return ENCODER.encode(
            {"data": [_writable(row) for row in self.rows], "total": self.total, "has_more": self.has_more}
        )


@dataclass(frozen=True, slots=True)
class Answer:
    """A complete response."""

    status: int
    body: bytes
    content_type: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)

    @classmethod
    def error(cls, status: int, detail: str, number: int, code: str | None = None) -> Self:
        """An ErrorResponse; its error_id is the same for the same request number."""
        usual, kind = KINDS.get(status, (f"http_{status}", "error"))
        body = {
            "code": code or usual,
            "error": detail,
            "message": f"{kind}: {detail}",
            "kind": kind,
            "error_id": str(uuid5(NAMESPACE_URL, f"urn:neo-sandbox:{number}")),
        }
        return cls(status, ENCODER.encode(body))

    def head(self) -> dict[str, str]:
        """All headers but the length."""
        return {"Content-Type": self.content_type, **self.headers}

    def response(self) -> web.Response:
        """The answer as the server library sends it."""
        return web.Response(status=self.status, body=self.body, headers=self.head())


def _writable(row: object) -> object:  # a mangled row may be anything
    return {key: _literal(value) for key, value in row.items()} if isinstance(row, dict) else row


def _literal(value: object) -> object:
    if isinstance(value, float | Decimal) and not isfinite(value):
        return msgspec.Raw(json.dumps(float(value)).encode())
    return value
