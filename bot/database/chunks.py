"""Chunks: sets of values that may be too large for one statement, in parts that are not."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar

T = TypeVar("T")

LARGEST = 10_000  # an engine takes 32,766 values in a statement


def chunks(values: Iterable[T], largest: int = LARGEST) -> Iterator[list[T]]:
    """Yield the values in lists of at most `largest`."""
    remaining = iter(values)
    while chunk := list(islice(remaining, largest)):
        yield chunk
