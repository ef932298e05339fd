"""RESIZE_BILINEAR, with the integers of TFLite-Micro: steps of 1/1024 of a cell."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from firmware_bridge.compiler.lower_move import check_output_shape, moving_call
from firmware_bridge.compiler.operands import (
    computed_input,
    constant_integers,
    flat,
    options_of,
    output_tensor,
    refuse,
    same_quantisation,
)
from firmware_bridge.compiler.records import Constant, Field, KernelCall
from quantize.tflite.model import Operator, Subgraph
from quantize.tflite.options import ResizeOptions

_ONE = 1 << 10
_LONGEST = 1 << 20
"""Cells of a side: places are counted in steps of 1/1024."""


def lower_resize_bilinear(operator: Operator, graph: Subgraph) -> KernelCall:
    """Lower RESIZE_BILINEAR.

    Raises
    ------
    BadInput
        When types, shapes or quantisation do not fit, the size is only known at run time, or
        corners are to be aligned and centres halved at once.
    """
    options = options_of(operator, graph, ResizeOptions)
    if options.align_corners and options.half_pixel_centers:
        refuse(operator, graph, "it aligns corners and takes centres of pixels at once")
    source, target = computed_input(operator, graph), output_tensor(operator, graph)
    same_quantisation(operator, graph, source, target, "resizing keeps the quantisation")
    size = constant_integers(operator, graph, 1).tolist()
    if len(source.shape) != 4 or len(size) != 2 or min(size) < 1:
        refuse(operator, graph, f"it resizes {list(source.shape)} to {size}")
    batches, height, width, channels = source.shape
    check_output_shape(operator, graph, target, (batches, *size, channels))
    if max(height, width, *size) > _LONGEST:
        refuse(operator, graph, f"a side has more than {_LONGEST} cells")
    fields: dict[str, Field] = {
        "rows": "rows",
        "columns": "columns",
        "batches": batches,
        "image_bytes": height * width * channels,
        "output_h": size[0],
        "output_w": size[1],
        "channels": channels,
    }
    constants = (
        Constant("rows", _places(height, size[0], width * channels, options)),
        Constant("columns", _places(width, size[1], channels, options)),
    )
    name = "i8_resize_bilinear"
    return moving_call(
        operator, name, f"{name}.h", name, fields, inputs=(source.index,), constants=constants
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
