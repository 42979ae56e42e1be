"""The heap: threads of a service have none of their own, which would keep what they have freed."""

import ctypes
import sys
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from threading import Barrier

import pytest

from bot.service.heap import share_one_heap
from tests.support.forked import forked

THREADS, BYTES = 8, 100_000  # which Python asks the C library for, and which that doesn't ask the system for


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
