"""The facts of a group of failures: how many, whose, what they cost, and when; a message tells of one or of many."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.database.reader import Reader
from bot.domain.pricing import SpendBasis
from bot.domain.text import one_line
from bot.domain.timestamps import from_us
from bot.failures.rules import Cap
from bot.ledger.members import UNATTRIBUTED_NAME, shown_email
from bot.ledger.scope import Scope
from bot.ledger.spend import spend_column

_ERROR = 300  # characters of one that are shown
NOBODY = UNATTRIBUTED_NAME  # whose tasks carry no e-mail


@dataclass(frozen=True, slots=True)
class Case:
    """A group as it stands, or the part of it that is one member's.

    `nanos` is what its tasks cost in all, of a member's what was charged to them; `mended` of its `tasks` have
    completed since. `members` are e-mails; `error` is the first line of the latest one's.
    """

    group: int
    kind: int
    status: str
    model: str
    cap: Cap | None
    error: str
    tasks: int
    mended: int
    members: tuple[str, ...]
    nanos: int
    began: datetime
    last: datetime
    closed: bool
    hushed: bool = False  # closed by a failure that was silenced


@dataclass(frozen=True, slots=True)
class FailedTask:
    """A task of a group. `nanos` is None where nothing is known of its cost."""

    task_id: str
    member: str
    failed_at: datetime
    nanos: int | None
    title: str | None
    error: str | None
    mended: bool


@dataclass(frozen=True, slots=True)
class Told:
    """What one message tells of: its groups, the largest first, and who acknowledged it."""

    first: int
    cases: tuple[Case, ...]
    acknowledged: tuple[str, datetime] | None

    @property
    def closed(self) -> bool:
        """Whether none of them goes on."""
        return all(case.closed for case in self.cases)


# CROSS JOIN: from the groups to what is in them; SQLite would rather go through every failure there ever was
_CASES = """
SELECT g.id, g.kind, k.status, k.model, k.cap, g.closed_at IS NOT NULL, g.state = 'hushed', count(f.task),
       count(f.mended_at),
       sum(coalesce({nanos}, 0)), min(f.failed_at), max(f.failed_at)
FROM failure_group g JOIN failure_kind k ON k.id = g.kind CROSS JOIN failure f ON f.grp = g.id
JOIN task t ON t.id = f.task
WHERE {which} GROUP BY g.id ORDER BY count(f.task) DESC, g.id
"""
_MEMBERS = """
SELECT DISTINCT f.grp, m.email FROM failure_group g CROSS JOIN failure f ON f.grp = g.id JOIN task t ON t.id = f.task
JOIN member m ON m.id = t.member WHERE {which} ORDER BY m.email
"""


_ERRORS = """
SELECT f.grp, d.error_message, max(f.failed_at) FROM failure_group g CROSS JOIN failure f ON f.grp = g.id
JOIN failure s ON s.task = f.task AND s.past = 0 AND s.kind = f.kind
JOIN task t ON t.id = f.task JOIN task_detail d ON d.task = t.id WHERE {which} GROUP BY f.grp
"""  # of the row with the maximum, as SQLite has it; what has failed otherwise since has another error


def told(reader: Reader, first: int, basis: SpendBasis, scope: Scope) -> Told:
    """What the message tells of that a group leads, in one snapshot; to a member, of their own tasks alone."""
    with reader:
        row = reader.one("SELECT acknowledged_by, acknowledged_at FROM failure_group WHERE id = :id", {"id": first})
        cases = tuple(_cases(reader, "g.first = :key", {"key": first}, basis, scope))
        acknowledged = (row[0], from_us(row[1])) if row and row[0] is not None else None
        return Told(first, cases, acknowledged)


def look(reader: Reader, group: int, basis: SpendBasis, scope: Scope) -> Case | None:
    """One group, or a member's part of it, within the caller's snapshot; None if nothing is in it any more."""
    return next(_cases(reader, "g.id = :key", {"key": group}, basis, scope), None)


def member_name(reader: Reader, member: int) -> str:
    """A member's e-mail, by key."""
    row = reader.one("SELECT email FROM member WHERE id = :id", {"id": member})
    return shown_email(row[0] if row else "")


