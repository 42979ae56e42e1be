"""What Slack refuses in the elements people act on."""

from functools import partial
from typing import Any

from bot.sandbox.slack.rules.checks import (
    Check,
    Wrong,
    a_list,
    a_number,
    a_string,
    a_text,
    an_object,
    each,
    given,
    kind_of,
    one_of,
    plain,
    told,
)
from bot.sandbox.slack.things import Json

SELECTS = ("static_select", "external_select", "users_select", "conversations_select", "channels_select")
COMMON = ("confirm", "focus_on_load", "placeholder")
FIELDS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {  # required, optional
    "button": (("text",), ("value", "url", "style", "confirm", "accessibility_label")),
    "checkboxes": (("options",), ("initial_options", *COMMON)),
    "radio_buttons": (("options",), ("initial_option", *COMMON)),
    "overflow": (("options",), ("confirm",)),
    "static_select": ((), ("options", "option_groups", "initial_option", *COMMON)),
    "external_select": ((), ("initial_option", "min_query_length", *COMMON)),
    "users_select": ((), ("initial_user", *COMMON)),
    "conversations_select": (
        (),
        ("initial_conversation", "default_to_current_conversation", "response_url_enabled", "filter", *COMMON),
    ),
    "channels_select": ((), ("initial_channel", "response_url_enabled", *COMMON)),
    "multi_static_select": ((), ("options", "option_groups", "initial_options", "max_selected_items", *COMMON)),
    "multi_external_select": ((), ("initial_options", "min_query_length", "max_selected_items", *COMMON)),
    "multi_users_select": ((), ("initial_users", "max_selected_items", *COMMON)),
    "multi_conversations_select": (
        (),
        ("initial_conversations", "default_to_current_conversation", "filter", "max_selected_items", *COMMON),
    ),
    "multi_channels_select": ((), ("initial_channels", "max_selected_items", *COMMON)),
    "datepicker": ((), ("initial_date", *COMMON)),
    "timepicker": ((), ("initial_time", "timezone", *COMMON)),
    "datetimepicker": ((), ("initial_date_time", *COMMON)),
    "plain_text_input": (
        (),
        ("initial_value", "multiline", "min_length", "max_length", "dispatch_action_config", *COMMON),
    ),
    "number_input": (
        ("is_decimal_allowed",),
        ("initial_value", "min_value", "max_value", "dispatch_action_config", *COMMON),
    ),
    "email_text_input": ((), ("initial_value", "dispatch_action_config", *COMMON)),
    "url_text_input": ((), ("initial_value", "dispatch_action_config", *COMMON)),
}
TYPED = {"plain_text_input", "number_input", "email_text_input", "url_text_input"}
IN_INPUTS = FIELDS.keys() - {"button", "overflow"}
ACTING = FIELDS.keys() - TYPED
LONG_CHOICES = {"checkboxes", "radio_buttons"}
STYLES = ("primary", "danger")


def element(value: Any, at: str, allowed: frozenset[str]) -> Wrong:  # noqa: ANN401 whatever came
    """An element of one of these types."""
    if (kind := kind_of(value)) not in allowed:
        yield told(f"unsupported type: {kind}", f"{at}/type")
        return
    yield from an_object(value, at, *FIELDS[value["type"]])
    for name, check in CHECKS.items():
        yield from given(value, name, at, check)
    if value["type"] == "button":
        yield from _button(value, at)
    yield from _choices(value, at)


def image(value: Json, at: str) -> Wrong:
    """An image among other elements."""
    yield from an_object(value, at, ("alt_text",), ("image_url", "slack_file"))
    yield from given(value, "alt_text", at, partial(a_string, most=2000))
    yield from image_place(value, at)


def image_place(value: Json, at: str) -> Wrong:
    """Where the image is, told in one way."""
    if ("image_url" in value) == ("slack_file" in value):
        yield told("missing required field: image_url", at)
    yield from given(value, "image_url", at, partial(a_string, most=3000))


