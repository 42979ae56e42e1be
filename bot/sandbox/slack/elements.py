"""Elements people act on: where they stand in blocks, and what choosing in them looks like."""

from collections.abc import Iterator
from typing import Any

from bot.sandbox.slack.things import Json

FIELD = {  # where an element's choice stands in `state` and in actions
    "plain_text_input": "value",
    "number_input": "value",
    "email_text_input": "value",
    "url_text_input": "value",
    "static_select": "selected_option",
    "external_select": "selected_option",
    "radio_buttons": "selected_option",
    "overflow": "selected_option",
    "users_select": "selected_user",
    "conversations_select": "selected_conversation",
    "channels_select": "selected_channel",
    "datepicker": "selected_date",
    "timepicker": "selected_time",
    "datetimepicker": "selected_date_time",
    "checkboxes": "selected_options",
    "multi_static_select": "selected_options",
    "multi_external_select": "selected_options",
    "multi_users_select": "selected_users",
    "multi_conversations_select": "selected_conversations",
    "multi_channels_select": "selected_channels",
}
STATELESS = {"button", "overflow"}


def elements(blocks: list[Json]) -> Iterator[tuple[Json, Json]]:
    """Every element that acts, with its block."""
    for block in blocks:
        found = [block.get("accessory"), block.get("element"), *block.get("elements", [])]
        for element in found:
            if isinstance(element, dict) and "action_id" in element:
                yield block, element


def find(blocks: list[Json], action_id: str, block_id: str | None) -> tuple[Json, Json]:
    """The block and the element with that id. Raises ValueError when there is none."""
    for block, element in elements(blocks):
        if element["action_id"] == action_id and block_id in {None, block["block_id"]}:
            return block, element
    known = ", ".join(element["action_id"] for _, element in elements(blocks))
    raise ValueError(f"nothing to act on called {action_id!r}; there is: {known or 'nothing'}")


def chosen(element: Json, value: Any) -> Json:  # noqa: ANN401 text, list, number or option
    """The element's state with that choice: options by their value, everything else as it is.

    Raises ValueError when no such option is offered.
    """
    field = FIELD.get(element["type"])
    if field is None:
        return {"type": element["type"]}
    if value is None:
        return {"type": element["type"], field: [] if field.startswith("selected_") and field.endswith("s") else None}
    if field == "selected_option":
        value = _option(element, value)
    elif field == "selected_options":
        value = [_option(element, one) for one in value]
    elif field == "value":
        value = str(value)
    return {"type": element["type"], field: value}


def values(blocks: list[Json], so_far: Json) -> Json:
    """`state.values`: for every input what was chosen, or what it began with."""
    found: Json = {}
    for block, element in elements(blocks):
        if element["type"] in FIELD and element["type"] not in STATELESS:
            state = so_far.get(block["block_id"], {}).get(element["action_id"])
            found.setdefault(block["block_id"], {})[element["action_id"]] = state or _initial(element)
    return found


def is_empty(state: Json) -> bool:
    """Whether nothing was chosen."""
    return all(value in (None, "", []) for name, value in state.items() if name != "type")


def _initial(element: Json) -> Json:
    name = FIELD[element["type"]]
    begun = element.get("initial_value" if name == "value" else name.replace("selected", "initial"))
    state = chosen(element, None)
    return state if begun is None else state | {name: begun}


def _option(element: Json, value: Any) -> Json:  # noqa: ANN401 text or option
    wanted = value.get("value") if isinstance(value, dict) else value
    grouped = [option for group in element.get("option_groups", []) for option in group["options"]]
    for option in [*element.get("options", []), *grouped]:
        if option.get("value") == wanted:
            found: Json = option
            return found
    if element["type"].endswith("external_select") and isinstance(value, dict):
        return value
    raise ValueError(f"{element['action_id']!r} does not offer {wanted!r}")
