"""Memory: the peak of a process that reads all history in heavy pages, for few tasks and for four times as many."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from benchmarks.bars import Bar
from benchmarks.listing import HEAVY, PAGE, Listing
from benchmarks.upstream import served
from benchmarks.wiring import environment
from benchmarks.workplace import scratch

_FLAT, _MOST_MB = 1.15, 200
# a small process in between: one that is started counts the pages of whoever started it among its own
_WATCH = """
import resource, subprocess, sys
subprocess.run(sys.argv[1:], check=True)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""


def measure(*, quick: bool) -> Iterator[Bar]:
    """Flat in the number of tasks, and below 200 MB."""
    few, many = (2_000, 8_000) if quick else (25_000, 100_000)
    small, large = _peak(few), _peak(many)
    note = f"{many:,} tasks in pages of {len(Listing(PAGE, HEAVY).page(0)) / 1e6:.2f} MB"
    yield Bar("peak memory of a first sync", large, _MOST_MB, unit="MB", note=note)
    yield Bar("the same, beside a quarter of the tasks", large / small, _FLAT, note=f"{few:,} tasks: {small:.0f} MB")


def _peak(tasks: int) -> float:
    """The largest resident size of `neo-usage sync --full`, in MB."""
    with scratch() as directory, served(Listing(tasks, HEAVY)) as url:
        variables = {**os.environ, **environment(directory / "ledger.db", url)}
        command = [sys.executable, "-c", _WATCH, str(Path(sys.executable).with_name("neo-usage")), "sync", "--full"]
        done = subprocess.run(  # noqa: S603 - our own command
            command, env=variables, cwd=directory, capture_output=True, text=True, check=True
        )
    *said, peak = done.stdout.splitlines()
    assert f"new: {tasks}" in said, said
    assert "complete: yes" in said, said
    return int(peak) / 1024
