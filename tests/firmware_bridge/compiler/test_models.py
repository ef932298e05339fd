"""Whole models: every layer's bytes are TFLite-Micro's, in no larger an arena."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from exactness import Exactness, check_writes, random_inputs
from numpy.typing import NDArray

from firmware_bridge.compiler.compile import CompiledModel, compile_model
from quantize.runtimes import Runtime, arena_usage, layer_outputs

VECTORS = Path(__file__).parents[2] / "vectors"
Inputs = NDArray[np.int8]


@pytest.fixture(scope="module")
def voices() -> Inputs:
    """Features of six voices: int8 [6, 80 frames, 40 channels, 3 planes]."""
    with np.load(VECTORS / "amplitude_phase_inputs.npz") as loaded:
        return np.asarray(loaded["inputs"])


def keyword_inputs(voices: Inputs) -> Inputs:
    """Bring the amplitude to the keyword model's 49 frames of 10 bands."""
    bands = voices[:, :49, :, 0].reshape(-1, 49, 10, 4).mean(axis=3)
    return bands.astype(np.int8)[..., None]


def anomaly_inputs(voices: Inputs) -> Inputs:
    """Take 16 frames of the amplitude for the anomaly model's 640 values."""
    return voices[:, 20:36, :, 0].reshape(-1, 640)


def own(_: Inputs) -> Inputs:
    return _


MODELS: list[tuple[str, Callable[[Inputs], Inputs]]] = [
    ("amplitude_phase_int8.tflite", own),
    ("mlperf_tiny/kws_ref_model.tflite", keyword_inputs),
    ("mlperf_tiny/ad01_int8.tflite", anomaly_inputs),
]


def read(name: str, request: pytest.FixtureRequest) -> bytes:
    """Return a model of the project's own, or of the folder of real models."""
    folder = request.getfixturevalue("shared") if "/" in name else VECTORS
    return (Path(folder) / name).read_bytes()


def compare_layers(
    model: bytes, compiled: CompiledModel, inputs: Inputs, actual: tuple[NDArray[np.int8], ...]
) -> None:
    """Name the first layer that differs."""
    expected = layer_outputs(model, inputs, runtime=Runtime.TFLITE_MICRO)
    assert len(expected) == len(actual)
    for row, layer, ours in zip(compiled.operators, expected.values(), actual, strict=True):
        flat = (len(inputs), -1)
        np.testing.assert_array_equal(ours.reshape(flat), layer.reshape(flat), err_msg=row.label)


@pytest.mark.parametrize(("name", "real"), MODELS)
def test_every_layer_is_exact(
    name: str,
    real: Callable[[Inputs], Inputs],
    voices: Inputs,
    exactness: Exactness,
    request: pytest.FixtureRequest,
) -> None:
    model = read(name, request)
    compiled = compile_model(model, name)
    host = exactness.build(compiled)
    shape = compiled.input.shape[1:]
    inputs = np.concatenate([real(voices).reshape(-1, *shape), random_inputs(7, shape, count=3)])
    actual = host.layers(inputs)
    compare_layers(model, compiled, inputs, actual)
    np.testing.assert_array_equal(host.outputs(inputs), actual[-1])


@pytest.mark.parametrize(("name", "real"), MODELS)
def test_the_arena_is_no_larger_than_the_oracle_s(
    name: str, real: Callable[[Inputs], Inputs], request: pytest.FixtureRequest
) -> None:
    model = read(name, request)
    compiled = compile_model(model, name)
    assert compiled.arena_bytes <= arena_usage(model).total.value
    assert compiled.arena_bytes == compiled.plan.needed_bytes


def test_no_operator_writes_outside_its_own_places(voices: Inputs, exactness: Exactness) -> None:
    compiled = compile_model((VECTORS / "amplitude_phase_int8.tflite").read_bytes(), "own")
    check_writes(compiled, exactness.build(compiled).arenas(voices[:2]))
