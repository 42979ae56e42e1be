"""What the ledger holds of a person, and its erasure: tasks and charges become those of the removed member."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import date, tzinfo
from typing import Any

from sqlalchemy import BindParameter, Connection, Table, bindparam, delete, func, insert, select, update

from bot.database.personal_rows import Document, documents, mentions, redact, redact_some, redactable_keys
from bot.domain.money import usd_text
from bot.domain.person import Person
from bot.domain.timestamps import from_us
from bot.ledger.booking_statements import INSERT_SEEN
from bot.ledger.former_ledger import FormerLedger
from bot.ledger.members import UNATTRIBUTED, member_id, removed_id
from bot.ledger.removed_members import REMOVED, adopt_key, ensure_key, hashed
from bot.ledger.removed_mentions import RemovedMentions, hashed_identifiers
from bot.ledger.retention import NO_DETAILS
from bot.ledger.tables import charge, member, pass_, quarantine, seen, task, task_detail

_THEIRS: BindParameter[int] = bindparam("members", expanding=True)
_MEMBERS = (
    select(member.c.id, member.c.email)
    .where(func.coalesce(member.c.merged_into, member.c.id) == bindparam("current"), member.c.email != UNATTRIBUTED)
    .order_by(member.c.merged_into.is_not(None), member.c.id)
)
_PRESENT_EMAILS = select(member.c.email).where(member.c.email.not_like(f"{REMOVED}%"), member.c.email != UNATTRIBUTED)

_TEXTS = (  # they may name somebody
    (task_detail, ("title", "error_message", "tools", "agents")), (quarantine, ("reason",)), (pass_, ("error",)),
)  # fmt: skip
RowsNaming = Mapping[Table, Sequence[Any]]
"""The keys of the rows whose texts name somebody, by table."""


def person_of(connection: Connection, email: str) -> Person:
    """Return what identifies the member of a stored e-mail in the ledger; just the e-mail if it is unknown there.

    `others` are the e-mails of all other members.
    """
    rows = connection.execute(_MEMBERS, {"current": member_id(connection, email)}).all()
    emails = tuple(row.email for row in rows) or (email,)
    others = frozenset(connection.execute(_PRESENT_EMAILS).scalars()).difference(emails)
    return Person(tuple(row.id for row in rows), emails, others=others)


# --- erased --------------------------------------------------------------------------------------

_TASKS = select(task.c.id).where(task.c.member.in_(_THEIRS))
_CLEAR_DETAILS = update(task_detail).where(task_detail.c.task.in_(_TASKS)).values(NO_DETAILS)
_MOVE_TASKS = update(task).where(task.c.member.in_(_THEIRS)).values(member=bindparam("removed"))
_MOVE_CHARGES = update(charge).where(charge.c.member.in_(_THEIRS)).values(member=bindparam("removed"))
_HAS_EMAIL = member.c.email == bindparam("of_email")
_ID = select(member.c.id).where(_HAS_EMAIL)
_INSERT = insert(member).returning(member.c.id)
_SEPARATE_UNATTRIBUTED = (
    update(member).where(member.c.email == UNATTRIBUTED, member.c.merged_into.in_(_THEIRS)).values(merged_into=None)
)
_HASH = (
    update(member)
    .where(member.c.id == bindparam("of_id"))
    .values(email=bindparam("replacement"), merged_into=bindparam("removed"))
)


def rows_naming(connection: Connection, person: Person) -> RowsNaming:
    """Return the rows whose texts name a person. That reads all of them, which takes seconds in a large ledger."""
    return {table: redactable_keys(connection, table, columns, person.redacted) for table, columns in _TEXTS}


def erase_mentions_in(connection: Connection, person: Person, rows: RowsNaming) -> None:
    """Replace what names a person in the texts of these rows, as they are now."""
    for table, columns in _TEXTS:
        redact_some(connection, table, columns, person.redacted, rows[table])


def erase_member(connection: Connection, person: Person, rows: RowsNaming) -> int:
    """Make a person's tasks and charges the removed member's, without their details; return how many tasks.

    Where other tasks name the person, in these `rows`, that is replaced. Rows of the person's e-mails that are read
    later are the removed member's too, and what names them in others is replaced.
    """
    theirs = {"members": list(person.members)}
    removed = {**theirs, "removed": _id_of(connection, REMOVED)}
    connection.execute(_CLEAR_DETAILS, theirs)
    tasks = connection.execute(_MOVE_TASKS, removed).rowcount
    connection.execute(_MOVE_CHARGES, removed)
    connection.execute(_SEPARATE_UNATTRIBUTED, theirs)
    key = ensure_key(connection)
    for email in person.emails:
        _replace_email(connection, email, hashed(key, email), removed["removed"])
    for each in hashed_identifiers(key, person):
        _remove(connection, _id_of(connection, each), each, removed["removed"])
    erase_mentions_in(connection, person, rows)
    _rename(connection, person.redacted_name)
    return tasks


_SEEN = select(seen.c.kind, seen.c.value)


def _rename(connection: Connection, renamed: Callable[[str], str]) -> None:
    """Give models and statuses the names that `renamed` returns; those that are called the same then are one."""
    for kind, value in connection.execute(_SEEN).all():
        if (name := renamed(value)) != value:
            column = task.c[kind]
            connection.execute(update(task).where(column == value).values({column: name}))
            connection.execute(delete(seen).where(seen.c.kind == kind, seen.c.value == value))
            INSERT_SEEN.execute(connection, [(kind, name)])


def _replace_email(connection: Connection, email: str, replacement: str, removed: object) -> None:
    is_taken = connection.execute(_ID, {"of_email": replacement}).first() is not None  # by one who was erased before
    if is_taken and connection.execute(_ID, {"of_email": email}).first() is None:
        return
    id_ = _id_of(connection, email)
    _remove(connection, id_, f"{replacement}:{id_}" if is_taken else replacement, removed)


def _remove(connection: Connection, id_: int, replacement: str, removed: object) -> None:
    connection.execute(_HASH, {"of_id": id_, "replacement": replacement, "removed": removed})


def _id_of(connection: Connection, email: str) -> int:
    """Return the id of the row of an e-mail, which is added if there is none."""
    id_: int | None = connection.execute(_ID, {"of_email": email}).scalar()
    return int(connection.execute(_INSERT, {"email": email}).scalar_one()) if id_ is None else id_


# --- erased before a restore ---------------------------------------------------------------------

_REMOVED_EMAILS = select(member.c.email).where(member.c.email.like(f"{REMOVED}:%"))


def emails_erased_before(connection: Connection, former: FormerLedger) -> list[str]:
    """Return the e-mails here that were erased in the former ledger; what is read later of others is nobody's here too.

    An older copy that is restored holds whom it held when it was made.
    """
    key = adopt_key(connection, former.connection)
    if key is None:
        return []
    removed = {row["email"] for row in former.rows(_REMOVED_EMAILS)}
    here = {hashed(key, email): email for email in connection.execute(_PRESENT_EMAILS).scalars()}
    for email in removed - here.keys():
        _remove(connection, _id_of(connection, email), email, _id_of(connection, REMOVED))
    return sorted(here[email] for email in removed & here.keys())


def erase_mentions(connection: Connection) -> None:
    """Replace what identified removed members wherever the ledger's texts name them, as far as hashes tell."""
    found = RemovedMentions.of(connection, removed_id(connection))
    if found is not None:
        for table, columns in _TEXTS:
            redact(connection, table, columns, found.redacted)
        _rename(connection, found.redacted_name)


