"""Fields and inputs that make another shape than the file says: runtimes differ, so it is named."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from operator_models import ModelBuilder, micro_outputs

from firmware_bridge.compiler.compile import compile_model
from quantize.foundation.errors import BadInput
from quantize.tflite import read_model
from quantize.tflite.schema import DType

Shape = tuple[int, ...]
SCALE = 1 / 16
CUBE, ROWS = (1, 3, 4), (3, 4)
WINDOW = {"padding": 1, "strideH": 2, "strideW": 2, "filterHeight": 2, "filterWidth": 2}
FILTER = {"padding": 0, "strideH": 1, "strideW": 1, "dilationHFactor": 1, "dilationWFactor": 1}
Build = Callable[[], bytes]


class _Model(ModelBuilder):
    """An operator with a softmax behind it, which shows how its result is cut into rows."""

    def __init__(self, source: Shape, target: Shape) -> None:
        super().__init__()
        self.x = self.tensor(source, scale=SCALE)
        self.y = self.tensor(target, scale=SCALE)
        self._target = target

    def ended(self, y: int | None = None) -> bytes:
        shares = self.tensor(self._target, scale=1 / 256, zero_point=-128)
        self.operator("SOFTMAX", (self.y if y is None else y,), (shares,), "Softmax", beta=1.0)
        return self.build((self.x,), (shares,))


def reshape(field: Shape, wanted: Shape | None, target: Shape) -> bytes:
    model = _Model((1, 12), target)
    inputs = (model.x,) if wanted is None else (model.x, model.integers(*wanted))
    model.operator("RESHAPE", inputs, (model.y,), "Reshape", newShape=list(field))
    return model.ended()


def squeeze(dims: Shape, target: Shape) -> bytes:
    model = _Model((1, 3, 4, 1), target)
    model.operator("SQUEEZE", (model.x,), (model.y,), "Squeeze", squeezeDims=list(dims))
    return model.ended()


def dense(keep: bool, target: Shape) -> bytes:
    model = _Model((1, 3, 6), target)
    values = np.random.default_rng(0).integers(-127, 128, (4, 6)).astype(np.int8)
    weights = model.tensor((4, 6), scale=SCALE, data=values)
    model.operator(
        *("FULLY_CONNECTED", (model.x, weights), (model.y,), "FullyConnected"),
        keepNumDims=keep,
        version=5,
    )
    return model.ended()


def joined(axis: int, target: Shape) -> bytes:
    model = _Model((1, 3, 3), target)
    model.operator("CONCATENATION", (model.x, model.x), (model.y,), "Concatenation", axis=axis)
    return model.ended()


def mean(keep: bool, target: Shape) -> bytes:
    model = _Model((1, 3, 3, 4), target)
    inputs = (model.x, model.integers(1, 2))
    model.operator("MEAN", inputs, (model.y,), "Reducer", keepDims=keep, version=2)
    return model.ended()


def sliced(target: Shape, **masks: int) -> bytes:
    model = _Model(CUBE, target)
    bounds = (model.integers(0, 0, 0), model.integers(1, 2, 4), model.integers(1, 1, 1))
    model.operator("STRIDED_SLICE", (model.x, *bounds), (model.y,), "StridedSlice", **masks)
    return model.ended()


def expanded(axis: int, target: Shape) -> bytes:
    model = _Model(ROWS, target)
    model.operator("EXPAND_DIMS", (model.x, model.integers(axis)), (model.y,), "ExpandDims")
    return model.ended()


def unary(name: str, target: Shape, options: str = "") -> bytes:
    model = _Model(ROWS, target)
    model.operator(name, (model.x,), (model.y,), options)
    return model.ended()


def summed(target: Shape) -> bytes:
    model = _Model(CUBE, target)
    model.operator("ADD", (model.x, model.x), (model.y,), "Add")
    return model.ended()


def transposed(target: Shape) -> bytes:
    model = _Model(CUBE, target)
    model.operator("TRANSPOSE", (model.x, model.integers(0, 2, 1)), (model.y,), "Transpose")
    return model.ended()


def padded(target: Shape) -> bytes:
    model = _Model(CUBE, target)
    widths = np.asarray([[0, 0], [1, 0], [0, 0]], np.int32)
    inputs = (model.x, model.tensor((3, 2), dtype=DType.INT32, data=widths))
    model.operator("PAD", inputs, (model.y,), "Pad")
    return model.ended()


def halves(axis: int, count: int, target: Shape) -> bytes:
    model = _Model((1, 4, 4), target)
    other = model.tensor(target, scale=SCALE)
    inputs = (model.integers(axis), model.x)
    model.operator("SPLIT", inputs, (model.y, other), "Split", numSplits=count)
    return model.ended(other)


def resized(target: Shape) -> bytes:
    model = _Model((1, 3, 3, 2), target)
    inputs = (model.x, model.integers(6, 6))
    model.operator("RESIZE_NEAREST_NEIGHBOR", inputs, (model.y,), "ResizeNearestNeighbor")
    return model.ended()


def pooled(target: Shape, **fields: int) -> bytes:
    model = _Model((1, 6, 6, 4), target)
    model.operator("AVERAGE_POOL_2D", (model.x,), (model.y,), "Pool2D", **(WINDOW | fields))
    return model.ended()


def convolved(target: Shape, **fields: int) -> bytes:
    model = _Model((1, 6, 6, 2), target)
    values = np.random.default_rng(1).integers(-9, 9, (2, 3, 3, 2)).astype(np.int8)
    weights = model.tensor((2, 3, 3, 2), scale=SCALE, data=values)
    zeros = np.zeros(2, np.int32)
    bias = model.tensor((2,), scale=SCALE * SCALE, dtype=DType.INT32, data=zeros)
    inputs = (model.x, weights, bias)
    model.operator("CONV_2D", inputs, (model.y,), "Conv2D", version=3, **(FILTER | fields))
    return model.ended()


AGREE: dict[str, Build] = {
    "reshape": lambda: reshape(ROWS, ROWS, ROWS),
    "reshape to -1": lambda: reshape(ROWS, (-1, 4), ROWS),
    "reshape by its field": lambda: reshape(ROWS, None, ROWS),
    "squeeze": lambda: squeeze((0,), (3, 4, 1)),
    "squeeze all": lambda: squeeze((), ROWS),
    "dense, flat": lambda: dense(False, ROWS),
    "dense, axes kept": lambda: dense(True, CUBE),
    "join": lambda: joined(1, (1, 6, 3)),
    "join from the end": lambda: joined(-1, (1, 3, 6)),
    "mean, axes kept": lambda: mean(True, (1, 1, 1, 4)),
    "mean": lambda: mean(False, (1, 4)),
    "slice": lambda: sliced((1, 2, 4)),
    "slice to its end": lambda: sliced(CUBE, endMask=2),
    "slice, shrunk": lambda: sliced((2, 4), shrinkAxisMask=1),
    "slice, bits beyond its axes": lambda: sliced((1, 2, 4), endMask=8),
    "expand": lambda: expanded(0, CUBE),
    "expand at the end": lambda: expanded(-1, (3, 4, 1)),
    "relu": lambda: unary("RELU", ROWS),
    "sum": lambda: summed(CUBE),
    "transpose": lambda: transposed((1, 4, 3)),
    "pad": lambda: padded((1, 4, 4)),
    "split": lambda: halves(1, 2, (1, 2, 4)),
    "resize": lambda: resized((1, 6, 6, 2)),
    "pool": lambda: pooled((1, 3, 3, 4)),
    "pool, window beyond its input": lambda: pooled((1, 3, 3, 4), padding=0, filterHeight=9),
    "convolution": lambda: convolved((1, 6, 6, 2)),
}
DIFFER: dict[str, Build] = {
    "reshape's input": lambda: reshape((4, 3), (4, 3), ROWS),
    "reshape's field": lambda: reshape((4, 3), None, ROWS),
    "squeeze's other axis": lambda: squeeze((3,), (3, 4, 1)),
    "squeeze's missing axes": lambda: squeeze((), CUBE),
    "dense's rows": lambda: dense(False, (1, 1, 12)),
    "dense's rows, of two axes": lambda: dense(False, (1, 12)),
    "join's axis": lambda: joined(2, (1, 6, 3)),
    "join's axis beyond": lambda: joined(5, (1, 6, 3)),
    "mean's order": lambda: mean(False, (4, 1)),
    "slice's end": lambda: sliced((1, 2, 4), endMask=2),
    "slice's shrunk axis": lambda: sliced((1, 2, 4), shrinkAxisMask=1),
    "slice's kept axis": lambda: sliced((2, 4)),
    "expand's axis": lambda: expanded(2, CUBE),
    "expand's lengths": lambda: expanded(0, (1, 4, 3)),
    "relu's shape": lambda: unary("RELU", (4, 3)),
    "quantize's shape": lambda: unary("QUANTIZE", (4, 3), "Quantize"),
    "sum's shape": lambda: summed((1, 4, 3)),
    "transpose's order": lambda: transposed(CUBE),
    "pad's widths": lambda: padded((1, 3, 5)),
    "split's axis": lambda: halves(2, 2, (1, 2, 4)),
    "split's number": lambda: halves(1, 4, (1, 2, 4)),
    "resize's size": lambda: resized((1, 5, 6, 2)),
    "pool's window": lambda: pooled((1, 3, 3, 4), filterHeight=3),
    "pool's batch": lambda: pooled((2, 3, 3, 4)),
    "convolution's stride": lambda: convolved((1, 6, 6, 2), strideH=2),
    "convolution's batch": lambda: convolved((2, 6, 6, 2)),
}
ONLY_UNIT_AXES: dict[str, Build] = {
    "dense, axes kept": lambda: dense(True, ROWS),
    "dense, flat": lambda: dense(False, CUBE),
    "mean, axes kept": lambda: mean(True, (1, 4)),
    "mean": lambda: mean(False, (1, 1, 1, 4)),
    "relu": lambda: unary("RELU", CUBE),
    "sum": lambda: summed(ROWS),
}
"""One result of its bytes, as long as nothing behind it goes by the number of axes."""


def lite_output(model: bytes, sample: np.typing.NDArray[np.int8]) -> bytes:
    from ai_edge_litert.interpreter import Interpreter, OpResolverType

    interpreter = Interpreter(
        model_content=model, experimental_op_resolver_type=OpResolverType.BUILTIN_REF
    )
    interpreter.allocate_tensors()
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], sample)
    interpreter.invoke()
    output: bytes = interpreter.get_tensor(interpreter.get_output_details()[0]["index"]).tobytes()
    return output


def answers(model: bytes) -> tuple[bytes | None, bytes | None]:
    """What TFLite-Micro and LiteRT give for one input; ``None`` for a refusal."""
    shape = read_model(model).main.input_tensors[0].shape
    sample = np.random.default_rng(3).integers(-128, 128, shape, dtype=np.int8)
    found: list[bytes | None] = []
    for run in (
        lambda: micro_outputs(model, sample[None]).tobytes(),
        lambda: lite_output(model, sample),
    ):
        try:
            found.append(run())
        except (RuntimeError, ValueError):
            found.append(None)
    return found[0], found[1]


@pytest.mark.parametrize("name", AGREE)
def test_what_agrees_is_compiled(name: str) -> None:
    model = AGREE[name]()
    micro, lite = answers(model)
    assert micro is not None
    assert micro == lite
    assert read_model(model).oddities == ()
    assert compile_model(model, "m").calls


@pytest.mark.parametrize("name", DIFFER)
def test_what_runtimes_differ_on_is_named_and_not_compiled(name: str) -> None:
    model = DIFFER[name]()
    micro, lite = answers(model)
    assert micro != lite
    (oddity,) = read_model(model).oddities
    assert oddity.where.startswith("operator 0 ")
    with pytest.raises(BadInput, match=f"^{oddity.where.partition(' (')[0]} .*cannot be compiled"):
        compile_model(model, "m")


@pytest.mark.parametrize("name", ONLY_UNIT_AXES)
def test_another_number_of_axes_is_named_and_not_compiled(name: str) -> None:
    model = ONLY_UNIT_AXES[name]()
    (oddity,) = read_model(model).oddities
    assert oddity.where.startswith("operator 0 ")
    with pytest.raises(BadInput, match="cannot be compiled"):
        compile_model(model, "m")


def test_a_field_that_both_runtimes_ignore_is_said_and_compiled() -> None:
    model = reshape((4, 3), ROWS, ROWS)
    micro, lite = answers(model)
    assert micro == lite
    (oddity,) = read_model(model).oddities
    assert "its field says the shape [4, 3], and its input [3, 4]" in oddity.what
    assert compile_model(model, "m").calls
