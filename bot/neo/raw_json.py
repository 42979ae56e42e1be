"""JSON read leniently: numbers stay exact, and a byte that is no Unicode spoils nothing but its letter."""

import json
from decimal import Decimal

from bot.neo.page import NotAPageError

_LONG = 30  # digits; no count or id has as many


def raw_json(body: bytes) -> object:
    """Return the value of a JSON text; amounts are Decimals.

    Raises:
        NotAPageError: it is no JSON.
    """
    try:
        # a byte that is no Unicode becomes half a letter, which is replaced later
        text = body.decode(json.detect_encoding(body), "surrogateescape")
        # Python's own parser accepts NaN and Infinity: a row that holds one is set aside, not its whole page
        return json.loads(text, parse_float=_decimal, parse_constant=Decimal, parse_int=_int)
    except RecursionError as error:
        raise NotAPageError("it is nested too deeply") from error
    except ValueError as error:
        html = body.lstrip()[:1] == b"<"
        raise NotAPageError("it is HTML" if html else "it is broken or cut JSON") from error


def _decimal(digits: str) -> Decimal:
    try:
        return Decimal(digits)
    except ArithmeticError:  # an exponent beyond what Decimal holds
        return Decimal("NaN")


def _int(digits: str) -> int | Decimal:
    # Python refuses integers of thousands of digits, which would cost the whole page
    return int(digits) if len(digits) < _LONG else Decimal(digits)
