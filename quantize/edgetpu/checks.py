"""What each rule looks at: functions over one operator, by the rule's id.

A check returns what is wrong with this operator, in a few words that complete the rule's text, or
an empty string.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType

import numpy as np

from quantize.edgetpu.operators import (
    FIRST_UNKNOWN_BUILTIN,
    MAPPABLE,
    REFUSED_FROM,
)
from quantize.foundation.foreign import printable
from quantize.tflite.demands import doubtful_scales, refused_scales
from quantize.tflite.model import Layer, Tensor
from quantize.tflite.options import (
    ConcatenationOptions,
    Conv2DOptions,
    DepthwiseConv2DOptions,
    FullyConnectedOptions,
    PackOptions,
    Pool2DOptions,
    StridedSliceOptions,
)
from quantize.tflite.ranges import nearly_equal_values, one_step_range, unseen_range
from quantize.tflite.scales import scale_problem
from quantize.tflite.schema import Activation

_SIXTEEN_BIT_STATE = frozenset({"UNIDIRECTIONAL_SEQUENCE_LSTM"})
_WEIGHTED = {
    "CONV_2D": (1, 2),
    "DEPTHWISE_CONV_2D": (1, 2),
    "FULLY_CONNECTED": (1, 2),
    "TRANSPOSE_CONV": (1, 3),
    "PRELU": (1,),
}
"""Where an operator's weights and biases stand among its inputs."""
_SHAPE_INPUTS = {
    "EXPAND_DIMS": (1,),
    "MEAN": (1,),
    "PAD": (1,),
    "REDUCE_MAX": (1,),
    "REDUCE_MIN": (1,),
    "RESHAPE": (1,),
    "RESIZE_BILINEAR": (1,),
    "RESIZE_NEAREST_NEIGHBOR": (1,),
    "SLICE": (1, 2),
    "SPLIT": (0,),
    "STRIDED_SLICE": (1, 2, 3),
    "SUM": (1,),
    "TRANSPOSE": (1,),
    "TRANSPOSE_CONV": (0,),
}
"""Where an operator's shapes, axes and paddings stand among its inputs."""
_MEBIBYTE = 1 << 20
_CHIP_BYTES = 8 * _MEBIBYTE
_LARGEST_RESIZE_BYTES = 4 * _MEBIBYTE
_LARGEST_RESIZE_FACTOR = 16
_LARGEST_SOFTMAX = 16_000
_INNER_AXES = 3
_MOST_SCALES_TOLD = 4


def _shape_inputs(layer: Layer) -> tuple[Tensor, ...]:
    """Return its inputs that hold shapes, axes or paddings."""
    found = (layer.input(place) for place in _SHAPE_INPUTS.get(layer.name, ()))
    return tuple(tensor for tensor in found if tensor is not None)


def _data(layer: Layer) -> tuple[Tensor, ...]:
    """Return its inputs and outputs that hold quantised values: no shapes, axes or biases."""
    helpers = {tensor.index for tensor in _shape_inputs(layer)}
    weights = _WEIGHTED.get(layer.name, ())
    helpers |= {t.index for place in weights[1:] if (t := layer.input(place)) is not None}
    used = [tensor for tensor in layer.inputs if tensor.index not in helpers]
    return (*used, *layer.outputs)


def _activations(layer: Layer) -> tuple[Tensor, ...]:
    """Return its inputs and outputs that are computed."""
    return tuple(tensor for tensor in _data(layer) if not tensor.is_constant)


Check = Callable[[Layer], str]


def _label(tensor: Tensor) -> str:
    name = f" '{tensor.short_name}'" if tensor.name else ""
    return f"tensor{name} {list(tensor.shape)}"


def _unknown_builtin(layer: Layer) -> str:
    code = layer.operator.code
    return "" if code.is_custom or code.builtin < FIRST_UNKNOWN_BUILTIN else f"it is {layer.name}"


def _refused_version(layer: Layer) -> str:
    refused = REFUSED_FROM.get(layer.name)
    version = layer.version
    if refused is None or version < refused:
        return ""
    return f"{layer.name} is version {version}, refused from {refused} on"


def _control_flow(layer: Layer) -> str:
    return f"it is {layer.name}" if layer.name in {"IF", "WHILE", "CALL", "CALL_ONCE"} else ""


def _constant_sizes(layer: Layer) -> str:
    for tensor in _shape_inputs(layer):
        if not tensor.is_constant:
            return f"{_label(tensor)} is computed"
    for tensor in _activations(layer):
        if any(length < 0 for length in tensor.shape_signature[1:]):
            return f"{_label(tensor)} has an axis of unknown length"
    return ""


def _supported_operator(layer: Layer) -> str:
    if layer.name in MAPPABLE and not layer.is_custom:
        return ""
    kind = "the custom operator " if layer.is_custom else ""
    return f"{kind}{printable(layer.name)} is not on it"


def _supported_version(layer: Layer) -> str:
    known = MAPPABLE.get(layer.name)
    version = layer.version
    if known is None or known.versions[0] <= version <= known.versions[1]:
        return ""
    return f"{layer.name} is version {version}, known to map up to {known.versions[1]}"


