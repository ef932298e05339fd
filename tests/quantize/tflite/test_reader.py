from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from quantize.foundation.errors import BadInput
from quantize.tflite import read_model
from quantize.tflite.options import (
    Conv2DOptions,
    DepthwiseConv2DOptions,
    FullyConnectedOptions,
    Pool2DOptions,
    ReshapeOptions,
)
from quantize.tflite.schema import Activation, DType, Padding

Build = Callable[..., bytes]


def test_reads_what_was_written(build_model: Build) -> None:
    data = build_model()
    model = read_model(data)
    assert (model.version, model.description, model.file_bytes) == (3, "small", len(data))
    main = model.main
    assert [op.name for op in main.operators] == [
        "CONV_2D",
        "DEPTHWISE_CONV_2D",
        "AVERAGE_POOL_2D",
        "RESHAPE",
        "FULLY_CONNECTED",
    ]
    assert [op.version for op in main.operators] == [3, 3, 2, 1, 4]
    (x,) = main.input_tensors
    assert (x.name, x.shape, x.dtype, x.data) == ("input", (1, 6, 5, 2), DType.INT8, None)
    assert x.quantisation is not None
    assert (x.quantisation.scale, x.quantisation.zero_point) == (0.03125, 0)
    weights = main.tensors[main.operators[1].inputs[1]]
    assert weights.quantisation is not None
    assert weights.quantisation.axis == 3
    np.testing.assert_allclose(weights.quantisation.scales, [0.005, 0.006, 0.007, 0.008], rtol=1e-6)
    assert weights.data is not None
    assert weights.data.shape == (1, 3, 3, 4)
    assert weights.data.dtype == np.int8
    assert not weights.data.flags.writeable
    assert main.layers[0].label == "operator 0 CONV_2D (conv)"


def test_reads_options(build_model: Build) -> None:
    operators = read_model(build_model()).main.operators
    assert operators[0].options == Conv2DOptions(Padding.SAME, 1, 1, 1, 1, Activation.RELU)
    assert operators[1].options == DepthwiseConv2DOptions(
        Padding.SAME, 2, 2, 1, 1, 1, Activation.NONE
    )
    assert operators[2].options == Pool2DOptions(Padding.VALID, 3, 3, 3, 3, Activation.NONE)
    # It has no options table: the schema's defaults hold, and its second input has the shape.
    assert operators[3].options == ReshapeOptions(())
    assert operators[4].options == FullyConnectedOptions(Activation.NONE, 0, False, False)


def test_every_real_file_agrees_with_the_runtimes_schema(shared: Path, schema: Any) -> None:
    files = sorted(shared.glob("*/*.tflite"))
    assert files
    for path in files:
        ours = read_model(path)
        theirs = schema.ModelT.InitFromObj(schema.Model.GetRootAs(path.read_bytes(), 0))
        assert len(ours.subgraphs) == len(theirs.subgraphs)
        assert [m.name for m in ours.metadata] == [m.name.decode() for m in theirs.metadata or []]
        for mine, other in zip(ours.subgraphs, theirs.subgraphs, strict=True):
            assert mine.inputs == tuple(other.inputs)
            assert mine.outputs == tuple(other.outputs)
            for tensor, expected in zip(mine.tensors, other.tensors, strict=True):
                _same_tensor(tensor, expected, theirs)
            for operator, expected in zip(mine.operators, other.operators, strict=True):
                code = theirs.operatorCodes[expected.opcodeIndex]
                assert operator.version == code.version
                assert operator.code.builtin == max(code.builtinCode, code.deprecatedBuiltinCode)
                assert operator.inputs == tuple(expected.inputs)
                assert operator.outputs == tuple(expected.outputs)
                custom = expected.customOptions
                assert operator.custom_options.tolist() == ([] if custom is None else list(custom))
                _same_options(operator, expected.builtinOptions)


def _same_tensor(tensor: Any, expected: Any, model: Any) -> None:
    assert tensor.name == (expected.name or b"").decode()
    assert tensor.shape == tuple([] if expected.shape is None else expected.shape)
    assert tensor.dtype.code == expected.type
    assert tensor.is_variable == expected.isVariable
    quantisation = expected.quantization
    if quantisation is None or quantisation.scale is None or not len(quantisation.scale):
        assert tensor.quantisation is None
    else:
        assert tensor.quantisation.scales.tolist() == list(quantisation.scale)
        assert tensor.quantisation.zero_points.tolist() == list(quantisation.zeroPoint)
        assert tensor.quantisation.axis == quantisation.quantizedDimension
    data = model.buffers[expected.buffer].data if model.buffers else None
    if data is None or len(data) == 0:
        assert tensor.data is None
    else:
        assert tensor.data.tobytes() == np.asarray(data, np.uint8).tobytes()


_THEIR_NAMES = {
    "activation": "fusedActivationFunction",
    "stride_h": "strideH",
    "stride_w": "strideW",
    "dilation_h": "dilationHFactor",
    "dilation_w": "dilationWFactor",
    "filter_h": "filterHeight",
    "filter_w": "filterWidth",
    "padding": "padding",
    "depth_multiplier": "depthMultiplier",
    "axis": "axis",
    "num_splits": "numSplits",
    "beta": "beta",
    "align_corners": "alignCorners",
    "half_pixel_centers": "halfPixelCenters",
    "keep_num_dims": "keepNumDims",
    "cell_clip": "cellClip",
    "time_major": "timeMajor",
}


