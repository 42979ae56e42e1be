"""The report: a question answered from the ledger, in amounts that are exact; every way of showing it starts here."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from bot.database.reader import Reader
from bot.domain.access import AT_THE_TERMINAL, Caller, Grant
from bot.domain.periods import Window
from bot.domain.pricing import SpendBasis
from bot.domain.question import TIME_GROUPINGS, Field, Question, describe
from bot.domain.tasks import FAILED_STATUSES
from bot.domain.when import resolve
from bot.ledger.detail import TaskDetail, task_detail
from bot.ledger.key_warning import key_warning
from bot.ledger.passes import Freshness, UnreadError, beginning, freshness, is_complete
from bot.ledger.scope import EVERYTHING, Scope
from bot.ledger.selection import Selection, asks_for_held_tasks, holds_any, parse_question, task_ids
from bot.ledger.spend import Group, Sums, TaskRow, amounts, groups, sums, task_rows
from bot.people import mentions
from bot.people.mentions import Mentioned

if TYPE_CHECKING:
    from bot.settings.model import Settings


@dataclass(frozen=True, slots=True)
class ReportPolicy:
    """What every answer rests on: the zone of dates, what spend adds up, and whether the BYOK unit was set.

    Tasks of the `failing` statuses failed.
    """

    zone: ZoneInfo
    basis: SpendBasis
    unit_is_set: bool
    failing: tuple[str, ...] = FAILED_STATUSES

    @classmethod
    def from_settings(cls, settings: "Settings") -> "ReportPolicy":
        """Return the policy that the settings ask for."""
        unit_is_set = settings.byok_unit is not None
        return cls(settings.timezone, settings.spend_basis, unit_is_set, settings.failure_statuses)


@dataclass(frozen=True, slots=True)
class Previous:
    """The window before, and its spend in nanos."""

    window: Window
    spend_nanos: int


@dataclass(frozen=True, slots=True)
class Report:
    """An answer. `groups` are sorted and cut to `top`; what was cut is counted, with its spend in nanos.

    `scope` is whose spend it may hold; `rows` are as many tasks as were asked for or as the caller can show.
    """

    query: str
    question: Question
    scope: Grant
    window: Window
    zone: ZoneInfo
    basis: SpendBasis
    total: Sums
    previous: Previous | None
    groups: tuple[Group, ...]
    groups_omitted: int
    omitted_nanos: int
    rows: tuple[TaskRow, ...]
    details: tuple[TaskDetail, ...]
    as_of: datetime | None
    complete: bool
    begins: datetime | None
    unit_assumed: bool
    warning: str | None
    quarantined: int

    @property
    def spend_nanos(self) -> int:
        """The spend of the whole window."""
        return self.total.spend(self.basis)

    def share(self, group: Group) -> float | None:
        """A group's part of the untruncated total, None where that is not positive."""
        return group.spend(self.basis) / self.spend_nanos if self.spend_nanos > 0 else None


def terminal_report(reader: Reader, settings: "Settings", line: str, now: datetime) -> Report:
    """Return the answer to a line of the query language, asked by whoever holds the terminal.

    Raises:
        QueryError: the line is no question.
        RefusedError: a name in it is nobody's.
        UnreadError: nothing has been read yet.
    """
    policy = ReportPolicy.from_settings(settings)
    question = parse_question(reader, EVERYTHING, line, now, policy.zone, policy.failing)
    return answer(reader, question, AT_THE_TERMINAL, policy, now)


def answer(  # noqa: PLR0917 - all that an answer depends on
    reader: Reader,
    question: Question,
    caller: Caller,
    policy: ReportPolicy,
    now: datetime,
    mentioned: Mentioned | None = None,
    most_rows: int | None = None,
) -> Report:
    """Answer a question from one consistent state of the ledger.

    Args:
        reader: the ledger.
        question: what is asked.
        caller: who asks, and so whose spend may be shown.
        policy: what every answer rests on.
        now: the moment it is asked at.
        mentioned: the e-mails of Slack users by mention (`<@U1>`); None where there is no Slack.
        most_rows: how many tasks are of use; all unless given.

    Raises:
        RefusedError: the caller may not see that, or a name in it is nobody's.
        WhenError: the window is reversed or has not begun.
    """
    with reader:
        scope = Scope.of(reader, caller)
        granted = mentions.resolve_access(reader, scope, question, caller, mentioned)
        window = resolve(question.asked_when, now, policy.zone)
        selection = Selection(scope, window, granted.members, question.filters, question.byok)
        rows = _rows(reader, question, selection, policy, most_rows)
        return _report(reader, question, selection, policy, now, rows)