def confirm(value: Any, at: str) -> Wrong:  # noqa: ANN401 whatever came
    """A question asked before an act counts."""
    yield from an_object(value, at, ("title", "text"), ("confirm", "deny", "style"))
    if isinstance(value, dict):
        yield from given(value, "title", at, partial(plain, most=100))
        yield from given(value, "text", at, partial(a_text, most=300))
        yield from given(value, "confirm", at, partial(plain, most=30))
        yield from given(value, "deny", at, partial(plain, most=30))
        yield from given(value, "style", at, partial(one_of, allowed=STYLES))


def _button(value: Json, at: str) -> Wrong:
    yield from given(value, "text", at, partial(plain, most=75))
    yield from given(value, "url", at, partial(a_string, most=3000))
    yield from given(value, "accessibility_label", at, partial(a_string, most=75))


def _choices(value: Json, at: str) -> Wrong:
    """The options of those that have some; a static select has them alone or in groups."""
    most = {"overflow": 5, "checkboxes": 10, "radio_buttons": 10}.get(value["type"], 100)
    kinds = ("plain_text", "mrkdwn") if value["type"] in LONG_CHOICES else ("plain_text",)
    option = partial(_option, kinds=kinds)
    if value["type"].endswith("static_select") and ("options" in value) == ("option_groups" in value):
        yield told("must provide either options or option_groups", at)
    if "options" in value:
        yield from a_list(value["options"], f"{at}/options", most)
        yield from each(value["options"], f"{at}/options", option)
    if "option_groups" in value:
        yield from a_list(value["option_groups"], f"{at}/option_groups", 100)
        yield from each(value["option_groups"], f"{at}/option_groups", _group)
    yield from _initial(value, at)


def _group(value: Any, at: str) -> Wrong:  # noqa: ANN401 whatever came
    yield from an_object(value, at, ("label", "options"))
    if isinstance(value, dict):
        yield from given(value, "label", at, partial(plain, most=75))
        yield from a_list(value.get("options"), f"{at}/options", 100)
        yield from each(value.get("options"), f"{at}/options", partial(_option, kinds=("plain_text",)))


def _option(value: Any, at: str, kinds: tuple[str, ...]) -> Wrong:  # noqa: ANN401 whatever came
    yield from an_object(value, at, ("text", "value"), ("description", "url"))
    if isinstance(value, dict):
        yield from given(value, "text", at, partial(a_text, most=75, kinds=kinds))
        yield from given(value, "value", at, partial(a_string, most=150))
        yield from given(value, "description", at, partial(a_text, most=75, kinds=kinds))


def _initial(value: Json, at: str) -> Wrong:
    """What is chosen at first must be offered, word for word."""
    groups = value.get("option_groups")
    holders = [value, *(groups if isinstance(groups, list) else [])]
    lists = [holder.get("options") for holder in holders if isinstance(holder, dict)]
    offered = [option for options in lists if isinstance(options, list) for option in options]
    if "initial_option" in value and offered and value["initial_option"] not in offered:
        yield told("initial_option must be one of the options", f"{at}/initial_option")
    begun = value.get("initial_options", [])
    if not isinstance(begun, list) or any(option not in offered for option in begun if offered):
        yield told("initial_options must be among the options", f"{at}/initial_options")


def _value(value: Any, at: str) -> Wrong:  # noqa: ANN401 whatever came
    yield from a_string(value, at, 2000, least=0)


def _length(value: Any, at: str) -> Wrong:  # noqa: ANN401 whatever came
    yield from a_number(value, at)


def _numeral(value: Any, at: str) -> Wrong:  # noqa: ANN401 whatever came
    """Number inputs take their bounds as texts."""
    yield from a_string(value, at, 100)


CHECKS: dict[str, Check] = {
    "action_id": partial(a_string, most=255),
    "confirm": confirm,
    "placeholder": partial(plain, most=150),
    "style": partial(one_of, allowed=STYLES),
    "value": _value,
    "min_length": _length,
    "max_length": _length,
    "min_value": _numeral,
    "max_value": _numeral,
}