# --- exported ------------------------------------------------------------------------------------

_CHARGES = (
    select(charge.c.booked_at, charge.c.platform_nanos, charge.c.provider_nanos)
    .where(charge.c.member.in_(_THEIRS))
    .order_by(charge.c.booked_at)
)


def exported_member(connection: Connection, person: Person, zone: tzinfo) -> dict[str, list[Document]]:
    """Return a person's tasks, what was charged to them by local day, and what else names them."""
    tasks = task.c.member.in_(person.members)
    theirs = task_detail.c.task.in_(select(task.c.id).where(tasks))
    details = {each.pop("task"): each for each in documents(connection, task_detail, theirs)}
    return {
        "tasks": [{**each, **details.get(each["id"], {})} for each in documents(connection, task, tasks)],
        "charges_by_day": _charges_by_day(connection, person, zone),
        "ledger_mentions": [
            each
            for table, columns in _TEXTS
            for each in mentions(connection, table, columns, person.redacted)
            if each.get("task") not in details  # those are among the tasks
        ]
        + mentions(connection, seen, ("value",), person.redacted_name),
    }


def _charges_by_day(connection: Connection, person: Person, zone: tzinfo) -> list[Document]:
    days: defaultdict[date, list[int]] = defaultdict(lambda: [0, 0])
    for booked_at, platform, provider in connection.execute(_CHARGES, {"members": list(person.members)}):
        day = days[from_us(booked_at).astimezone(zone).date()]
        day[0] += platform
        day[1] += provider
    return [
        {"day": day.isoformat(), "platform_usd": usd_text(platform), "provider_usd": usd_text(provider)}
        for day, (platform, provider) in days.items()
    ]
