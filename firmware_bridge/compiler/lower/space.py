"""GATHER and GATHER_ND with known indices, MIRROR_PAD, and depth to space and back: moved bytes."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from firmware_bridge.compiler.kernel_call import Constant, Field, KernelCall
from firmware_bridge.compiler.lower.axes import dense_steps
from firmware_bridge.compiler.lower.move import (
    axis_of,
    gather_call,
    moving_call,
)
from firmware_bridge.compiler.operands import (
    check_dtype,
    check_output_shape,
    computed_input,
    constant_integers,
    flat,
    input_tensor,
    options_of,
    output_tensor,
    refuse,
)
from quantize.tflite.model import Layer, Tensor
from quantize.tflite.options import BlockOptions, GatherOptions, MirrorPadOptions
from quantize.tflite.schema import DType

_MOST_INDICES = 5
"""Of an element, in TFLite-Micro."""


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
    rows = indices * math.prod(after)
    return _picked(layer, source, axis, axis + 1, rows, np.zeros(1, np.int64))


def lower_gather_nd(layer: Layer) -> KernelCall:
    """Lower GATHER_ND, with indices that are constants.

    Raises
    ------
    BadInput
        When types or shapes do not fit, or an index is outside.
    """
    source, target = computed_input(layer), output_tensor(layer)
    places = input_tensor(layer, 1)
    check_dtype(layer, places, "input 1", DType.INT32)
    indices = constant_integers(layer, 1)
    count = places.shape[-1] if places.shape else 0
    if not 1 <= count <= min(len(source.shape), _MOST_INDICES):
        refuse(layer, f"it picks by {count} indices of {len(source.shape)} axes")
    rows = indices.reshape(-1, count)
    if (rows < 0).any() or (rows >= source.shape[:count]).any():
        refuse(layer, f"an index is outside of {list(source.shape[:count])}")
    check_output_shape(layer, target, (*places.shape[:-1], *source.shape[count:]))
    steps = np.asarray(dense_steps(source.shape)[:count], np.int64)
    return _picked(layer, source, 0, count, rows @ steps, np.zeros(1, np.int64))


def lower_mirror_pad(layer: Layer) -> KernelCall:
    """Lower MIRROR_PAD of one axis, or of two between which no other is longer than 1.

    Raises
    ------
    BadInput
        When types or shapes do not fit, paddings are only known at run time or reach beyond what
        is mirrored, or other axes are padded.
    """
    symmetric = options_of(layer, MirrorPadOptions).symmetric
    source, target = computed_input(layer), output_tensor(layer)
    rank = len(source.shape)
    paddings = constant_integers(layer, 1)
    if paddings.size != 2 * rank:
        refuse(layer, f"it has the paddings {paddings.tolist()} for {rank} axes")
    pairs = paddings.reshape(rank, 2).tolist()
    lengths = list(zip(source.shape, pairs, strict=True))
    if any(min(pair) < 0 or max(pair) > length - (not symmetric) for length, pair in lengths):
        refuse(layer, f"it mirrors {pairs} of {list(source.shape)}")
    check_output_shape(layer, target, tuple(n + sum(pair) for n, pair in lengths))
    padded = [axis for axis, pair in enumerate(pairs) if any(pair)]
    first, last = (padded[0], padded[-1]) if padded else (0, 0)
    if any(source.shape[axis] != 1 for axis in range(first + 1, last)):
        refuse(layer, "it pads axes that do not lie side by side")
    dense = dense_steps(source.shape)
    mode = "symmetric" if symmetric else "reflect"
    walks = [
        np.pad(np.arange(source.shape[axis]), pairs[axis], mode=mode) * dense[axis]  # type: ignore[call-overload]
        for axis in (first, last)
    ]
    columns = walks[1] if last > first else np.zeros(1, np.int64)
    return _picked(layer, source, first, last + 1, walks[0], columns)


def _picked(
    layer: Layer,
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
