"""Validation of charts."""

from functools import partial
from typing import Any

from bot.sandbox.slack.models import Json
from bot.sandbox.slack.validation.checks import (
    Problems,
    check_field,
    check_items,
    check_list,
    check_number,
    check_object,
    check_one_of,
    check_string,
    check_unique,
    fields_of,
    items_of,
    problem,
)

TITLE, LABEL, AXIS = 50, 20, 50
SERIES, POINTS, SEGMENTS = 6, 20, 6
check_label = partial(check_string, most=LABEL)


def check_chart(value: Json, at: str) -> Problems:
    """Check a `data_visualization` block."""
    yield from check_object(value, at, ("title", "chart"))
    yield from check_field(value, "title", at, partial(check_string, most=TITLE))
    chart = value.get("chart")
    if not isinstance(chart, dict):
        yield problem("must provide an object", f"{at}/chart")
        return
    yield from check_one_of(chart.get("type"), f"{at}/chart/type", ("bar", "line", "area", "pie"))
    yield from (_pie if chart.get("type") == "pie" else _axes)(chart, f"{at}/chart")


def _pie(value: Json, at: str) -> Problems:
    yield from check_object(value, at, ("segments",))
    yield from check_list(value.get("segments"), f"{at}/segments", SEGMENTS)
    yield from check_items(value.get("segments"), f"{at}/segments", partial(_point, above=0))


def _axes(value: Json, at: str) -> Problems:
    yield from check_object(value, at, ("series", "axis_config"))
    yield from check_field(value, "axis_config", at, _axis)
    categories = items_of(fields_of(value.get("axis_config")).get("categories"))
    yield from check_list(value.get("series"), f"{at}/series", SERIES)
    yield from check_items(value.get("series"), f"{at}/series", partial(_series, categories=categories))
    names = [fields_of(series).get("name") for series in items_of(value.get("series"))]
    yield from check_unique(names, f"{at}/series", "series")


def _axis(value: object, at: str) -> Problems:
    yield from check_object(value, at, ("categories",), ("x_label", "y_label"))
    if isinstance(value, dict):
        yield from check_list(value.get("categories"), f"{at}/categories", POINTS)
        yield from check_items(value.get("categories"), f"{at}/categories", check_label)
        yield from check_unique(items_of(value.get("categories")), f"{at}/categories", "category")
        yield from check_field(value, "x_label", at, partial(check_string, most=AXIS))
        yield from check_field(value, "y_label", at, partial(check_string, most=AXIS))


def _series(value: object, at: str, categories: list[Any]) -> Problems:
    yield from check_object(value, at, ("name", "data"))
    if not isinstance(value, dict):
        return
    yield from check_field(value, "name", at, check_label)
    yield from check_list(value.get("data"), f"{at}/data", POINTS)
    yield from check_items(value.get("data"), f"{at}/data", _point)
    labels = [point.get("label") for point in items_of(value.get("data")) if isinstance(point, dict)]
    if sorted(map(str, labels)) != sorted(map(str, categories)):
        yield problem("must have exactly one point for each category", f"{at}/data")


def _point(value: object, at: str, above: float | None = None) -> Problems:
    yield from check_object(value, at, ("label", "value"))
    yield from check_field(value, "label", at, check_label)
    yield from check_field(value, "value", at, partial(check_number, above=above))