def misfit(layer: Layer) -> Tensor | None:
    """Return the first tensor of an operator that holds values, but not 8-bit ones with a scale."""
    for tensor in _data(layer):
        if layer.name in _SIXTEEN_BIT_STATE and (tensor.is_constant or tensor.is_variable):
            continue
        if not tensor.dtype.is_eight_bit or tensor.quantisation is None:
            return tensor
    return None


def _eight_bit(layer: Layer) -> str:
    tensor = misfit(layer)
    if tensor is None:
        return ""
    what = "has no scale" if tensor.dtype.is_eight_bit else f"is {tensor.dtype.label}"
    return f"{_label(tensor)} {what}"


def _scales(layer: Layer) -> str:
    return scale_problem(layer)


def _unseen_range(layer: Layer) -> str:
    return _first_of(layer.outputs, unseen_range)


def _one_step(layer: Layer) -> str:
    weights = (layer.input(place) for place in _WEIGHTED.get(layer.name, ())[:1])
    return _first_of(weights, nearly_equal_values) or _first_of(layer.outputs, one_step_range)


def _first_of(tensors: Iterable[Tensor | None], check: Callable[[Tensor], str]) -> str:
    for tensor in tensors:
        if tensor is not None and (text := check(tensor)):
            return f"{_label(tensor)} {text}"
    return ""


def describe_scales(layer: Layer) -> tuple[str, ...]:
    """Return scale and zero point of each tensor of an operator, for people; of many the first."""
    found = []
    for tensor in (*_data(layer), *layer.outputs):
        quantisation = tensor.whole
        if quantisation is None:
            continue
        text = f"{tensor.quoted}: scale {quantisation.scale:.7g}, zero point "
        found.append(f"{text}{quantisation.zero_point}")
    return tuple(dict.fromkeys(found))[:_MOST_SCALES_TOLD]


def _kernel_demands(layer: Layer) -> str:
    return next(refused_scales(layer), "")


def _unequal_scales(layer: Layer) -> str:
    return next(doubtful_scales(layer), "")


def _constant_parameters(layer: Layer) -> str:
    for place in _WEIGHTED.get(layer.name, ()):
        tensor = layer.input(place)
        if tensor is not None and not tensor.is_constant:
            return f"{_label(tensor)} is computed"
    return ""


def _rank(layer: Layer) -> str:
    for tensor in _activations(layer):
        if math.prod(tensor.shape[:-_INNER_AXES]) > 1:
            return f"{_label(tensor)} has more"
    return ""


def _equal_dilation(layer: Layer) -> str:
    match layer.options:
        case Conv2DOptions() | DepthwiseConv2DOptions() as options:
            if options.dilation_h != options.dilation_w:
                return f"it has {options.dilation_h} and {options.dilation_w}"
    return ""


def _plain_pooling(layer: Layer) -> str:
    match layer.options:
        case Pool2DOptions() | ConcatenationOptions() as options:
            if options.activation is not Activation.NONE:
                return f"it has {options.activation.name}"
    return ""


def _constant_concatenation(layer: Layer) -> str:
    if layer.name != "CONCATENATION":
        return ""
    constants = [t for t in _data(layer) if t.is_constant]
    if not constants:
        return ""
    if len(layer.operator.inputs) != 2:
        return f"it has {len(layer.operator.inputs)} inputs"
    (constant, *_) = constants
    zero = 0 if constant.quantisation is None else constant.quantisation.zero_point
    values = constant.data
    return "" if values is None or not (values != zero).any() else f"{_label(constant)} is not"


def _axes(layer: Layer) -> tuple[int, ...] | None:
    """Return a reduction's axes, counted from the front; ``None`` where they are not known."""
    source, axes = layer.input(0), layer.input(1)
    if source is None or axes is None or axes.data is None or axes.data.dtype.kind not in "iu":
        return None
    rank = len(source.shape)
    return tuple(int(a) + rank if a < 0 else int(a) for a in axes.data.reshape(-1).tolist())


def _mean_axes(layer: Layer) -> str:
    if layer.name != "MEAN":
        return ""
    source, axes = layer.input(0), _axes(layer)
    if source is None or axes is None:
        return ""
    rank = len(source.shape)
    channels = source.shape[-1] if source.shape else 1
    if rank > 1 and 0 in axes and source.shape[0] > 1:
        return "it reduces the batch"
    if rank - 1 in axes and channels > 1 and channels % 4:
        return f"it reduces {channels} channels"
    return ""


