"""The report as data, exact and stable; the keys are a public contract."""

from datetime import UTC, datetime
from typing import Any

from bot.domain.money import credits_text, usd_text
from bot.domain.periods import Window
from bot.domain.text import json_text
from bot.ledger.spend_groups import SpendGroup
from bot.ledger.task_detail import TaskDetail
from bot.ledger.task_list import TaskRow
from bot.usage.averages import Average, NoAverage, averages_of
from bot.usage.report import Report


def to_json(report: Report) -> str:
    """Return the report as one JSON object; amounts are exact decimal strings, moments UTC with `Z`."""
    return json_text(_document(report))


def _document(report: Report) -> dict[str, Any]:
    document: dict[str, Any] = {
        "query": report.query,
        "window": {**_window(report.window), "timezone": report.zone.key},
        "total": total_document(report),
        "previous": _previous(report),
        "groups": [{**group_document(report, each), **_without_cost(report, each)} for each in report.groups],
        "groups_omitted": report.groups_omitted,
        "data_as_of": None if report.as_of is None else utc_text(report.as_of),
        "complete": report.complete,
        "unit_assumed": report.unit_assumed,
    }
    if report.question.average:
        document["averages"] = [_average(each) for each in averages_of(report)]
    if report.details_deleted_before is not None and report.lacks_details:
        document["details_deleted_before"] = utc_text(report.details_deleted_before)
    if report.question.rows:
        document["rows"] = [row_document(report, each) for each in report.rows]
    if report.details:
        document["details"] = [_detail(each) for each in report.details]
    return document


def _window(window: Window) -> dict[str, str]:
    return {"from": utc_text(window.start), "to": utc_text(window.end)}


def _average(average: Average | NoAverage) -> dict[str, Any]:
    if isinstance(average, NoAverage):
        return {"per": average.unit, "spend_usd": None, "reason": average.why}
    return {
        "per": average.unit,
        "spend_usd": usd_text(average.nanos),
        "total_usd": usd_text(average.total_nanos),
        "times": average.times,
        "divided_by": average.number,
    }


def total_document(report: Report) -> dict[str, Any]:
    """Return the total of the report as data: amounts of tasks of known cost, and how many others there are."""
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


def group_document(report: Report, group: SpendGroup) -> dict[str, Any]:
    """Return a group of the report as data; tools and agents are counted."""
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


def _without_cost(report: Report, group: SpendGroup) -> dict[str, int]:
    """Return how many tasks of a group are of unknown cost, if it has amounts."""
    return {} if report.question.counts_only else {"tasks_without_cost": group.without_cost}


def row_document(report: Report, row: TaskRow) -> dict[str, Any]:
    """Return a task of the report as data."""
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
