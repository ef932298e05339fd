"""On the emulated Cortex-M7, with its own instructions: the same bytes, in few instructions."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from exactness import CaseBuilder, Quantised, random_inputs
from operator_models import ModelBuilder, micro_outputs

from firmware_bridge.boards import MPS2_AN500
from firmware_bridge.compiler.compile import CompiledModel, compile_model
from firmware_bridge.emulator import build_firmware, running_emulator
from firmware_bridge.link import Device, Session
from firmware_bridge.project import ModelSources, write_project
from quantize.tflite.schema import DType

VECTORS = Path(__file__).parents[2] / "vectors"
INSTRUCTIONS_A_TICK = Fraction(5, 8)
KIND = Quantised(0.05, 3)
SHARES = Quantised(1 / 256, -128)
IMAGE = (1, 7, 5, 11)

pytestmark = pytest.mark.skipif(
    not all(map(shutil.which, ("arm-none-eabi-gcc", "qemu-system-arm", "make"))),
    reason="needs gcc-arm-none-eabi, qemu-system-arm and make",
)


@contextmanager
def opened(compiled: CompiledModel, folder: Path) -> Iterator[Device]:
    """Build the firmware of a model and start it."""
    model = ModelSources(
        name=compiled.name, hash=compiled.sha256, header=compiled.header, source=compiled.source
    )
    write_project(folder, board=MPS2_AN500, model=model)
    firmware = build_firmware(folder, MPS2_AN500)
    with running_emulator(firmware.elf, MPS2_AN500) as transport:
        yield Device(Session(transport))


def add_arithmetic(builder: CaseBuilder) -> None:
    """Add sums and products: full, gated, by one factor, by constants, with activations."""
    for name in ("ADD", "SUB", "MUL"):
        for other in (IMAGE, (1, 1, 1, 11), (1, 7, 5, 1), (1, 1, 1, 1)):
            operands = (builder.operand(IMAGE, KIND), builder.operand(other, Quantised(0.11, -9)))
            output = builder.output(IMAGE, Quantised(0.13, 5))
            activation = 3 if other == IMAGE else 0
            builder.operator(
                name, operands, (output,), name.capitalize(), fusedActivationFunction=activation
            )
        data = np.arange(11, dtype=np.int8).reshape(1, 1, 1, 11)
        constant = builder.tensor(data.shape, scale=0.02, data=data)
        operands = (builder.operand(IMAGE, KIND), constant)
        builder.operator(
            name, operands, (builder.output(IMAGE, Quantised(0.07, -100)),), name.capitalize()
        )


def add_windows(builder: CaseBuilder) -> None:
    """Add means, pools and a softmax."""
    for axes, shape in (
        ((1, 2), (1, 1, 1, 11)),
        ((3,), (1, 7, 5, 1)),
        ((0, 1, 2, 3), (1, 1, 1, 1)),
    ):
        output = builder.output(shape, Quantised(0.01, -20))
        inputs = (builder.operand(IMAGE, KIND), builder.integers(*axes))
        builder.operator("MEAN", inputs, (output,), "Reducer", keepDims=True, version=2)
    window = {"filterHeight": 3, "filterWidth": 2, "strideH": 2, "strideW": 1}
    for name in ("AVERAGE_POOL_2D", "MAX_POOL_2D"):
        source, output = builder.operand(IMAGE, KIND), builder.output((1, 4, 5, 11), KIND)
        builder.operator(name, (source,), (output,), "Pool2D", padding=0, **window)
    source, output = builder.operand(IMAGE, KIND), builder.output(IMAGE, SHARES)
    builder.operator("SOFTMAX", (source,), (output,), "Softmax", beta=1.0)


def add_moves(builder: CaseBuilder) -> None:
    """Add a table, a transposition, a slice, a padding, a resizing, and a split joined again."""
    source, output = builder.operand(IMAGE, KIND), builder.output(IMAGE, SHARES)
    builder.operator("LOGISTIC", (source,), (output,))
    inputs = (builder.operand(IMAGE, KIND), builder.integers(0, 3, 1, 2))
    builder.operator("TRANSPOSE", inputs, (builder.output((1, 11, 7, 5), KIND),), "Transpose")
    bounds = ((0, 6, 1, 10), (1, 0, 4, 2), (1, -2, 1, -3))
    inputs = (builder.operand(IMAGE, KIND), *(builder.integers(*bound) for bound in bounds))
    builder.operator("STRIDED_SLICE", inputs, (builder.output((1, 3, 3, 3), KIND),), "StridedSlice")
    widths = np.asarray([[0, 0], [1, 2], [0, 1], [0, 0]], dtype=np.int32)
    inputs = (builder.operand(IMAGE, KIND), builder.tensor((4, 2), dtype=DType.INT32, data=widths))
    builder.operator("PAD", inputs, (builder.output((1, 10, 6, 11), KIND),), "Pad")
    inputs = (builder.operand(IMAGE, KIND), builder.integers(9, 3))
    resized = builder.output((1, 9, 3, 11), KIND)
    builder.operator("RESIZE_NEAREST_NEIGHBOR", inputs, (resized,), "ResizeNearestNeighbor")
    halves = tuple(builder.tensor((1, 7, 5, 2), scale=KIND.scale) for _ in range(2))
    inputs = (builder.integers(3), builder.operand((1, 7, 5, 4), KIND))
    builder.operator("SPLIT", inputs, halves, "Split", numSplits=2)
    joined = builder.output((1, 7, 5, 4), Quantised(KIND.scale, 0))
    builder.operator("CONCATENATION", halves[::-1], (joined,), "Concatenation", axis=3)


def add_further(builder: CaseBuilder) -> None:
    """Add pairs, functions of one value, and further operators that move bytes or pick values."""
    for name, options in (
        ("MINIMUM", "MaximumMinimum"),
        ("MAXIMUM", "MaximumMinimum"),
        ("PRELU", ""),
        ("SQUARED_DIFFERENCE", "SquaredDifference"),
    ):
        operands = (builder.operand(IMAGE, KIND), builder.operand((1, 1, 1, 11), KIND))
        builder.operator(name, operands, (builder.output(IMAGE, KIND),), options)
    for name, source, target in (
        ("ABS", KIND, Quantised(0.04, -90)),
        ("RSQRT", Quantised(0.05, -128), Quantised(0.02, -100)),
        ("LOG_SOFTMAX", KIND, Quantised(1 / 16, 127)),
    ):
        options = {"ABS": "Abs", "LOG_SOFTMAX": "LogSoftmax"}.get(name, "")
        output = builder.output(IMAGE, target)
        builder.operator(name, (builder.operand(IMAGE, source),), (output,), options)
    inputs = (builder.operand(IMAGE, KIND), builder.integers(1, 2))
    reduced = builder.output((1, 1, 1, 11), KIND)
    builder.operator("REDUCE_MAX", inputs, (reduced,), "Reducer", keepDims=True, version=2)
    inputs = (builder.operand(IMAGE, KIND), builder.integers(6, 0, 3))
    builder.operator("GATHER", inputs, (builder.output((1, 3, 5, 11), KIND),), "Gather", axis=1)
    deep, wide = (1, 3, 2, 12), (1, 6, 4, 3)
    for name, options, before, after in (
        ("DEPTH_TO_SPACE", "DepthToSpace", deep, wide),
        ("SPACE_TO_DEPTH", "SpaceToDepth", wide, deep),
    ):
        operand, output = builder.operand(before, KIND), builder.output(after, KIND)
        builder.operator(name, (operand,), (output,), options, blockSize=2)
    inputs = (builder.operand(IMAGE, KIND), builder.integers(9, 3))
    resized = builder.output((1, 9, 3, 11), KIND)
    builder.operator("RESIZE_BILINEAR", inputs, (resized,), "ResizeBilinear", version=3)
    pieces = tuple(builder.tensor((1, 7, 5, n), scale=KIND.scale) for n in (3, 1))
    inputs = (builder.operand((1, 7, 5, 4), KIND), builder.integers(3, 1), builder.integers(3))
    builder.operator("SPLIT_V", inputs, pieces, "SplitV", numSplits=2, version=2)
    joined = builder.output((1, 7, 5, 4), Quantised(KIND.scale, 0))
    builder.operator("CONCATENATION", pieces[::-1], (joined,), "Concatenation", axis=3)
    operands = (builder.operand(IMAGE, KIND), builder.operand(IMAGE, KIND))
    packed = builder.output((1, 7, 5, 2, 11), KIND)
    builder.operator("PACK", operands, (packed,), "Pack", axis=3, valuesCount=2, version=2)
    operands = (builder.operand(IMAGE, KIND), builder.operand((1, 1, 1, 11), KIND))
    truth = builder.tensor(IMAGE, dtype=DType.BOOL)
    builder.operator("GREATER", operands, (truth,), "Greater")
    output = builder.output(IMAGE, KIND)
    builder.operator("SELECT_V2", (truth, *operands), (output,), "SelectV2")
    operands = tuple(builder.operand(IMAGE, KIND) for _ in range(3))
    builder.operator("ADD_N", operands, (builder.output(IMAGE, Quantised(0.1, -4)),), "AddN")
    inputs = (builder.operand(IMAGE, KIND), builder.integers(1))
    builder.operator("CUMSUM", inputs, (builder.output(IMAGE, KIND),), "Cumsum", reverse=True)
    places = np.asarray([[0, 6, 1], [0, 0, 4]], np.int32)
    inputs = (builder.operand(IMAGE, KIND), builder.tensor((2, 3), dtype=DType.INT32, data=places))
    builder.operator("GATHER_ND", inputs, (builder.output((2, 11), KIND),), "GatherNd")
    values = np.arange(28, dtype=np.int8).reshape(4, 7) * np.int8(9)
    matrix = builder.tensor((4, 7), scale=0.03, zero_point=2, data=values)
    product = builder.output((4, 11), Quantised(0.1, 1))
    operands = (matrix, builder.operand((7, 11), KIND))
    builder.operator("BATCH_MATMUL", operands, (product,), "BatchMatMul")
    values = np.arange(5 * 9 * 11).reshape(5, 3, 3, 11).astype(np.int8) << 4 >> 4
    filters = builder.tensor(values.shape, scale=0.02, dtype=DType.INT4, data=values)
    inputs = (builder.operand(IMAGE, KIND), filters)
    convolved = builder.output((1, 5, 3, 5), KIND)
    builder.operator("CONV_2D", inputs, (convolved,), "Conv2D", padding=1, strideH=1, strideW=1)


def test_further_operators_on_the_device(tmp_path: Path) -> None:
    builder = CaseBuilder()
    add_further(builder)
    check_on_the_device(builder.finish(), tmp_path)


def check_on_the_device(model: bytes, tmp_path: Path) -> None:
    """Compare the (first) output of random inputs of the model's own type."""
    compiled = compile_model(model, "every-operator")
    kind = np.dtype(compiled.input.dtype.numpy)
    shape, count = compiled.input.shape, compiled.output.elements
    inputs = np.random.default_rng(5).integers(
        np.iinfo(kind).min, np.iinfo(kind).max, (2, *shape), endpoint=True, dtype=kind
    )
    expected = micro_outputs(model, inputs).reshape(len(inputs), -1)
    with opened(compiled, tmp_path / "firmware") as device:
        for sample, wanted in zip(inputs, expected, strict=True):
            device.write_input(sample)
            device.infer()
            found = device.read_output().view(wanted.dtype)[:count]
            np.testing.assert_array_equal(found, wanted)


