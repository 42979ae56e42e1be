"""Copying a ledger to another place, whichever engines keep them; the copy is compared before anybody can open it."""

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection

from bot.database.copy_source import CopySource, marked
from bot.database.copy_target import open_target
from bot.database.copying import Copying, CopyProgress
from bot.database.errors import LedgerError
from bot.database.long_statements import long_statements
from bot.database.reading import open_reader
from bot.ledger.monthly_charges import MonthlyCharges, monthly_charges
from bot.ledger.verification import law_breaches
from bot.outbox.queries import dedup_keys

if TYPE_CHECKING:
    from bot.settings.database_place import DatabasePlace

Show = Callable[[CopyProgress], None]


@dataclass(frozen=True, slots=True)
class CopyResult:
    """What a copy holds, by table the number of rows, and what was compared.

    Args:
        marked: by table how many rows had a NUL in a text, which is a mark in the copy.
        changed: the table from which on an interrupted copy was begun again, as the ledger had changed since.
        broken_laws: those that the ledger breaks, and so its copy.
    """

    rows: dict[str, int]
    marked: dict[str, int]
    changed: str | None
    charges: MonthlyCharges
    notifications: int
    broken_laws: list[str]


def copy_ledger(source: "DatabasePlace", target: "DatabasePlace", show: Show) -> CopyResult:
    """Copy a ledger as it is now into an empty database, or finish a copy of it that was interrupted.

    The ledger is only read, in one snapshot; it may be in use. The copy has its id.

    Raises:
        LedgerError: the ledger cannot be read, the target is not empty, or the copy differs.
    """
    if _is_same(source, target):
        raise LedgerError(f"{target} is the ledger itself. Name another database.")
    with closing(open_reader(source)) as reader, long_statements(reader):
        ledger = CopySource(source, reader)
        with closing(open_target(target)) as opened, opened.errors():
            return _copy(Copying(ledger, opened, show))


def _is_same(source: "DatabasePlace", target: "DatabasePlace") -> bool:
    if isinstance(source, Path) and isinstance(target, Path):
        return source.resolve() == target.resolve()
    return source == target


def _copy(copying: Copying) -> CopyResult:
    reader = copying.source.connection
    copying.copy()
    _check(copying)
    copying.finish()
    return CopyResult(
        copying.counts,
        copying.source.marked,
        copying.changed,
        monthly_charges(reader),
        len(dedup_keys(reader)),
        sorted(_broken_laws(reader)),
    )


def _check(copying: Copying) -> None:
    """Compare the copy with the ledger, row by row and by its sums, and check its laws.

    Raises:
        LedgerError: they differ, or the copy breaks a law that the ledger keeps.
    """
    wrong = copying.differences()
    with copying.target.connection.begin():
        wrong += _wrong_sums(copying.source.connection, copying.target.connection)
    if wrong:
        raise LedgerError(
            f"the copy in {copying.target.place} differs from the ledger and was not finished: {'; '.join(wrong)}."
            " Run the same again, or name another database."
        )


def _wrong_sums(ledger: Connection, copy: Connection) -> Iterator[str]:
    if monthly_charges(ledger) != monthly_charges(copy):
        yield "the charges of members by month"
    if _marked_keys(ledger) != _marked_keys(copy):
        yield "the keys of notifications"
    yield from (f"the law that {law}" for law in sorted(_broken_laws(copy) - _broken_laws(ledger)))


def _marked_keys(connection: Connection) -> set[tuple[str, ...]]:
    return {tuple(map(marked, each)) for each in dedup_keys(connection)}


def _broken_laws(connection: Connection) -> set[str]:
    return {law for law, breaches in law_breaches(connection).items() if breaches}
