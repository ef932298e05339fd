"""GATHER with known indices, MIRROR_PAD, DEPTH_TO_SPACE and SPACE_TO_DEPTH: more moved bytes."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

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
from quantize.tflite.model import Operator, Subgraph, Tensor
from quantize.tflite.options import BlockOptions, GatherOptions, MirrorPadOptions


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
    rows = indices * math.prod(after)
    return _picked(operator, source, axis, axis + 1, rows, np.zeros(1, np.int64))


def lower_mirror_pad(operator: Operator, graph: Subgraph) -> KernelCall:
    """Lower MIRROR_PAD of one axis, or of two between which no other is longer than 1.

    Raises
    ------
    BadInput
        When types or shapes do not fit, paddings are only known at run time or reach beyond what
        is mirrored, or other axes are padded.
    """
    symmetric = options_of(operator, graph, MirrorPadOptions).symmetric
    source, target = computed_input(operator, graph), output_tensor(operator, graph)
    rank = len(source.shape)
    paddings = constant_integers(operator, graph, 1)
    if paddings.size != 2 * rank:
        refuse(operator, graph, f"it has the paddings {paddings.tolist()} for {rank} axes")
    pairs = paddings.reshape(rank, 2).tolist()
    lengths = list(zip(source.shape, pairs, strict=True))
    if any(min(pair) < 0 or max(pair) > length - (not symmetric) for length, pair in lengths):
        refuse(operator, graph, f"it mirrors {pairs} of {list(source.shape)}")
    check_output_shape(operator, graph, target, tuple(n + sum(pair) for n, pair in lengths))
    padded = [axis for axis, pair in enumerate(pairs) if any(pair)]
    first, last = (padded[0], padded[-1]) if padded else (0, 0)
    if any(source.shape[axis] != 1 for axis in range(first + 1, last)):
        refuse(operator, graph, "it pads axes that do not lie side by side")
    dense = dense_steps(source.shape)
    mode = "symmetric" if symmetric else "reflect"
    walks = [
        np.pad(np.arange(source.shape[axis]), pairs[axis], mode=mode) * dense[axis]  # type: ignore[call-overload]
        for axis in (first, last)
    ]
    columns = walks[1] if last > first else np.zeros(1, np.int64)
    return _picked(operator, source, first, last + 1, walks[0], columns)


def _picked(
    operator: Operator,
    source: Tensor,
    first: int,
    end: int,
    rows: NDArray[np.int64],
    columns: NDArray[np.int64],
) -> KernelCall:
    """Return the copy of what lies at `rows` plus `columns`, in bytes, in axes `first` to `end`."""
    shape = source.shape
    fields: dict[str, Field] = {
        "rows": "rows",
        "columns": "columns",
        "batches": math.prod(shape[:first]),
        "image_bytes": math.prod(shape[first:]),
        "output_h": rows.size,
        "output_w": columns.size,
        "channels": math.prod(shape[end:]),
    }
    constants = (
        Constant("rows", flat(rows, np.int32)),
        Constant("columns", flat(columns, np.int32)),
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
