"""Series: a report grouped by time as the points of a chart, including days without spend."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from math import ceil

from bot.domain import formatting
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
    first, last = (first_day(label) for label in (min(labels), max(labels)))
    start = max(report.window.start, day_start(first, report.zone))
    end = min(report.window.end, day_start(unit.shift(last, 1), report.zone))
    return list(buckets(unit, Window(start, end), report.zone))


def first_day(label: str) -> date:
    """Return the first day of a period by its label, such as `2026-11-20`, `2026-W47` or `2026-11`."""
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
    """Return what the periods of a point are called: `Nov 28`, `Nov 16–22`, `October`, `Oct 2025 – Jan 2026`."""
    first, last = (first_day(bucket.label) for bucket in (point[0], point[-1]))
    today = local_day(report.now, report.zone)
    if first == last:
        return formatting.period_name(first, unit, today)
    if unit is Unit.MONTH:
        return f"{first:%b %Y} \u2013 {last:%b %Y}"
    return formatting.date_span(first, unit.shift(last, 1) - timedelta(days=1), today)


_SPARKS = "▁▂▃▄▅▆▇█"


def sparkline(values: Sequence[int]) -> str:
    """Return the values as a line of bars; those not positive have the lowest bar."""
    largest = max([*values, 1])
    return "".join(_SPARKS[max(value, 0) * (len(_SPARKS) - 1) // largest] for value in values)
