"""The workplace: where benchmarks keep their files, and the moment at which they pretend to run."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from tempfile import mkdtemp

NOW = datetime(2026, 2, 20, 12, tzinfo=UTC)  # fixed, so that figures do not depend on the day
WORK = Path(__file__).parent / ".work"


@contextmanager
def scratch() -> Iterator[Path]:
    """A directory on the same disk as the ledgers, thrown away at the end."""
    WORK.mkdir(exist_ok=True)
    directory = Path(mkdtemp(dir=WORK, prefix="scratch-"))
    try:
        yield directory
    finally:
        shutil.rmtree(directory)


def has_room(needed: int) -> bool:
    """Whether the disk has so many bytes to spare."""
    WORK.mkdir(exist_ok=True)
    return shutil.disk_usage(WORK).free > needed
