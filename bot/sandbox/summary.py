"""The summary of usage: totals of the tasks in a window, by day, member and model, and the team's balance."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, Literal

from bot.sandbox.query import GroupBy, Query, parsed_group_by
from bot.sandbox.responses import ENCODER
from bot.sandbox.tasks import SimTask, Stream, wire_time

CountsBy = Literal["created", "first", "any", "streams", "ended"]


@dataclass(frozen=True, slots=True)
class Balance:
    """The credits that a team was issued at a moment, from which its executions are paid since; None: never expires."""

    issued: Decimal
    issued_at: datetime
    expires_at: datetime | None = None

    def used(self, tasks: Iterable[SimTask]) -> float:
        """Return the credits that executions have used since."""
        streams = (stream for task in tasks for stream in task.streams if stream.ended_at > self.issued_at)
        return _sum(stream.credits for stream in streams)


@dataclass(frozen=True, slots=True)
class SummaryOptions:
    """Upstream behaviour that its documentation leaves open, and what is wrong with its totals.

    counts_by: in which window a task counts: by its creation, by the start of its first or of any execution (whole),
    or by the end of its last one; `streams` counts each execution by its start. left_out, doubled: the ids of tasks
    that are not counted, or twice; own_keys_left_out, own_keys_doubled: only in the costs of tasks on keys of the
    team's own; own_keys_swapped: whose two costs are counted as one another. repriced: by which factors the amounts of
    tasks differ from those that are listed. moved: under which other e-mail tasks are counted by member, by their ids.
    departed: members whose tasks count in the total and not by member. includes_end: whether what counts at the very
    end of a window counts in it.
    owner: the only member that a `solo` caller sees.
    """

    counts_by: CountsBy = "created"
    left_out: frozenset[str] = frozenset()
    doubled: frozenset[str] = frozenset()
    own_keys_left_out: frozenset[str] = frozenset()
    own_keys_doubled: frozenset[str] = frozenset()
    own_keys_swapped: frozenset[str] = frozenset()
    repriced: Mapping[str, Decimal] = field(default_factory=dict)
    moved: Mapping[str, str] = field(default_factory=dict)
    departed: frozenset[str] = frozenset()
    includes_end: bool = True
    balance: Balance | None = None
    owner: str | None = None


@dataclass(slots=True)
class _Counted:
    """What counts in one window or period: the counted parts of tasks by the tasks' ids."""

    parts: dict[str, SimTask] = field(default_factory=dict)

    def add(self, part: SimTask, *, is_whole: bool) -> None:
        known = self.parts.get(part.task_id)
        if known is None or is_whole:
            self.parts[part.task_id] = part
        else:
            self.parts[part.task_id] = replace(known, streams=(*known.streams, *part.streams))


def summary_body(
    tasks: Iterable[SimTask],
    options: SummaryOptions,
    given: Mapping[str, str],
    now: datetime,
    reshape: Callable[[dict[str, Any]], object] | None = None,
) -> bytes:
    """Return the summary of a query's window as JSON, after `reshape`. Raises InvalidQueryError."""
    query, group_by = Query.parse(given), parsed_group_by(given)
    visible = [task for task in tasks if options.owner is None or task.email == options.owner]
    body = _summary(visible, options, query, group_by) | _balance(visible, options.balance, now)
    return ENCODER.encode(body if reshape is None else reshape(body))


def _summary(tasks: list[SimTask], options: SummaryOptions, query: Query, group_by: GroupBy | None) -> dict[str, Any]:
    whole = _Counted()
    periods: dict[str, _Counted] = defaultdict(_Counted)
    is_whole = options.counts_by != "streams"
    for moment, part in _moments(_repriced(tasks, options.repriced), options.counts_by):
        if part.task_id not in options.left_out and _is_within(moment, query, options):
            whole.add(part, is_whole=is_whole)
            if group_by is not None:
                periods[_PERIODS[group_by](moment.astimezone(UTC).date())].add(part, is_whole=is_whole)
    parts = _with_doubled(whole, options)
    body: dict[str, Any] = {**_totals(parts), "byok": _byok(parts, options)}
    if options.owner is None:
        listed = [part for part in parts if part.email not in options.departed]
        by_email = _grouped(listed, lambda part: options.moved.get(part.task_id, part.email or ""))
        body["by_email"] = [{"email": email, **_amount(group)} for email, group in by_email]
    if group_by is not None:
        body["by_period"] = [
            {"date": period, **_amount(_with_doubled(periods[period], options))} for period in sorted(periods)
        ]
    return body


