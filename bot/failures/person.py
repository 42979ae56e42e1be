"""A person's failures: exported, or erased. The failed tasks themselves are the ledger's."""

from sqlalchemy import ColumnElement, Connection, and_, delete, or_, select

from bot.database.personal_rows import Document, documents, mentions, redact
from bot.domain.person import Person
from bot.failures.keys import TargetType
from bot.failures.kind_store import rename_kinds
from bot.failures.tables import failure_group, failure_listener, failure_silence

_TEXTS = ("reason",)


def erase_failures(connection: Connection, person: Person) -> None:
    """Delete that a person is notified of failures and the silences of theirs, and their name everywhere else.

    Theirs are also those of a model whose name names them: it could have one name with another one's afterwards.
    """
    connection.execute(delete(failure_listener).where(failure_listener.c.member.in_(person.members)))
    connection.execute(delete(failure_silence).where(_is_about(person)))
    _delete_silences_naming(connection, person)
    rename_kinds(connection, person.redacted_name)
    redact(connection, failure_silence, ("set_by", *_TEXTS), person.redacted)
    redact(connection, failure_group, ("acknowledged_by",), person.redacted)


_OF_MODELS = failure_silence.c.what == TargetType.MODEL


def _delete_silences_naming(connection: Connection, person: Person) -> None:
    models = connection.execute(select(failure_silence.c.value).where(_OF_MODELS)).scalars().all()
    naming = [each for each in models if person.redacted_name(each) != each]
    connection.execute(delete(failure_silence).where(_OF_MODELS, failure_silence.c.value.in_(naming)))


def exported_failures(connection: Connection, person: Person) -> dict[str, list[Document]]:
    """Return whether a person is notified of failures, and the silences and acknowledgements of, by or naming them."""
    silences = or_(_is_about(person), failure_silence.c.set_by.in_(person.slack_users))
    return {
        "failure_listener": documents(connection, failure_listener, failure_listener.c.member.in_(person.members)),
        "failure_silence": documents(connection, failure_silence, silences),
        "failure_group": documents(connection, failure_group, failure_group.c.acknowledged_by.in_(person.slack_users)),
        "failure_mentions": mentions(connection, failure_silence, _TEXTS, person.redacted),
    }


def _is_about(person: Person) -> ColumnElement[bool]:
    values = [str(each) for each in person.members]
    return and_(failure_silence.c.what == TargetType.MEMBER, failure_silence.c.value.in_(values))
