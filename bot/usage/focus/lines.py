"""The lines of a FOCUS file: what was charged, to whom, by whom, in which day of which billing period."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, tzinfo
from enum import StrEnum

from bot.domain.periods import Unit, Window, local_day, period
from bot.domain.pricing import SpendBasis
from bot.ledger.charge_list import ListedCharge
from bot.ledger.rules import EntryKind

_CORRECTING = {EntryKind.RESTATED, EntryKind.REPRICED}


class Creditor(StrEnum):
    """To whom an amount is owed."""

    NEO = "neo"
    MODEL_PROVIDER = "model provider"  # for the use of the team's own key


class Category(StrEnum):
    """FOCUS's ChargeCategory: what was used, or a correction of what had been charged."""

    USAGE = "Usage"
    ADJUSTMENT = "Adjustment"


@dataclass(frozen=True, slots=True)
class LineKey:
    """What the charges of one line have in common; `task_id` and `model` are empty in a line of a day.

    `corrects_earlier`: they correct what an earlier billing period was charged for.
    """

    day: Window
    member: str
    creditor: Creditor
    category: Category
    corrects_earlier: bool
    task_id: str = ""
    model: str = ""


@dataclass(slots=True)
class Line:
    """One line: its amount in nanos, and the tasks in it; `booked_at` is that of the only charge, None of a day."""

    key: LineKey
    nanos: int = 0
    tasks: set[str] = field(default_factory=set)
    booked_at: datetime | None = None


def lines_by_charge(charges: Iterable[ListedCharge], month: Window, zone: tzinfo, basis: SpendBasis) -> Iterator[Line]:
    """Yield a line for each charge and creditor, in the order of the charges."""
    for charge in charges:
        for key, nanos in _parts(charge, month, zone, basis):
            own = replace(key, task_id=charge.task_id, model=charge.model)
            yield Line(own, nanos, {charge.task_id}, charge.booked_at)


def lines_by_day(charges: Iterable[ListedCharge], month: Window, zone: tzinfo, basis: SpendBasis) -> list[Line]:
    """Return a line for each day, member, creditor and category, in the order of the days and members."""
    lines: dict[LineKey, Line] = {}
    for charge in charges:
        for key, nanos in _parts(charge, month, zone, basis):
            line = lines.setdefault(key, Line(key))
            line.nanos += nanos
            line.tasks.add(charge.task_id)
    return sorted(lines.values(), key=_place)


def _place(line: Line) -> tuple[object, ...]:
    key = line.key
    return key.day.start, key.member, key.creditor, key.category, key.corrects_earlier


def _parts(charge: ListedCharge, month: Window, zone: tzinfo, basis: SpendBasis) -> Iterator[tuple[LineKey, int]]:
    """Yield what a charge owes to each creditor that counts as spend."""
    day = period(Unit.DAY, local_day(charge.booked_at, zone), zone)
    provider = basis.spend(0, charge.provider_nanos)
    for creditor, nanos in ((Creditor.NEO, charge.platform_nanos), (Creditor.MODEL_PROVIDER, provider)):
        if nanos:
            is_correction = charge.kind in _CORRECTING or nanos < 0
            category = Category.ADJUSTMENT if is_correction else Category.USAGE
            corrects_earlier = is_correction and charge.created_at < month.start
            yield LineKey(day, charge.member, creditor, category, corrects_earlier), nanos
