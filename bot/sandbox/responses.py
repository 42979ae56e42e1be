"""Requests and responses of the simulated Neo API: pages as JSON, and errors in upstream's shape."""

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
ERROR_KINDS = {
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
    """One logged request. `number` counts from 1; header names are case-insensitive."""

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

    def to_json(self) -> bytes:
        """Return the page as JSON. NaN and infinities, which JSON lacks, are written as Python writes them."""
        return ENCODER.encode(
            {"data": [_json_compatible(row) for row in self.rows], "total": self.total, "has_more": self.has_more}
        )


@dataclass(frozen=True, slots=True)
class Response:
    """A complete response."""

    status: int
    body: bytes
    content_type: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)

    @classmethod
    def error(cls, status: int, detail: str, number: int, code: str | None = None) -> Self:
        """Return upstream's ErrorResponse; its `error_id` depends on the request number alone."""
        default_code, kind = ERROR_KINDS.get(status, (f"http_{status}", "error"))
        body = {
            "code": code or default_code,
            "error": detail,
            "message": f"{kind}: {detail}",
            "kind": kind,
            "error_id": str(uuid5(NAMESPACE_URL, f"urn:neo-sandbox:{number}")),
        }
        return cls(status, ENCODER.encode(body))

    def all_headers(self) -> dict[str, str]:
        """Return all headers except the length."""
        return {"Content-Type": self.content_type, **self.headers}

    def to_aiohttp(self) -> web.Response:
        """Return the response as aiohttp sends it."""
        return web.Response(status=self.status, body=self.body, headers=self.all_headers())


def _json_compatible(row: object) -> object:  # a mangled row may be anything
    return {key: _json_compatible_value(value) for key, value in row.items()} if isinstance(row, dict) else row


def _json_compatible_value(value: object) -> object:
    if isinstance(value, float | Decimal) and not isfinite(value):
        return msgspec.Raw(json.dumps(float(value)).encode())
    return value
