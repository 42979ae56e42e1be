"""A person by everything that identifies them in the database: what is exported or erased of them."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final
from unicodedata import normalize

_ESCAPES: Final = r"(?<=%[\da-f][\da-f])|(?<=\\[nrt])|(?<=\\u[\da-f][\da-f][\da-f][\da-f])"
ADDRESS_END: Final = r"(?!(?<=[^\W\d_])[^\W\d_]|(?<=\d)\d)"
"""The pattern of where an address may end: not between two letters or two digits, which are one word or number."""
ADDRESS_START: Final = rf"(?:{ADDRESS_END}|{_ESCAPES})"
"""The pattern of where an address may begin: as where it may end, or after an escaped character of a URL or JSON."""

AT_SIGNS: Final = ("@", "%40", "%2540", r"\u0040", r"\\u0040", "&#64;", "\uff20")
"""How an `@` may be spelt: also as URLs, JSON (within JSON, too), HTML and keyboards of full width have it."""

REMOVED_NAME = "removed member"
"""What an erased person is called, and what stands in place of their name, address or Slack id in a text."""

_AT: Final = f"(?:{'|'.join(map(re.escape, AT_SIGNS))})"
_FORMS: Final = ("NFC", "NFD")


@dataclass(frozen=True)
class Person:
    """A person: their keys as members, their e-mails, and their Slack ids and names.

    The first e-mail is the current one, the others were merged into it; so it is with the keys. `others` are e-mails of
    other people, which may contain one of this person's.
    """

    members: tuple[int, ...]
    emails: tuple[str, ...]
    slack_users: frozenset[str] = frozenset()
    names: frozenset[str] = frozenset()
    others: frozenset[str] = frozenset()

    def redacted(self, text: str) -> str:
        """Return the text with REMOVED_NAME in place of each address, Slack id and whole name of the person.

        Case, and which of its forms Unicode has for a letter, do not matter; nor does how the words of a name are
        spaced, nor which of AT_SIGNS the `@` is. An address is found whatever touches it, such as `report_` or `.log`;
        as part of another word, or of another person's address, it is left as it is.
        """
        if not self._is_perhaps_in(text.casefold()):
            return text
        return self._identifiers.sub(lambda found: found["other"] or REMOVED_NAME, text)

    def redacted_name(self, name: str) -> str:
        """Return a model's or status's name with REMOVED_NAME in place of each address, Slack id and whole name.

        A name of one word is left as it is: it may be a word of that one, as in `claude-opus`.
        """
        return self._with_whole_names.redacted(name)

    @cached_property
    def _with_whole_names(self) -> "Person":
        return replace(self, names=frozenset(each for each in self.names if len(each.split()) > 1))

    def _is_perhaps_in(self, folded: str) -> bool:
        # the pattern is tried at each letter, which takes a hundred times as long
        return any(each in folded for each in self._longest_words)

    @cached_property
    def _longest_words(self) -> frozenset[str]:
        """The longest word of each identifier, in each form of Unicode."""
        emails = (each.replace("@", sign) for each in self.emails for sign in AT_SIGNS)
        identifiers = (*emails, *self.slack_users, *self.names)
        words = (max(each.split(), key=len) for each in identifiers if each.strip())
        return frozenset(normalize(form, each).casefold() for each in words for form in _FORMS)

    @cached_property
    def _identifiers(self) -> re.Pattern[str]:
        emails = _addresses(self.emails)
        users = (rf"<@{each}(?:\|[^>]*)?>|(?<!\w){each}(?!\w)" for each in self.slack_users)
        names = (rf"(?<!\w){each}(?!\w)" for name in self.names for each in _spellings(name))
        own = sorted((*emails, *users, *names), key=len, reverse=True)
        others = "|".join(sorted(_addresses(self._longer_emails), key=len, reverse=True))
        return re.compile("|".join((rf"(?P<other>{others or '(?!)'})", *own)), re.IGNORECASE)

    @property
    def _longer_emails(self) -> Iterator[str]:
        """The e-mails of others that contain one of this person's."""
        own = [_folded(each) for each in self.emails if each]
        return (other for other in self.others if any(each in _folded(other) for each in own))


def _addresses(emails: Iterable[str]) -> Iterator[str]:
    """Yield the patterns of e-mails in texts."""
    for email in emails:
        for each in _spellings(email):
            yield f"{ADDRESS_START}{each.replace('@', _AT)}{ADDRESS_END}"


def _folded(text: str) -> str:
    return normalize("NFC", text.casefold())


def _spellings(text: str) -> Iterator[str]:
    """Yield the patterns of a text as any program may have spelt it; none of one without a letter."""
    if words := text.split():
        for form in _FORMS:
            yield r"\s+".join(re.escape(normalize(form, word)) for word in words)
