"""A person in Slack: found by the member's e-mails, exported, and erased from links and acts."""

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import replace

from sqlalchemy import ColumnElement, Connection, delete, or_, select

from bot.database.personal_rows import Document, documents, redact
from bot.domain.person import Person
from bot.ledger.erasure import person_of
from bot.ledger.members import stored_email
from bot.people.roles import SlackUser
from bot.people.tables import outgoing_act, slack_link, slack_link_change

_ACTORS = ("changed_by", "slack_user", "email_before", "email_after")


def find_person(
    connection: Connection,
    email: str,
    users: Collection[SlackUser],
    named: Iterable[str] = (),
    called: Iterable[str] = (),
) -> Person:
    """Return what identifies the person of an e-mail. Of their names in Slack, those that nobody else has there.

    A name of one word counts only if an operator gives it: it may be a word of any text.

    Args:
        connection: the database.
        email: an e-mail of theirs.
        users: everybody in Slack, as far as is known.
        named: Slack ids that an operator says are theirs, too.
        called: names that an operator says are theirs, too.
    """
    person = person_of(connection, stored_email(email))
    links = {row.email: row.slack_user for row in connection.execute(select(slack_link))}
    linked = {links[each] for each in person.emails if each in links}
    own = {user.id for user in users if user.email in person.emails and user.email not in links}
    ids = (own - set(links.values())) | linked | set(named)
    times = Counter(user.name.casefold() for user in users)
    own_names = {user.name for user in users if user.id in ids and times[user.name.casefold()] == 1}
    names = {each for each in own_names if len(each.split()) > 1} | set(called)
    others = {user.email for user in users if user.id not in ids} | {each for each in links if links[each] not in ids}
    others_emails = person.others.union(filter(None, others)).difference(person.emails)
    return replace(person, slack_users=frozenset(ids), names=frozenset(names), others=others_emails)


def erase_links(connection: Connection, person: Person) -> None:
    """Delete a person's link and acts; the history of links no longer says who they were."""
    connection.execute(delete(slack_link).where(_is_link_of(person)))
    connection.execute(delete(outgoing_act).where(outgoing_act.c.slack_user.in_(person.slack_users)))
    redact(connection, slack_link_change, _ACTORS, person.redacted)


def exported_links(connection: Connection, person: Person) -> dict[str, list[Document]]:
    """Return a person's link, the changes of links that they made or that were made of theirs, and their acts."""
    changes = (
        slack_link_change.c.changed_by.in_(person.slack_users), slack_link_change.c.slack_user.in_(person.slack_users),
        slack_link_change.c.email_before.in_(person.emails), slack_link_change.c.email_after.in_(person.emails),
    )  # fmt: skip
    acts = outgoing_act.c.slack_user.in_(person.slack_users)
    return {
        "links": documents(connection, slack_link, _is_link_of(person)),
        "link_changes": documents(connection, slack_link_change, or_(*changes)),
        "acts": documents(connection, outgoing_act, acts),
    }


def _is_link_of(person: Person) -> ColumnElement[bool]:
    return or_(slack_link.c.slack_user.in_(person.slack_users), slack_link.c.email.in_(person.emails))
