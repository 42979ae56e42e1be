"""Validation of rich text."""

from functools import partial

from bot.sandbox.slack.models import Json
from bot.sandbox.slack.validation.checks import (
    Problems,
    check_field,
    check_items,
    check_list,
    check_object,
    check_one_of,
    check_string,
    fields_of,
    items_of,
    kind_of,
    problem,
)

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
MAX_LENGTH = 10_000


def check_rich_text(value: Json, at: str) -> Problems:
    """Check a rich text block or table cell."""
    yield from check_object(value, at, ("elements",))
    yield from check_list(value.get("elements"), f"{at}/elements", MAX_LENGTH)
    yield from check_items(value.get("elements"), f"{at}/elements", _part)


def _part(value: object, at: str) -> Problems:
    kind, fields = kind_of(value), fields_of(value)
    if kind not in PARTS:
        yield problem("unsupported type of rich text element", f"{at}/type")
        return
    yield from check_object(value, at, *PARTS[kind])
    inner = _section if kind == "rich_text_list" else _inline
    if kind == "rich_text_list":
        yield from check_one_of(fields.get("style"), f"{at}/style", ("bullet", "ordered"))
    yield from check_list(fields.get("elements"), f"{at}/elements", MAX_LENGTH, least=0)
    yield from check_items(fields.get("elements"), f"{at}/elements", inner)


def _section(value: object, at: str) -> Problems:
    if kind_of(value) != "rich_text_section":
        yield problem("a list holds rich_text_section only", f"{at}/type")
        return
    yield from _part(value, at)


def _inline(value: object, at: str) -> Problems:
    if (kind := kind_of(value)) not in INLINE:
        yield problem("unsupported type of rich text element", f"{at}/type")
        return
    yield from check_object(value, at, *INLINE[kind])
    for name in ("text", "url", "name", "user_id", "channel_id"):
        yield from check_field(value, name, at, partial(check_string, most=MAX_LENGTH))
    yield from check_field(value, "style", at, _style)


def _style(value: object, at: str) -> Problems:
    yield from check_object(value, at, (), STYLES)
    if isinstance(value, dict) and not all(isinstance(on, bool) for on in value.values()):
        yield problem("must provide a boolean", at)


def text_length(value: Json) -> int:
    """Return about how many characters the element and those inside it show."""
    own = value.get("text") or value.get("url") or value.get("name") or value.get("fallback") or ""
    least = 1 if kind_of(value) in {"user", "channel", "usergroup", "broadcast", "date"} else 0
    inner = [item for item in items_of(value.get("elements")) if isinstance(item, dict)]
    return max(len(own) if isinstance(own, str) else 0, least) + sum(text_length(item) for item in inner)