def _moments(tasks: Iterable[SimTask], by: CountsBy) -> Iterator[tuple[datetime, SimTask]]:
    """Yield what counts of each task, and when."""
    for task in tasks:
        match by:
            case "created":
                yield task.created_at, task
            case "first":
                yield min(stream.started_at for stream in task.streams), task
            case "ended":
                yield task.last.ended_at, task
            case "any":
                yield from ((stream.started_at, task) for stream in task.streams)
            case "streams":
                yield from ((stream.started_at, replace(task, streams=(stream,))) for stream in task.streams)


def _repriced(tasks: Iterable[SimTask], factors: Mapping[str, Decimal]) -> Iterator[SimTask]:
    for task in tasks:
        yield task.with_scaled_amounts(factors[task.task_id]) if task.task_id in factors else task


def _is_within(moment: datetime, query: Query, options: SummaryOptions) -> bool:
    if query.start is not None and moment < query.start:
        return False
    return query.end is None or moment < query.end or (options.includes_end and moment == query.end)


def _with_doubled(counted: _Counted, options: SummaryOptions) -> list[SimTask]:
    parts = list(counted.parts.values())
    return parts + [part for part in parts if part.task_id in options.doubled]


_PERIODS: Mapping[GroupBy, Callable[[date], str]] = {
    "day": lambda day: day.isoformat(),
    "week": lambda day: (day - timedelta(days=day.weekday())).isoformat(),
    "month": lambda day: day.replace(day=1).isoformat(),
}


# --- totals --------------------------------------------------------------------------------------


def _totals(parts: Collection[SimTask]) -> dict[str, Any]:
    streams = [stream for part in parts for stream in part.streams]
    statuses = _grouped(parts, lambda part: part.last.status)
    return {
        "total_neo_credits": _sum(stream.credits for stream in streams),
        "total_tasks": len(parts),
        "by_status": {status: len(group) for status, group in statuses},
        "by_model": {model: _amount(group) for model, group in _grouped(parts, lambda part: part.last_model)},
        "total_steps": sum(stream.steps for stream in streams),
        "total_tool_calls": sum(stream.tool_calls for stream in streams),
        "total_agent_triggers": sum(stream.agent_triggers for stream in streams),
        "total_execution_ms": sum(stream.total_ms or 0 for stream in streams),
    }


def _amount(parts: Collection[SimTask]) -> dict[str, Any]:
    return {"neo_credits": _sum(stream.credits for part in parts for stream in part.streams), "tasks": len(parts)}


def _byok(parts: Iterable[SimTask], options: SummaryOptions) -> dict[str, Any]:
    own = [part for part in parts if part.is_byok and part.task_id not in options.own_keys_left_out]
    own += [part for part in own if part.task_id in options.own_keys_doubled]
    streams: list[Stream] = [_swapped(stream, part, options) for part in own for stream in part.streams]
    return {
        "total_llm_cost": _sum(stream.llm_cost for stream in streams),
        "total_neo_cost": _sum(stream.neo_cost for stream in streams),
        "total_streams": len(streams),
        "total_tasks": len(own),
    }


def _swapped(stream: Stream, part: SimTask, options: SummaryOptions) -> Stream:
    if part.task_id not in options.own_keys_swapped:
        return stream
    return replace(stream, llm_cost=stream.neo_cost, neo_cost=stream.llm_cost)


def _grouped(parts: Iterable[SimTask], key: Callable[[SimTask], str]) -> list[tuple[str, list[SimTask]]]:
    groups: dict[str, list[SimTask]] = defaultdict(list)
    for part in parts:
        groups[key(part)].append(part)
    return sorted(groups.items())


def _sum(amounts: Iterable[Decimal | None]) -> float:
    """Return the sum of the known amounts as upstream adds them: as floats, with their rounding errors."""
    return sum((float(amount) for amount in amounts if amount is not None), 0.0)


# --- the balance ---------------------------------------------------------------------------------


def _balance(tasks: Iterable[SimTask], balance: Balance | None, now: datetime) -> dict[str, Any]:
    if balance is None:
        return {}
    used = balance.used(tasks)
    return {
        "total_issued_neo_credits": float(balance.issued),
        "total_available_neo_credits": float(balance.issued) - used,
        "total_neo_credits_post_reset": used,
        "last_credit_reset": wire_time(balance.issued_at),
        "neo_credits_expires_at": None if balance.expires_at is None else wire_time(balance.expires_at),
        "neo_credits_is_expired": balance.expires_at is not None and balance.expires_at <= now,
    }
