"""Validation of blocks, each by itself and all together."""

from collections import Counter
from functools import partial
from typing import Any

from bot.sandbox.slack.models import Json
from bot.sandbox.slack.validation.charts import check_chart
from bot.sandbox.slack.validation.checks import (
    Check,
    Problems,
    check_field,
    check_items,
    check_list,
    check_object,
    check_plain_text,
    check_string,
    check_text,
    check_unique,
    items_of,
    kind_of,
    problem,
)
from bot.sandbox.slack.validation.elements import (
    INPUT_ELEMENTS,
    INTERACTIVE,
    check_element,
    check_image,
    check_image_source,
)
from bot.sandbox.slack.validation.rich_text import check_rich_text
from bot.sandbox.slack.validation.tables import CHARACTERS, characters_in, check_data_table, check_table

MAX_BLOCKS = {"message": 50, "modal": 100, "home": 100}
SURFACES = {  # of block types that are not allowed everywhere
    "data_table": {"message"},
    "data_visualization": {"message", "home"},
    "markdown": {"message"},
    "table": {"message", "home"},
}
MAX_PER_MESSAGE = {"table": 1, "data_visualization": 2}
MAX_MARKDOWN = 12_000


def block_problems(blocks: list[Any], surface: str = "message", at: str = "/blocks") -> list[str]:
    """Return the problems of the blocks of a message or view; empty if Slack accepts them."""
    return [
        *check_list(blocks, at, MAX_BLOCKS[surface], least=0),
        *check_items(blocks, at, partial(_block, surface=surface)),
        *_all(blocks, at),
    ]


def _block(value: object, at: str, surface: str) -> Problems:
    kind = kind_of(value)
    if kind is None or kind not in BLOCKS or surface not in SURFACES.get(kind, MAX_BLOCKS):
        yield problem(f"unsupported type: {kind}", f"{at}/type")
        return
    yield from check_field(value, "block_id", at, partial(check_string, most=255))
    yield from BLOCKS[kind](value, at)


def _all(blocks: list[Any], at: str) -> Problems:
    known = [block for block in blocks if isinstance(block, dict)]
    yield from check_unique([block.get("block_id") for block in known], at, "block_id")
    for block in known:  # elements of different blocks may share an action id, as the rows of a list do
        yield from check_unique([element.get("action_id") for element in _elements(block)], at, "action_id")
    for kind, count in Counter(str(block.get("type")) for block in known).items():
        if count > MAX_PER_MESSAGE.get(kind, count):
            yield problem(f"no more than {MAX_PER_MESSAGE[kind]} {kind} blocks allowed", at)
    if characters_in(known) > CHARACTERS:
        yield problem(f"must be less than {CHARACTERS + 1} characters in all tables", at)
    if sum(len(str(block.get("text"))) for block in known if block.get("type") == "markdown") > MAX_MARKDOWN:
        yield problem(f"must be less than {MAX_MARKDOWN + 1} characters in all", at)


def _elements(block: Json) -> list[Json]:
    elements = [block.get("accessory"), block.get("element"), *items_of(block.get("elements"))]
    return [element for element in elements if isinstance(element, dict)]


def _section(value: Json, at: str) -> Problems:
    yield from check_object(value, at, (), ("text", "fields", "accessory", "expand"))
    if "text" not in value and "fields" not in value:
        yield problem("must provide either text or fields", at)
    yield from check_field(value, "text", at, partial(check_text, most=3000))
    if "fields" in value:
        yield from check_list(value["fields"], f"{at}/fields", 10)
        yield from check_items(value["fields"], f"{at}/fields", partial(check_text, most=2000))
    yield from check_field(value, "accessory", at, _accessory)


def _accessory(value: object, at: str) -> Problems:
    if kind_of(value) == "image":
        yield from check_image(value, at)
    else:
        yield from check_element(value, at, frozenset(INTERACTIVE))


def _header(value: Json, at: str) -> Problems:
    yield from check_object(value, at, ("text",))
    yield from check_field(value, "text", at, partial(check_plain_text, most=150))


def _context(value: Json, at: str) -> Problems:
    yield from check_object(value, at, ("elements",))
    yield from check_list(value.get("elements"), f"{at}/elements", 10)
    yield from check_items(value.get("elements"), f"{at}/elements", _context_element)


def _context_element(value: object, at: str) -> Problems:
    if kind_of(value) == "image":
        yield from check_image(value, at)
    else:
        yield from check_text(value, at, 3000)


def _actions(value: Json, at: str) -> Problems:
    yield from check_object(value, at, ("elements",))
    yield from check_list(value.get("elements"), f"{at}/elements", 25)
    yield from check_items(
        value.get("elements"), f"{at}/elements", partial(check_element, allowed=frozenset(INTERACTIVE))
    )


def _image(value: Json, at: str) -> Problems:
    yield from check_object(value, at, ("alt_text",), ("image_url", "slack_file", "title"))
    yield from check_field(value, "alt_text", at, partial(check_string, most=2000))
    yield from check_field(value, "title", at, partial(check_plain_text, most=2000))
    yield from check_image_source(value, at)


def _input(value: Json, at: str) -> Problems:
    yield from check_object(value, at, ("label", "element"), ("hint", "optional", "dispatch_action"))
    yield from check_field(value, "label", at, partial(check_plain_text, most=2000))
    yield from check_field(value, "hint", at, partial(check_plain_text, most=2000))
    yield from check_field(value, "element", at, partial(check_element, allowed=frozenset(INPUT_ELEMENTS)))


def _markdown(value: Json, at: str) -> Problems:
    yield from check_object(value, at, ("text",))
    yield from check_field(value, "text", at, partial(check_string, most=MAX_MARKDOWN))


def _divider(value: Json, at: str) -> Problems:
    yield from check_object(value, at, ())


BLOCKS: dict[str, Check] = {
    "actions": _actions,
    "context": _context,
    "data_table": check_data_table,
    "data_visualization": check_chart,
    "divider": _divider,
    "header": _header,
    "image": _image,
    "input": _input,
    "markdown": _markdown,
    "rich_text": check_rich_text,
    "section": _section,
    "table": check_table,
}