def kind_name(reader: Reader, kind: int) -> str:
    """What a kind of failure is called: how its tasks end, with which model, and what the latest error says."""
    row = reader.one(
        "SELECT k.status, k.model, k.cap, (SELECT d.error_message FROM failure f JOIN task_detail d ON d.task = f.task"
        "  WHERE f.kind = k.id AND f.past = 0 ORDER BY f.failed_at DESC LIMIT 1) FROM failure_kind k WHERE k.id = :id",
        {"id": kind},
    )
    if row is None:
        return "an error that no task has any more"
    status, model, cap, error = row
    return f"{status} of {model}: {cap or first_line(error) or 'no error text'}"


_GOING_ON = "g.id IN (SELECT o.id FROM failure_group o WHERE o.closed_at IS NULL)"


def going_on(reader: Reader, basis: SpendBasis, scope: Scope) -> list[Case]:
    """The groups that are open, or a member's part of them; the largest first."""
    with reader:
        return list(_cases(reader, _GOING_ON, {}, basis, scope))


def _cost(basis: SpendBasis, scope: Scope) -> str:
    """What a task `t` cost, in SQL, NULL if that is not known; in a member's scope what was charged to them."""
    if scope.member is not None:
        return f"(SELECT sum({spend_column(basis)}) FROM {scope.charges_of('t.id')} c)"  # noqa: S608 - our own words
    provider = " + coalesce(t.provider_nanos, 0)" if basis is SpendBasis.TOTAL else ""
    unknown = "t.platform_nanos IS NULL AND t.provider_nanos IS NULL"
    return f"CASE WHEN {unknown} THEN NULL ELSE coalesce(t.platform_nanos, 0){provider} END"


def _cases(reader: Reader, which: str, values: dict[str, Any], basis: SpendBasis, scope: Scope) -> Iterator[Case]:
    which = f"{which} AND {scope.owns('t')}"
    members: dict[int, list[str]] = {}
    for group, email in reader.rows(_MEMBERS.format(which=which), values):
        members.setdefault(group, []).append(shown_email(email))
    errors = {group: first_line(error) for group, error, _ in reader.rows(_ERRORS.format(which=which), values)}
    for group, kind, status, model, cap, closed, hushed, tasks, mended, nanos, began, last in reader.rows(
        _CASES.format(which=which, nanos=_cost(basis, scope)), values
    ):
        yield Case(
            group, kind, status, model, Cap(cap) if cap else None, errors.get(group, ""), tasks, mended,
            tuple(members[group]), nanos, from_us(began), from_us(last), bool(closed), bool(hushed),
        )  # fmt: skip


def first_line(error: str | None) -> str:
    """The first line of an error that says anything, as one short line."""
    return one_line(next((line for line in (error or "").splitlines() if line.strip()), ""), _ERROR)


_TASKS = """
SELECT t.task_id, m.email, f.failed_at, {amount}, d.title,
       CASE s.kind WHEN f.kind THEN d.error_message END, f.mended_at IS NOT NULL
FROM failure_group g CROSS JOIN failure f ON f.grp = g.id JOIN task t ON t.id = f.task JOIN member m ON m.id = t.member
JOIN failure s ON s.task = f.task AND s.past = 0
JOIN task_detail d ON d.task = t.id WHERE {which} ORDER BY f.failed_at DESC, t.task_id DESC LIMIT :most
"""


def tasks(reader: Reader, groups: Sequence[int], basis: SpendBasis, most: int, scope: Scope) -> list[FailedTask]:
    """The tasks of some groups, the latest first; or those of them that are one member's."""
    which = f"g.id IN ({','.join(map(str, groups)) or 'NULL'}) AND {scope.owns('t')}"
    rows = reader.rows(_TASKS.format(which=which, amount=_cost(basis, scope)), {"most": most})
    return [
        FailedTask(task_id, shown_email(email), from_us(at), nanos, title, error, bool(mended))
        for task_id, email, at, nanos, title, error, mended in rows
    ]
