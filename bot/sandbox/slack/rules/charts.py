"""What Slack refuses in charts."""

from functools import partial
from typing import Any

from bot.sandbox.slack.rules.checks import (
    Wrong,
    a_list,
    a_number,
    a_string,
    an_object,
    each,
    given,
    one_of,
    told,
    unique,
)
from bot.sandbox.slack.things import Json

TITLE, LABEL, AXIS = 50, 20, 50
SERIES, POINTS, SEGMENTS = 6, 20, 6
label = partial(a_string, most=LABEL)


def chart(value: Json, at: str) -> Wrong:
    """A `data_visualization` block."""
    yield from an_object(value, at, ("title", "chart"))
    yield from given(value, "title", at, partial(a_string, most=TITLE))
    shown = value.get("chart")
    if not isinstance(shown, dict):
        yield told("must provide an object", f"{at}/chart")
        return
    yield from one_of(shown.get("type"), f"{at}/chart/type", ("bar", "line", "area", "pie"))
    yield from (_pie if shown.get("type") == "pie" else _axes)(shown, f"{at}/chart")


def _pie(value: Json, at: str) -> Wrong:
    yield from an_object(value, at, ("segments",))
    yield from a_list(value.get("segments"), f"{at}/segments", SEGMENTS)
    yield from each(value.get("segments"), f"{at}/segments", partial(_point, above=0))


def _axes(value: Json, at: str) -> Wrong:
    yield from an_object(value, at, ("series", "axis_config"))
    axis = value.get("axis_config")
    yield from given(value, "axis_config", at, _axis)
    categories = axis.get("categories") if isinstance(axis, dict) else None
    yield from a_list(value.get("series"), f"{at}/series", SERIES)
    wanted = categories if isinstance(categories, list) else []
    yield from each(value.get("series"), f"{at}/series", partial(_series, categories=wanted))
    given_series = value.get("series") if isinstance(value.get("series"), list) else []
    names = [series.get("name") for series in given_series or [] if isinstance(series, dict)]
    yield from unique(names, f"{at}/series", "series")


def _axis(value: Any, at: str) -> Wrong:  # noqa: ANN401 whatever came
    yield from an_object(value, at, ("categories",), ("x_label", "y_label"))
    if isinstance(value, dict):
        yield from a_list(value.get("categories"), f"{at}/categories", POINTS)
        yield from each(value.get("categories"), f"{at}/categories", label)
        if isinstance(value.get("categories"), list):
            yield from unique(value["categories"], f"{at}/categories", "category")
        yield from given(value, "x_label", at, partial(a_string, most=AXIS))
        yield from given(value, "y_label", at, partial(a_string, most=AXIS))


def _series(value: Any, at: str, categories: list[Any]) -> Wrong:  # noqa: ANN401 whatever came
    yield from an_object(value, at, ("name", "data"))
    if not isinstance(value, dict):
        return
    yield from given(value, "name", at, label)
    yield from a_list(value.get("data"), f"{at}/data", POINTS)
    yield from each(value.get("data"), f"{at}/data", _point)
    points = value.get("data") if isinstance(value.get("data"), list) else []
    labels = [point.get("label") for point in points or [] if isinstance(point, dict)]
    if sorted(map(str, labels)) != sorted(map(str, categories)):
        yield told("must have exactly one point for each category", f"{at}/data")


def _point(value: Any, at: str, above: float | None = None) -> Wrong:  # noqa: ANN401 whatever came
    yield from an_object(value, at, ("label", "value"))
    if isinstance(value, dict):
        yield from given(value, "label", at, label)
        yield from given(value, "value", at, partial(a_number, above=above))
