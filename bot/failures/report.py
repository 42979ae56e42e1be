"""The report of failures: which kinds a window holds, what they cost, and what share of tasks fails."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from bot.database.reader import Reader
from bot.domain import formatting
from bot.domain.access import AT_THE_TERMINAL, Caller, RefusedError
from bot.domain.money import usd_text
from bot.domain.periods import Window
from bot.domain.pricing import SpendBasis
from bot.domain.query.question import Question, describe
from bot.domain.query.when import resolve
from bot.domain.timestamps import from_us
from bot.failures.facts import first_line
from bot.failures.rules import Cap
from bot.ledger.freshness import UnreadError, beginning, freshness, is_complete
from bot.ledger.members import shown_email
from bot.ledger.scope import EVERYTHING, Scope
from bot.ledger.selection import Conditions, Selection, asks_for_held_tasks, conditions_of, holds_any, parse_question
from bot.ledger.spend import spend_column
from bot.people import mentions
from bot.people.mentions import Mentioned

if TYPE_CHECKING:
    from bot.settings.model import Settings


@dataclass(frozen=True, slots=True)
class ErrorLine:
    """Failures of one kind: of how many members, what they cost within the window (nanos), when the last was."""

    status: str
    model: str
    cap: Cap | None
    error: str
    tasks: int
    members: int
    nanos: int
    last: datetime


@dataclass(frozen=True, slots=True)
class Part:
    """Of so many tasks of a model or member, so many failed."""

    name: str
    tasks: int
    failed: int

    @property
    def share(self) -> float:
        """The share that failed."""
        return self.failed / self.tasks


@dataclass(frozen=True, slots=True)
class ErrorReport:
    """What failed in a window. `members` are those whose tasks it may hold, None for everybody's."""

    query: str
    question: Question
    members: tuple[str, ...] | None
    window: Window
    tasks: int
    lines: tuple[ErrorLine, ...]
    by_model: tuple[Part, ...]
    by_member: tuple[Part, ...]
    as_of: datetime | None
    complete: bool

    @property
    def failed(self) -> int:
        """How many tasks failed."""
        return sum(line.tasks for line in self.lines)

    @property
    def nanos(self) -> int:
        """What they cost within the window."""
        return sum(line.nanos for line in self.lines)


def check_question(question: Question, failing: Sequence[str]) -> None:
    """Raise RefusedError for what a report of failures has no use for."""
    if question.by or question.rows or question.csv or question.sort or question.top:
        rows = f"`status:{','.join(failing)} rows`"
        raise RefusedError(f"`errors` takes whose, when, and filters: it groups by itself. {rows} lists the tasks.")


def terminal_report(reader: Reader, settings: "Settings", line: str, now: datetime) -> ErrorReport:
    """Return what failed, asked in the query language by whoever holds the terminal.

    Raises:
        QueryError: the line is no question about failures.
        RefusedError: a name in it is nobody's.
        UnreadError: nothing has been read yet.
    """
    zone, basis, failing = settings.timezone, settings.spend_basis, settings.failure_statuses
    question = parse_question(reader, EVERYTHING, line, now, zone, failing)
    check_question(question, failing)
    return error_report(reader, question, AT_THE_TERMINAL, zone, basis, failing, now)


def error_report(  # noqa: PLR0917 - all that an answer depends on
    reader: Reader,
    question: Question,
    caller: Caller,
    zone: ZoneInfo,
    basis: SpendBasis,
    failing: Sequence[str],
    now: datetime,
    mentioned: Mentioned | None = None,
) -> ErrorReport:
    """What failed, from one consistent state of the ledger; arguments and errors as of `usage.report.answer`.

    Tasks of the `failing` statuses failed, here as in every other answer.
    """
    with reader:
        scope = Scope.of(reader, caller)
        granted = mentions.resolve_access(reader, scope, question, caller, mentioned)
        window = resolve(question.asked_when, now, zone)
        fresh = freshness(reader, now)
        if fresh.as_of is None and not holds_any(reader, scope):
            raise UnreadError
        selection = Selection(scope, window, granted.members, question.filters, question.byok)
        where = conditions_of(reader, selection)
        hits, failed = _hits(where, basis), where.puts(failing)
        models = _parts(reader, hits, where, failed, "t.model")
        members = _parts(reader, hits, where, failed, "m.email", f"JOIN member m ON m.id = {scope.holder('t')}")
        return ErrorReport(
            query=describe(question),
            question=question,
            members=granted.members,
            window=window,
            tasks=sum(part.tasks for part in models),
            lines=tuple(error_lines(reader, selection, basis, failing)),
            by_model=tuple(models),
            by_member=tuple(Part(shown_email(each.name), each.tasks, each.failed) for each in members),
            as_of=fresh.as_of,
            complete=is_complete(fresh, window, beginning(reader, fresh, scope))
            or asks_for_held_tasks(reader, selection),
        )


