"""The heap: threads of a service have none of their own, which would keep what they have freed."""

import asyncio
import ctypes
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from threading import Barrier

import pytest

from bot.service.heap import return_unused_memory, share_one_heap
from tests.support.forked import forked

THREADS, BYTES, PIECES = (
    8,
    100_000,
    500,
)  # which Python asks the C library for, and which that doesn't ask the system for


def count_heaps(where: Path, *, shared: bool) -> None:
    """Allocate in some threads at once, and write to a file what the C library says of its heaps."""
    if shared:
        share_one_heap()
    together = Barrier(THREADS)

    def allocate(_: int) -> bytes:
        together.wait()
        return bytes(BYTES)

    with ThreadPoolExecutor(THREADS) as threads:
        kept = list(threads.map(allocate, range(THREADS)))
    libc = ctypes.CDLL(None)
    libc.fopen.restype = ctypes.c_void_p
    file = ctypes.c_void_p(libc.fopen(str(where).encode(), b"w"))
    libc.malloc_info(0, file)
    libc.fclose(file)
    assert kept


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "malloc_info"), reason=f"another C library, on {sys.platform}")
@pytest.mark.parametrize(("shared", "more"), [(True, False), (False, True)])
def test_all_threads_share_one_heap(tmp_path: Path, *, shared: bool, more: bool) -> None:
    process = forked(partial(count_heaps, shared=shared), where := tmp_path / "heaps.xml")
    process.join()
    assert (where.read_text(encoding="utf-8").count("<heap nr") > 1) == more


def measure_what_is_returned(where: Path) -> None:
    """Free all but the last of some pieces of memory, and write how much of them is held before and after."""
    pieces = [b"x" * BYTES for _ in range(PIECES)]
    del pieces[:-1]  # the last one keeps them in the heap
    before = resident_mb()
    asyncio.run(return_unused_memory())
    where.write_text(f"{before - resident_mb()}", encoding="utf-8")


def resident_mb() -> float:
    pages = Path("/proc/self/statm").read_text(encoding="utf-8").split()[1]
    return int(pages) * os.sysconf("SC_PAGE_SIZE") / 1e6


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "malloc_trim"), reason=f"another C library, on {sys.platform}")
def test_what_is_free_in_the_heap_goes_back(tmp_path: Path) -> None:
    process = forked(measure_what_is_returned, where := tmp_path / "returned")
    process.join()
    assert float(where.read_text(encoding="utf-8")) > 0.8 * PIECES * BYTES / 1e6
