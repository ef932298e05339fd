"""Freed memory that stays with the process while it trains."""

from __future__ import annotations

import ctypes
import platform
from collections.abc import Iterator
from contextlib import contextmanager

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3  # of glibc's malloc.h
_LARGEST_MAP = 32 << 20  # bytes; older glibc refuses more
_KEPT = 1 << 30


@contextmanager
def kept_memory() -> Iterator[None]:
    """Keep up to 1 GiB of freed memory for the next maps; give it back when all is done.

    glibc returns large blocks to the system as they are freed, and each map's pages are then
    faulted in and zeroed again: two fifths of the time of a network's answers. Where there is no
    glibc this does nothing. How malloc is set stays as it is here: what it was cannot be asked.
    """
    if platform.libc_ver()[0] != "glibc":
        yield
        return
    libc = ctypes.CDLL(None)
    libc.mallopt(_M_MMAP_THRESHOLD, _LARGEST_MAP)
    libc.mallopt(_M_TRIM_THRESHOLD, _KEPT)
    yield
    libc.malloc_trim(0)  # not on Ctrl-C: it takes time, and the process is about to end
