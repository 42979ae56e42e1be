"""The wire: the upstream's JSON decoded and checked, row by row where a page is not clean."""

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

import msgspec

from bot.domain.tasks import Refused
from bot.neo.checked_task import checked_task
from bot.neo.lenient import lenient_fields, whole_number_up_to
from bot.neo.page import NotAPageError, Page
from bot.neo.raw_json import raw_json
from bot.neo.refused_rows import refused_row, refused_value, with_unique_keys
from bot.neo.row_schema import ListFacts, UsagePage, UsageRow

_CODE = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_BOOLEANS = {"true": True, "1": True, "false": False, "0": False}
_MAX_TOTAL = 2**53  # what JSON numbers carry exactly


class _ErrorBody(msgspec.Struct):
    code: str | None = None


_decode_usage = msgspec.json.Decoder(UsagePage).decode
_encode = msgspec.msgpack.Encoder().encode
_decode_error = msgspec.json.Decoder(_ErrorBody).decode


def decode_page(body: bytes, latest: datetime | None = None) -> Page:
    """Return the page that a body holds; a row that was created after `latest` is refused too.

    A page in which all rows have the right types is decoded at once, any other row by row: fields that a row's money,
    day and member do not depend on are set right or dropped, and a row without those is refused with the reason.
    Amounts never pass through a float.

    Raises:
        NotAPageError: it is not the upstream's JSON at all.
    """
    try:
        page = _decode_usage(body)
    except (msgspec.MsgspecError, ValueError, ArithmeticError, RecursionError):
        return _row_by_row(body, latest)
    return _page(page.data, (), page, latest)


def error_code(body: bytes) -> str | None:
    """Return the stable `code` of an error's body, if it has one that reads like a code."""
    try:
        code = _decode_error(body).code
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None
    return code if code and _CODE.fullmatch(code) else None


def _page(rows: Iterable[UsageRow], refusals: Iterable[Refused], facts: ListFacts, latest: datetime | None) -> Page:
    if facts.total < 0:
        raise NotAPageError("its total is negative")
    tasks, refused = [], list(refusals)
    for row in rows:
        try:
            tasks.append(checked_task(row, latest))
        except ValueError as error:
            refused.append(refused_row(row, error))
    return Page(tuple(tasks), tuple(refused), facts.total, facts.has_more)


def _row_by_row(body: bytes, latest: datetime | None) -> Page:
    raw = raw_json(body)
    page: Mapping[str, Any] = raw if isinstance(raw, dict) else {}
    data, total = page.get("data"), _total(page)
    if not isinstance(data, list) or total is None:
        raise NotAPageError("it has no `data` and `total`")
    rows, refusals = [], []
    for each in data:
        try:
            rows.append(_row(each))
        except (msgspec.MsgspecError, ValueError, OverflowError) as error:
            refusals.append(refused_value(each, error))
    facts = ListFacts(total, _BOOLEANS.get(str(page.get("has_more")).lower()))
    return _page(rows, with_unique_keys(refusals), facts, latest)


def _row(value: object) -> UsageRow:
    row = msgspec.convert(lenient_fields(value) if isinstance(value, dict) else value, UsageRow)
    _encode(row)  # refuses text that is no Unicode and numbers beyond 64 bits
    return row


def _total(page: Mapping[str, Any]) -> int | None:
    total = page.get("total")
    if isinstance(total, Decimal) and total == total.to_integral_value():
        return whole_number_up_to(total, _MAX_TOTAL)
    return total if isinstance(total, int) and not isinstance(total, bool) else None
