"""Validation of tables, and of data tables, which can be sorted and have pages."""

from collections.abc import Iterable
from functools import partial

from bot.sandbox.slack.models import Json
from bot.sandbox.slack.validation.checks import (
    Problems,
    check_field,
    check_integer,
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
DATA_ROWS, PAGE = 101, 100


def check_table(value: Json, at: str) -> Problems:
    """Check for rows of the same number of cells, none of them empty, and for the length of all text."""
    yield from check_object(value, at, ("rows",), ("column_settings",))
    yield from _rows(value.get("rows"), f"{at}/rows", ROWS, least=1)
    if "column_settings" in value:
        yield from check_list(value["column_settings"], f"{at}/column_settings", CELLS, least=0)
        yield from check_items(value["column_settings"], f"{at}/column_settings", _setting)


def check_data_table(value: Json, at: str) -> Problems:
    """Check a `data_table` block: a header without rich text, at least one row, and a caption.

    https://docs.slack.dev/reference/block-kit/blocks/data-table-block (as of July 2026; later twice as much is taken)
    """
    yield from check_object(value, at, ("rows", "caption"), ("page_size", "row_header_column_index"))
    rows = items_of(value.get("rows"))
    yield from _rows(value.get("rows"), f"{at}/rows", DATA_ROWS, least=2)
    for number, cell in enumerate(items_of(rows[0]) if rows else []):
        if kind_of(cell) == "rich_text":
            yield problem("must not be rich_text in a header", f"{at}/rows/0/{number}")
    yield from check_field(value, "caption", at, partial(check_string, most=CHARACTERS))
    yield from check_field(value, "page_size", at, partial(check_integer, least=1, most=PAGE))
    columns = len(items_of(rows[0])) if rows else 1
    yield from check_field(
        value, "row_header_column_index", at, partial(check_integer, least=0, most=max(columns - 1, 0))
    )


def characters_in(blocks: Iterable[Json]) -> int:
    """Return the number of characters in the cells of all tables of a message."""
    return sum(
        _length(cell)
        for block in blocks
        if kind_of(block) in {"table", "data_table"}
        for row in items_of(block.get("rows"))
        for cell in items_of(row)
    )


def _rows(value: object, at: str, most: int, least: int) -> Problems:
    yield from check_list(value, at, most, least)
    yield from check_items(value, at, _row)
    lists = [row for row in items_of(value) if isinstance(row, list)]
    if len({len(row) for row in lists}) > 1:
        yield problem("all rows must have the same number of cells", at)
    if sum(_length(cell) for row in lists for cell in row) > CHARACTERS:
        yield problem(f"must be less than {CHARACTERS + 1} characters in all", at)


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
