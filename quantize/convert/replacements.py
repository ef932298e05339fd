"""Operators of TensorFlow without an int8 kernel, by others that have one and give the same.

Each function writes into the graph that is being traced, and returns the tensor, a list of them
for an operator of several, or `None` where the operator stays as it is.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np

from quantize.convert.error_function import ERF
from quantize.convert.float_tables import WITHIN_TABLE

MOST_SLICED_AXES = 4
"""Of how many axes TFLite-Micro's STRIDED_SLICE takes."""
MOST_JOINED = 10
"""How many tensors TFLite-Micro's CONCATENATION takes."""
_MOVES = frozenset({"Cast", "ExpandDims", "Identity", "Reshape", "Squeeze", "Transpose"})
_MASKS = ("begin", "end", "ellipsis", "new_axis", "shrink_axis")
SELU_SCALE, SELU_ALPHA = 1.0507009873554805, 1.6732632423543772
_LOG1P = 0.114635, -0.408407, 0.987453
"""Of u^3, u^2 and u; by repeated least squares at Chebyshev's nodes."""
_AT_LEAST_ZERO = frozenset(
    {"Abs", "Exp", "Relu", "Relu6", "Sigmoid", "Softmax", "Sqrt", "Square", "SquaredDifference"}
)
Values = list[Any]


def _tile(operation: Any, inputs: Values) -> Any:
    """Write copies side by side, axis by axis."""
    import tensorflow as tf

    made, times = inputs
    if not isinstance(times, np.ndarray):
        return None
    for axis, count in enumerate(times.tolist()):
        parts = [made] * count
        while len(parts) > 1:
            groups = [parts[i : i + MOST_JOINED] for i in range(0, len(parts), MOST_JOINED)]
            parts = [
                tf.concat(group, axis, name=operation.name) if len(group) > 1 else group[0]
                for group in groups
            ]
        (made,) = parts
    return made


def _softplus(operation: Any, inputs: Values) -> Any:
    """Write relu(x) + log(1 + u) with u = exp(-|x|), whose parts all have small ranges.

    The logarithm is the polynomial of least largest error on 0 to 1, at most 5.4e-4 from it: int8
    has the zero that a logarithm is not defined for among its values, whatever its range.
    """
    import tensorflow as tf

    (x,) = inputs
    u = tf.exp(tf.abs(x) * -1.0)
    cubic, square, linear = _LOG1P
    bent = ((u * cubic + square) * u + linear) * u
    return tf.add(tf.nn.relu(x), bent, name=operation.name)


def _selu(operation: Any, inputs: Values) -> Any:
    """Write a sum of ELU and ReLU, of which the former is a times too steep above zero."""
    import tensorflow as tf

    (x,) = inputs
    below = tf.nn.elu(x) * (SELU_SCALE * SELU_ALPHA)
    return tf.subtract(below, tf.nn.relu(x) * (SELU_SCALE * (SELU_ALPHA - 1)), name=operation.name)


def _softsign(operation: Any, inputs: Values) -> Any:
    """Write x / (1 + |x|) without a division: the square of a reciprocal root."""
    import tensorflow as tf

    (x,) = inputs
    root = tf.math.rsqrt(tf.abs(x) + 1.0)
    return tf.multiply(x * root, root, name=operation.name)


def _erf(operation: Any, inputs: Values) -> Any:
    """Write the approximation of `quantize.convert.error_function`."""
    import tensorflow as tf

    (x,) = inputs
    return tf.tanh(x * (x * x * ERF[1] + ERF[0]), name=operation.name)


def _erfc(operation: Any, inputs: Values) -> Any:
    import tensorflow as tf

    return tf.subtract(1.0, _erf(operation, inputs), name=operation.name)


def _gathered(operation: Any, inputs: Values) -> Any:
    """Write places as int32, which TFLite-Micro takes alone."""
    import tensorflow as tf

    values, places, axis = inputs
    known = isinstance(places, np.ndarray) and isinstance(axis, np.ndarray)
    if not known or places.dtype != np.int64 or operation.get_attr("batch_dims"):
        return None
    return tf.gather(values, places.astype(np.int32), axis=int(axis), name=operation.name)


def _place_of_largest(operation: Any, inputs: Values) -> Any:
    """Write a place as int32, which TFLite-Micro gives alone, where it is all but given out."""
    import tensorflow as tf

    x, axis = inputs
    wide = operation.get_attr("output_type") == tf.int64
    if not wide or isinstance(x, np.ndarray) or not isinstance(axis, np.ndarray):
        return None
    if not _is_moved_alone(operation.outputs[0]):
        return None
    find = tf.argmax if operation.type == "ArgMax" else tf.argmin
    place, shape = int(axis) % x.shape.rank, x.shape
    if len(operation.inputs[0].consumers()) == 1 or not shape.is_fully_defined():
        return find(x, place, output_type=tf.int32, name=operation.name)
    # Of what is given out too the converter would take the place in float.
    apart = tf.reshape(x, (*shape[:place], 1, *shape[place:]))
    found = find(apart, place + 1, output_type=tf.int32)
    return tf.reshape(found, operation.outputs[0].shape, name=operation.name)


