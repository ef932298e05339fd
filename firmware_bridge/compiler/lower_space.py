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
from quantize.tflite.model import Operator, Subgraph
from quantize.tflite.options import BlockOptions, GatherOptions


def lower_gather(operator: Operator, graph: Subgraph) -> KernelCall:
    """Lower GATHER along one axis, with indices that are constants.

    Raises
    ------
    BadInput
        When types or shapes do not fit, an index is outside, or there are batch axes.
    """
    options = options_of(operator, graph, GatherOptions)
    if options.batch_dims:
        refuse(operator, graph, f"it has {options.batch_dims} batch axes")
    source, target = computed_input(operator, graph), output_tensor(operator, graph)
    indices = constant_integers(operator, graph, 1)
    axis = axis_of(operator, graph, options.axis, len(source.shape))
    length = source.shape[axis]
    if indices.size == 0 or indices.min() < 0 or indices.max() >= length:
        refuse(operator, graph, f"an index is outside of 0 to {length - 1}, or there is none")
    before, after = source.shape[:axis], source.shape[axis + 1 :]
    picked = input_tensor(operator, graph, 1).shape
    check_output_shape(operator, graph, target, (*before, *picked, *after))
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
        operator, name, f"{name}.h", name, fields, inputs=(source.index,), constants=constants
    )


def lower_depth_to_space(operator: Operator, graph: Subgraph) -> KernelCall:
    """Lower DEPTH_TO_SPACE.

    Raises
    ------
    BadInput
        When types or shapes do not fit.
    """
    size, source = _block(operator, graph)
    batches, height, width, depth = source
    if depth % size**2:
        refuse(operator, graph, f"it makes blocks of {size} by {size} of {depth} channels")
    channels = depth // size**2
    target = output_tensor(operator, graph)
    check_output_shape(operator, graph, target, (batches, height * size, width * size, channels))
    shape = (batches, height, width, size, size * channels)
    return _reordered(operator, graph, shape)


def lower_space_to_depth(operator: Operator, graph: Subgraph) -> KernelCall:
    """Lower SPACE_TO_DEPTH.

    Raises
    ------
    BadInput
        When types or shapes do not fit.
    """
    size, source = _block(operator, graph)
    batches, height, width, channels = source
    if height % size or width % size:
        refuse(operator, graph, f"it makes blocks of {size} by {size} of {height} by {width}")
    target = output_tensor(operator, graph)
    wanted = (batches, height // size, width // size, channels * size**2)
    check_output_shape(operator, graph, target, wanted)
    shape = (batches, height // size, size, width // size, size * channels)
    return _reordered(operator, graph, shape)


def _block(operator: Operator, graph: Subgraph) -> tuple[int, tuple[int, ...]]:
    size = options_of(operator, graph, BlockOptions).size
    source = computed_input(operator, graph)
    if size < 1 or len(source.shape) != 4:
        refuse(operator, graph, f"it makes blocks of {size} of {list(source.shape)}")
    return size, source.shape


def _reordered(operator: Operator, graph: Subgraph, shape: tuple[int, ...]) -> KernelCall:
    """Exchange the third and the fourth of five axes."""
    steps = dense_steps(shape)
    order = (0, 1, 3, 2, 4)
    lengths = tuple(shape[axis] for axis in order)
    source = computed_input(operator, graph)
    return gather_call(operator, graph, source, 0, lengths, tuple(steps[axis] for axis in order))
