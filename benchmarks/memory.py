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
        command = [str(Path(sys.executable).with_name("neo-usage")), "sync", "--full"]
        pipe = subprocess.PIPE
        process = subprocess.Popen(command, env=variables, cwd=directory, stdout=pipe, text=True)  # noqa: S603 - ours
        assert process.stdout
        said = process.stdout.read()
        _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0, process.returncode
    assert f"new: {tasks}\n" in said, said
    assert "complete: yes" in said, said
    return used.ru_maxrss / 1024