def _is_moved_alone(tensor: Any) -> bool:
    return all(
        taker.type in _MOVES and all(_is_moved_alone(each) for each in taker.outputs)
        for taker in tensor.consumers()
    )


def _moved(operation: Any, inputs: Values) -> Any:
    """Leave out a cast of such a place to int64."""
    import tensorflow as tf

    (x,) = inputs
    if isinstance(x, np.ndarray) or operation.get_attr("DstT") not in (tf.int64, tf.int32):
        return None
    return x if x.dtype == tf.int32 and _is_moved_alone(operation.outputs[0]) else None


def _split(operation: Any, inputs: Values) -> Any:
    """Write slices: of a SPLIT with a part that nothing takes the converter leaves all in float."""
    axis, whole = inputs
    if not isinstance(axis, np.ndarray):
        return None
    count = len(operation.outputs)
    place = int(axis) % whole.shape.rank
    size = whole.shape[place] // count
    before = (slice(None),) * place
    return [whole[(*before, slice(i * size, (i + 1) * size))] for i in range(count)]


def _sliced(operation: Any, inputs: Values) -> Any:
    """Write a slice of more axes than TFLite-Micro takes as slices of three, axis by axis."""
    import tensorflow as tf

    x, *bounds = inputs
    shape = x.shape.as_list() if not isinstance(x, np.ndarray) else []
    known = all(isinstance(each, np.ndarray) for each in bounds)
    if len(shape) <= MOST_SLICED_AXES or not known or None in shape:
        return None
    for axis, part in enumerate(_parts_of(operation, len(shape), bounds) or []):
        begin, end, step = part.indices(shape[axis])
        count = len(range(begin, end, step))
        if step < 0 or (count == shape[axis] and step == 1):
            continue
        before, after = math.prod(shape[:axis]), math.prod(shape[axis + 1 :])
        x = tf.reshape(x, (before, shape[axis], after))[:, begin:end:step]
        shape[axis] = count
    made = operation.outputs[0].shape
    if not made.is_fully_defined() or math.prod(shape) != made.num_elements():
        return None
    return tf.reshape(x, made, name=operation.name)


def _parts_of(operation: Any, rank: int, bounds: Values) -> list[slice] | None:
    """Return what a StridedSlice takes of each axis; `None` where it makes new ones."""
    said = {name: operation.get_attr(f"{name}_mask") for name in _MASKS}
    if said["new_axis"]:
        return None
    parts: list[slice] = []
    for place, (begin, end, step) in enumerate(zip(*(b.tolist() for b in bounds), strict=True)):
        here = 1 << place
        if said["ellipsis"] & here:
            parts += [slice(None)] * (rank - len(bounds[0]) + 1)
        elif said["shrink_axis"] & here:
            parts.append(slice(begin, begin + 1 or None))
        else:
            open_begin, open_end = said["begin"] & here, said["end"] & here
            parts.append(slice(None if open_begin else begin, None if open_end else end, step))
    return parts


def _normalised(operation: Any, inputs: Values) -> Any:
    """Write x * s + (b - m * s), as Keras normalises, as (x - m) * s + b.

    Both products are large beside their sum where the mean is large, and so are their int8 steps.
    """
    import tensorflow as tf

    if any(isinstance(each, np.ndarray) for each in inputs):
        return None
    product, rest = inputs
    shift: Any = None
    if rest.op.type in {"Add", "AddV2"}:
        for moved, other in (rest.op.inputs, reversed(rest.op.inputs)):
            if tf.get_static_value(other) is not None:
                rest, shift = moved, other
                break
    if product.op.type != "Mul" or rest.op.type != "Mul":
        return None
    for x, scale in (product.op.inputs, reversed(product.op.inputs)):
        for minus, other in (rest.op.inputs, reversed(rest.op.inputs)):
            if other is scale and minus.op.type == "Neg":
                centred = (x - minus.op.inputs[0]) * scale
                return centred if shift is None else tf.add(centred, shift, name=operation.name)
    return None


def _bound(operation: Any, inputs: Values) -> Any:
    """Move a bound of 1 or -1 by the least step of float.

    Between 0 and 1, or -1 and 1, the converter would write activations that TFLite-Micro has only
    fused into others.
    """
    import tensorflow as tf

    for place, each in enumerate(inputs):
        if isinstance(each, np.ndarray) and each.size == 1 and abs(each.item()) == 1.0:
            moved = np.nextafter(each, np.float32(2 * each.item()), dtype=np.float32)
            other = inputs[1 - place]
            write = tf.minimum if operation.type == "Minimum" else tf.maximum
            return write(other, moved, name=operation.name)
    return None


