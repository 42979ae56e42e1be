"""Validation of interactive elements and images."""

from functools import partial

from bot.sandbox.slack.models import Json
from bot.sandbox.slack.validation.checks import (
    Check,
    Problems,
    check_field,
    check_items,
    check_list,
    check_number,
    check_object,
    check_one_of,
    check_plain_text,
    check_string,
    check_text,
    fields_of,
    items_of,
    kind_of,
    problem,
)

COMMON_FIELDS = ("confirm", "focus_on_load", "placeholder")
FIELDS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {  # required, optional
    "button": (("text",), ("value", "url", "style", "confirm", "accessibility_label")),
    "checkboxes": (("options",), ("initial_options", *COMMON_FIELDS)),
    "radio_buttons": (("options",), ("initial_option", *COMMON_FIELDS)),
    "overflow": (("options",), ("confirm",)),
    "static_select": ((), ("options", "option_groups", "initial_option", *COMMON_FIELDS)),
    "external_select": ((), ("initial_option", "min_query_length", *COMMON_FIELDS)),
    "users_select": ((), ("initial_user", *COMMON_FIELDS)),
    "conversations_select": (
        (),
        ("initial_conversation", "default_to_current_conversation", "response_url_enabled", "filter", *COMMON_FIELDS),
    ),
    "channels_select": ((), ("initial_channel", "response_url_enabled", *COMMON_FIELDS)),
    "multi_static_select": ((), ("options", "option_groups", "initial_options", "max_selected_items", *COMMON_FIELDS)),
    "multi_external_select": ((), ("initial_options", "min_query_length", "max_selected_items", *COMMON_FIELDS)),
    "multi_users_select": ((), ("initial_users", "max_selected_items", *COMMON_FIELDS)),
    "multi_conversations_select": (
        (),
        ("initial_conversations", "default_to_current_conversation", "filter", "max_selected_items", *COMMON_FIELDS),
    ),
    "multi_channels_select": ((), ("initial_channels", "max_selected_items", *COMMON_FIELDS)),
    "datepicker": ((), ("initial_date", *COMMON_FIELDS)),
    "timepicker": ((), ("initial_time", "timezone", *COMMON_FIELDS)),
    "datetimepicker": ((), ("initial_date_time", *COMMON_FIELDS)),
    "plain_text_input": (
        (),
        ("initial_value", "multiline", "min_length", "max_length", "dispatch_action_config", *COMMON_FIELDS),
    ),
    "number_input": (
        ("is_decimal_allowed",),
        ("initial_value", "min_value", "max_value", "dispatch_action_config", *COMMON_FIELDS),
    ),
    "email_text_input": ((), ("initial_value", "dispatch_action_config", *COMMON_FIELDS)),
    "url_text_input": ((), ("initial_value", "dispatch_action_config", *COMMON_FIELDS)),
}
TEXT_INPUTS = {"plain_text_input", "number_input", "email_text_input", "url_text_input"}
INPUT_ELEMENTS = FIELDS.keys() - {"button", "overflow"}
INTERACTIVE = FIELDS.keys() - TEXT_INPUTS
MRKDWN_OPTIONS = {"checkboxes", "radio_buttons"}
STYLES = ("primary", "danger")


def check_element(value: object, at: str, allowed: frozenset[str]) -> Problems:
    """Check for an element of one of the allowed types."""
    if (kind := kind_of(value)) is None or kind not in allowed:
        yield problem(f"unsupported type: {kind}", f"{at}/type")
        return
    yield from check_object(value, at, *FIELDS[kind])
    for name, check in CHECKS.items():
        yield from check_field(value, name, at, check)
    if kind == "button":
        yield from _button(value, at)
    yield from _choices(fields_of(value), at)


def check_image(value: object, at: str) -> Problems:
    """Check for an image element."""
    yield from check_object(value, at, ("alt_text",), ("image_url", "slack_file"))
    yield from check_field(value, "alt_text", at, partial(check_string, most=2000))
    yield from check_image_source(fields_of(value), at)


