"""The small checks all rules are made of; each yields one sentence for every thing that is wrong."""

from collections.abc import Callable, Collection, Iterator
from typing import Any

from bot.sandbox.slack.things import Json

Wrong = Iterator[str]
Check = Callable[[Any, str], Wrong]


def told(what: str, at: str) -> str:
    """The sentence Slack would say."""
    return f"{what} [json-pointer:{at}]"


def kind_of(value: object) -> str | None:
    """The `type` of an object that has one."""
    kind = value.get("type") if isinstance(value, dict) else None
    return kind if isinstance(kind, str) else None


def an_object(value: object, at: str, required: Collection[str], optional: Collection[str] = ()) -> Wrong:
    """An object with these fields, and no others."""
    if not isinstance(value, dict):
        yield told("must provide an object", at)
        return
    for name in required:
        if name not in value:
            yield told(f"missing required field: {name}", at)
    for name in value:
        if name not in required and name not in optional and name not in {"type", "block_id", "action_id"}:
            yield told(f"invalid additional property: {name}", at)


def a_string(value: object, at: str, most: int, least: int = 1) -> Wrong:
    """A text of so many characters."""
    if not isinstance(value, str):
        yield told("must provide a string", at)
    elif len(value) < least:
        yield told(f"must be more than {least - 1} characters", at)
    elif len(value) > most:
        yield told(f"must be less than {most + 1} characters", at)


def a_number(value: object, at: str, above: float | None = None) -> Wrong:
    """A finite number, perhaps above another."""
    if isinstance(value, bool) or not isinstance(value, int | float) or value in {float("inf"), float("-inf")}:
        yield told("must provide a number", at)
    elif value != value or (above is not None and value <= above):  # noqa: PLR0124 NaN is not itself
        yield told(f"must be greater than {above}", at)


def a_list(value: object, at: str, most: int, least: int = 1) -> Wrong:
    """A list of so many items."""
    if not isinstance(value, list):
        yield told("must provide an array", at)
    elif len(value) < least:
        yield told(f"no fewer than {least} items allowed", at)
    elif len(value) > most:
        yield told(f"no more than {most} items allowed", at)


def each(values: object, at: str, check: Check) -> Wrong:
    """The same for every item of a list."""
    for place, value in enumerate(values if isinstance(values, list) else []):
        yield from check(value, f"{at}/{place}")


def one_of(value: object, at: str, allowed: Collection[str]) -> Wrong:
    """One of these words."""
    if not isinstance(value, str) or value not in allowed:
        yield told(f"must be one of: {', '.join(allowed)}", at)


def unique(values: list[Any], at: str, what: str) -> Wrong:
    """No two of them the same."""
    seen = [value for value in values if isinstance(value, str)]
    for value in sorted({value for value in seen if seen.count(value) > 1}):
        yield told(f"{what} `{value}` already exists", at)


def a_text(value: object, at: str, most: int, kinds: Collection[str] = ("plain_text", "mrkdwn")) -> Wrong:
    """A text object of one of these kinds."""
    if not isinstance(value, dict):
        yield told("must provide an object", at)
        return
    kind = value.get("type")
    yield from one_of(kind, f"{at}/type", kinds)
    yield from an_object(value, at, ("text",), ("emoji",) if kind == "plain_text" else ("verbatim",))
    if "text" in value:
        yield from a_string(value["text"], f"{at}/text", most)
    for name in {"emoji", "verbatim"} & value.keys():
        if not isinstance(value[name], bool):
            yield told("must provide a boolean", f"{at}/{name}")


def plain(value: object, at: str, most: int) -> Wrong:
    """A plain text object."""
    yield from a_text(value, at, most, ("plain_text",))


def given(value: Json, name: str, at: str, check: Callable[[Any, str], Wrong]) -> Wrong:
    """The check of a field, where there is one."""
    if name in value:
        yield from check(value[name], f"{at}/{name}")
