"""The report of failures: which kinds a window holds, what they cost, and what share of tasks fails."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection

from bot.domain import formatting
from bot.domain.access import AT_THE_TERMINAL, Caller, RefusedError
from bot.domain.money import usd_text
from bot.domain.periods import Window
from bot.domain.pricing import has_known_cost
from bot.domain.query.question import Field, Question, describe
from bot.domain.query.when import resolve
from bot.failures.error_lines import ErrorLine, error_lines
from bot.failures.failure_store import recovered_tasks
from bot.failures.rules import FailurePolicy
from bot.ledger.data_quality import data_quality
from bot.ledger.failed_task_queries import TaskShare, count_not_failing, task_shares
from bot.ledger.freshness import UnreadError
from bot.ledger.question_parsing import parse_question
from bot.ledger.scope import Scope
from bot.ledger.scope_queries import holds_any
from bot.ledger.selection import Conditions, Selection, conditions_of, names_booked_tasks
from bot.people import mentions
from bot.people.mentions import EmailsByMention

if TYPE_CHECKING:
    from bot.settings.model import Settings


@dataclass(frozen=True, slots=True)
class ErrorRequest:
    """A question about failures, who asks it, and when; `mentioned` are the e-mails of Slack users by mention."""

    question: Question
    caller: Caller
    now: datetime
    mentioned: EmailsByMention | None = None


@dataclass(frozen=True, slots=True)
class ErrorReport:
    """What failed in a window. `members` are those whose tasks it may hold, None for everybody's.

    `recovered` is how many tasks failed in it that have completed since, which are not among the failures. Errors of
    tasks created before `details_deleted_before` may be deleted.
    """

    query: str
    question: Question
    members: tuple[str, ...] | None
    window: Window
    tasks: int
    lines: tuple[ErrorLine, ...]
    by_model: tuple[TaskShare, ...]
    by_member: tuple[TaskShare, ...]
    as_of: datetime | None
    complete: bool
    asked_at: datetime
    recovered: int
    details_deleted_before: datetime | None

    @property
    def failed(self) -> int:
        """How many tasks failed."""
        return sum(line.tasks for line in self.lines)

    @property
    def nanos(self) -> int:
        """What they cost within the window, without those of unknown cost."""
        return sum(line.nanos for line in self.lines)

    @property
    def unknown(self) -> int:
        """How many of them have an unknown cost."""
        return sum(line.unknown for line in self.lines)

    @property
    def lacks_errors(self) -> bool:
        """Whether it is about failures of a time from which errors may be deleted."""
        before = self.details_deleted_before
        return before is not None and self.failed > 0 and self.window.start < before

    @property
    def emails(self) -> set[str]:
        """The e-mails that it names."""
        named = self.question.values_of(Field.EMAIL)
        return {*(self.members or ()), *named, *(share.name for share in self.by_member)}


def failure_question(question: Question, failing: Sequence[str]) -> Question:
    """Return a question as one about failures, which lists them in any case: everyday words ask for `failed tasks`.

    Raises RefusedError for what a report of failures has no use for.
    """
    if question.in_words:
        question = replace(question, rows=False)
    if question.average:
        raise RefusedError(
            "`errors` has no averages. For what failed tasks cost on average: `failed average per task`."
        )
    if question.by or question.rows or question.csv or question.sort or question.top:
        rows = f"`status:{','.join(failing)} rows`"
        raise RefusedError(f"`errors` takes a person, a time and filters; it groups by itself. For the tasks: {rows}.")
    return question


def terminal_error_report(connection: Connection, settings: "Settings", line: str, now: datetime) -> ErrorReport:
    """Return what failed, asked in the query language by whoever holds the terminal.

    Raises:
        QueryError: the line is no question about failures.
        RefusedError: a name in it is nobody's.
        UnreadError: nothing has been read yet.
    """
    policy = FailurePolicy.from_settings(settings)
    question = parse_question(
        connection, AT_THE_TERMINAL, line, now=now, zone=policy.zone, failing=policy.failing, takes_groups=False
    )
    question = failure_question(question, policy.failing)
    return error_report(connection, ErrorRequest(question, AT_THE_TERMINAL, now), policy)


def error_report(connection: Connection, request: ErrorRequest, policy: FailurePolicy) -> ErrorReport:
    """Return what failed, from one snapshot of the ledger.

    Raises:
        RefusedError: a name in the question is nobody's, or the caller may not ask that.
        UnreadError: nothing has been read yet.
    """
    question, now = request.question, request.now
    scope = Scope.of(connection, request.caller)
    access = mentions.resolve_access(connection, scope, question, request.caller, request.mentioned)
    window = resolve(question.effective_when, now, policy.zone)
    quality = data_quality(connection, scope, now)
    if quality.fresh.as_of is None and not holds_any(connection, scope):
        raise UnreadError
    selection = Selection(scope, window, access.members, question.filters, question.byok)
    where = conditions_of(connection, selection)
    by_model = task_shares(connection, where, "model", policy.failing)
    return ErrorReport(
        query=describe(question),
        question=question,
        members=access.members,
        window=window,
        tasks=sum(share.tasks for share in by_model),
        lines=tuple(error_lines(connection, where, policy.basis, policy.failing)),
        by_model=tuple(by_model),
        by_member=tuple(task_shares(connection, where, "member", policy.failing)),
        as_of=quality.fresh.as_of,
        complete=quality.holds_all(window) or names_booked_tasks(connection, selection),
        asked_at=now,
        recovered=_recovered(connection, window, where, policy.failing),
        details_deleted_before=quality.details_deleted_before,
    )


def _recovered(connection: Connection, window: Window, where: Conditions, failing: Sequence[str]) -> int:
    """Return how many tasks of a selection failed in its window and have completed since."""
    tasks = recovered_tasks(connection, window)
    return count_not_failing(connection, where, tasks, failing) if tasks else 0


# --- as data -------------------------------------------------------------------------------------


def error_document(report: ErrorReport) -> dict[str, Any]:
    """Return the report as data; amounts are exact decimal strings, null where no cost is known, moments UTC."""
    document = {
        "query": report.query,
        "window": {"from": formatting.utc(report.window.start), "to": formatting.utc(report.window.end)},
        "tasks": report.tasks,
        "failed_tasks": report.failed,
        "failed_usd": _known_usd(report.nanos, report.failed, report.unknown),
        "failed_tasks_without_cost": report.unknown,
        "groups": [
            {
                "status": line.status,
                "model": line.model,
                "cap": line.cap,
                "cause": line.cause,
                "error": line.error or None,
                "tasks": line.tasks,
                "tasks_without_cost": line.unknown,
                "members": line.members,
                "spend_usd": _known_usd(line.nanos, line.tasks, line.unknown),
                "last": formatting.utc(line.last),
            }
            for line in report.lines
        ],
        "by_model": [_share(share) for share in report.by_model],
        "by_member": [_share(share) for share in report.by_member],
        "data_as_of": None if report.as_of is None else formatting.utc(report.as_of),
        "complete": report.complete,
    }
    if report.details_deleted_before is not None and report.lacks_errors:
        document["details_deleted_before"] = formatting.utc(report.details_deleted_before)
    return document


def _known_usd(nanos: int, tasks: int, unknown: int) -> str | None:
    """Return what tasks cost; None if the cost of none of them is known."""
    return usd_text(nanos) if has_known_cost(tasks, unknown) else None


def _share(share: TaskShare) -> dict[str, Any]:
    return {
        "key": share.name,
        "tasks": share.tasks,
        "failed_tasks": share.failed,
        "share": share.failed / share.tasks,
    }
