"""What Slack refuses in blocks and views, case by case, and what it takes."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.sandbox.slack.validation import block_problems, view_problems
from bot.sandbox.slack.validation.elements import FIELDS

Json = dict[str, Any]


def plain(text: str = "x") -> Json:
    return {"type": "plain_text", "text": text}


def mrkdwn(text: str = "x") -> Json:
    return {"type": "mrkdwn", "text": text}


def section(**more: Any) -> Json:
    return {"type": "section", "text": mrkdwn(), **more}


def button(**more: Any) -> Json:
    return {"type": "button", "action_id": "a", "text": plain(), **more}


def actions(*elements: Json) -> Json:
    return {"type": "actions", "elements": list(elements)}


def option(text: str = "x", **more: Any) -> Json:
    return {"text": plain(text), "value": text, **more}


def select(**more: Any) -> Json:
    return {"type": "static_select", "action_id": "s", "options": [option()], **more}


def cell(text: str = "x") -> Json:
    return {"type": "raw_text", "text": text}


def table(*rows: list[Json], **more: Any) -> Json:
    return {"type": "table", "rows": list(rows), **more}


def number(text: str = "$1.50") -> Json:
    return {"type": "raw_number", "value": 1.5, "text": text}


def data_table(*rows: list[Json], **more: Any) -> Json:
    return {"type": "data_table", "caption": "T", "rows": list(rows), **more}


def rich(*inline: Json) -> Json:
    return {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": list(inline)}]}


def series(name: str = "s", **points: float) -> Json:
    return {"name": name, "data": [{"label": label, "value": value} for label, value in points.items()]}


def chart(*shown: Json, **axis: Any) -> Json:
    axis = {"categories": ["Mon", "Tue"], **axis}
    given = list(shown) or [series(Mon=1, Tue=0)]
    return {"type": "data_visualization", "title": "T", "chart": {"type": "bar", "series": given, "axis_config": axis}}


def pie(*segments: Json, **more: Any) -> Json:
    given = list(segments) or [{"label": "x", "value": 1}]
    return {"type": "data_visualization", "title": "T", "chart": {"type": "pie", "segments": given}, **more}


def asking(element: Json, **more: Any) -> Json:
    return {"type": "input", "label": plain(), "element": {"action_id": "a", **element}, **more}


TAKEN: list[list[Json]] = [
    [],
    [{"type": "divider"}] * 50,
    [section(text=mrkdwn("x" * 3000)), section(fields=[plain("x" * 2000)] * 10)],
    [{"type": "section", "fields": [mrkdwn()]}],
    [section(text={"type": "mrkdwn", "text": "x", "verbatim": True}, accessory=button())],
    [{"type": "header", "text": {**plain("x" * 150), "emoji": True}}],
    [{"type": "context", "elements": [mrkdwn(), {"type": "image", "image_url": "https://x.example", "alt_text": "x"}]}],
    [actions(*[button(action_id=str(number)) for number in range(25)])],
    [actions(button()), actions(button())],
    [actions(button(style="danger", value="v" * 2000, confirm={"title": plain(), "text": mrkdwn()}))],
    [actions(select(initial_option=option(), placeholder=plain()))],
    [
        actions(
            {"type": "static_select", "action_id": "s", "option_groups": [{"label": plain(), "options": [option()]}]}
        )
    ],
    [actions({"type": "overflow", "action_id": "o", "options": [option()]})],
    [actions({"type": "checkboxes", "action_id": "c", "options": [{"text": mrkdwn(), "value": "x"}]})],
    [{"type": "image", "image_url": "https://x.example", "alt_text": "x", "title": plain()}],
    [{"type": "markdown", "text": "**x**"}],
    [asking({"type": "plain_text_input"})],
    [table(*[[cell()] * 20] * 100, column_settings=[{"align": "right", "is_wrapped": True}, None])],
    [table([cell(), {"type": "raw_number", "value": 1.5, "text": "$1.50"}, rich({"type": "text", "text": "x"})])],
    [table([cell(), rich({"type": "user", "user_id": "U1"})])],
    [data_table([cell(), cell()], [cell(), number()]), data_table([cell()], [rich({"type": "text", "text": "x"})])],
    [data_table(*[[cell()] * 20] * 101, page_size=100, row_header_column_index=19)],
    [chart(), pie()],
    [chart(*[series(str(number), Tue=-1.5, Mon=0) for number in range(6)], x_label="x" * 50, y_label="y")],
    [pie(*[{"label": "x" * 20, "value": 0.1}] * 6)],
    [rich({"type": "text", "text": "x", "style": {"bold": True}}, {"type": "link", "url": "https://x.example"})],
    [
        {
            "type": "rich_text",
            "elements": [
                {
                    "type": "rich_text_list",
                    "style": "bullet",
                    "elements": rich({"type": "text", "text": "x"})["elements"],
                },
                {"type": "rich_text_preformatted", "elements": [{"type": "text", "text": "x"}], "border": 0},
                {"type": "rich_text_quote", "elements": [{"type": "emoji", "name": "wave"}]},
            ],
        }
    ],
]


@pytest.mark.parametrize("blocks", TAKEN)
def test_slack_takes(blocks: list[Json]) -> None:
    assert block_problems(blocks) == []


REFUSED: list[tuple[list[Any], str]] = [
    ([{"type": "divider"}] * 51, "no more than 50 items allowed [json-pointer:/blocks]"),
    (["x"], "unsupported type: None [json-pointer:/blocks/0/type]"),
    ([{"type": "shout"}], "unsupported type: shout"),
    ([{"type": "divider", "text": "x"}], "invalid additional property: text [json-pointer:/blocks/0]"),
    ([{"type": "divider", "block_id": "x" * 256}], "less than 256 characters [json-pointer:/blocks/0/block_id]"),
    ([{"type": "divider", "block_id": "x"}] * 2, "block_id `x` already exists"),
    # texts
    ([section(text="x")], "must provide an object [json-pointer:/blocks/0/text]"),
    ([section(text=mrkdwn(""))], "must be more than 0 characters [json-pointer:/blocks/0/text/text]"),
    ([section(text=mrkdwn("x" * 3001))], "must be less than 3001 characters"),
    ([section(text={"type": "html", "text": "x"})], "must be one of: plain_text, mrkdwn"),
    ([section(text={"type": "mrkdwn"})], "missing required field: text"),
    ([section(text={**mrkdwn(), "emoji": True})], "invalid additional property: emoji"),
    ([section(text={**plain(), "verbatim": True})], "invalid additional property: verbatim"),
    ([section(text={**mrkdwn(), "verbatim": "yes"})], "must provide a boolean"),
    ([section(text=mrkdwn(7))], "must provide a string"),  # type: ignore[arg-type]
    # sections, headers, contexts, images
    ([{"type": "section"}], "must provide either text or fields"),
    ([section(fields=[])], "no fewer than 1 items allowed [json-pointer:/blocks/0/fields]"),
    ([section(fields=[plain()] * 11)], "no more than 10 items allowed"),
    ([section(fields=[plain("x" * 2001)])], "less than 2001 characters [json-pointer:/blocks/0/fields/0/text]"),
    ([section(fields="x")], "must provide an array"),
    ([section(accessory={"type": "plain_text_input"})], "unsupported type: plain_text_input"),
    ([section(accessory={"type": "image", "alt_text": "x"})], "missing required field: image_url"),
    ([{"type": "header"}], "missing required field: text"),
    ([{"type": "header", "text": mrkdwn()}], "must be one of: plain_text"),
    ([{"type": "header", "text": plain("x" * 151)}], "less than 151 characters"),
    ([{"type": "context", "elements": []}], "no fewer than 1"),
    ([{"type": "context", "elements": [plain()] * 11}], "no more than 10"),
    ([{"type": "context", "elements": [button()]}], "must be one of: plain_text, mrkdwn"),
    ([{"type": "image", "image_url": "https://x.example"}], "missing required field: alt_text"),
    ([{"type": "image", "alt_text": "x"}], "missing required field: image_url"),
    ([{"type": "markdown", "text": "x" * 6001}] * 2, "less than 12001 characters in all"),
    # elements
    ([actions()], "no fewer than 1"),
    ([actions(*[button(action_id=str(number)) for number in range(26)])], "no more than 25"),
    ([actions(button(), button())], "action_id `a` already exists"),
    ([actions(button(action_id="x" * 256))], "less than 256"),
    ([actions(button(text=mrkdwn()))], "must be one of: plain_text"),
    ([actions(button(text=plain("x" * 76)))], "less than 76"),
    ([actions(button(value="x" * 2001))], "less than 2001"),
    ([actions(button(value=7))], "must provide a string [json-pointer:/blocks/0/elements/0/value]"),
    ([actions(button(style="quiet"))], "must be one of: primary, danger"),
    ([actions(button(url="x" * 3001))], "less than 3001"),
    ([actions(button(colour="red"))], "invalid additional property: colour"),
    ([actions({"type": "button", "action_id": "a"})], "missing required field: text"),
    ([actions(button(confirm={"title": plain("x" * 101), "text": plain()}))], "less than 101"),
    ([actions(button(confirm={"title": plain(), "text": plain("x" * 301)}))], "less than 301"),
    ([actions(button(confirm={"title": plain(), "text": plain(), "deny": plain("x" * 31)}))], "less than 31"),
    ([actions(button(confirm={"title": plain()}))], "missing required field: text"),
    ([actions(button(confirm="sure?"))], "must provide an object"),
    ([actions({"type": "number_input", "action_id": "a"})], "unsupported type: number_input"),
    ([actions(mrkdwn())], "unsupported type: mrkdwn"),
    ([actions(select(options=[]))], "no fewer than 1"),
    ([actions(select(options=[option()] * 101))], "no more than 100"),
    ([actions(select(options=[option("x" * 76)]))], "less than 76"),
    ([actions(select(options=[{"text": plain(), "value": "x" * 151}]))], "less than 151"),
    ([actions(select(options=[{"text": mrkdwn(), "value": "x"}]))], "must be one of: plain_text"),
    ([actions(select(options=[{"text": plain()}]))], "missing required field: value"),
    ([actions(select(option_groups=[{"label": plain(), "options": [option()]}]))], "either options or option_groups"),
    ([actions(select(initial_option=option("y")))], "initial_option must be one of the options"),
    ([actions(select(placeholder=plain("x" * 151)))], "less than 151"),
    ([actions({"type": "overflow", "action_id": "o", "options": [option()] * 6})], "no more than 5"),
    ([actions({"type": "checkboxes", "action_id": "c", "options": [option()] * 11})], "no more than 10"),
    ([asking({"type": "button", "text": plain()})], "unsupported type: button"),
    ([asking({"type": "number_input"})], "missing required field: is_decimal_allowed"),
    ([asking({"type": "number_input", "is_decimal_allowed": True, "min_value": 1})], "must provide a string"),
    ([asking({"type": "plain_text_input"}, label=plain("x" * 2001))], "less than 2001"),
    # tables
    ([table()], "no fewer than 1 items allowed [json-pointer:/blocks/0/rows]"),
    ([table(*[[cell()]] * 101)], "no more than 100"),
    ([table([])], "no fewer than 1 items allowed [json-pointer:/blocks/0/rows/0]"),
    ([table([cell()] * 21)], "no more than 20"),
    ([table([cell()], [cell(), cell()])], "same number of cells"),
    ([table([cell("")])], "more than 0 characters [json-pointer:/blocks/0/rows/0/0/text]"),
    ([table([rich()])], "must not be empty"),
    ([table([rich({"type": "text", "text": ""})])], "more than 0 characters"),
    ([table([{"type": "raw_number", "value": 1}])], "missing required field: text"),
    ([table([{"type": "raw_number", "value": "1", "text": "1"}])], "must provide a number"),
    ([table([mrkdwn()])], "unsupported type of cell: mrkdwn"),
    ([table([None])], "unsupported type of cell: None"),  # type: ignore[list-item]
    ([table([cell("x" * 5001)] * 2)], "less than 10001 characters in all"),
    ([table([cell()], column_settings=[{}] * 21)], "no more than 20"),
    ([table([cell()], column_settings=[{"align": "middle"}])], "must be one of: left, center, right"),
    ([table([cell()])] * 2, "no more than 1 table blocks allowed"),
    ([data_table([cell()])], "no fewer than 2 items allowed [json-pointer:/blocks/0/rows]"),
    ([data_table(*[[cell()]] * 102)], "no more than 101"),
    ([data_table(*[[cell()] * 21] * 2)], "no more than 20"),
    ([data_table([cell()], [cell(), cell()])], "same number of cells"),
    ([data_table([rich({"type": "text", "text": "x"})], [cell()])], "must not be rich_text in a header"),
    ([{"type": "data_table", "rows": [[cell()]] * 2}], "missing required field: caption"),
    ([data_table([cell()], [cell()], caption="")], "more than 0 characters [json-pointer:/blocks/0/caption]"),
    ([data_table([cell()], [cell()], page_size=101)], "must be from 1 to 100"),
    ([data_table([cell()], [cell()], page_size="5")], "must provide an integer"),
    ([data_table([cell()], [cell()], row_header_column_index=1)], "must be from 0 to 0"),
    ([data_table([cell()], [cell()], column_settings=[])], "invalid additional property: column_settings"),
    ([data_table([cell()], [cell("x" * 4000)])] * 3, "less than 10001 characters in all tables"),
    # charts
    ([chart()] * 3, "no more than 2 data_visualization blocks allowed"),
    ([pie(title="")], "more than 0"),
    ([pie(title="x" * 51)], "less than 51"),
    ([pie(title=plain())], "must provide a string"),
    ([pie(chart=None)], "must provide an object [json-pointer:/blocks/0/chart]"),
    ([pie(chart={"type": "radar", "series": [], "axis_config": {}})], "must be one of: bar, line, area, pie"),
    ([pie(*[{"label": "x", "value": 1}] * 7)], "no more than 6"),
    ([pie({"label": "x", "value": 0})], "greater than 0"),
    ([pie({"label": "x", "value": "1"})], "must provide a number"),
    ([pie({"label": "x", "value": True})], "must provide a number"),
    ([pie({"label": "x", "value": float("nan")})], "greater than"),
    ([pie({"label": "x" * 21, "value": 1})], "less than 21"),
    ([chart(*[series(str(number), Mon=1, Tue=1) for number in range(7)])], "no more than 6"),
    ([chart(series(Mon=1))], "exactly one point for each category"),
    ([chart(series(Mon=1, Tue=1, Wed=1))], "exactly one point for each category"),
    ([chart(series(Mon=1, Tue=1), series(Mon=1, Tue=1))], "series `s` already exists"),
    ([chart(series("x" * 21, Mon=1, Tue=1))], "less than 21"),
    ([chart(categories=[])], "no fewer than 1"),
    ([chart(categories=["Mon"] * 2)], "category `Mon` already exists"),
    ([chart(categories=[str(number) for number in range(21)])], "no more than 20"),
    ([chart(x_label="x" * 51)], "less than 51"),
    # rich text
    ([{"type": "rich_text", "elements": []}], "no fewer than 1"),
    ([{"type": "rich_text", "elements": [{"type": "text", "text": "x"}]}], "unsupported type of rich text element"),
    ([rich({"type": "shout"})], "unsupported type of rich text element"),
    ([rich({"type": "text", "text": ""})], "more than 0"),
    ([rich({"type": "text", "text": "x", "style": {"loud": True}})], "invalid additional property: loud"),
    ([rich({"type": "text", "text": "x", "style": {"bold": 1}})], "must provide a boolean"),
    ([rich({"type": "link"})], "missing required field: url"),
    (
        [{"type": "rich_text", "elements": [{"type": "rich_text_list", "style": "bullet", "elements": [plain()]}]}],
        "a list holds rich_text_section only",
    ),
    (
        [{"type": "rich_text", "elements": [{"type": "rich_text_list", "style": "roman", "elements": []}]}],
        "must be one of: bullet, ordered",
    ),
]


@pytest.mark.parametrize(("blocks", "because"), REFUSED, ids=range(len(REFUSED)))
def test_slack_refuses(blocks: list[Any], because: str) -> None:
    assert any(because in told for told in block_problems(blocks)), block_problems(blocks)


def test_a_home_tab_takes_no_table_that_is_sorted() -> None:
    home = {"type": "home", "blocks": [data_table([cell()], [cell()])]}
    assert view_problems(home, "home") == ["unsupported type: data_table [json-pointer:/view/blocks/0/type]"]


def modal(*blocks: Json, **more: Any) -> Json:
    return {"type": "modal", "title": plain(), "blocks": list(blocks), **more}


@pytest.mark.parametrize(
    "view",
    [
        modal(),
        modal(*[section()] * 100, close=plain("x" * 24), private_metadata="x" * 3000, callback_id="x" * 255),
        modal(asking({"type": "plain_text_input"}), submit=plain(), notify_on_close=True),
        {"type": "home", "blocks": [table([cell()]), chart()]},
    ],
)
def test_slack_takes_the_view(view: Json) -> None:
    assert view_problems(view, view["type"]) == []


@pytest.mark.parametrize(
    ("view", "because"),
    [
        (None, "must be a view of type modal"),
        ({"type": "home", "blocks": []}, "must be a view of type modal"),
        ({"type": "modal", "blocks": []}, "missing required field: title"),
        ({"type": "modal", "title": plain()}, "missing required field: blocks"),
        (modal(title=plain("x" * 25)), "less than 25"),
        (modal(title=mrkdwn()), "must be one of: plain_text"),
        (modal(submit=plain("x" * 25)), "less than 25"),
        (modal(close=plain("x" * 25)), "less than 25"),
        (modal(private_metadata="x" * 3001), "less than 3001"),
        (modal(callback_id="x" * 256), "less than 256"),
        (modal(colour="red"), "invalid additional property: colour"),
        (modal(blocks=None), "must provide an array"),
        (modal(*[section()] * 101), "no more than 100 items allowed [json-pointer:/view/blocks]"),
        (modal(asking({"type": "plain_text_input"})), "submit is required"),
        (modal(data_table([cell()], [cell()])), "unsupported type: data_table"),
        (modal(table([cell()])), "unsupported type: table [json-pointer:/view/blocks/0/type]"),
        (modal(chart()), "unsupported type: data_visualization"),
        (modal({"type": "markdown", "text": "x"}), "unsupported type: markdown"),
        (modal(*[section(text=mrkdwn("x" * 3000))] * 90), "view_too_large"),
    ],
)
def test_slack_refuses_the_view(view: Any, because: str) -> None:
    assert any(because in told for told in view_problems(view, "modal")), view_problems(view, "modal")


@pytest.mark.parametrize("kind", sorted(FIELDS.keys() - {"button", "overflow"}))
def test_every_input_has_a_smallest_form(kind: str) -> None:
    needed: Json = {"options": [option()]} if "static" in kind or kind in {"checkboxes", "radio_buttons"} else {}
    whole = {"is_decimal_allowed": False} if kind == "number_input" else {}
    assert view_problems(modal(asking({"type": kind, **needed, **whole}), submit=plain()), "modal") == []


def places(value: Any, way: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The way to everything within."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, item in inner:
        yield (*way, name)
        yield from places(item, (*way, name))


SMALL = [blocks for blocks in TAKEN if blocks and len(json.dumps(blocks)) < 2000]
ODD: st.SearchStrategy[Any] = st.sampled_from(
    [None, 7, -1.5, True, "", "x", [], [None], [[]], {}, {"type": []}, {"type": {}}, {"text": {}}]
)


@given(st.data())
def test_whatever_comes_is_judged_and_never_fails(data: st.DataObject) -> None:
    blocks = json.loads(json.dumps(data.draw(st.sampled_from(SMALL))))
    *way, last = data.draw(st.sampled_from(list(places(blocks))))
    spoiled: Any = blocks
    for name in way:
        spoiled = spoiled[name]
    spoiled[last] = data.draw(ODD)
    assert all("[json-pointer:/blocks" in told for told in block_problems(blocks))
    assert isinstance(view_problems({"type": "home", "blocks": blocks}, "home"), list)