def _same_options(operator: Any, expected: Any) -> None:
    if operator.options is None or expected is None:
        return
    for ours, theirs in _THEIR_NAMES.items():
        if hasattr(operator.options, ours):
            value = getattr(operator.options, ours)
            assert getattr(value, "value", value) == getattr(expected, theirs), (operator, ours)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty"),
        (b"x", "lacks the mark TFL3"),
        (b"A text that somebody renamed.\n" * 20, "lacks the mark TFL3"),
        (b"\x89PNG\r\n\x1a\n" + bytes(100), "lacks the mark TFL3"),
        (b"\x1c\0\0\0TFL3", "damaged"),
        (b"\xff\xff\xff\xffTFL3" + bytes(100), "damaged"),
    ],
)
def test_other_files_are_refused_by_name_and_reason(
    tmp_path: Path, data: bytes, reason: str
) -> None:
    path = tmp_path / "m.tflite"
    path.write_bytes(data)
    with pytest.raises(BadInput, match=reason) as caught:
        read_model(path)
    assert str(path) in caught.value.message
    assert caught.value.hint
    with pytest.raises(BadInput, match=r"^net\b"):
        read_model(data, name="net")


def test_missing_files_and_folders_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="does not exist"):
        read_model(tmp_path / "none.tflite")
    with pytest.raises(BadInput, match="is a folder"):
        read_model(tmp_path)


def test_every_truncation_of_the_structure_is_refused(build_model: Build) -> None:
    data = build_model()
    for size in range(0, len(data), 7):
        with pytest.raises(BadInput):
            read_model(data[:size])


def test_operators_above_127_are_read_from_the_wider_field(build_model: Build) -> None:
    def gelu(model: Any, schema: Any) -> None:
        model.operatorCodes[3].builtinCode = schema.BuiltinOperator.GELU
        model.operatorCodes[3].deprecatedBuiltinCode = 127

    assert read_model(build_model(gelu)).main.operators[3].name == "GELU"


def test_custom_operators_keep_name_and_options(build_model: Build) -> None:
    def custom(model: Any, schema: Any) -> None:
        code = model.operatorCodes[0]
        # A custom operator may call itself what it likes; its options are not a builtin's.
        code.builtinCode = code.deprecatedBuiltinCode = schema.BuiltinOperator.CUSTOM
        code.customCode = "CONV_2D"
        model.subgraphs[0].operators[0].customOptions = np.array([1, 2, 255], np.uint8)

    operator = read_model(build_model(custom)).main.operators[0]
    assert (operator.name, operator.code.is_custom) == ("CONV_2D", True)
    assert operator.custom_options.tolist() == [1, 2, 255]
    assert operator.options is None


def test_constants_behind_the_flatbuffer_are_found(build_model: Build) -> None:
    bias = np.array([5, -6, 7, 8], np.int32)

    def placed(offset: int) -> Callable[[Any, Any], None]:
        def edit(model: Any, schema: Any) -> None:
            buffer = model.buffers[2]
            buffer.data, buffer.offset, buffer.size = None, offset, bias.nbytes

        return edit

    length = len(build_model(placed(1 << 20)))
    data = build_model(placed(length)) + bias.tobytes()
    assert read_model(data).main.tensors[2].data.tolist() == bias.tolist()
    with pytest.raises(BadInput, match="damaged"):
        read_model(data[:-1])


@pytest.mark.parametrize(
    ("edit", "reason"),
    [
        (
            lambda m, s: setattr(m.subgraphs[0].tensors[0], "type", 99),
            "its type 99 is not known",
        ),
        (lambda m, s: setattr(m.subgraphs[0].tensors[1], "buffer", 77), "buffer 77 of"),
        (lambda m, s: setattr(m.subgraphs[0].operators[0], "opcodeIndex", 9), "kind 9 of 5"),
        (
            lambda m, s: setattr(m.subgraphs[0].operators[0].builtinOptions, "padding", 5),
            "5 is not a valid Padding",
        ),
        (
            lambda m, s: setattr(
                m.subgraphs[0].operators[0].builtinOptions, "fusedActivationFunction", -1
            ),
            "-1 is not a valid Activation",
        ),
        (
            lambda m, s: setattr(
                m.subgraphs[0].operators[0], "builtinOptionsType", s.BuiltinOptions.AddOptions
            ),
            "a stride, dilation or window below 1",
        ),
        (
            lambda m, s: setattr(m.subgraphs[0].tensors[1], "shape", [4, 3, 3, 3]),
            "a constant of 72 bytes where int8 .* has 108",
        ),
        (
            lambda m, s: setattr(m.subgraphs[0].tensors[1], "shape", [1 << 30, 1 << 30]),
            "more than",
        ),
        (
            lambda m, s: setattr(m.subgraphs[0].tensors[0], "sparsity", s.SparsityParametersT()),
            "sparse",
        ),
    ],
)
def test_values_out_of_the_schema_are_refused(
    build_model: Build, edit: Callable[[Any, Any], None], reason: str
) -> None:
    with pytest.raises(BadInput, match=reason):
        read_model(build_model(edit))
