"""SVDF and LSTM: TFLite-Micro's bytes at every step of a sequence, from every reset."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
import state_models as sequences
from exactness import Exactness, Quantised, few, seeds
from hypothesis import given
from hypothesis import strategies as st
from operator_models import ModelBuilder

from firmware_bridge.compiler.compile import compile_model
from quantize.foundation.errors import BadInput
from quantize.tflite.schema import DType

scales = st.floats(-8, -3).map(lambda exponent: float(np.float32(2.0**exponent)))
quantisations = st.builds(Quantised, scales, st.integers(-128, 127))


@dataclass(frozen=True)
class Svdf:
    batches: int
    inputs: int
    units: int
    rank: int
    memory: int
    source: Quantised
    target: Quantised
    kept: Quantised
    wide: bool
    seed: int
    activation: int = 1


svdfs = st.builds(
    Svdf,
    st.integers(1, 2),
    st.integers(1, 21),
    st.integers(1, 5),
    st.integers(1, 3),
    st.integers(1, 9),
    quantisations,
    quantisations,
    quantisations,
    st.booleans(),
    seeds,
)


def svdf(case: Svdf) -> bytes:
    random = np.random.default_rng(case.seed)
    filters = case.units * case.rank
    builder = ModelBuilder()
    source, target, kept = case.source, case.target, case.kept
    x = builder.tensor(
        (case.batches, case.inputs), scale=source.scale, zero_point=source.zero_point
    )
    weights = random.integers(-127, 128, (filters, case.inputs), dtype=np.int8)
    kind = DType.INT16 if case.wide else DType.INT8
    most = np.iinfo(kind.label).max
    time = random.integers(-most, most + 1, (filters, case.memory)).astype(kind.label)
    # Scales with which states and outputs are neither all 0 nor all saturated.
    kept_scale = kept.scale * (1 / 256 if case.wide else 1)
    weight_scale = float(np.float32(kept.scale * 2 / (case.inputs * source.scale * 100)))
    time_scale = float(np.float32(target.scale / (most * case.memory * kept_scale)))
    bias = random.integers(-3000, 3000, case.units, dtype=np.int32)
    inputs = (
        x,
        builder.tensor(weights.shape, scale=weight_scale, data=weights),
        builder.tensor(time.shape, scale=time_scale, data=time, dtype=kind),
        builder.tensor(
            bias.shape,
            scale=float(np.float32(kept_scale * time_scale)),
            data=bias,
            dtype=DType.INT32,
        ),
        builder.tensor(
            (case.batches, filters * case.memory),
            scale=float(np.float32(kept_scale)),
            zero_point=0 if case.wide else kept.zero_point,
            dtype=kind,
            variable=True,
        ),
    )
    y = builder.tensor(
        (case.batches, case.units), scale=target.scale, zero_point=target.zero_point, name="made"
    )
    fields = {"rank": case.rank, "fusedActivationFunction": case.activation}
    builder.operator("SVDF", inputs, (y,), "SVDF", version=3, **fields)
    return builder.build((x,), (y,))


def check_sequences(exactness: Exactness, model: bytes, seed: int) -> None:
    """Compare two sequences, the second from a reset."""
    compiled = compile_model(model, "drawn")
    host, micro = exactness.build(compiled), sequences.MicroSequence(model)
    random = np.random.default_rng(seed)
    for length in (12, 5):
        inputs = random.integers(-128, 128, (length, *compiled.input.shape), dtype=np.int8)
        inputs[1], inputs[3] = -128, 127
        found = host.outputs(inputs, sequence=True)
        np.testing.assert_array_equal(found, micro.run(inputs)[0], strict=True)
        micro.reset()


@few
@given(case=svdfs, seed=seeds)
def test_svdf(exactness: Exactness, case: Svdf, seed: int) -> None:
    for wide in (False, True):
        check_sequences(exactness, svdf(replace(case, wide=wide)), seed)


PLAIN = Svdf(1, 8, 3, 2, 4, Quantised(0.1, 3), Quantised(0.1, 5), Quantised(0.1, -7), False, 1)


def test_svdf_remembers(exactness: Exactness) -> None:
    """One loud step among quiet ones is heard for as long as the memory is."""
    host = exactness.build(compile_model(svdf(PLAIN), "m"))
    inputs = np.full((8, 1, 8), PLAIN.source.zero_point, np.int8)
    inputs[1] = 127
    outputs = host.outputs(inputs, sequence=True).reshape(8, -1)
    differs = (outputs != outputs[0]).any(axis=1)
    assert differs.tolist() == [False, True, True, True, True, False, False, False]


def test_svdf_of_another_activation_is_refused() -> None:
    with pytest.raises(BadInput, match=r"0 SVDF \(made\) .* the fused activation RELU6"):
        compile_model(svdf(replace(PLAIN, activation=3)), "m")


@dataclass(frozen=True)
class Lstm:
    batches: int
    steps: int
    inputs: int
    cells: int
    source: Quantised
    hidden: Quantised
    power: int
    clip: float
    time_major: bool
    seed: int
    activation: int = 4


lstms = st.builds(
    Lstm,
    st.integers(1, 3),
    st.integers(1, 6),
    st.integers(1, 11),
    st.integers(1, 9),
    quantisations,
    st.builds(Quantised, st.sampled_from([1 / 128, 1 / 100, 1 / 300]), st.integers(-20, 20)),
    st.sampled_from([-12, -11, -13, -9, -15]),
    st.sampled_from([0.0, 10.0, 1.0]),
    st.booleans(),
    seeds,
)


def lstm(case: Lstm, *, peephole: bool = False) -> bytes:
    random = np.random.default_rng(case.seed)
    builder = ModelBuilder()
    rows = (case.steps, case.batches) if case.time_major else (case.batches, case.steps)
    source, hidden = case.source, case.hidden
    x = builder.tensor((*rows, case.inputs), scale=source.scale, zero_point=source.zero_point)
    inputs = [x, *[-1] * 23]
    for place in range(1, 9):
        columns = case.inputs if place < 5 else case.cells
        scale = 0.1 / source.scale / 128 / case.inputs**0.5 if place < 5 else 0.02
        weights = random.integers(-127, 128, (case.cells, columns), dtype=np.int8)
        scale = float(np.float32(scale * random.uniform(0.5, 2)))
        inputs[place] = builder.tensor(weights.shape, scale=scale, data=weights)
    for place in range(12, 16):
        bias = random.integers(-9000, 9000, case.cells, dtype=np.int32)
        inputs[place] = builder.tensor(bias.shape, scale=1e-4, data=bias, dtype=DType.INT32)
    if peephole:
        inputs[9] = builder.tensor(
            (case.cells,), scale=1e-4, dtype=DType.INT16, data=np.ones(case.cells, np.int16)
        )
    kept = (case.batches, case.cells)
    inputs[18] = builder.tensor(
        kept, scale=hidden.scale, zero_point=hidden.zero_point, variable=True
    )
    inputs[19] = builder.tensor(kept, scale=2.0**case.power, dtype=DType.INT16, variable=True)
    y = builder.tensor(
        (*rows, case.cells), scale=hidden.scale, zero_point=hidden.zero_point, name="made"
    )
    fields = {
        "fusedActivationFunction": case.activation,
        "cellClip": case.clip,
        "timeMajor": case.time_major,
    }
    kind = "UNIDIRECTIONAL_SEQUENCE_LSTM"
    builder.operator(kind, tuple(inputs), (y,), "UnidirectionalSequenceLSTM", **fields)
    return builder.build((x,), (y,))


@few
@given(cases=st.lists(lstms, min_size=3, max_size=3), seed=seeds)
def test_lstm(exactness: Exactness, cases: list[Lstm], seed: int) -> None:
    for case in cases:
        check_sequences(exactness, lstm(case), seed)


SMALL = Lstm(1, 2, 3, 4, Quantised(0.01, 3), Quantised(1 / 128, 0), -12, 10.0, False, 7)


@pytest.mark.parametrize(
    ("model", "reason"),
    [
        (lstm(replace(SMALL, activation=1)), "its activation is RELU, not TANH"),
        (lstm(replace(SMALL, clip=-1.0)), "its cell_clip is -1"),
        (lstm(replace(SMALL, clip=1e-5)), "its cell_clip, 1e-05, is less than a step"),
        (lstm(replace(SMALL, power=3)), "its cell state has scale 8 and zero point 0"),
        (lstm(SMALL, peephole=True), "it has peepholes, which TFLite-Micro's kernel has not"),
    ],
)
def test_lstms_that_are_not_computed_are_refused(model: bytes, reason: str) -> None:
    with pytest.raises(BadInput) as caught:
        compile_model(model, "m")
    assert f"UNIDIRECTIONAL_SEQUENCE_LSTM (made) cannot be compiled: {reason}" in str(caught.value)


@pytest.mark.parametrize(
    "path",
    [
        "cases/models/tflm_keyword_scrambled_8bit.tflite",
        "cases/models/tflm_mnist_lstm_int8.tflite",
        "edgetpu_models/keras_lstm_mnist_ptq.tflite",
    ],
)
def test_models_of_others(exactness: Exactness, shared: Path, path: str) -> None:
    model = (shared / path).read_bytes()
    compiled = compile_model(model, "m")
    ends = np.iinfo(compiled.input.dtype.label)
    shape = (12, *compiled.input.shape)
    inputs = np.random.default_rng(3).integers(
        ends.min, ends.max, shape, endpoint=True, dtype=compiled.input.dtype.label
    )
    found = exactness.build(compiled).outputs(inputs, sequence=True)
    micro = sequences.MicroSequence(model)
    np.testing.assert_array_equal(found, micro.run(inputs)[0], strict=True)