@pytest.mark.parametrize(
    ("given", "made"),
    [(DType.UINT8, DType.UINT8), (DType.INT16, DType.INT16), (DType.INT16, DType.INT32)],
)
def test_borders_of_other_integers_on_the_device(tmp_path: Path, given: DType, made: DType) -> None:
    """What comes over the wire are the model's own bytes, and what it prints are numbers."""
    builder = ModelBuilder()
    x = builder.tensor((1, 64), dtype=given, scale=2.0**-12)
    a, b = builder.tensor((1, 64), scale=2.0**-6), builder.tensor((1, 64), scale=2.0**-6)
    y = builder.tensor((1, 64), dtype=made, scale=2.0**-13)
    builder.operator("QUANTIZE", (x,), (a,), "Quantize")
    builder.operator("RELU", (a,), (b,))
    builder.operator("QUANTIZE", (b,), (y,), "Quantize")
    check_on_the_device(builder.build((x,), (y,)), tmp_path)


def test_the_place_of_the_largest_on_the_device(tmp_path: Path) -> None:
    builder = ModelBuilder()
    x, y = builder.tensor((1, 9, 7), scale=0.5), builder.tensor((1, 7), dtype=DType.INT32)
    builder.operator("ARG_MAX", (x, builder.integers(1)), (y,), "ArgMax", outputType=2)
    check_on_the_device(builder.build((x,), (y,)), tmp_path)


