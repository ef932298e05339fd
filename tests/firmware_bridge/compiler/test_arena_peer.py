"""The arena of every real model beside TFLite-Micro's."""

from __future__ import annotations

from pathlib import Path

from firmware_bridge.compiler.compile import compile_model
from quantize.foundation.errors import EdgeserError
from quantize.runtimes.arena import arena_usage


def test_no_other_arena_is_larger_than_tflite_micros(shared: Path) -> None:
    """Its total, `arena_used_bytes`: persistent structures, tensors and scratch."""
    sizes = {}
    for folder in ("mlperf_tiny", "cases/models", "edgetpu_models"):
        for path in sorted((shared / folder).glob("*.tflite")):
            data = path.read_bytes()
            try:
                ours = compile_model(data, path.stem).arena_bytes
                theirs = arena_usage(data, name=path.stem).total.value
            except EdgeserError:
                continue
            sizes[path.stem] = ours, theirs
    assert len(sizes) >= 6
    assert {name: pair for name, pair in sizes.items() if pair[0] > pair[1]} == {}
