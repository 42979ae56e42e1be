"""The report builder: answers a question from one consistent state of the ledger."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter
from typing import TYPE_CHECKING

from sqlalchemy import Connection

from bot.domain.access import AT_THE_TERMINAL, Grant
from bot.domain.periods import Window
from bot.domain.query.earlier_window import name_of_whole_before, name_of_window_before
from bot.domain.query.question import TIME_GROUPINGS, Field, Question, describe
from bot.domain.query.when import resolve, window_before
from bot.ledger.data_quality import DataQuality, data_quality
from bot.ledger.freshness import UnreadError
from bot.ledger.members import UNATTRIBUTED_NAME, ids_by_email
from bot.ledger.question_parsing import parse_question
from bot.ledger.scope import Scope
from bot.ledger.scope_queries import holds_any
from bot.ledger.selection import Conditions, Selection, conditions_of, names_booked_tasks
from bot.ledger.spend import Counting, Sums, amounts, amounts_and_part, sums
from bot.ledger.spend_groups import SpendGroup, grouped_spend
from bot.ledger.task_detail import TaskDetail, task_details
from bot.ledger.task_list import TaskRow, task_rows
from bot.people import mentions
from bot.usage.report import Previous, Report, ReportPolicy, ReportRequest

if TYPE_CHECKING:
    from bot.settings.model import Settings

_MOST_DETAILS = 5  # so many tasks, asked for by id, are shown in full


def terminal_report(connection: Connection, settings: "Settings", line: str, now: datetime) -> Report:
    """Return the answer to a line of the query language, asked by whoever holds the terminal.

    Raises:
        QueryError: the line is no question.
        RefusedError: a name in it is nobody's.
        UnreadError: nothing has been read yet.
    """
    policy = ReportPolicy.from_settings(settings)
    question = parse_question(connection, AT_THE_TERMINAL, line, now=now, zone=policy.zone, failing=policy.failing)
    return build_report(connection, ReportRequest(question, AT_THE_TERMINAL, now), policy)


def build_report(connection: Connection, request: ReportRequest, policy: ReportPolicy) -> Report:
    """Return the answer to a question, read in one snapshot.

    Raises:
        RefusedError: the caller may not see that, or a name in it is nobody's.
        WhenError: the window is reversed or has not begun.
        UnreadError: the ledger holds nothing yet.
    """
    selection = _selection(connection, request, policy)
    return _ReportBuilder(connection, request, policy, selection, conditions_of(connection, selection)).report()


def _selection(connection: Connection, request: ReportRequest, policy: ReportPolicy) -> Selection:
    """Return what the question selects of what its caller may see."""
    question = request.question
    scope = Scope.of(connection, request.caller)
    access = mentions.resolve_access(connection, scope, question, request.caller, request.mentioned)
    window = resolve(question.effective_when, request.now, policy.zone)
    return Selection(scope, window, access.members, question.filters, question.byok)


@dataclass(frozen=True, slots=True)
class _ReportBuilder:
    """Reads the parts of one report."""

    connection: Connection
    request: ReportRequest
    policy: ReportPolicy
    selection: Selection
    where: Conditions

    def report(self) -> Report:
        scope, policy, question = self.selection.scope, self.policy, self.request.question
        quality = data_quality(self.connection, scope, self.request.now)
        if quality.fresh.as_of is None and not holds_any(self.connection, scope):
            # an empty ledger must not read as an empty bill
            raise UnreadError
        total, all_groups = self._total_and_groups()
        top_groups = all_groups[: question.top] if question.top else all_groups
        return Report(
            query=describe(question),
            question=question,
            scope=Grant(self.selection.members),
            now=self.request.now,
            window=self.selection.window,
            zone=policy.zone,
            basis=policy.basis,
            total=total,
            previous=self._previous(quality),
            groups=tuple(top_groups),
            groups_omitted=len(all_groups) - len(top_groups),
            omitted_nanos=sum(each.spend(policy.basis) for each in all_groups[len(top_groups) :]),
            rows=tuple(self._rows()),
            details=tuple(self._details()),
            as_of=quality.fresh.as_of,
            complete=quality.warning is None and self._is_complete(quality),
            begins=quality.begins,
            unit_assumed=total.by_unit,
            warning=quality.warning,
            quarantined=quality.quarantined,
            details_deleted_before=quality.details_deleted_before,
            has_history=bool(total.tasks) or scope.member is None or holds_any(self.connection, scope),
            by_member=tuple(self._members()) if "member" in question.average else (),
            unknown_emails=() if total.tasks or scope.member is not None else self._unknown_emails(),
        )

    def _unknown_emails(self) -> tuple[str, ...]:
        named = dict.fromkeys([*(self.selection.members or ()), *self.request.question.included_values(Field.EMAIL)])
        known = {UNATTRIBUTED_NAME, *ids_by_email(self.connection, named)}
        return tuple(each for each in named if each not in known)

    def _total_and_groups(self) -> tuple[Sums, list[SpendGroup]]:
        question, policy = self.request.question, self.policy
        counting = Counting(policy.failing, by_unit=not policy.unit_is_set)
        if not question.by:
            return sums(self.connection, self.where, counting), []
        spend = grouped_spend(self.connection, self.where, question.by, policy.zone, counting)
        return spend.total, _sorted(spend.groups, question, policy)

    def _members(self) -> Sequence[SpendGroup]:
        """Return the spend of each member in the answer; of none if whoever it is about is named by a mention."""
        if self.selection.members is not None:
            return ()
        counting = Counting(self.policy.failing, by_unit=False)
        return grouped_spend(self.connection, self.where, ("member",), self.policy.zone, counting).groups

    def _rows(self) -> Sequence[TaskRow]:
        question = self.request.question
        if not question.rows:
            return ()
        most = min(filter(None, (question.top, self.request.most_rows)), default=None)
        return task_rows(self.connection, self.where, self.policy.basis, most, by_name=question.sort == "name")

    def _details(self) -> list[TaskDetail]:
        """Return the tasks asked for by id, in full, if they are few and inside the selection."""
        question, named = self.request.question, self.where.named_tasks()
        if question.by or question.rows or not named or len(named) > _MOST_DETAILS:
            return []
        return task_details(self.connection, self.selection.scope, self.where)

    def _previous(self, quality: DataQuality) -> Previous | None:
        asked = self.request.question.effective_when, self.request.now, self.policy.zone
        window = window_before(*asked)
        if window is None or quality.begins is None or window.start < quality.begins:
            return None
        whole_nanos, spend_nanos = self._spend(Window(window.start, self.selection.window.start), window)
        return Previous(
            window,
            spend_nanos=spend_nanos,
            name=name_of_window_before(*asked),
            whole_nanos=whole_nanos,
            whole_name=name_of_whole_before(*asked),
            is_before_first=quality.first_charge is None or window.end <= quality.first_charge,
        )

    def _spend(self, whole: Window, part: Window) -> tuple[int, int]:
        """Return the spend of a window, and of the part with which it begins; both in one look, if they differ."""
        where = self.where.within(whole)
        if part == whole:
            of_whole = of_part = amounts(self.connection, where)
        else:
            of_whole, of_part = amounts_and_part(self.connection, where, part.end)
        return self.policy.basis.spend(*of_whole), self.policy.basis.spend(*of_part)

    def _is_complete(self, quality: DataQuality) -> bool:
        if quality.holds_all(self.selection.window):
            return True
        return quality.fresh.as_of is not None and names_booked_tasks(self.connection, self.selection)


def _sorted(unsorted: Sequence[SpendGroup], question: Question, policy: ReportPolicy) -> list[SpendGroup]:
    by_name = sorted(unsorted, key=attrgetter("key"))
    order = question.sort or ("name" if question.by[0] in TIME_GROUPINGS else "cost")
    if order == "name":
        return by_name
    if order == "tasks":
        return sorted(by_name, key=lambda group: -group.tasks)
    return sorted(by_name, key=lambda group: (-group.spend(policy.basis), -group.calls))
