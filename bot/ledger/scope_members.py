"""The members of a scope, by the e-mails that a question names."""

from collections.abc import Sequence
from functools import cached_property

from bot.database.reader import Reader
from bot.database.sql import compose
from bot.domain.tasks import member_key
from bot.domain.text import ascii_lower
from bot.ledger.members import UNATTRIBUTED_NAME, shown_email
from bot.ledger.scope import Scope


class ScopeMembers:
    """Members of a scope by e-mail, as they are after merges; read when the first one is asked for."""

    def __init__(self, reader: Reader, scope: Scope) -> None:
        self._reader = reader
        self._scope = scope

    @cached_property
    def _by_email(self) -> dict[str, int]:
        sql = compose("SELECT email, coalesce(merged_into, id) FROM {members}", members=self._scope.members)
        return {shown_email(email): key for email, key in self._reader.rows(sql)}

    def ids_of(self, emails: Sequence[str]) -> list[int]:
        """Return the keys of the members with these e-mails."""
        return sorted({self._by_email[key] for key in map(member_key, emails) if key in self._by_email})

    def ids_containing(self, part: str) -> list[int]:
        """Return the keys of the members in whose e-mails a text occurs, in any case."""
        found = (
            key for email, key in self._by_email.items() if ascii_lower(part) in email and email != UNATTRIBUTED_NAME
        )
        return sorted(set(found))
