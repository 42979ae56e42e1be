"""A person's data: exported from, or erased in, every package that stores any."""

import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime, tzinfo
from typing import TYPE_CHECKING

from sqlalchemy import Connection

from bot.capability import Capability
from bot.database.engine import Database
from bot.database.errors import LedgerError
from bot.database.long_statements import long_statements
from bot.domain.person import Person
from bot.ledger.erasure import (
    RowsNaming,
    emails_erased_before,
    erase_member,
    erase_mentions,
    erase_mentions_in,
    exported_member,
    rows_naming,
)
from bot.ledger.former_ledger import FormerLedger
from bot.ledger.members import NAMELESS, is_removed, shown_email
from bot.outbox.erasure import erase_messages_to, exported_messages
from bot.people.person import erase_links, exported_links, find_person
from bot.settings.errors import SettingsError
from bot.settings.model import Settings

if TYPE_CHECKING:
    from bot.database.personal_rows import Document


def check_person(connection: Connection, person: Person) -> None:
    """Raise LedgerError if it is no person, or nothing is known of one, nor was one erased who was called so."""
    if shown_email(person.emails[0]) in NAMELESS:
        raise LedgerError(f"`{shown_email(person.emails[0])}` is nobody in particular.")
    if not person.members and not person.slack_users and not is_removed(connection, person.emails[0]):
        raise LedgerError(f"nobody here is called {person.emails[0]}. `neo-usage member list` lists everyone.")


def check_settings(settings: Settings, person: Person) -> None:
    """Raise SettingsError if the settings name a person who is to be erased: the bot would store them again."""
    named = {*person.emails, *person.slack_users}
    problems = []
    if named & settings.admins:
        problems.append("ADMINS: it names the person. Remove them there and restart the bot first.")
    if settings.solo_member in named:
        problems.append("SOLO_MEMBER: it is the person. Change it and restart the bot first.")
    if problems:
        raise SettingsError(problems)


def erase_beside_others(
    database: Database,
    read: Callable[[], AbstractContextManager[Connection]],
    capabilities: Sequence[Capability],
    find: Callable[[Connection], Person],
    now: datetime,
) -> int:
    """Erase the person that `find` returns, as `erase_person` does; others can write while all texts are read.

    `read` opens the ledger for reading. What was booked while the texts were read the first time is found by the
    second; what is booked later names nobody who was erased.
    """
    with read() as reader:
        rows = rows_naming(reader, find(reader))
    with database.transaction() as connection, long_statements(connection):
        person = find(connection)
        tasks = erase_person(connection, capabilities, person, now, rows)
    with read() as reader:
        rows = rows_naming(reader, person)
    with database.transaction() as connection:
        erase_mentions_in(connection, person, rows)
    return tasks


def erase_person(
    connection: Connection,
    capabilities: Sequence[Capability],
    person: Person,
    now: datetime,
    rows: RowsNaming | None = None,
) -> int:
    """Erase a person everywhere but in the team's totals; return how many tasks are the removed member's now.

    `rows` are those of other tasks that name the person; without them they are looked for. It may be repeated. What
    stands in the file until it is overwritten is `Database.overwrite_deleted`'s.
    """
    for capability in capabilities:
        if capability.upkeep.erase_person is not None:
            capability.upkeep.erase_person(connection, person, now)
    erase_messages_to(connection, person, now)
    erase_links(connection, person)
    return erase_member(connection, person, rows_naming(connection, person) if rows is None else rows)


def erase_again(
    connection: Connection, capabilities: Sequence[Capability], former: FormerLedger, now: datetime
) -> None:
    """Erase, after an older copy was restored, whoever had been erased in the ledger that it replaced."""
    for email in emails_erased_before(connection, former):
        erase_person(connection, capabilities, find_person(connection, email, ()), now)
    erase_mentions(connection)


def exported_person(
    connection: Connection, capabilities: Sequence[Capability], person: Person, zone: tzinfo
) -> dict[str, object]:
    """Return everything that is stored of a person, by what it is; days are those of a time zone.

    Other people's addresses and Slack ids are left out, except in what Neo says of the person's tasks.
    """
    stored: dict[str, Sequence[Document]] = {
        **exported_member(connection, person, zone),
        **exported_links(connection, person),
        **exported_messages(connection, person),
    }
    for capability in capabilities:
        if capability.upkeep.export_person is not None:
            stored |= capability.upkeep.export_person(connection, person)
    identity = {"slack_users": sorted(person.slack_users), "names": sorted(person.names)}
    return {"emails": list(person.emails), **identity, **_without_others(stored, person)}


_SOMEBODY = re.compile(r"""[^\s<>"',;:|()]+@[^\s<>"',;:|()]+|(?<!\w)[UW](?=[A-Z]*\d)[A-Z0-9]{6,}(?!\w)""")
_ANOTHER = "another person"


def _without_others(stored: "Mapping[str, Sequence[Document]]", person: Person) -> dict[str, "Sequence[Document]"]:
    def own(found: re.Match[str]) -> str:
        return found[0] if person.redacted(found[0]) != found[0] else _ANOTHER

    def cell(value: object) -> object:
        return _SOMEBODY.sub(own, value) if isinstance(value, str) else value

    return {
        name: rows if name == "tasks" else [{column: cell(value) for column, value in row.items()} for row in rows]
        for name, rows in stored.items()
    }
