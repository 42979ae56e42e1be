"""The rows of budgets that a restored ledger takes over from the former one."""

from collections.abc import Callable, Mapping

from sqlalchemy import Connection, Table, bindparam, select, update

from bot.budgets.requests.store import RequestState
from bot.budgets.tables import acknowledgement, budget, budget_request, budget_revision, crossing, deferral, snooze
from bot.database.rows import Row, all_rows, insert_row, insert_row_anew, rows_by_column
from bot.ledger.charge_queries import newest_charge
from bot.ledger.former_ledger import FormerLedger

SubjectLookup = Callable[[int], int | None]
"""Returns what a former subject is here; None if it is unknown here."""

# --- limits --------------------------------------------------------------------------------------

_REVISIONS = select(
    budget.c.scope,
    *(budget_revision.c[name] for name in ("id", "set_at", "limit_nanos", "set_by")),
    budget.c.unit,
    budget.c.narrowing,
).join_from(budget_revision, budget, budget.c.id == budget_revision.c.budget)


def common_revisions(connection: Connection, former: FormerLedger, subject_of: SubjectLookup) -> dict[int, int]:
    """Return the ids here of the former ledger's revisions that this one has too, by their former ids."""
    here = {_identity(row, row["scope"]): row["id"] for row in rows_by_column(connection, _REVISIONS)}
    theirs = {row["id"]: _identity(row, subject_of(row["scope"])) for row in former.rows(_REVISIONS)}
    return {id_: here[identity] for id_, identity in theirs.items() if identity in here}


def _identity(row: Row, scope: int | None) -> tuple[object, ...]:
    return scope, row["unit"], row["narrowing"], row["set_at"], row["limit_nanos"], row["set_by"]


# --- crossings -----------------------------------------------------------------------------------

_IDENTITY = ("subject", "unit", "period", "revision", "step")
_CROSSINGS = select(crossing.c.id, *(crossing.c[name] for name in _IDENTITY))
_DEFERRALS = select(deferral).where(deferral.c.crossing == bindparam("of_crossing")).order_by(deferral.c.id)


def adopt_crossings(
    connection: Connection, former: FormerLedger, subject_of: SubjectLookup, revisions: Mapping[int, int]
) -> dict[int, int]:
    """Take over crossings of common revisions, with their deferrals. Returns their ids here by their former ids."""
    here = {_case(row): row["id"] for row in rows_by_column(connection, _CROSSINGS)}
    newest = newest_charge(connection)
    ids: dict[int, int] = {}
    for row in former.all_rows(crossing):
        subject, revision = subject_of(row["subject"]), revisions.get(row["revision"])
        if subject is None or revision is None:
            continue
        new = {**row, "subject": subject, "revision": revision, "last_charge": newest}
        id_ = here.get(_case(new)) or _insert_crossing(connection, former, new)
        if id_ is not None:
            ids[row["id"]] = id_
    return ids


def _case(row: Row) -> tuple[object, ...]:
    return tuple(row[name] for name in _IDENTITY)


def _insert_crossing(connection: Connection, former: FormerLedger, row: Row) -> int | None:
    id_ = insert_row_anew(connection, crossing, row)
    if id_ is not None:
        for each in former.rows(_DEFERRALS, {"of_crossing": row["id"]}):
            insert_row(connection, deferral, {**_without_id(each), "crossing": id_})
    return id_


# --- snoozes and acknowledgements -----------------------------------------------------------------


def adopt_snoozes(connection: Connection, former: FormerLedger, subject_of: SubjectLookup) -> None:
    """Take over the snoozes that are unknown here."""
    for row in former.all_rows(snooze):
        _insert_of_subject(connection, snooze, row, subject_of)


def adopt_acknowledgements(connection: Connection, former: FormerLedger, subject_of: SubjectLookup) -> None:
    """Take over the acknowledgements that are unknown here."""
    for row in former.all_rows(acknowledgement):
        _insert_of_subject(connection, acknowledgement, row, subject_of)


def _insert_of_subject(connection: Connection, table: Table, row: Row, subject_of: SubjectLookup) -> None:
    subject = subject_of(row["subject"])
    if subject is not None:
        insert_row(connection, table, {**_without_id(row), "subject": subject})


def _without_id(row: Row) -> Row:
    return {name: value for name, value in row.items() if name != "id"}


# --- requests ------------------------------------------------------------------------------------

_CHANGING = ("limit_nanos", "ends_at", "reason", "asked_at", "state", "decided_by", "decided_at", "decision_reason")
_UPDATE = update(budget_request).where(budget_request.c.id == bindparam("which"))


def adopt_requests(connection: Connection, former: FormerLedger) -> tuple[dict[int, int], set[int]]:
    """Take over requests. Returns their ids here by their former ids, and the ids here of those that are open again.

    Those are reopened that were approved after the copy was made: the limits set by that are not here.
    """
    here = {row["id"]: row for row in all_rows(connection, budget_request)}
    ids: dict[int, int] = {}
    reopened: set[int] = set()
    for row in former.all_rows(budget_request):
        new, known = {**row, "member": former.members[row["member"]]}, here.get(row["id"], {})
        is_known = (known.get("unit"), known.get("asked_by")) == (new["unit"], new["asked_by"])
        is_reopened = new["state"] == RequestState.APPROVED and not (
            is_known and known["state"] == RequestState.APPROVED
        )
        if is_reopened:
            new |= {"state": RequestState.OPEN.value, "decided_by": None, "decided_at": None, "decision_reason": None}
        id_ = _update_request(connection, new) if is_known else insert_row_anew(connection, budget_request, new)
        if id_ is not None:
            ids[row["id"]] = id_
            reopened |= {id_} if is_reopened else set()
    return ids, reopened


def _update_request(connection: Connection, row: Row) -> int:
    connection.execute(_UPDATE, {"which": row["id"], **{name: row[name] for name in _CHANGING}})
    return int(row["id"])
