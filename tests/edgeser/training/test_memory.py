"""Freed memory is taken again without new pages, and does not stay taken."""

from __future__ import annotations

import platform
import subprocess
import sys

import pytest

# In a process of its own: where a heap has been used before, other blocks hold its end.
SCRIPT = """
import resource
import torch
from edgeser.training.memory import kept_memory

def faults_of(maps):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(maps):
        torch.ones(8 << 20, dtype=torch.uint8)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

torch.set_num_threads(1)
pages = (8 << 20) // resource.getpagesize()
with kept_memory():
    faults_of(50)  # PyTorch aligns: a few places may be tried before one serves all
    assert faults_of(20) < 2 * pages
assert faults_of(1) > pages // 2
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc can be told")
def test_maps_take_the_pages_of_those_before_them() -> None:
    subprocess.run([sys.executable, "-c", SCRIPT], check=True, timeout=120)
