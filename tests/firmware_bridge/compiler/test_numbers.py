"""The text protocol's numbers, whether a model's border is int8 or float32."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from operator_models import ModelBuilder

from firmware_bridge.boards import HOST
from firmware_bridge.compiler.compile import compile_model
from firmware_bridge.emulator import build_firmware, running_on_host
from firmware_bridge.link import DeviceRefusal, MlperfRunner
from firmware_bridge.project import ModelSources, write_project
from quantize.tflite.schema import DType

SHAPE = (1, 6, 4)
SCALE, ZERO_POINT = np.float32(0.07), -5


def results(model: bytes, folder: Path, data: bytes, *refused: bytes) -> tuple[float, ...]:
    """Load into the firmware on this computer, what it refuses too; return what it then prints."""
    compiled = compile_model(model, "numbers")
    sources = ModelSources(
        name=compiled.name, hash=compiled.sha256, header=compiled.header, source=compiled.source
    )
    write_project(folder / "project", board=HOST, model=sources)
    with running_on_host(build_firmware(folder / "project", HOST).elf) as transport:
        runner = MlperfRunner(transport)
        runner.load(data)
        printed = runner.infer(1).results
        for other in refused:
            with pytest.raises(DeviceRefusal, match="db load"):
                runner.load(other)
        return printed


def border(*, averages: bool) -> bytes:
    """Float to int8, its mean over an axis if wanted, and back."""
    builder = ModelBuilder()
    x = builder.tensor(SHAPE, dtype=DType.FLOAT32)
    inside = builder.tensor(SHAPE, scale=SCALE, zero_point=ZERO_POINT)
    builder.operator("QUANTIZE", (x,), (inside,), "Quantize")
    shape = SHAPE
    if averages:
        shape = (1, 1, 4)
        mean = builder.tensor(shape, scale=SCALE, zero_point=ZERO_POINT)
        builder.operator(
            "MEAN", (inside, builder.integers(1)), (mean,), "Reducer", keepDims=True, version=2
        )
        inside = mean
    y = builder.tensor(shape, dtype=DType.FLOAT32)
    builder.operator("DEQUANTIZE", (inside,), (y,), "Dequantize")
    return builder.build((x,), (y,))


def relu() -> bytes:
    builder = ModelBuilder()
    x = builder.tensor(SHAPE, scale=SCALE, zero_point=ZERO_POINT)
    y = builder.tensor(SHAPE, scale=SCALE, zero_point=ZERO_POINT)
    builder.operator("RELU", (x,), (y,))
    return builder.build((x,), (y,))


@pytest.fixture
def values() -> NDArray[np.float32]:
    values = np.random.default_rng(2).normal(0, 4, SHAPE).astype(np.float32)
    values.flat[:3] = (300, -300, np.float32(0.5) * SCALE)
    return values


def quantised(values: NDArray[np.float32]) -> NDArray[np.int8]:
    quotients = (values / SCALE).astype(np.float64)
    rounded = np.copysign(np.floor(np.abs(quotients) + 0.5), quotients) + ZERO_POINT
    return np.clip(rounded, -128, 127).astype(np.int8)


def numbers(values: NDArray[np.int8]) -> NDArray[np.float32]:
    return SCALE * (values.astype(np.float32) - np.float32(ZERO_POINT))


def printed(values: NDArray[np.float32] | Sequence[np.float32]) -> tuple[float, ...]:
    return tuple(float(f"{value:.3f}") for value in np.asarray(values, np.float32).flat)


def mean_squared(differences: NDArray[np.float32]) -> np.float32:
    return np.cumsum(differences.ravel() ** 2, dtype=np.float32)[-1] / np.float32(differences.size)


def test_float_outputs_are_printed_as_they_are(tmp_path: Path, values: NDArray[np.float32]) -> None:
    found = results(border(averages=True), tmp_path, values.tobytes(), bytes(4 * 24 + 1))
    means = numbers(quantised(values)).mean(1).ravel()
    assert len(found) == 4
    assert np.abs(np.array(found) - means).max() <= 0.51 * SCALE
    steps = np.array(found) / SCALE
    assert np.abs(steps - np.round(steps)).max() < 0.01


def test_a_float_model_that_rebuilds_its_input_gives_its_error(
    tmp_path: Path, values: NDArray[np.float32]
) -> None:
    found = results(border(averages=False), tmp_path, values.tobytes(), bytes(4 * 24 + 1))
    assert found == printed([mean_squared(numbers(quantised(values)) - values)])


def test_an_int8_model_that_rebuilds_its_input_takes_bytes_or_floats(
    tmp_path: Path, values: NDArray[np.float32]
) -> None:
    given = quantised(values)
    output = numbers(np.maximum(given, np.int8(ZERO_POINT)))
    refused = (bytes(25), bytes(95), bytes(97))
    for number, (data, against) in enumerate(
        [(values.tobytes(), values), (given.tobytes(), numbers(given))]
    ):
        found = results(relu(), tmp_path / str(number), data, *refused)
        assert found == printed([mean_squared(output - against)])
