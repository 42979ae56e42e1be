"""The report as data: JSON and CSV, exact and stable; the keys are a public contract."""

import csv
import io
import re
from datetime import UTC, datetime
from typing import Any

from bot.domain.money import credits_text, usd_text
from bot.domain.periods import Window
from bot.domain.text import json_text, one_line
from bot.ledger.detail import TaskDetail
from bot.ledger.spend_groups import SpendGroup
from bot.ledger.task_rows import TaskRow
from bot.usage.report import Report

# what a formula begins with: the four signs, and the forms of them that some spreadsheets take as well
_SIGNS = (
    "=+@\uff1d\uff0b\uff0d\uff20\ufe62\ufe63\ufe66\ufe6b\u207a\u207b\u207c\u208a\u208b\u208c\u2212\u02d7\u2795\u2796-"
)
# a cell begins where the text does, and wherever a spreadsheet may be told to divide it (in much of Europe at `;`)
_FORMULA = re.compile(rf"((?:^|[;,|:^~\xa6\t\v\f\r\n\x1c-\x1f\x85\u2028\u2029])[\s\"]*)(?=[{_SIGNS}])")
_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?")
_LONGEST_CELL = 32_000  # what spreadsheets take


def to_json(report: Report) -> str:
    """Return the report as one JSON object; amounts are exact decimal strings, moments UTC with `Z`."""
    return json_text(_document(report))


def _document(report: Report) -> dict[str, Any]:
    document: dict[str, Any] = {
        "query": report.query,
        "window": {**_window(report.window), "timezone": report.zone.key},
        "total": _total(report),
        "previous": _previous(report),
        "groups": [_group(report, each) for each in report.groups],
        "groups_omitted": report.groups_omitted,
        "data_as_of": None if report.as_of is None else utc_text(report.as_of),
        "complete": report.complete,
        "unit_assumed": report.unit_assumed,
    }
    if report.question.rows:
        document["rows"] = [_row(report, each) for each in report.rows]
    if report.details:
        document["details"] = [_detail(each) for each in report.details]
    return document


def _window(window: Window) -> dict[str, str]:
    return {"from": utc_text(window.start), "to": utc_text(window.end)}


def _total(report: Report) -> dict[str, Any]:
    total = report.total
    return {
        "spend_usd": usd_text(report.spend_nanos),
        "platform_usd": usd_text(total.platform_nanos),
        "provider_usd": usd_text(total.provider_nanos),
        "credits": credits_text(report.spend_nanos),
        "tasks": total.tasks,
        "tasks_without_cost": total.without_cost,
        "failed_tasks": total.failed_tasks,
        "failed_usd": usd_text(total.failed_spend(report.basis)),
    }


def _previous(report: Report) -> dict[str, Any] | None:
    if report.previous is None:
        return None
    return {**_window(report.previous.window), "spend_usd": usd_text(report.previous.spend_nanos)}


def _group(report: Report, group: SpendGroup) -> dict[str, Any]:
    if "tool" in report.question.by:
        return {"key": list(group.key), "calls": group.calls, "time_ms": group.time_ms, "tasks": group.tasks}
    if "agent" in report.question.by:
        return {"key": list(group.key), "triggers": group.calls, "tasks": group.tasks}
    share = report.share(group)
    return {
        "key": list(group.key),
        "spend_usd": usd_text(group.spend(report.basis)),
        "platform_usd": usd_text(group.platform_nanos),
        "provider_usd": usd_text(group.provider_nanos),
        "tasks": group.tasks,
        "share": None if share is None else round(share, 6),
    }


def _row(report: Report, row: TaskRow) -> dict[str, Any]:
    spend = row.spend(report.basis)
    return {
        "task": row.task_id,
        "created_at": utc_text(row.created_at),
        "member": row.member,
        "model": row.model,
        "status": row.status,
        "title": row.title,
        "spend_usd": None if spend is None else usd_text(spend),
    }


def _detail(detail: TaskDetail) -> dict[str, Any]:
    return {
        "task": detail.task_id,
        "member": detail.member,
        "model": detail.model,
        "status": detail.status,
        "created_at": utc_text(detail.created_at),
        "title": detail.title,
        "error": detail.error_message,
        "platform_usd": None if detail.platform_nanos is None else usd_text(detail.platform_nanos),
        "provider_usd": None if detail.provider_nanos is None else usd_text(detail.provider_nanos),
        "byok": detail.is_byok,
        "streams": detail.stream_count,
        "steps": detail.step_count,
        "tool_calls": detail.tool_calls,
        "agent_triggers": detail.agent_triggers,
        "llm_time_ms": detail.llm_time_ms,
        "tool_time_ms": detail.tool_time_ms,
        "total_execution_ms": detail.total_execution_ms,
        "missing_since": None if detail.missing_since is None else utc_text(detail.missing_since),
        "tools": {name: {"calls": calls, "time_ms": spent} for name, (calls, spent) in detail.tools.items()},
        "agents": detail.agents,
        "charges": [
            {
                "booked_at": utc_text(each.booked_at),
                "kind": each.kind,
                "platform_usd": usd_text(each.platform_nanos),
                "provider_usd": usd_text(each.provider_nanos),
            }
            for each in detail.charges
        ],
    }


def utc_text(moment: datetime) -> str:
    """Return a moment as `2026-11-20T09:00:00Z`, with microseconds if there are any."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def to_csv(report: Report) -> str:
    """Return the report as CSV: a header and a line a group or task; without either one line, the total."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    for line in _lines(report):
        writer.writerow([safe_cell(cell) for cell in line])
    return out.getvalue()


def _lines(report: Report) -> list[list[Any]]:
    if report.question.rows:
        return _table([_row(report, each) for each in report.rows], _ROW_COLUMNS)
    if not report.question.by:
        return _table([_total(report)], list(_total(report)))
    keys = list(report.question.by)
    groups = [_group(report, each) for each in report.groups]
    columns = [name for name in (groups[0] if groups else _group(report, SpendGroup(()))) if name != "key"]
    lines = [[*each["key"], *("" if each[name] is None else each[name] for name in columns)] for each in groups]
    return [[*keys, *columns], *lines]


_ROW_COLUMNS = ["task", "created_at", "member", "model", "status", "title", "spend_usd"]


def _table(documents: list[dict[str, Any]], columns: list[str]) -> list[list[Any]]:
    return [columns, *([("" if each[name] is None else each[name]) for name in columns] for each in documents)]


def safe_cell(cell: object) -> object:
    """Return a cell on one line, no part of which a spreadsheet takes for a formula; numbers stay numbers."""
    if not isinstance(cell, str) or _NUMBER.fullmatch(cell):
        return cell
    # once before line breaks become spaces, since they divide cells, and again when invisible characters are gone
    return one_line(_without_formulas(one_line(_without_formulas(cell), _LONGEST_CELL)), _LONGEST_CELL)


def _without_formulas(text: str) -> str:
    return _FORMULA.sub(r"\1'", text)
