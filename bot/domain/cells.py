"""Cells of tables: a text, or a number with the text that shows it, by which tables sort and align."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo

from bot.domain import formatting
from bot.domain.money import NANOS_PER_USD, show_usd

_LOWEST = -1.0


@dataclass(frozen=True, slots=True)
class Number:
    """A number, and the text that shows it."""

    value: float
    text: str


Cell = str | Number


def amount_cell(nanos: int | None) -> Number:
    """Return an amount as a cell; one that is not known sorts below those that are."""
    return unknown_cell("unknown") if nanos is None else Number(nanos / NANOS_PER_USD, show_usd(nanos))


def count_cell(number: int) -> Number:
    """Return a count as a cell."""
    return Number(number, f"{number:,}")


def moment_cell(at: datetime, zone: tzinfo) -> Number:
    """Return a moment as a cell, on the zone's clock, such as `2026-11-28 21:05`, sorted by its time."""
    return Number(at.timestamp(), formatting.moment(at, zone))


def unknown_cell(text: str) -> Number:
    """Return what stands for an unknown number in a column of numbers: it sorts below zero and all that is more."""
    return Number(_LOWEST, text)


def cell_text(cell: Cell) -> str:
    """Return the text that a cell shows."""
    return cell.text if isinstance(cell, Number) else cell


def number_columns(rows: Sequence[Sequence[Cell]]) -> frozenset[int]:
    """Return the indices of the columns of which every cell is a number; of no rows none is."""
    return frozenset(
        index for index in range(len(rows[0]) if rows else 0) if all(isinstance(row[index], Number) for row in rows)
    )
