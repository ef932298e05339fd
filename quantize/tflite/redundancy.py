"""Fields of operators that say again what shapes say, and where the two disagree.

Runtimes differ on which of the two they believe, so a model that disagrees with itself gives one
result here and another there, or is refused by one of them.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from quantize.tflite.model import Layer
from quantize.tflite.options import (
    ConcatenationOptions,
    Conv2DOptions,
    DepthwiseConv2DOptions,
    FullyConnectedOptions,
    LeakyReluOptions,
    PackOptions,
    Pool2DOptions,
    ReshapeOptions,
    SoftmaxOptions,
    SplitOptions,
    SqueezeOptions,
)
from quantize.tflite.shapes import Shape, following_shape
from quantize.tflite.window import WindowAxis

_MOST_AXES = 9


def depth_multiplier_problem(layer: Layer) -> str:
    """Say how a DEPTHWISE_CONV_2D's depth_multiplier and weights disagree, or return ``""``."""
    options = layer.options
    if not isinstance(options, DepthwiseConv2DOptions):
        return ""
    data, weights = (layer.graph.tensors[index].shape for index in layer.operator.inputs[:2])
    implied = weights[3] // data[3]
    if options.depth_multiplier == implied:
        return ""
    return (
        f"its depth_multiplier is {options.depth_multiplier}, where its weights imply {implied}: "
        "LiteRT and TFLite-Micro differ on which of the two they believe"
    )


def field_oddities(layer: Layer) -> Iterator[str]:
    """Yield what an operator's fields say against its tensors; all shapes must be known."""
    yield from disagreements(layer)
    options, shape = layer.options, layer.input(1)
    if isinstance(options, ReshapeOptions) and options.new_shape and shape is not None:
        asked = () if shape.data is None else tuple(shape.data.reshape(-1)[:_MOST_AXES].tolist())
        if asked and -1 not in (*asked, *options.new_shape) and asked != options.new_shape:
            yield (
                f"its field says the shape {list(options.new_shape)}, and its input {list(asked)}: "
                "the input is taken, by LiteRT and TFLite-Micro too"
            )


def disagreements(layer: Layer) -> Iterator[str]:
    """Yield where LiteRT and TFLite-Micro differ on an operator; all shapes must be known.

    One takes the shapes of the file, the other makes its own of fields and inputs; or one of the
    two refuses the operator.
    """
    if layer.is_custom or not layer.operator.inputs or not layer.operator.outputs:
        return
    if -1 in (*layer.operator.inputs[:1], *layer.operator.outputs):
        return
    data, out = layer.inputs[0].shape, layer.outputs[0].shape
    options = layer.options
    yield from _counts(layer)
    if problem := depth_multiplier_problem(layer):
        yield problem
    match options:
        case DepthwiseConv2DOptions() | Conv2DOptions():
            taps = layer.graph.tensors[layer.operator.inputs[1]].shape[1:3]
            dilations = (options.dilation_h, options.dilation_w)
            yield from _window(options, data, out, taps, dilations)
        case Pool2DOptions() if len(data) == len(out) == 4:
            taps = (options.filter_h, options.filter_w)
            yield from _window(options, data, out, taps, (1, 1))
        case FullyConnectedOptions() if len(out) != (len(data) if options.keep_num_dims else 2):
            keeps = "keeps" if options.keep_num_dims else "does not keep"
            yield f"it {keeps} the number of axes by its field, and its output has {len(out)}"
        case ReshapeOptions():
            yield from _reshape(layer, options, out)
        case SqueezeOptions():
            yield from _squeeze(options, data, out)
        case ConcatenationOptions():
            parts = [tensor.shape for tensor in layer.inputs]
            yield from _concatenation(options.axis, parts, out)
        case _:
            yield from _of_inputs(layer)


def _of_inputs(layer: Layer) -> Iterator[str]:
    follows = following_shape(layer)
    said = [tensor.shape for tensor in layer.outputs]
    # A single value is a scalar to one, and a row of one to the other: nobody goes by that.
    other = next((shape for shape in said if (shape or (1,)) != (follows or (1,))), None)
    if follows is not None and other is not None:
        shapes = ", ".join(str(list(t.shape)) for t in layer.inputs[:2])
        yield (
            f"its fields and inputs ({shapes}) make {list(follows)}, and its output says "
            f"{list(other)}: LiteRT and TFLite-Micro differ on which of the two they believe"
        )


def _counts(layer: Layer) -> Iterator[str]:
    """Yield what is wrong with fields that are numbers of things, or factors."""
    match layer.options:
        case SoftmaxOptions(beta) if not (math.isfinite(beta) and beta > 0):
            yield f"its beta is {beta:g}: TFLite-Micro aborts on it"
        case SplitOptions(parts) if parts != len(layer.operator.outputs):
            yield f"it splits into {parts}, and has {len(layer.operator.outputs)} outputs"
        case PackOptions(count):
            packed = layer.operator.inputs if layer.name == "PACK" else layer.operator.outputs
            if count != len(packed):
                yield f"its count is {count}, and it has {len(packed)} tensors"
        case LeakyReluOptions(alpha) if not math.isfinite(alpha):
            yield f"its alpha is {alpha:g}"


def _window(
    options: Conv2DOptions | DepthwiseConv2DOptions | Pool2DOptions,
    data: Shape,
    out: Shape,
    taps: Shape,
    dilations: Shape,
) -> Iterator[str]:
    strides = (options.stride_h, options.stride_w)
    if min(*strides, *dilations) < 1:
        return
    axes = zip(data[1:3], taps, strides, dilations, strict=True)
    follows = tuple(WindowAxis(*axis, options.padding).outputs for axis in axes)
    if follows != out[1:3]:
        yield (
            f"its stride, window and padding make {list(follows)} of {list(data[1:3])}, and its "
            f"output says {list(out[1:3])}"
        )
    if data[0] != out[0]:
        yield f"its input has a batch of {data[0]}, and its output one of {out[0]}"


def _reshape(layer: Layer, options: ReshapeOptions, out: Shape) -> Iterator[str]:
    wanted = options.new_shape
    shape = layer.input(1)
    if shape is not None:
        values = shape.data
        wanted = () if values is None else tuple(values.reshape(-1)[:_MOST_AXES].tolist())
    same = len(wanted) == len(out) and all(a in (b, -1) for a, b in zip(wanted, out, strict=True))
    if wanted and not same:
        yield f"it reshapes to {list(wanted)}, and its output says {list(out)}"


def _squeeze(options: SqueezeOptions, data: Shape, out: Shape) -> Iterator[str]:
    if any(not -len(data) <= axis < len(data) for axis in options.axes):
        yield f"it squeezes axes {list(options.axes)} of {len(data)}"
        return
    axes = {axis % len(data) for axis in options.axes}
    axes = axes or {axis for axis, length in enumerate(data) if length == 1}
    left = tuple(length for axis, length in enumerate(data) if axis not in axes)
    if left != out:
        yield f"it squeezes {list(data)} to {list(left)}, and its output says {list(out)}"


def _concatenation(axis: int, parts: list[Shape], out: Shape) -> Iterator[str]:
    if not -len(out) <= axis < len(out):
        yield f"its axis is {axis}, and its output has {len(out)}"
        return
    axis %= len(out)
    if any(len(part) != len(out) for part in parts):
        yield f"its inputs have other numbers of axes than its output, {list(out)}"
        return
    if any(part[:axis] + part[axis + 1 :] != out[:axis] + out[axis + 1 :] for part in parts) or (
        sum(part[axis] for part in parts) != out[axis]
    ):
        yield f"along its axis {axis} its inputs do not make {list(out)}"