def _whole_batch(layer: Layer) -> str:
    source = layer.input(1 if layer.name == "SPLIT" else 0)
    if source is None or len(source.shape) < 2:
        return ""
    options = layer.options
    if isinstance(options, PackOptions):
        first = options.axis in {0, -len(source.shape) - 1}
        return "it packs along the batch" if layer.name == "PACK" and first else ""
    if layer.name == "PAD":
        paddings = layer.input(1)
        values = None if paddings is None else paddings.data
        return "it pads the batch" if values is not None and values.reshape(-1)[:2].any() else ""
    if layer.name == "SPLIT":
        axis = layer.input(0)
        value = None if axis is None else axis.data
        first = value is not None and bool(np.isin(value, (0, -len(source.shape))).any())
        return "it splits the batch" if first else ""
    if layer.name in {"SUM", "REDUCE_MAX", "REDUCE_MIN"}:
        return "it reduces the batch" if 0 in (_axes(layer) or ()) else ""
    return ""


def _flat_softmax(layer: Layer) -> str:
    source = layer.input(0)
    if layer.name != "SOFTMAX" or source is None or not source.shape:
        return ""
    if math.prod(source.shape[:-1]) > 1:
        return f"{_label(source)} has several"
    length = source.shape[-1]
    return f"it has {length:,} elements" if length > _LARGEST_SOFTMAX else ""


def _flat_dense(layer: Layer) -> str:
    options = layer.options
    if not isinstance(options, FullyConnectedOptions):
        return ""
    if options.weights_format:
        return "its weights are shuffled"
    for tensor in layer.outputs:
        if math.prod(tensor.shape[:-1]) > 1:
            return f"{_label(tensor)} has several"
    return ""


def _dense_per_tensor(layer: Layer) -> str:
    weights = layer.input(1) if layer.name == "FULLY_CONNECTED" else None
    if weights is None or weights.quantisation is None or not weights.quantisation.per_axis:
        return ""
    return f"it has {weights.quantisation.scales.size} scales"


def _prelu_alpha(layer: Layer) -> str:
    alpha = layer.input(1) if layer.name == "PRELU" else None
    if alpha is None or math.prod(alpha.shape[:-1]) == 1:
        return ""
    return f"{_label(alpha)} has more"


def _unit_strides(layer: Layer) -> str:
    options, strides = layer.options, layer.input(3)
    if not isinstance(options, StridedSliceOptions):
        return ""
    if options.ellipsis_mask or options.new_axis_mask:
        return "it has an ellipsis or a new axis"
    if strides is not None and strides.data is not None and (strides.data != 1).any():
        return f"its strides are {strides.data.reshape(-1).tolist()}"
    return ""


def _resize_precision(layer: Layer) -> str:
    source = layer.input(0)
    if not layer.name.startswith("RESIZE_") or source is None or len(source.shape) != 4:
        return ""
    for tensor in layer.outputs:
        if len(tensor.shape) != 4:
            continue
        for before, after in zip(source.shape[1:3], tensor.shape[1:3], strict=True):
            if before == 1 < after:
                return f"it makes {after} of 1"
            if after > before * _LARGEST_RESIZE_FACTOR:
                return f"it makes {after} of {before}"
        if tensor.elements > _LARGEST_RESIZE_BYTES:
            return f"{_label(tensor)} is larger"
    return ""


def _large_reshape(layer: Layer) -> str:
    if layer.name not in {"RESHAPE", "TRANSPOSE"}:
        return ""
    for tensor in layer.outputs:
        if tensor.elements > _MEBIBYTE:
            return f"{_label(tensor)} has {tensor.elements:,} bytes"
    return ""


def _large_activations(layer: Layer) -> str:
    for tensor in _activations(layer):
        if (tensor.byte_size or 0) > _CHIP_BYTES:
            return f"{_label(tensor)} has {tensor.byte_size:,} bytes"
    return ""


def _softmax_cost(layer: Layer) -> str:
    return "this is one" if layer.name == "SOFTMAX" else ""


def _no_lstm(layer: Layer) -> str:
    return f"it is {layer.name}" if "LSTM" in layer.name else ""


CHECKS: Mapping[str, Check] = MappingProxyType(
    {
        "unknown-builtin": _unknown_builtin,
        "refused-version": _refused_version,
        "control-flow": _control_flow,
        "constant-sizes": _constant_sizes,
        "supported-operator": _supported_operator,
        "supported-version": _supported_version,
        "eight-bit": _eight_bit,
        "scales": _scales,
        "kernel-demands": _kernel_demands,
        "unequal-scales": _unequal_scales,
        "unseen-range": _unseen_range,
        "one-step": _one_step,
        "constant-parameters": _constant_parameters,
        "rank": _rank,
        "equal-dilation": _equal_dilation,
        "plain-pooling": _plain_pooling,
        "constant-concatenation": _constant_concatenation,
        "mean-axes": _mean_axes,
        "whole-batch": _whole_batch,
        "flat-softmax": _flat_softmax,
        "flat-dense": _flat_dense,
        "dense-per-tensor": _dense_per_tensor,
        "prelu-alpha": _prelu_alpha,
        "unit-strides": _unit_strides,
        "resize-precision": _resize_precision,
        "large-reshape": _large_reshape,
        "large-activations": _large_activations,
        "softmax-cost": _softmax_cost,
        "no-lstm": _no_lstm,
    }
)
"""By rule id; the rules about whole models are checked in `quantize.edgetpu.lint`."""
