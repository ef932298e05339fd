"""RESIZE_BILINEAR and RESIZE_NEAREST_NEIGHBOR: which cells an output takes, as TFLite-Micro does.

Bilinear has its integers, steps of 1/1024 of a cell; nearest its float32.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from firmware_bridge.compiler.kernel_call import Constant, Field, KernelCall
from firmware_bridge.compiler.lower.move import moving_call
from firmware_bridge.compiler.operands import (
    check_output_shape,
    computed_input,
    constant_integers,
    flat,
    options_of,
    output_tensor,
    refuse,
    same_quantisation,
)
from quantize.tflite.model import Layer, Tensor
from quantize.tflite.options import ResizeOptions

_ONE = 1 << 10
_LONGEST = 1 << 20
"""Cells of a side: places are counted in steps of 1/1024."""


def lower_resize_bilinear(layer: Layer) -> KernelCall:
    """Lower RESIZE_BILINEAR.

    Raises
    ------
    BadInput
        When types, shapes or quantisation do not fit, the size is only known at run time, or
        corners are to be aligned and centres halved at once.
    """
    options = options_of(layer, ResizeOptions)
    if options.align_corners and options.half_pixel_centers:
        refuse(layer, "it aligns corners and takes centres of pixels at once")
    source, target = computed_input(layer), output_tensor(layer)
    same_quantisation(layer, source, target, "resizing keeps the quantisation")
    image = _resized(layer, source, target)
    height, width, channels = source.shape[1:]
    if max(height, width, image["output_h"], image["output_w"]) > _LONGEST:
        refuse(layer, f"a side has more than {_LONGEST} cells")
    constants = (
        Constant("rows", _places(height, image["output_h"], width * channels, options)),
        Constant("columns", _places(width, image["output_w"], channels, options)),
    )
    return _call("i8_resize_bilinear", layer, source, image, constants)


def lower_resize_nearest_neighbor(layer: Layer) -> KernelCall:
    """Lower RESIZE_NEAREST_NEIGHBOR.

    Raises
    ------
    BadInput
        When types or shapes do not fit, or the size is only known at run time.
    """
    options = options_of(layer, ResizeOptions)
    source, target = computed_input(layer), output_tensor(layer)
    image = _resized(layer, source, target)
    height, width, channels = source.shape[1:]
    rows = _nearest(height, image["output_h"], options) * (width * channels)
    columns = _nearest(width, image["output_w"], options) * channels
    constants = (
        Constant("rows", flat(rows, np.int32)),
        Constant("columns", flat(columns, np.int32)),
    )
    return _call("i8_resize_nearest", layer, source, image, constants)


def _resized(layer: Layer, source: Tensor, target: Tensor) -> dict[str, int]:
    """Return the sizes that both kernels take, where a constant size makes the output's shape."""
    size = constant_integers(layer, 1).tolist()
    if len(source.shape) != 4 or len(size) != 2 or min(size) < 1:
        refuse(layer, f"it resizes {list(source.shape)} to {size}")
    batches, height, width, channels = source.shape
    check_output_shape(layer, target, (batches, *size, channels))
    return {
        "batches": batches,
        "image_bytes": height * width * channels,
        "output_h": size[0],
        "output_w": size[1],
        "channels": channels,
    }


def _call(
    name: str,
    layer: Layer,
    source: Tensor,
    image: Mapping[str, int],
    constants: tuple[Constant, ...],
) -> KernelCall:
    fields: dict[str, Field] = {"rows": "rows", "columns": "columns", **image}
    return moving_call(
        layer, name, f"{name}.h", name, fields, inputs=(source.index,), constants=constants
    )


def _places(length: int, size: int, step: int, options: ResizeOptions) -> NDArray[np.int32]:
    """Return for each cell of the output two of the input, in bytes, and the second's share."""
    corners = options.align_corners and size > 1
    whole, parts = (length - 1, size - 1) if corners else (length, size)
    scale = (_ONE * whole + parts // 2) // parts
    places = np.arange(size, dtype=np.int64) * scale
    if options.half_pixel_centers:
        places += scale // 2 - _ONE // 2
    # Quotients are towards zero: nothing is below -1/2.
    lower = np.clip(np.maximum(places, 0) // _ONE, 0, length - 1)
    upper = np.minimum((places + _ONE - 1) // _ONE, length - 1)
    table = np.stack([lower * step, upper * step, places - _ONE * lower], axis=1)
    return np.asarray(flat(table, np.int32))


def _nearest(length: int, size: int, options: ResizeOptions) -> NDArray[np.int64]:
    """Return which of `length` cells each of `size` cells takes, in float32 like TFLite-Micro."""
    corners = options.align_corners and size > 1
    scale = np.float32(length - corners) / np.float32(size - corners)
    offset = np.float32(0.5 if options.half_pixel_centers else 0)
    places = (np.arange(size, dtype=np.float32) + offset) * scale
    cells = np.floor(places + np.float32(0.5)) if options.align_corners else np.floor(places)
    return np.asarray(np.clip(cells, 0, length - 1), np.int64)
