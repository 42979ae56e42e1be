"""Timing: peers that do the same work, run in turn so that what disturbs one disturbs all; medians."""

import gc
from collections.abc import Callable
from statistics import median
from time import perf_counter


def seconds(work: Callable[[], object]) -> float:
    """How long the work takes, with no garbage of others to collect."""
    gc.collect()
    start = perf_counter()
    work()
    return perf_counter() - start


def in_turn(rounds: int, *peers: Callable[[], object]) -> list[float]:
    """The median seconds of each peer; every other round they run in the opposite order."""
    taken: list[list[float]] = [[] for _ in peers]
    for number in range(rounds):
        order = list(range(len(peers)))
        for index in order[::-1] if number % 2 else order:
            taken[index].append(seconds(peers[index]))
    return [median(each) for each in taken]


def shown(*taken: float) -> str:
    """Durations for a note, in milliseconds or seconds."""
    return ", ".join(f"{each:.2f} s" if each >= 1 else f"{each * 1000:.3g} ms" for each in taken)
