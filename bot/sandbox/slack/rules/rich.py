"""What Slack refuses in rich text."""

from functools import partial
from typing import Any

from bot.sandbox.slack.rules.checks import Wrong, a_list, a_string, an_object, each, given, kind_of, one_of, told
from bot.sandbox.slack.things import Json

PARTS = {
    "rich_text_section": (("elements",), ()),
    "rich_text_preformatted": (("elements",), ("border", "language")),
    "rich_text_quote": (("elements",), ("border",)),
    "rich_text_list": (("elements", "style"), ("indent", "offset", "border")),
}
INLINE: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {  # required, optional
    "text": (("text",), ("style",)),
    "link": (("url",), ("text", "unsafe", "style")),
    "emoji": (("name",), ("unicode", "style")),
    "user": (("user_id",), ("style",)),
    "usergroup": (("usergroup_id",), ("style",)),
    "channel": (("channel_id",), ("style",)),
    "team": (("team_id",), ("style",)),
    "broadcast": (("range",), ("style",)),
    "date": (("timestamp", "format"), ("url", "fallback", "style")),
    "color": (("value",), ("style",)),
}
STYLES = ("bold", "italic", "strike", "code", "underline", "highlight", "client_highlight", "unlink")
LOTS = 10_000


def rich_text(value: Json, at: str) -> Wrong:
    """A block, or a cell of a table."""
    yield from an_object(value, at, ("elements",))
    yield from a_list(value.get("elements"), f"{at}/elements", LOTS)
    yield from each(value.get("elements"), f"{at}/elements", _part)


def _part(value: Any, at: str) -> Wrong:  # noqa: ANN401 whatever came
    if kind_of(value) not in PARTS:
        yield told("unsupported type of rich text element", f"{at}/type")
        return
    yield from an_object(value, at, *PARTS[value["type"]])
    inner = _section if value["type"] == "rich_text_list" else _inline
    if value["type"] == "rich_text_list":
        yield from one_of(value.get("style"), f"{at}/style", ("bullet", "ordered"))
    yield from a_list(value.get("elements"), f"{at}/elements", LOTS, least=0)
    yield from each(value.get("elements"), f"{at}/elements", inner)


def _section(value: Any, at: str) -> Wrong:  # noqa: ANN401 whatever came
    if kind_of(value) != "rich_text_section":
        yield told("a list holds rich_text_section only", f"{at}/type")
        return
    yield from _part(value, at)


def _inline(value: Any, at: str) -> Wrong:  # noqa: ANN401 whatever came
    if kind_of(value) not in INLINE:
        yield told("unsupported type of rich text element", f"{at}/type")
        return
    yield from an_object(value, at, *INLINE[value["type"]])
    for name in ("text", "url", "name", "user_id", "channel_id"):
        yield from given(value, name, at, partial(a_string, most=LOTS))
    yield from given(value, "style", at, _style)


def _style(value: Any, at: str) -> Wrong:  # noqa: ANN401 whatever came
    yield from an_object(value, at, (), STYLES)
    if isinstance(value, dict) and not all(isinstance(on, bool) for on in value.values()):
        yield told("must provide a boolean", at)


def length(value: Json) -> int:
    """How many characters of text it shows, roughly."""
    inner = value.get("elements")
    own = value.get("text") or value.get("url") or value.get("name") or value.get("fallback") or ""
    known = 1 if kind_of(value) in {"user", "channel", "usergroup", "broadcast", "date"} else 0
    within = [item for item in inner if isinstance(item, dict)] if isinstance(inner, list) else []
    return max(len(own) if isinstance(own, str) else 0, known) + sum(length(item) for item in within)
