"""The options of operators that firmware and Edge TPU care for, as another writer packs them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from quantize.tflite import options as o
from quantize.tflite import read_model
from quantize.tflite.inspect import inspect_model
from quantize.tflite.schema import Activation, Padding

Build = Callable[..., bytes]
RELU6 = 3


def becomes(kind: str, inputs: list[int], union: str, **fields: Any) -> Callable[[Any, Any], None]:
    """Turn the small model's RESHAPE into another operator, with these options."""

    def edit(model: Any, schema: Any) -> None:
        code = model.operatorCodes[3]
        code.builtinCode = getattr(schema.BuiltinOperator, kind)
        code.deprecatedBuiltinCode = min(code.builtinCode, 127)
        operator = model.subgraphs[0].operators[3]
        operator.inputs = inputs
        operator.builtinOptionsType = getattr(schema.BuiltinOptions, union)
        operator.builtinOptions = getattr(schema, f"{union}T")()
        for name, value in fields.items():
            setattr(operator.builtinOptions, name, value)

    return edit


@pytest.mark.parametrize(
    ("edit", "expected"),
    [
        (
            becomes("ADD", [7, 7], "AddOptions", fusedActivationFunction=RELU6),
            o.ArithmeticOptions(Activation.RELU6),
        ),
        (
            becomes("SUB", [7, 7], "SubOptions", fusedActivationFunction=RELU6),
            o.ArithmeticOptions(Activation.RELU6),
        ),
        (
            becomes("MUL", [7, 7], "MulOptions", fusedActivationFunction=RELU6),
            o.ArithmeticOptions(Activation.RELU6),
        ),
        (
            becomes("DIV", [7, 7], "DivOptions", fusedActivationFunction=RELU6),
            o.ArithmeticOptions(Activation.RELU6),
        ),
        (becomes("MEAN", [7, 8], "ReducerOptions", keepDims=True), o.ReducerOptions(True)),
        (becomes("SUM", [7, 8], "ReducerOptions", keepDims=True), o.ReducerOptions(True)),
        (becomes("SOFTMAX", [7], "SoftmaxOptions", beta=0.5), o.SoftmaxOptions(0.5)),
        (
            becomes(
                "CONCATENATION", [7], "ConcatenationOptions", axis=-1, fusedActivationFunction=1
            ),
            o.ConcatenationOptions(-1, Activation.RELU),
        ),
        (becomes("SPLIT", [8, 7], "SplitOptions", numSplits=3), o.SplitOptions(3)),
        (becomes("SPLIT_V", [7, 8, 8], "SplitVOptions", numSplits=3), o.SplitOptions(3)),
        (
            becomes("PACK", [7, 7], "PackOptions", valuesCount=2, axis=1),
            o.PackOptions(2, 1),
        ),
        (becomes("MIRROR_PAD", [7, 8], "MirrorPadOptions", mode=1), o.MirrorPadOptions(True)),
        (
            becomes("L2_NORMALIZATION", [7], "L2NormOptions", fusedActivationFunction=RELU6),
            o.L2NormOptions(Activation.RELU6),
        ),
        (becomes("UNPACK", [7], "UnpackOptions", num=1, axis=2), o.PackOptions(1, 2)),
        (
            becomes("RESHAPE", [7], "ReshapeOptions", newShape=[1, -1]),
            o.ReshapeOptions((1, -1)),
        ),
        (
            becomes("SQUEEZE", [7], "SqueezeOptions", squeezeDims=[1, 2]),
            o.SqueezeOptions((1, 2)),
        ),
        (
            becomes(
                "STRIDED_SLICE",
                [7, 8, 8, 8],
                "StridedSliceOptions",
                beginMask=1,
                endMask=2,
                ellipsisMask=4,
                newAxisMask=8,
                shrinkAxisMask=16,
            ),
            o.StridedSliceOptions(1, 2, 4, 8, 16, False),
        ),
        (
            becomes(
                "RESIZE_NEAREST_NEIGHBOR",
                [7, 8],
                "ResizeNearestNeighborOptions",
                halfPixelCenters=True,
            ),
            o.ResizeOptions(False, True),
        ),
        (
            becomes("RESIZE_BILINEAR", [7, 8], "ResizeBilinearOptions", alignCorners=True),
            o.ResizeOptions(True, False),
        ),
        (becomes("LEAKY_RELU", [7], "LeakyReluOptions", alpha=0.25), o.LeakyReluOptions(0.25)),
        (becomes("CALL_ONCE", [], "CallOnceOptions", initSubgraphIndex=3), o.CallOnceOptions(3)),
        (
            becomes("VAR_HANDLE", [], "VarHandleOptions", container="c", sharedName="s"),
            o.VarHandleOptions("c", "s"),
        ),
        (becomes("PAD", [7, 8], "PadOptions"), None),
        (becomes("EXPAND_DIMS", [7, 8], "ExpandDimsOptions"), None),
        (becomes("TRANSPOSE", [7, 8], "TransposeOptions"), None),
        (becomes("QUANTIZE", [7], "QuantizeOptions"), None),
        (becomes("DEQUANTIZE", [7], "DequantizeOptions"), None),
        (becomes("HARD_SWISH", [7], "HardSwishOptions"), None),
    ],
)
def test_options_are_read(build_model: Build, edit: Any, expected: Any) -> None:
    assert read_model(build_model(edit)).main.operators[3].options == expected


