"""The interactive elements of blocks: how they are looked up, and how Slack encodes what is chosen in them."""

from collections.abc import Callable, Iterator

from bot.sandbox.slack.models import Json

STATE_FIELDS = {  # the field that holds an element's choice, in `state` and in actions
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


def interactive_elements(blocks: list[Json]) -> Iterator[tuple[Json, Json]]:
    """Yield every interactive element with its block."""
    for block in blocks:
        for element in (block.get("accessory"), block.get("element"), *block.get("elements", [])):
            if isinstance(element, dict) and "action_id" in element:
                yield block, element


def find_element(blocks: list[Json], action_id: str, block_id: str | None) -> tuple[Json, Json]:
    """Return the block and the element with that id. Raises ValueError if there is none."""
    for block, element in interactive_elements(blocks):
        if element["action_id"] == action_id and block_id in {None, block["block_id"]}:
            return block, element
    known = ", ".join(element["action_id"] for _, element in interactive_elements(blocks))
    raise ValueError(f"nothing to act on called {action_id!r}; there is: {known or 'nothing'}")


def element_state(element: Json, value: object) -> Json:
    """Return the element's state after that choice: options by their value, everything else as it is.

    Raises ValueError if the element has no such option.
    """
    field = STATE_FIELDS.get(element["type"])
    if field is None:
        return {"type": element["type"]}
    if value is None:
        return {"type": element["type"], field: [] if field.startswith("selected_") and field.endswith("s") else None}
    if field == "selected_option":
        value = _option(element, value)
    elif field == "selected_options":
        value = [_option(element, each) for each in value] if isinstance(value, list) else [_option(element, value)]
    elif field == "value":
        value = str(value)
    return {"type": element["type"], field: value}


def state_values(blocks: list[Json], so_far: Json) -> Json:
    """Return `state.values`: the choice in every input so far, or its initial one."""
    values: Json = {}
    for block, element in interactive_elements(blocks):
        if element["type"] in STATE_FIELDS and element["type"] not in STATELESS:
            state = so_far.get(block["block_id"], {}).get(element["action_id"])
            values.setdefault(block["block_id"], {})[element["action_id"]] = state or _initial(element)
    return values


def is_empty(state: Json) -> bool:
    """Return whether nothing was chosen."""
    return all(value in (None, "", []) for name, value in state.items() if name != "type")


def _initial(element: Json) -> Json:
    name = STATE_FIELDS[element["type"]]
    initial = element.get("initial_value" if name == "value" else name.replace("selected", "initial"))
    state = element_state(element, None)
    return state if initial is None else state | {name: initial}


def with_ids(blocks: list[Json], new_id: Callable[[str], str]) -> list[Json]:
    """Return the blocks with an id for every block and every interactive element, as Slack stores them."""
    return [_with_ids(block, new_id) for block in blocks]


def _with_ids(block: Json, new_id: Callable[[str], str]) -> Json:
    block = {**block, "block_id": block.get("block_id") or new_id("b")}
    if "elements" in block and block["type"] == "actions":
        block["elements"] = [_with_action_id(element, new_id) for element in block["elements"]]
    for place in ("accessory", "element"):
        if place in block and block[place].get("type") != "image":
            block[place] = _with_action_id(block[place], new_id)
    return block


def _with_action_id(element: Json, new_id: Callable[[str], str]) -> Json:
    return {**element, "action_id": element.get("action_id") or new_id("a")}


def _option(element: Json, value: object) -> Json:
    wanted = value.get("value") if isinstance(value, dict) else value
    grouped = (option for group in element.get("option_groups", []) for option in group["options"])
    options: list[Json] = [*element.get("options", []), *grouped]
    for option in options:
        if option.get("value") == wanted:
            return option
    if element["type"].endswith("external_select") and isinstance(value, dict):
        return value
    raise ValueError(f"{element['action_id']!r} does not offer {wanted!r}")
