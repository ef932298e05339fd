"""The model's C on this computer gives the bytes of TFLite-Micro, and is built once."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edgeser.bundle import load_bundle
from edgeser.pretrained import PRETRAINED, pretrained_path
from firmware_bridge.compiler.host_build import host_compiler, native_flags, target_macros
from firmware_bridge.emulator import built_host_model
from quantize.foundation.errors import BadInput, ToolMissing
from quantize.runtimes import Runtime, run_model


def shipped(name: str) -> bytes:
    path = pretrained_path(name)
    assert path is not None
    return load_bundle(path).int8_model


@pytest.mark.parametrize("name", PRETRAINED)
def test_every_byte_is_that_of_tflite_micro(name: str, tmp_path: Path) -> None:
    model = shipped(name)
    rng = np.random.default_rng(0)
    inputs = rng.integers(-128, 128, (24, 150, 40, 1)).astype(np.int8)
    inputs[0], inputs[1], inputs[2] = 0, 127, -128
    inputs[3:12] //= 8  # quieter: other rounding
    wanted = run_model(model, inputs, runtime=Runtime.TFLITE_MICRO)
    with built_host_model(model, name, cache=tmp_path) as built:
        np.testing.assert_array_equal(built.outputs(inputs).reshape(wanted.shape), wanted)


def test_it_is_built_once_and_shares_kernels(tmp_path: Path) -> None:
    model, cache, objects = shipped("pretrained-small"), tmp_path / "cache", tmp_path / "objects"
    with built_host_model(model, "m", cache=cache, objects=objects) as built:
        program, made = built.executable, built.executable.stat().st_mtime_ns
    assert len(list(objects.glob("*.o"))) > 5
    with built_host_model(model, "m", cache=cache) as again:
        assert (again.executable, again.executable.stat().st_mtime_ns) == (program, made)
    (kept,) = cache.iterdir()
    assert sorted(path.name for path in kept.iterdir()) == ["built.json", "model"]


def test_without_a_cache_nothing_is_left() -> None:
    with built_host_model(shipped("pretrained-small"), "m") as built:
        program = built.executable
        assert program.is_file()
    assert not program.exists()


def test_the_flags_name_this_processor() -> None:
    compiler = host_compiler()
    flags = native_flags(compiler)
    assert flags in {("-march=native",), ("-mcpu=native",), ()}
    assert target_macros(compiler, flags)
    assert target_macros(compiler, ["-march=no-such"]) == b""


def test_what_is_no_model_and_a_missing_compiler_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(BadInput), built_host_model(b"nonsense", "m", cache=tmp_path):
        pass
    monkeypatch.setenv("PATH", str(tmp_path))
    with (
        pytest.raises(ToolMissing, match="no C compiler"),
        built_host_model(shipped("pretrained-small"), "m", cache=tmp_path),
    ):
        pass
