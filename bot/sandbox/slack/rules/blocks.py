"""What Slack refuses in blocks, one by one and together."""

from collections import Counter
from functools import partial
from typing import Any

from bot.sandbox.slack.rules.charts import chart
from bot.sandbox.slack.rules.checks import (
    Check,
    Wrong,
    a_list,
    a_string,
    a_text,
    an_object,
    each,
    given,
    kind_of,
    plain,
    told,
    unique,
)
from bot.sandbox.slack.rules.elements import ACTING, IN_INPUTS, element, image, image_place
from bot.sandbox.slack.rules.rich import rich_text
from bot.sandbox.slack.rules.tables import table
from bot.sandbox.slack.things import Json

MOST = {"message": 50, "modal": 100, "home": 100}
ONLY = {  # where not everywhere
    "data_visualization": {"message", "home"},
    "markdown": {"message"},
    "table": {"message", "home"},
}
PER_MESSAGE = {"table": 1, "data_visualization": 2}
MARKDOWN = 12_000


def wrong_blocks(blocks: list[Any], surface: str = "message", at: str = "/blocks") -> list[str]:
    """What is wrong with the blocks of a message, or of a view; nothing if Slack takes them."""
    return [
        *a_list(blocks, at, MOST[surface], least=0),
        *each(blocks, at, partial(_block, surface=surface)),
        *_all(blocks, at),
    ]


def _block(value: Any, at: str, surface: str) -> Wrong:  # noqa: ANN401 whatever came
    kind = kind_of(value)
    if kind is None or kind not in BLOCKS or surface not in ONLY.get(kind, MOST):
        yield told(f"unsupported type: {kind}", f"{at}/type")
        return
    yield from given(value, "block_id", at, partial(a_string, most=255))
    yield from BLOCKS[kind](value, at)


def _all(blocks: list[Any], at: str) -> Wrong:
    known = [block for block in blocks if isinstance(block, dict)]
    yield from unique([block.get("block_id") for block in known], at, "block_id")
    for block in known:  # buttons of several blocks may share one, as rows of a list do
        yield from unique([acting.get("action_id") for acting in _acting(block)], at, "action_id")
    for kind, count in Counter(str(block.get("type")) for block in known).items():
        if count > PER_MESSAGE.get(kind, count):
            yield told(f"no more than {PER_MESSAGE[kind]} {kind} blocks allowed", at)
    if sum(len(str(block.get("text"))) for block in known if block.get("type") == "markdown") > MARKDOWN:
        yield told(f"must be less than {MARKDOWN + 1} characters in all", at)


def _acting(block: Json) -> list[Json]:
    elements = block.get("elements")
    found = [block.get("accessory"), block.get("element"), *(elements if isinstance(elements, list) else [])]
    return [item for item in found if isinstance(item, dict)]


def _section(value: Json, at: str) -> Wrong:
    yield from an_object(value, at, (), ("text", "fields", "accessory", "expand"))
    if "text" not in value and "fields" not in value:
        yield told("must provide either text or fields", at)
    yield from given(value, "text", at, partial(a_text, most=3000))
    if "fields" in value:
        yield from a_list(value["fields"], f"{at}/fields", 10)
        yield from each(value["fields"], f"{at}/fields", partial(a_text, most=2000))
    yield from given(value, "accessory", at, _accessory)


def _accessory(value: Any, at: str) -> Wrong:  # noqa: ANN401 whatever came
    if kind_of(value) == "image":
        yield from image(value, at)
    else:
        yield from element(value, at, frozenset(ACTING))


def _header(value: Json, at: str) -> Wrong:
    yield from an_object(value, at, ("text",))
    yield from given(value, "text", at, partial(plain, most=150))


def _context(value: Json, at: str) -> Wrong:
    yield from an_object(value, at, ("elements",))
    yield from a_list(value.get("elements"), f"{at}/elements", 10)
    yield from each(value.get("elements"), f"{at}/elements", _in_context)


def _in_context(value: Any, at: str) -> Wrong:  # noqa: ANN401 whatever came
    if kind_of(value) == "image":
        yield from image(value, at)
    else:
        yield from a_text(value, at, 3000)


def _actions(value: Json, at: str) -> Wrong:
    yield from an_object(value, at, ("elements",))
    yield from a_list(value.get("elements"), f"{at}/elements", 25)
    yield from each(value.get("elements"), f"{at}/elements", partial(element, allowed=frozenset(ACTING)))


def _image(value: Json, at: str) -> Wrong:
    yield from an_object(value, at, ("alt_text",), ("image_url", "slack_file", "title"))
    yield from given(value, "alt_text", at, partial(a_string, most=2000))
    yield from given(value, "title", at, partial(plain, most=2000))
    yield from image_place(value, at)


def _input(value: Json, at: str) -> Wrong:
    yield from an_object(value, at, ("label", "element"), ("hint", "optional", "dispatch_action"))
    yield from given(value, "label", at, partial(plain, most=2000))
    yield from given(value, "hint", at, partial(plain, most=2000))
    yield from given(value, "element", at, partial(element, allowed=frozenset(IN_INPUTS)))


def _markdown(value: Json, at: str) -> Wrong:
    yield from an_object(value, at, ("text",))
    yield from given(value, "text", at, partial(a_string, most=MARKDOWN))


def _divider(value: Json, at: str) -> Wrong:
    yield from an_object(value, at, ())


BLOCKS: dict[str, Check] = {
    "actions": _actions,
    "context": _context,
    "data_visualization": chart,
    "divider": _divider,
    "header": _header,
    "image": _image,
    "input": _input,
    "markdown": _markdown,
    "rich_text": rich_text,
    "section": _section,
    "table": table,
}
