"""One heap for all threads of the process, so that what one of them has freed is there for all."""

import ctypes
from contextlib import suppress

_M_ARENA_MAX = -8  # glibc's malloc.h


def share_one_heap() -> None:
    """Let all threads allocate from one heap, where the C library is glibc; others do so by themselves, or differ.

    glibc gives threads heaps of their own, eight a processor at most. Each of them grows to the most that any work
    ever needed there, such as a backup, and keeps it: tens of megabytes in some weeks.
    """
    with suppress(AttributeError, OSError, TypeError):
        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, 1)