def test_pool_options_are_read(build_model: Build) -> None:
    def edit(model: Any, schema: Any) -> None:
        fields = {"strideH": 1, "strideW": 2, "filterHeight": 3, "filterWidth": 4, "padding": 1}
        becomes("MAX_POOL_2D", [6], "Pool2DOptions", **fields)(model, schema)
        model.subgraphs[0].tensors[9].shape = [1, 1, 1, 4]

    expected = o.Pool2DOptions(Padding.VALID, 1, 2, 3, 4, Activation.NONE)
    assert read_model(build_model(edit)).main.operators[3].options == expected


def test_work_of_products_and_transposed_convolutions(build_model: Build) -> None:
    def transposed(model: Any, schema: Any) -> None:
        becomes("TRANSPOSE_CONV", [8, 4, 6], "TransposeConvOptions", strideH=2, strideW=2)(
            model, schema
        )
        graph = model.subgraphs[0]
        # Filters [1, 3, 3, 4] over [1, 3, 3, 4] give one channel.
        graph.tensors[9].shape = [1, 6, 6, 1]
        graph.operators, graph.outputs = graph.operators[:4], [9]

    found = inspect_model(read_model(build_model(transposed)))
    # Each of 3*3*4 inputs meets 3*3 weights of one output channel.
    assert found.operators[3].macs == 3 * 3 * 4 * 3 * 3

    def product(model: Any, schema: Any) -> None:
        becomes("BATCH_MATMUL", [7, 10], "BatchMatMulOptions", adjY=True)(model, schema)
        graph = model.subgraphs[0]
        graph.tensors[9].shape = [1, 1, 1, 3]
        graph.operators, graph.outputs = graph.operators[:4], [9]

    found = inspect_model(read_model(build_model(product)))
    assert found.operators[3].macs == 3 * 4
    assert read_model(build_model(product)).main.operators[3].options == o.BatchMatMulOptions(
        False, True
    )


def test_absent_options_are_the_schemas_defaults(build_model: Build) -> None:
    def bare(model: Any, schema: Any) -> None:
        becomes("ADD", [7, 7], "AddOptions")(model, schema)
        operator = model.subgraphs[0].operators[3]
        operator.builtinOptions, operator.builtinOptionsType = None, 0

    operator = read_model(build_model(bare)).main.operators[3]
    assert operator.options == o.ArithmeticOptions(Activation.NONE)
