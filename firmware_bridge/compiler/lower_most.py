"""REDUCE_MAX, REDUCE_MIN, ARG_MAX and ARG_MIN."""

from __future__ import annotations

import math

from firmware_bridge.compiler.lower_mean import check_reduced_shape, reduced_axes, reduced_groups
from firmware_bridge.compiler.lower_move import axis_of
from firmware_bridge.compiler.operands import (
    check_output_shape,
    computed_input,
    constant_integers,
    output_tensor,
    refuse,
    same_quantisation,
)
from firmware_bridge.compiler.records import Field, KernelCall
from quantize.tflite.model import Operator, Subgraph
from quantize.tflite.schema import DType


def lower_reduce_most(operator: Operator, graph: Subgraph) -> KernelCall:
    """Lower REDUCE_MAX or REDUCE_MIN.

    Raises
    ------
    BadInput
        When types, shapes or quantisation do not fit, or the axes lie in more than two groups.
    """
    source, target = computed_input(operator, graph), output_tensor(operator, graph)
    same_quantisation(operator, graph, source, target, "it picks one of many values")
    reduced = reduced_axes(operator, graph, source)
    check_reduced_shape(operator, graph, source, target, reduced)
    names = ("outer", "reduced_0", "middle", "reduced_1", "inner")
    lengths = reduced_groups(operator, graph, source, reduced)
    return _call(operator, "i8_reduce_max", "i8_reduce_min", dict(zip(names, lengths, strict=True)))


def lower_arg_most(operator: Operator, graph: Subgraph) -> KernelCall:
    """Lower ARG_MAX or ARG_MIN to int32.

    Raises
    ------
    BadInput
        When types or shapes do not fit, or the axis is only known at run time.
    """
    source = computed_input(operator, graph)
    target = output_tensor(operator, graph, dtype=DType.INT32)
    axes = constant_integers(operator, graph, 1).tolist()
    if len(axes) != 1:
        refuse(operator, graph, f"it looks along axes {axes}")
    axis = axis_of(operator, graph, axes[0], len(source.shape))
    before, after = source.shape[:axis], source.shape[axis + 1 :]
    check_output_shape(operator, graph, target, (*before, *after))
    fields: dict[str, Field] = {
        "outer": math.prod(before),
        "length": source.shape[axis],
        "inner": math.prod(after),
    }
    return _call(operator, "i8_arg_max", "i8_arg_min", fields)


def _call(operator: Operator, most: str, least: str, fields: dict[str, Field]) -> KernelCall:
    """Return the call of one of two kernels that take the same layer, named for the first."""
    return KernelCall(
        operator=operator.index,
        name=operator.name,
        function=least if operator.name.endswith("_MIN") else most,
        header="i8_most.h",
        struct=most,
        fields=fields,
        constants=(),
        inputs=operator.inputs[:1],
        outputs=operator.outputs,
        scratch_bytes=0,
        macs=0,
    )
