"""Starting: `neo-usage report` from nothing, beside a bare interpreter that prints the rows of the same SQL."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from benchmarks.bars import Bar
from benchmarks.ledgers import Size, ledger
from benchmarks.recording import recorded
from benchmarks.timing import in_turn, shown
from benchmarks.wiring import environment, wired

_LINE = "2026-02 by:member"  # a month by its name: the command goes by the machine's clock
_SECONDS = 0.5
_BARE = """
import json, sqlite3, sys
connection = sqlite3.connect(f"file:{sys.argv[1]}?mode=ro", uri=True)
connection.execute("PRAGMA cache_size = -64000")
for sql, parameters in json.load(sys.stdin):
    print(connection.execute(sql, parameters).fetchall())
"""


def measure(*, quick: bool) -> Iterator[Bar]:
    """A report takes at most ten times the bare interpreter, and 0.5 s."""
    rounds = 3 if quick else 15
    for tasks in (10_000, 100_000 if quick else 1_000_000):
        ours, bare = _race(ledger(Size(tasks)), rounds)
        note = f"{shown(ours)}; bare {shown(bare)}"
        yield Bar(f"start and report on {tasks:,} tasks, beside bare Python", ours / bare, 10, note=note)
        yield Bar(f"start and report on {tasks:,} tasks", ours, _SECONDS, unit="s")


def _race(path: Path, rounds: int) -> list[float]:
    statements = json.dumps(recorded(wired(path), path, _LINE))
    _agree(path, statements)
    return in_turn(rounds, lambda: _report(path), lambda: _bare(path, statements))


def _report(path: Path) -> str:
    command = [str(Path(sys.executable).with_name("neo-usage")), "report", *_LINE.split(), "--json"]
    return _output(command, path)


def _bare(path: Path, statements: str) -> str:
    return _output([sys.executable, "-c", _BARE, str(path)], path, statements)


def _output(command: list[str], path: Path, given: str = "") -> str:
    variables = {**os.environ, **environment(path)}
    done = subprocess.run(  # noqa: S603 - our own command
        command, input=given, env=variables, cwd=path.parent, capture_output=True, text=True, check=True
    )
    return done.stdout


def _agree(path: Path, statements: str) -> None:
    """Every group of the report stands among the bare rows: a member's id and the exact nanos."""
    groups, bare = json.loads(_report(path))["groups"], _bare(path, statements)
    assert groups
    for group in groups:
        assert _nanos(group["platform_usd"]) in bare
        assert group["key"][0] in bare


def _nanos(usd: str) -> str:
    return str(int(usd.replace(".", "")))
