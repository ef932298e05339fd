"""SLICE, UNPACK, REVERSE_V2 and BROADCAST_TO: bytes that are copied as steps along axes lead."""

from __future__ import annotations

import math

from firmware_bridge.compiler.kernel_call import KernelCall
from firmware_bridge.compiler.lower.axes import dense_steps
from firmware_bridge.compiler.lower.move import axis_of, gather_call, join_call
from firmware_bridge.compiler.operands import (
    check_output_shape,
    computed_input,
    constant_integers,
    options_of,
    output_tensor,
    refuse,
    same_quantisation,
)
from quantize.tflite.model import Layer
from quantize.tflite.options import PackOptions


def lower_slice(layer: Layer) -> KernelCall:
    """Lower SLICE from begins that are constants, of sizes of which -1 takes what is left.

    Raises
    ------
    BadInput
        When types or shapes do not fit, or it takes more than four loops.
    """
    source, target = computed_input(layer), output_tensor(layer)
    begins, sizes = (constant_integers(layer, i).tolist() for i in (1, 2))
    rank = len(source.shape)
    if len(begins) != rank or len(sizes) != rank:
        refuse(layer, "its begins and sizes do not fit its input")
    shape = []
    for axis, (begin, size) in enumerate(zip(begins, sizes, strict=True)):
        length = source.shape[axis]
        taken = length - begin if size == -1 else size
        if begin < 0 or taken < 1 or begin + taken > length:
            refuse(layer, f"it takes {size} from {begin} on, of {length}")
        shape.append(taken)
    check_output_shape(layer, target, tuple(shape))
    steps = dense_steps(source.shape)
    offset = sum(begin * step for begin, step in zip(begins, steps, strict=True))
    return gather_call(layer, source, offset, tuple(shape), steps)


def lower_unpack(layer: Layer) -> KernelCall:
    """Lower UNPACK along an axis, which its outputs no longer have.

    Raises
    ------
    BadInput
        When types, shapes or quantisation do not fit.
    """
    axis = options_of(layer, PackOptions).axis
    source = computed_input(layer)
    axis = axis_of(layer, axis, len(source.shape))
    parts = [output_tensor(layer, i) for i in range(len(layer.operator.outputs))]
    before, after = source.shape[:axis], source.shape[axis + 1 :]
    if len(parts) != source.shape[axis]:
        refuse(layer, f"it makes {len(parts)} parts of {source.shape[axis]}")
    for part in parts:
        same_quantisation(layer, source, part, "unpacking keeps the quantisation")
        check_output_shape(layer, part, (*before, *after))
    if len(parts) == 1:
        return gather_call(layer, source, 0, source.shape, dense_steps(source.shape))
    blocks = [math.prod(after)] * len(parts)
    return join_call(layer, "i8_split", blocks, math.prod(before), inputs=(source.index,))


def lower_reverse(layer: Layer) -> KernelCall:
    """Lower REVERSE_V2 along neighbouring axes.

    Raises
    ------
    BadInput
        When types or shapes do not fit, the axes are only known at run time or do not lie side by
        side, or it takes more than four loops.
    """
    source, target = computed_input(layer), output_tensor(layer)
    rank = len(source.shape)
    given = constant_integers(layer, 1).tolist()
    axes = sorted(axis_of(layer, axis, rank) for axis in given)
    if axes != list(range(min(axes, default=0), min(axes, default=0) + len(axes))):
        refuse(layer, f"it reverses axes {given}: TFLite-Micro takes neighbours only")
    check_output_shape(layer, target, source.shape)
    dense = dense_steps(source.shape)
    offset = sum((source.shape[axis] - 1) * dense[axis] for axis in axes)
    steps = tuple(-step if axis in axes else step for axis, step in enumerate(dense))
    return gather_call(layer, source, offset, source.shape, steps)


def lower_broadcast_to(layer: Layer) -> KernelCall:
    """Lower BROADCAST_TO a shape that is a constant.

    Raises
    ------
    BadInput
        When types or shapes do not fit, or it takes more than four loops.
    """
    source, target = computed_input(layer), output_tensor(layer)
    shape = tuple(constant_integers(layer, 1).tolist())
    check_output_shape(layer, target, shape)
    full = (1,) * (len(shape) - len(source.shape)) + source.shape
    if any(a not in (1, b) for a, b in zip(full, shape, strict=False)) or len(full) > len(shape):
        refuse(layer, f"its shapes do not fit: {list(source.shape)} to {list(shape)}")
    dense = dense_steps(full)
    steps = tuple(step if length != 1 else 0 for step, length in zip(dense, full, strict=True))
    return gather_call(layer, source, 0, shape, steps)
