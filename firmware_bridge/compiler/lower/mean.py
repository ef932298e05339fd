"""MEAN and SUM over any axes that make at most two groups of neighbours."""

from __future__ import annotations

import math
from itertools import groupby

from firmware_bridge.compiler.kernel_call import KernelCall
from firmware_bridge.compiler.operands import (
    computed_input,
    constant_integers,
    multiplier_of,
    options_of,
    output_tensor,
    quantisation_of,
    refuse,
)
from quantize.tflite.model import Layer, Tensor
from quantize.tflite.options import ReducerOptions

_MOST_VALUES = 1 << 23
"""Their sum must fit an int32."""
_MOST_SUM = 1 << 30
"""Of values less their zero point, at the output's scale."""


def lower_mean(layer: Layer) -> KernelCall:
    """Lower MEAN or SUM.

    Raises
    ------
    BadInput
        When types, shapes or quantisation do not fit, or the axes lie in more than two groups.
    """
    source, target = computed_input(layer), output_tensor(layer)
    reduced = reduced_axes(layer, source)
    check_reduced_shape(layer, source, target, reduced)
    outer, first, middle, second, inner = reduced_groups(layer, source, reduced)
    values = first * second
    if values > _MOST_VALUES:
        refuse(layer, f"it is of {values} values, {_MOST_VALUES} are the most")
    one = quantisation_of(layer, source)
    other = quantisation_of(layer, target)
    multiplier, shift = multiplier_of(layer, one.scale / other.scale)
    if layer.name == "MEAN":
        multiplier, shift = _divided(multiplier, shift, values)
    elif (255 * values) << max(shift, 0) > _MOST_SUM:
        refuse(layer, "its output's scale is too small beside its input's")
    return KernelCall(
        operator=layer.index,
        name=layer.name,
        function="i8_mean",
        header="i8_mean.h",
        struct="i8_mean",
        fields={
            "outer": outer,
            "reduced_0": first,
            "middle": middle,
            "reduced_1": second,
            "inner": inner,
            "input_zero_points": one.zero_point * values,
            "multiplier": multiplier,
            "shift": shift,
            "output_zero_point": other.zero_point,
        },
        constants=(),
        inputs=(source.index,),
        outputs=layer.operator.outputs,
        scratch_bytes=0,
        macs=0,
    )


def reduced_axes(layer: Layer, source: Tensor) -> set[int]:
    """Return the axes that an operator reduces, counted from the first."""
    rank = len(source.shape)
    axes = constant_integers(layer, 1).tolist()
    if any(not -rank <= axis < rank for axis in axes):
        refuse(layer, f"it reduces axes {axes} of {rank}")
    return {axis % rank for axis in axes}


def check_reduced_shape(layer: Layer, source: Tensor, target: Tensor, reduced: set[int]) -> None:
    """Refuse an output that is not of the shape that reducing leaves."""
    keep = options_of(layer, ReducerOptions).keep_dims
    wanted = tuple(
        1 if axis in reduced else length
        for axis, length in enumerate(source.shape)
        if keep or axis not in reduced
    )
    if target.shape != wanted and target.elements != math.prod(wanted):
        refuse(layer, f"its output is {list(target.shape)}, not {list(wanted)}")


def reduced_groups(
    layer: Layer, source: Tensor, reduced: set[int]
) -> tuple[int, int, int, int, int]:
    """Return lengths of the groups (kept, reduced, kept, reduced, kept), 1 for empty ones."""
    axes = [(axis in reduced, length) for axis, length in enumerate(source.shape) if length != 1]
    groups = [
        (is_reduced, math.prod(length for _, length in members))
        for is_reduced, members in groupby(axes, key=lambda axis: axis[0])
    ]
    if not groups or groups[0][0]:
        groups.insert(0, (False, 1))
    inner = 1
    if len(groups) > 1 and not groups[-1][0]:
        inner = groups.pop()[1]
    lengths = [length for _, length in groups]
    if len(lengths) > 4:
        refuse(layer, "the axes that it reduces lie in more than two groups")
    if len(lengths) == 1:
        return lengths[0], 1, 1, 1, inner
    if len(lengths) == 2:
        return lengths[0], 1, 1, lengths[1], inner
    return lengths[0], lengths[1], lengths[2], lengths[3], inner


def _divided(multiplier: int, shift: int, values: int) -> tuple[int, int]:
    """Divide the ratio of the scales by the number of values, as TFLite-Micro does."""
    # As many bits as a mean takes away, but no more than a shift has.
    bits = min(values.bit_length() - 1, 32, 31 + shift)
    return (multiplier << bits) // values, shift - bits
