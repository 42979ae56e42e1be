"""What a process holds of memory, and it and the machine in all have used of the processors; as Linux tells it."""

import os
from pathlib import Path

COUNT = os.cpu_count() or 1
_PROC = Path("/proc")
_TICKS = os.sysconf("SC_CLK_TCK")  # a second
_PARENT, _TIMES = 1, slice(11, 15)  # of a process: its own times, and those of children that have ended
_BUSY, _IDLE = slice(0, 8), slice(3, 5)  # of the machine: all times, and those with nothing to do


def used_by(process: int) -> float:
    """The seconds that a process and its children have had of the processors, those that have ended included."""
    children = (times for parent, times in map(_stat, _PROC.glob("[0-9]*")) if parent == process)
    return sum(_stat(_PROC / str(process))[1], sum(sum(times) for times in children))


def resident_mb(process: int) -> float:
    """The memory that a process holds now, in MB."""
    lines = (_PROC / str(process) / "status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS:"))


def used_in_all() -> float:
    """The seconds that all processors together have been busy, whoever kept them so."""
    times = [int(each) for each in (_PROC / "stat").read_text(encoding="ascii").partition("\n")[0].split()[1:]]
    return (sum(times[_BUSY]) - sum(times[_IDLE])) / _TICKS


def _stat(process: Path) -> tuple[int, list[float]]:
    """A process's parent and times; nobody's and none if it has ended."""
    try:
        found = (process / "stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    except OSError:
        return 0, []
    return int(found[_PARENT]), [int(each) / _TICKS for each in found[_TIMES]]