def _report(  # noqa: PLR0917 - private, and each is one thing
    reader: Reader,
    question: Question,
    selection: Selection,
    policy: ReportPolicy,
    now: datetime,
    rows: Sequence[TaskRow],
) -> Report:
    scope = selection.scope
    fresh = freshness(reader, now)
    begins = beginning(reader, fresh, scope)
    if fresh.as_of is None and not holds_any(reader, scope):
        # an empty ledger must not read as an empty bill
        raise UnreadError
    warning = key_warning(reader, scope)
    total = sums(reader, selection, policy.failing)
    found = _sorted(groups(reader, selection, question.by, policy.zone), question, policy) if question.by else []
    kept = found[: question.top] if question.top else found
    return Report(
        query=describe(question),
        question=question,
        scope=Grant(selection.members),
        window=selection.window,
        zone=policy.zone,
        basis=policy.basis,
        total=total,
        previous=_previous(reader, question, selection, policy, now, begins),
        groups=tuple(kept),
        groups_omitted=len(found) - len(kept),
        omitted_nanos=sum(each.spend(policy.basis) for each in found[len(kept) :]),
        rows=tuple(rows),
        details=tuple(_details(reader, question, selection)),
        as_of=fresh.as_of,
        complete=warning is None and _is_complete(reader, fresh, selection, begins),
        begins=begins,
        unit_assumed=total.by_unit and not policy.unit_is_set,
        warning=warning,
        quarantined=_quarantined(reader, scope),
    )


# --- the parts -----------------------------------------------------------------------------------


def _is_complete(reader: Reader, fresh: Freshness, selection: Selection, begins: datetime | None) -> bool:
    if is_complete(fresh, selection.window, begins):
        return True
    return fresh.as_of is not None and asks_for_held_tasks(reader, selection)


def _quarantined(reader: Reader, scope: Scope) -> int:
    """How many rows could not be booked; whose they are is not known, so nobody's part holds any."""
    return 0 if scope.member is not None else int(reader.rows("SELECT count(*) FROM quarantine")[0][0])


def _sorted(found: Sequence[Group], question: Question, policy: ReportPolicy) -> list[Group]:
    by_name = sorted(found, key=lambda group: group.key)
    order = question.sort or ("name" if question.by[0] in TIME_GROUPINGS else "cost")
    if order == "name":
        return by_name
    if order == "tasks":
        return sorted(by_name, key=lambda group: -group.tasks)
    return sorted(by_name, key=lambda group: (-group.spend(policy.basis), -group.calls))


def _rows(
    reader: Reader, question: Question, selection: Selection, policy: ReportPolicy, most: int | None
) -> Sequence[TaskRow]:
    if not question.rows:
        return ()
    limit = min(filter(None, (question.top, most)), default=None)
    return task_rows(reader, selection, policy.basis, limit, by_name=question.sort == "name")


_MAX_DETAILS = 5


def _details(reader: Reader, question: Question, selection: Selection) -> list[TaskDetail]:
    """The tasks asked for by id, in full, if they are few and inside the selection."""
    if question.by or question.rows or not question.included(Field.TASK):
        return []
    if len(task_ids(reader, selection.scope, question.included(Field.TASK))) > _MAX_DETAILS:
        return []
    inside = task_rows(reader, selection, SpendBasis.TOTAL, _MAX_DETAILS, by_name=True)
    return [detail for row in inside if (detail := task_detail(reader, selection.scope, row.task_id))]


def _previous(  # noqa: PLR0917 - private, and each is one thing
    reader: Reader,
    question: Question,
    selection: Selection,
    policy: ReportPolicy,
    now: datetime,
    begins: datetime | None,
) -> Previous | None:
    window = question.asked_when.before(now, policy.zone)
    if window is None or begins is None or window.start < begins:
        return None
    before = replace(selection, window=window)
    return Previous(window, policy.basis.spend(*amounts(reader, before)))
