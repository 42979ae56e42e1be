"""The fixtures of the whole suite stand in `tests/support/fixtures.py`."""

import os

pytest_plugins = ("tests.support.fixtures",)


def pytest_xdist_auto_num_workers() -> int:
    """Return twice the number of processors: a third of the time and more, tests wait for servers and processes."""
    return 2 * (os.cpu_count() or 1)
