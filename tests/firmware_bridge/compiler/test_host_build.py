"""Running a compiled model on the host, and what can go wrong with it."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from exactness import Exactness
from operator_models import ModelBuilder

from firmware_bridge.compiler import CompiledModel, build_host_model, compile_model
from quantize.foundation.errors import BadInput, InternalError, ToolMissing


@pytest.fixture(scope="module")
def compiled() -> CompiledModel:
    builder = ModelBuilder()
    x = builder.tensor((1, 2, 3), scale=0.1)
    y = builder.tensor((1, 2, 3), scale=1 / 128)
    z = builder.tensor((1, 6), scale=1 / 128)
    builder.operator("TANH", (x,), (y,))
    builder.operator("RESHAPE", (y, builder.integers(1, 6)), (z,), "Reshape")
    return compile_model(builder.build((x,), (z,)), "tanh")


def test_outputs_layers_and_arenas_have_the_tensors_shapes(
    compiled: CompiledModel, exactness: Exactness
) -> None:
    host = exactness.build(compiled)
    inputs = np.zeros((4, 2, 3), np.int8)
    assert host.outputs(inputs).shape == (4, 1, 6)
    assert [layer.shape for layer in host.layers(inputs)] == [(4, 1, 2, 3), (4, 1, 6)]
    arenas = host.arenas(inputs)
    assert arenas.shape == (4, 2, compiled.arena_bytes)
    # What nothing is planned for keeps the pattern that the arena begins with.
    assert (arenas[:, :, 6:] == 0xA5).all()


@pytest.mark.parametrize(
    "inputs",
    [
        np.zeros((1, 2, 4), np.int8),
        np.zeros((1, 2, 3), np.uint8),
        np.zeros(6, np.int8),
        np.zeros((0, 2, 3), np.int8),
    ],
)
def test_inputs_that_do_not_fit_are_refused(
    compiled: CompiledModel, exactness: Exactness, inputs: np.ndarray
) -> None:
    with pytest.raises(BadInput, match=r"tanh takes int8 \[1, 2, 3\]"):
        exactness.build(compiled).outputs(inputs)


def test_without_a_compiler_its_package_is_named(
    compiled: CompiledModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ToolMissing) as caught:
        build_host_model(compiled, tmp_path / "model")
    assert "apt-get install gcc" in caught.value.hint


def test_code_that_the_compiler_refuses_is_our_fault(
    compiled: CompiledModel, tmp_path: Path
) -> None:
    broken = dataclasses.replace(compiled, source=compiled.source + "\nint x = 3.5;\n")
    with pytest.raises(InternalError, match="float-conversion"):
        build_host_model(broken, tmp_path)


def test_a_write_beyond_the_arena_is_caught(compiled: CompiledModel, tmp_path: Path) -> None:
    call = "i8_lookup(&op0_layer, at + TENSOR_0, at + TENSOR_1)"
    assert call in compiled.source
    beyond = compiled.source.replace(call, f"at[{compiled.arena_bytes}] = 1, {call}")
    broken = dataclasses.replace(compiled, source=beyond)
    host = build_host_model(broken, tmp_path, sanitise=True)
    with pytest.raises(InternalError, match="heap-buffer-overflow"):
        host.outputs(np.zeros((1, 2, 3), np.int8))


def test_a_model_that_hangs_is_stopped(compiled: CompiledModel, tmp_path: Path) -> None:
    call = "i8_lookup(&op0_layer, at + TENSOR_0, at + TENSOR_1);"
    endless = compiled.source.replace(call, f"while (*(volatile int8_t *)at == 0) {{ }} {call}")
    host = build_host_model(dataclasses.replace(compiled, source=endless), tmp_path)
    with pytest.raises(InternalError, match=r"took longer than 0\.2 s"):
        dataclasses.replace(host, timeout_s=0.2).outputs(np.zeros((1, 2, 3), np.int8))
