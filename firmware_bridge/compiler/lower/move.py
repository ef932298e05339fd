"""Operators that only move bytes: joining, splitting, TRANSPOSE, slices, padding, resizing."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from firmware_bridge.compiler.kernel_call import Constant, Field, KernelCall
from firmware_bridge.compiler.lower.axes import dense_steps, merged
from firmware_bridge.compiler.lower.shape import lower_view
from firmware_bridge.compiler.operands import (
    check_dtype,
    check_output_shape,
    computed_input,
    constant_integers,
    flat,
    input_tensor,
    options_of,
    output_tensor,
    quantisation_of,
    refuse,
    same_quantisation,
)
from quantize.tflite.model import Layer, Tensor
from quantize.tflite.options import (
    ConcatenationOptions,
    PackOptions,
    StridedSliceOptions,
)
from quantize.tflite.schema import Activation, DType


def lower_concatenation(layer: Layer) -> KernelCall:
    """Lower CONCATENATION of tensors with one quantisation.

    Raises
    ------
    BadInput
        When types, shapes or quantisation do not fit, or an activation is fused.
    """
    options = options_of(layer, ConcatenationOptions)
    if options.activation is not Activation.NONE:
        refuse(layer, f"it has the fused activation {options.activation.name}")
    target = output_tensor(layer)
    parts = joined_parts(layer)
    for part in parts:
        same_quantisation(layer, part, target, "joining keeps the quantisation")
    axis = axis_of(layer, options.axis, len(target.shape))
    _check_parts(layer, parts, target, axis)
    if len(parts) == 1:
        return lower_view(layer)
    blocks = [math.prod(part.shape[axis:]) for part in parts]
    return _joining(layer, parts, blocks, math.prod(target.shape[:axis]))


def lower_split(layer: Layer) -> KernelCall:
    """Lower SPLIT into equal parts.

    Raises
    ------
    BadInput
        When types or shapes do not fit, or the axis is only known at run time.
    """
    source = computed_input(layer, 1)
    axes = constant_integers(layer, 0).tolist()
    if len(axes) != 1:
        refuse(layer, f"it splits along axes {axes}")
    axis = axis_of(layer, axes[0], len(source.shape))
    parts = [output_tensor(layer, i) for i in range(len(layer.operator.outputs))]
    _check_parts(layer, parts, source, axis)
    return _split(layer, source, parts, axis)


def lower_split_v(layer: Layer) -> KernelCall:
    """Lower SPLIT_V into parts of given lengths, of which one may be -1: what is left.

    Raises
    ------
    BadInput
        When types or shapes do not fit, or axis or lengths are only known at run time.
    """
    source = computed_input(layer)
    lengths = constant_integers(layer, 1).tolist()
    axes = constant_integers(layer, 2).tolist()
    if len(axes) != 1:
        refuse(layer, f"it splits along axes {axes}")
    axis = axis_of(layer, axes[0], len(source.shape))
    parts = [output_tensor(layer, i) for i in range(len(layer.operator.outputs))]
    _check_parts(layer, parts, source, axis)
    found = [part.shape[axis] for part in parts]
    fits = len(lengths) == len(found) and lengths.count(-1) <= 1
    if not fits or any(a not in (b, -1) for a, b in zip(lengths, found, strict=True)):
        refuse(layer, f"it splits into {lengths}, and its outputs say {found}")
    return _split(layer, source, parts, axis)


def _split(layer: Layer, source: Tensor, parts: list[Tensor], axis: int) -> KernelCall:
    blocks = [math.prod(part.shape[axis:]) for part in parts]
    outer = math.prod(source.shape[:axis])
    if len(parts) > 1:
        return join_call(layer, "i8_split", blocks, outer, inputs=(source.index,))
    return gather_call(layer, source, 0, source.shape, dense_steps(source.shape))


def lower_pack(layer: Layer) -> KernelCall:
    """Lower PACK of tensors with one quantisation, along a new axis.

    Raises
    ------
    BadInput
        When types, shapes or quantisation do not fit.
    """
    options = options_of(layer, PackOptions)
    target = output_tensor(layer)
    parts = joined_parts(layer)
    axis = axis_of(layer, options.axis, len(target.shape))
    for part in parts:
        same_quantisation(layer, part, target, "packing keeps the quantisation")
        check_output_shape(layer, target, (*part.shape[:axis], len(parts), *part.shape[axis:]))
    if len(parts) == 1:
        return lower_view(layer)
    blocks = [math.prod(part.shape[axis:]) for part in parts]
    return _joining(layer, parts, blocks, math.prod(target.shape[:axis]))


def joined_parts(layer: Layer) -> list[Tensor]:
    """Return what is joined: int8, of which one at least is computed."""
    parts = [input_tensor(layer, i) for i in range(len(layer.operator.inputs))]
    for position, part in enumerate(parts):
        check_dtype(layer, part, f"input {position}", DType.INT8)
    if all(part.is_constant for part in parts):
        refuse(layer, "it has no inputs that are computed")
    return parts


def _joining(layer: Layer, parts: list[Tensor], blocks: list[int], outer: int) -> KernelCall:
    """Return the call that joins tensors, constants among them."""
    return with_constant_parts(join_call(layer, "i8_concatenate", blocks, outer), parts)


def with_constant_parts(call: KernelCall, parts: list[Tensor]) -> KernelCall:
    """Return the call of a kernel of any number of inputs, those that are constants in flash."""
    computed = tuple(part.index for part in parts if part.data is None)
    if len(computed) == len(parts):
        return call
    names = [
        part.index if part.data is None else f"part_{place}" for place, part in enumerate(parts)
    ]
    constants = [
        Constant(f"part_{place}", flat(part.data, np.int8))
        for place, part in enumerate(parts)
        if part.data is not None
    ]
    return replace(
        call, inputs=computed, parts=tuple(names), constants=(*call.constants, *constants)
    )


def _check_parts(layer: Layer, parts: list[Tensor], whole: Tensor, axis: int) -> None:
    def others(tensor: Tensor) -> tuple[int, ...]:
        return tensor.shape[:axis] + tensor.shape[axis + 1 :]

    fits = all(
        len(part.shape) == len(whole.shape) and others(part) == others(whole) for part in parts
    )
    if not fits or sum(part.shape[axis] for part in parts) != whole.shape[axis]:
        shapes = ", ".join(str(list(part.shape)) for part in parts)
        refuse(layer, f"{shapes} along axis {axis} do not make {list(whole.shape)}")


def axis_of(layer: Layer, axis: int, rank: int) -> int:
    """Return an axis, counted from the first."""
    if not -rank <= axis < rank:
        refuse(layer, f"it has no axis {axis}")
    return axis % rank


def join_call(
    layer: Layer,
    function: str,
    blocks: list[int],
    outer: int,
    *,
    inputs: tuple[int, ...] = (),
) -> KernelCall:
    """Return the call that joins tensors or takes one apart: `outer` times a block of each."""
    fields: dict[str, Field] = {"blocks": "blocks", "count": len(blocks), "outer": outer}
    return moving_call(
        layer,
        function,
        "i8_concatenate.h",
        "i8_concatenate",
        fields,
        inputs=inputs or layer.operator.inputs,
        constants=(Constant("blocks", flat(blocks, np.int32)),),
    )


def lower_transpose(layer: Layer) -> KernelCall:
    """Lower TRANSPOSE; where only axes of length 1 move, it costs nothing.

    Raises
    ------
    BadInput
        When types or shapes do not fit, or the order takes more than four loops.
    """
    source, target = computed_input(layer), output_tensor(layer)
    order = constant_integers(layer, 1).tolist()
    rank = len(source.shape)
    if sorted(order) != list(range(rank)):
        refuse(layer, f"it has the order {order} of {rank} axes")
    shape = tuple(source.shape[axis] for axis in order)
    check_output_shape(layer, target, shape)
    steps = dense_steps(source.shape)
    return gather_call(layer, source, 0, shape, tuple(steps[axis] for axis in order))


def lower_strided_slice(layer: Layer) -> KernelCall:
    """Lower STRIDED_SLICE with begin, end and strides that are constants.

    Raises
    ------
    BadInput
        When types or shapes do not fit, it has an ellipsis or new axes, or takes more than four
        loops.
    """
    options = options_of(layer, StridedSliceOptions)
    if options.ellipsis_mask or options.new_axis_mask or options.offset:
        refuse(layer, "it has an ellipsis, a new axis or ends relative to its begins")
    source, target = computed_input(layer), output_tensor(layer)
    bounds = [constant_integers(layer, i).tolist() for i in (1, 2, 3)]
    rank = len(source.shape)
    if any(len(bound) != rank for bound in bounds) or 0 in bounds[2]:
        refuse(layer, "its begin, end and strides do not fit its input")
    dense = dense_steps(source.shape)
    offset, shape, steps, kept = 0, [], [], []
    for axis, length in enumerate(source.shape):
        begin, end, stride = (bound[axis] for bound in bounds)
        shrinks = bool(options.shrink_axis_mask >> axis & 1)
        if options.begin_mask >> axis & 1:
            begin = 0 if stride > 0 else length - 1
        if shrinks:
            begin, end, stride = _single(layer, begin, length)
        elif options.end_mask >> axis & 1:
            end = None
        picked = range(length)[slice(begin, end, stride)]
        if not picked:
            refuse(layer, f"it takes nothing along axis {axis}")
        offset += picked[0] * dense[axis]
        shape.append(len(picked))
        steps.append(stride * dense[axis])
        if not shrinks:
            kept.append(len(picked))
    check_output_shape(layer, target, tuple(kept))
    return gather_call(layer, source, offset, tuple(shape), tuple(steps))


def _single(layer: Layer, begin: int, length: int) -> tuple[int, int | None, int]:
    """Return the bounds of the one element that an axis shrinks to."""
    place = begin + length if begin < 0 else begin
    if not 0 <= place < length:
        refuse(layer, f"it takes element {begin} of {length}")
    return place, place + 1, 1


def gather_call(
    layer: Layer,
    source: Tensor,
    offset: int,
    shape: tuple[int, ...],
    steps: tuple[int, ...],
) -> KernelCall:
    """Return the copy of what `steps` apart lie in the input, from `offset` on, to `shape`."""
    loops = merged(shape, steps)
    if loops is None:
        refuse(layer, "it takes more than four loops")
    lengths, (walk,) = loops
    dense = offset == 0 and lengths[:3] == (1, 1, 1) and walk[3] == 1
    if dense and lengths[3] == source.elements:
        return moving_call(layer, None, "", "", {}, inputs=(source.index,))
    fields: dict[str, Field] = {"offset": offset, "lengths": lengths, "steps": walk}
    return moving_call(layer, "i8_gather", "i8_copy.h", "i8_gather", fields, inputs=(source.index,))


def lower_pad(layer: Layer) -> KernelCall:
    """Lower PAD (with the output's zero point) and PADV2 (with a constant).

    Raises
    ------
    BadInput
        When types or shapes do not fit, paddings are negative or only known at run time, or it
        takes more than four loops.
    """
    source, target = computed_input(layer), output_tensor(layer)
    rank = len(source.shape)
    paddings = constant_integers(layer, 1)
    if paddings.size != 2 * rank or (paddings < 0).any():
        refuse(layer, f"it has the paddings {paddings.tolist()} for {rank} axes")
    before, after = paddings.reshape(rank, 2).T.tolist()
    widths = zip(before, source.shape, after, strict=True)
    check_output_shape(layer, target, tuple(sum(parts) for parts in widths))
    dense = dense_steps(target.shape)
    # Axes are joined only where they lie as densely in the output as in the input.
    loops = merged(source.shape, dense_steps(source.shape), dense)
    if loops is None:
        refuse(layer, "it takes more than four loops")
    lengths, (_, steps) = loops
    if steps[3] != 1:
        # All that is padded lies within the last axis that is longer than 1.
        lengths, steps = _with_unit_axis(layer, lengths, steps)
    fields: dict[str, Field] = {
        "offset": sum(pad * step for pad, step in zip(before, dense, strict=True)),
        "lengths": lengths,
        "steps": steps,
        "value": _pad_value(layer, target),
        "output_bytes": target.elements,
    }
    return moving_call(layer, "i8_pad", "i8_copy.h", "i8_pad", fields, inputs=(source.index,))


def _with_unit_axis(
    layer: Layer, lengths: tuple[int, ...], steps: tuple[int, ...]
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    if lengths[0] != 1:
        refuse(layer, "it takes more than four loops")
    return (*lengths[1:], 1), (*steps[1:], 1)


def _pad_value(layer: Layer, target: Tensor) -> int:
    if len(layer.operator.inputs) < 3:
        return quantisation_of(layer, target).zero_point
    value = input_tensor(layer, 2)
    if value.data is None or value.dtype is not DType.INT8 or value.elements != 1:
        refuse(layer, "the value that it pads with is not one constant int8")
    same_quantisation(layer, value, target, "padding keeps the quantisation")
    return int(value.data.reshape(-1)[0])


def moving_call(
    layer: Layer,
    function: str | None,
    header: str,
    struct: str,
    fields: dict[str, Field],
    *,
    inputs: tuple[int, ...],
    constants: tuple[Constant, ...] = (),
) -> KernelCall:
    """Return the call of a kernel that only moves bytes."""
    return KernelCall(
        operator=layer.index,
        name=layer.name,
        function=function,
        header=header,
        struct=struct,
        fields=fields,
        constants=constants,
        inputs=inputs,
        outputs=layer.operator.outputs,
        scratch_bytes=0,
        macs=0,
    )
