"""Freed memory is taken again without new pages, and does not stay taken."""

from __future__ import annotations

import platform
import resource

import pytest
import torch

from edgeser.training.memory import kept_memory

MAP_BYTES = 8 << 20
PAGES = MAP_BYTES // resource.getpagesize()


def faults_of(maps: int) -> int:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(maps):
        torch.ones(MAP_BYTES, dtype=torch.uint8)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc can be told")
def test_maps_take_the_pages_of_those_before_them() -> None:
    with kept_memory():
        faults_of(50)  # PyTorch aligns: a few places may be tried before one serves all
        assert faults_of(20) < 2 * PAGES
    assert faults_of(1) > PAGES // 2
