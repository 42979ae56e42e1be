"""The process's memory: one heap for all threads, of which what isn't used goes back to the machine."""

import asyncio
import ctypes
from contextlib import suppress

TRIM_SECONDS = 60
_M_ARENA_MAX = -8  # glibc's malloc.h
_NOT_GLIBC = AttributeError, OSError, TypeError  # other C libraries do both by themselves, or differ


def share_one_heap() -> None:
    """Let all threads allocate from one heap, where the C library is glibc.

    It gives threads heaps of their own, eight a processor at most. Each of them grows to the most that any work
    ever needed there, such as a backup, and keeps it: tens of megabytes in some weeks.
    """
    with suppress(*_NOT_GLIBC):
        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, 1)


async def return_unused_memory() -> None:
    """Give the machine back what is free in the heap, where the C library is glibc.

    It does so by itself only at the heap's end, where something small that stays keeps all before it.
    """
    await asyncio.to_thread(_trim)


def _trim() -> None:
    with suppress(*_NOT_GLIBC):
        ctypes.CDLL(None).malloc_trim(0)
