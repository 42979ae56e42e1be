"""Mentions of removed members in texts that are read later: found by keyed hashes, and replaced.

An address is looked up wherever an `@` stands, however it is spelt, from and to each border of words around it, since
anything may touch it. Slack ids and whole names are kept with the hash of their first word, so that a text costs one
look-up a word.
"""

import re
from collections.abc import Callable, Collection, Container, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache, partial
from itertools import islice
from typing import NamedTuple
from unicodedata import normalize

from sqlalchemy import Connection, bindparam, select

from bot.database.bulk import Row
from bot.domain.person import ADDRESS_END, ADDRESS_START, AT_SIGNS, REMOVED_NAME, Person
from bot.domain.tasks import normalized_email
from bot.ledger.members import ids_by_email
from bot.ledger.removed_members import erasure_key, hashed
from bot.ledger.tables import member

Span = tuple[int, int, str]
"""Where something starts and ends in a text, and what stands in its place."""

_HASHES = select(member.c.email).where(member.c.merged_into == bindparam("removed"))

_WORD = re.compile(r"\w+")
_START = re.compile(rf"{ADDRESS_START}(?=\w)", re.IGNORECASE)
_END = re.compile(rf"(?<=\w){ADDRESS_END}")
_WHOLE = re.compile(r"[\s\d]")
_AT = re.compile("|".join(map(re.escape, AT_SIGNS)), re.IGNORECASE)
_LOCAL, _DOMAIN = 64, 255  # the longest parts of an address, in characters
_STARTS, _ENDS = 32, 16  # that are tried on either side of an @, the nearest ones
_LONGEST = 100  # characters of a name
_SLACK_MENTION = re.compile(rf"<@{REMOVED_NAME}(?:\|[^>]*)?>")
_WORDS = 2**15  # that are remembered


def hashed_identifiers(key: str, person: Person) -> list[str]:
    """Return the hashes by which a person's Slack ids and names are found in texts; their e-mails have their own."""
    folded = filter(None, map(_folded, (*person.slack_users, *person.names)))
    return sorted({each for name in folded for each in (_hashed_name(key, name), _hashed_word(key, _first(name)))})


class _PossibleAddress(NamedTuple):
    """What may be an address: where it stands in a text, and the e-mails that it may be stored as."""

    start: int
    end: int
    spellings: frozenset[str]

    def contains(self, other: "_PossibleAddress") -> bool:
        return self.start <= other.start and other.end <= self.end and self != other


@dataclass(frozen=True, slots=True)
class RemovedMentions:
    """The hashes of what identified the removed members, and their key.

    `present` returns which of some e-mails are those of members who were not removed. `other_words` are words seen so
    far with which no name of theirs begins: most words of a text were in another.
    """

    key: str
    hashes: frozenset[str]
    present: Callable[[Collection[str]], Container[str]] = field(compare=False)
    other_words: set[str] = field(default_factory=set, compare=False)

    @classmethod
    def of(cls, connection: Connection, removed: int | None) -> "RemovedMentions | None":
        """Return those of the removed member with that id; None if nobody was ever erased."""
        key = None if removed is None else erasure_key(connection)
        if key is None:
            return None
        hashes = frozenset(connection.execute(_HASHES, {"removed": removed}).scalars())
        return cls(key, hashes, partial(ids_by_email, connection), _other_words(key, hashes))

    def redacted_row(self, row: Row) -> Row:
        """Return a row with its texts redacted."""
        return tuple(self.redacted(each) if isinstance(each, str) else each for each in row)

    def redacted(self, text: str) -> str:
        """Return the text with REMOVED_NAME in place of what identified a removed member.

        An address within that of somebody who is a member is left as it is.
        """
        return self._redacted(text, self._names)

    def redacted_name(self, name: str) -> str:
        """Return a model's or status's name as `redacted` does, but with names of one word, as `Person` has it."""
        return self._redacted(name, self._whole_names)

    def _redacted(self, text: str, names: Callable[[str], Iterable[Span]]) -> str:
        normal = normalize("NFC", text)
        spans = sorted({*self._addresses(normal), *names(normal)}, key=lambda span: (span[0], -span[1]))
        return _SLACK_MENTION.sub(REMOVED_NAME, _replaced(normal, spans)) if spans else text

    def _addresses(self, text: str) -> Iterator[Span]:
        for at in _AT.finditer(text):
            around = list(_possible_addresses(text, at))
            removed = [each for each in around if self._is_removed(each)]
            longer = [each for each in around if any(each.contains(other) for other in removed)]
            yield from ((each.start, each.end, REMOVED_NAME) for each in removed)
            yield from ((each.start, each.end, text[each.start : each.end]) for each in self._of_others(longer))

    def _is_removed(self, address: _PossibleAddress) -> bool:
        return any(hashed(self.key, each) in self.hashes for each in address.spellings)

    def _of_others(self, addresses: Sequence[_PossibleAddress]) -> Iterator[_PossibleAddress]:
        present = self.present([spelling for each in addresses for spelling in each.spellings])
        return (each for each in addresses if any(spelling in present for spelling in each.spellings))

    def _names(self, text: str) -> Iterator[Span]:
        first_words = self._first_words(text)
        for word in _WORD.finditer(text) if first_words else ():
            if word[0] in first_words:
                start = word.start()
                ends = (each.end() for each in _WORD.finditer(text, start, start + _LONGEST))
                yield from ((start, end, REMOVED_NAME) for end in ends if self._is_name(text[start:end]))

    def _whole_names(self, text: str) -> Iterator[Span]:
        """Yield where names of several words and Slack ids, which have a digit, stand in a text."""
        return (span for span in self._names(text) if _WHOLE.search(text[span[0] : span[1]]))

    def _first_words(self, text: str) -> set[str]:
        """Return the words of a text with which a name may begin."""
        new = set(_WORD.findall(text)) - self.other_words
        found = {each for each in new if _hashed_word(self.key, _folded_word(each)) in self.hashes}
        if len(self.other_words) > _WORDS:
            self.other_words.clear()
        self.other_words.update(new - found)
        return found

    def _is_name(self, text: str) -> bool:
        return _hashed_name(self.key, _folded(text)) in self.hashes


