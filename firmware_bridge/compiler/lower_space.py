"""GATHER with known indices, DEPTH_TO_SPACE and SPACE_TO_DEPTH: more that only moves bytes."""

from __future__ import annotations

import math

import numpy as np

from firmware_bridge.compiler.axes import dense_steps
from firmware_bridge.compiler.lower_move import (
    axis_of,
    gather_call,
    moving_call,
)
from firmware_bridge.compiler.operands import (
    check_output_shape,
    computed_input,
    constant_integers,
    flat,
    input_tensor,
    options_of,
    output_tensor,
    refuse,
)
from firmware_bridge.compiler.records import Constant, Field, KernelCall
from quantize.tflite.model import Layer
from quantize.tflite.options import BlockOptions, GatherOptions


def lower_gather(layer: Layer) -> KernelCall:
    """Lower GATHER along one axis, with indices that are constants.

    Raises
    ------
    BadInput
        When types or shapes do not fit, an index is outside, or there are batch axes.
    """
    options = options_of(layer, GatherOptions)
    if options.batch_dims:
        refuse(layer, f"it has {options.batch_dims} batch axes")
    source, target = computed_input(layer), output_tensor(layer)
    indices = constant_integers(layer, 1)
    axis = axis_of(layer, options.axis, len(source.shape))
    length = source.shape[axis]
    if indices.size == 0 or indices.min() < 0 or indices.max() >= length:
        refuse(layer, f"an index is outside of 0 to {length - 1}, or there is none")
    before, after = source.shape[:axis], source.shape[axis + 1 :]
    picked = input_tensor(layer, 1).shape
    check_output_shape(layer, target, (*before, *picked, *after))
    block = math.prod(after)
    # As rows that are taken from each image of one column.
    fields: dict[str, Field] = {
        "rows": "rows",
        "columns": "columns",
        "batches": math.prod(before),
        "image_bytes": length * block,
        "output_h": indices.size,
        "output_w": 1,
        "channels": block,
    }
    constants = (
        Constant("rows", flat(indices * block, np.int32)),
        Constant("columns", np.zeros(1, np.int32)),
    )
    name = "i8_resize_nearest"
    return moving_call(
        layer, name, f"{name}.h", name, fields, inputs=(source.index,), constants=constants
    )


def lower_depth_to_space(layer: Layer) -> KernelCall:
    """Lower DEPTH_TO_SPACE.

    Raises
    ------
    BadInput
        When types or shapes do not fit.
    """
    size, source = _block(layer)
    batches, height, width, depth = source
    if depth % size**2:
        refuse(layer, f"it makes blocks of {size} by {size} of {depth} channels")
    channels = depth // size**2
    target = output_tensor(layer)
    check_output_shape(layer, target, (batches, height * size, width * size, channels))
    shape = (batches, height, width, size, size * channels)
    return _reordered(layer, shape)


def lower_space_to_depth(layer: Layer) -> KernelCall:
    """Lower SPACE_TO_DEPTH.

    Raises
    ------
    BadInput
        When types or shapes do not fit.
    """
    size, source = _block(layer)
    batches, height, width, channels = source
    if height % size or width % size:
        refuse(layer, f"it makes blocks of {size} by {size} of {height} by {width}")
    target = output_tensor(layer)
    wanted = (batches, height // size, width // size, channels * size**2)
    check_output_shape(layer, target, wanted)
    shape = (batches, height // size, size, width // size, size * channels)
    return _reordered(layer, shape)


def _block(layer: Layer) -> tuple[int, tuple[int, ...]]:
    size = options_of(layer, BlockOptions).size
    source = computed_input(layer)
    if size < 1 or len(source.shape) != 4:
        refuse(layer, f"it makes blocks of {size} of {list(source.shape)}")
    return size, source.shape


def _reordered(layer: Layer, shape: tuple[int, ...]) -> KernelCall:
    """Exchange the third and the fourth of five axes."""
    steps = dense_steps(shape)
    order = (0, 1, 3, 2, 4)
    lengths = tuple(shape[axis] for axis in order)
    source = computed_input(layer)
    return gather_call(layer, source, 0, lengths, tuple(steps[axis] for axis in order))
