"""Repricing: the BYOK unit was changed, so every amount that rests on it is corrected where it was booked."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection

from bot.domain.money import AmountError
from bot.domain.pricing import ByokUnit, Price, price
from bot.domain.tasks import Task
from bot.ledger import notes, quarters
from bot.ledger.booking import INSERT_CHARGE
from bot.ledger.instants import from_us
from bot.ledger.rules import Kind
from bot.ledger.schema import LedgerError

_BATCH = 1_000


@dataclass(frozen=True, slots=True)
class Repriced:
    """How many tasks changed, and by how many USD nanos in all."""

    tasks: int
    difference_nanos: int


def reprice(connection: Connection, unit: ByokUnit, now_us: int) -> Repriced:
    """Price every task again in a unit and book the differences; observers are not told.

    A correction stands where the charge stands that it corrects, so that past windows are right too: the unit was
    wrong all along.
    """
    tasks, difference, last = 0, 0, 0
    while rows := connection.exec_driver_sql(_NEXT, (last, _BATCH)).all():
        last = rows[-1][0]
        for row in rows:
            new = _priced(row, unit)
            entries = list(_corrections(connection, row, new))
            if entries:
                _book(connection, row, new, entries, now_us)
            tasks += bool(entries)
            difference += sum(platform + provider for _, platform, provider, _ in entries)
    notes.write(connection, notes.BYOK_UNIT, unit.value)
    return Repriced(tasks, difference)


_NEXT = """
SELECT id, platform_nanos, provider_nanos, created_at, is_byok, neo_credits, llm_cost, neo_cost
FROM task WHERE by_unit AND id > ? ORDER BY id LIMIT ?
"""
_Entry = tuple[int, int, int, int]  # member, platform and provider nanos, booked_at


def _priced(row: Sequence[Any], unit: ByokUnit) -> Price:
    key, _, _, created_at, is_byok, *amounts = row
    neo_credits, llm_cost, neo_cost = (None if text is None else Decimal(text) for text in amounts)
    task = Task(
        task_id=str(key), model="", status="", created_at=from_us(created_at), is_byok=bool(is_byok),
        neo_credits=neo_credits, llm_cost=llm_cost, neo_cost=neo_cost,
    )  # fmt: skip
    try:
        return price(task, unit)
    except AmountError as error:
        raise LedgerError(
            f"in {unit} a task would cost {error}: the unit cannot be right. Nothing was changed."
        ) from error


def _corrections(connection: Connection, row: Sequence[Any], new: Price) -> Iterator[_Entry]:
    charges = connection.exec_driver_sql(
        "SELECT booked_at, platform_nanos, provider_nanos, member FROM charge WHERE task = ? ORDER BY booked_at, id",
        (row[0],),
    ).all()
    platform = spread([c[1] for c in charges], row[1], new.platform_nanos)
    provider = spread([c[2] for c in charges], row[2], new.provider_nanos)
    for charge, more_platform, more_provider in zip(charges, platform, provider, strict=True):
        if more_platform or more_provider:
            yield charge[3], more_platform, more_provider, charge[0]


def spread(parts: Sequence[int], total: int | None, new_total: int | None) -> list[int]:
    """What each part must grow by so that all grow in proportion and sum exactly to the new total.

    An amount that is not known keeps its parts; one that was nothing grows at its first part.
    """
    if total is None or new_total is None or not parts:
        return [0] * len(parts)
    if total == 0:
        return [new_total, *([0] * (len(parts) - 1))]
    differences, before, before_new = [], 0, 0
    for part in parts:
        reached = before + part
        reached_new = (2 * reached * new_total + total) // (2 * total)  # half up: any one rule, used throughout
        differences.append(reached_new - before_new - part)
        before, before_new = reached, reached_new
    return differences


def _book(connection: Connection, row: Sequence[Any], new: Price, entries: Sequence[_Entry], now_us: int) -> None:
    key, platform, provider, *_ = row
    charges = [(key, *entry, now_us, Kind.REPRICED) for entry in entries]
    connection.exec_driver_sql(INSERT_CHARGE, charges)
    quarters.add(connection, ((booked_at, platform, provider) for _, platform, provider, booked_at in entries))
    platform = platform if new.platform_nanos is None else new.platform_nanos
    provider = provider if new.provider_nanos is None else new.provider_nanos
    connection.exec_driver_sql(
        "UPDATE task SET platform_nanos = ?, provider_nanos = ? WHERE id = ?", (platform, provider, key)
    )
