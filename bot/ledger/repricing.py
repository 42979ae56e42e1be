"""Repricing: the BYOK unit was changed, so every amount that rests on it is corrected where it was booked."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import (
    BigInteger,
    Boolean,
    Connection,
    Row,
    bindparam,
    case,
    cast,
    exists,
    func,
    insert,
    or_,
    select,
    update,
)

from bot.database.errors import LedgerError
from bot.domain.money import AmountError
from bot.domain.pricing import ByokUnit, Price, price
from bot.domain.tasks import Task
from bot.domain.timestamps import from_us
from bot.ledger import quarter_hour_totals
from bot.ledger.pricing_unit import store_unit, stored_unit
from bot.ledger.rules import Entry, EntryKind, Totals
from bot.ledger.tables import charge as charge_table
from bot.ledger.tables import task as task_table

_BATCH = 1_000

_T, _C = task_table.c, charge_table.c
_AMOUNTS = (_T.platform_nanos, _T.provider_nanos, _T.created_at, _T.is_byok, _T.neo_credits, _T.llm_cost, _T.neo_cost)
_HAS_CHARGES_BY_UNIT = exists().where(
    _C.task == _T.id, or_(_C.platform_by_unit != 0, func.coalesce(_C.provider_by_unit, _C.provider_nanos) != 0)
)
_NEXT = (
    select(_T.id, *_AMOUNTS)
    # also those that no longer rest on the unit, and once did
    .where(_T.id > bindparam("after"), or_(_T.by_unit, _T.is_byok, _HAS_CHARGES_BY_UNIT))
    .order_by(_T.id)
    .limit(_BATCH)
)
# charges from before their parts were recorded: a provider's cost rests on the unit, and of the task's own key all does
_PLATFORM_BY_UNIT = case((bindparam("own_key", type_=Boolean), _C.platform_nanos), else_=0)
_CHARGES = (
    select(
        _C.booked_at,
        _C.member,
        cast(func.sum(_C.platform_nanos), BigInteger).label("platform_nanos"),
        cast(func.sum(_C.provider_nanos), BigInteger).label("provider_nanos"),
        cast(func.sum(func.coalesce(_C.platform_by_unit, _PLATFORM_BY_UNIT)), BigInteger).label("platform_by_unit"),
        cast(func.sum(func.coalesce(_C.provider_by_unit, _C.provider_nanos)), BigInteger).label("provider_by_unit"),
    )
    .where(_C.task == bindparam("of_task"))
    .group_by(_C.booked_at, _C.member)
    .order_by(_C.booked_at, func.min(_C.id))
)
_INSERT_CHARGE = insert(charge_table)
_SET_AMOUNTS = update(task_table).where(_T.id == bindparam("which"))


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
    while rows := connection.execute(_NEXT, {"after": last}).all():
        last = rows[-1].id
        for row in rows:
            priced = _confirmed_by_amounts(_priced(row, before), _priced(row, unit), row)
            new, corrections = _corrections(connection, row, priced, scale)
            if corrections:
                _book(connection, row.id, new, corrections, now_us)
            tasks += bool(corrections)
            difference += sum(each.entry.platform_nanos + each.entry.provider_nanos for each in corrections)
    store_unit(connection, unit)
    return RepricingResult(tasks, difference)


def _priced(row: Row[*tuple[Any, ...]], unit: ByokUnit) -> Price:
    amounts = (row.neo_credits, row.llm_cost, row.neo_cost)
    neo_credits, llm_cost, neo_cost = (None if text is None else Decimal(text) for text in amounts)
    task = Task(
        task_id=str(row.id), model="", status="", created_at=from_us(row.created_at), is_byok=row.is_byok,
        neo_credits=neo_credits, llm_cost=llm_cost, neo_cost=neo_cost,
    )  # fmt: skip
    try:
        return price(task, unit)
    except AmountError as error:
        raise LedgerError(
            f"in {unit} a task would cost {error}: the unit cannot be right. Nothing was changed."
        ) from error


def _confirmed_by_amounts(old: Price, new: Price, row: Row[*tuple[Any, ...]]) -> Price:
    """Return the new price, without what the stored amounts never led to, which only the charges explain.

    A task that was mixed and is not any more has kept credits owed to Neo, beside a price that reads them otherwise.
    """
    platform, provider = (
        after if before is None or total is None or abs(before - total) <= _ROUNDING else None
        for before, after, total in (
            (old.platform_nanos, new.platform_nanos, row.platform_nanos),
            (old.provider_nanos, new.provider_nanos, row.provider_nanos),
        )
    )
    return msgspec.structs.replace(new, platform_nanos=platform, provider_nanos=provider)


@dataclass(frozen=True, slots=True)
class _Correction:
    """A correction: of which member, and the charge, booked when those were that it corrects."""

    member: int
    entry: Entry


def _corrections(
    connection: Connection, row: Row[*tuple[Any, ...]], new: Price, scale: Fraction
) -> tuple[Totals, list[_Correction]]:
    """Return what a task's charges sum to in the new unit, and what is to be booked for that."""
    charges = connection.execute(_CHARGES, {"own_key": row.is_byok, "of_task": row.id}).all()
    platform_parts = [_Part(charge.platform_nanos, charge.platform_by_unit) for charge in charges]
    provider_parts = [_Part(charge.provider_nanos, charge.provider_by_unit) for charge in charges]
    platform = scaled(platform_parts, scale, row.platform_nanos, new.platform_nanos)
    provider = scaled(provider_parts, scale, row.provider_nanos, new.provider_nanos)
    corrections = [
        _Correction(charge.member, _entry(charge.booked_at, *differences))
        for charge, *differences in zip(charges, platform, provider, strict=True)
        if any(differences)
    ]
    return Totals(_plus(row.platform_nanos, platform), _plus(row.provider_nanos, provider)), corrections


def _entry(booked_at: int, platform_nanos: int, provider_nanos: int) -> Entry:
    """Return a charge that corrects what rests on the unit, all of which is in it."""
    return Entry(EntryKind.REPRICED, platform_nanos, provider_nanos, booked_at, platform_nanos, provider_nanos)


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


def _book(connection: Connection, key: int, new: Totals, corrections: Sequence[_Correction], now_us: int) -> None:
    entries = [each.entry for each in corrections]
    charges = [
        {"task": key, "member": each.member, "observed_at": now_us, **msgspec.structs.asdict(each.entry)}
        for each in corrections
    ]
    connection.execute(_INSERT_CHARGE, charges)
    quarter_hour_totals.add_charges(connection, ((e.booked_at, e.platform_nanos, e.provider_nanos) for e in entries))
    values = {"which": key, "platform_nanos": new.platform_nanos, "provider_nanos": new.provider_nanos}
    connection.execute(_SET_AMOUNTS, values)
