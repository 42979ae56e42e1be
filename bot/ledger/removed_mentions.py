"""Mentions of removed members in texts that are read later: found by keyed hashes, and replaced.

An address is looked up wherever an `@` stands, or `%40` as in URLs. Slack ids and whole names are kept with the hash of
their first word, so that a text costs one look-up a word.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import islice
from unicodedata import normalize

from sqlalchemy import Connection, bindparam, select

from bot.database.bulk import Row
from bot.domain.person import AFTER_ADDRESS, REMOVED_NAME, Person
from bot.domain.tasks import normalized_email
from bot.ledger.removed_members import erasure_key, hashed
from bot.ledger.tables import member

_HASHES = select(member.c.email).where(member.c.merged_into == bindparam("removed"))

_WORD = re.compile(r"\w+")
_START = re.compile(r"(?<![\w.+-])(?<!\w')")  # where an address may begin and end, as `Person` has it
_END = re.compile(AFTER_ADDRESS)
_AT = re.compile("@|%40")
_LOCAL, _DOMAIN = 64, 255  # the longest parts of an address, in characters
_BORDERS = 8  # that are tried on either side of an @, the nearest ones
_LONGEST = 100  # characters of a name
_SLACK_MENTION = re.compile(rf"<@{REMOVED_NAME}(?:\|[^>]*)?>")
_WORDS = 2**15  # that are remembered


def hashed_identifiers(key: str, person: Person) -> list[str]:
    """Return the hashes by which a person's Slack ids and names are found in texts; their e-mails have their own."""
    folded = filter(None, map(_folded, (*person.slack_users, *person.names)))
    return sorted({each for name in folded for each in (_hashed_name(key, name), _hashed_word(key, _first(name)))})


@dataclass(frozen=True, slots=True)
class RemovedMentions:
    """The hashes of what identified the removed members, and their key.

    `other_words` are words seen so far with which no name of theirs begins: most words of a text were in another.
    """

    key: str
    hashes: frozenset[str]
    other_words: set[str] = field(default_factory=set, compare=False)

    @classmethod
    def of(cls, connection: Connection, removed: int | None) -> "RemovedMentions | None":
        """Return those of the removed member with that id; None if nobody was ever erased."""
        key = None if removed is None else erasure_key(connection)
        if key is None:
            return None
        return _known(key, frozenset(connection.execute(_HASHES, {"removed": removed}).scalars()))

    def redacted_row(self, row: Row) -> Row:
        """Return a row with its texts redacted."""
        return tuple(self.redacted(each) if isinstance(each, str) else each for each in row)

    def redacted(self, text: str) -> str:
        """Return the text with REMOVED_NAME in place of what identified a removed member."""
        normal = normalize("NFC", text)
        spans = sorted({*self._addresses(normal), *self._names(normal)}, key=lambda span: (span[0], -span[1]))
        return _SLACK_MENTION.sub(REMOVED_NAME, _replaced(normal, spans)) if spans else text

    def _addresses(self, text: str) -> Iterator[tuple[int, int]]:
        for at in _AT.finditer(text):
            ends = [at.end() + each for each in _ends(text[at.end() : at.end() + 1 + _DOMAIN])]
            for start in _starts(text, at.start()):
                local = text[start : at.start()]
                yield from ((start, end) for end in ends if self._is_address(f"{local}@{text[at.end() : end]}"))

    def _is_address(self, text: str) -> bool:
        forms = {text, text.lower(), normalize("NFD", text), normalize("NFD", text.lower())}
        return any(hashed(self.key, normalized_email(each)) in self.hashes for each in forms)

    def _names(self, text: str) -> Iterator[tuple[int, int]]:
        first_words = self._first_words(text)
        for word in _WORD.finditer(text) if first_words else ():
            if word[0] in first_words:
                start = word.start()
                ends = (each.end() for each in _WORD.finditer(text, start, start + _LONGEST))
                yield from ((start, end) for end in ends if self._is_name(text[start:end]))

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
def _known(key: str, hashes: frozenset[str]) -> RemovedMentions:
    """Return the same object, with the words that it has seen, until somebody else is erased."""
    return RemovedMentions(key, hashes)


def _starts(text: str, at: int) -> list[int]:
    """Return where an address with an `@` there may begin, the nearest last."""
    begin = max(at - _LOCAL, 0)
    begin = at - len(re.split(r"[\s@]", text[begin:at])[-1])
    return [each.start() for each in _START.finditer(text, begin, at) if each.start() < at][-_BORDERS:]


def _ends(after: str) -> list[int]:
    """Return where an address may end in what follows its `@`, the nearest first."""
    longest = len(re.split(r"[\s@]", after, maxsplit=1)[0])
    return list(islice((each.start() for each in _END.finditer(after) if 0 < each.start() <= longest), _BORDERS))


def _replaced(text: str, spans: Iterable[tuple[int, int]]) -> str:
    """Return the text with REMOVED_NAME in place of spans, of which the first and longest count."""
    parts, done = [], 0
    for start, end in spans:
        if start >= done:
            parts += [text[done:start], REMOVED_NAME]
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
