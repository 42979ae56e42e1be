"""A person by everything that identifies them in the database: what is exported or erased of them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from unicodedata import normalize

REMOVED_NAME = "removed member"
"""What an erased person is called, and what stands in place of their name, address or Slack id in a text."""


@dataclass(frozen=True)
class Person:
    """A person: their keys as members, their e-mails, and their Slack ids and names.

    The first e-mail is the current one, the others were merged into it; so it is with the keys.
    """

    members: tuple[int, ...]
    emails: tuple[str, ...]
    slack_users: frozenset[str] = frozenset()
    names: frozenset[str] = frozenset()

    def redacted(self, text: str) -> str:
        """Return the text with REMOVED_NAME in place of each address, Slack id and whole name of the person.

        Case, and which of its forms Unicode has for a letter, do not matter; nor does how the words of a name are
        spaced. A part of another word or address is left as it is.
        """
        return self._identifiers.sub(REMOVED_NAME, text)

    @cached_property
    def _identifiers(self) -> re.Pattern[str]:
        emails = (rf"(?<![\w.+-])(?<!\w'){each}(?![\w-]|\.\w)" for email in self.emails for each in _spellings(email))
        users = (rf"<@{each}(?:\|[^>]*)?>|(?<!\w){each}(?!\w)" for each in self.slack_users)
        names = (rf"(?<!\w){each}(?!\w)" for name in self.names for each in _spellings(name))
        return re.compile("|".join(sorted((*emails, *users, *names), key=len, reverse=True)) or r"(?!)", re.IGNORECASE)


def _spellings(text: str) -> Iterator[str]:
    """Yield the patterns of a text as any program may have spelt it; none of one without a letter."""
    if words := text.split():
        for form in ("NFC", "NFD"):
            yield r"\s+".join(re.escape(normalize(form, word)) for word in words)
