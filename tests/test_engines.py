"""The suite on two engines: what is chosen for a server, and what is left of one."""

import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from benchmarks.postgres.installation import programs
from tests.support.engines import CASES, SHARE, SLOW_SHARE, sample
from tests.support.postgres import ABSENT

SERVER = """
import sys
from benchmarks.postgres.installation import programs
from tests.support.postgres_cluster import new_cluster
with new_cluster(programs(), {}) as cluster:
    print(cluster.directory, cluster.process.pid, flush=True)
    sys.stdin.read()
"""
PATIENCE = 20.0


def test_some_tests_of_every_module_are_chosen_and_the_same_ones_each_time() -> None:
    names = [f"tests/test_{module}.py::test_{number}" for module in range(9) for number in range(400)]
    chosen = sample(names, SHARE, "::")
    assert chosen == sample(names[::-1], SHARE, "::")
    assert chosen < set(names)
    of_module = Counter(name.partition("::")[0] for name in chosen)
    assert len(of_module) == 9
    assert all(0.5 / SHARE < count / 400 < 2 / SHARE for count in of_module.values())
    assert chosen < sample(names, SLOW_SHARE, "::")  # of what `make test` tries nothing is left out by `make test-slow`
    assert sample(["tests/test_small.py::test_only"], SHARE, "::") == {"tests/test_small.py::test_only"}


def test_some_cases_of_every_function_are_chosen() -> None:
    names = [f"tests/test_a.py::test_{function}[{case}]" for function in range(9) for case in range(2)]
    chosen = sample(names, CASES, "[")
    assert {name.partition("[")[0] for name in chosen} == {name.partition("[")[0] for name in names}
    assert chosen < set(names)


@pytest.mark.slow
@pytest.mark.long
def test_nothing_is_left_of_a_server_whose_tests_were_killed() -> None:
    if programs() is None:
        pytest.skip(ABSENT)
    with subprocess.Popen(  # noqa: S603 - our own program
        [sys.executable, "-c", SERVER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as tests:
        assert tests.stdout is not None
        directory, server = tests.stdout.readline().split()
        assert Path(directory).is_dir()
        tests.kill()
    until = time.monotonic() + PATIENCE
    while Path(directory).exists() or _runs(server):
        assert time.monotonic() < until, "it is still there"
        time.sleep(0.05)


def _runs(process: str) -> bool:
    try:
        state = Path("/proc", process, "stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"
