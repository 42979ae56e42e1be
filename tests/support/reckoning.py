"""An independent reckoning of what tasks cost, from the wire rows, in exact Decimal; it shares no code with the bot."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from decimal import Decimal, localcontext
from typing import Any

Row = Mapping[str, Any]
TEN = Decimal(10)


def cost(row: Row) -> Decimal | None:
    """The dollars of a row, BYOK amounts read as credits; None if unknown."""
    amounts: list[Any] = [row.get(name) for name in ("neo_credits", "llm_cost", "neo_cost")]
    credit, llm, fee = amounts
    own = row.get("is_byok")
    if own is None:
        own = (llm or 0) > 0 or (fee or 0) > 0
    if not own:
        return None if credit is None else _dollars(credit)
    if credit is None and llm is None and fee is None:
        return None
    total = _dollars(fee or 0)
    if (llm or 0) > 0:
        total += _dollars(llm)
        if (credit or 0) > 0 and abs(credit - llm) > max(credit, llm) / 10**6:
            total += _dollars(credit)
    else:
        total += _dollars(credit or 0)
    return total


def _dollars(amount: Decimal | int) -> Decimal:
    with localcontext(prec=200):
        return (Decimal(amount) * TEN).quantize(Decimal("1e-9"), rounding="ROUND_HALF_EVEN")


def total(rows: Iterable[Row]) -> Decimal:
    """The dollars of all rows; unknown ones add nothing."""
    return sum((cost(row) or Decimal(0) for row in rows), Decimal(0))


def by(rows: Iterable[Row], *names: str) -> dict[tuple[str, ...], Decimal]:
    """Dollars by wire fields, for rows that have any."""
    found: dict[tuple[str, ...], Decimal] = defaultdict(Decimal)
    for row in rows:
        found[tuple(str(row.get(name) or "unattributed") for name in names)] += cost(row) or Decimal(0)
    return dict(found)
