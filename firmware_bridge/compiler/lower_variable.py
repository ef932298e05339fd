"""READ_VARIABLE and ASSIGN_VARIABLE, of variables that `resolve_variables` made tensors of."""

from __future__ import annotations

from firmware_bridge.compiler.lower_shape import lower_view
from firmware_bridge.compiler.operands import computed_input
from firmware_bridge.compiler.records import KernelCall
from firmware_bridge.compiler.values import tensor_bytes
from quantize.tflite.model import Operator, Subgraph


def lower_read(operator: Operator, graph: Subgraph) -> KernelCall:
    """Lower READ_VARIABLE: a view, which `state.separate` makes a copy where it must be one."""
    return lower_view(operator, graph)


def lower_assign(operator: Operator, graph: Subgraph) -> KernelCall:
    """Lower ASSIGN_VARIABLE: bytes are copied.

    Raises
    ------
    BadInput
        When a constant is assigned.
    """
    target = graph.tensors[operator.outputs[0]]
    source = computed_input(operator, graph, dtype=target.dtype)
    return KernelCall(
        operator=operator.index,
        name=operator.name,
        function="i8_store",
        header="i8_store.h",
        struct="i8_store",
        fields={"bytes": tensor_bytes(target)},
        constants=(),
        inputs=(source.index,),
        outputs=operator.outputs,
        scratch_bytes=0,
        macs=0,
    )
