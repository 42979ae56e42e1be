"""A person by everything that identifies them in the database: what is exported or erased of them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Final
from unicodedata import normalize

AFTER_ADDRESS: Final = r"(?![^\W_]|-|\.\w)"
"""The pattern of where an address may end: a domain has no `_`, so what begins with one isn't part of it."""

REMOVED_NAME = "removed member"
"""What an erased person is called, and what stands in place of their name, address or Slack id in a text."""

_FORMS: Final = ("NFC", "NFD")


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
        spaced, nor whether the `@` is spelt `%40`, as in URLs. A part of another word or address is left as it is.
        """
        if not self._is_perhaps_in(text.casefold()):
            return text
        return self._identifiers.sub(REMOVED_NAME, text)

    def _is_perhaps_in(self, folded: str) -> bool:
        # the pattern is tried at each letter, which takes a hundred times as long
        return any(each in folded for each in self._longest_words)

    @cached_property
    def _longest_words(self) -> frozenset[str]:
        """The longest word of each identifier, in each form of Unicode."""
        encoded = (each.replace("@", "%40") for each in self.emails)
        identifiers = (*self.emails, *encoded, *self.slack_users, *self.names)
        words = (max(each.split(), key=len) for each in identifiers if each.strip())
        return frozenset(normalize(form, each).casefold() for each in words for form in _FORMS)

    @cached_property
    def _identifiers(self) -> re.Pattern[str]:
        addresses = (each.replace("@", "(?:@|%40)") for email in self.emails for each in _spellings(email))
        emails = (rf"(?<![\w.+-])(?<!\w'){each}{AFTER_ADDRESS}" for each in addresses)
        users = (rf"<@{each}(?:\|[^>]*)?>|(?<!\w){each}(?!\w)" for each in self.slack_users)
        names = (rf"(?<!\w){each}(?!\w)" for name in self.names for each in _spellings(name))
        return re.compile("|".join(sorted((*emails, *users, *names), key=len, reverse=True)) or r"(?!)", re.IGNORECASE)


def _spellings(text: str) -> Iterator[str]:
    """Yield the patterns of a text as any program may have spelt it; none of one without a letter."""
    if words := text.split():
        for form in _FORMS:
            yield r"\s+".join(re.escape(normalize(form, word)) for word in words)
