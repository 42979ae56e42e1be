"""Series: a report grouped by time as the points of a chart, including days without spend."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from math import ceil

from bot.domain.periods import Bucket, Unit, Window, buckets, day_start, local_day
from bot.domain.query.question import TIME_GROUPINGS
from bot.usage.report import Report

OTHERS = "others"


@dataclass(frozen=True, slots=True)
class Series:
    """Points over time: `labels` of the points, each line's name and nanos, and how many periods a point joins."""

    labels: tuple[str, ...]
    lines: tuple[tuple[str, tuple[int, ...]], ...]
    unit: Unit
    joined: int


def over_time(report: Report, most_points: int, most_lines: int) -> Series | None:
    """Return the report's spend over time; None if it is not grouped by time, or has one point only."""
    question = report.question
    position = next((i for i, name in enumerate(question.by) if name in TIME_GROUPINGS), None)
    if position is None or question.counts_only or not report.groups:
        return None
    unit = Unit(question.by[position])
    periods = _periods(report, unit, {group.key[position] for group in report.groups})
    if len(periods) <= 1:
        return None
    joined = ceil(len(periods) / most_points)
    points = [periods[start : start + joined] for start in range(0, len(periods), joined)]
    point_of_label = {bucket.label: number for number, point in enumerate(points) for bucket in point}
    lines: dict[str, list[int]] = defaultdict(lambda: [0] * len(points))
    for group in report.groups:
        name = next((part for i, part in enumerate(group.key) if i != position), "spend")
        lines[name][point_of_label[group.key[position]]] += group.spend(report.basis)
    labels = tuple(_label(report, unit, point) for point in points)
    return Series(labels, _largest(lines, most_lines), unit, joined)


def _periods(report: Report, unit: Unit, labels: set[str]) -> list[Bucket]:
    """Return the periods from the first one with spend to the last one, however long the window is."""
    first, last = (_first_day(label) for label in (min(labels), max(labels)))
    start = max(report.window.start, day_start(first, report.zone))
    end = min(report.window.end, day_start(unit.shift(last, 1), report.zone))
    return list(buckets(unit, Window(start, end), report.zone))


def _first_day(label: str) -> date:
    """Return the first day of a period by its label."""
    return date.fromisoformat(label if len(label) > len("2026-11") else f"{label}-01")


def _largest(lines: dict[str, list[int]], most: int) -> tuple[tuple[str, tuple[int, ...]], ...]:
    """Return the lines with the most spend, and the rest as one line."""
    ordered = sorted(lines.items(), key=lambda line: (-sum(line[1]), line[0]))
    if len(ordered) <= most:
        return tuple((name, tuple(values)) for name, values in ordered)
    rest = [values for _, values in ordered[most - 1 :]]
    largest = tuple((name, tuple(values)) for name, values in ordered[: most - 1])
    return (*largest, (f"{len(rest):,} {OTHERS}", tuple(map(sum, zip(*rest, strict=True)))))


def _label(report: Report, unit: Unit, point: Sequence[Bucket]) -> str:
    first, last = point[0], point[-1]
    if unit is not Unit.DAY:
        return first.label if first is last else f"{first.label}\u2013{last.label[5:]}"
    start, end = (local_day(bucket.window.start, report.zone) for bucket in (first, last))
    if start == end:
        return f"{start:%b} {start.day}"
    return f"{start:%b} {start.day}\u2013{end.day if end.month == start.month else f'{end:%b} {end.day}'}"


_SPARKS = "▁▂▃▄▅▆▇█"


def sparkline(values: Sequence[int]) -> str:
    """Return the values as a line of bars; those not positive have the lowest bar."""
    largest = max([*values, 1])
    return "".join(_SPARKS[max(value, 0) * (len(_SPARKS) - 1) // largest] for value in values)