def _divided(operation: Any, inputs: Values) -> Any:
    """Write a division by what is computed as a product with reciprocal roots."""
    import tensorflow as tf

    x, y = inputs
    if isinstance(y, np.ndarray):
        return None
    y = _narrow(y)
    square = _square_of(y)
    if square is not None:
        return tf.multiply(x, tf.math.rsqrt(square), name=operation.name)
    if not _is_positive(y):
        return None
    root = tf.math.rsqrt(y)
    return tf.multiply(x * root, root, name=operation.name)


def _narrow(tensor: Any) -> Any:
    """Return a tensor before it was broadcast, which a product does again."""
    import tensorflow as tf

    while tensor.op.type in {"BroadcastTo", "Mul"}:
        inner, *factors = sorted(tensor.op.inputs, key=lambda each: each.op.type == "Const")
        ones = tf.get_static_value(factors[0])
        idle = tensor.op.type == "BroadcastTo" or (ones is not None and np.all(ones == 1))
        if not idle or inner.shape.rank != tensor.shape.rank:
            return tensor
        tensor = inner
    return tensor


def _square_of(root: Any) -> Any:
    """Return what a tensor is the root of, where it is one: of max(sqrt x, c) max(x, c * c)."""
    import tensorflow as tf

    if root.op.type == "Sqrt":
        return root.op.inputs[0]
    if root.op.type == "Maximum":
        for inner, least in (root.op.inputs, reversed(root.op.inputs)):
            value = tf.get_static_value(least)
            if inner.op.type == "Sqrt" and value is not None and np.all(value > 0):
                return tf.maximum(inner.op.inputs[0], value * value)
    return None


def _is_positive(tensor: Any) -> bool:
    """Whether all values are known to be above zero: what is not below it, and a constant."""
    import tensorflow as tf

    if tensor.op.type not in {"Add", "AddV2", "Maximum"}:
        return bool(tensor.op.type == "Exp")
    one, other = tensor.op.inputs
    for inner, constant in ((one, other), (other, one)):
        value = tf.get_static_value(constant)
        if value is not None and np.all(value > 0):
            return bool(tensor.op.type == "Maximum") or _is_at_least_zero(inner)
    return False


def _is_at_least_zero(tensor: Any) -> bool:
    if tensor.op.type in {"Sum", "Mean", "BroadcastTo", "Reshape"}:
        return _is_at_least_zero(tensor.op.inputs[0])
    return tensor.op.type in _AT_LEAST_ZERO


def _logarithm(operation: Any, inputs: Values) -> Any:
    """Write the logarithm of a sigmoid, which int8 rounds to zero, as a softplus.

    And that of a sum or of a maximum with a constant, whose int8 values have zero among them, as
    one function with it: both are left in float, see `quantize.convert.float_tables`.
    """
    import tensorflow as tf

    (x,) = inputs
    if x.op.type == "Sigmoid":
        return tf.negative(_softplus(operation, [-x.op.inputs[0]]))
    if operation.type == "Log1p":
        made = tf.add(x, tf.constant(1.0, tf.float32), name=WITHIN_TABLE)
        return tf.math.log(made, name=operation.name)
    if x.op.type not in {"Add", "AddV2", "Maximum"}:
        return None
    for inner, constant in (x.op.inputs, reversed(x.op.inputs)):
        value = tf.get_static_value(constant)
        if value is not None and value.size == 1 and value.item() > 0:
            write = tf.maximum if x.op.type == "Maximum" else tf.add
            least = tf.constant(value.item(), tf.float32)
            return tf.math.log(write(inner, least, name=WITHIN_TABLE), name=operation.name)
    return None


REPLACEMENTS: Mapping[str, Callable[[Any, Values], Any]] = MappingProxyType(
    {
        "Add": _normalised,
        "AddV2": _normalised,
        "ArgMax": _place_of_largest,
        "ArgMin": _place_of_largest,
        "Cast": _moved,
        "Erf": _erf,
        "Erfc": _erfc,
        "GatherV2": _gathered,
        "Log": _logarithm,
        "Log1p": _logarithm,
        "Maximum": _bound,
        "Minimum": _bound,
        "RealDiv": _divided,
        "Selu": _selu,
        "Softplus": _softplus,
        "Softsign": _softsign,
        "Split": _split,
        "StridedSlice": _sliced,
        "Tile": _tile,
    }
)
"""By the operator's name; the functions take the operation and its inputs, known ones as arrays."""
