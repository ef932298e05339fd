"""What a converted model must be before anyone may use it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import numpy as np

from quantize.convert.quantised_model import OperatorUse, TensorQuantization
from quantize.foundation.errors import CheckFailed
from quantize.foundation.foreign import printable
from quantize.tflite import Model
from quantize.tflite.model import Layer, Tensor
from quantize.tflite.schema import DType

_INTEGER = frozenset({DType.INT8, DType.INT16, DType.INT32, DType.INT64, DType.BOOL})
BOUNDARY = frozenset({"QUANTIZE", "DEQUANTIZE"})
"""Operators that surround what is left in float."""
_WEIGHTED = frozenset({"CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED"})
_LARGEST_MULTIPLIER = 256.0
_HINT = "build it of convolutions, pooling, ReLU6, sigmoid, softmax, add and multiply"


def float_layers(model: Model, layer_names: Mapping[str, str]) -> tuple[str, ...]:
    """Name the operators that are not integer throughout, the culprits first.

    An operator counts when any tensor that it reads or writes is floating-point, or when it is
    a custom one: what that computes in, no one can tell. Custom ones come first; QUANTIZE and
    DEQUANTIZE, which only surround such operators, last; else graph order.

    Parameters
    ----------
    model
        The converted model.
    layer_names
        The network's names for tensors, see `QuantizedModel.layer_names`.
    """
    return tuple(layer_label(layer, layer_names) for layer in float_layers_of(model))


def float_layers_of(model: Model) -> list[Layer]:
    """Return the layers of `float_layers` themselves."""
    left = [layer for layer in model.main.layers if layer.is_custom or not _is_integer(layer)]
    left.sort(key=lambda layer: (not layer.is_custom, layer.name in BOUNDARY))
    return left


def check_one_subgraph(model: Model) -> None:
    """Refuse a model of several subgraphs.

    Raises
    ------
    CheckFailed
        When it has more than one, or none.
    """
    if len(model.subgraphs) != 1:
        raise CheckFailed(
            f"the converted model has {len(model.subgraphs)} subgraphs, a device runs one",
            hint="avoid control flow in the network",
        )


def check_fully_integer(model: Model, layer_names: Mapping[str, str]) -> None:
    """Refuse a model with a float operator.

    Raises
    ------
    CheckFailed
        Names such a layer.
    """
    check_one_subgraph(model)
    left = float_layers(model, layer_names)
    if left:
        raise CheckFailed(f"not fully int8: {left[0]} would run in float", hint=_HINT)


def check_input(
    model: Model, *, shape_nchw: tuple[int, int, int, int], scale: float, zero_point: int
) -> TensorQuantization:
    """Return the model's one input, which must be int8 NHWC with exactly this quantisation.

    Raises
    ------
    CheckFailed
        When it is not.
    """
    batch, channels, height, width = shape_nchw
    found = _only(model.main.input_tensors, "input")
    expected = (batch, height, width, channels)
    if found.shape != expected:
        raise CheckFailed(f"the converted input has shape {found.shape}, not {expected}")
    exact = np.float32(found.scale) == np.float32(scale) and found.zero_point == zero_point
    if not exact:
        raise CheckFailed(
            f"the converted input is quantised with scale {found.scale!r}, zero point "
            f"{found.zero_point}, not with {scale!r} and {zero_point}",
            hint="choose a power of two as the input scale",
        )
    return found


def check_output(model: Model) -> TensorQuantization:
    """Return the model's one output, which must be int8 of shape [1, outputs].

    Raises
    ------
    CheckFailed
        When it is not.
    """
    (found,) = check_outputs(model, 1)
    return found


def check_outputs(model: Model, count: int) -> tuple[TensorQuantization, ...]:
    """Return the model's outputs, of which there must be so many, each as in `check_output`.

    Raises
    ------
    CheckFailed
        When they are not.
    """
    tensors = model.main.output_tensors
    groups = [(tensor,) for tensor in tensors] if len(tensors) == count else [tensors]
    found = tuple(_only(group, "output") for group in groups)
    for each in found:
        if len(each.shape) != 2 or each.shape[0] != 1:
            raise CheckFailed(f"the converted output has shape {each.shape}, not (1, outputs)")
    if len(found) != count:
        raise CheckFailed(f"the converted model has {len(found)} outputs, not {count}")
    return found


def silent_layers(model: Model, layer_names: Mapping[str, str]) -> tuple[str, ...]:
    """Name the layers with weights that gave all but nothing on the calibration inputs.

    The range of such a layer, and so its scale, is next to zero: input scale times weight scale
    over output scale passes 256, which XNNPACK refuses. TFLite-Micro runs it, and clips whatever
    the layer gives on other inputs. Often all of a gate's few units have died in training.
    """
    return tuple(
        layer_label(layer, layer_names)
        for layer in model.main.layers
        if layer.name in _WEIGHTED and _multiplier(layer) >= _LARGEST_MULTIPLIER
    )


def count_operators(model: Model) -> tuple[OperatorUse, ...]:
    """Count the main graph's operators by name and version, sorted by both."""
    uses = Counter((operator.name, operator.version) for operator in model.main.operators)
    return tuple(OperatorUse(*kind, count) for kind, count in sorted(uses.items()))


def layer_label(layer: Layer, layer_names: Mapping[str, str]) -> str:
    """Return a layer's name for people, after the network's own where it is known.

    `layer_names` are as of `float_layers`.
    """
    tensors = (tensor.name for tensor in layer.outputs)
    known = next((layer_names[name] for name in tensors if name in layer_names), "")
    return f"layer {printable(known)}, {layer.label}" if known else layer.label


def _multiplier(layer: Layer) -> float:
    """Return the largest factor by which an accumulator becomes an output step."""
    used = (*layer.operator.inputs[:2], layer.operator.outputs[0])
    data, weights, made = (layer.graph.tensors[index].quantisation for index in used)
    if data is None or weights is None or made is None:
        return 0.0
    return data.scale * float(weights.scales.max()) / made.scale


def _is_integer(layer: Layer) -> bool:
    return all(tensor.dtype in _INTEGER for tensor in (*layer.inputs, *layer.outputs))


def _only(tensors: tuple[Tensor, ...], what: str) -> TensorQuantization:
    if len(tensors) != 1:
        raise CheckFailed(f"the converted model has {len(tensors)} {what}s, a device feeds one")
    tensor = tensors[0]
    quantisation = tensor.quantisation
    if tensor.dtype is not DType.INT8 or quantisation is None or quantisation.per_axis:
        raise CheckFailed(f"the converted {what} {tensor.name} is {tensor.dtype.label}, not int8")
    return TensorQuantization(
        name=tensor.name,
        shape=tensor.shape,
        scale=quantisation.scale,
        zero_point=quantisation.zero_point,
    )
