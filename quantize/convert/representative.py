"""The inputs that the int8 ranges are measured on, held to the grid that the device feeds."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quantize.foundation.errors import BadInput

INT8_MIN, INT8_MAX = -128, 127
_GRID_TOLERANCE = 1e-3
_MAX_VALUES = 1 << 30


def quantise_representative(
    representative: NDArray[np.float32],
    *,
    shape_nchw: tuple[int, int, int, int],
    scale: float,
    zero_point: int,
) -> NDArray[np.int8]:
    """Return the representative inputs as the int8 values they stand for, NHWC.

    Parameters
    ----------
    representative
        float32, [n, channels, height, width], each value ``scale * (q - zero_point)`` for an
        integer q of -128 to 127: what the device will feed, no more and no less.
    shape_nchw
        The model's input shape, batch 1.
    scale, zero_point
        The quantisation of the input.

    Returns
    -------
    int8, [n, height, width, channels]; both ends of the int8 range occur (see `pin_range`).

    Raises
    ------
    BadInput
        When the array has another shape or type, holds NaN or infinity, or is off the grid.
    """
    check_input_quantisation(scale, zero_point)
    if not isinstance(representative, np.ndarray) or representative.dtype != np.float32:
        kind = getattr(representative, "dtype", type(representative).__name__)
        raise BadInput(
            f"the representative inputs are {kind}, not a float32 array",
            hint="pass the network's inputs as they were trained on, astype(float32)",
        )
    if representative.ndim != 4 or representative.shape[1:] != shape_nchw[1:]:
        raise BadInput(
            f"the representative inputs have shape {list(representative.shape)}, "
            f"the model takes [n, {', '.join(str(size) for size in shape_nchw[1:])}]",
            hint="give [n, channels, height, width]",
        )
    if not 2 <= representative.size <= _MAX_VALUES:
        raise BadInput(
            f"{len(representative)} representative inputs of {shape_nchw[1:]} are "
            f"{'too few' if representative.size < 2 else 'too many'} to calibrate on",
            hint="a few hundred inputs, balanced over what the model will hear, are enough",
        )
    grid = _to_grid(representative, scale, zero_point)
    return pin_range(np.ascontiguousarray(grid.transpose(0, 2, 3, 1)))


def _to_grid(values: NDArray[np.float32], scale: float, zero_point: int) -> NDArray[np.int8]:
    """Return the int8 value behind each real one, or refuse the first that has none."""
    out = np.empty(values.shape, dtype=np.int8)
    for index, sample in enumerate(values):
        if not np.isfinite(sample).all():
            raise BadInput(
                f"representative input {index} holds NaN or infinity",
                hint="find where the features went wrong; they cannot be calibrated on",
            )
        steps = sample.astype(np.float64) / scale + zero_point
        nearest = np.rint(steps)
        if nearest.min() < INT8_MIN or nearest.max() > INT8_MAX:
            raise BadInput(
                f"representative input {index} spans {sample.min():g} to {sample.max():g}, "
                f"beyond what int8 holds at scale {scale:g}, zero point {zero_point}",
                hint="clip the features as the device does before they reach the network",
            )
        if np.abs(steps - nearest).max() > _GRID_TOLERANCE:
            raise BadInput(
                f"representative input {index} has values between the steps of {scale:g}",
                hint="calibrate on int8 features times the input scale, as the device feeds them",
            )
        out[index] = nearest.astype(np.int8)
    return out


def pin_range(samples: NDArray[np.int8]) -> NDArray[np.int8]:
    """Make sure that -128 and 127 both occur, moving at most one value each.

    The converter derives the input's scale and zero point from the smallest and largest value
    it sees: ``scale = (largest - smallest) / 255``. With both ends there it finds exactly the
    scale that the features were made with. Where an end is missing, the value closest to it
    moves: of all single changes the one that disturbs the data least.
    """
    if int(samples.min()) == INT8_MIN and int(samples.max()) == INT8_MAX:
        return samples
    pinned = samples.copy()
    flat = pinned.reshape(-1)
    if int(flat.min()) != INT8_MIN:
        flat[int(flat.argmin())] = INT8_MIN
    if int(flat.max()) != INT8_MAX:
        flat[int(flat.argmax())] = INT8_MAX
    return pinned


def check_input_quantisation(scale: Any, zero_point: Any) -> None:
    """Refuse a scale that is not a positive number, or a zero point that is not an int8."""
    number = isinstance(scale, int | float) and not isinstance(scale, bool)
    if not number or not math.isfinite(scale) or not 1e-12 < scale < 1e12:
        raise BadInput(
            f"the input scale is {scale!r}, not a positive number",
            hint="use the real value of one int8 step, such as 1/32",
        )
    whole = isinstance(zero_point, int) and not isinstance(zero_point, bool)
    if not whole or not INT8_MIN <= zero_point <= INT8_MAX:
        raise BadInput(
            f"the input zero point is {zero_point!r}, not an integer of -128 to 127",
            hint="use the int8 value that stands for zero, such as 0",
        )
