"""Fingerprints: two failures are the same if their errors differ only in ids, numbers, hosts and times."""

import hashlib

_WORDS = 40  # of an error that make its kind; not characters, since a longer id would move the end
_READ = 4_000  # characters that are searched for them
_DIVIDING = b"{}[]()<>\"'`,;=|*"  # bytes that divide words, besides blanks


def fingerprint(status: str, model: str, error: str | None) -> int:
    """Return 64 bits that are the same for failures of one kind: of one status, model, and words of the error."""
    kind = b"\0".join((status.encode(), model.encode(), normalized(error)))
    return int.from_bytes(hashlib.blake2b(kind, digest_size=8).digest(), signed=True)


def normalized(error: str | None) -> bytes:
    """Return an error's words without what differs from time to time: ids, numbers, hosts, paths and times."""
    text = (error or "")[:_READ].encode("utf-8", "replace").translate(_FOLDING)
    words = b" ".join(map(_NORMALIZED.__getitem__, text.split(None, _WORDS)[:_WORDS]))
    while b"# #" in words:
        words = words.replace(b"# #", _PLACEHOLDER)
    return words


def _folding() -> bytes:
    """Return a translation table: letters to lower case, all digits to 0, and what divides words to a blank."""
    table = bytearray(range(256))
    for letter in b"ABCDEFGHIJKLMNOPQRSTUVWXYZ":
        table[letter] = ord(chr(letter).lower())
    for digit in b"0123456789":
        table[digit] = ord("0")
    for other in (*range(ord(" ")), *_DIVIDING):
        table[other] = ord(" ")
    return bytes(table)


_FOLDING = _folding()  # of bytes, which is ten times as fast as of text


class _NormalizedWords(dict[bytes, bytes]):
    """Each word's normalized form, cached: the words of errors are few, and come again and again."""

    def __missing__(self, word: bytes) -> bytes:
        if len(self) >= _MOST_WORDS:
            self.clear()
        normal = self[word] = _normalized_word(word)
        return normal


_MOST_WORDS = 16_384
_NORMALIZED = _NormalizedWords()

_PLACEHOLDER = b"#"  # for ids, numbers, hosts, paths and times
_PUNCTUATION = b".:!?"
_LONGEST_HEX = 7  # a longer word of hexadecimal letters is an id: `deadbeef`
_HEX = frozenset(b"abcdef")


def _normalized_word(word: bytes) -> bytes:
    if word.isalpha():
        return _PLACEHOLDER if len(word) > _LONGEST_HEX and _HEX.issuperset(word) else word
    if b"0" in word:
        return _PLACEHOLDER
    bare = word.rstrip(_PUNCTUATION)
    return _PLACEHOLDER if _is_location(bare) else bare


def _is_location(word: bytes) -> bool:
    """Return whether a word is an address, a path, or a host; `i/o`, `and/or` and `net::error` are not."""
    if b"@" in word or b"\\" in word or b"://" in word or word.startswith((b"/", b"~", b".")):
        return True
    labels = word.partition(b":")[0].split(b".")
    return word.count(b"/") > 1 or (len(labels) > 1 and all(labels) and len(labels[-1]) > 1)
