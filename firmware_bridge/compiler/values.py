"""How large a tensor is, and which numbers its bytes stand for."""

from __future__ import annotations

from dataclasses import dataclass

from firmware_bridge.compiler.c_text import number
from quantize.tflite.model import Tensor
from quantize.tflite.schema import DType


def tensor_bytes(tensor: Tensor) -> int:
    """Return the size of a tensor of fixed width."""
    size = tensor.byte_size
    if size is None:
        raise ValueError(f"tensor {tensor.index} has no fixed width")
    return size


@dataclass(frozen=True, slots=True)
class Values:
    """What an input or output holds; an integer stands for scale * (value - zero point)."""

    bytes: int
    values: int
    is_float: bool
    is_unsigned: bool
    scale: float
    zero_point: int


def values_of(tensor: Tensor) -> Values:
    """Return what a tensor at the border holds."""
    scale, zero_point = 1.0, 0
    quantisation = tensor.quantisation
    is_float = tensor.dtype is DType.FLOAT32
    if not is_float and quantisation is not None and not quantisation.per_axis:
        scale, zero_point = quantisation.scale, quantisation.zero_point
    is_unsigned = tensor.dtype is DType.UINT8
    return Values(tensor_bytes(tensor), tensor.elements, is_float, is_unsigned, scale, zero_point)


def value_macros(upper: str, what: str, tensor: Tensor) -> str:
    """Define how many bytes and values a tensor has, and which numbers they stand for."""
    held = values_of(tensor)
    return f"""\
#define {upper}_{what}_BYTES {held.bytes}
#define {upper}_{what}_VALUES {held.values}
#define {upper}_{what}_IS_FLOAT {int(held.is_float)}
#define {upper}_{what}_IS_UNSIGNED {int(held.is_unsigned)}
#define {upper}_{what}_SCALE {number(held.scale)}
#define {upper}_{what}_ZERO_POINT ({held.zero_point})"""
