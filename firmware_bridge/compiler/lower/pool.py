"""AVERAGE_POOL_2D and MAX_POOL_2D."""

from __future__ import annotations

from firmware_bridge.compiler.kernel_call import KernelCall
from firmware_bridge.compiler.operands import (
    activation_range,
    computed_input,
    options_of,
    output_tensor,
    refuse,
    same_quantisation,
)
from quantize.tflite.model import Layer, Tensor
from quantize.tflite.options import Pool2DOptions
from quantize.tflite.schema import Padding

_LONGEST = 1 << 15
"""Window or stride: a window's cells are counted in an int32."""


def lower_average_pool_2d(layer: Layer) -> KernelCall:
    """Lower AVERAGE_POOL_2D; cells beyond the border do not count.

    Raises
    ------
    BadInput
        When types, shapes or quantisation do not fit.
    """
    return _pool(layer, "i8_average_pool_2d")


def lower_max_pool_2d(layer: Layer) -> KernelCall:
    """Lower MAX_POOL_2D.

    Raises
    ------
    BadInput
        When types, shapes or quantisation do not fit.
    """
    return _pool(layer, "i8_max_pool_2d")


def _pool(layer: Layer, function: str) -> KernelCall:
    options = options_of(layer, Pool2DOptions)
    source, target = computed_input(layer), output_tensor(layer)
    same_quantisation(layer, source, target, "pooling keeps the quantisation")
    sizes = (options.filter_h, options.filter_w, options.stride_h, options.stride_w)
    if max(sizes) > _LONGEST:
        refuse(layer, f"its windows or strides are {max(sizes)}, above {_LONGEST}")
    low, high = activation_range(layer, options.activation, target)
    batches, input_h, input_w, channels = source.shape
    output_h, pad_top = _windows(input_h, options.filter_h, options.stride_h, options.padding)
    output_w, pad_left = _windows(input_w, options.filter_w, options.stride_w, options.padding)
    _check_output(layer, target, (batches, output_h, output_w, channels))
    return KernelCall(
        operator=layer.index,
        name=layer.name,
        function=function,
        header="i8_pool_2d.h",
        struct="i8_pool_2d",
        fields={
            "batches": batches,
            "input_h": input_h,
            "input_w": input_w,
            "channels": channels,
            "output_h": output_h,
            "output_w": output_w,
            "filter_h": options.filter_h,
            "filter_w": options.filter_w,
            "stride_h": options.stride_h,
            "stride_w": options.stride_w,
            "pad_top": pad_top,
            "pad_left": pad_left,
            "low": low,
            "high": high,
        },
        constants=(),
        inputs=layer.operator.inputs[:1],
        outputs=layer.operator.outputs,
        scratch_bytes=0,
        macs=0,
    )


def _windows(length: int, window: int, stride: int, padding: Padding) -> tuple[int, int]:
    """Return how many windows lie along an axis, and how far the first reaches over the border."""
    if padding is Padding.VALID:
        return (length - window) // stride + 1, 0
    count = -(-length // stride)
    return count, max(0, (count - 1) * stride + window - length) // 2


def _check_output(layer: Layer, target: Tensor, shape: tuple[int, ...]) -> None:
    if target.shape != shape:
        refuse(layer, f"its output is {list(target.shape)}, where {list(shape)} is right")
