"""The FOCUS export of a month as CSV."""

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import TextIO

from sqlalchemy import Connection

from bot.domain.periods import Window
from bot.ledger.charge_list import charges_within
from bot.settings.model import Settings
from bot.usage.focus.columns import COLUMNS, cells
from bot.usage.focus.lines import Line, lines_by_charge, lines_by_day
from bot.usage.report_csv import safe_cell


class LinesBy(StrEnum):
    """What a line of the file is for."""

    DAY = "day"  # and member
    CHARGE = "charge"


@dataclass(frozen=True, slots=True)
class FocusFile:
    """The lines of a file: of which billing period, and whose bill it is."""

    month: Window
    account: str
    lines: Iterable[Line]

    def write(self, target: TextIO) -> int:
        """Write a header and a row a line, in which a spreadsheet finds no formula; return how many rows."""
        writer = csv.writer(target, lineterminator="\n")
        writer.writerow(COLUMNS)
        number = 0
        for number, line in enumerate(self.lines, 1):  # noqa: B007 - the last one is returned
            writer.writerow([safe_cell(cell) for cell in cells(line, self.month, self.account).values()])
        return number


def focus_file(connection: Connection, settings: Settings, month: Window, lines_by: LinesBy, account: str) -> FocusFile:
    """Return the file of a month, whose lines sum to its spend; they are read as they are written."""
    charges, zone, basis = charges_within(connection, month), settings.timezone, settings.spend_basis
    lines = {LinesBy.DAY: lines_by_day, LinesBy.CHARGE: lines_by_charge}[lines_by]
    return FocusFile(month, account, lines(charges, month, zone, basis))