def _hits(where: Conditions, basis: SpendBasis) -> str:
    """The tasks with a charge in the window, and those without cost created in it, as a common table."""
    amount = spend_column(basis)
    return f"""
WITH hit (task, nanos) AS MATERIALIZED (
  SELECT c.task, sum({amount}) FROM charge c {where.join_task} WHERE {where.charges()} GROUP BY c.task
  UNION ALL SELECT t.id, 0 FROM {where.scope.tasks} t WHERE {where.without_cost()})"""  # noqa: S608 - values are bound


def error_lines(reader: Reader, selection: Selection, basis: SpendBasis, failing: Sequence[str]) -> Iterator[ErrorLine]:
    """The kinds of failure of a selection, those of the most tasks first, within the caller's snapshot.

    A task of a `failing` status that was booked under another setting has no kind yet: its status and model tell it.
    """
    where = conditions_of(reader, selection)
    hits, failed = _hits(where, basis), where.puts(failing)
    sql = f"""{hits}
SELECT t.status, t.model, k.cap, d.error_message, count(*), count(DISTINCT t.member), sum(h.nanos),
       max(coalesce(f.failed_at, t.created_at))
FROM hit h JOIN task t ON t.id = h.task JOIN task_detail d ON d.task = t.id
LEFT JOIN failure f ON f.task = t.id AND f.past = 0 AND f.mended_at IS NULL LEFT JOIN failure_kind k ON k.id = f.kind
WHERE t.status IN ({failed}) AND {where.scope.owns("t")}
GROUP BY f.kind, t.status, t.model ORDER BY 5 DESC, 7 DESC, 8 DESC, 1, 2, 4"""  # noqa: S608 - values are bound; the error is of the row with the maximum
    for status, model, cap, error, tasks, members, nanos, last in reader.rows(sql, where.values):
        yield ErrorLine(
            status, model, Cap(cap) if cap else None, first_line(error), tasks, members, nanos, from_us(last)
        )


def _parts(  # noqa: PLR0917 - private, and each is one thing
    reader: Reader, hits: str, where: Conditions, failed: str, name: str, join: str = ""
) -> list[Part]:
    sql = f"""{hits}
SELECT {name}, count(*), count(CASE WHEN t.status IN ({failed}) THEN 1 END)
FROM hit h JOIN {where.scope.tasks} t ON t.id = h.task {join}
GROUP BY 1 ORDER BY 3 DESC, 2 DESC, 1"""  # noqa: S608 - one of two columns
    return [Part(*row) for row in reader.rows(sql, where.values)]


def to_document(report: ErrorReport) -> dict[str, Any]:
    """The report as data; amounts are exact decimal strings, moments UTC."""
    return {
        "query": report.query,
        "window": {"from": formatting.utc(report.window.start), "to": formatting.utc(report.window.end)},
        "tasks": report.tasks,
        "failed_tasks": report.failed,
        "failed_usd": usd_text(report.nanos),
        "groups": [
            {
                "status": line.status,
                "model": line.model,
                "cap": line.cap,
                "error": line.error or None,
                "tasks": line.tasks,
                "members": line.members,
                "spend_usd": usd_text(line.nanos),
                "last": formatting.utc(line.last),
            }
            for line in report.lines
        ],
        "by_model": [_part(part) for part in report.by_model],
        "by_member": [_part(part) for part in report.by_member],
        "data_as_of": None if report.as_of is None else formatting.utc(report.as_of),
        "complete": report.complete,
    }


def _part(part: Part) -> dict[str, Any]:
    return {"key": part.name, "tasks": part.tasks, "failed_tasks": part.failed, "share": part.share}