def check_image_source(value: Json, at: str) -> Problems:
    """Check that an image has exactly one source."""
    if ("image_url" in value) == ("slack_file" in value):
        yield problem("missing required field: image_url", at)
    yield from check_field(value, "image_url", at, partial(check_string, most=3000))


def check_confirm(value: object, at: str) -> Problems:
    """Check for a confirmation dialog."""
    yield from check_object(value, at, ("title", "text"), ("confirm", "deny", "style"))
    yield from check_field(value, "title", at, partial(check_plain_text, most=100))
    yield from check_field(value, "text", at, partial(check_text, most=300))
    yield from check_field(value, "confirm", at, partial(check_plain_text, most=30))
    yield from check_field(value, "deny", at, partial(check_plain_text, most=30))
    yield from check_field(value, "style", at, partial(check_one_of, allowed=STYLES))


def _button(value: object, at: str) -> Problems:
    yield from check_field(value, "text", at, partial(check_plain_text, most=75))
    yield from check_field(value, "url", at, partial(check_string, most=3000))
    yield from check_field(value, "accessibility_label", at, partial(check_string, most=75))


def _choices(value: Json, at: str) -> Problems:
    """Check the options of elements that have some; a static select has either options or groups of them."""
    most = {"overflow": 5, "checkboxes": 10, "radio_buttons": 10}.get(value["type"], 100)
    kinds = ("plain_text", "mrkdwn") if value["type"] in MRKDWN_OPTIONS else ("plain_text",)
    option = partial(_option, kinds=kinds)
    if value["type"].endswith("static_select") and ("options" in value) == ("option_groups" in value):
        yield problem("must provide either options or option_groups", at)
    if "options" in value:
        yield from check_list(value["options"], f"{at}/options", most)
        yield from check_items(value["options"], f"{at}/options", option)
    if "option_groups" in value:
        yield from check_list(value["option_groups"], f"{at}/option_groups", 100)
        yield from check_items(value["option_groups"], f"{at}/option_groups", _group)
    yield from _initial(value, at)


def _group(value: object, at: str) -> Problems:
    yield from check_object(value, at, ("label", "options"))
    yield from check_field(value, "label", at, partial(check_plain_text, most=75))
    if isinstance(value, dict):
        yield from check_list(value.get("options"), f"{at}/options", 100)
        yield from check_items(value.get("options"), f"{at}/options", partial(_option, kinds=("plain_text",)))


def _option(value: object, at: str, kinds: tuple[str, ...]) -> Problems:
    yield from check_object(value, at, ("text", "value"), ("description", "url"))
    yield from check_field(value, "text", at, partial(check_text, most=75, kinds=kinds))
    yield from check_field(value, "value", at, partial(check_string, most=150))
    yield from check_field(value, "description", at, partial(check_text, most=75, kinds=kinds))


def _initial(value: Json, at: str) -> Problems:
    """Check that the initial choice is one of the options, exactly as it stands there."""
    lists = [fields_of(each).get("options") for each in (value, *items_of(value.get("option_groups")))]
    options = [option for each in lists for option in items_of(each)]
    if "initial_option" in value and options and value["initial_option"] not in options:
        yield problem("initial_option must be one of the options", f"{at}/initial_option")
    initial = value.get("initial_options", [])
    if not isinstance(initial, list) or any(option not in options for option in initial if options):
        yield problem("initial_options must be among the options", f"{at}/initial_options")


def _value(value: object, at: str) -> Problems:
    yield from check_string(value, at, 2000, least=0)


def _length(value: object, at: str) -> Problems:
    yield from check_number(value, at)


def _numeral(value: object, at: str) -> Problems:
    """Check the bound of a number input, which is a text."""
    yield from check_string(value, at, 100)


CHECKS: dict[str, Check] = {
    "action_id": partial(check_string, most=255),
    "confirm": check_confirm,
    "placeholder": partial(check_plain_text, most=150),
    "style": partial(check_one_of, allowed=STYLES),
    "value": _value,
    "min_length": _length,
    "max_length": _length,
    "min_value": _numeral,
    "max_value": _numeral,
}