@lru_cache(1)
def _other_words(_key: str, _hashes: frozenset[str]) -> set[str]:
    """Return the same set until somebody else is erased."""
    return set()


def _possible_addresses(text: str, at: re.Match[str]) -> Iterator[_PossibleAddress]:
    """Yield what may be an address with that `@`."""
    ends = [at.end() + each for each in _ends(text[at.end() : at.end() + 1 + _DOMAIN])]
    for start in _starts(text, at.start()):
        local = text[start : at.start()]
        for end in ends:
            yield _PossibleAddress(start, end, _spellings(f"{local}@{text[at.end() : end]}"))


def _spellings(address: str) -> frozenset[str]:
    """Return the e-mails that an address may be stored as."""
    if address.isascii():
        return frozenset([normalized_email(address)])
    forms = (normalize(form, each) for form in ("NFC", "NFD") for each in (address, address.lower()))
    return frozenset(map(normalized_email, forms))


def _starts(text: str, at: int) -> list[int]:
    """Return where an address with an `@` there may begin, the nearest last."""
    begin = max(at - _LOCAL, 0)
    begin = at - len(re.split(r"[\s@]", text[begin:at])[-1])
    return [each.start() for each in _START.finditer(text, begin, at) if each.start() < at][-_STARTS:]


def _ends(after: str) -> list[int]:
    """Return where an address may end in what follows its `@`, the nearest first."""
    longest = len(re.split(r"[\s@]", after, maxsplit=1)[0])
    return list(islice((each.start() for each in _END.finditer(after) if 0 < each.start() <= longest), _ENDS))


def _replaced(text: str, spans: Iterable[Span]) -> str:
    """Return the text with spans replaced, of which the first and longest count."""
    parts, done = [], 0
    for start, end, replacement in spans:
        if start >= done:
            parts += [text[done:start], replacement]
            done = end
    return "".join([*parts, text[done:]])


def _folded(name: str) -> str:
    """Return a name as it is compared: whatever its case and spaces, without what surrounds its words; "" for none."""
    words = " ".join(normalize("NFC", name.casefold()).split())
    runs = list(_WORD.finditer(words))
    return words[runs[0].start() : runs[-1].end()] if runs else ""


def _first(folded: str) -> str:
    return folded[: next(_WORD.finditer(folded)).end()]


def _hashed_name(key: str, folded: str) -> str:
    return hashed(key, f"\nname\n{folded}")  # no e-mail has a line end


def _hashed_word(key: str, folded: str) -> str:
    return hashed(key, f"\nword\n{folded}")


def _folded_word(word: str) -> str:
    return word.lower() if word.isascii() else _folded(word)
