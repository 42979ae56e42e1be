"""Validation of tables."""

from functools import partial

from bot.sandbox.slack.models import Json
from bot.sandbox.slack.validation.checks import (
    Problems,
    check_field,
    check_items,
    check_list,
    check_number,
    check_object,
    check_one_of,
    check_string,
    fields_of,
    items_of,
    kind_of,
    problem,
)
from bot.sandbox.slack.validation.rich_text import check_rich_text, text_length

ROWS, CELLS, CHARACTERS = 100, 20, 10_000


def check_table(value: Json, at: str) -> Problems:
    """Check for rows of the same number of cells, none of them empty, and for the length of all text."""
    yield from check_object(value, at, ("rows",), ("column_settings",))
    rows = value.get("rows")
    yield from check_list(rows, f"{at}/rows", ROWS)
    yield from check_items(rows, f"{at}/rows", _row)
    lists = [row for row in items_of(rows) if isinstance(row, list)]
    if len({len(row) for row in lists}) > 1:
        yield problem("all rows must have the same number of cells", f"{at}/rows")
    if sum(_length(cell) for row in lists for cell in row) > CHARACTERS:
        yield problem(f"must be less than {CHARACTERS + 1} characters in all", f"{at}/rows")
    if "column_settings" in value:
        yield from check_list(value["column_settings"], f"{at}/column_settings", CELLS, least=0)
        yield from check_items(value["column_settings"], f"{at}/column_settings", _setting)


def _row(value: object, at: str) -> Problems:
    yield from check_list(value, at, CELLS)
    yield from check_items(value, at, _cell)


def _cell(value: object, at: str) -> Problems:
    match kind_of(value):
        case "raw_text":
            yield from check_object(value, at, ("text",), ("emoji",))
            yield from check_field(value, "text", at, partial(check_string, most=CHARACTERS))
        case "raw_number":
            yield from check_object(value, at, ("value", "text"))
            yield from check_field(value, "value", at, check_number)
            yield from check_field(value, "text", at, partial(check_string, most=CHARACTERS))
        case "rich_text":
            yield from check_rich_text(fields_of(value), at)
            if not _length(value):
                yield problem("must not be empty", at)
        case kind:
            yield problem(f"unsupported type of cell: {kind}", f"{at}/type")


def _setting(value: object, at: str) -> Problems:
    if value is None:  # a column may keep the defaults
        return
    yield from check_object(value, at, (), ("align", "is_wrapped"))
    yield from check_field(value, "align", at, partial(check_one_of, allowed=("left", "center", "right")))


def _length(cell: object) -> int:
    return text_length(cell) if isinstance(cell, dict) else 0
