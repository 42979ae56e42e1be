"""The report as CSV for spreadsheets; the columns are a public contract."""

import csv
import io
import re
from typing import Any

from bot.domain.pricing import has_known_cost
from bot.domain.text import one_line
from bot.ledger.spend_groups import SpendGroup
from bot.usage.report import Report
from bot.usage.report_document import group_document, row_document, total_document
from bot.usage.report_formatting import is_known

# what a formula begins with: the four signs, and variants of them that some spreadsheets accept
_SIGNS = (
    "=+@\uff1d\uff0b\uff0d\uff20\ufe62\ufe63\ufe66\ufe6b\u207a\u207b\u207c\u208a\u208b\u208c\u2212\u02d7\u2795\u2796-"
)
# a cell begins at the start of the text, and after any sign that a spreadsheet may split at (in much of Europe `;`)
_DIVIDERS = r";,|:^~\xa6\t\v\f\r\n\x1c-\x1f\x85\u2028\u2029"
# from the start, or a run of dividers, spaces and quotes with a divider in it; each run is read once
_FORMULA = re.compile(
    rf"(^[\s\"{_DIVIDERS}]*+|(?<![\s\"{_DIVIDERS}])(?:(?![{_DIVIDERS}])[\s\"])*+[{_DIVIDERS}][\s\"{_DIVIDERS}]*+)"
    rf"(?=[{_SIGNS}])"
)
_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?")
_LONGEST_CELL = 32_000  # characters; the limit of spreadsheets


def to_csv(report: Report) -> str:
    """Return the report as CSV: a header and a line a group or task; without either one line, the total."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    for line in _lines(report):
        writer.writerow([safe_cell(cell) for cell in line])
    return out.getvalue()


def _lines(report: Report) -> list[list[Any]]:
    if report.question.rows:
        return _table([row_document(report, each) for each in report.rows], _ROW_COLUMNS)
    if not report.question.by:
        total = total_document(report)
        return _table([total if is_known(report) else total | dict.fromkeys(_AMOUNTS)], list(total))
    keys = list(report.question.by)
    groups = [_group(report, each) for each in report.groups]
    columns = [name for name in (groups[0] if groups else group_document(report, SpendGroup(()))) if name != "key"]
    lines = [[*each["key"], *("" if each[name] is None else each[name] for name in columns)] for each in groups]
    return [[*keys, *columns], *lines]


def _group(report: Report, group: SpendGroup) -> dict[str, Any]:
    """Return a group, without its amounts if nothing is known of them: no column counts the tasks of unknown cost."""
    document = group_document(report, group)
    is_unknown = "spend_usd" in document and not has_known_cost(group.tasks, group.without_cost)
    return document | dict.fromkeys(_OF_GROUP) if is_unknown else document


_OF_GROUP = ("spend_usd", "platform_usd", "provider_usd", "share")
_AMOUNTS = ("spend_usd", "platform_usd", "provider_usd", "credits", "failed_usd")
_ROW_COLUMNS = ["task", "created_at", "member", "model", "status", "title", "spend_usd"]


def _table(documents: list[dict[str, Any]], columns: list[str]) -> list[list[Any]]:
    return [columns, *([("" if each[name] is None else each[name]) for name in columns] for each in documents)]


def safe_cell(cell: object) -> object:
    """Return a cell on one line, in which a spreadsheet finds no formula; numbers stay numbers, without an exponent."""
    if isinstance(cell, float) and "e" in str(cell):
        return f"{cell:.6f}"
    if not isinstance(cell, str) or _NUMBER.fullmatch(cell):
        return cell
    # once before line breaks become spaces, since they divide cells, and again when invisible characters are gone
    return one_line(_without_formulas(one_line(_without_formulas(cell), _LONGEST_CELL)), _LONGEST_CELL)


def _without_formulas(text: str) -> str:
    return _FORMULA.sub(r"\1'", text)
