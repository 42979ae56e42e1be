"""What Slack refuses in tables."""

from functools import partial
from typing import Any

from bot.sandbox.slack.rules.checks import (
    Wrong,
    a_list,
    a_number,
    a_string,
    an_object,
    each,
    given,
    kind_of,
    one_of,
    told,
)
from bot.sandbox.slack.rules.rich import length, rich_text
from bot.sandbox.slack.things import Json

ROWS, CELLS, CHARACTERS = 100, 20, 10_000


def table(value: Json, at: str) -> Wrong:
    """Rows of equally many cells, none of them empty, and not too much in all."""
    yield from an_object(value, at, ("rows",), ("column_settings",))
    rows = value.get("rows")
    yield from a_list(rows, f"{at}/rows", ROWS)
    yield from each(rows, f"{at}/rows", _row)
    whole = [row for row in rows if isinstance(row, list)] if isinstance(rows, list) else []
    if len({len(row) for row in whole}) > 1:
        yield told("all rows must have the same number of cells", f"{at}/rows")
    if sum(_length(cell) for row in whole for cell in row) > CHARACTERS:
        yield told(f"must be less than {CHARACTERS + 1} characters in all", f"{at}/rows")
    if "column_settings" in value:
        yield from a_list(value["column_settings"], f"{at}/column_settings", CELLS, least=0)
        yield from each(value["column_settings"], f"{at}/column_settings", _setting)


def _row(value: Any, at: str) -> Wrong:  # noqa: ANN401 whatever came
    yield from a_list(value, at, CELLS)
    yield from each(value, at, _cell)


def _cell(value: Any, at: str) -> Wrong:  # noqa: ANN401 whatever came
    match kind_of(value):
        case "raw_text":
            yield from an_object(value, at, ("text",), ("emoji",))
            yield from given(value, "text", at, partial(a_string, most=CHARACTERS))
        case "raw_number":
            yield from an_object(value, at, ("value", "text"))
            yield from given(value, "value", at, a_number)
            yield from given(value, "text", at, partial(a_string, most=CHARACTERS))
        case "rich_text":
            yield from rich_text(value, at)
            if not length(value):
                yield told("must not be empty", at)
        case kind:
            yield told(f"unsupported type of cell: {kind}", f"{at}/type")


def _setting(value: Any, at: str) -> Wrong:  # noqa: ANN401 whatever came
    if value is None:  # a column may keep what is usual
        return
    yield from an_object(value, at, (), ("align", "is_wrapped"))
    if isinstance(value, dict):
        yield from given(value, "align", at, partial(one_of, allowed=("left", "center", "right")))


def _length(cell: Any) -> int:  # noqa: ANN401 whatever came
    return length(cell) if isinstance(cell, dict) else 0
