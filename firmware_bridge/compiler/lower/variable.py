"""READ_VARIABLE and ASSIGN_VARIABLE, of variables that `resolve_variables` made tensors of."""

from __future__ import annotations

from firmware_bridge.compiler.kernel_call import KernelCall
from firmware_bridge.compiler.lower.shape import lower_view
from firmware_bridge.compiler.operands import computed_input
from firmware_bridge.compiler.values import tensor_bytes
from quantize.tflite.model import Layer


def lower_read(layer: Layer) -> KernelCall:
    """Lower READ_VARIABLE: a view, which `state.separate` makes a copy where it must be one."""
    return lower_view(layer)


def lower_assign(layer: Layer) -> KernelCall:
    """Lower ASSIGN_VARIABLE: bytes are copied.

    Raises
    ------
    BadInput
        When a constant is assigned.
    """
    target = layer.outputs[0]
    source = computed_input(layer, dtype=target.dtype)
    return KernelCall(
        operator=layer.index,
        name=layer.name,
        function="i8_store",
        header="i8_store.h",
        struct="i8_store",
        fields={"bytes": tensor_bytes(target)},
        constants=(),
        inputs=(source.index,),
        outputs=layer.operator.outputs,
        scratch_bytes=0,
        macs=0,
    )