def test_every_operator_on_the_device(tmp_path: Path) -> None:
    builder = CaseBuilder()
    add_arithmetic(builder)
    add_windows(builder)
    add_moves(builder)
    model = builder.finish()
    compiled = compile_model(model, "every-operator")
    inputs = random_inputs(11, compiled.input.shape, count=2)
    expected = micro_outputs(model, inputs).reshape(len(inputs), -1)
    with opened(compiled, tmp_path / "firmware") as device:
        for sample, wanted in zip(inputs, expected, strict=True):
            device.write_input(sample)
            device.infer()
            np.testing.assert_array_equal(device.read_output(), wanted)


BUDGET = {"MUL": 11, "ADD": 14, "SUB": 12, "LOGISTIC": 8, "HARD_SWISH": 8}
"""The most instructions for each byte of output, calls and remainders included."""


def test_our_network_on_the_device(tmp_path: Path) -> None:
    model = (VECTORS / "amplitude_phase_int8.tflite").read_bytes()
    compiled = compile_model(model, "amplitude-phase")
    with np.load(VECTORS / "amplitude_phase_inputs.npz") as loaded:
        voices = loaded["inputs"][[0, 1, 0]]
    expected = micro_outputs(model, voices[:, None]).reshape(len(voices), -1)
    ticks = []
    with opened(compiled, tmp_path / "firmware") as device:
        for sample, wanted in zip(voices, expected, strict=True):
            device.write_input(sample)
            device.infer(profile=True)
            np.testing.assert_array_equal(device.read_output(), wanted)
            ticks.append(device.profile())
    np.testing.assert_array_equal(ticks[0], ticks[2])
    for row, spent in zip(compiled.operators, ticks[0].tolist(), strict=True):
        if row.name in BUDGET and row.output_bytes > 1000:
            instructions = spent * INSTRUCTIONS_A_TICK
            assert instructions <= BUDGET[row.name] * row.output_bytes, row.label
