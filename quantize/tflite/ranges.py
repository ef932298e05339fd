"""Scales and ranges that say that little can come of a tensor: each text goes on after its name."""

from __future__ import annotations

from quantize.tflite.model import Tensor

_SMALLEST_SEEN_SCALE = 7.9e-9
"""The converter makes 7.8e-9 of a range without width: 2e-6 over 255 steps."""


def unseen_range(tensor: Tensor) -> str:
    """Say that the scale is the converter's smallest, so that calibration saw nothing."""
    scale = tensor.eight_bit_scale
    if scale is None or not 0.0 < scale <= _SMALLEST_SEEN_SCALE:
        return ""
    return f"has the scale {scale:.3g}"


def nearly_equal_values(tensor: Tensor) -> str:
    """Say that a constant holds two values only, one step apart."""
    values = tensor.data
    if values is None or not tensor.dtype.is_eight_bit or values.size < 2:
        return ""
    low, high = int(values.min()), int(values.max())
    return f"has the values {low} and {high} only" if high - low == 1 else ""


def one_step_range(tensor: Tensor) -> str:
    """Say that the range that calibration recorded is no more than one step."""
    quantisation = tensor.whole
    if quantisation is None:
        return ""
    least, greatest = quantisation.recorded or (0.0, 0.0)
    if least == greatest == 0.0:  # nothing was recorded, or nothing seen
        return ""
    if not 0.0 <= greatest - least <= quantisation.scale:
        return ""
    return (
        f"was recorded from {least:.3g} to {greatest:.3g}, and a step is {quantisation.scale:.3g}"
    )
