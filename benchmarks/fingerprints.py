"""Fingerprints: ten thousand errors of 500 characters, beside `hashlib.blake2b` of the same."""

import hashlib
from collections.abc import Iterator
from random import Random

from benchmarks.bars import Bar
from benchmarks.timing import in_turn, shown
from benchmarks.workplace import NOW
from bot.failures.fingerprints import fingerprint
from bot.sandbox.error_messages import COMMON_ERRORS, TOOL_ERRORS, format_error

_ERRORS, _LENGTH, _TIMES = 10_000, 500, 20.0


def measure(*, quick: bool) -> Iterator[Bar]:
    """Under 20 times the digest alone."""
    texts = list(_texts(_ERRORS // 10 if quick else _ERRORS))
    ours, plain = in_turn(
        5 if quick else 15,
        lambda: [fingerprint("error", "claude-opus-4", text) for text in texts],
        lambda: [hashlib.blake2b(text.encode()).digest() for text in texts],
    )
    note = f"{len(texts):,} errors of {_LENGTH} characters: {shown(ours)}; blake2b {shown(plain)}"
    yield Bar("fingerprints of errors, beside blake2b of them", ours / plain, _TIMES, note=note)


def _texts(count: int) -> Iterator[str]:
    """Errors as the simulated team meets them, several lines each; no two are the same."""
    random = Random(7)
    templates = (*COMMON_ERRORS, *TOOL_ERRORS.values())
    for _ in range(count):
        text = ""
        while len(text) < _LENGTH:
            text += format_error(random.choice(templates), random, "ana@acme.example", NOW) + "\n"
        yield text[:_LENGTH]
