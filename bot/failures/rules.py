"""What makes two failures the same, when a group of them is over, and what Neo's own limits are called."""

import hashlib
from datetime import datetime, timedelta
from enum import StrEnum

QUIET = timedelta(hours=24)  # without a failure, after which a group is closed
LATE = timedelta(hours=72)  # after which what was not told of a group is only summed up
MANY = 3  # new groups in one tick, beyond which one message tells of all
WORDS = 40  # of an error that tell its kind; whole ones, so that a longer id does not move the end
READ = 4_000  # characters in which they are looked for


class Cap(StrEnum):
    """Neo's own word for a limit that stopped a task, as it stands in the error."""

    MEMBER = "user_spending_cap_reached"
    PROJECT = "project_spending_cap_reached"
    CREDITS = "insufficient_neo_credits"


def cap_of(error: str | None) -> Cap | None:
    """The limit of Neo's that an error names, if any."""
    return next((cap for cap in Cap if error and cap.value in error), None)


# --- fingerprints --------------------------------------------------------------------------------

_DIVIDING = b"{}[]()<>\"'`,;=|*"  # besides blanks


def _folding() -> bytes:
    """What each byte becomes: letters small, all digits one, whatever divides words a blank."""
    table = bytearray(range(256))
    for letter in b"ABCDEFGHIJKLMNOPQRSTUVWXYZ":
        table[letter] = ord(chr(letter).lower())
    for digit in b"0123456789":
        table[digit] = ord("0")
    for other in (*range(ord(" ")), *_DIVIDING):
        table[other] = ord(" ")
    return bytes(table)


_FOLDING = _folding()  # of bytes, which are folded and divided ten times as fast as text
_OUT = b"#"  # what stands for whatever differs from time to time
_ENDS = b".:!?"
_LONGEST_HEX = 7  # a word of hexadecimal letters that is longer is an id: `deadbeef`
_HEX = frozenset(b"abcdef")


def normal(error: str | None) -> bytes:
    """An error's words without what differs from time to time: ids, numbers, hosts, paths and times."""
    folded = (error or "")[:READ].encode("utf-8", "replace").translate(_FOLDING)
    words = b" ".join(map(_KEPT.__getitem__, folded.split(None, WORDS)[:WORDS]))
    while b"# #" in words:  # however many there were
        words = words.replace(b"# #", _OUT)
    return words


class _Kept(dict[bytes, bytes]):
    """What is kept of each word, remembered: the words of errors are few, and come again and again."""

    def __missing__(self, word: bytes) -> bytes:
        if len(self) >= _MOST_WORDS:
            self.clear()
        kept = self[word] = _looked_at(word)
        return kept


_MOST_WORDS = 16_384
_KEPT = _Kept()


def _looked_at(word: bytes) -> bytes:
    if word.isalpha():
        return _OUT if len(word) > _LONGEST_HEX and _HEX.issuperset(word) else word
    if b"0" in word:
        return _OUT
    bare = word.rstrip(_ENDS)
    return _OUT if _is_place(bare) else bare


def _is_place(word: bytes) -> bool:
    """Whether a word is an address, a path, or a host; `i/o`, `and/or` and `net::error` are not."""
    if b"@" in word or b"\\" in word or b"://" in word or word.startswith((b"/", b"~", b".")):
        return True
    labels = word.partition(b":")[0].split(b".")
    return word.count(b"/") > 1 or (len(labels) > 1 and all(labels) and len(labels[-1]) > 1)


def fingerprint(status: str, model: str, error: str | None) -> int:
    """64 bits that are the same for failures of one kind: status, model, and the error's words."""
    kind = b"\0".join((status.encode(), model.encode(), normal(error)))
    return int.from_bytes(hashlib.blake2b(kind, digest_size=8).digest(), signed=True)


# --- time ----------------------------------------------------------------------------------------


def failed_at(created_at: datetime, total_execution_ms: int | None, observed_at: datetime) -> datetime:
    """When a task failed that was not known before: Neo says when it began and how long it ran, not when it ended.

    One that is continued also rests in between, so that this is no later than its last run's end.
    """
    # no run is longer than until it was seen, whatever number is given for it
    longest = max(observed_at - created_at, timedelta(0)) // timedelta(milliseconds=1) + 1
    ran = min(max(total_execution_ms or 0, 0), longest)
    return min(observed_at, created_at + timedelta(milliseconds=ran))


def is_over(last_observed_at: datetime, now: datetime) -> bool:
    """Whether a group is closed: the next failure opens another."""
    return now - last_observed_at >= QUIET
