"""The basic checks that the others are made of; each yields one sentence for each problem."""

from collections.abc import Callable, Collection, Iterator
from math import isnan
from typing import Any

from bot.sandbox.slack.models import Json

Problems = Iterator[str]
Check = Callable[[Any, str], Problems]


def problem(message: str, at: str) -> str:
    """Return Slack's message for a problem at the JSON pointer `at`."""
    return f"{message} [json-pointer:{at}]"


def fields_of(value: object) -> Json:
    """Return the value if it is an object, else an empty one."""
    return value if isinstance(value, dict) else {}


def items_of(value: object) -> list[Any]:
    """Return the value if it is a list, else an empty one."""
    return value if isinstance(value, list) else []


def kind_of(value: object) -> str | None:
    """Return the `type` of an object; None if it has none."""
    kind = value.get("type") if isinstance(value, dict) else None
    return kind if isinstance(kind, str) else None


def check_object(value: object, at: str, required: Collection[str], optional: Collection[str] = ()) -> Problems:
    """Check for an object with the required fields, and no others than these and the optional ones."""
    if not isinstance(value, dict):
        yield problem("must provide an object", at)
        return
    for name in required:
        if name not in value:
            yield problem(f"missing required field: {name}", at)
    for name in value:
        if name not in required and name not in optional and name not in {"type", "block_id", "action_id"}:
            yield problem(f"invalid additional property: {name}", at)


def check_string(value: object, at: str, most: int, least: int = 1) -> Problems:
    """Check for a text of `least` to `most` characters."""
    if not isinstance(value, str):
        yield problem("must provide a string", at)
    elif len(value) < least:
        yield problem(f"must be more than {least - 1} characters", at)
    elif len(value) > most:
        yield problem(f"must be less than {most + 1} characters", at)


def check_number(value: object, at: str, above: float | None = None) -> Problems:
    """Check for a finite number, and for one greater than `above`."""
    if isinstance(value, bool) or not isinstance(value, int | float) or value in {float("inf"), float("-inf")}:
        yield problem("must provide a number", at)
    elif (isinstance(value, float) and isnan(value)) or (above is not None and value <= above):
        yield problem(f"must be greater than {above}", at)


def check_integer(value: object, at: str, least: int, most: int) -> Problems:
    """Check for an integer from `least` to `most`."""
    if isinstance(value, bool) or not isinstance(value, int):
        yield problem("must provide an integer", at)
    elif not least <= value <= most:
        yield problem(f"must be from {least} to {most}", at)


def check_list(value: object, at: str, most: int, least: int = 1) -> Problems:
    """Check for a list of `least` to `most` items."""
    if not isinstance(value, list):
        yield problem("must provide an array", at)
    elif len(value) < least:
        yield problem(f"no fewer than {least} items allowed", at)
    elif len(value) > most:
        yield problem(f"no more than {most} items allowed", at)


def check_items(values: object, at: str, check: Check) -> Problems:
    """Apply the check to every item of a list."""
    for index, value in enumerate(items_of(values)):
        yield from check(value, f"{at}/{index}")


def check_one_of(value: object, at: str, allowed: Collection[str]) -> Problems:
    """Check for one of these words."""
    if not isinstance(value, str) or value not in allowed:
        yield problem(f"must be one of: {', '.join(allowed)}", at)


def check_unique(values: list[Any], at: str, what: str) -> Problems:
    """Check that no text occurs twice; `what` names the values."""
    texts = [value for value in values if isinstance(value, str)]
    for value in sorted({value for value in texts if texts.count(value) > 1}):
        yield problem(f"{what} `{value}` already exists", at)


def check_text(value: object, at: str, most: int, kinds: Collection[str] = ("plain_text", "mrkdwn")) -> Problems:
    """Check for a text object of one of these kinds."""
    if not isinstance(value, dict):
        yield problem("must provide an object", at)
        return
    kind = value.get("type")
    yield from check_one_of(kind, f"{at}/type", kinds)
    yield from check_object(value, at, ("text",), ("emoji",) if kind == "plain_text" else ("verbatim",))
    if "text" in value:
        yield from check_string(value["text"], f"{at}/text", most)
    for name in {"emoji", "verbatim"} & value.keys():
        if not isinstance(value[name], bool):
            yield problem("must provide a boolean", f"{at}/{name}")


def check_plain_text(value: object, at: str, most: int) -> Problems:
    """Check for a plain text object."""
    yield from check_text(value, at, most, ("plain_text",))


def check_field(value: object, name: str, at: str, check: Check) -> Problems:
    """Apply the check to a field, if the value is an object that has it."""
    if name in (fields := fields_of(value)):
        yield from check(fields[name], f"{at}/{name}")
