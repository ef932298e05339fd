"""REDUCE_MAX, REDUCE_MIN, ARG_MAX and ARG_MIN."""

from __future__ import annotations

import math

from firmware_bridge.compiler.kernel_call import Field, KernelCall
from firmware_bridge.compiler.lower.mean import check_reduced_shape, reduced_axes, reduced_groups
from firmware_bridge.compiler.lower.move import axis_of
from firmware_bridge.compiler.operands import (
    check_output_shape,
    computed_input,
    constant_integers,
    output_tensor,
    refuse,
    same_quantisation,
)
from quantize.tflite.model import Layer
from quantize.tflite.schema import DType


def lower_reduce_most(layer: Layer) -> KernelCall:
    """Lower REDUCE_MAX or REDUCE_MIN.

    Raises
    ------
    BadInput
        When types, shapes or quantisation do not fit, or the axes lie in more than two groups.
    """
    source, target = computed_input(layer), output_tensor(layer)
    same_quantisation(layer, source, target, "it picks one of many values")
    reduced = reduced_axes(layer, source)
    check_reduced_shape(layer, source, target, reduced)
    names = ("outer", "reduced_0", "middle", "reduced_1", "inner")
    lengths = reduced_groups(layer, source, reduced)
    return _call(layer, "i8_reduce_max", "i8_reduce_min", dict(zip(names, lengths, strict=True)))


def lower_arg_most(layer: Layer) -> KernelCall:
    """Lower ARG_MAX or ARG_MIN to int32.

    Raises
    ------
    BadInput
        When types or shapes do not fit, or the axis is only known at run time.
    """
    source = computed_input(layer)
    target = output_tensor(layer, dtype=DType.INT32)
    axes = constant_integers(layer, 1).tolist()
    if len(axes) != 1:
        refuse(layer, f"it looks along axes {axes}")
    axis = axis_of(layer, axes[0], len(source.shape))
    before, after = source.shape[:axis], source.shape[axis + 1 :]
    check_output_shape(layer, target, (*before, *after))
    fields: dict[str, Field] = {
        "outer": math.prod(before),
        "length": source.shape[axis],
        "inner": math.prod(after),
    }
    return _call(layer, "i8_arg_max", "i8_arg_min", fields)


def _call(layer: Layer, most: str, least: str, fields: dict[str, Field]) -> KernelCall:
    """Return the call of one of two kernels that take the same layer, named for the first."""
    return KernelCall(
        operator=layer.index,
        name=layer.name,
        function=least if layer.name.endswith("_MIN") else most,
        header="i8_most.h",
        struct=most,
        fields=fields,
        constants=(),
        inputs=layer.operator.inputs[:1],
        outputs=layer.operator.outputs,
        scratch_bytes=0,
        macs=0,
    )
