"""The order of the suite: each worker begins with long tests, the rest comes in the order that it had."""

from collections.abc import Callable, Sequence
from typing import TypeVar

T = TypeVar("T")


def longest_first(tests: Sequence[T], is_long: Callable[[T], bool], workers: int) -> list[T]:
    """Return the tests so that the long ones open, dealt out in turn, the stretches that the workers begin with.

    A run with `--dist worksteal` gives each worker a stretch of equal length; what takes long is then begun soon, and
    what is short is left to be stolen at the end.
    """
    long, rest = [each for each in tests if is_long(each)], [each for each in tests if not is_long(each)]
    ordered: list[T] = []
    for worker in range(workers):
        dealt = long[worker::workers]
        end = len(tests) * (worker + 1) // workers
        room = max(0, end - len(ordered) - len(dealt))
        ordered += [*dealt, *rest[:room]]
        del rest[:room]
    return ordered + rest
