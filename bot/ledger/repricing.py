"""Repricing: the BYOK unit was changed, so every amount that rests on it is corrected where it was booked."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import Connection

from bot.database.errors import LedgerError
from bot.domain.money import AmountError
from bot.domain.pricing import ByokUnit, Price, price
from bot.domain.tasks import Task
from bot.domain.timestamps import from_us
from bot.ledger import quarter_hour_totals
from bot.ledger.booking_statements import INSERT_CHARGE
from bot.ledger.pricing_unit import store_unit, stored_unit
from bot.ledger.rules import EntryKind, Totals

_BATCH = 1_000


@dataclass(frozen=True, slots=True)
class RepricingResult:
    """How many tasks changed, and by how many USD nanos in all."""

    tasks: int
    difference_nanos: int


def reprice(connection: Connection, unit: ByokUnit, now_us: int) -> RepricingResult:
    """Price every task again in a unit, book the differences and return how many there are; no observer is called.

    A correction stands where the charge stands that it corrects, so that past windows are right too: the unit was
    wrong all along. What a task no longer costs, or costs to Neo now, is corrected as well.
    """
    before = stored_unit(connection) or ByokUnit.CREDITS
    scale = Fraction(unit.nanos_per_unit, before.nanos_per_unit)
    tasks, difference, last = 0, 0, 0
    while rows := connection.exec_driver_sql(_NEXT, (last, _BATCH)).all():
        last = rows[-1][0]
        for row in rows:
            priced = _confirmed_by_amounts(_priced(row, before), _priced(row, unit), row)
            new, entries = _corrections(connection, row, priced, scale)
            if entries:
                _book(connection, row[0], new, entries, now_us)
            tasks += bool(entries)
            difference += sum(entry.platform_nanos + entry.provider_nanos for entry in entries)
    store_unit(connection, unit)
    return RepricingResult(tasks, difference)


# also those that no longer rest on the unit, and once did
_NEXT = """
SELECT id, platform_nanos, provider_nanos, created_at, is_byok, neo_credits, llm_cost, neo_cost
FROM task t WHERE id > ? AND (by_unit OR is_byok OR EXISTS (
    SELECT 1 FROM charge c WHERE c.task = t.id
    AND (c.platform_by_unit <> 0 OR coalesce(c.provider_by_unit, c.provider_nanos) <> 0)))
ORDER BY id LIMIT ?
"""


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


def _confirmed_by_amounts(old: Price, new: Price, row: Sequence[Any]) -> Price:
    """Return the new price, without what the stored amounts never led to, which only the charges explain.

    A task that was mixed and is not any more has kept credits owed to Neo, beside a price that reads them otherwise.
    """
    platform, provider = (
        after if before is None or total is None or abs(before - total) <= _ROUNDING else None
        for before, after, total in (
            (old.platform_nanos, new.platform_nanos, row[1]),
            (old.provider_nanos, new.provider_nanos, row[2]),
        )
    )
    return msgspec.structs.replace(new, platform_nanos=platform, provider_nanos=provider)


@dataclass(frozen=True, slots=True)
class _Correction:
    """A correction: of which member, by how much, and when the charges that it corrects were booked."""

    member: int
    platform_nanos: int
    provider_nanos: int
    booked_at: int


# charges from before their parts were recorded: a provider's cost rests on the unit, and of the task's own key all does
_CHARGES = """
SELECT booked_at, member, sum(platform_nanos), sum(provider_nanos),
       sum(coalesce(platform_by_unit, iif(?, platform_nanos, 0))), sum(coalesce(provider_by_unit, provider_nanos))
FROM charge WHERE task = ? GROUP BY booked_at, member ORDER BY booked_at, min(id)
"""


def _corrections(
    connection: Connection, row: Sequence[Any], new: Price, scale: Fraction
) -> tuple[Totals, list[_Correction]]:
    """Return what a task's charges sum to in the new unit, and what is to be booked for that."""
    key, platform_nanos, provider_nanos, _, is_byok, *_ = row
    charges = connection.exec_driver_sql(_CHARGES, (is_byok, key)).all()
    platform = scaled([_Part(c[2], c[4]) for c in charges], scale, platform_nanos, new.platform_nanos)
    provider = scaled([_Part(c[3], c[5]) for c in charges], scale, provider_nanos, new.provider_nanos)
    entries = [
        _Correction(charge[1], more_platform, more_provider, charge[0])
        for charge, more_platform, more_provider in zip(charges, platform, provider, strict=True)
        if more_platform or more_provider
    ]
    return Totals(_plus(platform_nanos, platform), _plus(provider_nanos, provider)), entries


def _plus(total: int | None, differences: Sequence[int]) -> int | None:
    return None if total is None else total + sum(differences)


class _Part(NamedTuple):
    """A charge's amount, and how much of it rests on the unit, in nanos."""

    nanos: int
    by_unit: int


_ROUNDING = 20  # nanos by which amounts that were rounded in the former unit may miss those of the new one


def scaled(parts: Sequence[_Part], scale: Fraction, total: int | None, new_total: int | None) -> list[int]:
    """Return what each part must grow by so that what rests on the unit is in the new one, and the new total is met.

    A total that is not known any more is what the parts come to. Where what is recorded of the parts does not lead to
    the new total, they grow in proportion.
    """
    differences, reached, reached_new = [], 0, 0
    for part in parts:
        before, before_new = reached, reached_new
        reached += part.by_unit
        reached_new = round(reached * scale)
        differences.append((reached_new - before_new) - (reached - before))
    if total is None or new_total is None:
        return differences
    rest = new_total - total - sum(differences)
    touched = [place for place, part in enumerate(parts) if part.by_unit]
    if abs(rest) > (_ROUNDING if touched else 0):
        return spread([part.nanos for part in parts], total, new_total)
    if rest:
        differences[touched[-1]] += rest
    return differences


def spread(parts: Sequence[int], total: int | None, new_total: int | None) -> list[int]:
    """Return what each part must grow by so that all grow in proportion and sum exactly to the new total.

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


def _book(connection: Connection, key: int, new: Totals, entries: Sequence[_Correction], now_us: int) -> None:
    charges = [
        (key, e.member, e.platform_nanos, e.provider_nanos, e.booked_at, now_us, EntryKind.REPRICED, e.platform_nanos,
         e.provider_nanos)
        for e in entries
    ]  # fmt: skip
    connection.exec_driver_sql(INSERT_CHARGE, charges)
    quarter_hour_totals.add_charges(connection, ((e.booked_at, e.platform_nanos, e.provider_nanos) for e in entries))
    connection.exec_driver_sql(
        "UPDATE task SET platform_nanos = ?, provider_nanos = ? WHERE id = ?",
        (new.platform_nanos, new.provider_nanos, key),
    )
